"""The settings of a deployment in containers: one file outside git, with keys made once."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from infra.local.deployment import ROOT
from infra.local.secrets import Secrets

PRODUCTION = ROOT / "infra/.env"
LOCAL_IMAGES = ROOT / "infra/airgap/images.env"
"""Names of the images that `make base-images` made; absent where a registry provides them."""

_OPTIONAL = """
# The rest may stay as it is. The one-time codes of the sign-in are sent through this address; in production
# nobody could sign in without it.
#SMS_GATEWAY_URL=https://…
# The phone of the first district administrator.
#BOOTSTRAP_ADMIN_PHONE=13…
# Where the gateway listens; put a TLS proxy before it.
#GATEWAY_BIND=127.0.0.1
#GATEWAY_PORT=8080
# Processes of each API.
#WEB_CONCURRENCY=2
"""


def keys() -> dict[str, str]:
    """Fresh keys and passwords, all safe in a URL."""
    made = {name: secrets.token_urlsafe(24) for name in ("RABBITMQ_PASSWORD", "MONGO_PASSWORD")}
    return {**made, "MONGO_KEY": secrets.token_hex(64), **Secrets.new().environment()}


def local_images() -> dict[str, str]:
    """The variables that name locally made images."""
    if not LOCAL_IMAGES.exists():
        return {}
    return dict(line.split("=", 1) for line in LOCAL_IMAGES.read_text().splitlines() if line)


def text(settings: Mapping[str, str]) -> str:
    """An env file as both generations of Compose read it. Raises ValueError for what cannot be written."""
    for name, value in settings.items():
        if "'" in value or "\n" in value:
            raise ValueError(f"{name} holds a quote or a line break")
    return "".join(f"{name}='{value}'\n" for name, value in settings.items())


def write(path: Path, settings: Mapping[str, str], more: str = "") -> None:
    """Write an env file that only its owner can read. Raises FileExistsError: keys are never overwritten."""
    content = text(settings) + more
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(content)


def write_production(path: Path, district: str) -> None:
    """Write the settings of a district's deployment.

    Raises FileExistsError, and ValueError when the district is no 6-digit division code.
    """
    if not (district.isdigit() and len(district) == 6):
        raise ValueError("DISTRICT is the 6-digit division code of the district: make secrets DISTRICT=…")
    write(path, {"DISTRICT": district, **keys(), **local_images()}, _OPTIONAL)
