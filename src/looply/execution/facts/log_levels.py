"""How much the log of an execution tells: the setting `log` of its workflow, kept with every event.

Theory of operation. Every event is recorded with the level that held when it happened, unless that is `full`. So each
reader of a history, of a part of it or of a stream knows what to show without the definition, and a change of the
setting counts from the version on that has it. What only the log would show is not recorded at all; all else is
needed to go on, and stays. The levels govern logs only: data document, waits, incidents, decisions and letters are
facts of the execution.
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
"""Begin and end, incidents, and what people decided: told at every level."""

_TROUBLE: Final = frozenset(
    {
        "STEP_FAILED",
        "STEP_RETRY_SCHEDULED",
        "STEP_RESULT_DISCARDED",
        "WAIT_TIMED_OUT",
        "RESUME_BUFFERED",
        "RESUME_IGNORED",
    }
)
"""What did not go as it should: told by `errors`."""

_WITH_VALUES: Final = ("STEP_FAILED", "STEP_RESULT_DISCARDED")
"""Types whose values `errors` tells: they are what the trouble was."""

_LEVELS: Final[tuple[LogLevel, ...]] = ("full", "errors", "none")


def events_at_level(level: LogLevel, events: Iterable[Event]) -> Iterable[Event]:
    """Returns the events as they are stored at a level: they name it, and lack what only a fuller log would show."""
    return events if level == "full" else [_event_at_level(level, event) for event in events]


def levels_of(entry_type: str) -> tuple[LogLevel, ...]:
    """Returns the levels whose logs have entries of a type."""
    return tuple(level for level in _LEVELS if shows_entry(level, entry_type))


def shows_entry(level: LogLevel, entry_type: str) -> bool:
    """Returns whether the event log of a level has entries of a type."""
    return level == "full" or entry_type in _FACTS or (level == "errors" and entry_type in _TROUBLE)


def shows_values(level: LogLevel, entry_type: str) -> bool:
    """Returns whether entries of a type tell what went in and came out."""
    return level == "full" or (level == "errors" and entry_type in _WITH_VALUES)


def shows_visit(level: LogLevel, *, has_failed: bool) -> bool:
    """Returns whether condensed logs have a visit; one `has_failed` that shows an error or timed out."""
    return level == "full" or (level == "errors" and has_failed)


def _event_at_level(level: LogLevel, event: Event) -> Event:
    if isinstance(event, Computed):
        return replace(event, log=level, input=None, secret=_of_output(event.secret))
    if isinstance(event, Discarded) and level == "none":
        return replace(event, log=level, result=None, secret=())
    return replace(event, log=level)


def _of_output(secret: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(pointer for pointer in secret if not pointer.startswith("/input"))
