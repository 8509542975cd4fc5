"""Evaluation of expressions: values, the fuel that they use, and the positions of findings."""

import asyncio
import threading
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from looply.app.authoring.expression_evaluation import EvaluationInput, EvaluationResult, Source, evaluate, text_at
from looply.app.context.background import MAX_PENDING, BackgroundThread
from looply.app.context.services import Services
from looply.errors import Overloaded
from looply.expressions.editing.locations import SourceLocation
from looply.instants import from_ms
from looply.limits import DEFAULT_LIMITS, Limits
from looply.testing.clock import FakeClock

MIB = 1024 * 1024


def services(limits: Limits = DEFAULT_LIMITS) -> Services:
    """Returns the services that an evaluation needs."""
    parts = {"clock": FakeClock(), "limits": limits, "background": BackgroundThread()}
    return cast("Services", type("Some", (), parts))


async def evaluate_source(
    form: Any, text: Any, data: Any = None, limits: Limits = DEFAULT_LIMITS, **given: Any
) -> EvaluationResult:
    return await evaluate(services(limits), Source(form, text), EvaluationInput(data=data, **given))


async def test_an_expression_has_its_typed_value() -> None:
    for text, value, kind in (
        ("a.b + 1", 3, "number"),
        ("concat('x', a.b)", "x2", "text"),
        ("a", {"b": 2}, "object"),
        ("createArray()", [], "list"),
        ("a.b == 2", True, "boolean"),
        ("null", None, "null"),
    ):
        outcome = await evaluate_source("expression", text, {"a": {"b": 2}})
        assert (outcome.value, outcome.type, outcome.is_present, outcome.finding) == (value, kind, True, None)


async def test_a_path_that_leads_nowhere_is_null_and_not_present() -> None:
    outcome = await evaluate_source("expression", "a.c", {"a": {"b": 2}})
    assert (outcome.value, outcome.type, outcome.is_present) == (None, "null", False)
    there = await evaluate_source("expression", "a.b", {"a": {"b": None}})
    assert (there.value, there.is_present) == (None, True)


async def test_a_template_keeps_types_and_a_text_of_several_pieces_is_a_text() -> None:
    template = {"id": "${po}", "text": "Order ${po}!", "list": [1, "${missing}"]}
    outcome = await evaluate_source("template", template, {"po": 45})
    assert (outcome.value, outcome.type) == ({"id": 45, "text": "Order 45!", "list": [1, None]}, "object")


async def test_the_fuel_is_reported_also_for_a_failure() -> None:
    small = await evaluate_source("expression", "count(many)", {"many": list(range(4000))})
    large = await evaluate_source("expression", "foreach(many, x, x + 1)", {"many": list(range(4000))})
    over = await evaluate_source("expression", "foreach(many, x, count(many))", {"many": list(range(4000))})
    assert 0 < small.fuel < large.fuel < DEFAULT_LIMITS.expression_fuel
    assert over.fuel == DEFAULT_LIMITS.expression_fuel
    assert over.finding is not None
    assert (over.finding.code, over.value) == ("EXPRESSION_LIMIT", None)
    template = await evaluate_source("template", ["${foreach(many, x, x + 1)}"] * 2, {"many": list(range(4000))})
    assert template.fuel >= 2 * large.fuel - 10


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("1 +", "EXPRESSION_SYNTAX", SourceLocation(3, 1, 4)),
        ("nothing(1)", "EXPRESSION_SYNTAX", SourceLocation(0, 1, 1, 7)),
        ("1 +\n  nothing(1)", "EXPRESSION_SYNTAX", SourceLocation(6, 2, 3, 7)),
        ("'𝄞' + nothing(1)", "EXPRESSION_SYNTAX", SourceLocation(6, 1, 7, 7)),
        ("'open", "EXPRESSION_SYNTAX", SourceLocation(0, 1, 1)),
        ("1 / zero", "EXPRESSION", SourceLocation(2, 1, 3, 1)),
        ("concat(a, `${1 / zero}`)", "EXPRESSION", SourceLocation(15, 1, 16, 1)),
        ("'${x}' + 1 / zero", "EXPRESSION", SourceLocation(11, 1, 12, 1)),
    ],
)
async def test_a_finding_has_its_position(text: str, code: str, place: SourceLocation) -> None:
    finding = (await evaluate_source("expression", text, {"zero": 0})).finding
    assert finding is not None
    assert (finding.code, finding.path, finding.place) == (code, "", place)
    assert finding.message
    assert "position" not in finding.message


