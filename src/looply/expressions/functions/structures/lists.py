"""Functions on lists and objects as a whole. Items are the same when they are equal scalars, or one list or object."""

from collections.abc import Callable
from functools import cmp_to_key

from looply.decimals import exact
from looply.expressions.closures.conditions import lenient
from looply.expressions.closures.paths import find
from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type, cost_of
from looply.expressions.functions.structures.objects import property_name
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import MISSING, Closure, Run
from looply.expressions.values.javascript import Order, javascript_text, order_between, order_of
from looply.expressions.values.semantics import equal, is_number, is_whole, kind_of, text
from looply.jsontext import Json

_LIST = Argument("list", Kind.LIST)
_LISTS = (Argument("list", Kind.LIST, is_repeated=True),)
_SORTED = (_LIST, Argument("property", is_optional=True, type=Type.TEXT))
_DEEPEST = 100


def _contains(arguments: tuple[Closure, ...]) -> Closure:
    collection, value = arguments
    return lenient(lambda run: _holds(run, collection(run), value(run)))


def _holds(run: Run, collection: Json, value: Json) -> bool:
    if type(collection) is list:
        run.spend(1 + len(collection))
        return any(equal(run, item, value) for item in collection)
    run.spend(1 + cost_of(collection) + cost_of(value))
    if type(value) is not str:
        return False
    if type(collection) is str:
        return value in collection
    return find(collection, value, run) is not MISSING


def _first(_: Run, collection: Json) -> Json:
    return collection[0] if type(collection) in {list, str} and collection else None


def _last(_: Run, collection: Json) -> Json:
    return collection[-1] if type(collection) in {list, str} and collection else None


def _count(_: Run, collection: Json) -> int:
    if type(collection) not in {list, str, dict}:
        raise ExpressionError(f"count() expects a list, a text or an object, found {kind_of(collection)}")
    return len(collection)


def _join(run: Run, items: list[Json], separator: Json, last: Json = None) -> str:
    between = _separator(run, separator)
    if last is None:
        return _join_texts(run, items, between)
    ending = _separator(run, last)
    if len(items) < 3:
        return _join_texts(run, items, ending)
    return _join_texts(run, [_join_texts(run, items[:-1], between), items[-1]], ending)


def _separator(run: Run, value: Json) -> str:
    return "," if value is None else text(run, value)


def _join_texts(run: Run, items: list[Json], separator: str) -> str:
    run.spend(len(items))
    texts = [text(run, item) for item in items]
    run.check_text(sum(map(len, texts)) + max(0, len(texts) - 1) * len(separator))
    return separator.join(texts)


def _create_array(_: Run, *values: Json) -> list[Json]:
    return list(values)


def _reverse(_: Run, value: Json) -> Json:
    if type(value) not in {str, list}:
        raise ExpressionError(f"reverse() expects a text or a list as `value`, found {kind_of(value)}")
    return value[::-1]


def _union(run: Run, *lists: list[Json]) -> list[Json]:
    run.check_items(sum(map(len, lists)))
    return _distinct(run, [item for items in lists for item in items])


def _unique(run: Run, items: list[Json]) -> list[Json]:
    return _distinct(run, items)


def _distinct(run: Run, items: list[Json]) -> list[Json]:
    _charge_identities(run, items)
    made: dict[tuple[str, Json], Json] = {}
    for item in items:
        made.setdefault(_identity(item), item)
    return list(made.values())


def _charge_identities(run: Run, items: list[Json]) -> None:
    run.spend((len(items) >> 1) + sum(len(item) >> 6 for item in items if type(item) is str))


def _identity(item: Json) -> tuple[str, Json]:
    """Returns a key that is equal for items that are the same."""
    if is_number(item):
        return "number", exact(item)
    return (kind_of(item), id(item)) if type(item) in {list, dict} else (kind_of(item), item)


def _intersection(run: Run, first: list[Json], *others: list[Json]) -> list[Json]:
    kept = _distinct(run, first)
    for items in others:
        _charge_identities(run, items)
        _charge_identities(run, kept)
        known = {_identity(item) for item in items}
        kept = [item for item in kept if _identity(item) in known]
    return kept


