"""How a path finds its value.

A name is looked up as written, and if that fails, case-insensitively, as in Microsoft's. A path that leads to no value
(an unknown name, an index out of range, a step into a text) gives MISSING, never an error.
"""

import re
from collections.abc import Callable, Mapping

from looply.expressions.values.evaluation import MISSING, Run
from looply.jsontext import Json

Part = str | int
Reader = Callable[[Mapping[str, Json], Run | None], Json]
"""Reads one path from a document; returns MISSING when there is no value. The run, if any, is charged for searches."""


def find(container: Json, part: Part, run: Run | None) -> Json:
    """Returns the value one step further, or MISSING."""
    if type(container) is dict:
        if type(part) is not str:
            return MISSING
        value = container.get(part, MISSING)
        return _find_ignoring_case(container, part, run) if value is MISSING else value
    if type(container) is list and type(part) is int and 0 <= part < len(container):
        return container[part]
    if type(part) is str and isinstance(container, Mapping):
        return find_root(container, part, run)
    return MISSING


def _find_ignoring_case(container: dict[str, Json], name: str, run: Run | None) -> Json:
    if run is not None:
        run.spend(2 + (len(container) >> 3) + (len(name) >> 6) * len(container))
    folded = name.lower()
    most = len(folded)
    for key, value in container.items():
        # Lower case never shortens a text, so a longer key need not be converted.
        if len(key) <= most and key.lower() == folded:
            return value
    return MISSING


def find_root(data: Mapping[str, Json], name: str, run: Run | None) -> Json:
    """Returns the value of a name of the document, or MISSING."""
    value = data.get(name)
    if value is not None or name in data:
        return value
    if type(data) is dict:
        return _find_ignoring_case(data, name, run)
    names = list(data)
    if run is not None:
        run.spend(1 + (len(names) >> 3))
    folded = name.lower()
    for key in names:
        if key.lower() == folded:
            return data.get(key)
    return MISSING


def _walk(data: Mapping[str, Json], parts: tuple[Part, ...], run: Run | None) -> Json:
    value = find_root(data, str(parts[0]), run)
    for part in parts[1:]:
        if value is MISSING:
            return MISSING
        value = find(value, part, run)
    return value


_INDEX = re.compile(r"\s*([+-]?[0-9]+)")


def walk_names(run: Run, value: Json, names: tuple[str, ...]) -> Json:
    """Returns the value at names that come from data, or MISSING; such a name may be an index of a list or a text."""
    for name in names:
        if value is MISSING:
            return MISSING
        if type(value) is str:
            index = _index(name) if name.isascii() and name.isdecimal() else -1
            is_there = 0 <= index < len(value) and (name[0] != "0" or len(name) == 1)
            value = value[index] if is_there else MISSING
        elif type(value) is list and (digits := _INDEX.match(name)) is not None:
            value = find(value, _index(digits[1]), run)
        else:
            value = find(value, name, run)
    return value


def _index(digits: str) -> int:
    # Longer than any list; Python refuses to convert very long texts of digits.
    return int(digits) if len(digits) < 20 else -1


def path_reader(parts: tuple[Part, ...]) -> Reader:
    """Returns the reader of a path whose first part is a name of the document.

    Paths of names alone are the hot path of the product: they are read by plain subscription, and all rules are
    applied only when that fails.
    """
    first, rest = str(parts[0]), parts[1:]
    if not rest:
        return _reader_of_one(first)
    if not all(isinstance(part, str) for part in rest):
        return lambda data, run: _walk(data, parts, run)
    if len(rest) == 1:
        return _reader_of_two(first, rest[0], parts)
    if len(rest) == 2:
        return _reader_of_three(first, rest[0], rest[1], parts)

    def read(data: Mapping[str, Json], run: Run | None) -> Json:
        try:
            value: Json = data.get(first)
            for name in rest:
                value = value[name]
        except (KeyError, TypeError):
            return _walk(data, parts, run)
        return value

    return read


def _reader_of_one(name: str) -> Reader:
    def read(data: Mapping[str, Json], run: Run | None) -> Json:
        value = data.get(name)
        return value if value is not None else find_root(data, name, run)

    return read


def _reader_of_two(first: str, second: Part, parts: tuple[Part, ...]) -> Reader:
    def read(data: Mapping[str, Json], run: Run | None) -> Json:
        try:
            return data.get(first)[second]  # type: ignore[index]  # a value without names raises
        except (KeyError, TypeError):
            return _walk(data, parts, run)

    return read


def _reader_of_three(first: str, second: Part, third: Part, parts: tuple[Part, ...]) -> Reader:
    def read(data: Mapping[str, Json], run: Run | None) -> Json:
        try:
            return data.get(first)[second][third]  # type: ignore[index]  # a value without names raises
        except (KeyError, TypeError):
            return _walk(data, parts, run)

    return read
