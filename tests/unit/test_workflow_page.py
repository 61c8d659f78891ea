"""The page that draws the workflow."""

from infra.workflow_page import page, steps
from services.issues.cases.domain import WORKFLOW


def test_every_action_can_be_taken_from_each_of_its_statuses() -> None:
    """A row of the workflow that no issue can ever use would be drawn nowhere, and is dead."""
    taken = {(one.action, one.before[0]) for one in steps()}
    assert taken == {(name, source) for name, row in WORKFLOW.items() for source in row.sources}


def test_the_page_names_every_action_with_its_event() -> None:
    text = page()
    for name, row in WORKFLOW.items():
        assert f"| `{name}` |" in text
        assert f"`{row.event.type}`" in text
