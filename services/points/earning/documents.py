"""Versions of rules, and evidence, as documents."""

from collections.abc import Sequence
from dataclasses import asdict, fields

from chassis.mongo import Document
from services.points.domain import Leg, Posting
from services.points.earning.counting import counted_units
from services.points.earning.domain import Evidence, gained
from services.points.earning.rule import Caps, Conditions, EarningRule, RuleStatus
from services.points.earning.simulation import Kept, Paid


def rule_of(document: Document) -> EarningRule:
    """A version as it was stored."""
    names = {one.name for one in fields(EarningRule)} - {"id", "status", "conditions", "caps"}
    asked = document["conditions"]
    return EarningRule(
        id=str(document["_id"]),
        status=RuleStatus(document["status"]),
        conditions=Conditions(
            **{**asked, "categories": tuple(asked["categories"]), "roles": tuple(asked["roles"])}
        ),
        caps={unit: Caps(**most) for unit, most in document["caps"].items()},
        **{name: document[name] for name in names},
    )


def values_of(rule: EarningRule) -> Document:
    """The fields of a version's document."""
    values = {**asdict(rule), "status": rule.status.value}
    del values["id"]
    return values


def rule_document(rule: EarningRule, rule_id: str) -> Document:
    """A new version as it is stored."""
    document = {**values_of(rule), "_id": rule_id, "order": rule_id}
    return {**document, "active_code": rule.code} if rule.status is RuleStatus.ACTIVE else document


def paid_document(rule: EarningRule, posting: Posting) -> Document:
    """What a version paid, beside the evidence of it."""
    return {
        "rule": rule.code,
        "version": rule.version,
        "gains": [vars(leg) for leg in gained(posting.legs)],
        "counted": sorted(counted_units(rule)),
    }


def evidence_document(evidence: Evidence, position: int, paid: Sequence[Document]) -> Document:
    """Evidence as it is kept."""
    return {
        **{name: value for name, value in vars(evidence).items() if name != "roles"},
        "roles": {member: list(held) for member, held in evidence.roles.items()},
        "_id": evidence.key,
        "position": position,
        "paid": list(paid),
    }


def kept_of(document: Document) -> Kept:
    """Evidence as it was consumed."""
    names = {one.name for one in fields(Evidence)} - {"roles"}
    roles = {member: tuple(held) for member, held in document["roles"].items()}
    return Kept(
        Evidence(roles=roles, **{name: document[name] for name in names}),
        int(document["position"]),
        tuple(_paid_of(one) for one in document["paid"]),
        document.get("undone"),
    )


def _paid_of(document: Document) -> Paid:
    gains = tuple(Leg(**leg) for leg in document["gains"])
    return Paid(document["rule"], document["version"], gains, frozenset(document["counted"]))
