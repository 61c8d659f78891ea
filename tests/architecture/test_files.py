"""The shape of the files: short, quiet, and each saying what it is for."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from infra.contracts import ROOT

PACKAGES = ("chassis", "services", "gateway", "infra", "demo", "bench", "tests")
FILES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
MOST_LINES = 350
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "shared"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def of(*packages: str) -> Iterator[Path]:
    """The files of some packages."""
    return (path for path in FILES if path.relative_to(ROOT).parts[0] in packages)


def test_files_are_read_in_one_sitting_and_named_by_what_they_hold() -> None:
    assert len(FILES) > 100
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in FILES}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}
    assert [name_of(path) for path in FILES if path.stem in VAGUE] == []


def test_every_module_says_what_it_is_for() -> None:
    sources = {name_of(path): path.read_text() for path in FILES}
    written = {name: ast.parse(text) for name, text in sources.items() if text.strip()}
    assert [name for name, module in written.items() if not ast.get_docstring(module)] == []


def test_every_folder_of_tests_is_run() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    told = settings["tool"]["pytest"]["ini_options"]["testpaths"]
    assert sorted(told) == sorted({name_of(path.parent) for path in FILES if path.name.startswith("test_")})


def test_importing_the_chassis_brings_nothing_along() -> None:
    assert (ROOT / "chassis/__init__.py").read_text() == ""


def test_processes_log_and_do_not_print() -> None:
    for path in of("chassis", "services", "gateway"):
        calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        assert not [one for one in calls if isinstance(one, ast.Name) and one.id == "print"], name_of(path)


def test_the_environment_is_read_in_the_wiring_alone() -> None:
    readers = [
        name_of(path)
        for path in of("services", "gateway")
        if re.search(r"os\.environ|getenv", path.read_text()) and path.name != "app.py"
    ]
    assert readers == []


def test_every_service_has_its_page() -> None:
    services = sorted(
        path.parent for path in FILES if path.name == "app.py" and path.is_relative_to(ROOT / "services")
    )
    assert len(services) >= 4
    assert [one.name for one in services if not (one / "README.md").is_file()] == []
