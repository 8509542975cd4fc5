"""Whether an execution can go on with another version: each step where it stands must be there, by some name."""

from collections.abc import Iterator, Mapping

from looply.definition import Workflow
from looply.errors import Problem
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
