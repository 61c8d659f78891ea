"""The documents keep their promises: links, commands, settings, metrics, and both READMEs in step."""

import dataclasses
import re
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from prometheus_client import Counter, Gauge, Histogram

from chassis import metrics
from chassis.settings import ServiceSettings
from gateway.app import GatewaySettings
from infra.contracts import ROOT
from services.issues.app import IssuesSettings
from services.points.app import PointsSettings
from services.volunteer.app import VolunteerSettings
from tests.unit.reading import Document, documents, plain

ENGLISH, CHINESE = Document(ROOT / "README.md"), Document(ROOT / "README.zh-CN.md")
_WORDS = {"required": "必填", "empty": "空"}
_WEB_SERVER = ["infra/gunicorn_conf.py"]
_LOCAL = ["infra/local/__main__.py", "infra/local/deployment.py"]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_both_readmes_have_the_same_structure() -> None:
    assert [level for level, _ in ENGLISH.headings()] == [level for level, _ in CHINESE.headings()]


def test_both_readmes_give_the_same_commands() -> None:
    assert ENGLISH.fences() == CHINESE.fences()


def test_both_readmes_link_to_the_same_places() -> None:
    def places(document: Document) -> list[str]:
        return [link for link in document.links() if not link.startswith("README")]

    assert places(ENGLISH) == places(CHINESE)


@pytest.mark.parametrize(
    ("english", "chinese"), [("Services and gateway", "服务与网关"), ("Web server", "Web 服务器")]
)
def test_both_readmes_have_the_same_settings(english: str, chinese: str) -> None:
    of_english = [[_WORDS.get(cell, cell) for cell in row[:-1]] for row in ENGLISH.table(english)]
    assert of_english == [row[:-1] for row in CHINESE.table(chinese)]


@pytest.mark.parametrize("path", documents(), ids=_name)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    for link in Document(path).links():
        if re.match(r"[a-z]+:", link):
            continue
        place, _, fragment = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        assert target.exists(), f"{link} leads nowhere"
        if fragment:
            assert fragment in Document(target).anchors(), f"{link}: no such heading"


@pytest.mark.parametrize("path", documents(), ids=_name)
def test_every_make_command_named_exists(path: Path) -> None:
    for piece in Document(path).code():
        for target in re.findall(r"\bmake ([a-z][a-z-]*)", piece):
            assert target in _targets(), f"make {target}"


@pytest.mark.parametrize("path", documents(), ids=_name)
def test_every_fenced_block_says_its_language_or_is_a_plain_listing(path: Path) -> None:
    for fence in Document(path).fences():
        assert fence.language in ("", "bash", "json", "mermaid", "yaml", "text"), fence.language
        assert fence.language or "curl" not in fence.text


def test_the_readme_lists_every_command_that_there_is() -> None:
    assert {plain(row[0]) for row in ENGLISH.table("Commands")} == {f"make {one}" for one in _targets()}
    assert [row[0] for row in CHINESE.table("命令")] == [row[0] for row in ENGLISH.table("Commands")]


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def test_the_readme_tells_every_setting_as_the_classes_have_it() -> None:
    told = {
        plain(name): (readers, plain(default))
        for name, readers, default, _ in ENGLISH.table("Services and gateway")
    }
    readers: dict[str, list[str]] = {}
    defaults: dict[str, str] = {}
    own = {
        "services": ServiceSettings,
        "volunteer": VolunteerSettings,
        "issues": IssuesSettings,
        "points": PointsSettings,
        "gateway": GatewaySettings,
    }
    shared = {field.name for field in dataclasses.fields(ServiceSettings)}
    for reader, kind in own.items():
        for field in dataclasses.fields(kind):
            if reader in ("volunteer", "issues", "points") and field.name in shared:
                continue
            name, default = field.name.upper(), _default(kind, field)
            readers.setdefault(name, []).append(reader)
            assert defaults.setdefault(name, default) == default, f"{name} has two defaults"
    assert told == {name: (", ".join(readers[name]), defaults[name]) for name in defaults}


def _default(kind: type[Any], field: "dataclasses.Field[Any]") -> str:
    if field.default is dataclasses.MISSING:
        return "required"
    hint = get_type_hints(kind)[field.name]
    if hint is bool:
        return str(field.default).lower()
    if isinstance(field.default, tuple):
        return ",".join(f"{one:g}" for one in field.default)
    if hint is float:
        return f"{field.default:g}"
    return str(field.default) or "empty"


@pytest.mark.parametrize(("heading", "files"), [("Web server", _WEB_SERVER), ("`make run`", _LOCAL)])
def test_the_readme_tells_every_variable_that_is_read_outside_the_classes(
    heading: str, files: list[str]
) -> None:
    text = "".join((ROOT / file).read_text() for file in files).replace("'", '"')
    found = re.findall(r'environ\.get\("([A-Z_]+)"(?:, "([^"]*)")?', text)
    read = {name: default or "empty" for name, default in found}
    assert {plain(name): plain(default) for name, default, _ in ENGLISH.table(heading)} == read


def test_operations_lists_every_metric() -> None:
    kinds = {Histogram: "histogram", Gauge: "gauge", Counter: "counter"}
    defined = {}
    for one in vars(metrics).values():
        if isinstance(one, Histogram | Gauge | Counter):
            name = one._name + ("_total" if isinstance(one, Counter) else "")
            defined[name] = (kinds[type(one)], ", ".join(one._labelnames))
    told = Document(ROOT / "docs/operations.md").table("Metrics")
    assert {plain(name): (kind, labels) for name, kind, labels, _ in told} == defined


def test_the_list_of_decisions_is_complete() -> None:
    records = sorted(path.name for path in (ROOT / "docs/adr").glob("*.md"))
    first = Document(ROOT / "docs/adr" / records[0])
    assert first.links() == records[1:]
    for number, name in enumerate(records, 1):
        assert name.startswith(f"{number:04d}-")
        titles = [text for _, text in Document(ROOT / "docs/adr" / name).headings()]
        assert titles[0].startswith(f"{number}. ")
        assert titles[1:4] == ["Context", "Decision", "Consequences"]
