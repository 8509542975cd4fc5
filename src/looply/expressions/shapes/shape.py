"""The shape of a value: its static type, derived from a schema, from a sample, or from its origin.

A shape states for each kind of JSON value whether it is possible, and the known properties of a value of that kind: its
possible texts, the items of a list, the members of an object. So the union of two shapes is a shape again, and no
shape grows without bound.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum, auto
from itertools import islice
from types import MappingProxyType
from typing import Final

from looply.expressions.values.semantics import is_whole, kind_of
from looply.jsontext import Json

NULL: Final = 1
BOOLEAN: Final = 2
NUMBER: Final = 4
TEXT: Final = 8
LIST: Final = 16
OBJECT: Final = 32
EVERY: Final = 63

KINDS: Final[Mapping[str, int]] = MappingProxyType(
    {"text": TEXT, "number": NUMBER, "boolean": BOOLEAN, "list": LIST, "object": OBJECT, "null": NULL}
)
"""The bit of each kind of value, by its name in messages."""

_MAX_TEXTS = 50
_MAX_WEIGHT = 500  # of a union: more fields than an author can survey
_MAX_NODES = 5000  # of a sample or a schema; values beyond may be anything
_MAX_LEVELS = 12
_SHOWN_TEXTS = 4


class Presence(Enum):
    """Whether a member of an object exists."""

    ALWAYS = auto()
    SOMETIMES = auto()
    """It may be missing, as the source of the shape states."""
    UNSTATED = auto()
    """Its presence is not stated; it may be missing, but no warning is given."""


@dataclass(frozen=True, slots=True)
class Field:
    """One named member of an object."""

    shape: "Shape"
    presence: Presence = Presence.ALWAYS


class LazyFields(Mapping[str, Field]):
    """The members of an object with so many that they are made when they are asked for."""

    __slots__ = ()

    @property
    @abstractmethod
    def weight(self) -> int:
        """About how many shapes are within them."""

    def __bool__(self) -> bool:
        """Returns that there are members: counting them would make them."""
        return True

    @abstractmethod
    def alike(self, folded: str) -> list[Field]:
        """Returns the members whose name in lower case is this one."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The static type of a value.

    `kinds` are the bits of the kinds it may have; none for a value that never exists. `texts` are the only texts it
    may be, `item` is the shape of every item of a list, `fields` are the known members of an object; None means any.
    `others` is the shape of members with other names, None when there are none; a name that differs from that of a
    field only in case is no other name. `is_listed`: other names are probably mistakes. `is_doubtful`: null is among
    the kinds because a value is known to be missing at times. `text_numbers` is the reason why numbers in the value,
    or in its members, are known to be written as texts at times; empty when there is none.
    """

    kinds: int
    texts: frozenset[str] | None = None
    is_whole: bool = False
    item: "Shape | None" = None
    fields: Mapping[str, Field] | None = None
    others: "Shape | None" = None
    is_listed: bool = False
    is_doubtful: bool = False
    text_numbers: str = ""
    weight: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Counts the shapes within this one."""
        if isinstance(self.fields, LazyFields):
            inner = self.fields.weight
        else:
            inner = sum(member.shape.weight for member in self.fields.values()) if self.fields else 0
        weight = 1 + inner + (self.item.weight if self.item is not None else 0)
        object.__setattr__(self, "weight", weight + (self.others.weight if self.others is not None else 0))

    def __str__(self) -> str:
        """Returns its name, such as `text or null`."""
        if self.kinds == EVERY:
            return "any"
        return " or ".join(self._word(name) for name, bit in KINDS.items() if self.kinds & bit) or "nothing"

    def _word(self, name: str) -> str:
        if name == "text" and self.texts is not None and 0 < len(self.texts) <= _SHOWN_TEXTS:
            return " or ".join(f"'{text}'" for text in sorted(self.texts))
        if name == "number" and self.is_whole:
            return "whole number"
        if name == "list" and self.item is not None and self.item.kinds not in (0, EVERY):
            return f"list of {self.item.without(NULL) if self.item.kinds != NULL else self.item}"
        return name

    def without(self, kinds: int) -> "Shape":
        """Returns the shape of the values that have none of the kinds."""
        if not self.kinds & kinds:
            return self
        return self._with(self.kinds & ~kinds, is_doubtful=self.is_doubtful and not kinds & NULL)

    def or_null(self, *, is_doubtful: bool = False) -> "Shape":
        """Returns the shape of a value that may be null as well."""
        if self.kinds & NULL and (self.is_doubtful or not is_doubtful):
            return self
        return self._with(self.kinds | NULL, is_doubtful=self.is_doubtful or is_doubtful)

    def _with(self, kinds: int, *, is_doubtful: bool) -> "Shape":
        return replace(self, kinds=kinds, is_doubtful=is_doubtful)

    @property
    def may_be_text_number(self) -> bool:
        """Whether the value itself may be a number that is written as a text."""
        return bool(self.text_numbers and self.kinds & TEXT)


