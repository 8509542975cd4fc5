"""`attacks.md`, from the table of attacks beside this module and the existing tests."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from reference_pages.markdown import page, table

TABLE: Final = Path(__file__).with_name("attacks.toml")

_ROOT: Final = Path(__file__).parent.parent.parent
_TEST: Final = re.compile(r"^ *(?:async )?def test_(\w+)\(", re.MULTILINE)
_ABOUT: Final = """
Every attack that the product is tested against, and the tests that fail when it succeeds. They run with every change
(`make test`, `make proof`). An attack without a test has its reason. The [security model](../explanation/security.md)
describes the defenses; [SECURITY.md](../../SECURITY.md) says how to report another attack.
"""


@cache
def cases() -> tuple[Mapping[str, Any], ...]:
    """Returns the rows of the table, each with its `section` and either `tests` or `why_not`."""
    return tuple({**case, "section": section["title"]} for section in _sections() for case in section["case"])


@cache
def known_tests() -> Mapping[str, tuple[str, ...]]:
    """Returns the names of all tests, without `test_`, and the files that have them."""
    found: dict[str, list[str]] = {}
    for file in sorted((_ROOT / "tests").rglob("*.py")):
        for name in _TEST.findall(file.read_text(encoding="utf-8")):
            found.setdefault(name, []).append(str(file.relative_to(_ROOT)))
    return {name: tuple(dict.fromkeys(files)) for name, files in found.items()}


def attacks_page() -> str:
    """Returns the page. Raises: KeyError for a test that does not exist."""
    return page("Attacks", _ABOUT, *_parts())


def _parts() -> Iterator[str]:
    for section in _sections():
        rows = [(case["id"], case["tried"], _holds(case), _shown(case)) for case in section["case"]]
        yield f"## {section['title']}\n\n{table(('case', 'what is tried', 'what holds', 'shown by'), rows)}"


def _holds(case: Mapping[str, Any]) -> str:
    text: str = case.get("holds", "-")
    return text


def _shown(case: Mapping[str, Any]) -> str:
    if "why_not" in case:
        return f"no test: {case['why_not']}"
    return "; ".join(f"{name.replace('_', ' ')} ({_link(name)})" for name in case["tests"])


def _link(name: str) -> str:
    return ", ".join(f"[{Path(file).name}](../../{file})" for file in known_tests()[name])


@cache
def _sections() -> tuple[Mapping[str, Any], ...]:
    return tuple(tomllib.loads(TABLE.read_text(encoding="utf-8"))["section"])
