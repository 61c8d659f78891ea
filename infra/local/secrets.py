"""Keys of a deployment: made once, kept in its data folder, readable by their owner only."""

import base64
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _put_in_place(path: Path, body: bytes) -> None:
    """Write a file whole or not at all: without its keys nothing personal in the database can be read."""
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@dataclass(frozen=True)
class Secrets:
    """What the processes of one deployment share."""

    token_signing_key: str
    field_key: str
    media_url_key: str
    ballot_key: str

    @classmethod
    def new(cls) -> "Secrets":
        """Fresh random keys."""
        return cls(*(_base64url(secrets.token_bytes(32)) for _ in range(4)))

    @classmethod
    def kept_in(cls, folder: Path) -> "Secrets":
        """The keys of a data folder, made on first use."""
        path = folder / "secrets.json"
        stored = orjson.loads(path.read_bytes()) if path.exists() else {}
        complete = {**asdict(cls.new()), **stored}
        if complete != stored:  # a new folder, or one of an earlier release that lacks the newer keys
            folder.mkdir(parents=True, exist_ok=True)
            _put_in_place(path, orjson.dumps(complete))
        return cls(**complete)

    def jwks(self) -> str:
        """The public side of the signing key, as a JSON Web Key Set."""
        seed = base64.urlsafe_b64decode(self.token_signing_key + "==")
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
        x = _base64url(public.public_bytes(Encoding.Raw, PublicFormat.Raw))
        key = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "1", "x": x}
        return orjson.dumps({"keys": [key]}).decode()

    def environment(self) -> dict[str, str]:
        """The environment variables that carry the keys."""
        return {
            "TOKEN_SIGNING_KEY": self.token_signing_key,
            "FIELD_KEY": self.field_key,
            "MEDIA_URL_KEY": self.media_url_key,
            "BALLOT_KEY": self.ballot_key,
            "TOKEN_JWKS": self.jwks(),
        }
