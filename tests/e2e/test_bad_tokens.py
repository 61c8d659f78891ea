"""Requests with no token, a bad one, or one of somebody without the role: refused, and nothing written."""

import base64
import hashlib
import hmac
import time
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.identity import ISSUER
from demo.district import DISTRICT
from infra.local.secrets import Secrets
from tests.e2e.doors import Doors
from tests.e2e.operations import Operation, all_operations, sample

ADMIN = {"role": "district_admin", "area": DISTRICT}


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else orjson.dumps(value)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def claims(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": ISSUER, "sub": "x", "iat": now, "exp": now + 600, "roles": [ADMIN], **more}


def bad_tokens(doors: Doors) -> dict[str, str]:
    """Tokens that nobody may get in with, by what is wrong with them."""
    secrets = Secrets.kept_in(doors.deployment.folder)
    seed = base64.urlsafe_b64decode(secrets.token_signing_key + "==")
    own, other = Ed25519PrivateKey.from_private_bytes(seed), Ed25519PrivateKey.generate()
    public = orjson.loads(secrets.jwks())["keys"][0]["x"]

    def signed(key: Ed25519PrivateKey, body: dict[str, Any], kid: str = "1") -> str:
        return jwt.encode(body, key, algorithm="EdDSA", headers={"kid": kid})

    def confused() -> str:
        text = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': '1'})}.{encoded(claims())}"
        return f"{text}.{encoded(hmac.new(public.encode(), text.encode(), hashlib.sha256).digest())}"

    good = signed(own, claims())
    header, _, signature = good.split(".")
    return {
        "expired": signed(own, claims(exp=int(time.time()) - 5)),
        "for ever": signed(own, {name: value for name, value in claims().items() if name != "exp"}),
        "of nobody": signed(own, {name: value for name, value in claims().items() if name != "sub"}),
        "of another issuer": signed(own, claims(iss="somebody")),
        "not valid yet": signed(own, claims(nbf=int(time.time()) + 600)),
        "with roles of another shape": signed(own, claims(roles=["district_admin"])),
        "signed with another key": signed(other, claims()),
        "signed with an unknown key": signed(own, claims(), kid="2"),
        "unsigned": f"{encoded({'alg': 'none', 'kid': '1'})}.{encoded(claims())}.",
        "signed with the public key": confused(),
        "with other claims": f"{header}.{encoded(claims(sub='y'))}.{signature}",
        "with another signature": f"{header}.{good.split('.')[1]}.{'A' * len(signature)}",
        "cut short": good[:-10],
        "of two parts": ".".join(good.split(".")[:2]),
        "with a header nested without end": f"{encoded(b'[' * 3000)}.{encoded(claims())}.{signature}",
        "nonsense": "nonsense",
    }


def body_of(operation: Operation) -> bytes | None:
    return orjson.dumps(sample(operation.body)) if operation.body is not None else None


def test_bad_tokens_open_no_door_not_even_public_ones(doors: Doors) -> None:
    for operation in all_operations():
        for what, token in bad_tokens(doors).items():
            doors.refuses(
                operation,
                f"with a token {what}",
                body=body_of(operation),
                headers={"Authorization": f"Bearer {token}"},
                statuses=(401,),
            )


def test_without_a_token_only_public_doors_open(doors: Doors) -> None:
    closed = [one for one in all_operations() if not one.rule.public]
    assert len(closed) > 20
    for operation in closed:
        for header in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}):
            body = body_of(operation)
            doors.refuses(operation, str(header), body=body, headers=header, anonymous=True, statuses=(401,))


def test_members_without_the_role_are_refused(doors: Doors) -> None:
    limited = [one for one in all_operations() if one.rule.roles]
    assert len(limited) > 5
    own = {"Authorization": doors.resident.headers()["Authorization"]}
    for operation in limited:
        doors.refuses(operation, "as a resident", body=body_of(operation), headers=own, statuses=(403,))


@pytest.mark.parametrize("area", ["110101", "110101001"])
def test_an_admin_of_another_district_has_no_power_here(doors: Doors, area: str) -> None:
    seed = base64.urlsafe_b64decode(Secrets.kept_in(doors.deployment.folder).token_signing_key + "==")
    elsewhere = claims(sub=doors.resident.id, roles=[{"role": "district_admin", "area": area}])
    token = jwt.encode(
        elsewhere, Ed25519PrivateKey.from_private_bytes(seed), algorithm="EdDSA", headers={"kid": "1"}
    )
    for operation in (one for one in all_operations() if "district_admin" in one.rule.roles):
        doors.refuses(
            operation,
            f"as admin of {area}",
            body=body_of(operation),
            headers={"Authorization": f"Bearer {token}"},
            statuses=(403, 404),
        )
