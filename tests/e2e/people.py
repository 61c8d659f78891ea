"""What people of the demonstration district do and see, in the words of the tests."""

from io import BytesIO
from typing import Any

from PIL import Image

from demo.client import Person
from demo.district import COMMUNITY_A, centre, grids, stewards_of
from infra.local.deployment import wait_until

GRID = grids(COMMUNITY_A)[0]
STEWARDS = [phone for phone, grid in stewards_of(COMMUNITY_A).items() if grid == GRID]
PATIENCE = 60.0


def photo() -> bytes:
    """A small green JPEG."""
    out = BytesIO()
    Image.new("RGB", (640, 480), "green").save(out, "JPEG")
    return out.getvalue()


def report(resident: Person, **more: Any) -> Any:
    """Report a heap of rubbish in the first grid, or what `more` says."""
    body = {"category": "environment", "description": "楼道口有垃圾堆放", "location": centre(GRID), **more}
    return resident.post("/v1/issues", body)


def messages(person: Person, subject: str) -> list[str]:
    """The kinds of the messages about a subject in a person's inbox, oldest first."""
    return [one["kind"] for one in reversed(person.pages("/v1/inbox")) if one["subject"] == subject]


def hears(person: Person, kind: str, subject: str) -> None:
    """Wait until the person has such a message."""
    wait_until(lambda: kind in messages(person, subject), PATIENCE, f"the message {kind} to {person.phone}")


def balance(person: Person, unit: str = "points") -> int:
    """What the person's wallet holds."""
    return int(person.get(f"/v1/accounts/{person.id}")[unit]["posted"])


def gains(person: Person, before: int, amount: int, unit: str = "points") -> None:
    """Wait until the person has gained exactly so much."""
    wait_until(
        lambda: balance(person, unit) == before + amount, PATIENCE, f"{amount} {unit} for {person.phone}"
    )
