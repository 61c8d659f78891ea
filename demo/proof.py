"""The proofs of a replay: each a sentence, whether it holds, and what speaks against it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from demo import due, study
from demo.district import COMMUNITY_A
from demo.due import Due, Fact, legs_of
from demo.evidence import Evidence
from demo.municipal import STATUSES
from demo.municipal_export import Export
from demo.records import Record
from demo.story import reference_in

_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """A sentence that should be true, whether it is, and the first few things that speak against it."""

    text: str
    holds: bool
    against: tuple[str, ...] = ()


def follows(evidence: Evidence) -> list[Finding]:
    """What the events must have brought about a moment after the last answer."""
    return [usage(evidence), conserved(evidence), confirmed_paid(evidence), earned(evidence), told(evidence)]


def usage(evidence: Evidence) -> Finding:
    """Community A's usage figures are the study's row, plus what others entered there."""
    figures = {row["category"]: row["count"] for row in evidence.usage["rows"]}
    others = entered_by_others(evidence)
    wrong = [
        f"{category}: {figures[category]} instead of {count + others[category]}"
        for category, count in study.RECORDS.items()
        if figures[category] != count + others[category]
    ]
    row = "/".join(str(count) for count in study.RECORDS.values())
    besides = f", beside {others.total()} records of others" if others else ""
    return finding(f"community A's usage is the study's row {row}{besides}", wrong)


def entered_by_others(evidence: Evidence) -> Counter[str]:
    """Records of community A by category that are none of the study's."""
    there = [(one, one["description"]) for one in evidence.held.issues]
    there += [(one, one["summary"]) for one in evidence.held.activities]
    return Counter(
        one["category"]
        for one, text in there
        if one["area"].startswith(COMMUNITY_A) and not (reference_in(text) or "").startswith(study.REFERENCE)
    )


def conserved(evidence: Evidence) -> Finding:
    """Whatever was gained was issued: the whole journal sums to zero, as do its postings and balances."""
    ledger = evidence.ledger
    wrong = [f"the sum of {unit} is {amount}" for unit, amount in ledger["sums"].items() if amount]
    wrong += [f"posting {one} does not balance" for one in ledger["unbalanced"]]
    wrong += [f"the balance of {one} is not what was posted to it" for one in ledger["differing"]]
    return finding(f"the legs of all {ledger['postings']:,} postings sum to 0 in every unit", wrong)


def confirmed_paid(evidence: Evidence) -> Finding:
    """Every confirmed issue of the district that earns somebody something was paid once, as the rule says.

    What an earlier confirmation paid was taken back when the issue was reopened, and counts no more.
    """
    confirmed = [one for one in evidence.held.issues if one["status"] == "confirmed"]
    facts = [
        Fact(
            "issue.confirmed.v1",
            one["id"],
            one["area"],
            {**one, "photos": len(one["media"]), "round": one.get("confirmations")},
        )
        for one in confirmed
    ]
    undone = {one.get("reverses") for one in evidence.postings}
    paid = [one for one in evidence.postings if one["rule"] == "issue.confirmed" and one["id"] not in undone]
    earned_by_all = due.postings_due(facts)
    expected = {key: legs for key, legs in earned_by_all.items() if key.startswith("issue.confirmed:")}
    free = len(confirmed) - len(expected)
    besides = f"; {free:,}, solved by staff and without a photo, earn none" if free else ""
    text = f"{len(expected):,} of {len(confirmed):,} confirmed issues earn points, each paid once{besides}"
    return finding(text, differences(expected, paid))


def earned(evidence: Evidence) -> Finding:
    """Every claim, solution, confirmation and verified activity of the stories was paid once, in full."""
    expected = due.postings_due(evidence.facts)
    wrong = differences(expected, evidence.own_postings())
    return finding(f"all {len(expected):,} earnings of these records were paid once, by rule", wrong)


def told(evidence: Evidence) -> Finding:
    """Every message that the histories make due is in its inbox, once."""
    expected, delivered = evidence.messages_due(), evidence.messages_delivered()
    text = (
        f"of {expected.total():,} messages due {(delivered & expected).total():,} were delivered, each once"
    )
    return finding(text, undelivered(expected, delivered))


def undelivered(expected: Due, delivered: Due) -> list[str]:
    """What speaks against the messages due being the messages that came."""
    missing, surplus = expected - delivered, delivered - expected
    wrong = [f"{count} × {kind} about {subject} missing" for (_, kind, subject), count in missing.items()]
    return wrong + [
        f"{count} × {kind} about {subject} too many" for (_, kind, subject), count in surplus.items()
    ]


