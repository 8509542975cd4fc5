"""Functions on objects. Arguments are never changed: the functions return changed copies."""

from collections.abc import Iterator

from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type, cost_of
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import Run
from looply.expressions.values.javascript import javascript_text
from looply.expressions.values.semantics import kind_of, text
from looply.jsontext import Json


def property_name(run: Run, value: Json) -> str:
    """Returns a value as the name of a property: `null` is a name, as is `1`; lists are JSON."""
    return text(run, value) if type(value) in {list, dict} else javascript_text(value)


def _add_property(run: Run, value: dict[str, Json], name: Json, item: Json) -> Json:
    key = property_name(run, name)
    if key in value:
        raise ExpressionError(f"addProperty() expects a name that does not exist yet, found {key[:40]!r}")
    return {**value, key: item}


def _set_property(run: Run, value: dict[str, Json], name: Json, item: Json) -> Json:
    return {**value, property_name(run, name): item}


def _remove_property(run: Run, value: Json, name: Json) -> Json:
    if value is None:
        raise ExpressionError("removeProperty() expects an object as `object`, found null")
    removed = property_name(run, name)
    if type(value) is not dict or removed not in value:
        return value
    return {key: item for key, item in value.items() if key != removed}


def _merge(run: Run, *values: Json) -> Json:
    made: dict[str, Json] = {}
    for value in values:
        for part in _parts(value):
            run.spend(cost_of(part))
            made.update(part)
    return made


def _parts(value: Json) -> Iterator[dict[str, Json]]:
    if type(value) not in {dict, list}:
        raise ExpressionError(f"merge() expects objects, or lists of them, found {kind_of(value)}")
    for item in value if type(value) is list else (value,):
        if type(item) is dict:
            yield item
        elif item is not None:
            raise ExpressionError(f"merge() expects lists of objects, found {kind_of(item)} in one")


_OBJECT = Argument("object", Kind.OBJECT)
_NAME = Argument("property", type=Type.TEXT)

OBJECT_FUNCTIONS = (
    Function(
        "addProperty",
        "objects",
        (_OBJECT, _NAME, Argument("value")),
        Type.ANY,
        "Returns the object with one more property, which must not exist yet.",
        ("addProperty(json('{\"a\": 1}'), 'b', 2)", {"a": 1, "b": 2}),
        _add_property,
    ),
    Function(
        "setProperty",
        "objects",
        (_OBJECT, _NAME, Argument("value")),
        Type.ANY,
        "Returns the object with the property set.",
        ("setProperty(json('{\"a\": 1}'), 'a', 2)", {"a": 2}),
        _set_property,
    ),
    Function(
        "removeProperty",
        "objects",
        (Argument("object"), _NAME),
        Type.ANY,
        "Returns the object without the property.",
        ("removeProperty(json('{\"a\": 1, \"b\": 2}'), 'b')", {"a": 1}),
        _remove_property,
    ),
    Function(
        "merge",
        "objects",
        (Argument("object", is_repeated=True),),
        Type.ANY,
        "Returns one object made of objects and lists of them; of equal names, the last wins.",
        ("merge(json('{\"a\": 1}'), json('{\"a\": 2}'))", {"a": 2}),
        _merge,
    ),
)
