"""`decide`: the events that must happen next; `advance`: the same until the execution waits or ends.

They run once per command, in the unit that stores the result: decisions are recorded and never repeated, so these
functions may change with every release.
"""

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import assert_never

import msgspec

from looply.definition import RetryPolicy, TerminateSettings, Workflow
from looply.errors import IllegalTransition
from looply.execution.closing.children import incident_workflow_starts
from looply.execution.closing.close import close
from looply.execution.deciding.leaving import continue_region, leave_scope
from looply.execution.document.evaluation import StepError, step_fuel
from looply.execution.document.overlays import visible_output
from looply.execution.evolving.evolve import evolve
from looply.execution.facts.address import incident_id, jitter
from looply.execution.facts.datastores import is_datastore_operation
from looply.execution.facts.events import (
    ErrorCaught,
    Event,
    ExecutionClosed,
    IncidentKind,
    IncidentOpened,
    Queued,
    StepFailed,
    StepScheduled,
    TimerStarted,
)
from looply.execution.facts.log_levels import events_at_level
from looply.execution.facts.state import ExecutionState, OpenStep, Path
from looply.execution.steps import ENTRIES, Visit
from looply.expressions import ExpressionError
from looply.instants import rfc3339
from looply.limits import DEFAULT_LIMITS, Limits

_MAX_RETRY = timedelta(days=365)
"""The longest pause of a policy without `max_interval`."""
_MAX_RETRY_AFTER = timedelta(hours=1)
"""The most that the `Retry-After` of another system delays an attempt, where the policy has no `max_interval`."""

_POISON_ENDS = 5
_POISON_SPAN = timedelta(minutes=5)
"""A call that crashed the process this often in a row, over this time, is not retried automatically.

The span matters: a process that is killed repeatedly for another reason also dies during calls by chance, but over
minutes a call succeeds.
"""


_FINDING_OUT = RetryPolicy(max_attempts=6, interval=timedelta(seconds=5), backoff=3, jitter=0.2)
"""How often an operation is called again to find out what became of an attempt: at once, then for about ten minutes."""


class Advance(msgspec.Struct, frozen=True):
    """A stretch of decisions: the state after it, and all of its events in order, the given ones first."""

    state: ExecutionState
    events: tuple[Event, ...]


def advance(
    workflow: Workflow,
    state: ExecutionState | None,
    events: tuple[Event, ...],
    *,
    limits: Limits = DEFAULT_LIMITS,
    is_cut: Callable[[], bool] = lambda: False,
) -> Advance:
    """Applies the events, then decides until the execution waits, ends, or the stretch is cut.

    A stretch is cut after `limits.stretch_steps` decisions, or when `is_cut` returns true because its time is over;
    then `open_work(state).continues` holds, and a `Continue` command resumes it. Cuts do not change the result.
    """
    recorded: list[Event] = []
    state = _record(workflow, state, events, recorded)
    for _ in range(limits.stretch_steps):
        decided = decide(workflow, state, limits=limits)
        if not decided:
            break
        state = _record(workflow, state, decided, recorded)
        if is_cut():
            break
    return Advance(state, tuple(recorded))


def _record(
    workflow: Workflow, state: ExecutionState | None, events: tuple[Event, ...], recorded: list[Event]
) -> ExecutionState:
    """Returns the state after events, and after the `on_failure` starts of their incidents, which no cut separates."""
    level = workflow.settings.log
    for event in events_at_level(level, events):
        state = evolve(state, event)
        recorded.append(event)
    if state is None:
        raise IllegalTransition("a history begins with ExecutionStarted")
    for event in events_at_level(level, incident_workflow_starts(workflow, state)):
        state = evolve(state, event)
        recorded.append(event)
    return state


