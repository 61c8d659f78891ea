"""Reads the project's documents as Markdown, for the tests that hold them against the code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from infra.contracts import ROOT

_READER = MarkdownIt("commonmark").enable("table")
_SKIPPED = {"node_modules", "var"}


def documents() -> list[Path]:
    """Every Markdown file of the project."""
    found = ROOT.rglob("*.md")
    return sorted(
        path
        for path in found
        if not any(part.startswith(".") or part in _SKIPPED for part in path.relative_to(ROOT).parts)
    )


@dataclass(frozen=True)
class Fence:
    """A fenced block: its language and content."""

    language: str
    text: str


class Document:
    """One Markdown file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tokens = _READER.parse(path.read_text())

    def headings(self) -> list[tuple[int, str]]:
        """Level and text, in order."""
        return [
            (int(token.tag[1]), self.tokens[place + 1].content)
            for place, token in enumerate(self.tokens)
            if token.type == "heading_open"
        ]

    def fences(self) -> list[Fence]:
        """All fenced blocks, in order."""
        return [Fence(token.info, token.content) for token in self.tokens if token.type == "fence"]

    def links(self) -> list[str]:
        """The targets of all links."""
        return [str(token.attrs["href"]) for token in self._inline() if token.type == "link_open"]

    def code(self) -> list[str]:
        """Every piece of code: fenced blocks and inline."""
        inline = [token.content for token in self._inline() if token.type == "code_inline"]
        return [*inline, *(fence.text for fence in self.fences())]

    def anchors(self) -> set[str]:
        """The fragments by which its headings can be linked to."""
        texts = [text.lower().replace("`", "") for _, text in self.headings()]
        return {re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-") for text in texts}

    def table(self, heading: str) -> list[list[str]]:
        """The rows of the first table below a heading, the first row left out. Raises LookupError."""
        found = False
        rows: list[list[str]] = []
        for token, following in zip(self.tokens, self.tokens[1:], strict=False):
            if token.type == "heading_open":
                if found:
                    break
                found = following.content == heading
            elif found and token.type == "tr_open":
                rows.append([])
            elif rows and token.type in ("th_open", "td_open"):
                rows[-1].append(following.content)
            elif rows and token.type == "table_close":
                return rows[1:]
        raise LookupError(f"{self.path.name} has no table below {heading!r}")

    def section(self, heading: str) -> str:
        """The text below a heading, up to the next one. Raises LookupError."""
        titles = [text for _, text in self.headings()]
        if heading not in titles:
            raise LookupError(f"{self.path.name} has no heading {heading!r}")
        parts = re.split(r"^#+ .*$", self.path.read_text(), flags=re.MULTILINE)
        return parts[titles.index(heading) + 1]

    def _inline(self) -> Iterator[Token]:
        for token in self.tokens:
            yield from token.children or []


def plain(cell: str) -> str:
    """A cell's content without the marks of code."""
    return cell.replace("`", "")
