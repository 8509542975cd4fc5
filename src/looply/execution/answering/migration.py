"""Whether an execution can migrate to another version: that must have each of its current steps, under some name."""

from collections.abc import Iterator, Mapping

from looply.definition import Workflow
from looply.errors import Problem
from looply.execution.document.document import region_of, scope_of_step
from looply.execution.facts.state import ExecutionState, Path

_LIVE = ("OPEN", "RETRY")
"""Phases in which a visit continues on the new version, so that the step must be of the same type."""


def find_renames(steps: Mapping[str, str]) -> dict[str, str]:
    """Returns the steps whose names differ, new by old."""
    return {old: new for old, new in steps.items() if old != new}


def migration_problems(
    workflow: Workflow, target: Workflow, state: ExecutionState, steps: Mapping[str, str]
) -> tuple[Problem, ...]:
    """Returns why the execution cannot migrate to `target`; empty when it can. `steps` are new names by old ones."""
    problems = (
        *_name_problems(workflow, target, steps),
        *_region_problems(workflow, target, state, steps),
        *_misplaced_paths(workflow, target, state, steps),
    )
    return tuple(dict.fromkeys(problems))


def mapping_choices(
    workflow: Workflow, target: Workflow, state: ExecutionState, steps: Mapping[str, str]
) -> Mapping[str, tuple[str, ...]]:
    """Returns the steps of `target` to which each misplaced current step could be mapped; empty when no mapping helps.

    `steps` are new names by old ones that are given already. A step that is open has only choices of its type, every
    step only those of its own branch or body, in document order.
    """
    choices: dict[str, tuple[str, ...]] = {}
    tried = dict(steps)
    for path in state.paths:
        if not any(_misplacement(workflow, target, state, steps, path)):
            continue
        others = {new for old, new in tried.items() if old != path.step}
        found = tuple(
            name
            for name in choices.get(path.step, tuple(target.steps))
            if name not in (target.start, *others) and _fits(workflow, target, state, path, name)
        )
        if not found:
            return {}
        choices[path.step] = found
        tried[path.step] = found[0]
    return choices if choices and not migration_problems(workflow, target, state, tried) else {}


def rename_future_waits(
    workflow: Workflow, target: Workflow, state: ExecutionState, steps: Mapping[str, str]
) -> dict[str, str]:
    """Returns the new scope and step of renamed waits that no visit has reached, by the old ones.

    An earlier step may have handed out a token of such a wait already. Keys and values are `scope/step`.
    """
    found = {}
    for old, new in find_renames(steps).items():
        if old not in workflow.waiting_steps:
            continue
        for scope in ("", *state.frames):
            before = scope_of_step(workflow, state, scope, old)
            after = scope_of_step(target, state, scope, new)
            if before and after and f"{before}/{old}" not in state.visits:
                found[f"{before}/{old}"] = f"{after}/{new}"
    return found


def _name_problems(workflow: Workflow, target: Workflow, steps: Mapping[str, str]) -> Iterator[Problem]:
    for old, new in steps.items():
        if old not in workflow.steps:
            yield Problem(path=f"/mapping/{old}", message=f"the current version has no step '{old}'")
        elif new not in target.steps:
            yield Problem(path=f"/mapping/{old}", message=f"the new version has no step '{new}'")
    names = [new for old, new in steps.items() if old in workflow.steps]
    for new in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield Problem(path="/mapping", message=f"several steps would be renamed to '{new}'")


def _misplaced_paths(
    workflow: Workflow, target: Workflow, state: ExecutionState, steps: Mapping[str, str]
) -> Iterator[Problem]:
    for path in state.paths:
        yield from _misplacement(workflow, target, state, steps, path)


def _misplacement(
    workflow: Workflow, target: Workflow, state: ExecutionState, steps: Mapping[str, str], path: Path
) -> Iterator[Problem]:
    """Yields why a path cannot continue at the new name of its step."""
    if path.step == workflow.start:
        return
    new = steps.get(path.step, path.step)
    if new not in target.steps:
        yield Problem(
            path=f"/mapping/{path.step}",
            message=f"a path of the execution is at '{path.step}', which the new version does not have",
            hint=f'map it to a step of the new version: {{"{path.step}": "..."}}',
        )
    elif path.phase in _LIVE and target.steps[new].type != workflow.steps[path.step].type:
        before, after = workflow.steps[path.step].type, target.steps[new].type
        yield Problem(
            path=f"/mapping/{path.step}",
            message=f"'{path.step}' is open as {before}, and '{new}' of the new version is {after}",
            hint="choose a step of the same type, or move the execution to another step",
        )
    elif target.region(new) != region_of(state, path.scope):
        yield Problem(
            path=f"/mapping/{path.step}",
            message=f"'{new}' of the new version is not in the branch or body of the path",
        )


def _fits(workflow: Workflow, target: Workflow, state: ExecutionState, path: Path, name: str) -> bool:
    """Returns whether a path can continue at a step of `target`."""
    return not any(_misplacement(workflow, target, state, {path.step: name}, path))


def _region_problems(
    workflow: Workflow, target: Workflow, state: ExecutionState, steps: Mapping[str, str]
) -> Iterator[Problem]:
    """Open regions keep their names, which are part of scopes, and the steps in them stay in them."""
    open_regions = {region.step: region.branches for region in state.regions.values()}
    for old, new in find_renames(steps).items():
        if old in open_regions:
            message = f"'{old}' has branches or iterations that are open; it must keep its name until they end"
            yield Problem(path=f"/mapping/{old}", message=message)
        elif any(step in open_regions for step, _ in workflow.region(old)) and new in target.steps:
            region = tuple((steps.get(step, step), exit_) for step, exit_ in workflow.region(old))
            if target.region(new) != region:
                message = f"'{new}' of the new version is not in the same open branch or body as '{old}'"
                yield Problem(path=f"/mapping/{old}", message=message)
    for step, branches in open_regions.items():
        settings = target.steps[step].settings if step in target.steps else None
        there = {branch.id for branch in getattr(settings, "branches", ())}
        if missing := [branch for branch in branches if branch not in there]:
            message = f"the branches {', '.join(missing)} of '{step}' are open, and the new version does not have them"
            yield Problem(path=f"/mapping/{step}", message=message)
