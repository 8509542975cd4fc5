"""Compiles a definition for the sake of one step, also while other steps have errors."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from looply.definition.compile import compile_definition
from looply.definition.graph.model import START, Region, Workflow
from looply.definition.graph.outline import Outline, StepOutline, read_outline
from looply.definition.graph.regions import find_regions, has_type
from looply.errors import DefinitionError, Problem, Refused
from looply.jsontext import Json
from looply.limits import Limits

_AT: Final = 1
"""The index of the step in a definition that was made for it."""


class StepAlone(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow in which a step can be visited, and the branches and bodies that enclose the step in its definition.

    `bodies` are the steps among these whose exit is the body of a `forEach`.
    """

    workflow: Workflow
    region: Region
    bodies: frozenset[str]


def compile_for_step(document: dict[str, Json], step_id: str, limits: Limits) -> StepAlone:
    """Returns the workflow of a definition; one with the step alone where other steps have errors.

    Raises: Refused (code `NO_STEP`) when there is no such step; (code `NOT_TRIABLE`) for the start; DefinitionError
    with the errors of the step itself.
    """
    outline = read_outline(document)
    step = outline.by_id.get(step_id)
    if step is None:
        raise Refused.at("/step_id", f"there is no step {step_id[:80]!r}", code="NO_STEP")
    if step_id == START:
        raise Refused.at("/step_id", "the start is not tried; trigger the workflow", code="NOT_TRIABLE")
    region = find_regions(outline).regions.get(step_id) or ()
    bodies = frozenset(owner for owner, _ in region if has_type(outline.by_id[owner], "forEach"))
    return StepAlone(workflow=_workflow(document, outline, step, limits), region=region, bodies=bodies)


def _workflow(document: dict[str, Json], outline: Outline, step: StepOutline, limits: Limits) -> Workflow:
    try:
        return compile_definition(document, limits)
    except DefinitionError as error:
        own = [problem for problem in error.problems if _is_of(problem, step.path)]
    if own:
        raise _error(own)
    try:
        return compile_definition(_alone(document, outline, step), limits)
    except DefinitionError as error:
        raise _error(_moved(error.problems, step.path)) from error


def _is_of(problem: Problem, path: str) -> bool:
    return problem.path == path or problem.path.startswith(f"{path}/")


def _error(problems: list[Problem]) -> DefinitionError:
    first = problems[0]
    return DefinitionError(f"the step cannot be tried: {first.path}: {first.message}", problems=tuple(problems))


def _moved(problems: Iterable[Problem], path: str) -> list[Problem]:
    """Returns problems with the paths of the author's own definition."""
    own = f"/workflow_steps/{_AT}"
    return [
        msgspec.structs.replace(problem, path=path + problem.path.removeprefix(own) if _is_of(problem, own) else path)
        for problem in problems
    ]


def _alone(document: dict[str, Json], outline: Outline, step: StepOutline) -> dict[str, Json]:
    """Returns a definition of the step alone, with what its own settings need."""
    start = {"id": START, "type": "trigger", "settings": {"trigger_type": "REQUEST"}}
    steps: list[Any] = [start, step.raw]
    edges: list[Any] = [{"from": START, "to": step.id}]
    for named in _needed(outline, step):
        steps.append(named.raw)
        if not has_type(step, "redirect"):
            # What it names comes before it: the cards that it changes, the branches that meet here.
            exits = [name for name in named.exits if name != "error"] if has_type(step, "join") else ["next"]
            edges = [{"from": START, "to": named.id}]
            edges += [{"from": named.id, "to": step.id, "branch": name} for name in exits]
    if any(edge.source == step.id and edge.branch == "error" for edge in outline.edges):
        ending = "ending_of_the_try"
        steps.append({"id": ending, "type": "terminate", "settings": {}})
        edges.append({"from": step.id, "to": ending, "branch": "error"})
    settings = document.get("workflow_settings")
    zone = settings.get("timezone") if isinstance(settings, dict) else None
    made: dict[str, Json] = {"workflow_name": "Try", "workflow_steps": steps, "workflow_connections": edges}
    return {**made, "workflow_settings": {"timezone": zone}} if isinstance(zone, str) else made


def _needed(outline: Outline, step: StepOutline) -> Iterator[StepOutline]:
    """Yields the steps that the settings of a step name."""
    names = (step.settings.get(setting) for setting in ("target", "of"))
    for name in names:
        found = outline.by_id.get(name) if isinstance(name, str) else None
        if found is not None and found.id not in (START, step.id):
            yield found
