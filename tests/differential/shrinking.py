"""Shrinks a failing case: removes the parts of a template or its data that are not needed."""

from collections.abc import Callable, Iterator
from typing import Any


def shrink(value: Any, fails: Callable[[Any], bool], attempts: int = 400) -> Any:
    """Returns a smallest part of a value that still fails, found by at most so many attempts."""
    left = attempts
    while True:
        for smaller in _smaller(value):
            left -= 1
            if left < 0:
                return value
            if fails(smaller):
                value = smaller
                break
        else:
            return value


def _smaller(value: Any) -> Iterator[Any]:
    """Yields the parts of a value alone, then the value without each of them, then with each of them shrunk."""
    if isinstance(value, dict):
        yield from (item for key, item in value.items() if key not in {"$data", "$when"})
        yield from ({name: item for name, item in value.items() if name != key} for key in value)
        for key, item in value.items():
            yield from ({**value, key: smaller} for smaller in _smaller(item))
    elif isinstance(value, list):
        yield from value
        if len(value) > 3:
            yield from (value[: len(value) // 2], value[len(value) // 2 :])
        yield from (value[:index] + value[index + 1 :] for index in range(len(value)))
        for index, item in enumerate(value):
            yield from ([*value[:index], smaller, *value[index + 1 :]] for smaller in _smaller(item))
