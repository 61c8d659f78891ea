"""The commands of the documents, run as they stand, against real processes."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from demo.client import Api
from demo.district import District
from infra.contracts import ROOT
from infra.local.deployment import wait_until
from tests.unit.reading import Document

_EXPECTATION = re.compile(r"^(?P<command>.+?)  # (?P<expected>.+)$")
_PROLOGUE = """set -euo pipefail
expect() { [ "$1" = "$2" ] || { echo "expected $1, got $2" >&2; exit 1; }; }
"""


def _script(path: Path) -> str:
    """All commands of a document that talk to the API; `command  # value` must print the value."""
    lines = []
    for fence in Document(path).fences():
        if fence.language != "bash" or "api" not in fence.text:
            continue
        for line in fence.text.splitlines():
            match = _EXPECTATION.match(line)
            lines.append(f"expect '{match['expected']}' \"$({match['command']})\"" if match else line)
    assert any(line.startswith("expect ") for line in lines)
    return _PROLOGUE + "\n".join(lines) + "\n"


def _run(path: Path, api: Api, folder: Path, after: str = "") -> str:
    (folder / ".venv").symlink_to(sys.prefix)
    environment = {"PATH": os.environ["PATH"], "GATEWAY_PORT": str(urlsplit(api.url).port)}
    done = subprocess.run(
        ["bash", "-c", _script(path) + after],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_readmes_example_does_what_the_readme_says(district: District, tmp_path: Path) -> None:
    out = _run(ROOT / "README.md", district.api, tmp_path, 'echo "$issue"')
    issue = out.split()[-1]

    def gains() -> list[int]:
        postings = [one for one in district.admin.pages("/v1/postings") if one["cause"] == issue]
        return sorted(leg["amount"] for one in postings for leg in one["legs"] if leg["amount"] > 0)

    wait_until(lambda: gains() == [1, 2, 3, 5], 20, "1 + 3 + 5 points for the steward and 2 for the resident")


def test_the_api_guides_examples_answer_as_the_guide_says(district: District, tmp_path: Path) -> None:
    _run(ROOT / "docs/api.md", district.api, tmp_path)
