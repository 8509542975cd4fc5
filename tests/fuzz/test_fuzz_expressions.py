"""Any input as an expression, a template or a card ends within its fuel, with a JSON value or a typed error.

The time that an input takes is reported in the summary and checked by `make bench`, not here, so that the test is the
same on every machine.
"""

import gc
import math
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from expression_bombs import DATA as BOMB_DATA
from expression_cases import DATA
from expression_inputs import FuzzInputs, Input

from looply.expressions import (
    Evaluation,
    ExpressionError,
    ExpressionLimit,
    ExpressionSyntaxError,
    parse_card,
    parse_expression,
    parse_template,
)
from looply.expressions.values.evaluation import Run
from looply.jsontext import encode_json, size_problem
from looply.limits import DEFAULT_LIMITS
from suite.tiers import shards

SHARDS = 16
SEED = 20261124
TWICE_EVERY = 16
_REPEATED = ("bigs", "twins", "bigRows")
NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


class Outcome(NamedTuple):
    """The outcome of an input: `value`, `refused`, `failed` or `limit`, with the value or the error."""

    name: str
    result: Any


def evaluation(data: Mapping[str, Any]) -> Evaluation:
    numbers = iter(range(10**9))
    return Evaluation(data, NOW, lambda: next(numbers).to_bytes(16, "big"))


def evaluated(given: Input, data: Mapping[str, Any]) -> Any:
    if given.form == "card":
        return parse_card(given.source).expand(evaluation(data))
    if given.form == "template":
        return parse_template(given.source).evaluate(evaluation(data))
    expression = parse_expression(given.source)
    run = Run(evaluation(data), expression.compiled.slots)
    value = expression.evaluate_in(run)
    assert run.fuel.left >= 0, "it went beyond its fuel"
    return value


def outcome(given: Input, data: Mapping[str, Any]) -> Outcome:
    """Returns the outcome of an input; any exception other than a typed error is raised."""
    try:
        return Outcome("value", evaluated(given, data))
    except ExpressionSyntaxError as error:
        check_place(error)
        return Outcome("refused", error)
    except ExpressionLimit as error:
        check_limit(error)
        return Outcome("limit", error)
    except ExpressionError as error:
        check_place(error)
        return Outcome("failed", error)


def check_place(error: ExpressionError | ExpressionSyntaxError) -> None:
    assert error.message
    assert 0 <= error.position <= len(error.source)


def check_limit(error: ExpressionLimit) -> None:
    assert hasattr(DEFAULT_LIMITS, error.limit)
    assert error.limit in error.message


def check_json(value: Any) -> None:
    """Checks that a value is JSON within the limits, unless it is too large to be looked at: then callers refuse it."""
    if size_problem(value, DEFAULT_LIMITS.document_bytes, DEFAULT_LIMITS):
        return
    pending = [value]
    while pending:
        item = pending.pop()
        kind = type(item)
        if kind is dict:
            assert all(type(key) is str for key in item)
            pending.extend(item.values())
        elif kind is list:
            assert len(item) <= DEFAULT_LIMITS.expression_items
            pending.extend(item)
        elif kind is str:
            assert len(item) <= max(DEFAULT_LIMITS.expression_text_characters, 8 * 1024 * 1024)
            item.encode()
        elif kind is float:
            assert math.isfinite(item)
        elif kind is int:
            assert abs(item) < 10**DEFAULT_LIMITS.integer_digits
        elif kind is Decimal:
            assert item.is_finite()
            assert len(item.as_tuple().digits) <= DEFAULT_LIMITS.decimal_digits
        else:
            assert item is None or kind is bool, kind


def is_same(one: Outcome, two: Outcome) -> bool:
    if one.name != two.name:
        return False
    return str(one.result) == str(two.result) if one.name != "value" else one.result == two.result


@pytest.fixture
def settled() -> Iterator[None]:
    """Keeps the garbage collector from traversing the data of the bombs repeatedly, which would slow some inputs."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.timeout(0)
@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("shard", shards(SHARDS))
def test_every_input_ends_within_its_fuel_in_json_or_a_typed_error(
    shard: int, repetitions: Callable[..., int], record_property: Callable[[str, object], None]
) -> None:
    inputs = FuzzInputs(SEED)
    before, bomb_hash = encode_json(DATA), hash_of_bombs()
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    wrong: list[str] = []
    slowest = (0.0, "")
    for number in range(shard, repetitions(200_000, 2_000_000), SHARDS):
        given = inputs.input(number)
        data = BOMB_DATA if given.kind == "bomb" else DATA
        begun = time.thread_time()
        try:
            made = outcome(given, data)
            slowest = max(slowest, (time.thread_time() - begun, str(given.source)))
            if made.name == "value":
                check_json(made.result)
            assert given.kind == "bomb" or encode_json(DATA) == before, "the data has changed"
            if number % TWICE_EVERY == shard and given.kind != "bomb":
                assert is_same(made, outcome(given, data)), "a second evaluation gave something else"
            kinds[given.kind][made.name] += 1
        except Exception:  # any unexpected exception is a finding
            wrong.append(f"{number}: {str(given)[:400]}\n{traceback.format_exc(limit=-3)}")
    record_property(
        "fuzz",
        {
            "kinds": {kind: dict(counts) for kind, counts in kinds.items()},
            "slowest_ms": slowest[0] * 1000,
            "slowest": slowest[1],
        },
    )
    assert not wrong, f"{len(wrong)} inputs:\n" + "\n".join(wrong[:10])
    assert hash_of_bombs() == bomb_hash, "the data of the bombs has changed"
    # An evaluation that refuses everything would pass all of the above.
    assert kinds["valid"]["value"] > sum(kinds["valid"].values()) * 0.4
    assert all(counts["refused"] < sum(counts.values()) for counts in kinds.values())


def hash_of_bombs() -> int:
    """Returns the hash of the values that are not repetitions of one text."""
    return hash(encode_json({name: value for name, value in BOMB_DATA.items() if name not in _REPEATED}))
