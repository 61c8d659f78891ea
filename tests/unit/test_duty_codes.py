"""The code that is shown at a post: who shows it, for how long it is good, and what it attests."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.field_cipher import FieldCipher
from chassis.identity import Actor
from infra.local.secrets import Secrets
from services.volunteer.duty import domain
from services.volunteer.duty.attestation import Code, Codes
from services.volunteer.duty.queries import view
from services.volunteer.duty.shift import Shift
from tests.unit.duties import (
    ELSEWHERE,
    END,
    HOUR,
    LEADER,
    MINUTE,
    SECOND,
    SECONDS,
    SHIFT,
    STAFF,
    START,
    STEWARD,
    checked_in,
    checked_out,
    duty,
    signed_up,
)

CODES = Codes(FieldCipher(Secrets.new().field_key).fingerprint)
CODE = domain.show_code(SHIFT, LEADER, START)


def scanned(
    shift: Shift, code: Code | None = CODE, at: datetime = START + MINUTE, actor: Actor = STEWARD
) -> Shift:
    return domain.check_in(shift, actor, in_area=None, code=code, at=at).shift


def refusal(shift: Shift, code: Code = CODE, at: datetime = START + MINUTE, actor: Actor = STEWARD) -> str:
    with pytest.raises(Invalid) as refused:
        scanned(shift, code, at, actor)
    return str(refused.value.extra["errors"]["token"])


@pytest.mark.parametrize("actor", [STEWARD, SECOND, ELSEWHERE, Actor("X")])
def test_who_does_not_lead_the_area_shows_no_code(actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        domain.show_code(SHIFT, actor, START)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (START - HOUR, START - HOUR + 10 * MINUTE),
        (START + 17 * SECONDS + timedelta(milliseconds=20), START + 10 * MINUTE + 17 * SECONDS),
        (END - MINUTE, END),
    ],
)
def test_a_code_is_good_for_ten_minutes_and_not_after_the_shift(at: datetime, until: datetime) -> None:
    assert domain.show_code(SHIFT, STAFF, at) == Code(SHIFT.id, "C", until)


def test_no_code_is_shown_once_the_shift_is_over() -> None:
    with pytest.raises(Conflict) as refused:
        domain.show_code(SHIFT, LEADER, END)
    told = refused.value
    assert (told.code, told.extra["status_now"], told.extra["allowed"]) == ("shift-over", "over", [])


def test_a_code_is_read_as_it_was_made_and_for_its_own_shift_alone() -> None:
    token = CODES.token(CODE)
    assert CODES.read(token, SHIFT.id) == CODE
    other_key = Codes(FieldCipher(Secrets.new().field_key).fingerprint)
    for codes, shift in ((CODES, "02SHIFT"), (other_key, SHIFT.id)):
        with pytest.raises(Invalid) as refused:
            codes.read(token, shift)
        assert list(refused.value.extra["errors"]) == ["token"]


@given(st.data())
def test_a_code_of_which_anything_was_changed_is_refused(data: st.DataObject) -> None:
    token = CODES.token(CODE)
    place = data.draw(st.sampled_from([at for at, one in enumerate(token) if one != "."]))
    digit = data.draw(st.sampled_from("0123456789").filter(lambda one: one != token[place]))
    with pytest.raises(Invalid):
        CODES.read(token[:place] + digit + token[place + 1 :], SHIFT.id)


def test_a_check_in_is_attested_by_a_code_that_somebody_else_shows() -> None:
    assert duty(scanned(signed_up())).attested is True
    assert duty(scanned(signed_up(), None)).attested is False
    assert duty(signed_up()).attested is False
    assert duty(domain.check_out(scanned(signed_up()), STEWARD, at=END).shift).attested is True


def test_a_code_is_good_until_its_last_second_and_then_to_be_scanned_anew() -> None:
    assert duty(scanned(signed_up(), at=CODE.until - SECONDS)).attested
    for shift in (signed_up(), checked_in()):
        assert "anew" in refusal(shift, at=CODE.until)


def test_who_shows_a_code_is_not_attested_by_it() -> None:
    own = Actor("L", (*LEADER.grants, *STEWARD.grants))
    shift = signed_up(own)
    assert "somebody else" in refusal(shift, actor=own)
    by_another = domain.show_code(SHIFT, STAFF, START)
    assert duty(scanned(shift, by_another, actor=own), "L").attested


def test_a_code_opens_no_check_in_at_another_time_or_for_others() -> None:
    early = START - HOUR
    for shift, at in ((signed_up(), early), (checked_out(START, START + MINUTE), START + 2 * MINUTE)):
        with pytest.raises(Conflict):
            scanned(shift, domain.show_code(SHIFT, LEADER, at), at)
    with pytest.raises(NotAllowed):
        scanned(signed_up(), actor=SECOND)


def test_who_is_checked_in_may_scan_a_code_later_and_keeps_when_they_came_and_where() -> None:
    before = checked_in(START - 5 * MINUTE)
    after = scanned(before)
    assert duty(after) == replace(duty(before), attested=True)
    assert after.version == before.version + 1


def test_who_is_attested_stays_so_whatever_is_sent_again() -> None:
    attested = scanned(signed_up())
    for code, at in ((CODE, CODE.until + MINUTE), (None, START + HOUR), (CODE, START + MINUTE)):
        assert scanned(attested, code, at) is attested


def test_whether_a_duty_is_attested_is_shown_to_who_verifies_it_and_to_whose_it_is() -> None:
    attested = scanned(signed_up())
    shown = [view(attested, actor)["duties"][0]["attested"] for actor in (LEADER, STAFF, STEWARD, SECOND)]
    assert shown == [True, True, True, None]
