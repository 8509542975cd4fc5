"""Whether an execution can go on with another version: each step where it stands must be there, by some name."""

from collections.abc import Iterator, Mapping

from looply.definition import Workflow
from looply.errors import Problem
from looply.execution.document import region_of
from looply.execution.state import ExecutionState

_LIVE = ("OPEN", "RETRY")
"""Phases of a path whose visit goes on as it began, so that the step must be of the same type."""


def renamed_steps(steps: Mapping[str, str]) -> dict[str, str]:
    """Returns the steps that have another name now."""
    return {old: new for old, new in steps.items() if old != new}


def unfit_steps(
    workflow: Workflow, target: Workflow, state: ExecutionState, steps: Mapping[str, str]
) -> tuple[Problem, ...]:
    """Returns why the execution cannot go on with `target`; empty when it can. `steps` are new names by old ones."""
    return tuple(dict.fromkeys((*_wrong_names(workflow, target, steps), *_homeless(workflow, target, state, steps))))


def _wrong_names(workflow: Workflow, target: Workflow, steps: Mapping[str, str]) -> Iterator[Problem]:
    for old, new in steps.items():
        if old not in workflow.steps:
            yield Problem(path=f"/mapping/{old}", message=f"the version of today has no step '{old}'")
        elif new not in target.steps:
            yield Problem(path=f"/mapping/{old}", message=f"the version to come has no step '{new}'")
    names = [new for old, new in steps.items() if old in workflow.steps]
    for new in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield Problem(path="/mapping", message=f"several steps are to be called '{new}'")


def _homeless(
    workflow: Workflow, target: Workflow, state: ExecutionState, steps: Mapping[str, str]
) -> Iterator[Problem]:
    for path in state.paths:
        if path.step == workflow.start:
            continue
        new = steps.get(path.step, path.step)
        if new not in target.steps:
            yield Problem(
                path=f"/mapping/{path.step}",
                message=f"the execution stands at '{path.step}', which the version to come does not have",
                hint=f'say which step takes its place: {{"{path.step}": "..."}}',
            )
        elif path.phase in _LIVE and target.steps[new].type != workflow.steps[path.step].type:
            before, after = workflow.steps[path.step].type, target.steps[new].type
            yield Problem(
                path=f"/mapping/{path.step}",
                message=f"'{path.step}' is open as {before}, and '{new}' of the version to come is {after}",
                hint="choose a step of the same type, or move the execution to another step",
            )
        elif target.region(new) != region_of(state, path.scope):
            yield Problem(
                path=f"/mapping/{path.step}",
                message=f"'{new}' of the version to come does not lie in the branch or body where the execution stands",
            )
    yield from _in_regions(workflow, target, state, steps)


def _in_regions(
    workflow: Workflow, target: Workflow, state: ExecutionState, steps: Mapping[str, str]
) -> Iterator[Problem]:
    """What runs side by side goes on under the names that it began with."""
    open_regions = {region.step: region.branches for region in state.regions.values()}
    for old in renamed_steps(steps):
        if open_regions and old in workflow.steps and (old in open_regions or workflow.region(old)):
            message = f"'{old}' belongs to branches or iterations that are open; it must keep its name until they end"
            yield Problem(path=f"/mapping/{old}", message=message)
    for step, branches in open_regions.items():
        settings = target.steps[step].settings if step in target.steps else None
        there = {branch.id for branch in getattr(settings, "branches", ())}
        if missing := [branch for branch in branches if branch not in there]:
            message = f"the branches {', '.join(missing)} of '{step}' are open, and the version to come has none such"
            yield Problem(path=f"/mapping/{step}", message=message)
