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
    return _chosen(visit, branch, trial.tried, is_one_variable=True)


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


def _chosen(visit: Visit, branch: str, rules: list[Rule], *, is_one_variable: bool = False) -> tuple[Event, ...]:
    """Returns the visit with what was compared; with `is_one_variable` the rules differ in their values alone."""
    shown = _Shown(visit)
    if is_one_variable:
        compared = [shown.value(rule.value, f"/input/0/compared_with/{at}") for at, rule in enumerate(rules)]
        input_: list[Json] = [{**shown.rule(rules[0], "/input/0"), "compared_with": compared}] if rules else []
    else:
        input_ = [
            {**shown.rule(rule, f"/input/{at}"), "compared_with": shown.value(rule.value, f"/input/{at}/compared_with")}
            for at, rule in enumerate(rules)
        ]
    output = {"branch": branch}
    return (Computed(**visit.common(), branch=branch, input=input_, output=output, secret=tuple(shown.secret)),)


class _Shown:
    """What a log shows of rules. `secret` are the pointers of values that were made of something secret."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._evaluation = visit.evaluation("shown")
        self.secret: list[str] = []

    def rule(self, rule: Rule, pointer: str) -> dict[str, Json]:
        """Returns the variable of a rule, as it is written and as it was evaluated, and the operator."""
        value = self.value(rule.variable, f"{pointer}/value")
        return {"variable": rule.variable.value, "value": value, "operator": rule.operator}

    def value(self, compared: Template | Rule, pointer: str) -> Json:
        """Returns a value that was compared; of `Not` the rule that it negates, whose variable is shown already."""
        if isinstance(compared, Rule):
            return {
                "operator": compared.operator,
                "compared_with": self.value(compared.value, f"{pointer}/compared_with"),
            }
        if reads_secret(compared, self._visit.state, self._visit.address.scope):
            self.secret.append(pointer)
        value = compared.evaluate(self._evaluation)
        if reason := oversize(value, _SHOWN_BYTES, self._visit.limits):
            return f"(a value that {reason})"
        return value
