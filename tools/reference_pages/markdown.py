"""Helpers that write the Markdown of the pages, and read texts from the source."""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

NOTE: Final = "<!-- Made from the code by `make docs`; changes to this file are lost. -->"


def page(title: str, *parts: str) -> str:
    """Returns a page: title, note, and the parts with an empty line between them."""
    return "\n\n".join((f"# {title}", NOTE, *(part.strip("\n") for part in parts if part))) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table, or an empty text when it has no rows."""
    lines = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines])


def code(text: Any) -> str:
    """Returns a text in the style of code; empty stays empty."""
    shown = str(text)
    if not shown:
        return ""
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def json_block(value: Any) -> str:
    """Returns a value as a block of JSON."""
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"


def first_sentence(docstring: str | None) -> str:
    """Returns the first paragraph of a docstring as one line."""
    paragraph = inspect.cleandoc(docstring or "").split("\n\n", 1)[0]
    return " ".join(paragraph.split())


def field_texts(shape: type) -> dict[str, str]:
    """Returns the docstring under each field of a class, those of its parents included."""
    texts: dict[str, str] = {}
    for owner in reversed(shape.__mro__):
        if owner.__module__.startswith("looply"):
            texts.update(_own_field_texts(owner))
    return texts


def _own_field_texts(owner: type) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    assert isinstance(body, ast.ClassDef)
    texts = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            texts[ast.unparse(field.target)] = first_sentence(str(text.value.value))
    return texts


def shown_default(value: Any) -> str:
    """Returns a default as it would be written in the settings file."""
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}"
    if value is None:
        return ""
    if isinstance(value, str | Path):
        return f'"{value}"'
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()
