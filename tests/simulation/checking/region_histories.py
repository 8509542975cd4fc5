"""Queries of histories with branches, iterations and other versions: positions and names of visits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from simulation.checking.checkers import Event
from simulation.running.trace import Line, Trace

STARTS = ("StepScheduled", "WaitOpened", "CardWanted", "TimerStarted", "Computed", "ChildStarted", "ScopeOpened")
ENTERS = (*STARTS, "ScopeEntered")

Place = tuple[str, int]
"""A step with its scope, and its visit."""


def place_of(event: Event) -> Place:
    """Returns the visit of an event."""
    return qualified(event, event.get("step", "")), event.get("visit", 1)


def qualified(event: Event, step: str) -> str:
    """Returns a step with the scope of an event."""
    return f"{event['scope']}/{step}" if event.get("scope") else step


def is_within(scope: str, outer: str) -> bool:
    """Returns whether a scope equals another one or lies in it; all lie in the empty one."""
    return not outer or scope == outer or scope.startswith(f"{outer}/")


def kinds_of(trace: Trace, execution: str) -> dict[str, str]:
    """Returns the type of each step by its id."""
    return {step["id"]: step["type"] for step in document_of(trace, execution)["workflow_steps"]}


def document_of(trace: Trace, execution: str) -> Mapping[str, Any]:
    """Returns the steps that an execution may have visited; of a migrated one those of both versions."""
    workflow_id = trace.heads[execution]["workflow_id"]
    first = trace.definitions.get(workflow_id, {"workflow_steps": []})
    if workflow_id not in trace.versions or not any(one["type"] == "Migrated" for one in trace.histories[execution]):
        return first
    second, _ = trace.versions[workflow_id]
    names = {one["id"] for one in second["workflow_steps"]}
    older = [one for one in first["workflow_steps"] if one["id"] not in names]
    return {**second, "workflow_steps": [*second["workflow_steps"], *older]}


def under_current_names(trace: Trace) -> Trace:
    """Returns the run with the current name of each visit that was open when its step was renamed.

    A visit that had ended by then keeps the name that it had.
    """
    found = {key: renamed_visits(history) for key, history in trace.histories.items()}
    if not any(found.values()):
        return trace
    histories = {key: [_renamed(one, found[key]) for one in history] for key, history in trace.histories.items()}
    lines = [_renamed_line(line, found.get(line.execution, {})) for line in trace.lines]
    return replace(trace, histories=histories, lines=lines)


def renamed_visits(history: Sequence[Event]) -> dict[Place, Place]:
    """Returns the new names of visits that were open when their step was renamed."""
    current: dict[str, Place] = {}
    found: dict[Place, Place] = {}
    for event in history:
        scope = event.get("scope", "")
        if event["type"] in (*STARTS, "StepFailed") and event.get("step"):
            current[scope] = event["step"], event.get("visit", 1)
        elif event["type"] == "ScopeClosed":
            current.pop(event["scope"], None)
        elif event["type"] in ("Moved", "Cancelled"):
            over = event.get("scopes", ()) or (scope,)
            current = {one: place for one, place in current.items() if not any(is_within(one, each) for each in over)}
        elif event["type"] == "Migrated":
            for inner, (step, visit) in current.items():
                name = event.get("steps", {}).get(step, step)
                if name != step:
                    prefix = f"{inner}/" if inner else ""
                    found[f"{prefix}{step}", visit] = f"{prefix}{name}", visit
    return found


def _renamed(event: dict[str, Any], names: Mapping[Place, Place]) -> dict[str, Any]:
    if "step" not in event or (now := names.get(place_of(event))) is None:
        return event
    return {**event, "step": now[0].rpartition("/")[2]}


def _renamed_line(line: Line, names: Mapping[Place, Place]) -> Line:
    text, _, visit = line.key.removeprefix(f"{line.execution}:").rpartition(":")
    now = names.get((text, int(visit)))
    if now is None:
        return line
    return replace(line, key=f"{line.execution}:{now[0]}:{now[1]}", step=now[0].rpartition("/")[2])
