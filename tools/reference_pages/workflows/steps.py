"""`steps.md`: every type of step, from the table of types and the JSON Schema of their settings."""

import json
from typing import Any, Final

from looply.definition import STEP_TYPES, StepType, definition_schema
from looply.definition.schemas.step_examples import EXAMPLES
from reference_pages.markdown import code, json_block, page, table
from reference_pages.workflows.step_texts import OUTPUTS, SUMMARIES

_INTRO: Final = """
A step has an `id`, a `type` and `settings`. The id is a letter followed by letters, digits and `_`, at most 64 in
all; it is the name of the step's output in the data document. Edges lead from the exits of a step to other steps;
an edge without a `branch` belongs to `next`. An exit without an edge ends the path. A step that can fail also has the
exit `error`: with an edge there the execution continues, without one it stops with an incident.

Any text in `settings` may hold [expressions](expressions.md) in `${...}`. The [JSON Schema](definition.schema.json)
of definitions has the same content for editors.
"""
_BESIDE: Final = """
## Beside the settings

Steps that call another system also accept these.
"""


def steps_page() -> str:
    """Returns the page of all types of steps."""
    definitions: Any = definition_schema()["$defs"]
    types = list(STEP_TYPES.values())
    parts = [_INTRO, _overview(types), _BESIDE, _beside(definitions)]
    for type_ in types:
        parts += _step(type_, definitions)
    return page("Types of steps", *parts)


def _overview(types: list[StepType]) -> str:
    rows = [(f"[`{type_.name}`](#{type_.name.lower()})", SUMMARIES[type_.name], _exits(type_)) for type_ in types]
    return table(("type", "what it does", "exits"), rows)


def _exits(type_: StepType) -> str:
    names = [*(["one per branch"] if type_.has_branches else []), *(code(name) for name in type_.exits)]
    return ", ".join([*names, *(["`error`"] if type_.can_fail else [])]) or "none: the path ends or goes elsewhere"


def _beside(definitions: Any) -> str:
    step = definitions["step"]["properties"]
    rows = [_row(name, step[name], set()) for name in ("retry", "timeout", "park", "on_unknown", "secret")]
    texts = {
        "retry": "How failed attempts are repeated; without it there is one attempt. See below.",
        "on_unknown": (
            "How an unknown outcome of a call is handled: `retry` sends it again, `incident` "
            "waits for an operator. Default: `retry` for GET, HEAD, OPTIONS, PUT, DELETE, functions, and repeatable "
            "operations, else `incident`."
        ),
        "secret": (
            "JSON Pointers to values of the settings or the output (`/output/data/token`) that later steps "
            "need and no reader may see: stored encrypted, shown as `***`."
        ),
        "timeout": "Of one attempt; default: the limit `attempt_timeout_seconds`.",
        "park": (
            "How long a call may wait for a system that is [down or in maintenance]"
            "(../how-to/systems-that-are-down.md#limit-how-long-a-step-waits); then the step fails with `TARGET_DOWN`. "
            "Default: until the system can be called."
        ),
    }
    shown = [(name, kind, default, texts.get(name.strip("`"), text)) for name, kind, default, text in rows]
    fields = [_row(f"retry.{name}", value, set()) for name, value in step["retry"]["properties"].items()]
    on = (
        "Codes `connection` and `timeout`, [kinds of failures](../how-to/call-http.md#what-the-other-system-said) such "
        "as `locked`, statuses such as `503` and groups such as `5xx`."
    )
    fields = [(name, kind, default, on if name == "`retry.on`" else text) for name, kind, default, text in fields]
    return table(("field", "type", "default", "meaning"), [*shown, *fields])


def _step(type_: StepType, definitions: Any) -> list[str]:
    schema = definitions[type_.name]
    required = set(schema.get("required", ()))
    rows = list(_rows("", schema, required))
    output = OUTPUTS.get(type_.name, "")
    return [
        f"## {type_.name}",
        f"{SUMMARIES[type_.name]} Exits: {_exits(type_)}.",
        table(("setting", "type", "default", "meaning"), rows) or "It has no settings.",
        f"Output: {output}" if output else "It has no output.",
        json_block(EXAMPLES[type_.name]),
    ]


def _rows(prefix: str, schema: Any, required: set[str]) -> Any:
    for name, value in schema["properties"].items():
        yield _row(f"{prefix}{name}", value, {f"{prefix}{item}" for item in required})
        inner = value.get("items", value)
        if inner.get("properties"):
            mark = "[]." if "items" in value else "."
            yield from _rows(f"{prefix}{name}{mark}", inner, set(inner.get("required", ())))


def _row(name: str, schema: Any, required: set[str]) -> tuple[str, str, str, str]:
    default = code(json.dumps(schema["default"])) if "default" in schema else ""
    return code(name), _kind(schema), "required" if name in required else default, schema.get("description", "")


def _kind(schema: Any) -> str:
    if "$ref" in schema:
        return {"duration": "duration", "rule": "[rule](operators.md)"}.get(schema["$ref"].rsplit("/", 1)[-1], "object")
    if "const" in schema:
        return code(schema["const"])
    if "enum" in schema:
        if len(schema["enum"]) > 10:
            return "[operator](operators.md)"
        return ", ".join(code(value) for value in schema["enum"])
    if "anyOf" in schema:
        kinds = [_kind(item) for item in schema["anyOf"] if item.get("pattern") != r"\$\{"]
        return " or ".join([*dict.fromkeys(kinds), *(["expression"] if len(kinds) < len(schema["anyOf"]) else [])])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    types = schema.get("type", "any")
    words = {"string": "text", "integer": "whole number"}
    return " or ".join(words.get(item, item) for item in ([types] if isinstance(types, str) else types))
