"""`evolve` for what the events of steps and of waits share: the path in its scope, the output of a step, its timers."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from looply.definition.values.pointer import split_pointer
from looply.errors import IllegalTransition
from looply.execution.document import overlays
from looply.execution.evolving.transitions import PATH_MOVES
from looply.execution.facts.events import (
    StepEvent,
)
from looply.execution.facts.state import (
    ExecutionState,
    Path,
    Timer,
)
from looply.jsontext import Json


def move(state: ExecutionState, event: StepEvent, **changes: Any) -> ExecutionState:
    """Returns the state with the path of the event's scope in its next phase by `PATH_MOVES`.

    Raises: IllegalTransition.
    """
    path = state.paths_by_scope.get(event.scope)
    phase = PATH_MOVES.get((path.phase, type(event))) if path is not None else None
    begins = path is not None and path.phase in ("ENTER", "LEAVE")
    if path is None or phase is None or not (begins or path.address == event.address):
        where = f"{path.phase} at {path.address.text}" if path is not None else "a scope without a path"
        raise IllegalTransition(f"{type(event).__name__} of {event.address.text} cannot follow {where}")
    moved = Path(scope=event.scope, step=event.step, visit=event.visit, phase=phase, **changes)
    paths = {**state.paths_by_scope, event.scope: moved}
    if not begins:
        return replace(state, paths_by_scope=paths)
    visits = state.visits.set(f"{event.scope}/{event.step}", event.visit)
    return replace(state, paths_by_scope=paths, visits=visits, total_visits=state.total_visits + 1)


def with_output(state: ExecutionState, event: StepEvent, output: Json, size: int) -> ExecutionState:
    """Returns the state in which the step has an output, with what the event says is secret in it."""
    pointers: tuple[str, ...] = getattr(event, "secret", ())
    secrets = [(event.step, *split_pointer(pointer)) for pointer in pointers if pointer.startswith("/output")]
    return overlays.with_output(state, event.scope, event.step, output, size, secrets)


def without_timers_of(timers: Mapping[int, Timer], address: str) -> Mapping[int, Timer]:
    """Returns the timers without those of a visit; the same mapping when there is none at all."""
    return {seq: timer for seq, timer in timers.items() if timer.address != address} if timers else timers
