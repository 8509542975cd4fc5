"""`conditional`, `branchConditional` and `advancedConditional`: which exit the data take."""

from collections.abc import Iterable

from looply.definition import (
    AdvancedConditionalSettings,
    BranchConditionalSettings,
    ConditionalSettings,
    Rule,
)
from looply.execution.evaluation import secrets_of
from looply.execution.events import Computed, Event
from looply.execution.steps.visit import Visit
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
    return _chosen(visit, branch, trial, trial.tried)


def enter_branch_conditional(visit: Visit) -> tuple[Event, ...]:
    """Takes the first branch whose value fits the variable, else `else`."""
    settings = visit.step.settings
    assert isinstance(settings, BranchConditionalSettings)
    trial = _Trial(visit)
    branch = next((branch.id for branch in settings.branches if trial.all_hold((branch.rule,))), ELSE)
    return _chosen(visit, branch, trial, trial.tried[:1])


def enter_advanced_conditional(visit: Visit) -> tuple[Event, ...]:
    """Takes the first branch of which any group holds as a whole, else `else`."""
    settings = visit.step.settings
    assert isinstance(settings, AdvancedConditionalSettings)
    trial = _Trial(visit)
    found = (branch.id for branch in settings.branches if any(trial.all_hold(group) for group in branch.groups))
    return _chosen(visit, next(found, ELSE), trial, trial.tried)


class _Trial:
    """Tries rules up to the first that decides, and keeps those that were tried: only they are shown."""

    def __init__(self, visit: Visit) -> None:
        self._evaluation = visit.evaluation()
        # By the identity of the template: the branches of one variable share its value.
        self._values: dict[int, tuple[bool, Json]] = {}
        self.tried: list[Rule] = []

    def all_hold(self, rules: Iterable[Rule]) -> bool:
        for rule in rules:
            self.tried.append(rule)
            if not rule.holds_for(self._evaluation, *self._looked_up(rule)):
                return False
        return True

    def value(self, rule: Rule) -> Json:
        """Returns the value of the variable of a rule that was tried."""
        return self._looked_up(rule)[1]

    def _looked_up(self, rule: Rule) -> tuple[bool, Json]:
        key = id(rule.variable)
        if key not in self._values:
            self._values[key] = rule.variable.lookup(self._evaluation)
        return self._values[key]


def _chosen(visit: Visit, branch: str, trial: _Trial, rules: list[Rule]) -> tuple[Event, ...]:
    secrets = secrets_of(visit.state, visit.address.scope)
    shown: list[Json] = []
    secret: list[str] = []
    for rule in rules:
        if secrets.are_read_by(rule.variable):
            secret.append(f"/input/{len(shown)}/value")
        value = trial.value(rule)
        if reason := oversize(value, _SHOWN_BYTES, visit.limits):
            value = f"(a value that {reason})"
        shown.append({"variable": rule.variable.value, "value": value})
    return (Computed(**visit.common(), branch=branch, input=shown, output={"branch": branch}, secret=tuple(secret)),)
