"""Checks that an answer is an instance of the type that its route declares, down to the last field."""

from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from looply.server.http.call import JSON_TYPE, Response, Route


def check_answer(route: Route, answer: Response) -> None:
    """Checks the body of an answer against the type that its route declares; 304 has no body."""
    if route.answer is None or answer.status == 304:
        return
    if answer.media_type != JSON_TYPE:
        assert isinstance(answer.body, bytes), route.path
        return
    assert isinstance(answer.body, route.answer), f"{route.path}: {answer.body!r} is no {route.answer.__name__}"
    wrong = misfits(answer.body, route.answer)
    assert not wrong, f"{route.path}: {wrong}"


def misfits(value: Any, hint: Any, place: str = "") -> list[str]:
    """Returns the paths of a value that do not match the type; a dict does not match a Struct."""
    if _is_shape(hint):
        if not isinstance(value, hint):
            return [f"{place}: {type(value).__name__} is no {hint.__name__}"]
        return [
            wrong
            for name, each in _fields(type(value)).items()
            for wrong in misfits(getattr(value, name), each, f"{place}/{name}")
        ]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (list, tuple) and isinstance(value, origin):
        return [wrong for n, item in enumerate(value) for wrong in misfits(item, arguments[0], f"{place}/{n}")]
    if origin is dict and isinstance(value, dict):
        return [wrong for name in value for wrong in misfits(value[name], arguments[1], f"{place}/{name}")]
    if origin in (Union, UnionType):
        found = [misfits(value, each, place) for each in arguments]
        return [] if [] in found else min(found, key=len)
    return [] if _fits(value, hint) else [f"{place}: {value!r} is no {hint}"]


def _fits(value: Any, hint: Any) -> bool:
    """Returns whether a scalar is of a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value is not msgspec.UNSET
    if origin is Literal:
        return value in arguments
    if origin is Annotated:
        return _fits(value, arguments[0])
    return type(value) is (NoneType if hint is None else hint)


def _is_shape(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


@cache
def _fields(shape: type[msgspec.Struct]) -> dict[str, Any]:
    hints = get_type_hints(shape, include_extras=True)
    return {name: hints[name] for name in shape.__struct_fields__}
