"""Log levels: how much the log of an execution shows, by the setting `log` of its workflow.

Theory of operation. Every event is recorded with the level of its time, unless that is `full`. So each reader of a
history, of a part of it or of a stream knows what to show without the definition, and a change of the setting counts
from the version on that has it. Values that only the log would show are not recorded at all; all others are needed to
continue the execution. The levels govern logs only: data document, waits, incidents, decisions and letters are facts
of the execution.
"""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from looply.definition import LogLevel
from looply.execution.facts.events import Computed, Discarded, Event

_FACTS: Final = frozenset(
    {
        "EXECUTION_STARTED",
        "EXECUTION_COMPLETED",
        "EXECUTION_FAILED",
        "EXECUTION_TERMINATED",
        "EXECUTION_REOPENED",
        "EXECUTION_EDITED",
        "EXECUTION_MOVED",
        "INCIDENT_OPENED",
        "INCIDENT_CLOSED",
        "STEP_SKIPPED",
        "WAIT_RESUMED",
        "CARD_ANSWERED",
        "LETTER_SETTLED",
    }
)
"""Begin and end, incidents, and decisions of people: shown at every level."""

_TROUBLE: Final = frozenset(
    {
        "STEP_FAILED",
        "STEP_RETRY_SCHEDULED",
        "STEP_PARKED",
        "STEP_RESULT_DISCARDED",
        "WAIT_TIMED_OUT",
        "RESUME_BUFFERED",
        "RESUME_IGNORED",
    }
)
"""Failures, retries, timeouts and resumes that released no wait: shown by `errors`."""

_WITH_VALUES: Final = ("STEP_FAILED", "STEP_RESULT_DISCARDED")
"""Types whose values `errors` shows, because they explain the failure."""

_LEVELS: Final[tuple[LogLevel, ...]] = ("full", "errors", "none")


def events_at_level(level: LogLevel, events: Iterable[Event]) -> Iterable[Event]:
    """Returns the events as they are stored at a level: with its name, without values that only a fuller log shows."""
    return events if level == "full" else [_event_at_level(level, event) for event in events]


def levels_of(entry_type: str) -> tuple[LogLevel, ...]:
    """Returns the levels whose logs have entries of a type."""
    return tuple(level for level in _LEVELS if shows_entry(level, entry_type))


def shows_entry(level: LogLevel, entry_type: str) -> bool:
    """Returns whether the event log of a level has entries of a type."""
    return level == "full" or entry_type in _FACTS or (level == "errors" and entry_type in _TROUBLE)


def shows_values(level: LogLevel, entry_type: str) -> bool:
    """Returns whether the event log of a level shows input and output of entries of a type."""
    return level == "full" or (level == "errors" and entry_type in _WITH_VALUES)


def shows_visit(level: LogLevel, *, has_failed: bool) -> bool:
    """Returns whether condensed logs show a visit; one `has_failed` that has an error or timed out."""
    return level == "full" or (level == "errors" and has_failed)


def _event_at_level(level: LogLevel, event: Event) -> Event:
    if isinstance(event, Computed):
        return replace(event, log=level, input=None, secret=_of_output(event.secret))
    if isinstance(event, Discarded) and level == "none":
        return replace(event, log=level, result=None, secret=())
    return replace(event, log=level)


def _of_output(secret: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(pointer for pointer in secret if not pointer.startswith("/input"))
