"""The locations of the documentation, and readers of its pages."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = sorted({*ROOT.glob("[A-Z]*.md"), ROOT / "deploy" / "README.md", *DOCS.rglob("*.md")})
WRITTEN = [page for page in PAGES if page.parent.name not in ("reference", "adr")]
"""The pages that people write."""

_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def place(page: Path, text: str) -> str:
    """Returns `path:line` of the first place of a text on a page, for a finding about it."""
    before, _, _ = page.read_text(encoding="utf-8").partition(text)
    return f"{page.relative_to(ROOT)}:{before.count(chr(10)) + 1}"


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Yields the language and the text of each code block of a page."""
    yield from _BLOCK.findall(page.read_text(encoding="utf-8"))


def is_shell(language: str) -> bool:
    """Whether the language of a code block says that it has shell commands, run by the tests or not."""
    return language.split()[:1] in (["sh"], ["bash"])


def prose(page: Path) -> str:
    """Returns a page without its code blocks."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))
