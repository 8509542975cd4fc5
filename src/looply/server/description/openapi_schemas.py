"""JSON Schemas of the OpenAPI document, in the forms that client generators understand.

The set of accepted values does not change: an object without named fields states `additionalProperties`, a list states
`items`, a choice of texts states its type, a nullable value lists `null` in its `type`, and inner definitions become
components. A default is stated in the description, since generators make a field with `default` required.
"""

import inspect
import json
from collections.abc import Mapping
from typing import Any, Final

REFERENCE: Final = "#/components/schemas/{name}"
_DEFINITIONS: Final = "#/$defs/"
_WHOLE: Final = frozenset({"enum", "const", "$ref", "anyOf", "oneOf", "allOf", "title", "description"})
"""Keywords that apply to a whole value, whatever its type. A choice with one of them is not joined."""


def make_explicit(schema: Any) -> Any:
    """Returns a schema, or a part of one, with the implicit defaults of JSON Schema made explicit."""
    if isinstance(schema, list):
        return [make_explicit(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    found = {
        name: _make_part_explicit(name, part) for name, part in schema.items() if name not in ("default", "description")
    }
    if description := _description(schema):
        found["description"] = description
    if found.get("type") == "object" and not found.keys() & {"properties", "additionalProperties"}:
        found["additionalProperties"] = True
    if found.get("type") == "array" and not found.keys() & {"items", "prefixItems"}:
        found["items"] = {}
    if "type" not in found and all(isinstance(each, str) for each in found.get("enum", [None])):
        found["type"] = "string"
    return _join_types(found)


def components_of(schema: Mapping[str, Any], name: str, prefix: str) -> dict[str, Any]:
    """Returns a schema and its inner definitions, each as an explicit component.

    The schema becomes the component `name`; its inner definition `step` is named by `prefix` and `Step`. The titles are
    the same as the names, since some generators name their types by titles.
    """
    inner: Mapping[str, Any] = schema.get("$defs", {})
    names = {each: f"{prefix}{each[0].upper()}{each[1:]}" for each in inner}
    whole = {key: part for key, part in schema.items() if key not in ("$schema", "$defs")}
    parts = {name: whole, **{names[each]: part for each, part in inner.items()}}
    return {each: {**make_explicit(_rewrite_references(part, names)), "title": each} for each, part in parts.items()}


def _description(schema: Mapping[str, Any]) -> str:
    text = inspect.cleandoc(schema.get("description", ""))
    default = schema.get("default")
    if default in (None, "", [], {}):
        return text
    return f"{text} Default: {json.dumps(default, ensure_ascii=False)}.".strip()


def _make_part_explicit(name: str, part: Any) -> Any:
    if name in ("const", "enum", "examples"):
        return part  # values, not schemas
    if name in ("properties", "$defs"):
        return {each: make_explicit(schema) for each, schema in part.items()}
    return make_explicit(part)


def _join_types(schema: dict[str, Any]) -> dict[str, Any]:
    """Returns a choice of several types as one schema with a list of types, where that is equivalent."""
    choices = schema.get("anyOf")
    if choices is None or any(_WHOLE & choice.keys() or not isinstance(choice.get("type"), str) for choice in choices):
        return schema
    if len({choice["type"] for choice in choices}) < len(choices):
        return schema
    joined = {name: part for choice in choices for name, part in choice.items()}
    if len(joined) - 1 != sum(len(choice) - 1 for choice in choices):
        return schema  # two choices use one keyword, such as `minimum`
    types = [choice["type"] for choice in choices]
    return {**{name: part for name, part in schema.items() if name != "anyOf"}, **joined, "type": types}


def _rewrite_references(node: Any, names: Mapping[str, str]) -> Any:
    """Returns a part of a schema with its inner references rewritten to components."""
    if isinstance(node, list):
        return [_rewrite_references(each, names) for each in node]
    if not isinstance(node, Mapping):
        return node
    return {
        name: REFERENCE.format(name=names[part.removeprefix(_DEFINITIONS)])
        if name == "$ref" and isinstance(part, str)
        else _rewrite_references(part, names)
        for name, part in node.items()
    }
