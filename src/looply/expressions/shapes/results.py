"""The shapes of the results of functions, and the kinds of values that their arguments accept."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from looply.errors import BadRequest
from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type
from looply.expressions.shapes.operators import arithmetic_shape, concatenation_shape
from looply.expressions.shapes.shape import (
    ANY,
    BOOLEAN,
    EVERY,
    LIST,
    NEVER,
    NULL,
    NUMBER,
    NUMERIC,
    OBJECT,
    TEXT,
    TEXTUAL,
    WHOLE,
    Field,
    Presence,
    Shape,
    list_of,
    object_of,
    shape_of_value,
    union,
    union_of,
)
from looply.expressions.shapes.steps import items, member, members
from looply.jsontext import parse_json

_Result = Callable[[tuple[Shape, ...]], Shape]

_TAKEN: Final[Mapping[Kind, int]] = {
    Kind.TEXT: TEXT | NULL,
    Kind.PRESENT_TEXT: TEXT,
    Kind.NUMBER: NUMBER,
    Kind.WHOLE: NUMBER,
    Kind.LIST: LIST,
    Kind.OBJECT: OBJECT,
    Kind.COLLECTION: LIST | OBJECT,
    Kind.TIMESTAMP: TEXT,
}
_TAKEN_BY: Final[Mapping[tuple[str, str], int]] = {
    ("substring", "text"): TEXT | NULL,
    ("replace", "old"): TEXT,
    ("replaceIgnoreCase", "old"): TEXT,
    ("indexOf", "value"): TEXT | LIST | NULL,
    ("lastIndexOf", "value"): TEXT | LIST | NULL,
    ("count", "collection"): TEXT | LIST | OBJECT,
    ("reverse", "value"): TEXT | LIST,
    ("take", "value"): TEXT | LIST,
    ("indicesAndValues", "collection"): LIST | OBJECT,
    ("removeProperty", "object"): EVERY & ~NULL,
    ("merge", "object"): LIST | OBJECT,
    ("max", "number or list"): NUMBER | LIST,
    ("min", "number or list"): NUMBER | LIST,
    ("formatTicks", "ticks"): NUMBER | TEXT,
    **{(name, argument): NUMBER for name in ("sub", "mul", "div", "mod") for argument in ("left", "right")},
    ("exp", "base"): NUMBER,
    ("exp", "exponent"): NUMBER,
}
"""The kinds that functions accept which check an argument themselves; all others accept any kind there."""


def acceptable_kinds(function: Function, argument: Argument) -> int:
    """Returns the kinds of the argument with which the function does not always fail."""
    if argument.kind is not Kind.ANY:
        return _TAKEN_BY.get((function.name, argument.name), _TAKEN[argument.kind])
    return _TAKEN_BY.get((function.name, argument.name), EVERY)


def result_of(function: Function, arguments: tuple[Shape, ...]) -> Shape:
    """Returns the shape of a call's value; the arguments have only accepted kinds."""
    read = _RESULTS.get(function.name)
    return read(arguments) if read is not None else _declared_shape(function.result)


def _declared_shape(result: Type) -> Shape:
    if result & Type.ANY:
        return ANY
    kinds = 0
    for type_, bit in ((Type.BOOLEAN, BOOLEAN), (Type.NUMBER, NUMBER), (Type.TEXT, TEXT), (Type.LIST, LIST)):
        kinds |= bit if result & type_ else 0
    return Shape(kinds)


def first_present(shapes: tuple[Shape, ...]) -> Shape:
    """Returns the result of `a ?? b ?? ...`, the first value that is not null."""
    made = NEVER
    for shape in shapes:
        made = union(made, shape.without(NULL))
        if not shape.kinds & NULL:
            return made
    return made.or_null(is_doubtful=shapes[-1].is_doubtful)


def _end(shapes: tuple[Shape, ...]) -> Shape:
    """Returns the first or last item of a list or character of a text; null when there is none."""
    (collection,) = shapes
    made = items(collection) if collection.kinds & LIST else NEVER
    return union(made, TEXTUAL if collection.kinds & TEXT else NEVER).or_null()


def _same_list(shapes: tuple[Shape, ...]) -> Shape:
    return _list_as(shapes[0])


def _all_lists(shapes: tuple[Shape, ...]) -> Shape:
    return union_of(map(_list_as, shapes))