def acted_out(failures: dict[str, str], number: int) -> Finding:
    """Every story could be acted out."""
    wrong = [f"{reference}: {reason}" for reference, reason in failures.items()]
    return finding(f"all {number:,} records were acted out", wrong)


def nothing_doubled(evidence: Evidence) -> Finding:
    """No record is in the system twice."""
    found = {**evidence.held.issues_by_reference(), **evidence.held.activities_by_reference()}
    wrong = [f"{reference} is there {len(ones)} times" for reference, ones in found.items() if len(ones) > 1]
    return finding(f"none of {len(found):,} records is there twice", wrong)


def rows_accounted_for(evidence: Evidence, export: Export) -> Finding:
    """Every row that was read was replayed or refused."""
    there = evidence.held.issues_by_reference()
    replayed = sum(one.reference in there for one in export.stories)
    gone = export.rows - replayed - export.refused
    wrong = [f"{gone} rows are neither"] if gone else []
    return finding(f"{export.rows:,} rows read = {replayed:,} replayed + {export.refused:,} refused", wrong)


def rows_stand_as_exported(evidence: Evidence, export: Export, elsewhere: set[str]) -> Finding:
    """Row for row the issue stands where the row says: status, what a duplicate repeats, whom one went to.

    So the counts of both are equal too; they are taken from either side by itself: every row of the file
    counts by its status but those that were refused, and those on which others acted too.
    """
    there = {name: ones[0] for name, ones in evidence.held.issues_by_reference().items()}
    replayed = [
        (request, story, there[story.reference])
        for request, story in zip(export.requests, export.stories, strict=True)
        if story.reference in there and story.reference not in elsewhere
    ]
    wrong = []
    for request, story, issue in replayed:
        older = there.get(story.older or "", {}).get("id")
        due = _Standing(STATUSES[request.status], older, request.agency if story.ends == "referred" else None)
        found = _Standing(issue["status"], issue["merged_into"], issue["referred_to"])
        if found != due:
            wrong.append(f"{story.reference} on line {request.line} is {found} instead of {due}")
    moved = Counter(
        request.status
        for request, story in zip(export.requests, export.stories, strict=True)
        if story.reference in elsewhere
    )
    exported: Counter[str] = Counter()
    for status, count in (export.statuses - export.refused_statuses - moved).items():
        exported[STATUSES[status]] += count
    standing = Counter(issue["status"] for _, _, issue in replayed)
    wrong += [
        f"{standing[status]} are {status}, and {exported[status]} in the file"
        for status in sorted({*exported, *standing})
        if standing[status] != exported[status]
    ]
    besides = f", {moved.total()} went another way by other hands" if moved else ""
    return finding(
        f"row for row {len(replayed):,} issues stand as exported, {exported['merged']:,} duplicates and "
        f"{exported['referred']:,} transfers among them{besides}",
        wrong,
    )


class _Standing(NamedTuple):
    """Where an issue stands: its status, the issue it was merged into, the agency it was handed to."""

    status: str
    merged_into: str | None
    referred_to: str | None

    def __str__(self) -> str:
        into = f" into {self.merged_into}" if self.merged_into else ""
        return f"{self.status}{into}" + (f" to {self.referred_to}" if self.referred_to else "")


def differences(expected: dict[str, due.Legs], paid: Sequence[Record]) -> list[str]:
    """What speaks against the postings that are due having been paid, once each and nothing else."""
    times = Counter(one["key"] for one in paid)
    legs = {one["key"]: legs_of(one["legs"]) for one in paid}
    wrong = [f"{key} was not paid" for key in expected if key not in times]
    wrong += [f"{key} was paid {count} times" for key, count in times.items() if count > 1]
    wrong += [f"{key} was paid, and nothing was due" for key in times if key not in expected]
    wrong += [f"{key} was paid wrongly" for key, one in expected.items() if legs.get(key, one) != one]
    return wrong


def finding(text: str, wrong: list[str]) -> Finding:
    """A sentence, and the first few things that speak against it."""
    rest = len(wrong) - _SHOWN
    shown = wrong[:_SHOWN] + ([f"and {rest} more"] if rest > 0 else [])
    return Finding(text, not wrong, tuple(shown))
