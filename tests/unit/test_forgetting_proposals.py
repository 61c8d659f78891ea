"""What is forgotten of suggestions and proposals when a person asks to be, and which counts stay."""

from dataclasses import asdict, replace
from typing import Any

import orjson
import pytest

from chassis.errors import Conflict
from services.issues.proposals import domain as proposals
from services.issues.proposals.forgetting import erase
from services.issues.proposals.proposal import (
    Ballot,
    Choice,
    Details,
    Entry,
    Expense,
    Proposal,
    Record,
    Tally,
    Voiding,
)
from services.issues.proposals.proposal import Status as Stage
from services.issues.suggestions import domain as suggestions
from services.issues.suggestions.domain import Answer, Decision, Status, Suggestion
from tests.unit import test_proposals, test_suggestions
from tests.unit.test_proposals import NOW

STAFF = test_proposals.ACTORS["community"]


def suggestion(status: Status = Status.OPEN, **more: Any) -> Suggestion:
    answers = (Answer("C", NOW, Decision.PLANNED, "列入计划"),)
    return replace(test_suggestions.standing(status), supporters=("M", "N"), answers=answers, **more)


def forgotten(kept: Suggestion, member: str) -> Suggestion:
    after = suggestions.erase(kept, member)
    assert after is not None
    assert (after.version, suggestions.erase(after, member)) == (kept.version + 1, None)
    return after


@pytest.mark.parametrize("status", sorted(suggestions.SUPPORTED))
def test_an_open_suggestion_of_nobody_can_be_supported_and_answered_until_it_is_over(status: Status) -> None:
    after = forgotten(suggestion(status), "R")
    assert (after.author, after.title, after.supporters) == (None, "增设停车位", ("M", "N"))
    answered = suggestions.transition(after, "answer", STAFF, test_suggestions.ANSWER, NOW)
    assert (answered.event.author, answered.event.followers) == (None, ("M", "N"))
    over = suggestions.transition(answered.suggestion, "close", STAFF, suggestions.Details(), NOW).suggestion
    assert (over.title, over.text, len(over.answers)) == ("", "", 2)


@pytest.mark.parametrize("status", [Status.CLOSED, Status.WITHDRAWN])
def test_the_words_of_a_suggestion_that_is_over_go_with_their_author(status: Status) -> None:
    after = forgotten(suggestion(status), "R")
    assert (after.author, after.title, after.text) == (None, "", "")


def test_the_words_of_an_author_who_stays_stay() -> None:
    closed = suggestions.transition(
        suggestion(Status.ANSWERED), "close", STAFF, suggestions.Details(), NOW
    ).suggestion
    assert closed.title == "增设停车位"


def test_a_supporter_who_is_erased_is_counted_no_more_and_of_an_answer_only_the_name_goes() -> None:
    assert forgotten(suggestion(), "M").supporters == ("N",)
    after = forgotten(suggestion(), "C")
    assert after.answers == (Answer(None, NOW, Decision.PLANNED, "列入计划"),)
    assert suggestions.erase(suggestion(), "X") is None


def record(stage: Stage, **more: Any) -> Record:
    plan = replace(
        test_proposals.standing(stage),
        tally=Tally(yes=2, no=1),
        expenses=(Expense("E1", "灯具", 100, ("P1",), "P", NOW),),
        **more,
    )
    lines = (
        Entry("draft", "P", NOW, Stage.DRAFT),
        Entry("deliberate", "H", NOW, Stage.DELIBERATION, "可行"),
        Entry("withdraw", "P", NOW, Stage.WITHDRAWN, "王阿姨生病"),
    )
    ballots = tuple(Ballot(one, Choice.YES, NOW) for one in ("P", "V"))
    return Record(plan, lines, ballots, ("P", "V"))


def without(kept: Record, member: str) -> tuple[Record, list[str]]:
    erased = erase(kept, member, NOW)
    assert erased is not None
    after, told = erased
    assert f'"{member}"' not in orjson.dumps(asdict(after), default=str).decode()
    assert after.lines[-1].action == "erase"
    assert after.proposal.version == kept.proposal.version + 1
    assert erase(after, member, NOW) is None, "forgetting again changes nothing"
    return after, [one.type for one in told]


@pytest.mark.parametrize("stage", sorted(set(Stage) - {Stage.DRAFT, Stage.WITHDRAWN}))
def test_a_proposal_goes_on_without_its_authors_name_and_no_count_changes(stage: Stage) -> None:
    kept = record(stage)
    after, told = without(kept, "P")
    plan = after.proposal
    assert (plan.author, plan.title, plan.status, told) == (None, "楼道照明", stage, [])
    assert (plan.tally, plan.spent, plan.asked) == (kept.proposal.tally, 100, kept.proposal.asked)
    assert plan.expenses == (Expense("E1", "灯具", 100, ("P1",), None, NOW),)
    assert [one.actor for one in after.lines] == [None, "H", None, "system"]
    assert [one.note for one in after.lines] == [None, "可行", "王阿姨生病", None]


def test_of_a_void_expense_only_the_name_of_whoever_said_so_goes() -> None:
    kept = record(Stage.RUNNING)
    (spent,) = kept.proposal.expenses
    marked = replace(spent, void=Voiding("V1", "重复登记", "C", NOW))
    after, _ = without(replace(kept, proposal=replace(kept.proposal, expenses=(marked,))), "C")
    assert after.proposal.expenses == (replace(spent, void=Voiding("V1", "重复登记", None, NOW)),)


def test_an_open_vote_stays_and_is_nobodys() -> None:
    after, _ = without(record(Stage.REFUSED), "V")
    assert after.ballots == (Ballot("P", Choice.YES, NOW), Ballot(None, Choice.YES, NOW))
    assert (after.voters, after.proposal.tally) == (("P",), Tally(yes=2, no=1))


@pytest.mark.parametrize(("stage", "events"), [("draft", ["proposal.withdrawn.v1"]), ("withdrawn", [])])
def test_a_draft_and_what_its_author_took_back_go_with_their_words(stage: str, events: list[str]) -> None:
    after, told = without(record(Stage(stage)), "P")
    plan: Proposal = after.proposal
    assert (plan.status, plan.closed_at, told) == ("withdrawn", NOW, events)
    assert (plan.title, plan.text, [one.purpose for one in plan.budget]) == ("", "", ["", ""])
    assert [one.note for one in after.lines] == [None, "可行", None, None]


def test_who_has_no_part_in_a_proposal_leaves_it_as_it_is() -> None:
    assert erase(record(Stage.RUNNING), "X", NOW) is None


def test_what_is_nobodys_is_not_returned_to_its_author() -> None:
    orphan = replace(test_proposals.standing(Stage.DELIBERATION), author=None)
    with pytest.raises(Conflict):
        proposals.transition(orphan, "return", STAFF, Details("改"), NOW)
    assert proposals.transition(orphan, "refuse", STAFF, Details("不可行"), NOW).proposal.status == "refused"
