"""The district in containers: `python -m infra.containers secrets|images|up|down|smoke`."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from infra.containers import env_file
from infra.containers.compose import Project
from infra.local.deployment import ROOT
from infra.local.supervisor import StartError

READY_SECONDS = 300.0
DISTRICT = Project("alley-steward", env_file.PRODUCTION)
_SMOKE_SETTINGS = {
    "DISTRICT": "120199",
    "ENV": "development",
    "DEV_LOGIN": "true",
    "BOOTSTRAP_ADMIN_PHONE": "13900000001",
    "CODES_PER_TEN_MINUTES": "1000",
    "RATE_LIMIT": "100000/second",
    "REPORTS_PER_HOUR": "0",
    "TIMER_SECONDS": "1",
}


def main() -> int:
    """Do what the first argument says."""
    actions = {"secrets": write_secrets, "images": build, "up": up, "down": down, "smoke": smoke}
    action = actions.get(sys.argv[1] if len(sys.argv) == 2 else "")
    if action is None:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return action()
    except (StartError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


def write_secrets() -> int:
    """Make the keys of this district, once."""
    path = env_file.PRODUCTION.relative_to(ROOT)
    try:
        env_file.write_production(env_file.PRODUCTION, os.environ.get("DISTRICT", ""))
    except FileExistsError:
        print(f"{path} exists and stays as it is: what these keys protect can be read with no others.")
        return 0
    print(f"Written: {path}. Keep a copy in a safe place; set SMS_GATEWAY_URL in it before `make up`.")
    return 0


def build() -> int:
    """Build the images of the services and the gateway."""
    _with_settings().run("build")
    return 0


def up() -> int:
    """Start the district and wait until it is ready."""
    project = _with_settings()
    started = time.monotonic()
    project.run("up", "-d", "--remove-orphans")
    project.wait_healthy(READY_SECONDS, _say)
    print(f"Ready after {time.monotonic() - started:.0f} s: {_address(project)}")
    return 0


def down() -> int:
    """Stop the district; its data stays in the volumes."""
    _with_settings().run("down")
    return 0


def smoke() -> int:
    """Run the stories of tests/e2e against fresh containers with keys of their own, and remove them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "smoke.env"
        port = os.environ.get("GATEWAY_PORT", "18080")
        settings = {**_SMOKE_SETTINGS, "GATEWAY_PORT": port, **env_file.keys(), **env_file.local_images()}
        env_file.write(path, settings)
        # What the caller's environment says is for production and would come before the file.
        environ = {name: value for name, value in os.environ.items() if name not in settings}
        project = Project("alley-steward-smoke", path, environ)
        try:
            project.run("build")
            started = time.monotonic()
            project.run("up", "-d")
            project.wait_healthy(READY_SECONDS, _say)
            print(f"Ready after {time.monotonic() - started:.0f} s", flush=True)
            return _stories({**environ, "DISTRICT_URL": _address(project)})
        finally:
            project.run("down", "--volumes", "--remove-orphans")


def _stories(environ: dict[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", "tests/e2e"]
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode


def _with_settings() -> Project:
    if not env_file.PRODUCTION.exists():
        raise StartError("There is no infra/.env yet: make secrets DISTRICT=… writes it.")
    return DISTRICT


def _address(project: Project) -> str:
    return f"http://{project.output('port', 'gateway', '8000').strip()}"


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
