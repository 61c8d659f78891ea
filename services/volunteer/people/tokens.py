"""Access tokens: EdDSA JSON Web Tokens that hold the member's id and roles for fifteen minutes."""

import base64
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chassis.clock import Clock
from chassis.identity import ISSUER
from services.volunteer.people.domain import Member
from services.volunteer.people.terms import day_of, in_effect

VALID = timedelta(minutes=15)


class TokenIssuer:
    """Signs access tokens. `seed` is the 32-byte Ed25519 seed in base64url."""

    def __init__(self, seed: str, key_id: str, clock: Clock) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(seed + "=="))
        self._key_id = key_id
        self._clock = clock

    def issue(self, member: Member) -> str:
        """An access token of a member, with the roles that they hold now."""
        now = self._clock()
        held = in_effect(member.roles, day_of(now))
        claims = {
            "iss": ISSUER,
            "sub": member.id,
            "iat": now,
            "exp": now + VALID,
            "roles": [{"role": one.role, "area": one.area} for one in held],
        }
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": self._key_id})

    @property
    def public_key(self) -> Ed25519PublicKey:
        """What its tokens are verified with."""
        return self._key.public_key()

    def jwks(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        raw = self.public_key.public_bytes_raw()
        public = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        key = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self._key_id, "x": public}
        return {"keys": [key]}