def _skip(_: Run, items: list[Json], count: int) -> list[Json]:
    return items[max(count, 0) :]


def _take(_: Run, value: Json, count: int) -> Json:
    if type(value) not in {str, list}:
        raise ExpressionError(f"take() expects a list or a text as `value`, found {kind_of(value)}")
    return value[: max(count, 0)]


def _sub_array(_: Run, items: list[Json], start: int, end: Json = MISSING) -> list[Json]:
    stop = len(items) if end is MISSING else end
    if not is_whole(stop):
        raise ExpressionError(f"subArray() expects a whole number as `end`, found {kind_of(end)}")
    for name, value in (("start", start), ("end", stop)):
        if not 0 <= value <= len(items):
            raise ExpressionError(f"subArray() expects `{name}` from 0 to {len(items)}, found {value}")
    return items[start : int(stop)]


def _sorter(*, is_descending: bool) -> Callable[..., list[Json]]:
    def call(run: Run, items: list[Json], name: Json = MISSING) -> list[Json]:
        rounds = len(items).bit_length()
        run.spend(len(items) * rounds)
        values = items if name is MISSING else _properties(items, property_name(run, name) if name else "")
        paid = [_charge(run, value, rounds) for value in values]
        values = [javascript_text(value) for value in paid] if name is MISSING else paid
        pairs = zip(map(order_of, values), items, strict=True)
        made = [item for _, item in sorted(pairs, key=_BY_ORDER)]
        return made[::-1] if is_descending else made

    return call


def _between(one: tuple[Order, Json], two: tuple[Order, Json]) -> int:
    return order_between(one[0], two[0])


_BY_ORDER = cmp_to_key(_between)


def _charge(run: Run, value: Json, rounds: int) -> Json:
    """Charges the run for converting a value to text and comparing it `rounds` times, and returns the value."""
    if type(value) in {list, dict}:
        run.spend((len(text(run, value)) >> 6) * rounds)
    elif type(value) is str:
        run.spend((len(value) >> 6) * rounds)
    return value


def _properties(items: list[Json], name: str) -> list[Json]:
    if any(item is None for item in items):
        raise ExpressionError(f"an item is null, which has no property `{name[:40]}` to sort by")
    return [item.get(name, MISSING) if type(item) is dict else MISSING for item in items]


def _indices_and_values(run: Run, value: Json) -> list[Json]:
    if type(value) not in {list, dict}:
        raise ExpressionError(f"indicesAndValues() expects a list or an object, found {kind_of(value)}")
    run.check_items(len(value))
    pairs = enumerate(value) if type(value) is list else value.items()
    return [{"index": index, "value": item} for index, item in pairs]


def _flatten(run: Run, items: list[Json], depth: Json = _DEEPEST) -> list[Json]:
    rounds = depth if is_number(depth) and depth >= 1 else 1
    made, count = items, 0
    while count < rounds and any(type(item) is list for item in made):
        run.check_items(sum(len(item) if type(item) is list else 1 for item in made))
        run.spend(len(made))
        made = [part for item in made for part in (item if type(item) is list else (item,))]
        count += 1
    return made


