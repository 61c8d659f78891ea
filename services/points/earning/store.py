"""Rules, evidence and counts ↔ documents, beside the journal; the only writer of them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from chassis.clock import new_ulid
from chassis.errors import ConcurrentUpdate, missing
from chassis.fields import LATEST
from chassis.mongo import Document, Mongo
from services.points.domain import Posting
from services.points.earning import rule as rules
from services.points.earning.commands import Decide, Due
from services.points.earning.counting import COUNTS, CapCounts, counted_units
from services.points.earning.documents import (
    evidence_document,
    kept_of,
    paid_document,
    rule_document,
    rule_of,
    values_of,
)
from services.points.earning.domain import (
    EARNING_RULES,
    Evidence,
    day_of,
    gained,
    keyed,
    midnight,
)
from services.points.earning.rule import EarningRule, RuleStatus
from services.points.earning.simulation import Kept
from services.points.store import JournalStore

_RULES, _EVIDENCE = "earning_rules", "evidence"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DAY = timedelta(days=1)
_MARKS = {"position": 1, "reopened": 1}


class RuleStore:
    """The district's rules, a document for each version."""

    def __init__(self, mongo: Mongo, journal: JournalStore) -> None:
        self._mongo = mongo
        self._journal = journal

    def ensure_indexes(self) -> None:
        """A version is there once, one of a code is active at most; and the first versions are there."""
        collection = self._mongo[_RULES]
        collection.create_index([("code", 1), ("version", 1)], unique=True)
        collection.create_index("active_code", unique=True, sparse=True)
        for one in EARNING_RULES.values():
            if self.newest(one.code) is None:
                try:
                    collection.insert_one(rule_document(one, new_ulid()))
                except DuplicateKeyError:
                    continue  # another worker began at the same moment

    def all(self) -> list[EarningRule]:
        """Every version there is."""
        return [rule_of(one) for one in self._mongo[_RULES].find()]

    def get(self, rule_id: str) -> EarningRule:
        """Raises NotFound."""
        document = self._mongo[_RULES].find_one({"_id": rule_id})
        if document is None:
            raise missing("规则", "rule")
        return rule_of(document)

    def newest(self, code: str) -> EarningRule | None:
        """The version of a code that was drafted last."""
        found = [rule_of(one) for one in self._mongo[_RULES].find({"code": code})]
        return max(found, key=lambda one: one.version, default=None)

    def add(self, rule: EarningRule) -> EarningRule:
        """Add a draft; where its id is stored already, the stored one is the answer.

        Raises ConcurrentUpdate where its version is taken.
        """
        try:
            self._mongo[_RULES].insert_one(rule_document(rule, rule.id))
        except DuplicateKeyError:
            known = self._mongo[_RULES].find_one({"_id": rule.id})
            if known is None:
                raise ConcurrentUpdate(rule.code) from None
            return rule_of(known)
        return rule

    def save(self, rule: EarningRule) -> None:
        """Write what a version has become. Raises ConcurrentUpdate when somebody was first."""
        self._save(rule, None)

    def activate(self, rule: EarningRule) -> None:
        """Write a version that comes into force, and the end of the one before, at once.

        Raises ConcurrentUpdate when somebody was first.
        """

        def write(session: ClientSession) -> None:
            former = self._mongo[_RULES].find_one({"active_code": rule.code}, session=session)
            if former is not None:
                ends = rule.active_from or _EPOCH
                self._save(rules.retired(rule_of(former), ends), session)
            self._save(rule, session)

        self._journal.transact(write, lambda: False)

    def _save(self, rule: EarningRule, session: ClientSession | None) -> None:
        values = values_of(rule)
        change: Document = {"$set": values}
        if rule.status is RuleStatus.ACTIVE:
            values["active_code"] = rule.code
        else:
            change["$unset"] = {"active_code": ""}
        mine = {"_id": rule.id, "revision": rule.revision - 1}
        if not self._mongo[_RULES].update_one(mine, change, session=session).matched_count:
            raise ConcurrentUpdate(rule.id)


