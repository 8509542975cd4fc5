"""`log-types.md` and `state-machine.md`, from the tables of the log and of the legal moves."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final, get_args

from looply.execution.events import (
    ExecutionClosed,
    FinalStatus,
    IncidentClosed,
    IncidentOpened,
    TimerKind,
    TimerStarted,
)
from looply.execution.log_levels import levels_of
from looply.execution.logs import FAILED_BY_INCIDENT, LOG_TEXT, LOG_VALUE, REOPENED, SHOWN, entry_type
from looply.execution.state import Phase
from looply.execution.transitions import PATH_MOVES
from reference_pages.markdown import code, page, table

_LOG = f"""
`workflow_event_log` of an execution has `events`, oldest first. Every entry has `seq`, `timestamp` (epoch
milliseconds), `type`, `state` (the step; for the execution as a whole the step where it stood, null where the
entries of a list begin too late to tell), `by` and `via` (who and by which channel, null where the engine itself
decided); an entry of a step has its `visit`, and in a branch or a body its `scope`, such as `forEach_1[17]`. The
fields below are there when they have a value. Texts are cut at {LOG_TEXT:,} characters; a value over
{LOG_VALUE:,} bytes is shown as `{{"trimmed_bytes": n}}`. Secrets and tokens are `***`.

A step that only computes has one entry, `STEP_SUCCEEDED`. One type can stand for several events: a `STEP_FAILED`
with the code `OUTCOME_UNKNOWN` says that nobody can tell whether the call got through. An incident has two entries
with one `seq`, `INCIDENT_OPENED` and `EXECUTION_FAILED`.

The last column says at which levels of the workflow setting `log` a type is told (see
[choose what the log tells](../how-to/logs.md)). At `none` no entry has `input` or `output`, at `errors` only
`STEP_FAILED` and `STEP_RESULT_DISCARDED` have.
"""

TEXTS: Final[dict[str, str]] = {
    "CARD_ANSWERED": "A recipient answered a card; on an approval with which `decision`, on which `revision`.",
    "CARD_CLOSED": "Cards take no more answers; `reason` says why; `to` and `note` tell who has them now.",
    "CARD_SENT": "Cards were sent to the recipients, changed (`target`), or recalled to mind (`reminder`).",
    "CHILD_ENDED": (
        "What became of an execution that this one wanted (`execution_id`): it ended with the `status`, was `STARTED`"
        " (when only that was awaited), was `REFUSED` for the reason `code`, or was given up (`CANCELLED`)."
    ),
    "CHILD_STARTED": (
        "An execution of another workflow is wanted, by a `subworkflow` step or because of the incident `incident_id`."
    ),
    "EXECUTION_ADMITTED": "It was the execution's turn: it has one of the slots of its workflow.",
    "EXECUTION_COMPLETED": "The execution ended; all went well.",
    "EXECUTION_EDITED": "An operator changed parts of the data document.",
    "EXECUTION_FAILED": "The execution failed: by an incident (`incident_id`), or for ever by a `terminate` step.",
    "EXECUTION_MOVED": "An operator put the execution on another step or version.",
    "EXECUTION_QUEUED": (
        "The execution stands in line: `max_concurrency` executions of its workflow run or wait already."
    ),
    "EXECUTION_REOPENED": "Somebody has decided about the incident; the execution goes on.",
    "EXECUTION_STARTED": "The execution began.",
    "EXECUTION_TERMINATED": "Somebody terminated the execution.",
    "INCIDENT_CLOSED": "Somebody decided about an incident.",
    "INCIDENT_OPENED": "The execution stands still until somebody decides.",
    "LETTER_SETTLED": "Somebody applied or discarded a dead letter, the event number `letter`.",
    "RESUME_BUFFERED": "A resume came before the wait that it is for; it is kept.",
    "RESUME_IGNORED": (
        "A resume moved nothing: it repeated another one (`DUPLICATE`), did not fit (`UNFIT`) or met no "
        "wait (`UNUSED`)."
    ),
    "STEP_FAILED": (
        "An attempt of a step failed, or nobody can tell how it ended (`code` `OUTCOME_UNKNOWN`, `cause` says why)."
    ),
    "STEP_RESULT_DISCARDED": "A result came for something that is no longer open.",
    "STEP_RETRY_SCHEDULED": "A failed attempt is repeated when the time has come.",
    "STEP_SKIPPED": "An operator gave the step an output instead of running it.",
    "STEP_STARTED": "A call to another system is about to be made, or a delay, branches or items began.",
    "STEP_SUCCEEDED": "A step is done and left by the exit `branch`.",
    "WAIT_OPENED": "The execution waits; `count` is the number of card answers that release it.",
    "WAIT_RESUMED": "The wait was released.",
    "WAIT_TIMED_OUT": "Nobody answered in time; the step left by `timeout`.",
}
"""What each type tells people."""

_STATUS = """
## Status of an execution

