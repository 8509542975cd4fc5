"""The shape of the value of a step. A step without a value is null."""

from dataclasses import replace
from typing import NamedTuple

from looply.expressions.shapes.shape import (
    ANY,
    LIST,
    NEVER,
    NOTHING,
    NULL,
    OBJECT,
    TEXTUAL,
    Field,
    LazyFields,
    Presence,
    Shape,
    object_of,
    union,
    union_of,
)


class Step(NamedTuple):
    """The shape of the value of a step, and whether its name is known."""

    shape: Shape
    is_known: bool


def member(shape: Shape, name: str) -> Step:
    """Returns the step to a member; null for a value that is no object."""
    if not shape.kinds & OBJECT:
        return Step(_or_missing(NEVER, shape), is_known=True)
    found = Step(_unknown(shape), is_known=True) if shape.fields is None else _field(shape, name)
    return Step(_or_missing(found.shape, shape), found.is_known) if shape.kinds & ~OBJECT else found


def _or_missing(result: Shape, shape: Shape) -> Shape:
    """Returns the result of a step into a value that may also have another kind, for which it is null."""
    if not shape.kinds & ~OBJECT:
        return result
    return result.or_null(is_doubtful=shape.is_doubtful)


def _field(shape: Shape, name: str) -> Step:
    fields = shape.fields or {}
    exact = fields.get(name)
    if exact is not None and exact.presence is Presence.ALWAYS:
        return Step(exact.shape, is_known=True)
    folded = name.lower()
    if isinstance(fields, LazyFields):
        alike = fields.alike(folded)
    else:
        alike = [found for other, found in fields.items() if other.lower() == folded]
    if not alike:
        if shape.others is None:
            return Step(NOTHING, is_known=False)
        return Step(shape.others.or_null(), is_known=not shape.is_listed)
    found = union_of(each.shape for each in alike)
    if any(each.presence is Presence.ALWAYS for each in alike):
        return Step(found, is_known=True)
    return Step(found.or_null(is_doubtful=_is_doubtful(alike)), is_known=True)


def _is_doubtful(fields: list[Field]) -> bool:
    return any(each.presence is Presence.SOMETIMES for each in fields)


def item(shape: Shape, *, must_be_there: bool) -> Shape:
    """Returns the item at an index. Only a list has items; with `must_be_there` other kinds except null fail."""
    found = NEVER
    if shape.kinds & LIST:
        found = items(shape)
    if shape.kinds & NULL:
        found = found.or_null(is_doubtful=shape.is_doubtful)
    return found if must_be_there else found.or_null()


def items(shape: Shape) -> Shape:
    """Returns the shape of every item of a list."""
    return shape.item if shape.item is not None else _unknown(shape)


def _unknown(shape: Shape) -> Shape:
    """Returns the shape of a part of a value of which only `text_numbers` is known."""
    return replace(ANY, text_numbers=shape.text_numbers) if shape.text_numbers else ANY


def members(shape: Shape) -> Shape:
    """Returns the shape of every member of an object."""
    if shape.fields is None:
        return _unknown(shape)
    made = union_of(each.shape for each in shape.fields.values())
    return made if shape.others is None else union(made, shape.others)


def compute_member(shape: Shape, key: Shape, *, must_be_there: bool) -> Shape:
    """Returns the result of a step with a computed key, a text or a number; a step into null gives null."""
    made = NEVER
    if shape.kinds & NULL:
        made = made.or_null(is_doubtful=shape.is_doubtful)
    container = shape.without(NULL)
    if key.kinds & TEXTUAL.kinds:
        names = None if key.texts is None or container.fields is None else key.texts
        found = (
            union_of(member(container, name).shape for name in names)
            if names is not None
            else _or_missing(members(container) if container.kinds & OBJECT else NEVER, container).or_null()
        )
        made = union(made, found)
    if key.kinds & ~TEXTUAL.kinds:
        made = union(made, item(container, must_be_there=must_be_there))
    return made


def loop_variable(shape: Shape) -> Shape:
    """Returns the shape of the variable of a loop: an item of a list, or {key, value} of an object."""
    made = items(shape) if shape.kinds & LIST else NEVER
    if shape.kinds & OBJECT:
        made = union(made, object_of({"key": Field(TEXTUAL), "value": Field(members(shape))}))
    return made
