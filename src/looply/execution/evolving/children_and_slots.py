"""`evolve` for relations to other executions: children, and concurrency slots."""

from typing import assert_never

from msgspec.structs import replace

from looply.errors import IllegalTransition
from looply.execution.evolving.mappings import without
from looply.execution.facts.events import Admitted, ChildClosed, ChildStarted, Queued
from looply.execution.facts.state import ConcurrencySlot, ExecutionState, OpenChild


def apply_relation_event(
    state: ExecutionState, event: ChildStarted | ChildClosed | Queued | Admitted
) -> ExecutionState:
    """Returns the state after the event; the caller has moved the path of the step that starts a child.

    Raises: IllegalTransition.
    """
    match event:
        case ChildStarted():
            return _apply_child_started(state, event)
        case ChildClosed():
            return replace(state, children=without(state.children, event.child_id))
        case Queued():
            slot = ConcurrencySlot(seq=state.seq + 1, since=event.at, max_concurrency=event.max_concurrency)
            return replace(state, slot=slot)
        case Admitted():
            if not state.is_queued or state.slot is None:
                raise IllegalTransition("the execution is not queued")
            return replace(state, slot=replace(state.slot, seq=state.seq + 1, is_held=True))
        case _:
            assert_never(event)


def _apply_child_started(state: ExecutionState, event: ChildStarted) -> ExecutionState:
    child = OpenChild(
        seq=state.seq + 1,
        child_id=event.child_id,
        address=event.address.text if event.step else "",
        workflow_id=event.workflow_id,
        is_awaited=event.is_awaited,
        started_on=event.at,
    )
    state = replace(state, children={**state.children, event.child_id: child})
    if event.step:
        return state
    incident = state.incidents.get(event.incident_id)
    if incident is None:
        raise IllegalTransition(f"the incident {event.incident_id} is not open")
    answered = {**state.incidents, event.incident_id: replace(incident, is_answered=True)}
    return replace(state, incidents=answered)
