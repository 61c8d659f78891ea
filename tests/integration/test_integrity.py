"""The ledger's chain and its proof on a real database: tampering is named, drift is stopped."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from chassis.clock import new_ulid, ulid_at, utc_now
from chassis.errors import NotFound
from chassis.mongo import Mongo
from infra.local.deployment import Deployment
from services.points.domain import Frozen, Posting
from services.points.integrity import commands
from services.points.integrity.command_line import verify_ledger
from services.points.integrity.commands import Sealing
from services.points.integrity.domain import ALLOWED, Page
from tests.integration.ledgers import ADMIN, DISTRICT, Ledger, at_once

LATER = timedelta(seconds=10)
LONG_AFTER = ALLOWED + LATER
NIGHT = datetime(2030, 1, 1, 19, 30, tzinfo=UTC)


@pytest.fixture
def ledger(deployment: Deployment) -> Iterator[Ledger]:
    own = Mongo(deployment.mongo_url, f"ledger_{new_ulid()}")
    made = Ledger(own)
    made.now = lambda: utc_now() + LONG_AFTER
    yield made
    own.client.drop_database(own.database.name)
    own.close()


def sealing(ledger: Ledger) -> Sealing:
    return Sealing(ledger.seals, lambda: utc_now() + LATER, DISTRICT)


def sealed(ledger: Ledger, count: int) -> list[Posting]:
    """So many postings, sealed."""
    member = ledger.member()
    postings = [ledger.earn(member, 5) for _ in range(count)]
    assert sealing(ledger).run() == count
    return postings


def pages(ledger: Ledger) -> list[Page]:
    return list(ledger.seals.pages())


def test_postings_are_sealed_once_however_many_seal_them(ledger: Ledger) -> None:
    member = ledger.member()
    for _ in range(5):
        at_once(16, lambda _: ledger.earn(member, 5))
        at_once(4, lambda _: sealing(ledger).run())
    names = [one.posting for page in pages(ledger) for one in page.entries]
    assert len(names) == len(set(names)) == 80
    found = ledger.verification()
    assert (found["sealed"], found["waiting"], found["sound"]) == (80, 0, True)


def test_a_ledger_of_before_is_sealed_from_its_beginning_and_a_page_is_no_longer_than_it_may_be(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.points.integrity.domain.ENTRIES_A_PAGE", 4)
    sealed(ledger, 11)
    assert [len(page.entries) for page in pages(ledger)] == [4, 4, 3]
    last = ledger.seals.last_page()
    assert last is not None
    assert last.number == 3
    assert sealing(ledger).run() == 0


def test_the_proof_reads_every_posting_however_many_come_at_once(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.points.integrity.store._BATCH", 3)
    sealed(ledger, 11)
    found = ledger.verification()
    assert (found["postings"], found["waiting"], found["sound"]) == (11, 0, True)
    assert len(list(ledger.seals.postings())) == 11


def test_a_posting_that_was_committed_late_is_sealed_by_looking_back(ledger: Ledger) -> None:
    (first,) = sealed(ledger, 1)
    running = sealing(ledger)
    running.run()
    late = ledger.earn(first.legs[0].account, 5)
    place = ulid_at(utc_now() - timedelta(minutes=1))
    ledger.mongo["journal"].update_one({"_id": late.id}, {"$set": {"order": place}})
    moment = utc_now() + 3 * LATER
    running.clock = lambda: moment
    assert running.run() == 1
    assert running.run() == 0


def test_the_ledger_is_sealed_and_proved_while_it_is_written(ledger: Ledger) -> None:
    running = sealing(ledger)
    ledger.now = utc_now
    member = ledger.member(100)

    def work(number: int) -> None:
        if number % 10 == 9:
            running.run()
            ledger.proof()
        else:
            ledger.spend(member, 1)

    assert at_once(60, work) == {"done": 60}


def test_an_edited_posting_and_the_balance_that_was_fitted_to_it_are_named(ledger: Ledger) -> None:
    posting = sealed(ledger, 3)[1]
    member = posting.legs[0].account
    legs = [{**vars(leg), "amount": leg.amount * 100} for leg in posting.legs]
    ledger.mongo["journal"].update_one({"_id": posting.id}, {"$set": {"legs": legs}})
    assert ledger.verification()["differing"] == [member]
    fitted = {"points.posted": 510, "points.available": 510, "lifetime.points": 510}
    ledger.mongo["accounts"].update_one({"_id": member}, {"$set": fitted})
    found = ledger.verification()
    assert (found["edited"], found["differing"], found["faults"]) == ([posting.id], [], 1)
    assert not found["sound"]


def test_a_deleted_posting_is_named(ledger: Ledger) -> None:
    posting = sealed(ledger, 3)[2]
    ledger.mongo["journal"].delete_one({"_id": posting.id})
    assert ledger.verification()["deleted"] == [posting.id]


def verified_by_command(ledger: Ledger, *options: str) -> Result:
    worker = SimpleNamespace(mongo=ledger.mongo, settings=SimpleNamespace(district=DISTRICT))
    return CliRunner().invoke(verify_ledger, options, obj=worker)


def test_the_command_says_that_a_ledger_is_sound_and_what_to_keep_of_it(ledger: Ledger) -> None:
    sealed(ledger, 3)
    head = ledger.verification()["head"]
    found = verified_by_command(ledger, "--known", head)
    assert (found.exit_code, found.stderr) == (0, "")
    assert found.stdout == f"3 postings, 3 sealed, 0 faults.\nhead {head}\n"
    other = verified_by_command(ledger, "--known", "0" * 64)
    assert other.exit_code == 1
    assert "written anew" in other.stderr
    assert verified_by_command(ledger, "--known", "head").exit_code == 2


def test_the_command_names_what_was_edited_deleted_and_put_in_and_which_balance_differs(
    ledger: Ledger,
) -> None:
    edited, deleted, _ = sealed(ledger, 3)
    member = edited.legs[0].account
    ledger.mongo["journal"].update_one({"_id": edited.id}, {"$set": {"memo": "另写"}})
    ledger.mongo["journal"].delete_one({"_id": deleted.id})
    ledger.mongo["accounts"].update_one({"_id": member}, {"$inc": {"points.posted": 1}})
    found = verified_by_command(ledger)
    assert found.exit_code == 1
    named = dict(line.split(": ", 1) for line in found.stderr.splitlines())
    assert named[edited.id] == "the posting is not what was sealed"
    assert named[deleted.id] == "the posting was sealed and is gone"
    assert named[member] == "the balance is not what the journal makes it"


def test_a_posting_put_in_past_the_sealing_is_named(ledger: Ledger) -> None:
    known = sealed(ledger, 3)[0]
    copy = ledger.mongo["journal"].find_one({"_id": known.id}) or {}
    forged = ulid_at(utc_now() - timedelta(days=1))
    ledger.mongo["journal"].insert_one({**copy, "_id": forged, "key": forged, "order": forged})
    running = sealing(ledger)
    running.run()
    assert ledger.verification()["unsealed"] == [forged]


def test_a_changed_page_is_named_and_a_kept_head_is_missed_in_a_chain_written_anew(ledger: Ledger) -> None:
    sealed(ledger, 3)
    head = pages(ledger)[0].head
    assert ledger.verification(known=head)["contains_known"] is True
    ledger.mongo["seals"].update_one({"_id": 1}, {"$set": {"digests": b"\0" * 96}})
    assert ledger.verification()["broken_pages"] == [1]
    ledger.mongo["seals"].delete_one({"_id": 1})
    ledger.mongo["journal"].update_many({}, {"$set": {"memo": "forged"}})
    sealing(ledger).run()
    found = ledger.verification(known=head)
    assert (found["faults"], found["contains_known"]) == (0, False)


def test_a_nightly_proof_freezes_what_drifted_and_a_restoration_opens_it(
    ledger: Ledger,
) -> None:
    (posting,) = sealed(ledger, 1)
    member = posting.legs[0].account
    ledger.mongo["accounts"].update_one(
        {"_id": member}, {"$inc": {"points.posted": 7, "points.available": 7}}
    )
    assert commands.prove_night(ledger.seals, lambda: NIGHT, DISTRICT, "2030-01-02")
    assert not commands.prove_night(ledger.seals, lambda: NIGHT, DISTRICT, "2030-01-02")
    (proof,) = ledger.mongo["proofs"].find()
    (alarm,) = proof["outbox"]
    assert (proof["_id"], proof["differing"]) == ("2030-01-02", [member])
    assert (alarm["type"], alarm["data"]["frozen"]) == ("ledger.unsound.v1", [member])
    with pytest.raises(Frozen):
        ledger.spend(member, 1)
    commands.restore(ledger.seals, utc_now, ADMIN, account=member, reason="核对无误")
    assert ledger.balance(member) == {"posted": 5, "held": 0, "available": 5}
    ledger.spend(member, 1)
    assert sealing(ledger).run() == 1
    ledger.proof()
    with pytest.raises(NotFound):
        commands.restore(ledger.seals, utc_now, ADMIN, account=new_ulid(), reason="核对")


def test_every_account_that_drifted_is_frozen_though_only_some_are_named(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.points.integrity.domain.NAMED", 2)
    members = [ledger.member(5) for _ in range(5)]
    ledger.mongo["accounts"].update_many({"_id": {"$in": members}}, {"$inc": {"points.posted": 7}})
    assert sorted(ledger.verification()["differing"]) == sorted(members)
    commands.prove_night(ledger.seals, lambda: NIGHT, DISTRICT, "2030-01-02")
    (proof,) = ledger.mongo["proofs"].find()
    assert len(proof["differing"]) == len(proof["outbox"][0]["data"]["frozen"]) == 2
    for member in members:
        with pytest.raises(Frozen):
            ledger.spend(member, 1)


def test_the_chain_is_held_to_the_heads_of_former_nights(ledger: Ledger) -> None:
    sealed(ledger, 2)
    commands.prove_night(ledger.seals, lambda: NIGHT, DISTRICT, "2030-01-02")
    ledger.mongo["seals"].delete_one({"_id": 1})
    ledger.mongo["journal"].update_many({}, {"$set": {"memo": "forged"}})
    sealing(ledger).run()
    assert ledger.verification()["broken_pages"] == [1]
    ledger.mongo["seals"].delete_one({"_id": 1})
    ledger.mongo["journal"].delete_many({})
    assert ledger.verification()["shortened"]