class EvidenceStore:
    """What was consumed and what was paid for it, and the counts towards caps."""

    def __init__(self, mongo: Mongo, journal: JournalStore) -> None:
        self._mongo = mongo
        self._journal = journal

    def ensure_indexes(self) -> None:
        """What happened, by time. It also makes the collections that transactions write to."""
        self._mongo[_EVIDENCE].create_index("at")
        if COUNTS not in self._mongo.database.list_collection_names():
            self._mongo.database.create_collection(COUNTS, check_exists=False)

    def grants(self, members: Iterable[str]) -> dict[str, list[str]]:
        """The grants of members (`role@area`), by the local copy."""
        found = self._mongo["members"].find({"_id": {"$in": sorted(members)}}, {"grants": 1})
        return {str(one["_id"]): one.get("grants", []) for one in found}

    def record(self, due: Sequence[Due], decide: Decide, at: datetime) -> list[Evidence]:
        """Keep evidence, post what is decided by each rule, and count it, all or nothing, once for ever.

        Answers with that which was contradicted before it was heard of. What another transaction counted for
        the same person meanwhile makes this one begin anew. Raises what `JournalStore.transact` raises.
        """
        wanted = {one.evidence.key: one for one in due}
        known: dict[str, Document] = {}
        paid_before: set[str] = set()

        def write(session: ClientSession) -> None:
            if known:  # another worker may have consumed what was only marked
                known.update(self._marks(wanted, session))
            new = [one for key, one in wanted.items() if "position" not in known.get(key, {})]
            paid = [(one, *self._decided(one, decide, at, paid_before, session)) for one in new]
            self._keep([document for _, document, _ in paid], known, session)
            under = [(posting, one.trace) for one, _, postings in paid for posting in postings]
            self._journal.write_all([one for one, _ in under], session, [of for _, of in under])

        def is_known() -> bool:
            known.update(self._marks(wanted, None))
            # Work of before any evidence was kept may be paid already, in part or in full.
            keys = [
                keyed(rule.code, one.evidence.cause, one.evidence.round) for one in due for rule in one.rules
            ]
            paid_before.update(one["key"] for one in self._mongo["journal"].find({"key": {"$in": keys}}))
            return all("position" in known.get(key, {}) for key in wanted)

        self._journal.transact(write, is_known)
        return [one.evidence for key, one in wanted.items() if known.get(key, {}).get("reopened")]

    def contradict(self, evidence_key: str) -> None:
        """Mark evidence as contradicted, also where it is not known yet."""
        self._mongo[_EVIDENCE].update_one({"_id": evidence_key}, {"$set": {"reopened": True}}, upsert=True)

    def paid_for(self, evidence: Evidence) -> list[str]:
        """The ids of what was posted for evidence.

        What its event's first versions paid may be older than any evidence that was kept.
        """
        found = self._mongo[_EVIDENCE].find_one({"_id": evidence.key}, {"paid": 1}) or {}
        codes = {str(one["rule"]) for one in found.get("paid", [])} | {
            one.code for one in EARNING_RULES.values() if one.event == evidence.event
        }
        keys = [keyed(code, evidence.cause, evidence.round) for code in sorted(codes)]
        return [str(one["_id"]) for one in self._mongo["journal"].find({"key": {"$in": keys}}, {"_id": 1})]

    def uncount(self, evidence_key: str, at: datetime) -> None:
        """Count what was taken back of evidence no more, once; nothing where it is not consumed yet."""

        def write(session: ClientSession) -> None:
            document = self._mongo[_EVIDENCE].find_one({"_id": evidence_key}, session=session) or {}
            if "position" not in document or "undone" in document:
                return
            one = kept_of(document)
            parts = [
                (self._counts(paid.rule, paid.counted, one.evidence, session), paid.gains)
                for paid in one.paid
            ]
            position = max([_position(at), one.position + 1, *(counts.last + 1 for counts, _ in parts)])
            for counts, gains in parts:
                counts.write([replace(leg, amount=-leg.amount) for leg in gains], position)
            undone = {"$set": {"undone": position}}
            self._mongo[_EVIDENCE].update_one({"_id": evidence_key}, undone, session=session)

        self._journal.transact(write, lambda: False)

    def kept(self, rule: EarningRule, since: datetime, until: datetime) -> list[Kept]:
        """The evidence that a simulation needs: that of the period, and what counted beside it.

        Caps of a day or month count all of that month, and those of a person all there is: what happened
        later may have been told before.
        """
        caps = [rule.cap(unit) for unit in rules.COUNTED_UNITS]
        if any(one.person is not None for one in caps):
            since, until = _EPOCH, LATEST
        elif any(one.counts for one in caps):
            since, until = _month_of(since), _month_of(_month_of(until) + 32 * _DAY)
        stages: list[Document] = [
            {"$match": {"at": {"$gte": since, "$lt": until}}},
            {"$match": {"event": rule.event}},
        ]
        return [kept_of(one) for one in self._mongo[_EVIDENCE].aggregate(stages)]

    def _marks(self, keys: Iterable[str], session: ClientSession | None) -> dict[str, Document]:
        """What is known of evidence: whether it was consumed, and whether it was contradicted."""
        found = self._mongo[_EVIDENCE].find({"_id": {"$in": sorted(keys)}}, _MARKS, session=session)
        return {str(one["_id"]): one for one in found}

    def _decided(
        self, due: Due, decide: Decide, at: datetime, paid_before: set[str], session: ClientSession
    ) -> tuple[Document, list[Posting]]:
        """Evidence as it is to be kept, and its postings, of which the gains are counted."""
        position, postings, looked_at = _position(at), [], []
        for rule in due.rules:
            counts = self._counts(rule.code, counted_units(rule), due.evidence, session)
            posting = decide(rule, due.evidence, counts.standing)
            position = max(position, counts.last + 1)
            is_new = posting is not None and posting.key not in paid_before
            looked_at.append((counts, gained(posting.legs) if posting and is_new else []))
            if posting is not None and is_new:
                postings.append((rule, posting))
        for counts, gains in looked_at:
            counts.write(gains, position)
        paid = [paid_document(rule, posting) for rule, posting in postings]
        return evidence_document(due.evidence, position, paid), [posting for _, posting in postings]

    def _counts(
        self, code: str, units: frozenset[str], evidence: Evidence, session: ClientSession
    ) -> CapCounts:
        return CapCounts(self._mongo[COUNTS], code, units, evidence, session)

    def _keep(
        self, documents: Sequence[Document], known: dict[str, Document], session: ClientSession
    ) -> None:
        """Keep new evidence; where its mark came first, beside that."""
        evidence = self._mongo[_EVIDENCE]
        fresh = [one for one in documents if one["_id"] not in known]
        if fresh:
            evidence.insert_many(fresh, session=session)
        for one in documents:
            if one["_id"] in known:
                evidence.update_one({"_id": one["_id"]}, {"$set": one}, session=session)


def _position(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def _month_of(moment: datetime) -> datetime:
    """When the month of a moment began in Shanghai."""
    return midnight(day_of(moment).replace(day=1))
