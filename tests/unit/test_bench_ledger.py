"""The arithmetic of `make bench-ledger`: shares of the same round, and a bound that grows with the ledger."""

import pytest

from bench.figures import Speed
from bench.ledger.figures import (
    BALANCE,
    BALANCE_WITHIN,
    BATCHES,
    BATCHES_AT_WORK,
    CLAIMS,
    FIND,
    HELLO,
    HOT,
    HOT_AT_WORK,
    SPREAD,
    TRANSACTION,
    UNIFORM,
    Findings,
    Proof,
)
from bench.ledger.report import document


def found(**per_second: list[float]) -> Findings:
    findings = Findings(2.0)
    postings = (TRANSACTION, HOT, HOT_AT_WORK, SPREAD, UNIFORM, BATCHES, CLAIMS, BATCHES_AT_WORK)
    for name in (*postings, FIND, HELLO, BALANCE, BALANCE_WITHIN):
        findings.rounds[name] = [Speed(one, 1.0, 2.0) for one in per_second.get(name, [100.0, 100.0])]
    return findings


def test_a_share_pairs_what_was_measured_in_the_same_round() -> None:
    findings = found(**{TRANSACTION: [100.0, 400.0], HOT: [50.0, 160.0]})
    assert findings.share(HOT) == pytest.approx(45.0)
    assert findings.share(HOT, HOT_AT_WORK) == pytest.approx(105.0)


def test_a_balance_is_held_against_the_raw_find_and_the_web_stack_together() -> None:
    findings = found()
    findings.rounds[FIND] = [Speed(1, 0.4, 1), Speed(1, 0.5, 1)]
    findings.rounds[HELLO] = [Speed(1, 0.6, 1), Speed(1, 0.5, 1)]
    findings.rounds[BALANCE] = [Speed(1, 1.5, 2), Speed(1, 1.3, 2)]
    assert findings.balance_factor() == pytest.approx(1.4)


def test_a_balance_in_the_service_is_held_against_the_raw_find_alone() -> None:
    findings = found()
    findings.rounds[FIND] = [Speed(1, 0.4, 1), Speed(1, 0.5, 1)]
    findings.rounds[BALANCE_WITHIN] = [Speed(1, 0.6, 1), Speed(1, 0.5, 1)]
    assert findings.balance_within() == pytest.approx(1.25)


@pytest.mark.parametrize(("seconds", "met"), [(6.0, True), (6.1, False)])
def test_the_bound_of_a_proof_is_a_minute_for_a_million_postings(seconds: float, met: bool) -> None:
    findings = found()
    findings.proofs.append(Proof(100_000, seconds, 0, True, 60.0))
    assert findings.targets()[-1].met is met


def test_the_slowest_seal_of_all_rounds_is_what_counts() -> None:
    findings = found()
    assert not [one for one in findings.targets() if "sealed" in one.name]
    findings.sealed_after = [3.0, 5.5, 3.1]
    (seal,) = [one for one in findings.targets() if "sealed" in one.name]
    assert (seal.value, seal.met) == (5.5, False)


def test_the_page_says_when_an_edited_posting_was_not_named() -> None:
    findings = found()
    findings.proofs.append(Proof(100_000, 5.0, 0, False, 60.0))
    assert "NOT NAMED" in document(findings, {"Cores": "2"})