```mermaid
stateDiagram-v2
    [*] --> RUNNING: trigger, schedule
    RUNNING --> WAITING: wait, card, delay, child
    WAITING --> RUNNING: resume, answer, timeout, end of the child
    RUNNING --> COMPLETED: no path is left, terminate
    RUNNING --> FAILED: terminate with FAILED, incident
    RUNNING --> TERMINATED: terminateWorkflow
    WAITING --> TERMINATED: terminateWorkflow
    WAITING --> FAILED: timeout of the workflow
    FAILED --> TERMINATED: terminateWorkflow closes an incident
    FAILED --> RUNNING: an operator closes the incident
```

`COMPLETED`, `TERMINATED` and a `FAILED` made by a `terminate` step are final. A `FAILED` with an incident keeps
everything that is needed to go on.

## A path through the steps

Every execution has a path: the visit of a step where it stands. A path is in one of these phases; what is not in
the diagram cannot happen.
"""

_PHASES = {
    "ENTER": "the step must be visited",
    "OPEN": "the world must answer: a call, a timer, a person, another execution",
    "LEAVE": "the step is done, the path leaves by an exit",
    "FAILED": "the attempt failed: repeat it, take `error`, or open an incident",
    "UNKNOWN": "nobody can tell whether the call got through: `on_unknown` decides",
    "RETRY": "the next attempt is due",
}


def log_types_page() -> str:
    """Returns the page of all types of log entries."""
    fields: dict[str, list[str]] = {}
    for name, shown in _entries():
        fields.setdefault(name, []).extend(shown)
    rows = [
        (code(name), TEXTS.get(name, ""), _codes(dict.fromkeys(fields[name])), _codes(levels_of(name)))
        for name in sorted(fields)
    ]
    return page("Types of log entries", _LOG, table(("type", "what happened", "fields", "`log`"), rows))


def log_types() -> set[str]:
    """Returns every type that an entry of the log can have."""
    return {name for name, _ in _entries()}


def _codes(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))


def _entries() -> Iterator[tuple[str, list[str]]]:
    for name, fields in SHOWN.values():
        yield name, [shown for _, shown in fields]
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for kind in get_args(TimerKind):
        if name := entry_type(TimerStarted(at=at, kind=kind, due=at)):
            yield name, ["attempt", "due_on"]
    for status in get_args(FinalStatus):
        yield entry_type(ExecutionClosed(at=at, status=status)), ["reason"]
    yield FAILED_BY_INCIDENT, [shown for _, shown in SHOWN[IncidentOpened][1]]
    yield REOPENED, [shown for _, shown in SHOWN[IncidentClosed][1]]


def state_machine_page() -> str:
    """Returns the page with the diagrams of statuses and phases."""
    phases = table(("phase", "what must happen"), [(code(phase), _PHASES[phase]) for phase in get_args(Phase)])
    moves: dict[tuple[str, str], list[str]] = {}
    for (before, event), after in PATH_MOVES.items():
        moves.setdefault((before, after), []).append(event.__name__)
    lines = [f"    {before} --> {after}: {', '.join(events)}" for (before, after), events in moves.items()]
    diagram = "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])
    return page("State machine", _STATUS, phases, diagram)
