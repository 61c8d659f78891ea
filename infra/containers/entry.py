"""Starts what a container is for: `api` or `worker [--only relay|consumer|timers]` of its service."""

import os
import sys
from collections.abc import Sequence


def command(service: str, arguments: Sequence[str]) -> list[str]:
    """The command line of a role of a service. Raises ValueError for a role that it does not have."""
    match list(arguments):
        case ["api"]:
            package = "gateway" if service == "gateway" else f"services.{service}"
            return ["gunicorn", "-c", "infra/gunicorn_conf.py", f"{package}.app:create_app()"]
        case ["worker", *options] if service != "gateway":
            return ["python3", "-m", f"services.{service}", *options]
    raise ValueError(f"{service} has no role {' '.join(arguments)!r}: use api or worker [--only …]")


if __name__ == "__main__":
    try:
        program = command(os.environ["SERVICE"], sys.argv[1:])
    except ValueError as error:
        sys.exit(str(error))
    # In place of this process, so that the service itself gets Docker's SIGTERM.
    os.execvp(program[0], program)  # noqa: S606 - a fixed program of the image