async def test_a_finding_in_a_template_has_the_pointer_of_its_text_and_a_position_within_it() -> None:
    template = {"a/b": ["fine ${1}", "fine ${1}, not\n${1 / zero}"]}
    finding = (await evaluate_source("template", template, {"zero": 0})).finding
    assert finding is not None
    assert (finding.path, finding.place) == ("/a~1b/1", SourceLocation(19, 2, 5, 1))
    syntax = (await evaluate_source("template", "${a} ${b +} ${c}")).finding
    assert syntax is not None
    assert (syntax.path, syntax.place) == ("", SourceLocation(10, 1, 11))


async def test_a_finding_in_a_card_has_its_position_although_the_card_has_lost_white_space() -> None:
    for text, place in (
        ("x ${  nothing(1) }", SourceLocation(6, 1, 7, 7)),
        ("${'} x\n${ a ~ b }", SourceLocation(12, 2, 6)),
        ("${ 1 / zero }", SourceLocation(5, 1, 6, 1)),
    ):
        finding = (await evaluate_source("card", {"body": [{"text": text}]}, {"zero": 0})).finding
        assert finding is not None
        assert (finding.path, finding.place) == ("/body/0/text", place)


async def test_a_limit_exceeded_in_a_text_of_a_card_has_its_position() -> None:
    finding = (await evaluate_source("card", {"a": ["${1}", {"t": "x ${range(0, 1000000)} y"}]})).finding
    assert finding is not None
    assert (finding.code, finding.path, finding.place) == ("EXPRESSION_LIMIT", "/a/1/t", SourceLocation(4, 1, 5, 5))


async def test_a_card_sees_data_and_host_as_they_are() -> None:
    card = {"d": "${$data}", "r": "${$root}", "h": "${$host.theme}"}
    outcome = await evaluate_source("card", card, [1], host={"theme": "dark"})
    assert outcome.value == {"d": [1], "r": [1], "h": "dark"}
    without = await evaluate_source("card", card)
    assert without.value == {"d": {}, "r": {}, "h": "${$host.theme}"}


async def test_a_text_over_the_limit_is_a_finding_at_the_limit() -> None:
    finding = (await evaluate_source("expression", "a" * 8193)).finding
    assert finding is not None
    assert (finding.code, finding.place) == ("EXPRESSION_SYNTAX", SourceLocation(8192, 1, 8193))


@pytest.mark.parametrize("form", ["template", "card"])
async def test_a_source_that_is_too_long_for_an_editor_is_a_finding(form: str) -> None:
    limits = Limits(editor_characters=100)
    fits = {"a": ["${1}" + "x" * 46, "y" * 1000, 5, None], "b": {"c": "${2}" + "x" * 46}}
    assert (await evaluate_source(form, fits, limits=limits)).finding is None
    finding = (await evaluate_source(form, [fits, "${3}"], limits=limits)).finding
    assert finding is not None
    assert (finding.code, finding.path, finding.place) == ("EXPRESSION_LIMIT", "", None)
    assert "104 characters, allowed are 100; the limit is `editor_characters`" in finding.message
    assert (await evaluate_source("expression", "1" + " " * 200, limits=limits)).finding is None


async def test_a_finding_may_have_no_position() -> None:
    deep: Any = "${1}"
    for _ in range(201):
        deep = [deep]
    finding = (await evaluate_source("template", deep)).finding
    assert finding is not None
    assert (finding.place, "json_levels" in finding.message) == (None, True)


