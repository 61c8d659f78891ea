"""Codes, sessions and members of the volunteer service on the real database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from chassis.clock import new_ulid, utc_now
from chassis.errors import Unauthenticated
from chassis.field_cipher import FieldCipher
from chassis.identity import Grant
from chassis.mongo import Mongo
from infra.local.secrets import Secrets
from services.volunteer.people import commands, domain
from services.volunteer.people.domain import Member
from services.volunteer.people.store import CodeStore, MemberStore, SessionStore

PHONE, DISTRICT = "13900000301", "120199"


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        """What it shows."""
        return self.now

    def advance(self, **span: float) -> None:
        """Set it forward."""
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def cipher() -> FieldCipher:
    return FieldCipher(Secrets.new().field_key)


@pytest.fixture
def codes(mongo: Mongo, cipher: FieldCipher, clock: Hands) -> CodeStore:
    return CodeStore(mongo, cipher, clock)


@pytest.fixture
def members(mongo: Mongo, cipher: FieldCipher, clock: Hands) -> MemberStore:
    store = MemberStore(mongo, cipher, clock)
    store.ensure_indexes()
    return store


@pytest.fixture
def sessions(mongo: Mongo, clock: Hands) -> SessionStore:
    return SessionStore(mongo, clock)


def test_a_code_is_good_once(codes: CodeStore) -> None:
    codes.put(PHONE, "123456", most=5)
    assert codes.use(PHONE, "123456")
    assert not codes.use(PHONE, "123456")


def test_of_all_who_use_a_code_at_once_one_succeeds(codes: CodeStore) -> None:
    codes.put(PHONE, "123456", most=5)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: codes.use(PHONE, "123456"), range(8))) == 1


def test_a_code_is_good_for_its_own_phone_and_five_minutes(codes: CodeStore, clock: Hands) -> None:
    codes.put(PHONE, "123456", most=5)
    assert not codes.use("13900000302", "123456")
    clock.advance(minutes=5)
    assert not codes.use(PHONE, "123456")


def test_after_five_wrong_tries_the_right_code_is_no_good_either(codes: CodeStore) -> None:
    codes.put(PHONE, "123456", most=5)
    assert not any(codes.use(PHONE, f"00000{number}") for number in range(5))
    assert not codes.use(PHONE, "123456")


def test_tries_made_at_once_are_counted_before_the_code_is_looked_at(codes: CodeStore, mongo: Mongo) -> None:
    codes.put(PHONE, "123456", most=5)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: codes.use(PHONE, f"{number:06d}"), range(16)))
    (kept,) = mongo["codes"].find()
    assert kept["attempts"] == 5


def test_a_new_code_replaces_the_one_before(codes: CodeStore) -> None:
    codes.put(PHONE, "111111", most=5)
    codes.put(PHONE, "222222", most=5)
    assert not codes.use(PHONE, "111111")
    assert codes.use(PHONE, "222222")


def test_codes_are_sent_so_many_times_in_ten_minutes(codes: CodeStore, clock: Hands) -> None:
    assert [codes.put(PHONE, "123456", most=3) for _ in range(5)] == [True, True, True, False, False]
    assert codes.put("13900000302", "123456", most=3)
    clock.advance(minutes=10)
    assert codes.put(PHONE, "123456", most=3)


def test_of_all_who_ask_for_codes_at_once_no_more_than_that_are_sent_one(codes: CodeStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda number: codes.put(PHONE, f"{number:06d}", most=3), range(16))) == 3


def test_neither_codes_nor_phones_lie_readable_in_the_database(
    codes: CodeStore, members: MemberStore, mongo: Mongo
) -> None:
    codes.put(PHONE, "123456", most=5)
    members.add(*domain.register(new_ulid(), PHONE, DISTRICT))
    for name in ("codes", "members"):
        for document in mongo[name].find():
            assert PHONE not in repr(document)
            assert "123456" not in repr(document)


def test_each_refresh_token_is_good_once_and_leads_to_the_next(sessions: SessionStore) -> None:
    token = sessions.open("M")
    for _ in range(3):
        rotated = sessions.rotate(token)
        assert rotated is not None
        member, token = rotated
        assert member == "M"


def test_a_refresh_token_used_twice_ends_the_session_for_whoever_holds_it(sessions: SessionStore) -> None:
    first = sessions.open("M")
    rotated = sessions.rotate(first)
    assert rotated is not None
    assert sessions.rotate(first) is None
    assert sessions.rotate(rotated[1]) is None


def test_a_session_that_is_not_used_for_thirty_days_is_over(sessions: SessionStore, clock: Hands) -> None:
    token = sessions.open("M")
    clock.advance(days=29)
    rotated = sessions.rotate(token)
    assert rotated is not None
    clock.advance(days=31)
    assert sessions.rotate(rotated[1]) is None


@pytest.mark.parametrize("token", ["", ".", "x", "x.y", "a.b.c"])
def test_what_is_no_refresh_token_opens_nothing(sessions: SessionStore, token: str) -> None:
    assert sessions.rotate(token) is None


def test_refresh_tokens_do_not_lie_readable_in_the_database(sessions: SessionStore, mongo: Mongo) -> None:
    secret = sessions.open("M").partition(".")[2]
    assert not any(secret in repr(document) for document in mongo["sessions"].find())


Attempt = Callable[[int], Member]


def test_all_who_sign_in_with_a_new_phone_at_once_are_one_member(members: MemberStore, mongo: Mongo) -> None:
    def register(_: int) -> Member:
        return members.add(*domain.register(new_ulid(), PHONE, DISTRICT))

    attempt: Attempt = register
    with ThreadPoolExecutor(4) as pool:
        assert len({one.id for one in pool.map(attempt, range(8))}) == 1
    assert mongo["members"].count_documents({}) == 1


def test_a_member_is_read_as_they_were_written(members: MemberStore) -> None:
    roles = (Grant("resident", DISTRICT), Grant("steward", "120199001001001"))
    member = Member(new_ulid(), PHONE, "王小明", roles, "120199001001001")
    members.add(member, domain.changed(member, utc_now()))
    assert members.get(member.id) == member
    assert members.by_phone(PHONE) == member
    assert members.by_phone("13900000399") is None


def test_a_wrong_code_signs_nobody_in_and_registers_nobody(
    members: MemberStore, codes: CodeStore, sessions: SessionStore, mongo: Mongo
) -> None:
    codes.put(PHONE, "123456", most=5)
    with pytest.raises(Unauthenticated):
        commands.sign_in(
            members, codes, sessions, phone=PHONE, code="654321", new_id=new_ulid(), district=DISTRICT
        )
    assert mongo["members"].count_documents({}) == 0
