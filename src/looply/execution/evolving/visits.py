"""`evolve` for visits of steps: what they compute, their attempts and their outcomes."""

from typing import assert_never

from msgspec import UNSET
from msgspec.structs import replace

from looply.definition.values.pointer import split_pointer
from looply.errors import IllegalTransition
from looply.execution.document import overlays
from looply.execution.document.payload import override_payload
from looply.execution.evolving import regions
from looply.execution.evolving.mappings import without
from looply.execution.evolving.paths import move, with_output, without_timers_of
from looply.execution.evolving.waits import without_wait
from looply.execution.facts.events import (
    Computed,
    ErrorCaught,
    StepFailed,
    StepParked,
    StepScheduled,
    StepSkipped,
    StepSucceeded,
    StepUnknown,
)
from looply.execution.facts.state import (
    ExecutionState,
    OpenStep,
    TargetWait,
)

_PAYLOAD = ("payload", "output")


def apply_visit_event(
    state: ExecutionState,
    event: (
        Computed | StepScheduled | StepSucceeded | StepSkipped | StepFailed | StepUnknown | StepParked | ErrorCaught
    ),
) -> ExecutionState:
    """Returns the state after an event of a visit. Raises: IllegalTransition."""
    match event:
        case Computed():
            return _apply_computed(state, event)
        case StepScheduled():
            return _apply_step_scheduled(state, event)
        case StepSucceeded() | StepSkipped():
            return _apply_step_ended(state, event)
        case StepFailed():
            return _apply_step_failed(state, event)
        case StepUnknown():
            return _apply_step_unknown(state, event)
        case StepParked():
            return _apply_step_parked(state, event)
        case ErrorCaught():
            return _apply_error_caught(state, event)
        case _:
            assert_never(event)


def _apply_computed(state: ExecutionState, event: Computed) -> ExecutionState:
    state = with_output(move(state, event, branch=event.branch), event, event.output, event.size)
    if event.override:
        payload = override_payload(overlays.visible_payload(state, event.scope), event)
        secrets = [(*_PAYLOAD, *_payload_part(event, pointer)) for pointer in event.secret]
        return overlays.with_payload(state, event.scope, payload, event.payload_size, secrets)
    return state


def _payload_part(event: Computed, pointer: str) -> tuple[str, ...]:
    """Returns the path in `payload.output` of the value that a pointer into an override's output names."""
    names = split_pointer(pointer)[1:]
    if event.override == "set":
        return (*names[0].split("."), *names[1:]) if names else ()
    return names if isinstance(event.output, dict) else ("body", *names)


def _apply_step_scheduled(state: ExecutionState, event: StepScheduled) -> ExecutionState:
    text = event.address.text
    former = state.open_steps.get(text)
    step = OpenStep(
        seq=state.seq + 1,
        address=text,
        operation=event.operation,
        attempt=event.attempt,
        input=event.input if event.input is not UNSET or former is None else former.input,
        timeout_seconds=event.timeout_seconds,
        failures=former.failures if former is not None else 0,
        secret=event.secret if former is None else former.secret,
        entered_on=event.at if former is None else former.entered_on,
        key=former.key if former is not None else "",
        process_ends=former.process_ends if former is not None else 0,
        ending_since=former.ending_since if former is not None else None,
        unknowns=former.unknowns if former is not None else 0,
        is_unsettled=event.is_unsettled,
    )
    return replace(move(state, event), open_steps={**state.open_steps, text: step})


def _apply_step_ended(state: ExecutionState, event: StepSucceeded | StepSkipped) -> ExecutionState:
    state = regions.without_region(move(state, event, branch=event.branch), event.scope, event)
    state = _without_park(state, event.address.text)
    state = replace(
        with_output(state, event, event.output, event.size),
        open_steps=without(state.open_steps, event.address.text),
    )
    if isinstance(event, StepSucceeded):
        return state
    state = without_wait(state, event, "CANCELLED")
    return replace(state, timers=without_timers_of(state.timers, event.address.text))


def _apply_step_failed(state: ExecutionState, event: StepFailed) -> ExecutionState:
    state = regions.without_region(move(state, event, failure=event), event.scope, event)
    if event.output is not UNSET:
        state = with_output(state, event, event.output, event.size)
    text = event.address.text
    step = state.open_steps.get(text)
    if step is None:
        return state
    state = _without_park(state, text)
    failed = replace(
        _without_process_ends(step),
        failures=step.failures + 1,
        is_in_flight=False,
        parked=None,
        unknowns=step.unknowns + event.took_effect,
    )
    return replace(state, open_steps={**state.open_steps, text: failed})


def _without_process_ends(step: OpenStep) -> OpenStep:
    return replace(step, process_ends=0, ending_since=None) if step.process_ends else step


def _apply_step_unknown(state: ExecutionState, event: StepUnknown) -> ExecutionState:
    text = event.address.text
    step = state.open_steps.get(text)
    if step is None:
        raise IllegalTransition(f"the step {text} is not open")
    state = _without_park(state, text)
    step = (
        _without_process_ends(step)
        if not event.ended_process
        else replace(step, process_ends=step.process_ends + 1, ending_since=step.ending_since or event.at)
    )
    lost = replace(step, is_in_flight=False, parked=None, unknowns=step.unknowns + 1)
    message = event.message if event.cause == "UNSETTLED" else ""
    return replace(move(state, event, cause=event.cause, message=message), open_steps={**state.open_steps, text: lost})


def _apply_step_parked(state: ExecutionState, event: StepParked) -> ExecutionState:
    """An attempt that will be made again is scheduled by this event, so that its former row is no more."""
    text = event.address.text
    step = state.open_steps.get(text)
    if step is None or not step.is_in_flight or step.attempt != event.attempt:
        raise IllegalTransition(f"attempt {event.attempt} of {text} is not in flight, so it cannot be parked")
    parked = TargetWait(target=event.target, since=event.at, reason=event.reason)
    if event.again:
        step = replace(_without_process_ends(step), seq=state.seq + 1)
    return replace(state, open_steps={**state.open_steps, text: replace(step, parked=parked)})


def apply_park_over(state: ExecutionState, text: str) -> ExecutionState:
    """Returns the state in which the attempt at an address, which waits for its system, is given up.

    Whatever ends the wait has removed its timer before.
    """
    step = state.open_steps.get(text)
    if step is None or step.parked is None:
        raise IllegalTransition(f"the attempt at {text} waits for no system, so its wait cannot be over")
    over = replace(step, parked=replace(step.parked, is_over=True))
    return replace(state, open_steps={**state.open_steps, text: over})


def _without_park(state: ExecutionState, text: str) -> ExecutionState:
    """Returns the state without the timer of a wait for a system, which the outcome of the attempt has ended."""
    step = state.open_steps.get(text)
    if step is None or step.parked is None or not state.timers:
        return state
    return replace(state, timers=without_timers_of(state.timers, text))


def _apply_error_caught(state: ExecutionState, event: ErrorCaught) -> ExecutionState:
    moved = move(state, event, branch="error")
    moved = replace(moved, open_steps=without(moved.open_steps, event.address.text))
    return overlays.with_error(moved, event.scope, event.error)
