"""`conditional`, `branchConditional` and `advancedConditional`: which exit the data take."""

from collections.abc import Iterable

from looply.definition import (
    AdvancedConditionalSettings,
    BranchConditionalSettings,
    ConditionalSettings,
    Rule,
)
from looply.execution.evaluation import reads_secret
from looply.execution.events import Computed, Event
from looply.execution.steps.visit import Visit
from looply.expressions import Template
from looply.jsontext import Json, oversize

ELSE = "else"

_SHOWN_BYTES = 2048
"""A variable of more bytes is not kept in the history of the step that looked at it."""


def enter_conditional(visit: Visit) -> tuple[Event, ...]:
    """Takes `yes` when every rule holds, else `no`."""
    settings = visit.step.settings
    assert isinstance(settings, ConditionalSettings)
    trial = _Trial(visit)
    branch = "yes" if trial.all_hold(settings.rules) else "no"
    return _chosen(visit, branch, trial.tried)


def enter_branch_conditional(visit: Visit) -> tuple[Event, ...]:
    """Takes the first branch whose value fits the variable, else `else`."""
    settings = visit.step.settings
    assert isinstance(settings, BranchConditionalSettings)
    trial = _Trial(visit)
    branch = next((branch.id for branch in settings.branches if trial.all_hold((branch.rule,))), ELSE)
    return _chosen(visit, branch, trial.tried[:1])


def enter_advanced_conditional(visit: Visit) -> tuple[Event, ...]:
    """Takes the first branch of which any group holds as a whole, else `else`."""
    settings = visit.step.settings
    assert isinstance(settings, AdvancedConditionalSettings)
    trial = _Trial(visit)
    found = (branch.id for branch in settings.branches if any(trial.all_hold(group) for group in branch.groups))
    return _chosen(visit, next(found, ELSE), trial.tried)


class _Trial:
    """Tries rules up to the first that decides, and keeps those that were tried: only they are shown."""

    def __init__(self, visit: Visit) -> None:
        self._evaluation = visit.evaluation()
        self.tried: list[Rule] = []

    def all_hold(self, rules: Iterable[Rule]) -> bool:
        for rule in rules:
            self.tried.append(rule)
            if not rule.holds(self._evaluation):
                return False
        return True


def _chosen(visit: Visit, branch: str, rules: list[Rule]) -> tuple[Event, ...]:
    evaluation = visit.evaluation("shown")
    shown: list[Json] = []
    secret: list[str] = []
    for rule in rules:
        variable: Template = rule.variable
        if reads_secret(variable, visit.state, visit.address.scope):
            secret.append(f"/input/{len(shown)}/value")
        value = variable.evaluate(evaluation)
        if reason := oversize(value, _SHOWN_BYTES, visit.limits):
            value = f"(a value that {reason})"
        shown.append({"variable": variable.value, "value": value})
    return (Computed(**visit.common(), branch=branch, input=shown, output={"branch": branch}, secret=tuple(secret)),)
