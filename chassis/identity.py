"""Who is asking: access tokens, actors and their area-prefixed grants.

A grant's area is a prefix: a role on `120199001` covers every code that begins with it. Codes are the
national statistical division codes: district 6 digits, subdistrict 9, community 12, grid 15.
"""

import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Lock

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chassis.errors import Invalid, Unauthenticated

AREA_LENGTHS = (6, 9, 12, 15)
ISSUER = "alley-steward"
_CACHE_SIZE = 20_000


@dataclass(frozen=True)
class Grant:
    """A role on an area and everything below it, from the first to the last day of its term, both included.

    Days are those of Shanghai; None is no bound. Tokens carry what is in effect and no days: whoever has an
    actor need not look at them.
    """

    role: str
    area: str
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Actor:
    """The member on whose behalf a request runs."""

    member_id: str
    grants: tuple[Grant, ...] = ()

    def has(self, role: str, area: str) -> bool:
        """Whether the actor holds `role` on `area` or on an area above it."""
        return any(grant.role == role and area.startswith(grant.area) for grant in self.grants)

    def has_any(self, roles: frozenset[str], area: str) -> bool:
        """Whether the actor holds one of `roles` on `area` or above it."""
        return any(grant.role in roles and area.startswith(grant.area) for grant in self.grants)

    @property
    def roles(self) -> frozenset[str]:
        """The names of all roles held, wherever they are held."""
        return frozenset(grant.role for grant in self.grants)


def ancestors(area: str) -> list[str]:
    """The codes of an area and all areas above it, widest first: what documents carry as `scopes`."""
    return [area[:length] for length in AREA_LENGTHS if length <= len(area)]


def check_area(area: str, district: str, field: str = "area") -> None:
    """Raises Invalid, naming `field`, for an area code that does not belong to the district."""
    if not area.startswith(district):
        raise Invalid(
            field, zh="该区域不属于本区。", en=f"Area codes of this district begin with {district}."
        )


def keys_of(jwks: str) -> dict[str, Ed25519PublicKey]:
    """The keys of a JSON Web Key Set (the text itself, or a path to a file) by id.

    Raises OSError where there is no such file, ValueError where it is no such set or an empty one.
    """
    text = jwks if jwks.lstrip().startswith("{") else Path(jwks).read_text()
    try:
        return {str(key.key_id): key.key for key in jwt.PyJWKSet.from_json(text).keys}
    except jwt.PyJWTError as error:
        raise ValueError(str(error)) from error


@dataclass
class TokenVerifier:
    """Verifies EdDSA access tokens against a JSON Web Key Set (the text itself, or a path to a file).

    A verified token is remembered until it expires: verifying costs about 0.2 ms. Where a district is given,
    roles held outside of it count for nothing.
    """

    jwks: str
    district: str = ""
    _keys: dict[str, Ed25519PublicKey] = field(default_factory=dict, init=False)
    _known: dict[str, tuple[Actor, float]] = field(default_factory=dict, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def __post_init__(self) -> None:
        self._keys = keys_of(self.jwks)

    def actor(self, token: str) -> Actor:
        """The actor of a token. Raises Unauthenticated when it is forged, malformed or has expired."""
        known = self._known.get(token)
        if known and known[1] > time.time():
            return known[0]
        actor, expires = self._verify(token)
        with self._lock:
            if len(self._known) >= _CACHE_SIZE:
                self._known.clear()
            self._known[token] = (actor, expires)
        return actor

    def _verify(self, token: str) -> tuple[Actor, float]:
        try:
            key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise jwt.InvalidKeyError("unknown key")
            claims = jwt.decode(
                token, key, algorithms=["EdDSA"], issuer=ISSUER, options={"require": ["exp", "sub", "iss"]}
            )
            held = [Grant(str(one["role"]), str(one["area"])) for one in claims.get("roles", [])]
            grants = tuple(one for one in held if one.area.startswith(self.district))
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise Unauthenticated(
                "token-refused",
                zh="登录已失效，请重新登录。",
                en="The access token is not valid or has expired: sign in again, or refresh it.",
            ) from error
        return Actor(str(claims["sub"]), grants), float(claims["exp"])
