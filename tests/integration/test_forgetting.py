"""Forgetting a person in suggestions and proposals on the real database, as often as one likes."""

from datetime import UTC, datetime, timedelta

from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from services.issues.proposals import commands as proposing
from services.issues.proposals import domain
from services.issues.proposals.proposal import BudgetLine, Choice, Details, Majority, Proposal, Terms
from services.issues.proposals.queries import ProposalQueries
from services.issues.proposals.store import ProposalStore
from services.issues.suggestions import commands as suggesting
from services.issues.suggestions import domain as suggestion_rules
from services.issues.suggestions.domain import Suggestion
from services.issues.suggestions.store import SuggestionStore

COMMUNITY = "120199001001"
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


def clock() -> datetime:
    return NOW


def test_a_suggestions_author_and_supporter_are_forgotten_once_and_its_count_stays_right(
    mongo: Mongo,
) -> None:
    store = SuggestionStore(mongo)
    store.ensure_indexes()
    made = Suggestion("S1", "S-1", "parking", COMMUNITY, "停车位", "北门", "R", NOW)
    store.add(suggestion_rules.make(made))
    for member in ("M", "N"):
        store.support("S1", member)
    for member in ("R", "M"):
        assert suggesting.forget_member(store, member_id=member) == 1
        assert suggesting.forget_member(store, member_id=member) == 0
    kept = store.get("S1")
    assert (kept.author, kept.supporters, kept.version) == (None, ("N",), 5)
    (document,) = mongo["suggestions"].find()
    assert document["support_count"] == 1
    assert store.support("S1", "O")
    assert (mongo["suggestions"].find_one() or {})["support_count"] == 2


def test_a_proposals_author_and_voter_are_forgotten_once_and_the_vote_stays(mongo: Mongo) -> None:
    store, chair = ProposalStore(mongo), Actor("H", (Grant("council_chair", COMMUNITY),))
    author = Actor("P", (Grant("council_member", COMMUNITY),))
    store.ensure_indexes()
    terms = Terms(secret=False, quorum=1, majority=Majority.SIMPLE)
    plan = Proposal("P1", "P-1", COMMUNITY, "楼道照明", "更换", "P", (BudgetLine("灯具", 100),), terms, NOW)
    store.add(domain.draft(plan, author))
    for actor, action in ((author, "submit"), (chair, "deliberate")):
        proposing.act(store, clock, actor, proposal_id="P1", action=action, details=Details())
    opening = Details(closes_at=NOW + timedelta(hours=1))
    proposing.act(store, clock, chair, proposal_id="P1", action="open_voting", details=opening)
    assert store.cast(store.get("P1"), "V", Choice.YES, NOW)
    for member in ("P", "V", "H"):
        assert proposing.forget_member(store, clock, member_id=member) == 1
        assert proposing.forget_member(store, clock, member_id=member) == 0
    kept = store.record("P1")
    assert (kept.proposal.author, kept.proposal.tally.yes, kept.voters) == (None, 1, ())
    assert [(one.member, one.choice) for one in kept.ballots] == [(None, Choice.YES)]
    assert {one.actor for one in kept.lines} == {None, "system"}
    shown = ProposalQueries(mongo, str).one("P1", chair)
    assert (shown["author"], shown["votes_cast"]) == (None, 1)
