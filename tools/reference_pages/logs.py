"""`log-types.md` and `state-machine.md`, from the tables of the log and of the legal moves."""

from collections.abc import Iterable
from typing import Final, get_args

import msgspec

from looply.execution.evolving.transitions import PATH_MOVES
from looply.execution.facts.log_levels import levels_of
from looply.execution.facts.state import Phase
from looply.execution.views.log_entries import ENTRY_TYPES, LogEntry, tag_of
from looply.execution.views.logs import LOG_TEXT, LOG_VALUE
from reference_pages.markdown import code, page, table

_LOG = f"""
`workflow_event_log` of an execution has `events`, oldest first. Every entry has `seq`, `timestamp` (epoch
milliseconds), `type`, `state` (the step; for the execution as a whole its current step, null where the
entries of a list begin too late to know it), `by` and `via` (who and by which channel, null where the engine itself
decided); an entry of a step has its `visit`, and in a branch or a body its `scope`, such as `forEach_1[17]`. The
fields below are there when they have a value. Texts are cut at {LOG_TEXT:,} characters; a value over
{LOG_VALUE:,} bytes is shown as `{{"trimmed_bytes": n}}`. Secrets and tokens are `***`.

A step that only computes has one entry, `STEP_SUCCEEDED`. One type can represent several events: a `STEP_FAILED`
with the code `OUTCOME_UNKNOWN` means that the outcome of the call is unknown. An incident has two entries
with one `seq`, `INCIDENT_OPENED` and `EXECUTION_FAILED`.

The last column lists the levels of the workflow setting `log` at which a type is recorded (see
[control what the execution log records](../how-to/logs.md)). At `none` no entry has `input` or `output`, at `errors`
only `STEP_FAILED` and `STEP_RESULT_DISCARDED` have.
"""


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
everything that is needed to continue.

## A path through the steps

Every execution has a path: the current visit of a step. A path is in one of these phases; transitions that are not in
the diagram cannot happen.
"""

_OF_ALL: Final = ("seq", "timestamp", "state", "by", "via", "visit")

_PHASES = {
    "ENTER": "the step must be visited",
    "OPEN": "an answer must come from outside: a call, a timer, a person, another execution",
    "LEAVE": "the step is done, the path takes an exit",
    "FAILED": "the attempt failed: retry it, take `error`, or open an incident",
    "UNKNOWN": "the outcome of the call is unknown: `on_unknown` decides",
    "RETRY": "the next attempt is due",
}


def log_types_page() -> str:
    """Returns the page of all types of log entries."""
    rows = [
        (code(name), _meaning(shape), _codes(_own_fields(shape)), _codes(levels_of(name)))
        for name, shape in sorted((tag_of(shape), shape) for shape in get_args(LogEntry))
    ]
    return page("Types of log entries", _LOG, table(("type", "what happened", "fields", "`log`"), rows))


def log_types() -> set[str]:
    """Returns every type that an entry of the log can have."""
    return set(ENTRY_TYPES)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))


def _meaning(shape: type[msgspec.Struct]) -> str:
    return " ".join((shape.__doc__ or "").split())


def _own_fields(shape: type[msgspec.Struct]) -> Iterable[str]:
    """Returns the fields that not every entry has; the address of a step is explained above the table."""
    fields = shape.__struct_fields__
    common = (*_OF_ALL, "scope") if "visit" in fields else _OF_ALL
    return [name for name in fields if name not in common]


def state_machine_page() -> str:
    """Returns the page with the diagrams of statuses and phases."""
    phases = table(("phase", "what must happen"), [(code(phase), _PHASES[phase]) for phase in get_args(Phase)])
    moves: dict[tuple[str, str], list[str]] = {}
    for (before, event), after in PATH_MOVES.items():
        moves.setdefault((before, after), []).append(event.__name__)
    lines = [f"    {before} --> {after}: {', '.join(events)}" for (before, after), events in moves.items()]
    diagram = "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])
    return page("State machine", _STATUS, phases, diagram)
