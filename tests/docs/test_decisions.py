"""Decision records: each is in the index under its title, has every section, and names files that exist."""

import re
from pathlib import Path

from docs_pages import DOCS, ROOT

RECORDS = sorted((DOCS / "adr").glob("0*.md"))
INDEX = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")
PLACES = (ROOT, ROOT / "src" / "looply", DOCS)
"""Where the paths on a page begin."""
FILE = re.compile(r"`((?:[\w.]+/)+[\w.]*)`")


def title(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def test_the_index_lists_every_decision_under_its_title() -> None:
    listed = re.findall(r"^- \[(.*)\]\((.*)\)$", INDEX, re.MULTILINE)
    assert sorted(listed, key=lambda entry: entry[1]) == [(title(page), page.name) for page in RECORDS]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [(page.name[:4], title(page).partition(".")[0]) for page in RECORDS] == [
        (f"{number:04}", str(number)) for number in range(1, len(RECORDS) + 1)
    ]


def test_every_decision_has_a_status_a_context_and_a_decision() -> None:
    assert [
        f"{page.name} {part}"
        for page in RECORDS
        for part in ("\nStatus: ", "\n## Context\n", "\n## Decision\n")
        if part not in page.read_text(encoding="utf-8")
    ] == []


def test_files_that_decisions_name_exist() -> None:
    assert [
        f"{page.name} {path}"
        for page in RECORDS
        for path in FILE.findall(page.read_text(encoding="utf-8"))
        if not any((start / path).exists() for start in PLACES)
    ] == []
