"""An operation: its input is checked before the call, and it says whether a call may be repeated."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from looply.connectors.port import CallContext, Operation
from looply.definition.values.repeat import Repeat
from looply.errors import BadInput
from looply.jsontext import Json
from looply.testing.world import NoNetwork


class Shape(msgspec.Struct, forbid_unknown_fields=True):
    """An input of one whole number."""

    count: int


def operation(repeat: Any = "never", normalize: Callable[..., Mapping[str, Json]] | None = None) -> Operation:
    async def call(ctx: CallContext, input_: dict[str, Json]) -> Json:
        return input_

    more: dict[str, Any] = {} if normalize is None else {"normalize": normalize}
    return Operation(name="test.count", title="Count", input=Shape, output=Shape, repeat=repeat, call=call, **more)


@pytest.fixture
def context(wiring: Any) -> CallContext:
    wiring.http = NoNetwork(timedelta(seconds=1))
    made: CallContext = wiring.context()
    return made


async def test_an_input_that_fits_is_handed_to_the_call(context: CallContext) -> None:
    assert await operation().perform(context, {"count": 1}) == {"count": 1}


@pytest.mark.parametrize("given", [{"count": "1"}, {}, {"count": 1, "other": 2}])
async def test_an_input_that_does_not_fit_never_reaches_the_call(context: CallContext, given: dict[str, Json]) -> None:
    with pytest.raises(BadInput, match=r"the input of test\.count does not fit") as caught:
        await operation().perform(context, given)
    assert not caught.value.sent


async def test_an_input_is_normalized_before_it_is_checked(context: CallContext) -> None:
    counting = operation(normalize=lambda given: {"count": int(given["count"])})
    assert await counting.perform(context, {"count": "1"}) == {"count": 1}


def test_a_constant_or_a_function_of_the_input_says_whether_a_call_may_be_repeated() -> None:
    def by_count(given: Mapping[str, Any]) -> Repeat:
        return "always" if given["count"] > 1 else "with_key"

    assert operation("always").repeat_of({}) == "always"
    assert operation(by_count).repeat_of({"count": 2}) == "always"
    assert operation(by_count).repeat_of({"count": 1}) == "with_key"


@pytest.mark.parametrize("given", [{}, {"count": "${payload.output.n}"}])
def test_a_function_that_does_not_expect_expressions_makes_a_call_that_is_not_repeated(given: Any) -> None:
    assert operation(lambda input_: "always" if input_["count"] > 1 else "never").repeat_of(given) == "never"
    assert operation(lambda _: "perhaps").repeat_of(given) == "never"


def test_a_call_has_a_command_where_its_connector_gives_one_for_this_input() -> None:
    def by_count(given: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
        if given["count"] < 0:
            raise BadInput("there is none")
        return f"count {settings['base_url']} {given['count'] + 1}"

    counting = replace(operation(), command=by_count)
    settings = {"base_url": "https://count.example"}
    assert operation().command_of({"count": 1}, settings) == ""
    assert counting.command_of({"count": 1}, settings) == "count https://count.example 2"
    assert counting.command_of({"count": -1}, settings) == ""
    assert counting.command_of({"count": "***"}, settings) == ""
