"""The one checker: what should be there by the histories and the rules, against what is there.

Nothing here asks the services. The histories of the issues are played through the workflow's rules again,
which gives every event that was ever committed; the rules of points and notify say what each of them makes
due; and the databases are read directly for what was made of it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker

from chassis.broker import topology
from chassis.broker.connection import connect
from chassis.clock import utc_now
from chassis.events import payload
from chassis.identity import Actor, Grant
from chassis.mongo import Document, Mongo
from infra.local.deployment import SERVICES, Deployment, wait_until
from services.issues.cases import domain as cases
from services.issues.cases.events import IssueFact
from services.issues.cases.issue import Details, Issue, Rating
from services.issues.categories.domain import ROOTS, Policy
from services.issues.limits import domain as limits
from services.issues.limits.domain import WorkCalendar
from services.notify import domain as message_rules
from services.points.domain import UNITS, Posting
from services.points.earning import domain as point_rules

_OUTBOXES = {"volunteer": ("members", "areas", "activities"), "issues": ("issues",), "points": ("journal",)}
_LIFE = ["reported", "claimed", "resolved", "confirmed"]


@dataclass(frozen=True)
class Committed:
    """An event that a service must have committed, by its documents."""

    type: str
    subject: str
    area: str
    data: Mapping[str, Any]


class Books:
    """The databases and queues of a deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._url = deployment.amqp_url
        self._delays = [float(text) for text in deployment.overrides["RETRY_DELAYS"].split(",")]
        self._of = {name: Mongo(deployment.mongo_url, name) for name in SERVICES}

    def close(self) -> None:
        """Close the connections to the databases."""
        for mongo in self._of.values():
            mongo.close()

    def end_orphaned_transactions(self) -> None:
        """End at once what killed processes left open; the database itself waits for a minute."""
        self._of["points"].client.admin.command("killAllSessions", [])

    def balance(self, acknowledged: Mapping[str, str] | None = None, seconds: float = 120) -> None:
        """Wait until all work is done and everything due is there exactly once.

        `acknowledged` maps the ids of issues to the last status that a caller was told of. Raises
        AssertionError with everything that differs.
        """
        try:
            wait_until(lambda: self.waiting() == 0 and not self.differences(acknowledged), seconds, "balance")
        except TimeoutError:
            differing = "\n".join(self.differences(acknowledged)[:40])
            raise AssertionError(f"{self.waiting()} events wait; what differs:\n{differing}") from None

    def counts(self) -> dict[str, int]:
        """What the report shows."""
        journal = list(self._of["points"]["journal"].find({}, {"rule": 1, "legs": 1}))
        return {
            "issues": len(list(self._of["issues"]["issues"].find({}, {"_id": 1}))),
            "confirmed": sum(
                one["status"] == "confirmed" for one in self._of["issues"]["issues"].find({}, {"status": 1})
            ),
            "paid for a confirmation": sum(one["rule"] == "issue.confirmed" for one in journal),
            "postings": len(journal),
            "sum of all legs": sum(leg["amount"] for one in journal for leg in one["legs"]),
            "messages": len(list(self._of["notify"]["inbox"].find({}, {"_id": 1}))),
            "dead letters": self.depth([topology.dead_queue_name(name) for name in self._listeners()]),
        }

    def waiting(self) -> int:
        """Events in outboxes, queues and delay queues."""
        pending = sum(
            len(list(self._of[service][name].find({"pending": {"$gte": 0}}, {"_id": 1})))
            for service, names in _OUTBOXES.items()
            for name in names
        )
        queues = [topology.queue_name(name) for name in self._listeners()]
        queues += [
            topology.retry_queue_name(name, delay) for name in self._listeners() for delay in self._delays
        ]
        return pending + self.depth(queues)

    def depth(self, queues: Iterable[str]) -> int:
        """The messages ready in some queues; a queue that nobody has declared yet holds none."""
        connection = connect(self._url)
        try:
            return sum(_ready(connection.channel(), name) for name in queues)
        finally:
            connection.close()

    def differences(self, acknowledged: Mapping[str, str] | None = None) -> list[str]:
        """Everything that is not as the histories and rules say; empty when nothing was lost or doubled."""
        issues = list(self._of["issues"]["issues"].find())
        journal = list(self._of["points"]["journal"].find())
        committed = [*self._of_issues(issues), *self._of_activities(), *_of_postings(journal)]
        return [
            *_lost(issues, acknowledged or {}),
            *self._copies(),
            *self._payments(committed, journal),
            *self._messages(committed),
            *self._dead(),
        ]

    def _of_issues(self, issues: Iterable[Document]) -> Iterator[Committed]:
        for document in issues:
            played = list(_play(document))
            last, _ = played[-1]
            stored = (document["status"], document["level"], document["assignee"], document["version"])
            if (last.status, last.level, last.assignee, len(document["history"])) != stored:
                raise AssertionError(f"issue {document['_id']}: its history does not lead to its state")
            for issue, events in played:
                for event in events:
                    yield Committed(event.type, issue.id, issue.area, payload(event))

    def _of_activities(self) -> Iterator[Committed]:
        for one in self._of["volunteer"]["activities"].find():
            for kind in ["submitted"] + ([one["status"]] if one["status"] != "submitted" else []):
                actor = one["member"] if kind == "submitted" else one["verified_by"]
                data = {**one, "photos": len(one["media"]), "actor": actor}
                yield Committed(f"activity.{kind}.v1", one["_id"], one["area"], data)

    def _copies(self) -> Iterator[str]:
        members = {one["_id"]: one["version"] for one in self._of["volunteer"]["members"].find()}
        areas = {one["_id"]: one["version"] for one in self._of["volunteer"]["areas"].find()}
        activities = {one["_id"] for one in self._of["volunteer"]["activities"].find({}, {"_id": 1})}
        for service, name, wanted in (
            ("issues", "members", members),
            ("notify", "members", members),
            ("issues", "areas", areas),
        ):
            kept = {one["_id"]: one["version"] for one in self._of[service][name].find()}
            yield from (f"{service}: {name} {one} is stale" for one in wanted if kept.get(one) != wanted[one])
        counted = {one["_id"] for one in self._of["issues"]["activities"].find({}, {"_id": 1})}
        yield from (f"issues: activity {one} is not counted" for one in activities - counted)

    def _payments(self, committed: Iterable[Committed], journal: list[Document]) -> Iterator[str]:
        due: dict[str, list[dict[str, int]]] = {}
        for event in committed:
            for posting in _earned(event):
                due.setdefault(posting.key, []).append(_sums(asdict(leg) for leg in posting.legs))
        booked = Counter(one["key"] for one in journal)
        for key in due.keys() | booked.keys():
            if booked[key] != (1 if key in due else 0):
                yield f"points: {key} is booked {booked[key]} times"
        wallets: Counter[str] = Counter()
        for one in journal:
            legs = _sums(one["legs"])
            if legs not in due.get(one["key"], []):
                yield f"points: {one['key']} has the legs {legs}"
            if sum(legs.values()):
                yield f"points: {one['key']} does not sum to zero"
            wallets.update({name: amount for name, amount in legs.items() if ":" not in name.split(" ")[0]})
        stored = {
            f"{one['_id']} {unit}": one[unit]["posted"]
            for one in self._of["points"]["accounts"].find()
            for unit in UNITS
            if unit in one
        }
        if stored != dict(wallets):
            yield f"points: wallets differ from the journal: {set(stored.items()) ^ set(wallets.items())}"

    def _messages(self, committed: Iterable[Committed]) -> Iterator[str]:
        members = {one["_id"]: one["grants"] for one in self._of["notify"]["members"].find()}

        def holders(role: str, area: str) -> list[str]:
            keys = set(message_rules.role_keys(role, area))
            return sorted(member for member, grants in members.items() if keys & set(grants))

        due = Counter(
            (event.type, event.subject, message.member, message.template)
            for event in committed
            if event.type in message_rules.RULES
            for message in message_rules.messages(event.type, event.area, event.data, holders)
        )
        kept = Counter(
            (one["kind"], one["subject"], one["member"], one["template"])
            for one in self._of["notify"]["inbox"].find()
        )
        for message in due.keys() | kept.keys():
            if due[message] != kept[message]:
                yield f"notify: {message} is due {due[message]} times and there {kept[message]} times"

    def _dead(self) -> Iterator[str]:
        for name in self._listeners():
            if count := self.depth([topology.dead_queue_name(name)]):
                yield f"{name}: {count} dead letters"

    @staticmethod
    def _listeners() -> list[str]:
        return ["issues", "points", "notify"]


