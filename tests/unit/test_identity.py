"""Actors, grants by area prefix, and access tokens."""

import base64
import time
from datetime import timedelta
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from chassis.clock import Clock, utc_now
from chassis.errors import Unauthenticated
from chassis.identity import AREA_LENGTHS, ISSUER, Actor, Grant, TokenVerifier, ancestors
from infra.local.deployment import wait_until
from infra.local.secrets import Secrets
from services.volunteer.people.domain import Member
from services.volunteer.people.tokens import VALID, TokenIssuer

SECRETS = Secrets.new()
MEMBER = Member("01ARZ3NDEKTSV4RRFFQ69G5FAV", "13900000101", None, (Grant("steward", "120199001001001"),))
GRIDS = st.text("01", min_size=15, max_size=15)
AREAS = st.builds(lambda code, length: code[:length], GRIDS, st.sampled_from(AREA_LENGTHS))
ROLES = st.sampled_from(["steward", "community_staff", "district_admin"])
GRANTS = st.lists(st.builds(Grant, ROLES, AREAS), max_size=4)


@given(GRANTS, ROLES, AREAS)
def test_a_role_is_held_on_an_area_exactly_when_it_was_granted_there_or_above(
    grants: list[Grant], role: str, area: str
) -> None:
    actor = Actor("M", tuple(grants))
    expected = any(Grant(role, above) in grants for above in ancestors(area))
    assert actor.has(role, area) == expected
    assert actor.has_any(frozenset({role}), area) == expected


@given(GRANTS, ROLES, AREAS)
def test_whoever_holds_a_role_on_an_area_holds_it_on_all_below(
    grants: list[Grant], role: str, area: str
) -> None:
    actor = Actor("M", tuple(grants))
    if actor.has(role, area):
        assert all(
            actor.has(role, (area + "000000000")[:length])
            for length in AREA_LENGTHS[AREA_LENGTHS.index(len(area)) :]
        )


@given(AREAS)
def test_the_ancestors_of_an_area_are_its_own_prefixes_widest_first(area: str) -> None:
    assert ancestors(area)[-1] == area
    assert all(area.startswith(code) and len(code) in AREA_LENGTHS for code in ancestors(area))
    assert ancestors(area) == sorted(set(ancestors(area)), key=len)


@given(GRANTS, st.sets(ROLES), AREAS)
def test_holding_any_of_several_roles_is_holding_one_of_them(
    grants: list[Grant], roles: set[str], area: str
) -> None:
    actor = Actor("M", tuple(grants))
    assert actor.has_any(frozenset(roles), area) == any(actor.has(role, area) for role in roles)


def issued(clock: Clock = utc_now, secrets: Secrets = SECRETS) -> str:
    return TokenIssuer(secrets.token_signing_key, "1", clock).issue(MEMBER)


def signed(claims: dict[str, Any], kid: str = "1") -> str:
    """A token of any content, signed with the right key."""
    seed = base64.urlsafe_b64decode(SECRETS.token_signing_key + "==")
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": kid})


def claims(**changes: Any) -> dict[str, Any]:
    whole = {"iss": ISSUER, "sub": "M", "exp": int(time.time()) + 600, "roles": [], **changes}
    return {name: value for name, value in whole.items() if value is not None}


def test_an_issued_token_is_the_member_with_their_roles() -> None:
    actor = TokenVerifier(SECRETS.jwks()).actor(issued())
    assert actor == Actor(MEMBER.id, MEMBER.roles)


def test_the_key_set_may_lie_in_a_file(tmp_path: Any) -> None:
    (tmp_path / "jwks.json").write_text(SECRETS.jwks())
    assert TokenVerifier(str(tmp_path / "jwks.json")).actor(issued()).member_id == MEMBER.id


def test_the_published_key_set_is_the_one_that_services_are_given() -> None:
    issuer = TokenIssuer(SECRETS.token_signing_key, "1", utc_now)
    assert jwt.PyJWKSet.from_dict(issuer.jwks()).keys[0].key_id == "1"
    assert issuer.jwks() == orjson.loads(SECRETS.jwks())


def test_a_token_that_has_run_out_is_refused() -> None:
    old = issued(lambda: utc_now() - VALID - timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        TokenVerifier(SECRETS.jwks()).actor(old)


def test_a_remembered_token_is_refused_once_it_runs_out() -> None:
    verifier, token = TokenVerifier(SECRETS.jwks()), signed(claims(exp=int(time.time()) + 2))
    assert verifier.actor(token) is verifier.actor(token)

    def refused() -> bool:
        try:
            verifier.actor(token)
        except Unauthenticated:
            return True
        return False

    wait_until(refused, 20, "the end of a token's time")


def test_a_token_signed_by_another_key_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        TokenVerifier(SECRETS.jwks()).actor(issued(secrets=Secrets.new()))


def test_a_token_whose_content_was_changed_is_refused() -> None:
    head, _, signature = issued().split(".")
    other = signed(claims(sub="somebody else")).split(".")[1]
    with pytest.raises(Unauthenticated):
        TokenVerifier(SECRETS.jwks()).actor(f"{head}.{other}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_names_a_weaker_algorithm_is_refused(algorithm: str) -> None:
    key = "" if algorithm == "none" else SECRETS.jwks() + "long enough for an HMAC key"
    forged = jwt.encode(claims(), key, algorithm=algorithm, headers={"kid": "1"})
    with pytest.raises(Unauthenticated):
        TokenVerifier(SECRETS.jwks()).actor(forged)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"sub": None},
        {"iss": None},
        {"iss": "somebody else"},
        {"roles": 5},
        {"roles": ["steward"]},
        {"roles": [{"role": "steward"}]},
        {"nbf": int(time.time()) + 86_400},
    ],
)
def test_a_token_without_what_it_must_say_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        TokenVerifier(SECRETS.jwks()).actor(signed(claims(**changes)))


def test_a_token_of_an_unknown_key_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        TokenVerifier(SECRETS.jwks()).actor(signed(claims(), kid="2"))


@given(st.text())
def test_any_text_that_is_no_token_is_refused_as_one(text: str) -> None:
    with pytest.raises(Unauthenticated):
        TokenVerifier(SECRETS.jwks()).actor(text)


@given(st.integers(0, 200), st.sampled_from("ABCxyz019-_."))
def test_a_token_with_one_character_changed_is_refused(place: int, character: str) -> None:
    token = issued()
    place %= len(token) - 1  # the last one carries bits that base64 ignores
    if token[place] == character:
        return
    with pytest.raises(Unauthenticated):
        TokenVerifier(SECRETS.jwks()).actor(token[:place] + character + token[place + 1 :])
