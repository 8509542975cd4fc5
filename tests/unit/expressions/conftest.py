from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from looply.expressions import Evaluation, parse_card, parse_expression, parse_template
from looply.limits import DEFAULT_LIMITS, Limits

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


def count_bytes() -> Callable[[], bytes]:
    """Returns a stream of which `rand(0, 256)` takes 1, 2, 3 ..."""
    numbers: Iterator[int] = iter(range(1, 256))
    return lambda: bytes([next(numbers), *bytes(15)])


@pytest.fixture
def seen() -> Callable[..., Evaluation]:
    def build(data: Mapping[str, Any] | None = None, limits: Limits = DEFAULT_LIMITS) -> Evaluation:
        return Evaluation(data or {}, NOW, count_bytes(), limits)

    return build


@pytest.fixture
def value(seen: Callable[..., Evaluation]) -> Callable[..., Any]:
    def evaluate(source: str, data: Mapping[str, Any] | None = None, limits: Limits = DEFAULT_LIMITS) -> Any:
        return parse_expression(source, limits).evaluate(seen(data, limits))

    return evaluate


@pytest.fixture
def filled(seen: Callable[..., Evaluation]) -> Callable[..., Any]:
    def evaluate(template: Any, data: Mapping[str, Any] | None = None, limits: Limits = DEFAULT_LIMITS) -> Any:
        return parse_template(template, limits).evaluate(seen(data, limits))

    return evaluate


@pytest.fixture
def expanded(seen: Callable[..., Evaluation]) -> Callable[..., Any]:
    def expand(card: Any, data: Mapping[str, Any] | None = None, limits: Limits = DEFAULT_LIMITS) -> Any:
        return parse_card(card, limits).expand(seen(data, limits))

    return expand