ANY: Final = Shape(EVERY)
NEVER: Final = Shape(0)
NOTHING: Final = Shape(NULL)
TRUTH: Final = Shape(BOOLEAN)
NUMERIC: Final = Shape(NUMBER)
WHOLE: Final = Shape(NUMBER, is_whole=True)
TEXTUAL: Final = Shape(TEXT)


def list_of(item: Shape | None) -> Shape:
    """Returns the shape of a list; None for items that may be anything."""
    return Shape(LIST, item=item)


def object_of(fields: Mapping[str, Field], others: Shape | None = None, *, is_listed: bool = True) -> Shape:
    """Returns the shape of an object; without `others` it has no other members."""
    return Shape(OBJECT, fields=fields, others=others, is_listed=is_listed)


def union(one: Shape, two: Shape) -> Shape:
    """Returns the shape of a value that has one of two shapes. The details of very large ones are dropped."""
    if one is two or not two.kinds:
        return one
    if not one.kinds:
        return two
    kinds = one.kinds | two.kinds
    is_doubtful = one.is_doubtful or two.is_doubtful
    text_numbers = one.text_numbers or two.text_numbers
    if one.weight + two.weight > _MAX_WEIGHT:
        return Shape(kinds, is_doubtful=is_doubtful, text_numbers=text_numbers)
    fields, others, is_listed = _members_of_either(one, two)
    return Shape(
        kinds,
        _texts_of_either(one, two),
        all(shape.is_whole for shape in (one, two) if shape.kinds & NUMBER),
        _item_of_either(one, two),
        fields,
        others,
        is_listed,
        is_doubtful,
        text_numbers,
    )


def union_of(shapes: Iterable[Shape]) -> Shape:
    """Returns the shape of a value that has one of the shapes."""
    made = NEVER
    for shape in shapes:
        made = union(made, shape)
    return made


def _with_kind(kind: int, one: Shape, two: Shape) -> tuple[Shape, ...]:
    return tuple(shape for shape in (one, two) if shape.kinds & kind)


def _texts_of_either(one: Shape, two: Shape) -> frozenset[str] | None:
    made: frozenset[str] = frozenset()
    for shape in _with_kind(TEXT, one, two):
        if shape.texts is None:
            return None
        made |= shape.texts
    return made if made and len(made) <= _MAX_TEXTS else None


def _item_of_either(one: Shape, two: Shape) -> Shape | None:
    items = [shape.item for shape in _with_kind(LIST, one, two)]
    known = [item for item in items if item is not None]
    return union_of(known) if items and len(known) == len(items) else None


