"""The current core folds every recorded history to the state that was recorded with it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest

import looply
from golden.recording.record import HISTORIES, SCENARIOS, summary
from looply.definition.schemas.step_types import STEP_TYPES, exits_of
from looply.execution import ExecutionState, fold
from looply.execution.facts.commands import Command, Continue, RepairCommand, RepairRows
from looply.execution.facts.events import Event, EventBase, ExecutionClosed
from looply.execution.facts.state import Status, WaitEnd

FILES = sorted(HISTORIES.glob("*.json"))
NOT_YET_MADE: set[type] = set()
"""Events that the core can fold and no command makes."""


class Recorded(msgspec.Struct):
    """One file: the state in summary, and the events."""

    summary: dict[str, object]
    history: list[Event]


@cache
def read(path: Path) -> Recorded:
    return msgspec.json.decode(path.read_bytes(), type=Recorded)


def all_events() -> Iterator[Event]:
    for path in FILES:
        yield from read(path).history


def all_states() -> Iterator[ExecutionState]:
    for path in FILES:
        yield fold(read(path).history)


@cache
def sources() -> str:
    return "\n".join(path.read_text() for path in Path(looply.__file__).parent.rglob("*.py"))


def is_made(kind: type) -> bool:
    """Returns whether the code of this release makes such an event."""
    return re.search(rf"\b{kind.__name__}\(\s*(at=|\*\*)", sources()) is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recorded_history_folds_to_its_recorded_state(path: Path) -> None:
    recorded = read(path)
    assert summary(fold(recorded.history)) == recorded.summary


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recorded_history_is_written_again_as_it_was(path: Path) -> None:
    written = msgspec.json.decode(path.read_bytes())["history"]
    assert msgspec.json.decode(msgspec.json.encode(read(path).history)) == written


def test_each_scenario_is_recorded() -> None:
    assert {scenario.__name__ for scenario in SCENARIOS} <= {path.stem for path in FILES}


def test_each_kind_of_event_that_this_release_makes_is_in_a_recorded_history() -> None:
    assert {kind for kind in NOT_YET_MADE if is_made(kind)} == set()
    assert is_made(type(next(all_events())))
    assert set(get_args(Event)) - {type(event) for event in all_events()} == NOT_YET_MADE


@pytest.mark.parametrize("kind", sorted(set(get_args(Event)) - NOT_YET_MADE, key=str), ids=lambda kind: kind.__name__)
def test_each_literal_of_an_event_is_in_a_recorded_history(kind: type) -> None:
    events = [event for event in all_events() if type(event) is kind]
    shared = get_type_hints(EventBase)
    for name, hint in get_type_hints(kind).items():
        if get_origin(hint) is Literal and name not in shared:
            assert {getattr(event, name) for event in events} == set(get_args(hint)), name


def test_each_literal_of_all_events_is_in_a_recorded_history() -> None:
    for name, hint in get_type_hints(EventBase).items():
        if get_origin(hint) is Literal:
            assert {getattr(event, name) for event in all_events()} == set(get_args(hint)), name


def test_each_status_and_each_end_of_a_wait_is_in_a_recorded_history() -> None:
    states = list(all_states())
    assert {state.status for state in states} == set(get_args(Status))
    assert {wait.how for state in states for wait in state.settled.values()} == set(get_args(WaitEnd))


def test_each_way_to_end_is_in_a_recorded_history() -> None:
    closings = [event for event in all_events() if isinstance(event, ExecutionClosed)]
    ends = {(event.status, "by a step" if event.step else "by a call") for event in closings}
    assert ends == {("COMPLETED", "by a step"), ("FAILED", "by a step"), ("TERMINATED", "by a call")}
    assert {bool(event.reason) for event in closings if event.status == "COMPLETED"} == {True, False}
    resting = {incident.kind for state in all_states() for incident in state.incidents.values()}
    assert resting == {"FAILED", "UNKNOWN", "TIMEOUT", "LIMIT", "POISON"}


def test_each_exit_of_each_type_of_step_is_taken_in_a_recorded_history() -> None:
    taken: set[tuple[str, str]] = set()
    expected: set[tuple[str, str]] = set()
    for scenario in SCENARIOS:
        simulator = scenario()
        for event in simulator.history:
            step = simulator.workflow.steps.get(getattr(event, "step", ""))
            if step is not None and (exit_ := _exit_of(event)):
                branches = {branch.id for branch in getattr(step.settings, "branches", ())}
                taken.add((step.type, "BRANCH" if exit_ in branches else exit_))
    for step_type in STEP_TYPES.values():
        if step_type.name not in ("trigger", "terminate"):
            expected |= {(step_type.name, exit_) for exit_ in exits_of(step_type, {})}
            expected |= {(step_type.name, "BRANCH")} if step_type.has_branches else set()
    assert expected - taken == set()


def test_each_command_moves_an_execution_of_a_recorded_history() -> None:
    moved = {type(command) for scenario in SCENARIOS for command, _ in scenario().moved_by}
    # The simulator itself continues a stretch that was cut, and a repair of rows moves no execution.
    assert set(get_args(Command)) - moved == {Continue, RepairRows}


def test_each_repair_is_done_while_branches_or_iterations_are_open_in_a_recorded_history() -> None:
    moved = {type(command) for scenario in SCENARIOS for command, is_within in scenario().moved_by if is_within}
    assert set(get_args(RepairCommand)) <= moved


def _exit_of(event: Any) -> str:
    """Returns the exit by which an event leaves its step, or an empty text."""
    match type(event).__name__:
        case "ErrorCaught":
            return "error"
        case "WaitTimedOut":
            return "timeout"
        case "ScopeOpened":
            return next(iter(event.branches), "")
        case "ScopeEntered":
            return "each"
    return str(getattr(event, "branch", ""))


def test_each_type_of_step_is_visited_in_a_recorded_history() -> None:
    visited = set()
    for scenario in SCENARIOS:
        simulator = scenario()
        # A redrive may have given a step another name.
        steps = (simulator.workflow.steps.get(name.rpartition("/")[2]) for name in simulator.state.visits)
        visited |= {step.type for step in steps if step is not None}
    assert STEP_TYPES.keys() == visited


def test_a_history_does_not_depend_on_the_order_of_hashes() -> None:
    texts = {_printed(seed) for seed in ("1", "2")}
    assert len(texts) == 1


def _printed(seed: str) -> bytes:
    script = Path(__file__).parent / "recording" / "record.py"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, str(script), "--print"], capture_output=True, env=environment, check=True)
    return done.stdout