def decide(workflow: Workflow, state: ExecutionState, *, limits: Limits = DEFAULT_LIMITS) -> tuple[Event, ...]:
    """Returns the events that must be recorded next.

    Empty when the execution waits, is stopped by an incident, or is closed.
    """
    if state.closed is not None:
        return ()
    # The first decision starts the time limit, before the execution is queued or takes a path.
    if state.seq == 1 and workflow.settings.timeout is not None:
        return (execution_timer(workflow, state),)
    if state.has_incident or state.is_queued:
        return ()
    if state.slot is None and workflow.settings.max_concurrency is not None:
        return (Queued(at=state.now, max_concurrency=workflow.settings.max_concurrency),)
    for path in state.paths_by_scope.values():
        match path.phase:
            case "OPEN":
                if path.scope in state.regions and (events := continue_region(state, path.scope, limits)):
                    return events
            case "ENTER":
                return _visit(workflow, state, path.scope, path.step, limits)
            case "LEAVE":
                return _leave(workflow, state, path, limits)
            case "FAILED":
                return handle_failure(workflow, state, path)
            case "UNKNOWN":
                return _handle_unknown(workflow, state, path)
            case "RETRY":
                return (_next_attempt(workflow, state, path),)
            case _:
                assert_never(path.phase)
    return ()


def execution_timer(workflow: Workflow, state: ExecutionState) -> TimerStarted:
    """Returns the timer of the execution's time limit, counted from now; the workflow must have one."""
    timeout = workflow.settings.timeout
    assert timeout is not None
    return TimerStarted(at=state.now, kind="EXECUTION", due=timeout.after(state.now, workflow.settings.timezone))


def _leave(workflow: Workflow, state: ExecutionState, path: Path, limits: Limits) -> tuple[Event, ...]:
    step = workflow.steps.get(path.step)
    if step is not None and isinstance(step.settings, TerminateSettings):
        _, output = visible_output(state, path.scope, path.step)
        end = ExecutionClosed(at=state.now, status=output["status"], reason=output["reason"], step=path.step)
        return close(state, end)
    target = workflow.next(path.step, path.branch)
    if (ended := leave_scope(workflow, state, path, target)) is not None:
        return (ended,)
    if target is None:
        return close(state, ExecutionClosed(at=state.now, status="COMPLETED", step=path.step))
    return _visit(workflow, state, path.scope, target, limits)


def _visit(workflow: Workflow, state: ExecutionState, scope: str, target: str, limits: Limits) -> tuple[Event, ...]:
    if state.total_visits >= limits.step_visits:
        message = (
            f"the execution has made {state.total_visits} step visits; the limit step_visits is {limits.step_visits}"
        )
        return (open_incident(state, "LIMIT", "STEP_LIMIT", message),)
    address = state.next_visit(scope, target)
    visit = Visit(workflow, state, workflow.steps[target], address, limits, step_fuel(limits))
    try:
        return ENTRIES[visit.step.type](visit)
    except (ExpressionError, StepError) as error:
        return (visit.failure_event(error),)


def handle_failure(workflow: Workflow, state: ExecutionState, path: Path) -> tuple[Event, ...]:
    """Returns the events that handle the failure of a path: a retry, the exit `error`, or an incident."""
    failure = path.failure
    assert failure is not None
    step = workflow.steps[path.step]
    opened = state.open_steps.get(path.address.text)
    failures = opened.failures if opened is not None else 1
    if failure.is_retriable and step.retry is not None and failures < step.retry.max_attempts:
        delay = retry_delay(step.retry, failures, failure.retry_after_seconds, _jitter_of(state, path, failures))
        return (
            TimerStarted(
                at=state.now,
                **path.address.fields,
                attempt=failure.attempt,
                kind="RETRY",
                due=state.now + delay,
            ),
        )
    if workflow.next(path.step, "error") is not None:
        return (_error_caught(state, path, failure, failures),)
    return (open_incident(state, "FAILED", failure.code, failure.message, path=path, failure=failure),)


