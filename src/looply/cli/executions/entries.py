"""Entries of an execution's log as people are told them: what a line or a row says beside when, what and where."""

import json
from collections.abc import Mapping
from typing import Any, Final

from looply.cli.terminal.tables import instant

_ELSEWHERE: Final = ("workflow_id", "workflow_execution_id", "seq", "timestamp", "type", "state", "scope", "visit")
"""Fields that stand in front of the details, or that every entry has."""

_WHO: Final = ("by", "via")
"""Fields that come last, since they are long and mostly of less interest."""

_VALUES: Final = ("input", "output")
"""What went into steps and came out of them is for those who ask for it, by `--json`."""


def details(entry: Mapping[str, Any]) -> str:
    """Returns what an entry tells, as `name=value`, then who did it: instants in UTC, no input and no output."""
    told = {name: value for name, value in entry.items() if name not in (*_ELSEWHERE, *_VALUES, *_WHO)}
    told |= {name: entry.get(name) for name in _WHO}
    return " ".join(f"{name}={_text(name, value)}" for name, value in told.items() if value not in (None, ""))


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if name.endswith("_on"):
        return instant(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    return json.dumps(value, ensure_ascii=False)
