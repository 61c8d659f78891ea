"""The proofs of the scene: each a sentence, whether it holds, and what speaks against it."""

from collections import Counter
from collections.abc import Iterable

from demo import due, month_due
from demo.district import DISTRICT
from demo.due import Due
from demo.month import PARTS, Month
from demo.month_evidence import Found
from demo.month_money import STOCK
from demo.proof import Finding, differences, finding, undelivered
from demo.records import Record


def acted_out(month: Month) -> Finding:
    """Every part of the scene could be acted out, and none is there twice."""
    wrong = [f"{name}: {reason}" for name, reason in month.failures.items()]
    wrong += [f"{name} is there {times} times" for name, times in month.doubled.items()]
    gone = f", {len(month.elsewhere)} went another way by other hands" if month.elsewhere else ""
    return finding(f"the month's {len(PARTS)} parts were acted out, and none is there twice{gone}", wrong)


def follows(found: Found) -> list[Finding]:
    """What the scene must have brought about, of those parts that stand as planned."""
    proofs = [earned(found)]
    if "help" in found.records:
        proofs.append(helped(found))
    if found.records.keys() >= {"order", "sold"}:
        proofs.append(shopped(found))
    if found.records.keys() >= {"sold", "project"}:
        proofs.append(traced(found))
    return [*proofs, told(found)]


def earned(found: Found) -> Finding:
    """Duty and training of the scene were paid once, in full, and an absence not at all."""
    expected = due.postings_due(month_due.work_facts(found.records))
    lines = month_due.lines(found.records)
    absent = sum(one["status"] == "absent" for one in lines)
    paid = found.postings(*(one["id"] for one in lines))
    text = f"the month's {len(expected)} earnings of duty and training were paid once, by rule"
    return finding(f"{text}; {absent} absence earned none", differences(expected, paid))


def helped(found: Found) -> Finding:
    """What the help took went from one member to the other, and nothing else was posted for it."""
    one = found.records["help"]
    settled = one["settlement"]
    gains = Counter({one["partner"]: settled["given"], f"pool:{DISTRICT}": settled["pooled"]})
    moved = {(name, "minutes"): amount for name, amount in gains.items() if amount}
    wrong = _unlike(found.postings(one["id"]), moved | {(one["author"], "minutes"): -settled["paid"]})
    if settled["paid"] != settled["given"] + settled["pooled"]:
        wrong.append(f"{settled['paid']} minutes were paid, and {gains.total()} gained")
    pool = f", {settled['pooled']} of them to the pool" if settled["pooled"] else ""
    text = f"{settled['paid']} minutes of help went from who was helped to who helped{pool}"
    return finding(f"{text}, and nothing else", wrong)


def shopped(found: Found) -> Finding:
    """Every piece of the goods is left, ordered or sold; the points are the shop's; nothing is held."""
    order, donation = found.records["order"], found.records["sold"]
    sold = sum(line["action"] == "sell" for line in donation["history"])
    left = found.item["stock"]
    price = {(order["member"], "points"): -order["amount"], (f"shop:{DISTRICT}", "points"): order["amount"]}
    wrong = _unlike(found.postings(order["id"]), price)
    if left + order["quantity"] + sold != STOCK:
        wrong.append(f"{order['quantity']} ordered, {sold} sold and {left} left are not {STOCK}")
    wrong += _open_holds(found)
    text = f"of {STOCK} pieces {order['quantity']} went for {order['amount']} points and {sold} for money"
    return finding(f"{text}, {left} are left; none of the month's holds is open", wrong)


def traced(found: Found) -> Finding:
    """Every fen that the goods brought in is a cost, a project's, a fund's, or not passed on yet."""
    trace, donation = found.trace, found.records["sold"]
    projects, waiting, elsewhere = (
        sum(one["amount"] for one in trace[name]) for name in ("destinations", "waiting", "elsewhere")
    )
    net, rest = trace["received"] - trace["costs"], trace["unallocated"]
    wrong = []
    if net != projects + waiting + elsewhere + rest:
        wrong.append(f"{net} fen came in, and {projects} + {waiting} + {elsewhere} + {rest} are known of")
    account = donation["account"]
    there = _sums(found.postings(donation["id"]))[account, "fen"]
    if there != rest:
        wrong.append(f"{there} fen are on {account}, and {rest} should be")
    target = f"project:{found.records['project']['id']}"
    others = [one for one in found.fund if one["amount"] > 0 and one["cause"] not in _own(found)]
    named = target in [one["target"] for one in trace["destinations"]]
    if not named and not others:
        wrong.append(f"{target} was paid of it, and is not named")
    by = "the month's project is named" if named else "the month's project was paid of money that came before"
    yuan = " + ".join(f"{fen / 100:.2f}" for fen in (projects, waiting + elsewhere, rest))
    parts = "with projects, in the fund and not passed on"
    return finding(f"the goods' {net / 100:.2f} yuan are {yuan} {parts}; {by}", wrong)


def told(found: Found) -> Finding:
    """Every message that the scene makes due is in its inbox, once."""
    expected = found.evidence.messages_due()
    kinds = {fact.kind for fact in found.evidence.facts} | {"points.posted.v1"}
    all_of_them = found.evidence.messages_delivered()
    # Whose offer went with the request for help was told as well: that depends on what others offer.
    delivered = Due({one: count for one, count in all_of_them.items() if one[1] in kinds})
    came = (delivered & expected).total()
    text = f"of the month's {expected.total()} messages due {came} were delivered, each once"
    return finding(text, undelivered(expected, delivered))


def _own(found: Found) -> set[str]:
    return {found.records["sold"]["id"], found.records["project"]["id"]}


def _open_holds(found: Found) -> list[str]:
    """What speaks against all that the scene set aside having been taken in full, and no more."""
    order, help_ = found.records["order"], found.records.get("help")
    taken = {order["hold"]: order["amount"]}
    if help_ is not None:
        taken[help_["hold"]] = help_["settlement"]["paid"]
    there = {one["id"]: one for one in found.holds}
    wrong = [f"hold {one} is not there" for one in taken if one not in there]
    return wrong + [
        f"hold {one} is {there[one]['status']} with {there[one]['captured']} instead of {amount} taken"
        for one, amount in taken.items()
        if one in there and (there[one]["status"], there[one]["captured"]) != ("captured", amount)
    ]


def _unlike(postings: list[Record], moved: dict[tuple[str, str], int]) -> list[str]:
    """What speaks against there being one posting, that moves just this (account and unit → amount)."""
    wrong = [] if len(postings) == 1 else [f"{len(postings)} postings instead of 1"]
    sums = {key: amount for key, amount in _sums(postings).items() if amount}
    return wrong if sums == moved else [*wrong, f"{sums} was moved instead of {moved}"]


def _sums(postings: Iterable[Record]) -> Counter[tuple[str, str]]:
    sums: Counter[tuple[str, str]] = Counter()
    for one in postings:
        for leg in one["legs"]:
            sums[leg["account"], leg["unit"]] += leg["amount"]
    return sums
