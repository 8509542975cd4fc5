"""The legal transitions of a path, as one table: phase before, event, phase after. All others are illegal.

In `OPEN` the path waits for an outcome, an answer or a time; in `FAILED` for `decide`. The diagrams of the docs are
drawn from this table.
"""

from typing import Final

from looply.execution.facts.events import (
    ChildStarted,
    Computed,
    ErrorCaught,
    Resumed,
    ScopeOpened,
    StepFailed,
    StepScheduled,
    StepSkipped,
    StepSucceeded,
    StepUnknown,
    TimerStarted,
    WaitOpened,
    WaitTimedOut,
)
from looply.execution.facts.state import Phase

_VISITED_FROM: Final[tuple[Phase, ...]] = ("ENTER", "LEAVE")

PATH_MOVES: Final[dict[tuple[Phase, type], Phase]] = {
    **{(phase, Computed): "LEAVE" for phase in _VISITED_FROM},
    **{(phase, StepScheduled): "OPEN" for phase in _VISITED_FROM},
    **{(phase, WaitOpened): "OPEN" for phase in _VISITED_FROM},
    **{(phase, TimerStarted): "OPEN" for phase in _VISITED_FROM},
    **{(phase, ChildStarted): "OPEN" for phase in _VISITED_FROM},
    **{(phase, StepFailed): "FAILED" for phase in _VISITED_FROM},
    **{(phase, ScopeOpened): "OPEN" for phase in _VISITED_FROM},
    ("OPEN", WaitOpened): "OPEN",  # an approval whose datastores have been read
    ("OPEN", StepSucceeded): "LEAVE",
    ("OPEN", StepFailed): "FAILED",
    ("OPEN", StepUnknown): "UNKNOWN",
    ("OPEN", Resumed): "LEAVE",
    ("OPEN", WaitTimedOut): "LEAVE",
    ("FAILED", TimerStarted): "OPEN",
    ("FAILED", ErrorCaught): "LEAVE",
    ("UNKNOWN", StepScheduled): "OPEN",
    ("UNKNOWN", TimerStarted): "OPEN",
    ("RETRY", StepScheduled): "OPEN",
    ("OPEN", StepSkipped): "LEAVE",
    ("FAILED", StepSkipped): "LEAVE",
    ("UNKNOWN", StepSkipped): "LEAVE",
}
"""(phase of the path, type of the event) -> phase afterwards."""
