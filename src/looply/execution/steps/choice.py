"""`conditional`, `branchConditional` and `advancedConditional`: choose an exit by the data."""

from collections.abc import Iterable

from looply.definition import (
    AdvancedConditionalSettings,
    BranchConditionalSettings,
    ConditionalSettings,
    Rule,
)
from looply.execution.document.evaluation import secrets_of
from looply.execution.facts.events import Computed, Event
from looply.execution.steps.visit import Visit
from looply.expressions import Template
from looply.jsontext import Json, size_problem

ELSE = "else"

_SHOWN_BYTES = 2048
"""A larger value of a rule is not recorded in the history."""


def enter_conditional(visit: Visit) -> tuple[Event, ...]:
    """Takes `yes` when every rule holds, else `no`."""
    settings = visit.step.settings
    assert isinstance(settings, ConditionalSettings)
    evaluator = _RuleEvaluator(visit)
    branch = "yes" if evaluator.all_hold(settings.rules) else "no"
    return _computed(visit, branch, evaluator)


def enter_branch_conditional(visit: Visit) -> tuple[Event, ...]:
    """Takes the first branch whose value fits the variable, else `else`."""
    settings = visit.step.settings
    assert isinstance(settings, BranchConditionalSettings)
    evaluator = _RuleEvaluator(visit)
    branch = next((branch.id for branch in settings.branches if evaluator.all_hold((branch.rule,))), ELSE)
    return _computed(visit, branch, evaluator, is_one_variable=True)


def enter_advanced_conditional(visit: Visit) -> tuple[Event, ...]:
    """Takes the first branch with a group whose rules all hold, else `else`."""
    settings = visit.step.settings
    assert isinstance(settings, AdvancedConditionalSettings)
    evaluator = _RuleEvaluator(visit)
    found = (branch.id for branch in settings.branches if any(evaluator.all_hold(group) for group in branch.groups))
    return _computed(visit, next(found, ELSE), evaluator)


class _RuleEvaluator:
    """Evaluates rules up to the first that decides, and keeps the evaluated ones: only they are shown.

    A template is evaluated once, even if many rules share it or the log shows it.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._evaluation = visit.evaluation()
        # By the identity of the template: the branches of one variable share its value.
        self._values: dict[int, tuple[bool, Json]] = {}
        self.tried: list[Rule] = []

    def all_hold(self, rules: Iterable[Rule]) -> bool:
        for rule in rules:
            self.tried.append(rule)
            if not rule.holds_by(self.look_up, self._visit.fuel):
                return False
        return True

    def look_up(self, template: Template) -> tuple[bool, Json]:
        """Returns whether the value of a template is present, and the value."""
        key = id(template)
        if key not in self._values:
            self._values[key] = template.lookup(self._evaluation)
        return self._values[key]


def _computed(
    visit: Visit, branch: str, evaluator: _RuleEvaluator, *, is_one_variable: bool = False
) -> tuple[Event, ...]:
    """Returns the visit with the compared values; with `is_one_variable` the rules differ in their values alone."""
    shown = _RuleLog(visit, evaluator)
    rules = evaluator.tried
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


class _RuleLog:
    """The input of the visit in the log: the evaluated rules. `secret` are the pointers of values made of secrets."""

    def __init__(self, visit: Visit, evaluator: _RuleEvaluator) -> None:
        self._limits = visit.limits
        self._evaluator = evaluator
        self._secrets = secrets_of(visit.state, visit.address.scope)
        self.secret: list[str] = []

    def rule(self, rule: Rule, pointer: str) -> dict[str, Json]:
        """Returns the variable of a rule, as it is written and as it was evaluated, and the operator."""
        value = self.value(rule.variable, f"{pointer}/value")
        return {"variable": rule.variable.value, "value": value, "operator": rule.operator}

    def value(self, compared: Template | Rule, pointer: str) -> Json:
        """Returns a compared value; of `Not` the rule that it negates, whose variable is shown already."""
        if isinstance(compared, Rule):
            return {
                "operator": compared.operator,
                "compared_with": self.value(compared.value, f"{pointer}/compared_with"),
            }
        if self._secrets.are_read_by(compared):
            self.secret.append(pointer)
        _, value = self._evaluator.look_up(compared)
        if reason := size_problem(value, _SHOWN_BYTES, self._limits):
            return f"(a value that {reason})"
        return value