def _ready(channel: BlockingChannel, queue: str) -> int:
    try:
        return int(channel.queue_declare(queue, passive=True).method.message_count)
    except ChannelClosedByBroker:
        return 0


def _lost(issues: Iterable[Document], acknowledged: Mapping[str, str]) -> Iterator[str]:
    stored = {one["_id"]: one["status"] for one in issues}
    for issue_id, status in acknowledged.items():
        if issue_id not in stored:
            yield f"issues: {issue_id} was acknowledged and is not there"
        elif _LIFE.index(stored[issue_id]) < _LIFE.index(status):
            yield f"issues: {issue_id} was acknowledged as {status} and is {stored[issue_id]}"


def _play(document: Document) -> Iterator[tuple[Issue, Sequence[IssueFact]]]:
    """An issue after each line of its history, and the events of that line (none for a remark)."""
    first = document["history"][0]
    policy = Policy(ROOTS[document["category"]], WorkCalendar(lambda _: True))
    issue = Issue(
        id=document["_id"],
        number=document["number"],
        category=document["category"],
        category_version=document["category_version"],
        description=document["description"],
        area=document["area"],
        location=document["location"],
        media=tuple(document["media"]),
        anonymous=document["anonymous"],
        urgency=document["urgency"],
        reporter=document["reporter"],
        created_at=first["at"],
        countdown=limits.start(policy.category.limit("steward", "normal"), policy.calendar, first["at"]),
    )
    change = cases.report(issue, policy)
    issue = change.issue
    yield issue, change.events
    for line in document["history"][1:]:
        actor = _entitled(line["actor"], issue)
        if line["action"] == "comment":
            issue = replace(issue, version=issue.version + 1)
            yield issue, ()
            continue
        if line["action"] == "rate":
            change = cases.rate(issue, actor, Rating(**document["rating"]), line["at"])
        else:
            details = Details(note=line["note"], media=tuple(line["media"]))
            change = cases.transition(issue, line["action"], actor, details, line["at"], policy)
        issue = change.issue
        yield issue, change.events


