"""Checks `operation` steps against the installed connectors: their inputs, and whether they may be repeated.

The decisions know no connector. So the declaration of an operation is checked when a definition is saved, and written
into it.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

import jsonschema_rs
from msgspec.structs import replace

from looply.definition.calls.operation_steps import OPERATION_STEPS
from looply.definition.graph.outline import Outline, StepOutline, read_outline
from looply.definition.schemas.schema_checker import brief_validator, count_values, first_error
from looply.definition.schemas.schema_problems import problems_of_error
from looply.definition.settings.reading import texts_in
from looply.definition.values.pointer import join_pointer
from looply.definition.values.repeat import Repeat
from looply.definition.values.report import Report
from looply.errors import Problem, say
from looply.jsontext import Json

_MAX_LISTED_VALUES: Final = 2000
"""For an input with more values only the first problem is reported."""

_MAX_PROBLEMS: Final = 100

_CERTAIN: Final = frozenset(
    {"required", "additionalProperties", "type", "minItems", "maxItems", "minProperties", "maxProperties"}
)
"""Keywords whose result for an object or a list does not depend on the expressions in it."""

_OWN_STEPS: Final[Mapping[str, str]] = {row.operation: name for name, row in OPERATION_STEPS.items() if row.operation}


class InstalledOperation(Protocol):
    """The part of an operation that the checks of a definition use."""

    @property
    def connection_kind(self) -> str:
        """The kind of connection that it requires; empty when it requires none."""
        ...

    @property
    def other_kinds(self) -> tuple[str, ...]:
        """Further kinds that its connection may be of."""
        ...

    @property
    def input_schema(self) -> dict[str, Any]:
        """The JSON Schema of its input."""
        ...

    @property
    def output_schema(self) -> dict[str, Any]:
        """The JSON Schema of its output."""
        ...

    def repeat_of(self, input_: Mapping[str, Json]) -> Repeat:
        """Returns whether a call with this input, whose values may be expressions, may be repeated."""
        ...


Operations = Mapping[str, InstalledOperation]
"""The installed operations by name."""

NO_OPERATIONS: Final[Operations] = MappingProxyType({})


def check_operations(outline: Outline, operations: Operations, report: Report) -> None:
    """Reports where steps of type `operation` do not match the declaration of their operation.

    An operation that is not installed is skipped: `external_names` lists its name for a look-up.
    """
    for step, operation in _calls(outline, operations):
        _check_input(step, operation, report)
        _check_settings(step, operation, report)


def freeze_operations(document: dict[str, Json], operations: Operations) -> dict[str, Json]:
    """Returns the definition with `repeat` in each step of type `operation`, as the operation declares it.

    A step whose operation is not installed has none, whatever the author wrote. The argument is not changed.
    """
    found = {step.index: step for step in read_outline(document).steps if _is_operation(step)}
    steps = document.get("workflow_steps")
    if not found or not isinstance(steps, list):
        return document
    frozen = [_freeze(found[index], operations) if index in found else raw for index, raw in enumerate(steps)]
    return {**document, "workflow_steps": frozen}


def _freeze(step: StepOutline, operations: Operations) -> Json:
    if not isinstance(step.raw.get("settings"), dict):
        return step.raw
    settings = {name: value for name, value in step.settings.items() if name != "repeat"}
    operation = operations.get(str(step.settings.get("operation")))
    if operation is not None:
        settings["repeat"] = operation.repeat_of(_input(step))
    return {**step.raw, "settings": settings}


def _calls(outline: Outline, operations: Operations) -> Iterator[tuple[StepOutline, InstalledOperation]]:
    for step in outline.steps:
        name = step.settings.get("operation")
        if _is_operation(step) and isinstance(name, str) and name in operations:
            yield step, operations[name]


def _is_operation(step: StepOutline) -> bool:
    return step.type is not None and step.type.name == "operation"


def _input(step: StepOutline) -> dict[str, Json]:
    given = step.settings.get("input")
    made = dict(given) if isinstance(given, dict) else {}
    return {**made, "connection": step.settings["connection"]} if "connection" in step.settings else made


def _check_input(step: StepOutline, operation: InstalledOperation, report: Report) -> None:
    schema = _inline_reference(operation.input_schema)
    report.errors.extend(_schema_problems(step, schema))
    known = schema.get("properties")
    if not isinstance(known, dict) or "additionalProperties" in schema:
        return
    for name in _input(step):
        if name not in known:
            wording = "{operation} has no {name!r} in its input, so it is ignored"
            message = say("INPUT_IGNORED", wording, operation=str(step.settings["operation"]), name=name)
            report.warning(_at(step, name), message, report.suggest(name, known))


def _schema_problems(step: StepOutline, schema: dict[str, Any]) -> Iterator[Problem]:
    """Yields how the input violates the schema; values of expressions are checked at the time of the call."""
    given = _input(step)
    validator = jsonschema_rs.Draft202012Validator(schema, mask="***")
    if validator.is_valid(given):
        return
    if count_values(given) <= _MAX_LISTED_VALUES:
        errors = list(validator.iter_errors(given))
    else:
        first = first_error(brief_validator(schema), given)
        errors = [first] if first is not None else []
    for error in [error for error in errors if _is_certain(error)][:_MAX_PROBLEMS]:
        for problem in problems_of_error(error, "", schema):
            head, _, rest = problem.path.removeprefix("/").partition("/")
            base = _at(step, head) if head else _at(step)
            yield replace(problem, path=f"{base}/{rest}" if rest else base)


def _is_certain(error: jsonschema_rs.ValidationError) -> bool:
    """Returns whether a value is wrong whatever the values of its expressions are."""
    value, kind = error.instance, error.kind.name
    if isinstance(value, dict | list) and kind in _CERTAIN:
        return True
    return not any("${" in text for _, text in texts_in(value, ""))


def _check_settings(step: StepOutline, operation: InstalledOperation, report: Report) -> None:
    name = str(step.settings["operation"])
    settings = join_pointer(step.path, "settings")
    if name in _OWN_STEPS:
        type_ = _OWN_STEPS[name]
        wording = "a step of type {type} calls {operation} too, and escapes the values of expressions"
        message = say("HAS_OWN_STEP", wording, type=type_, operation=name)
        report.warning(f"{settings}/operation", message, say("USE_STEP_TYPE", "use the step type {type}", type=type_))
    output = _inline_reference(operation.output_schema)
    if step.settings.get("fail_on") and "status" not in output.get("properties", {"status": {}}):
        wording = "`fail_on` has no effect: the output of {operation} has no status"
        report.warning(f"{settings}/fail_on", say("FAIL_ON_NO_EFFECT", wording, operation=name))
    declared = operation.repeat_of(_input(step))
    if step.settings.get("repeat") not in (None, declared):
        wording = "{operation} declares {repeat!r}, which replaces this value"
        message = say("REPEAT_DECLARED", wording, operation=name, repeat=declared)
        hint = say("SET_ON_UNKNOWN", "set `on_unknown` on the step instead")
        report.warning(f"{settings}/repeat", message, hint)


def _at(step: StepOutline, *names: str) -> str:
    """Returns the pointer of a field of the input, or of the input itself; the connection is a separate setting."""
    if names == ("connection",) and "connection" in step.settings:
        return join_pointer(step.path, "settings", "connection")
    settings = ("settings", "input") if "input" in step.settings else ("settings",)
    return join_pointer(step.path, *settings, *names)


def _inline_reference(schema: dict[str, Any]) -> dict[str, Any]:
    """Returns the schema with a top-level `$ref` replaced by its target, so that its fields can be read."""
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    definitions = schema.get("$defs", {})
    return {**definitions[name], "$defs": definitions} if name in definitions else schema
