"""The weights of a JSON Schema: the most checks that it makes of one value, anywhere in a document.

A validator goes from a schema to others that apply in place (`allOf`, `$ref`, ...) and to those of its members. A
schema that is reached several times is checked several times, so a few lines of schema can require more work than any
machine can do: thirty levels that each name the next one twice double it thirty times. The weight is found by
following the schema as a validator does, with counts in place of values: a kind of location in the document is the set
of schemas that are checked there, each with its count. A recursive schema comes back to the same kinds of locations
as long as no count grows, and is refused as soon as one does.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import unquote

from looply.definition.values.pointer import split_pointer
from looply.jsontext import Json

MAX_WEIGHT: Final = 10_000
"""A schema that makes more checks of one value is refused."""

MAX_LOCATIONS: Final = 20_000
"""Kinds of locations that are followed; a schema with more is refused."""

_DEPTH: Final = 200
_LISTS: Final = ("allOf", "anyOf", "oneOf")
_SAME: Final = ("not", "if", "then", "else")
_UNEVALUATED: Final = ("unevaluatedProperties", "unevaluatedItems")
_UNSUPPORTED: Final = ("$dynamicRef", "$recursiveRef")
# Options that are texts are found by a hash; others are compared one by one, at the cost of several checks, and of very
# many where a number is not a double.
_COMPARED: Final = 8
_COMPARED_EXACTLY: Final = 120
# Whether a number is a multiple of a fraction is computed digit by digit.
_DIVIDED: Final = 200
_MATCHED: Final = 10
# Format -> checks of a text with it, and of eight characters of the text. All others are cheaper.
_FORMATS: Final[Mapping[str, tuple[int, int]]] = {
    "idn-hostname": (150, 40),
    **dict.fromkeys(("iri", "iri-reference", "regex", "uri-template"), (40, 18)),
    **dict.fromkeys(("email", "idn-email", "hostname", "uri", "uri-reference"), (40, 2)),
}
_FORMATTED: Final = (8, 0)
_DEPENDENT: Final = 3
_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_DIVISIONS: Final = 3
"""Comparisons of a large number in the time of dividing it."""
SMALLEST_DIVISOR: Final = 1e-15
_WHOLE: Final = 2**63

_STATES: Final = re.compile(
    r"\\(?:[pPux]\{[^}]*\}|.)|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:[a-z-]*:|P?<\w+>))?|\{(\d+)(?:,(\d*))?\}|.", re.DOTALL
)
"""A part of a regular expression: an escape, a class, the begin of a group, a repetition with its counts, any other."""

_Cluster: TypeAlias = Counter[int]


class Weights(NamedTuple):
    """The work of a schema, as the most at any one location. A check takes about 5 nanoseconds.

    `values`: checks of one value. `characters`: further ones of eight characters of a text. `numbers`: how often a
    number is compared. `lists`: how often the items of a list are compared with each other.
    """

    values: int
    characters: int = 0
    numbers: int = 0
    lists: int = 0


def schema_weight(schema: Json) -> Weights:
    """Returns the most checks that a schema makes of one value, text, number and list.

    Raises: ValueError that says why its work is unbounded, over `MAX_WEIGHT`, or cannot be predicted.
    """
    return _Weigher(schema).weight()


class _Weigher:
    def __init__(self, schema: Json) -> None:
        self._root = schema
        self._nodes: dict[int, dict[str, Json]] = {}
        self._closures: dict[int, _Cluster] = {}
        self._weights: dict[int, Weights] = {}
        self._in_progress: set[int] = set()
        self._steps = 0

    def weight(self) -> Weights:
        """Returns the largest weights of any kind of location."""
        heaviest = Weights(1)
        pending = [self._closure(self._root)]
        seen: set[frozenset[tuple[int, int]]] = set()
        while pending:
            cluster = pending.pop()
            key = frozenset(cluster.items())
            if not key or key in seen:
                continue
            seen.add(key)
            here = [(self._own(node), count) for node, count in cluster.items()]
            sums = (sum(weights[field] * count for weights, count in here) for field in range(len(heaviest)))
            heaviest = Weights(*map(max, heaviest, sums))
            if heaviest.values > MAX_WEIGHT:
                raise ValueError(
                    f"asks for {heaviest.values} checks of one value, at most {MAX_WEIGHT} are allowed: parts that are "
                    "named several times, or that name themselves several times, multiply"
                )
            for child in self._children(cluster):
                self._count()
                pending.append(child)
        return heaviest

    def _own(self, node: int) -> Weights:
        if node not in self._weights:
            self._weights[node] = _own_weights(self._nodes[node])
        return self._weights[node]

    def _children(self, cluster: _Cluster) -> Iterator[_Cluster]:
        members = [(self._nodes[node], count) for node, count in cluster.items()]
        names = dict.fromkeys(name for node, _ in members for name in _map(node, "properties"))
        for name in (*names, None):
            yield self._sum((part, count) for node, count in members for part in _of_member(node, name))
        longest = max(len(_list(node, "prefixItems")) for node, _ in members)
        for index in range(longest + 1):
            yield self._sum((part, count) for node, count in members for part in _of_item(node, index))
        yield self._sum((node["propertyNames"], count) for node, count in members if "propertyNames" in node)

    def _sum(self, parts: Iterator[tuple[Json, int]]) -> _Cluster:
        total: _Cluster = Counter()
        for schema, times in parts:
            for node, count in self._closure(schema).items():
                total[node] += count * times
                self._count()
        return total

    def _closure(self, schema: Json) -> _Cluster:
        """Returns all schemas that apply at the same value as this one, itself included, with their counts."""
        if not isinstance(schema, dict):
            return Counter()
        key = id(schema)
        if key in self._closures:
            return self._closures[key]
        if key in self._in_progress:
            raise ValueError("leads by `$ref` back to itself without going into the value")
        if len(self._in_progress) >= _DEPTH:
            raise ValueError(f"leads from schema to schema more than {_DEPTH} times at one value")
        self._in_progress.add(key)
        self._nodes[key] = schema
        total: _Cluster = Counter({key: 1})
        for part in self._in_place_schemas(schema):
            total.update(self._closure(part))
            if total.total() > MAX_WEIGHT:
                raise ValueError(f"asks for more than {MAX_WEIGHT} checks of one value: parts named twice multiply")
        if any(name in schema for name in _UNEVALUATED):
            # It evaluates the others again, to find out what they have evaluated.
            total = Counter({node: 2 * count for node, count in total.items()})
        self._in_progress.remove(key)
        self._closures[key] = total
        return total

    def _in_place_schemas(self, schema: dict[str, Json]) -> Iterator[Json]:
        for name in _UNSUPPORTED:
            if name in schema:
                raise ValueError(f"has `{name}`, which is not supported; use `$ref`")
        if "$ref" in schema:
            yield self._target(schema["$ref"])
        for name in _LISTS:
            yield from _list(schema, name)
        for name in _SAME:
            if name in schema:
                yield schema[name]
        yield from _map(schema, "dependentSchemas").values()

    def _target(self, reference: Json) -> Json:
        """Returns the schema that a `$ref` names: a pointer within the whole schema, or an anchor of it."""
        text = unquote(str(reference))
        if text == "#":
            return self._root
        found = (
            self._find_pointer(text[1:])
            if text.startswith("#/")
            else self._find_anchor(text[1:])
            if text[:1] == "#"
            else None
        )
        if found is None:
            raise ValueError(f"names {text[:100]!r} by `$ref`, which is not within it; use such as #/$defs/address")
        return found

    def _find_pointer(self, pointer: str) -> Json:
        value = self._root
        for part in split_pointer(pointer):
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value

    def _find_anchor(self, name: str) -> Json:
        pending = [self._root]
        while pending:
            value = pending.pop()
            if isinstance(value, dict):
                if value.get("$anchor") == name:
                    return value
                pending.extend(value.values())
            elif isinstance(value, list):
                pending.extend(value)
        return None

    def _count(self) -> None:
        self._steps += 1
        if self._steps > MAX_LOCATIONS:
            raise ValueError(f"has more than {MAX_LOCATIONS} kinds of locations; make it simpler")


def _own_weights(schema: dict[str, Json]) -> Weights:
    """Returns the work of a schema itself, without that of its parts."""
    patterns = [*_map(schema, "patternProperties"), *([schema["pattern"]] if "pattern" in schema else [])]
    values = _own_checks(schema) + _MATCHED * len(patterns)
    characters = sum(2 + _states(pattern) for pattern in patterns)
    if "format" in schema:
        of_text, of_characters = _FORMATS.get(str(schema["format"]), _FORMATTED)
        values, characters = values + of_text, characters + of_characters
    numbers = sum(name in schema for name in _BOUNDS) + _DIVISIONS * ("multipleOf" in schema)
    numbers += sum(map(_size, _options(schema)))
    return Weights(values, characters, numbers, int(schema.get("uniqueItems") is True))


def _states(pattern: str) -> int:
    """Returns how many states a regular expression has about: its parts, each as often as it is repeated."""
    levels, last = [0], 0
    for found in _STATES.finditer(pattern):
        part = found[0]
        if part[0] == "(":
            levels.append(0)
        elif part == ")" and len(levels) > 1:
            last = levels.pop()
            levels[-1] += last
        elif found[1] is not None:
            times = max(int(found[1]), int(found[2] or 0), 1)
            levels[-1] += last * (times - 1)
            last *= times
        elif part not in ("*", "+", "?", "|", "^", "$"):
            last = 1
            levels[-1] += 1
    return max(sum(levels), 1)


def _own_checks(schema: dict[str, Json]) -> int:
    """Returns the number of checks of a schema itself, without those of its parts."""
    checks = len(schema) + len(_list(schema, "required")) + len(_map(schema, "patternProperties"))
    checks += sum(_DEPENDENT * len(_map(schema, name)) for name in ("dependentRequired", "dependentSchemas"))
    checks += sum(_comparison(option) for option in _options(schema))
    checks += sum(_COMPARED_EXACTLY for name in _BOUNDS if _is_exact(schema.get(name)))
    if "multipleOf" in schema:
        checks += _divisions(schema["multipleOf"])
    return checks


def _options(schema: dict[str, Json]) -> list[Json]:
    """Returns the values of `const` and `enum` that are compared one by one: none where all options are texts."""
    options = [*_list(schema, "enum"), *([schema["const"]] if "const" in schema else [])]
    return [] if all(isinstance(option, str) for option in options) else options


def _comparison(option: Json) -> int:
    return _size(option) * (_COMPARED_EXACTLY if _has_exact(option) else _COMPARED)


def _has_exact(value: Json) -> bool:
    """Returns whether a value holds a number that is compared digit by digit."""
    if isinstance(value, dict | list):
        return any(_has_exact(item) for item in (value.values() if isinstance(value, dict) else value))
    return _is_exact(value)


def _is_exact(value: Json) -> bool:
    return isinstance(value, Decimal) or (isinstance(value, int) and abs(value) >= _WHOLE)


def _divisions(divisor: Json) -> int:
    """Returns the cost of a `multipleOf` in checks. Raises: ValueError for one that is too small."""
    if not isinstance(divisor, int | float | Decimal) or (isinstance(divisor, int) and abs(divisor) < _WHOLE):
        return 0
    if 0 < divisor < SMALLEST_DIVISOR:
        raise ValueError(f"has `multipleOf` {divisor}, which is too small; the smallest is {SMALLEST_DIVISOR}")
    return _DIVIDED


def _of_member(schema: dict[str, Json], name: str | None) -> Iterator[Json]:
    """Yields the schemas of a member; None represents a name that the schema does not know."""
    known = _map(schema, "properties")
    if name in known:
        yield known[name]
    elif "additionalProperties" in schema:
        yield schema["additionalProperties"]
    yield from _map(schema, "patternProperties").values()
    if "unevaluatedProperties" in schema:
        yield schema["unevaluatedProperties"]


def _of_item(schema: dict[str, Json], index: int) -> Iterator[Json]:
    first = _list(schema, "prefixItems")
    if index < len(first):
        yield first[index]
    elif "items" in schema:
        yield schema["items"]
    for name in ("contains", "unevaluatedItems"):
        if name in schema:
            yield schema[name]


def _map(schema: dict[str, Json], name: str) -> dict[str, Json]:
    value = schema.get(name)
    return value if isinstance(value, dict) else {}


def _list(schema: dict[str, Json], name: str) -> list[Json]:
    value = schema.get(name)
    return value if isinstance(value, list) else []


def _size(value: Json) -> int:
    count, pending = 0, [value]
    while pending:
        item = pending.pop()
        count += 1
        if isinstance(item, dict | list):
            pending.extend(item.values() if isinstance(item, dict) else item)
    return count
