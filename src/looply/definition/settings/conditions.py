"""Compiles the settings of the conditional steps."""

from typing import Final

from looply.definition.schemas.schema_problems import quote_value
from looply.definition.settings.reading import BROKEN, Reader, read_template
from looply.definition.settings.step_settings import (
    AdvancedBranch,
    AdvancedConditionalSettings,
    Branch,
    BranchConditionalSettings,
    ConditionalSettings,
)
from looply.definition.values.choice import OPERATORS, Rule, fits_operand
from looply.definition.values.report import Operand, write
from looply.errors import Sentence, say
from looply.expressions import Template, parse_template

_EXITS = ("next", "else", "error", "timeout")
_WORDS: Final = {"boolean": "true or false", "number": "a number", "time": "an RFC 3339 time", "text": "a text"}


def compile_conditional(reader: Reader) -> ConditionalSettings:
    """Returns the settings of a `conditional`."""
    return ConditionalSettings(rules=tuple(read_rule(rule) for rule in reader.children("rules")))


def compile_branch_conditional(reader: Reader) -> BranchConditionalSettings:
    """Returns the settings of a `branchConditional`; each branch has a rule that compares with its value."""
    variable = _variable(reader, reader.value["variable"])
    operator: str = reader.value["operator"]
    check_branch_ids(reader)
    return BranchConditionalSettings(
        variable=variable,
        operator=operator,
        branches=tuple(
            Branch(
                id=branch.value["id"],
                label=_label(branch),
                value=branch.value.get("value"),
                style=branch.value.get("style", "default"),
                rule=_rule(branch, variable, operator),
            )
            for branch in reader.children("branches")
        ),
    )


def compile_advanced_conditional(reader: Reader) -> AdvancedConditionalSettings:
    """Returns the settings of an `advancedConditional`: `or` opens a group, `and` adds to the current one."""
    check_branch_ids(reader)
    return AdvancedConditionalSettings(
        branches=tuple(
            AdvancedBranch(id=branch.value["id"], label=_label(branch), groups=_groups(branch))
            for branch in reader.children("branches")
        )
    )


def read_rule(reader: Reader, inherited: Template | None = None) -> Rule:
    """Returns a rule; `inherited` is the variable of the enclosing `Not`, for a rule that has none."""
    variable = _variable(reader, reader.value["variable"]) if "variable" in reader else inherited
    return _rule(reader, variable, reader.value["operator"])


def _groups(branch: Reader) -> tuple[tuple[Rule, ...], ...]:
    groups: list[list[Rule]] = []
    for index, condition in enumerate(branch.children("conditions")):
        join = condition.value.get("join", "simple" if index == 0 else "and")
        if (join == "simple") != (index == 0):
            condition.error("join", _wrong_join(join, index))
        if join != "and" or not groups:
            groups.append([])
        groups[-1].append(read_rule(condition))
    return tuple(tuple(group) for group in groups)


def _wrong_join(join: str, index: int) -> Sentence:
    if index == 0:
        wording = "{join!r} is not allowed here; expected 'simple' on the first condition"
        return say("FIRST_JOIN", wording, join=join)
    wording = "{join!r} is not allowed here; expected 'and' or 'or' on a further condition"
    return say("FURTHER_JOIN", wording, join=join)


def _label(branch: Reader) -> str:
    return str(branch.value.get("label", branch.value["id"]))


def check_branch_ids(reader: Reader, exits: tuple[str, ...] = _EXITS) -> None:
    """Reports branches with the id of another branch, or of another exit of the step."""
    seen: set[str] = set()
    for branch in reader.children("branches"):
        id_ = branch.value["id"]
        if id_ in exits:
            branch.error("id", say("BRANCH_ID_TAKEN", "the branch id {id!r} is the name of another exit", id=id_))
        if id_ in seen:
            branch.error("id", say("BRANCH_ID_TWICE", "the branch id {id!r} is used twice", id=id_))
        seen.add(id_)


def _variable(reader: Reader, value: str) -> Template:
    template = read_template(value, reader.pointer("variable"), reader.report)
    if template.is_constant and template is not BROKEN:
        message = say("VARIABLE_CONSTANT", "{value} has no expression, so it never changes", value=quote_value(value))
        reader.warning("variable", message, write(f"${{{value.strip()}}}"))
    return template


def _rule(reader: Reader, variable: Template | None, operator: str) -> Rule:
    """Returns the rule of the operator and the reader's `value`."""
    if operator == "Not":
        inner = read_rule(Reader(reader.value["value"], reader.pointer("value"), reader.report), variable)
        return Rule(inner.variable, "Not", inner)
    if variable is None:
        message = "neither the rule within `Not` nor the enclosing rule has a `variable`"
        reader.error("variable", say("VARIABLE_MISSING", message))
        variable = BROKEN
    declared = OPERATORS[operator]
    stated = reader.template("value")
    value = stated if stated is not None else parse_template(True)  # an `Is...` test; other operators need a value
    if value.is_constant and value is not BROKEN and not fits_operand(declared.operand, value.value):
        shown, operand = quote_value(value.value), declared.operand
        text = f"{operator} compares with {_WORDS[operand]}, so with {shown} it is never true"
        reader.warning(
            "value", Sentence("NEVER_TRUE", text, (("operator", operator), ("expected", operand), ("value", shown)))
        )
    if not declared.is_type_test:
        reader.report.operands.extend(Operand(each, operator) for each in (variable, value) if not each.is_constant)
    return Rule(variable, operator, value)
