"""`evolve` for the decisions of operators: incidents closed, the document edited, paths moved."""

from msgspec import UNSET
from msgspec.structs import replace

from looply.definition.values.pointer import split_pointer
from looply.execution.document.overlays import size_of, with_output, with_payload
from looply.execution.evolving.mappings import without
from looply.execution.evolving.regions import without_region
from looply.execution.facts.address import Address
from looply.execution.facts.events import DocumentEdited, IncidentClosed, Moved
from looply.execution.facts.state import ExecutionState, Path

_STUCK_PHASES = ("FAILED", "UNKNOWN")


def apply_incident_closed(state: ExecutionState, event: IncidentClosed) -> ExecutionState:
    """Returns the state without the incident; its step runs again where the event says so."""
    incident = state.incidents.get(event.incident_id)
    state = replace(state, incidents=without(state.incidents, event.incident_id))
    if incident is None or not event.again:
        return state
    path = state.paths_by_scope.get(incident.scope)
    if path is None or path.address != incident.address or path.phase not in _STUCK_PHASES:
        return state
    text = path.address.text
    if event.again == "visit":
        entering = Path(scope=path.scope, step=path.step, visit=path.visit, phase="ENTER")
        paths = {**state.paths_by_scope, path.scope: entering}
        return replace(state, paths_by_scope=paths, open_steps=without(state.open_steps, text))
    # Another attempt by an operator starts the retry policy from its beginning. Whether an earlier attempt took effect
    # is decided by the operator only where the incident was about that.
    opened = state.open_steps[text]
    unknowns = 0 if incident.kind == "UNKNOWN" else opened.unknowns
    opened = replace(opened, failures=0, process_ends=0, ending_since=None, unknowns=unknowns)
    again = Path(scope=path.scope, step=path.step, visit=path.visit, phase="RETRY")
    paths = {**state.paths_by_scope, path.scope: again}
    return replace(state, paths_by_scope=paths, open_steps={**state.open_steps, text: opened})


def apply_document_edited(state: ExecutionState, event: DocumentEdited) -> ExecutionState:
    """Returns the state with the parts of the data document that were replaced."""
    paths = [split_pointer(pointer) for pointer in event.secret]
    for name, output in event.outputs.items():
        size = event.sizes.get(name, size_of(state, event.scope, name))
        secrets = tuple((name, "output", *path[2:]) for path in paths if path[:2] == ("outputs", name))
        state = with_output(state, event.scope, name, output, size, secrets)
    if event.payload is not UNSET:
        size = event.sizes.get("payload", size_of(state, event.scope, "payload"))
        state = with_payload(state, event.scope, event.payload, size, ())
    return replace(state, edited=state.seq + 1)


def apply_moved(state: ExecutionState, event: Moved) -> ExecutionState:
    """Returns the state with the path of the scope at another step; the visit that it left is cancelled."""
    path = Path(scope=event.scope, step=event.to, visit=0, phase="ENTER")
    left = state.paths_by_scope.get(event.scope)
    state = without_region(state, event.scope, event)
    state = replace(state, paths_by_scope={**state.paths_by_scope, event.scope: path})
    return state if left is None else _cancel_visit(state, left.address, event)


def _cancel_visit(state: ExecutionState, left: Address, event: Moved) -> ExecutionState:
    text = left.text
    wait = state.waits.get(text)
    settled = state.settled
    if wait is not None:
        settled = settled.set(text, wait.cancel(event.by, event.at))
    return replace(
        state,
        open_steps=without(state.open_steps, text),
        waits=without(state.waits, text),
        timers={seq: timer for seq, timer in state.timers.items() if timer.address != text},
        settled=settled,
    )