async def test_a_value_that_is_larger_than_any_memory_is_a_finding() -> None:
    outcome = await evaluate_source("expression", "foreach(range(0, 20000), x, big)", {"big": "x" * MIB})
    assert outcome.finding is not None
    assert (outcome.finding.code, outcome.value) == ("EXPRESSION_LIMIT", None)
    assert "document_bytes" in outcome.finding.message


async def test_the_time_is_the_given_one_or_that_of_the_clock_and_is_returned() -> None:
    given = await evaluate_source("expression", "utcNow()", now=datetime(2020, 2, 29, 12, tzinfo=UTC))
    assert (given.value, given.now) == ("2020-02-29T12:00:00.000Z", datetime(2020, 2, 29, 12, tzinfo=UTC))
    own = await evaluate_source("expression", "utcNow()")
    assert own.now == FakeClock().now()
    again = await evaluate_source("expression", "utcNow()", now=own.now)
    assert again == own


async def test_random_values_depend_on_the_seed_alone() -> None:
    text = "createArray(newGuid(), newGuid(), rand(0, 1000000))"
    one, same = [await evaluate_source("expression", text) for _ in range(2)]
    other = await evaluate_source("expression", text, seed="other")
    assert one == same
    assert one.value[0] != one.value[1]
    assert {*one.value}.isdisjoint(other.value)


async def test_the_limits_are_those_of_the_server() -> None:
    outcome = await evaluate_source("expression", "range(0, 10)", limits=Limits(expression_items=9))
    assert outcome.finding is not None
    assert outcome.finding.code == "EXPRESSION_LIMIT"


def test_the_value_at_a_pointer_is_found() -> None:
    value = {"a/b": [0, {"~": "x"}]}
    assert text_at(value, "") == value
    assert text_at(value, "/a~1b/1/~0") == "x"
    for nowhere in ("/b", "/a~1b/2", "/a~1b/x", "/a~1b/0/0"):
        assert text_at(value, nowhere) is None


async def test_computations_run_outside_of_the_event_loop_one_at_a_time() -> None:
    background = BackgroundThread()
    here, seen = threading.get_ident(), []
    begun, end = threading.Event(), threading.Event()

    def first() -> int:
        begun.set()
        seen.append(threading.get_ident())
        assert end.wait(60)
        return 1

    def second() -> int:
        seen.append(threading.get_ident())
        assert end.is_set()
        return 2

    one = asyncio.ensure_future(background.run(first))
    two = asyncio.ensure_future(background.run(second))
    await asyncio.to_thread(begun.wait, 60)
    end.set()
    assert await asyncio.gather(one, two) == [1, 2]
    assert here not in seen


class Counting(BackgroundThread):
    """Counts computations outside of the event loop."""

    count = 0

    async def run(self, work: Any) -> Any:
        self.count += 1
        return work()


async def test_an_evaluation_never_blocks_the_event_loop() -> None:
    some = services()
    counting = some.background = Counting()  # type: ignore[misc]
    for form in ("expression", "template", "card"):
        await evaluate(some, Source(form, "1 +"), EvaluationInput(data=None))  # type: ignore[arg-type]
    assert counting.count == 3


async def test_a_full_queue_of_computations_refuses_more_until_it_drains() -> None:
    background = BackgroundThread()
    end = threading.Event()
    waiting = [asyncio.ensure_future(background.run(lambda: end.wait(60))) for _ in range(MAX_PENDING)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await background.run(lambda: True)
    end.set()
    assert all(await asyncio.gather(*waiting))

    def fails() -> None:
        raise ZeroDivisionError

    for _ in range(MAX_PENDING + 1):
        with pytest.raises(ZeroDivisionError):
            await background.run(fails)
    assert await background.run(lambda: from_ms(0)) == from_ms(0)
