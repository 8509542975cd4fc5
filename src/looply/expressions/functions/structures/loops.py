"""Functions that evaluate an expression for each item of a list or an object, whose items are {key, value}."""

from collections.abc import Iterator

from looply.expressions.closures.conditions import condition
from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Loop, LoopBuilder, Type
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import Closure, Run
from looply.expressions.values.semantics import kind_of
from looply.jsontext import Json

_LOOP = (Argument("collection", Kind.COLLECTION), Argument("variable", Kind.VARIABLE), Argument("body"))


def _items(value: Json, function: str) -> Iterator[Json]:
    if type(value) is list:
        return iter(value)
    if type(value) is dict:
        return ({"key": key, "value": item} for key, item in value.items())
    raise ExpressionError(f"{function}() expects a list or an object as `collection`, found {kind_of(value)}")


def _foreach(function: str) -> LoopBuilder:
    def build(collection: Closure, loop: Loop) -> Closure:
        slot, body, weight = loop.slot, loop.body, loop.weight

        def evaluate(run: Run) -> Json:
            made = []
            for item in _items(collection(run), function):
                run.spend(weight)
                run.variables[slot] = item
                made.append(body(run))
            return made

        return evaluate

    return build


def _where(collection: Closure, loop: Loop) -> Closure:
    slot, weight = loop.slot, loop.weight
    holds = condition(loop.body)

    def evaluate(run: Run) -> Json:
        value = collection(run)
        kept = []
        for item in _items(value, "where"):
            run.spend(weight)
            run.variables[slot] = item
            if holds(run):
                kept.append(item)
        return kept if type(value) is list else {item["key"]: item["value"] for item in kept}

    return evaluate


def _quantifier(function: str, *, until: bool) -> LoopBuilder:
    """Returns a loop that returns `until` at the first item whose condition is `until`, else its opposite."""

    def build(collection: Closure, loop: Loop) -> Closure:
        slot, weight = loop.slot, loop.weight
        holds = condition(loop.body)

        def evaluate(run: Run) -> Json:
            for item in _items(collection(run), function):
                run.spend(weight)
                run.variables[slot] = item
                if holds(run) is until:
                    return until
            return not until

        return evaluate

    return build


LOOP_FUNCTIONS = (
    Function(
        "foreach",
        "collections",
        _LOOP,
        Type.LIST,
        "Evaluates the body for each item; an object's items are {key, value}. Also `foreach(list, x => body)`.",
        ("foreach(createArray(1, 2), x, x * 10)", [10, 20]),
        build_loop=_foreach("foreach"),
    ),
    Function(
        "select",
        "collections",
        _LOOP,
        Type.LIST,
        "Is the same as `foreach`.",
        ("select(createArray(1, 2), x => x * 10)", [10, 20]),
        build_loop=_foreach("select"),
    ),
    Function(
        "where",
        "collections",
        _LOOP,
        Type.LIST,
        "Keeps the items for which the body holds; of an object, an object.",
        ("where(createArray(1, 5), x, x > 2)", [5]),
        build_loop=_where,
    ),
    Function(
        "any",
        "collections",
        _LOOP,
        Type.BOOLEAN,
        "Returns whether the body holds for at least one item.",
        ("any(createArray(1, 5), x, x > 2)", True),
        build_loop=_quantifier("any", until=True),
    ),
    Function(
        "all",
        "collections",
        _LOOP,
        Type.BOOLEAN,
        "Returns whether the body holds for every item.",
        ("all(createArray(1, 5), x, x > 2)", False),
        build_loop=_quantifier("all", until=False),
    ),
)
