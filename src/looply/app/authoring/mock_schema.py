"""The JSON Schema that is derived from a mock payload."""

from collections.abc import Iterator
from typing import Any, Final

from looply.jsontext import Json, encode_json

SCHEMA_BYTES: Final = 64 * 1024
"""The largest derived schema: levels are left out until it fits."""

_LEVELS: Final = (32, 16, 8, 4, 2, 1)
"""Levels of the payload that the schema describes, in the order tried. Deeper values may be anything."""

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def mock_schema(payload: Json) -> dict[str, Any]:
    """Returns a JSON Schema that the payload matches. No field is required: one sample cannot show which ones are.

    Guarantees: at most `SCHEMA_BYTES` of JSON text and two levels for each of 32 levels of the payload, for any
    payload. Omitted levels may be anything.
    """
    sample = _Sample()
    sample.add(payload, _LEVELS[0])
    for levels in _LEVELS:
        schema = {"$schema": _DIALECT, **sample.schema(levels)}
        if len(encode_json(schema)) <= SCHEMA_BYTES:
            return schema
    return {"$schema": _DIALECT, **sample.schema(0)}


class _Sample:
    """The values found at one path of a payload: kinds of scalars, members of objects, items of lists."""

    __slots__ = ("item", "kinds", "members")

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.members: dict[str, _Sample] | None = None
        self.item: _Sample | None = None

    def add(self, value: Json, levels: int) -> None:
        """Adds a value, as far down as `levels` containers."""
        if isinstance(value, dict):
            self.members = {} if self.members is None else self.members
            for name, member in value.items() if levels else ():
                self.members.setdefault(name, _Sample()).add(member, levels - 1)
        elif isinstance(value, list):
            self.item = self.item or _Sample()
            for item in value if levels else ():
                self.item.add(item, levels - 1)
        else:
            self.kinds.add(_kind(value))

    def schema(self, levels: int) -> dict[str, Any]:
        """Returns the schema of this path; containers below `levels` levels may have any content."""
        kinds = sorted(self.kinds - {"integer"} if "number" in self.kinds else self.kinds)
        alternatives = [{"type": kinds[0] if len(kinds) == 1 else kinds}] if kinds else []
        alternatives.extend(self._containers(levels))
        if len(alternatives) == 1:
            return alternatives[0]
        return {"anyOf": alternatives} if alternatives else {}

    def _containers(self, levels: int) -> Iterator[dict[str, Any]]:
        if self.item is not None:
            items = self.item.schema(levels - 1) if levels else {}
            yield {"type": "array", **({"items": items} if items else {})}
        if self.members is not None:
            members = {name: member.schema(levels - 1) for name, member in self.members.items()} if levels else {}
            yield {"type": "object", **({"properties": members} if members else {})}


def _kind(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int():
            return "integer"
        case _:
            return "number"
