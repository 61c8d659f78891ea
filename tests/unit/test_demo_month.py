"""The proofs of the demonstration's month: they hold for what should be there, and fail for all else."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest

from demo import month_due, month_proof
from demo.client import Api
from demo.district import COMMUNITY_A, DISTRICT, District
from demo.evidence import Evidence
from demo.month import PARTS, Month
from demo.month_evidence import Found
from demo.proof import Finding
from demo.records import Record, Records

GUARD, HELPED, HELPER, BUYER, DONOR = (
    f"{who} of A" for who in ("guard", "helped", "helper", "buyer", "donor")
)
STAFF, KEEPER = "staff of A", "keeper"
ISSUER, SHOP, FUND = f"issuer:{DISTRICT}", f"shop:{DISTRICT}", f"fund:{COMMUNITY_A}"
PROJECT = "project:project-1"
PEOPLE: dict[str, list[Record]] = {
    **{one: [] for one in (GUARD, HELPED, HELPER, BUYER, DONOR)},
    STAFF: [{"role": "community_staff", "area": COMMUNITY_A}],
    KEEPER: [{"role": "shop_keeper", "area": DISTRICT}],
}


def line(action: str, actor: str) -> Record:
    return {"action": action, "actor": actor}


def listed(name: str, member: str, status: str, minutes: int) -> Record:
    by = {"verified_by": STAFF, "recorded_by": STAFF}
    return {"id": name, "member": member, "status": status, "minutes": minutes, **by}


RECORDS: dict[str, Record] = {
    "duty": {"id": "shift-1", "duties": [listed("duty-1", GUARD, "verified", 4)]},
    "yesterday": {"id": "session-1", "attendances": [listed("came-1", GUARD, "attended", 120)]},
    "today": {"id": "session-2", "attendances": [listed("away-1", HELPED, "absent", 0)]},
    "help": {
        "id": "help-1",
        "author": HELPED,
        "partner": HELPER,
        "hold": "hold-1",
        "settlement": {"paid": 60, "given": 60, "pooled": 0},
        "history": [line("respond", HELPER), line("accept", HELPED), line("settle", STAFF)],
    },
    "order": {
        "id": "order-1",
        "member": BUYER,
        "quantity": 1,
        "amount": 15,
        "hold": "hold-2",
        "history": [line("reserve", BUYER), line("pay", BUYER), line("prepare", KEEPER)],
    },
    "sold": {
        "id": "donation-1",
        "account": "donated:donation-1",
        "donor": {"member": DONOR},
        "history": [line("accept", KEEPER), line("sell", KEEPER), line("allocate", KEEPER)],
    },
    "project": {"id": "project-1", "author": GUARD, "history": [line("fund", "system")]},
}
for one in RECORDS.values():
    one["area"] = COMMUNITY_A
TRACE: Record = {
    "received": 3000,
    "costs": 200,
    "unallocated": 300,
    "destinations": [{"target": PROJECT, "amount": 2000}],
    "waiting": [{"fund": FUND, "amount": 500}],
    "elsewhere": [],
}


def posting(rule: str, cause: str, unit: str, **moved: int) -> Record:
    return {
        "id": f"{rule} posting",
        "key": f"{rule}:{cause}",
        "rule": rule,
        "cause": cause,
        "area": COMMUNITY_A,
        "legs": [
            {"account": account, "unit": unit, "amount": amount}
            for account, amount in moved.items()
            if amount
        ],
    }


def earned(rule: str, cause: str, minutes: int = 0) -> Record:
    made = posting(rule, cause, "points", **{GUARD: 2, ISSUER: -2})
    made["legs"] += posting(rule, cause, "minutes", **{GUARD: minutes, ISSUER: -minutes})["legs"]
    return made


POSTINGS = [
    earned("duty.verified", "duty-1", 4),
    earned("training.completed", "came-1"),
    posting("time-bank.settled", "help-1", "minutes", **{HELPED: -60, HELPER: 60}),
    posting("order.paid", "order-1", "points", **{BUYER: -15, SHOP: 15}),
    posting("donation.sold", "donation-1", "fen", **{ISSUER: -3000, "donated:donation-1": 3000}),
    posting("donation.cost", "donation-1", "fen", **{ISSUER: 200, "donated:donation-1": -200}),
    posting("donation.allocated", "donation-1", "fen", **{FUND: 2500, "donated:donation-1": -2500}),
]
MESSAGES = {
    GUARD: [
        ("duty.verified.v1", "duty-1"),
        ("training.completed.v1", "came-1"),
        ("proposal.funded.v1", "project-1"),
        ("points.posted.v1", "duty.verified posting"),
        ("points.posted.v1", "training.completed posting"),
    ],
    HELPED: [("help.matched.v1", "help-1"), ("help.decided.v1", "help-1")],
    HELPER: [
        ("help.accepted.v1", "help-1"),
        ("help.decided.v1", "help-1"),
        ("help.candidates_found.v1", "help-1"),
    ],
    BUYER: [("order.ready.v1", "order-1")],
    DONOR: [("donation.accepted.v1", "donation-1"), ("donation.allocated.v1", "donation-1")],
    STAFF: [("duty.checked_out.v1", "duty-1"), ("proposal.funded.v1", "project-1")],
    KEEPER: [("order.paid.v1", "order-1")],
}


@pytest.fixture
def sound() -> Found:
    """The scene as it should be."""
    inboxes = {
        member: [{"kind": kind, "subject": subject} for kind, subject in told]
        for member, told in MESSAGES.items()
    }
    taken = {"hold-1": 60, "hold-2": 15}
    evidence = Evidence(
        held=Records([], []),
        facts=list(month_due.facts(RECORDS)),
        subjects=month_due.subjects(RECORDS),
        people=PEOPLE,
        postings=deepcopy(POSTINGS),
        inboxes=inboxes,
    )
    return Found(
        records=deepcopy(RECORDS),
        evidence=evidence,
        item={"stock": 0},
        holds=[{"id": one, "status": "captured", "captured": amount} for one, amount in taken.items()],
        trace=deepcopy(TRACE),
        fund=[{"cause": "donation-1", "amount": 2500}, {"cause": "project-1", "amount": -2000}],
    )


def test_all_proofs_hold_for_what_should_be_there(sound: Found) -> None:
    findings = month_proof.follows(sound)
    assert [one.against for one in findings] == [()] * 5
    assert [one.text for one in findings] == [
        "the month's 2 earnings of duty and training were paid once, by rule; 1 absence earned none",
        "60 minutes of help went from who was helped to who helped, and nothing else",
        "of 2 pieces 1 went for 15 points and 1 for money, 0 are left; none of the month's holds is open",
        "the goods' 28.00 yuan are 20.00 + 5.00 + 3.00 with projects, in the fund and not passed on; "
        "the month's project is named",
        "of the month's 15 messages due 15 were delivered, each once",
    ]


def lose(rule: str) -> Callable[[Found], None]:
    def fault(found: Found) -> None:
        found.evidence.postings = [one for one in found.evidence.postings if one["rule"] != rule]

    return fault


def double(rule: str) -> Callable[[Found], None]:
    def fault(found: Found) -> None:
        found.evidence.postings += [one for one in found.evidence.postings if one["rule"] == rule]

    return fault


def pay_the_absent(found: Found) -> None:
    found.evidence.postings.append(earned("training.completed", "away-1"))


def pay_minutes_for_training(found: Found) -> None:
    found.evidence.postings[1] = earned("training.completed", "came-1", 120)


def pool_some(found: Found) -> None:
    legs = found.evidence.postings[2]["legs"]
    legs[1:] = [{**legs[1], "amount": 50}, {**legs[1], "account": f"pool:{DISTRICT}", "amount": 10}]


def settle_more(found: Found) -> None:
    found.records["help"]["settlement"]["given"] = 61


def leave_a_piece(found: Found) -> None:
    found.item["stock"] = 1


def keep_a_hold(found: Found) -> None:
    found.holds[0].update(status="held", captured=0)


def take_part_of_a_hold(found: Found) -> None:
    found.holds[1]["captured"] = 14


def waste_a_fen(found: Found) -> None:
    found.trace["waiting"][0]["amount"] = 499


def keep_a_fen(found: Found) -> None:
    found.evidence.postings[-1]["legs"][1]["amount"] = -2499


def name_no_project(found: Found) -> None:
    found.trace |= {"destinations": [], "waiting": [{"fund": FUND, "amount": 2500}]}


def lose_a_message(found: Found) -> None:
    found.evidence.inboxes[KEEPER].clear()


def double_a_message(found: Found) -> None:
    found.evidence.inboxes[DONOR] *= 2


def tell_somebody_else(found: Found) -> None:
    found.evidence.inboxes[BUYER].append({"kind": "help.decided.v1", "subject": "help-1"})


@pytest.mark.parametrize(
    ("proof", "fault"),
    [
        (month_proof.earned, lose("duty.verified")),
        (month_proof.earned, double("training.completed")),
        (month_proof.earned, pay_the_absent),
        (month_proof.earned, pay_minutes_for_training),
        (month_proof.helped, lose("time-bank.settled")),
        (month_proof.helped, double("time-bank.settled")),
        (month_proof.helped, pool_some),
        (month_proof.helped, settle_more),
        (month_proof.shopped, lose("order.paid")),
        (month_proof.shopped, double("order.paid")),
        (month_proof.shopped, leave_a_piece),
        (month_proof.shopped, keep_a_hold),
        (month_proof.shopped, take_part_of_a_hold),
        (month_proof.traced, lose("donation.cost")),
        (month_proof.traced, waste_a_fen),
        (month_proof.traced, keep_a_fen),
        (month_proof.traced, name_no_project),
        (month_proof.told, lose_a_message),
        (month_proof.told, double_a_message),
        (month_proof.told, tell_somebody_else),
    ],
)
def test_a_fault_is_found(
    sound: Found, proof: Callable[[Found], Finding], fault: Callable[[Found], None]
) -> None:
    assert proof(sound).holds
    fault(sound)
    assert proof(sound).against


def test_a_project_that_the_fund_paid_of_older_money_need_not_be_named(sound: Found) -> None:
    name_no_project(sound)
    sound.fund.append({"cause": COMMUNITY_A, "amount": 9000})
    found = month_proof.traced(sound)
    assert found.holds
    assert "of money that came before" in found.text


def test_parts_that_went_another_way_are_left_out_of_the_proofs(sound: Found) -> None:
    rest = {name: one for name, one in RECORDS.items() if name not in ("help", "project")}
    assert len(month_proof.follows(replace(sound, records=rest))) == 3


def test_a_part_that_failed_or_is_there_twice_is_found() -> None:
    month = Month(District(Api("http://nowhere")))
    assert month_proof.acted_out(month).text.startswith(f"the month's {len(PARTS)} parts were acted out")
    assert month_proof.acted_out(month).holds
    month.elsewhere = {"help"}
    assert month_proof.acted_out(month).holds
    month.failures["duty"], month.doubled["order"] = "refused", 2
    assert month_proof.acted_out(month).against == ("duty: refused", "order is there 2 times")