def _members_of_either(one: Shape, two: Shape) -> tuple[Mapping[str, Field] | None, Shape | None, bool]:
    having = _with_kind(OBJECT, one, two)
    if not having or any(shape.fields is None for shape in having):
        return None, None, False
    if len(having) == 1:
        return having[0].fields, having[0].others, having[0].is_listed
    left, right = one.fields or {}, two.fields or {}
    fields = {name: _field_of_either(left.get(name), right.get(name), one, two) for name in {**left, **right}}
    others = [shape.others for shape in having if shape.others is not None]
    return fields, union_of(others) if others else None, one.is_listed and two.is_listed


def _field_of_either(left: Field | None, right: Field | None, one: Shape, two: Shape) -> Field:
    if left is not None and right is not None:
        presence = left.presence if left.presence is right.presence else _weaker(left.presence, right.presence)
        return Field(union(left.shape, right.shape), presence)
    found, other = (left, two) if left is not None else (right, one)
    assert found is not None
    if other.others is None:
        return Field(found.shape, Presence.SOMETIMES)
    return Field(union(found.shape, other.others), Presence.UNSTATED)


def _weaker(one: Presence, two: Presence) -> Presence:
    return Presence.SOMETIMES if Presence.SOMETIMES in (one, two) else Presence.UNSTATED


def shape_of_value(value: Json) -> Shape:
    """Returns the shape of a sample: its objects have these members and no others, its lists items like these.

    Values deeper than twelve levels, or beyond the first five thousand, may be anything.
    """
    return _Samples().shape(value, _MAX_LEVELS)


class _Samples:
    def __init__(self) -> None:
        self._left = _MAX_NODES

    def shape(self, value: Json, levels: int) -> Shape:
        self._left -= 1
        if isinstance(value, dict):
            if levels == 0 or self._left < len(value):
                return Shape(OBJECT)
            return object_of({name: Field(self.shape(item, levels - 1)) for name, item in value.items()})
        if isinstance(value, list):
            if levels == 0 or self._left < len(value):
                return Shape(LIST)
            return list_of(union_of(self.shape(item, levels - 1) for item in value) if value else NEVER)
        return shape_of_scalar(value)


def shape_of_scalar(value: Json) -> Shape:
    """Returns the shape of null, a boolean, a number or any text like this one."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return WHOLE if is_whole(value) else NUMERIC
    return _SCALARS[kind_of(value)]


_SCALARS: Final = {"null": NOTHING, "boolean": TRUTH, "text": TEXTUAL}


def kinds_text(kinds: int) -> str:
    """Returns the names of kinds, such as `a text or a list`."""
    articles = {"object": "an", "null": ""}
    return " or ".join(f"{articles.get(name, 'a')} {name}".strip() for name, bit in KINDS.items() if kinds & bit)


def fits(shape: Shape, value: Json) -> bool:
    """Returns whether a value has a shape."""
    if not shape.kinds & KINDS[kind_of(value)]:
        return False
    if isinstance(value, str):
        return shape.texts is None or value in shape.texts
    if isinstance(value, list):
        item_shape = shape.item
        return item_shape is None or all(fits(item_shape, item) for item in value)
    if isinstance(value, dict):
        return shape.fields is None or _members_fit(shape, shape.fields, value)
    return isinstance(value, bool) or value is None or not shape.is_whole or is_whole(value)


def _members_fit(shape: Shape, fields: Mapping[str, Field], value: dict[str, Json]) -> bool:
    if any(member.presence is Presence.ALWAYS and name not in value for name, member in fields.items()):
        return False
    folded = {name.lower() for name in fields}
    for name, item in value.items():
        if name in fields:
            if not fits(fields[name].shape, item):
                return False
        elif name.lower() in folded or shape.others is None or not fits(shape.others, item):
            return False
    return True


def texts_of(values: Iterable[Json]) -> frozenset[str] | None:
    """Returns the texts among values, as long as they are few; else None."""
    texts = frozenset(islice((value for value in values if isinstance(value, str)), _MAX_TEXTS + 1))
    return texts if 0 < len(texts) <= _MAX_TEXTS else None
