"""Entries of an execution's log as text: the details of an entry beside its time, type and step."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from looply.cli.display.json_texts import text_with_blanks
from looply.cli.terminal.tables import instant

_SHOWN_BEFORE: Final = ("workflow_id", "workflow_execution_id", "seq", "timestamp", "type", "state", "scope", "visit")
"""Fields that are shown before the details, or that every entry has."""

_ACTOR: Final = ("by", "via")
"""Fields that come last, since they are long and rarely needed."""

_VALUES: Final = ("input", "output")
"""Input and output of steps, which are shown with `--json` only."""

_BEGINNING_CHARACTERS: Final = 60
"""So much is shown of a message that is shown whole at its incident."""


def details(entry: Mapping[str, Any]) -> str:
    """Returns the fields of an entry as `name=value`, then its actor: instants in UTC, without input and output.

    The exit `next`, which every step has, is not mentioned; a step that ends the execution has it too.
    """
    shown = {name: value for name, value in entry.items() if name not in (*_SHOWN_BEFORE, *_VALUES, *_ACTOR)}
    if shown.get("branch") == "next":
        del shown["branch"]
    shown |= {name: entry.get(name) for name in _ACTOR}
    return " ".join(f"{name}={_text(name, value)}" for name, value in shown.items() if value not in (None, ""))


def without_shown_messages(
    entries: Iterable[Mapping[str, Any]], incidents: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Returns the entries with the beginning of each message that one of the incidents shows whole."""
    shown = [incident["message"] for incident in incidents if incident.get("message")]
    return [_shortened(entry) if _is_among(entry.get("message"), shown) else entry for entry in entries]


def _is_among(message: Any, texts: Sequence[str]) -> bool:
    return isinstance(message, str) and any(message in each for each in texts)


def _shortened(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    text = " ".join(entry["message"].split())
    if len(text) <= _BEGINNING_CHARACTERS:
        return entry
    return {**entry, "message": f"{text[: _BEGINNING_CHARACTERS - 1].rstrip()}…"}


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if name.endswith("_on"):
        return instant(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    return text_with_blanks(value)