def _list_as(shape: Shape) -> Shape:
    """Returns the shape of a list with the items of another one."""
    return Shape(LIST, item=shape.item, text_numbers=shape.text_numbers)


def _part(shapes: tuple[Shape, ...]) -> Shape:
    """Returns the shape of a part or the reverse of a text or a list."""
    (whole,) = shapes[:1]
    return Shape(whole.kinds & (TEXT | LIST), item=whole.item, text_numbers=whole.text_numbers)


def _numbered(shapes: tuple[Shape, ...]) -> Shape:
    (collection,) = shapes
    value, index = NEVER, NEVER
    if collection.kinds & LIST:
        value, index = union(value, items(collection)), WHOLE
    if collection.kinds & OBJECT:
        value, index = union(value, members(collection)), union(index, TEXTUAL)
    return list_of(object_of({"index": Field(index), "value": Field(value)}))


def _with_property(shapes: tuple[Shape, ...]) -> Shape:
    container, name, value = shapes
    if name.texts is None or len(name.texts) != 1 or name.kinds != TEXT or container.fields is None:
        return Shape(OBJECT)
    (key,) = name.texts
    fields = {**container.fields, key: Field(value)}
    others = container.others
    return object_of(fields, others, is_listed=container.is_listed)


def _merge(shapes: tuple[Shape, ...]) -> Shape:
    if any(shape.kinds != OBJECT or shape.fields is None or shape.others is not None for shape in shapes):
        return Shape(OBJECT)
    made: dict[str, Field] = {}
    for shape in shapes:
        for name, found in (shape.fields or {}).items():
            former = made.get(name)
            is_certain = former is None or found.presence is Presence.ALWAYS
            made[name] = (
                found if is_certain or former is None else Field(union(former.shape, found.shape), former.presence)
            )
    return object_of(made)


def _property(shapes: tuple[Shape, ...]) -> Shape:
    if len(shapes) != 2 or shapes[1].kinds != TEXT or shapes[1].texts is None or len(shapes[1].texts) != 1:
        return ANY
    (name,) = shapes[1].texts
    return member(shapes[0], name).shape if _NAME.fullmatch(name) else ANY


def _parse(shapes: tuple[Shape, ...]) -> Shape:
    texts = shapes[0].texts
    if texts is None or len(texts) != 1:
        return ANY
    try:
        return shape_of_value(parse_json(next(iter(texts)).encode("utf-8", "surrogatepass")))
    except BadRequest:
        return ANY


def _sum(shapes: tuple[Shape, ...]) -> Shape:
    made = shapes[0]
    for shape in shapes[1:]:
        made = arithmetic_shape("+", made, shape)
    return made


_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESULTS: Final[Mapping[str, _Result]] = MappingProxyType(
    {
        "add": _sum,
        "addProperty": _with_property,
        "average": lambda _: NUMERIC,
        "base64": lambda _: TEXTUAL.or_null(),
        "coalesce": first_present,
        "concat": concatenation_shape,
        "count": lambda _: WHOLE,
        "createArray": lambda shapes: list_of(union_of(shapes)),
        "first": _end,
        "flatten": lambda _: list_of(None),
        "float": lambda shapes: _number(shapes, NUMERIC),
        "getProperty": _property,
        "getTimeOfDay": lambda _: TEXTUAL.or_null(),
        "ignore": lambda shapes: shapes[0],
        "indicesAndValues": _numbered,
        "int": lambda shapes: _number(shapes, WHOLE),
        "intersection": _same_list,
        "json": _parse,
        "last": _end,
        "length": lambda _: WHOLE,
        "merge": _merge,
        "range": lambda _: list_of(WHOLE),
        "resolve": lambda _: TEXTUAL.or_null(),
        "reverse": _part,
        "setProperty": _with_property,
        "skip": _same_list,
        "sortBy": _same_list,
        "sortByDescending": _same_list,
        "split": lambda _: list_of(TEXTUAL),
        "subArray": _same_list,
        "take": _part,
        "union": _all_lists,
        "unique": _same_list,
    }
)


def _number(shapes: tuple[Shape, ...], shape: Shape) -> Shape:
    """Returns the shape of a conversion: `shape` for numbers and texts, null for any other value."""
    return shape if not shapes[0].kinds & ~(NUMBER | TEXT) else shape.or_null()