def _handle_unknown(workflow: Workflow, state: ExecutionState, path: Path) -> tuple[Event, ...]:
    step = workflow.steps[path.step]
    opened = state.open_steps[path.address.text]
    # An operation of the engine itself is stored with its outcome: if that is unknown, the operation changed nothing.
    is_retried = step.on_unknown == "retry" or is_datastore_operation(opened.operation)
    finds_out = step.on_unknown == "ask" and path.cause != "UNSETTLED" and opened.unknowns <= _FINDING_OUT.max_attempts
    if (is_retried or finds_out) and _ends_processes(state, opened):
        message = (
            f"step '{step.id}': {opened.process_ends} processes in a row ended while they made this call; "
            "report it, then retry the step or complete it by hand"
        )
        return (open_incident(state, "POISON", "POISONED", message, path=path),)
    if finds_out and opened.unknowns > 1:
        delay = retry_delay(_FINDING_OUT, opened.unknowns - 1, 0, _jitter_of(state, path, opened.unknowns))
        due = state.now + delay
        return (TimerStarted(at=state.now, **path.address.fields, attempt=opened.attempt, kind="RETRY", due=due),)
    if is_retried or finds_out:
        return (_next_attempt(workflow, state, path),)
    message = f"step '{step.id}': {path.message or _unknown_text(path)}"
    return (open_incident(state, "UNKNOWN", "OUTCOME_UNKNOWN", message, path=path),)


def _unknown_text(path: Path) -> str:
    return (
        f"it is unknown whether the call reached the other system ({path.cause.lower()}); "
        "check the other system, then retry the step or complete it by hand"
    )


def _ends_processes(state: ExecutionState, opened: OpenStep) -> bool:
    """Returns whether a call has crashed too many processes, over too long a time, to be retried."""
    since = opened.ending_since
    return opened.process_ends >= _POISON_ENDS and since is not None and state.now - since >= _POISON_SPAN


def retry_delay(policy: RetryPolicy, failures: int, retry_after_seconds: float, chance: float) -> timedelta:
    """Returns how long the next attempt waits after `failures` failed ones (from 1).

    The interval grows by the backoff up to `max_interval`; jitter shortens it by up to its share; the `Retry-After` of
    the other system is a lower bound, at most `max_interval`, or an hour without one.
    """
    grown = policy.interval.total_seconds() * _growth(policy.backoff, failures - 1)
    most = (policy.max_interval or _MAX_RETRY).total_seconds()
    seconds = min(grown, most) * (1 - policy.jitter * chance)
    least = min(retry_after_seconds, (policy.max_interval or _MAX_RETRY_AFTER).total_seconds())
    return timedelta(seconds=round(max(seconds, least), 3))


def _growth(backoff: float, times: int) -> float:
    try:
        return float(backoff**times)
    except OverflowError:  # far past any interval; not infinite, because an interval of zero stays zero
        return sys.float_info.max


def _jitter_of(state: ExecutionState, path: Path, failures: int) -> float:
    return jitter(state.started.execution_id, path.address, failures)


def _next_attempt(workflow: Workflow, state: ExecutionState, path: Path) -> StepScheduled:
    opened = state.open_steps[path.address.text]
    # The timeout of the current version: raising it is a common repair.
    step = workflow.steps[path.step]
    timeout = step.timeout
    return StepScheduled(
        at=state.now,
        **path.address.fields,
        attempt=opened.attempt + 1,
        operation=opened.operation,
        is_unsettled=step.on_unknown == "ask" and opened.unknowns > 0,
        timeout_seconds=timeout.total_seconds() if timeout is not None else opened.timeout_seconds,
    )


def _error_caught(state: ExecutionState, path: Path, failure: StepFailed, attempts: int) -> ErrorCaught:
    error = {
        "state": path.step,
        "code": failure.code,
        "message": failure.message,
        "status": failure.status or None,
        "attempts": attempts,
        "on": rfc3339(failure.at),
        **({"far": failure.far.document()} if failure.far is not None else {}),
    }
    return ErrorCaught(at=state.now, **path.address.fields, attempt=failure.attempt, error=error)


def open_incident(
    state: ExecutionState,
    kind: IncidentKind,
    code: str,
    message: str,
    *,
    path: Path | None = None,
    failure: StepFailed | None = None,
) -> IncidentOpened:
    """Returns the incident that stops the execution, opened as its next event; `failure` is that of its step."""
    return IncidentOpened(
        at=state.now,
        **(path.address.fields if path is not None else {"step": ""}),
        incident_id=incident_id(state.started.execution_id, state.seq + 1),
        kind=kind,
        code=code,
        message=message,
        status=failure.status if failure is not None else "",
        far=failure.far if failure is not None else None,
    )
