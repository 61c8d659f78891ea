"""What the two of some help tell each other is for them alone, and only while it is agreed."""

from datetime import date

import pytest

from chassis.errors import Conflict
from services.points.timebank.exchange import forgetting
from services.points.timebank.exchange.domain import transition
from services.points.timebank.exchange.effects import Details
from services.points.timebank.exchange.help import HOLDING, OVER, Status, contacts_for
from services.points.timebank.members.domain import Registration
from services.points.timebank.policy.domain import Policy
from tests.unit.helping import ACTORS, NOW, around, opened, standing

HOME, PHONE = "3 号楼 201", "139"
BOTH = {"A": HOME, "B": PHONE}


@pytest.mark.parametrize("status", [one for one in Status if one not in OVER])
def test_an_address_is_read_by_the_other_once_both_agreed_and_by_nobody_else(status: Status) -> None:
    one = standing(status, contacts=BOTH)
    agreed = status in HOLDING
    assert contacts_for(one, "A") == (BOTH if agreed else {"A": HOME})
    assert contacts_for(one, "B") == (BOTH if agreed else {"B": PHONE})
    for name in ("neighbour", "community", "admin", "staff elsewhere", "system"):
        assert contacts_for(one, ACTORS[name].member_id) == {}


def test_words_for_the_other_go_with_whoever_goes_and_all_of_them_at_the_end() -> None:
    request = opened(contacts={"A": HOME})
    asked = transition(request, "respond", ACTORS["neighbour"], Details(contact=PHONE), around()).help
    assert asked.contacts == {"A": HOME, "N": PHONE}
    declined = transition(asked, "decline", ACTORS["neighbour"], Details(contact=PHONE), around()).help
    assert declined.contacts == {"A": HOME}
    for status, action, actor in (
        ("checked_out", "confirm", "author"),
        ("accepted", "cancel", "partner"),
        ("disputed", "dismiss", "admin"),
        ("accepted", "lapse", "system"),
    ):
        one = standing(Status(status), contacts=BOTH)
        over = transition(one, action, ACTORS[actor], Details("x", contact="late"), around())
        assert over.help.contacts == {}


def test_who_is_forgotten_leaves_no_words_for_the_other() -> None:
    one = standing(Status.ACCEPTED, contacts={"A": HOME})
    told = transition(one, "check_in", ACTORS["partner"], Details(contact=PHONE), around()).help
    assert told.contacts == BOTH
    disputed = standing(Status.DISPUTED, contacts=BOTH)
    for member, left in (("A", {"B": PHONE}), ("B", {"A": HOME})):
        emptied = forgetting.without_words(disputed, (), member)
        assert emptied is not None
        assert emptied[0].contacts == left
        assert forgetting.without_words(*emptied, member) is None


def test_whoever_helps_does_not_learn_when_the_other_will_be_old_enough() -> None:
    known = {"A": Registration("A", date(2030, 5, 1))}
    so = around(Policy(1, NOW, redeeming_age=60), registered=known)
    with pytest.raises(Conflict) as refused:
        transition(standing(Status.MATCHED), "accept", ACTORS["partner"], Details(), so)
    assert refused.value.code == "not-redeeming-yet"
    assert "2030" not in str(refused.value.extra) + refused.value.en + refused.value.zh