LIST_FUNCTIONS = (
    Function(
        "contains",
        "collections",
        (Argument("collection"), Argument("value")),
        Type.BOOLEAN,
        "Returns whether a list has the item, a text the part, or an object the key.",
        ("contains(createArray('a', 'b'), 'a')", True),
        build=_contains,
    ),
    Function(
        "first",
        "collections",
        (Argument("collection"),),
        Type.ANY,
        "Returns the first item of a list or character of a text; null when there is none.",
        ("first(createArray('a', 'b'))", "a"),
        _first,
    ),
    Function(
        "last",
        "collections",
        (Argument("collection"),),
        Type.ANY,
        "Returns the last item of a list or character of a text; null when there is none.",
        ("last(createArray('a', 'b'))", "b"),
        _last,
    ),
    Function(
        "count",
        "collections",
        (Argument("collection", type=Type.TEXT | Type.LIST),),
        Type.NUMBER,
        "Counts the items of a list, the keys of an object or the characters of a text.",
        ("count(createArray('a', 'b'))", 2),
        _count,
    ),
    Function(
        "join",
        "collections",
        (
            Argument("list", Kind.LIST),
            Argument("separator", type=Type.TEXT),
            Argument("last", type=Type.TEXT, is_optional=True),
        ),
        Type.TEXT,
        "Joins the items to a text; `last` is the separator before the last one.",
        ("join(createArray('a', 'b', 'c'), ', ', ' and ')", "a, b and c"),
        _join,
    ),
    Function(
        "createArray",
        "collections",
        (Argument("value", is_optional=True, is_repeated=True),),
        Type.LIST,
        "Returns a list of the values.",
        ("createArray(1, 'a')", [1, "a"]),
        _create_array,
    ),
    Function(
        "reverse",
        "collections",
        (Argument("value", type=Type.TEXT | Type.LIST),),
        Type.TEXT | Type.LIST,
        "Reverses a list or a text.",
        ("reverse(createArray(1, 2))", [2, 1]),
        _reverse,
    ),
    Function(
        "union",
        "collections",
        _LISTS,
        Type.LIST,
        "Concatenates lists and removes duplicates.",
        ("union(createArray(1, 2), createArray(2, 3))", [1, 2, 3]),
        _union,
    ),
    Function(
        "intersection",
        "collections",
        _LISTS,
        Type.LIST,
        "Keeps the items that all lists have.",
        ("intersection(createArray(1, 2), createArray(2, 3))", [2]),
        _intersection,
    ),
    Function(
        "unique",
        "collections",
        (_LIST,),
        Type.LIST,
        "Removes duplicates.",
        ("unique(createArray(1, 2, 1))", [1, 2]),
        _unique,
    ),
    Function(
        "skip",
        "collections",
        (_LIST, Argument("count", Kind.WHOLE)),
        Type.LIST,
        "Removes the first items.",
        ("skip(createArray(1, 2, 3), 1)", [2, 3]),
        _skip,
    ),
    Function(
        "take",
        "collections",
        (Argument("value", type=Type.TEXT | Type.LIST), Argument("count", Kind.WHOLE)),
        Type.TEXT | Type.LIST,
        "Returns the first items of a list, or characters of a text.",
        ("take(createArray(1, 2, 3), 2)", [1, 2]),
        _take,
    ),
    Function(
        "subArray",
        "collections",
        (_LIST, Argument("start", Kind.WHOLE), Argument("end", is_optional=True, type=Type.NUMBER)),
        Type.LIST,
        "Returns the items from `start` up to, not including, `end`.",
        ("subArray(createArray(1, 2, 3, 4), 1, 3)", [2, 3]),
        _sub_array,
    ),
    Function(
        "sortBy",
        "collections",
        _SORTED,
        Type.LIST,
        "Sorts objects by a property; without one, items by their text.",
        ("sortBy(createArray(json('{\"n\": 2}'), json('{\"n\": 1}')), 'n')", [{"n": 1}, {"n": 2}]),
        _sorter(is_descending=False),
    ),
    Function(
        "sortByDescending",
        "collections",
        _SORTED,
        Type.LIST,
        "Sorts as `sortBy` does, and reverses the list.",
        ("sortByDescending(createArray('a', 'c', 'b'))", ["c", "b", "a"]),
        _sorter(is_descending=True),
    ),
    Function(
        "indicesAndValues",
        "collections",
        (Argument("collection"),),
        Type.LIST,
        "Returns a list of {index, value}; the index of an object is its key.",
        ("indicesAndValues(createArray('a'))", [{"index": 0, "value": "a"}]),
        _indices_and_values,
    ),
    Function(
        "flatten",
        "collections",
        (_LIST, Argument("depth", is_optional=True, type=Type.NUMBER)),
        Type.LIST,
        "Replaces inner lists by their items, down to `depth` levels (100).",
        ("flatten(createArray(1, createArray(2, createArray(3))))", [1, 2, 3]),
        _flatten,
    ),
)
