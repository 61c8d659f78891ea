"""What happens to help by the clock: silence confirms, what nobody took up or went to ends,
and staff are reminded of disputes."""

from services.points.timebank.exchange.domain import transition
from services.points.timebank.exchange.effects import Details, Surroundings
from services.points.timebank.exchange.help import SYSTEM, Change, Help, Status

_BY_THE_CLOCK = {
    Status.OPEN: "lapse",
    Status.MATCHED: "lapse",
    Status.ACCEPTED: "lapse",
    Status.CHECKED_IN: "stall",
    Status.CHECKED_OUT: "auto_confirm",
    Status.DISPUTED: "remind",
}


def tick(one: Help, around: Surroundings) -> Change | None:
    """What is due by now; None where nothing is, or somebody was first."""
    if one.next_check_at is None or one.next_check_at > around.at:
        return None
    return transition(one, _BY_THE_CLOCK[one.status], SYSTEM, Details(), around)
