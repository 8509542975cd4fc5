"""The declared shapes of data documents hold in every scenario, at every step that is visited.

The data document that a step sees has the shape that is declared for it: the outputs of the steps before it, and
whether each of them is always present.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from golden.recording.record import SCENARIOS
from golden.scenarios.repairs import REPAIRS
from golden.scenarios.tools import Simulator
from looply.definition.graph.document_shapes import DocumentShapes
from looply.definition.graph.outline import read_outline
from looply.execution.document.document import Document
from looply.execution.evolving.evolve import evolve
from looply.execution.facts.events import CardWanted, Computed, Event, StepScheduled, TimerStarted, WaitOpened
from looply.expressions import Shape
from looply.expressions.shapes.shape import Presence, fits

UNREPAIRED = [scenario for scenario in SCENARIOS if scenario not in REPAIRS]
"""Edits of operators have no declared shape, and an execution may have begun on another version."""


def begins_visit(event: Event) -> bool:
    """Returns whether the step of the event has just evaluated its inputs."""
    is_delay = isinstance(event, TimerStarted) and event.kind == "DELAY"
    is_first = isinstance(event, StepScheduled) and event.attempt == 1
    return is_first or is_delay or isinstance(event, CardWanted | Computed | WaitOpened)


def misfits(shape: Shape, value: Any, path: str = "") -> list[str]:
    """Returns the innermost paths at which a document does not have the shape."""
    if fits(shape, value):
        return []
    if not isinstance(value, dict) or not shape.fields:
        return [f"{path} is {value!r}, not {shape}"]
    found = [f"{path}.{name} is not known" for name in value if name not in shape.fields]
    for name, member in shape.fields.items():
        if name in value:
            found += misfits(member.shape, value[name], f"{path}.{name}")
        elif member.presence is Presence.ALWAYS:
            found.append(f"{path}.{name} is missing")
    return found


def test_the_scenarios_visit_enough_steps() -> None:
    visited = {event.kind if isinstance(event, TimerStarted) else type(event) for event in _visits()}
    assert visited == {StepScheduled, CardWanted, Computed, WaitOpened, "DELAY"}


def _visits() -> Iterator[Event]:
    for scenario in SCENARIOS:
        yield from filter(begins_visit, scenario().history)


@pytest.mark.parametrize("scenario", UNREPAIRED, ids=lambda scenario: scenario.__name__)
def test_the_document_at_every_step_has_the_shape_that_is_declared(scenario: Callable[[], Simulator]) -> None:
    simulator = scenario()
    shapes = DocumentShapes(read_outline(simulator.workflow.definition))
    state = None
    for event in simulator.history:
        if state is not None and begins_visit(event):
            assert not misfits(shapes.of(event.step), dict(Document(simulator.workflow, state, event.scope)))
        state = evolve(state, event)