def _entitled(member: str, issue: Issue) -> Actor:
    """Whether the actor had the right is not what is checked here."""
    roles = ["steward", "community_staff", "subdistrict_staff"]
    return Actor(member, tuple(Grant(role, issue.area) for role in roles))


def _of_postings(journal: Iterable[Document]) -> Iterator[Committed]:
    for one in journal:
        yield Committed(
            "points.posted.v1", one["_id"], one["area"], {"rule": one["rule"], "legs": one["legs"]}
        )


def _earned(event: Committed) -> Iterator[Posting]:
    for rule in point_rules.EARNED_BY.get(event.type, ()):
        evidence = point_rules.Evidence(
            cause=event.subject,
            area=event.area,
            worker=event.data["assignee"] if "assignee" in event.data else event.data["member"],
            resolver=event.data.get("resolver"),
            reporter=event.data.get("reporter"),
            photos=event.data["photos"],
            minutes=event.data.get("minutes", 0),
            round=event.data["round"] if event.type == "issue.confirmed.v1" else 1,
        )
        earning = point_rules.EARNING_RULES[rule]
        posting = point_rules.earned(earning, evidence, posting_id="due", at=utc_now())
        if posting is not None:
            yield posting


def _sums(legs: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for leg in legs:
        sums[f"{leg['account']} {leg['unit']}"] += leg["amount"]
    return dict(sums)
