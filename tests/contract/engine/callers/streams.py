"""Streams and searches: what was stored comes once and in its order, and its content finds an execution."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from contract.engine.steps.children import CALLEE, calling_child, child_of
from kit.definitions import asking, call, chain, computing, delaying, note, wait
from kit.driver import ORGANIZATION, Driver
from looply.engine.ports.lists import Filter
from looply.engine.ports.store import Position
from looply.engine.processing.feed import Committed
from looply.execution.facts.commands import Released
from looply.jsontext import Json
from looply.testing.world import Answer

FIELDS = ["/payload/output/po", "/note_1/output/note_1", "/wait_1/output/secret", "/payload/output/lines/0/plant"]
SEARCHABLE: dict[str, Json] = {"search_fields": FIELDS}


async def read_feed(engine: Driver, after: Position = (0, 0)) -> list[Committed]:
    """Returns everything of the feed after a position."""
    found: list[Committed] = []
    while page := await engine.shell.feed.read(after):
        found += page
        after = page[-1].position
    return found


def numbers(found: Sequence[Committed], execution_id: str) -> list[int]:
    """Returns the numbers of an execution's events in the order of the feed."""
    return [seq for each in found if each.execution_id == execution_id for seq, _ in each.events]


async def named(engine: Driver, name: str, *texts: str) -> list[str]:
    """Returns the executions of which a search field has one of these values."""
    page = await engine.shell.executions.list(ORGANIZATION, Filter(fields=((name, texts),)))
    return [item.head.execution_id for item in page.items]


class StreamStories:
    """Streams of events."""

    async def test_every_unit_is_streamed_once_in_the_order_of_its_execution(self, engine: Driver) -> None:
        ids = await engine.together(*(engine.trigger(asking(), {"n": n}) for n in range(12)))
        await engine.together(*(engine.resume(id_, {"n": n}) for n in range(3) for id_ in ids))
        await engine.settle()
        found = await read_feed(engine)
        for execution_id in ids:
            events = await engine.events(execution_id)
            assert numbers(found, execution_id) == list(range(1, len(events) + 1))
            assert [e for each in found if each.execution_id == execution_id for _, e in each.events] == events
        assert {each.organization_id for each in found} == {ORGANIZATION}
        assert [each.position for each in found] == sorted({each.position for each in found})

    async def test_from_every_position_the_rest_is_streamed(self, engine: Driver) -> None:
        for n in range(5):
            await engine.resume(await engine.trigger(asking(), {"n": n}))
        found = await read_feed(engine)
        for index, committed in enumerate(found):
            rest = await read_feed(engine, committed.position)
            assert [each.position for each in rest] == [each.position for each in found[index + 1 :]]

    async def test_a_position_outlives_a_crash_and_nothing_before_it_comes_again(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        before = await read_feed(engine)
        await engine.crash()
        assert await engine.resume(execution_id) == Released()
        after = await read_feed(engine, before[-1].position)
        events = await engine.events(execution_id)
        assert numbers([*before, *after], execution_id) == list(range(1, len(events) + 1))

    async def test_after_the_current_position_only_new_batches_are_streamed(self, engine: Driver) -> None:
        await engine.trigger(computing())
        await engine.settle()
        now = await engine.shell.feed.position()
        assert await read_feed(engine, now) == []
        execution_id = await engine.trigger(computing())
        found = await read_feed(engine, now)
        assert {each.execution_id for each in found} == {execution_id}
        assert found[-1].position <= await engine.shell.feed.position()


class SearchStories:
    """What finds an execution by its content."""

    async def test_the_values_of_search_fields_find_an_execution(self, engine: Driver) -> None:
        first = await engine.trigger(chain(note(), **SEARCHABLE), {"po": "4711", "lines": [{"plant": "DE01"}]})
        second = await engine.trigger(chain(note(), **SEARCHABLE), {"po": 4711, "lines": []})
        assert await named(engine, "po", "4711") == [second, first]
        assert await named(engine, "plant", "DE01") == [first]
        assert await named(engine, "note_1", "se*") == [second, first]
        assert await named(engine, "note_1", "other") == []

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (True, "true"),
            (12.5, "12.5"),
            ("x" * 300, "x" * 200),
            ("e\N{COMBINING ACUTE ACCENT}", "é"),
            (10**40, str(10**40)),
            (None, "null"),
            ({"a": 1}, "*"),
            (["a"], "*"),
            ("", "*"),
        ],
        ids=["boolean", "number", "long", "composed", "integer", "null", "object", "list", "empty"],
    )
    async def test_texts_numbers_and_booleans_are_found_and_nothing_else(
        self, engine: Driver, value: object, text: str
    ) -> None:
        execution_id = await engine.trigger(chain(note(), **SEARCHABLE), {"po": value})
        is_found = not (value is None or value == "" or isinstance(value, dict | list))
        assert await named(engine, "po", text) == ([execution_id] if is_found else [])

    async def test_values_follow_the_document_through_crashes(self, engine: Driver) -> None:
        workflow = chain(wait(), note("po", "${wait_1.output.po}"), wait("wait_2"), **SEARCHABLE)
        execution_id = await engine.trigger(workflow, {"po": "1"})
        await engine.crash()
        assert await named(engine, "po", "1") == [execution_id]
        assert await engine.resume(execution_id, {"po": "2"}) == Released()
        assert await named(engine, "po", "1") == []
        assert await named(engine, "po", "2") == [execution_id]
        await engine.crash()
        await engine.terminate(execution_id)
        assert await named(engine, "po", "2") == [execution_id]

    async def test_a_secret_is_never_among_the_values(self, engine: Driver) -> None:
        engine.world.always("call_1", Answer(data={"token": "S3CR3T-4711", "name": "clear"}))
        fields = [
            "/call_1/output/data/token",
            "/call_1/output/data/name",
            "/payload/output/copied",
            "/payload/output/po",
        ]
        copied = note("copied", "Bearer ${call_1.output.data.token}")
        workflow = chain(
            call("call_1", "GET", secret=["/output/data/token"]),
            copied,
            start={"secret": ["/output/po"]},
            search_fields=fields,
        )
        execution_id = await engine.trigger(workflow, {"po": "hidden"})
        await engine.settle()
        assert await named(engine, "name", "clear") == [execution_id]
        for name in ("token", "copied", "po"):
            assert await named(engine, name, "*") == []

    async def test_the_executions_that_one_has_started_are_found_by_it(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, computing())
        parents = [await engine.trigger(calling_child(), {"po": po}) for po in ("1", "2")]
        await engine.deliver()
        for parent in parents:
            page = await engine.shell.executions.list(ORGANIZATION, Filter(parents=(parent,)))
            assert [item.head.execution_id for item in page.items] == [await child_of(engine, parent)]
            assert [item.head.parent for item in page.items] == [parent]
        none = Filter(parents=(await child_of(engine, parents[0]),))
        assert (await engine.shell.executions.list(ORGANIZATION, none)).items == []

    async def test_a_term_finds_the_current_step_of_an_execution_until_it_has_completed(self, engine: Driver) -> None:
        first = await engine.trigger(delaying(), process_id="PO-1")
        second = await engine.trigger(delaying("PT2H"))

        async def found(*terms: str) -> list[str]:
            page = await engine.shell.executions.list(ORGANIZATION, Filter(terms=terms))
            return [item.head.execution_id for item in page.items]

        assert await found("delay_1") == await found("delay_*") == [second, first]
        assert await found("PO-1", second) == [second, first]
        await engine.advance(timedelta(minutes=61))
        assert await found("delay_1") == [second]
        assert await found("*-1") == [first]
