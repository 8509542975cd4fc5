"""Overrides: the approvals that an operator's command would decide or bypass; it needs the permission to override.

Theory of operation. Only the approvers of an approval choose its exits. A command overrides them when it gives the step
an output, moves its path, edits its output, or moves a path past an approval that was ahead of it. Whether an approval
is ahead of a step follows from the graph of the version. Loops make this ambiguous, so that a move is checked twice:
can the approval be reached from the target without coming back first, and can the target be reached without the
approval. In doubt the command needs the permission.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from looply.definition import EACH, Workflow
from looply.errors import Problem
from looply.execution.facts.commands import Answer, Declined, OperatorCommand, Unfit
from looply.execution.facts.state import ExecutionState

_APPROVAL: Final = "approval"


def refusal(command: OperatorCommand, approvals: tuple[str, ...]) -> Answer | None:
    """Returns the refusal of a command that overrides these approvals, None when it is allowed."""
    if not approvals:
        return None
    names = ", ".join(f"'{name}'" for name in approvals)
    if not command.may_override:
        message = f"only its approvers decide about the approval {names}; to override it takes the scope `override`"
        return Answer(Declined(code="OVERRIDE_NEEDED", message=message))
    if not command.reason.strip():
        message = f"say why the approval {names} is overridden; the reason is recorded with the decision"
        return Answer(Unfit(problems=(Problem(path="/reason", message=message),)))
    return None


def move_overrides(workflow: Workflow, step: str, target: str, asking: Collection[str] = ()) -> tuple[str, ...]:
    """Returns the approvals that a path at `step` would bypass by a move to `target`.

    `asking` are `subworkflow` steps that count as approvals, because approvers are asked in their children.
    """
    graph = _Graph(workflow, asking)
    return tuple(name for name in graph.approvals if graph.is_bypassed(name, step, target))


def skip_overrides(workflow: Workflow, step: str, branch: str, asking: Collection[str] = ()) -> tuple[str, ...]:
    """Returns the approvals that an operator decides or bypasses by completing a step with an exit."""
    graph = _Graph(workflow, asking)
    if step in graph.approvals:
        return (step,)
    inner = graph.inside(step)
    target = workflow.next(step, branch)
    if target is None or workflow.steps[target].type == "terminate":
        return inner  # no step follows that an approval could guard
    ahead = graph.reach(graph.successors(step, errors=False))
    beside = (name for name in graph.approvals if name in ahead and graph.is_bypassed(name, step, target))
    return tuple(dict.fromkeys((*inner, *beside)))


def edit_overrides(workflow: Workflow, parts: Iterable[str], asking: Collection[str] = ()) -> tuple[str, ...]:
    """Returns the approvals whose output an edit of these parts of the document changes.

    It changes them directly, or as part of a collected output.
    """
    graph = _Graph(workflow, asking)
    touched = {name for part in parts if part in workflow.steps for name in (part, *graph.inside(part))}
    return tuple(name for name in graph.approvals if name in touched)


def migration_overrides(
    workflow: Workflow,
    target: Workflow,
    state: ExecutionState,
    steps: Mapping[str, str],
    asking: Collection[str] = (),
) -> tuple[str, ...]:
    """Returns the open and future approvals of the current version that a migration to `target` would bypass.

    `steps` are new names of steps by their old ones.
    """
    still = [steps.get(name, name) for name in asking]
    before = _Graph(workflow, asking)
    after = _Graph(
        target, [name for name in still if name in target.steps and target.steps[name].type == "subworkflow"]
    )
    found: dict[str, None] = {}
    for step in dict.fromkeys(path.step for path in state.paths):
        new = steps.get(step, step)
        ahead, met = before.reach((step,)), after.reach((new,))
        for name in before.approvals:
            now = steps.get(name, name)
            if name in ahead and not (now in after.approvals and now in met):
                found[name] = None
        if new != step and step in target.steps:
            found.update(dict.fromkeys(move_overrides(target, step, new)))
    return tuple(found)


class _Graph:
    """The graph of the steps of a version, with redirects and the exits of `forEach` bodies."""

    def __init__(self, workflow: Workflow, asking: Collection[str] = ()) -> None:
        self._workflow = workflow
        self.approvals = tuple(
            name for name, step in workflow.steps.items() if step.type == _APPROVAL or name in asking
        )
        self._ways: dict[str, list[tuple[str, str]]] = {name: [] for name in workflow.steps}
        for (source, exit_), target in workflow.edges.items():
            self._ways[source].append((exit_, target))
        for name, step in workflow.steps.items():
            after_bodies = [workflow.next(around) for around, exit_ in workflow.region(name) if exit_ == EACH]
            redirected = [workflow.next(name)] if step.type == "redirect" else []
            self._ways[name] += [("next", following) for following in (*redirected, *after_bodies) if following]

    def successors(self, step: str, *, errors: bool = True) -> tuple[str, ...]:
        """Returns the steps that may follow a step directly; without `errors` those that follow a success."""
        return tuple(target for exit_, target in self._ways[step] if errors or exit_ != "error")

    def reach(self, starts: Iterable[str], avoiding: str = "") -> frozenset[str]:
        """Returns the steps that can be reached without passing `avoiding`, including the starts."""
        pending = [step for step in starts if step != avoiding]
        found = set(pending)
        while pending:
            following = [step for step in self.successors(pending.pop()) if step != avoiding and step not in found]
            found.update(following)
            pending.extend(following)
        return frozenset(found)

    def inside(self, step: str) -> tuple[str, ...]:
        """Returns the approvals in the branches or the body of a step."""
        return tuple(
            name for name in self.approvals if any(around == step for around, _ in self._workflow.region(name))
        )

    def is_bypassed(self, approval: str, step: str, target: str) -> bool:
        """Returns whether a move of a path from `step` to `target` bypasses an approval that was ahead of it."""
        if target == approval or (step != approval and approval not in self.reach(self.successors(step))):
            return False
        if target not in self.reach(self.successors(approval)):
            return approval not in self.reach((target,))
        is_before = target in self.reach((step,), avoiding=approval)
        return step == approval or not is_before or approval not in self.reach((target,), avoiding=step)
