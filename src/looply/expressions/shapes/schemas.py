"""The shape of the values that fit a JSON Schema (2020-12)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from looply.expressions.shapes.shape import (
    ANY,
    BOOLEAN,
    EVERY,
    KINDS,
    LIST,
    NEVER,
    NULL,
    NUMBER,
    OBJECT,
    TEXT,
    Field,
    Presence,
    Shape,
    texts_of,
    union_of,
)
from looply.expressions.values.semantics import is_whole, kind_of
from looply.jsontext import Json

_TYPES: Final[Mapping[str, int]] = {
    "null": NULL,
    "boolean": BOOLEAN,
    "number": NUMBER,
    "integer": NUMBER,
    "string": TEXT,
    "array": LIST,
    "object": OBJECT,
}
_MAX_SCHEMAS = 2000  # of one document; targets of a `$ref` count each time
_LISTED_A_SCHEMA = 20  # names or values of a list that take as long as one subschema
_MAX_REFERENCE_LENGTH = 1000
_STATED: Final = "its schema says so"
_MAX_LEVELS = 16


def shape_of_schema(schema: Json) -> Shape:
    """Returns the shape of the values that fit a JSON Schema.

    Every value that fits the schema has the shape, as long as no name of it differs from a listed one only in case;
    keywords without effect on the shape are ignored. A schema without `required` does not state which members may be
    missing. Bounded: values deeper than sixteen levels, or beyond two thousand subschemas, may be anything; long lists
    of names and values count as several. A `$ref` into the same document is resolved; the target of any other one may
    be anything.
    """
    return _Schemas(schema).shape(schema, _MAX_LEVELS)


class _Schemas:
    def __init__(self, root: Json) -> None:
        self._root = root
        self._left = _MAX_SCHEMAS

    def shape(self, schema: Json, levels: int) -> Shape:
        self._left -= 1
        if schema is False:
            return NEVER
        if not isinstance(schema, dict) or levels == 0 or self._left < 0:
            return ANY
        self._left -= _listed_count(schema)
        made = self._own(schema, levels - 1)
        for keyword, read in _COMBINED.items():
            if keyword in schema:
                for part in read(self, schema[keyword], levels - 1):
                    made = meet(made, part)
        if made.kinds & NUMBER and made.kinds & TEXT and made.kinds | NULL != EVERY:
            return replace(made, text_numbers=_STATED)
        return made

    def _own(self, schema: dict[str, Json], levels: int) -> Shape:
        """Returns the shape by all keywords except those of `_COMBINED`."""
        kinds, is_whole_number = _kinds_of(schema.get("type"))
        fields, others, is_listed = None, None, False
        if kinds & OBJECT:
            fields, others, is_listed = self._members(schema, levels)
        item = self._item(schema, levels) if kinds & LIST else None
        if kinds == EVERY and fields is None and item is None:
            return ANY
        return Shape(kinds, None, is_whole_number, item, fields, others, is_listed)

    def _members(self, schema: dict[str, Json], levels: int) -> tuple[Mapping[str, Field] | None, Shape | None, bool]:
        stated, required = schema.get("properties"), schema.get("required")
        properties = stated if isinstance(stated, dict) else {}
        needed = dict.fromkeys(each for each in required if isinstance(each, str)) if isinstance(required, list) else {}
        if not properties and not needed and "additionalProperties" not in schema:
            return None, None, False
        missing = Presence.SOMETIMES if isinstance(required, list) else Presence.UNSTATED
        others = self._others(schema, levels)
        fields = {
            name: Field(self.shape(member, levels), Presence.ALWAYS if name in needed else missing)
            for name, member in properties.items()
        }
        fields.update((name, Field(others or ANY)) for name in needed if name not in fields)
        return fields, others, bool(properties) and "additionalProperties" not in schema

    def _others(self, schema: dict[str, Json], levels: int) -> Shape | None:
        if "patternProperties" in schema:
            return ANY
        made = self.shape(schema.get("additionalProperties", True), levels)
        return made if made.kinds else None

    def _item(self, schema: dict[str, Json], levels: int) -> Shape | None:
        first = schema.get("prefixItems")
        if "items" not in schema:
            return None
        parts = [self.shape(item, levels) for item in first] if isinstance(first, list) else []
        return union_of([*parts, self.shape(schema["items"], levels)])

    def referred(self, reference: Json, levels: int) -> Iterator[Shape]:
        """Yields the shape of the target of a `$ref` within the document."""
        if not isinstance(reference, str) or not reference.startswith("#") or len(reference) > _MAX_REFERENCE_LENGTH:
            return
        found = self._root
        for part in reference[1:].split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or name not in found:
                return
            found = found[name]
        yield self.shape(found, levels)

    def alternatives(self, schemas: Json, levels: int) -> Iterator[Shape]:
        """Yields the union of the shapes of schemas of which a value fits at least one."""
        if isinstance(schemas, list):
            yield union_of(self.shape(schema, levels) for schema in schemas)

    def together(self, schemas: Json, levels: int) -> Iterator[Shape]:
        """Yields the shapes of schemas that a value fits all."""
        if isinstance(schemas, list):
            yield from (self.shape(schema, levels) for schema in schemas)

    def listed(self, values: Json, _: int) -> Iterator[Shape]:
        """Yields the shape of a value that is one of a list."""
        if isinstance(values, list):
            yield _shape_of_values(values)

    def constant(self, value: Json, _: int) -> Iterator[Shape]:
        """Yields the shape of one value."""
        yield _shape_of_values([value])


_COMBINED: Final[Mapping[str, Callable[[_Schemas, Json, int], Iterator[Shape]]]] = {
    "$ref": _Schemas.referred,
    "enum": _Schemas.listed,
    "const": _Schemas.constant,
    "anyOf": _Schemas.alternatives,
    "oneOf": _Schemas.alternatives,
    "allOf": _Schemas.together,
}


def _listed_count(schema: dict[str, Json]) -> int:
    """Returns the number of subschemas that the lists of a schema count as. A name in `required` alone is one."""
    required, properties = schema.get("required"), schema.get("properties")
    lists = [each for each in (required, schema.get("enum"), schema.get("type")) if isinstance(each, list)]
    stated = properties if isinstance(properties, dict) else {}
    alone = sum(isinstance(name, str) and name not in stated for name in required) if isinstance(required, list) else 0
    return alone + sum(map(len, lists)) // _LISTED_A_SCHEMA


def _kinds_of(types: Json) -> tuple[int, bool]:
    names = [types] if isinstance(types, str) else types
    if not isinstance(names, list) or not all(isinstance(name, str) and name in _TYPES for name in names):
        return EVERY, False
    kinds = 0
    for name in names:
        kinds |= _TYPES[name]
    return kinds, "integer" in names and "number" not in names


def _shape_of_values(values: list[Json]) -> Shape:
    kinds = 0
    for value in values:
        kinds |= KINDS[kind_of(value)]
    numbers = [value for value in values if kind_of(value) == "number"]
    return Shape(kinds, texts_of(values), bool(numbers) and all(map(is_whole, numbers)))


def meet(one: Shape, two: Shape) -> Shape:
    """Returns the shape of a value that has both of two shapes, as precisely as possible."""
    if one is ANY or two is ANY:
        return two if one is ANY else one
    kinds = one.kinds & two.kinds
    texts = one.texts & two.texts if one.texts is not None and two.texts is not None else one.texts or two.texts
    if texts is not None and not texts:
        kinds, texts = kinds & ~TEXT, None
    item = meet(one.item, two.item) if one.item is not None and two.item is not None else one.item or two.item
    is_whole_number = one.is_whole or two.is_whole
    if one.fields is None or two.fields is None:
        known = two if one.fields is None else one
        fields, others, is_listed = known.fields, known.others, known.is_listed
    else:
        fields, others, is_listed = _members_of_both(one, two, one.fields, two.fields)
    return Shape(kinds, texts, is_whole_number, item, fields, others, is_listed, one.is_doubtful or two.is_doubtful)


def _members_of_both(
    one: Shape, two: Shape, left: Mapping[str, Field], right: Mapping[str, Field]
) -> tuple[Mapping[str, Field], Shape | None, bool]:
    fields = {}
    for name in {**left, **right}:
        if name in left and name in right:
            presences = {left[name].presence, right[name].presence}
            presence = next(each for each in Presence if each in presences)
            fields[name] = Field(meet(left[name].shape, right[name].shape), presence)
        elif (other := two.others if name in left else one.others) is not None:
            known = left[name] if name in left else right[name]
            fields[name] = Field(meet(known.shape, other), known.presence)
    others = meet(one.others, two.others) if one.others is not None and two.others is not None else None
    return fields, others if others is not None and others.kinds else None, one.is_listed or two.is_listed
