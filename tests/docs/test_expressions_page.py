"""The page on testing expressions: its mistakes have the shown errors, and its commands the shown output."""

import io
import json
import re
from typing import Any

import pytest
from docs_pages import DOCS, blocks

from looply.cli import main
from looply.cli.terminal.terminal import Terminal

PAGE = DOCS / "how-to" / "expressions.md"
ROW = re.compile(r"^\| `([^|]+)` \| ([^|]+) \| `([^`|]+)`[^|]*\|$", re.MULTILINE)
DATA: Any = {"payload": {"output": {"po": "4500000101", "amount": 100, "items": [{"name": "Bolt"}]}}}


def answers(command: str, text: str) -> str:
    out = io.StringIO()
    terminal = Terminal(source=io.BytesIO(text.encode()), output=out, errors=io.StringIO(), environment={})
    assert main(command.split(), terminal) == 0
    return out.getvalue()


def mistakes() -> list[tuple[str, str, str]]:
    text = PAGE.read_text(encoding="utf-8")
    rows: list[tuple[str, str, str]] = ROW.findall(text)
    section = text.partition("## Common mistakes")[2]
    assert len(rows) == len(re.findall(r"^\| `", section, re.MULTILINE)) > 10
    assert json.dumps(DATA) in section
    return rows


@pytest.mark.parametrize(("written", "expected", "corrected"), mistakes())
def test_a_mistake_has_the_error_and_the_correction_of_the_page(written: str, expected: str, corrected: str) -> None:
    lines = "".join(f"{json.dumps({'expression': each, 'data': DATA})}\n" for each in (written, corrected))
    wrong, right = (json.loads(line) for line in answers("expression eval", lines).splitlines())
    assert wrong["error"].partition(" (at position")[0] == expected
    assert "value" in right


def test_expressions_with_an_unintended_value_return_it() -> None:
    for written in ("payload.output.items.name", "'Order ${payload.output.po}'"):
        assert f"`{written}`" in PAGE.read_text(encoding="utf-8")
        (found,) = answers("expression eval", json.dumps({"expression": written, "data": DATA})).splitlines()
        assert json.loads(found)["value"] in (None, "Order ${payload.output.po}")


def test_the_commands_answer_what_the_page_shows() -> None:
    shown = [(language, text) for language, text in blocks(PAGE) if language in ("sh", "text")]
    commands = [
        (found[1], found[2], shown[index + 1][1])
        for index, (_, text) in enumerate(shown)
        if (found := re.search(r"^looply ([a-z ]+) <<'LINES'\n(.*)^LINES$", text, re.MULTILINE | re.DOTALL))
    ]
    assert len(commands) == 2
    for command, lines, expected in commands:
        assert answers(command, lines) == expected
