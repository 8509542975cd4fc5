"""The part of the store contract about searches: search fields, terms, endings, and what they must agree with."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from contract.store.lists import check_both_orders, listed, newest_first, pages, stored
from contract.store.samples import OTHER_ORGANIZATION, OTHER_WORKFLOW, Samples, ended, process_ids
from looply.engine.ports.lists import Filter, Head
from looply.engine.ports.store import Store, Unit
from looply.execution.document.searching import SearchValues
from looply.execution.facts.state import Status

UNKNOWN = "01900000-0000-7000-8000-000000000fff"


def varied(samples: Samples) -> list[Unit]:
    """Returns units of executions that differ in everything that a search looks at."""
    return [
        samples.first(search=(("po", "4711"), ("plant", "DE01"))),
        samples.first(status="WAITING", current_state="adaptiveCard_1", search=(("po", "4712"),)),
        samples.first(status="TERMINATED", process_id="PO-4711", current_state="wait_1", workflow_version=2),
        samples.first(status="COMPLETED", workflow_id=OTHER_WORKFLOW, search=(("plant", "4711"), ("po", "DE01"))),
        samples.first(status="FAILED", process_id="4711", workflow_id=OTHER_WORKFLOW, search=(("po", "100%_?[a]"),)),
        samples.first(trigger_type="SCHEDULED", process_id="X-4711-Y", current_state="wait_10"),
        samples.first(status="COMPLETED", current_state="adaptiveCard_1", search=(("vendor", "Müller & Söhne"),)),
        samples.first(organization_id=OTHER_ORGANIZATION, process_id="4711", search=(("po", "4711"),)),
    ]


class SearchContract:
    """What finds an execution by its content."""

    async def test_the_executions_that_one_has_started_are_found_by_it(self, store: Store, samples: Samples) -> None:
        (parent, other) = await stored(store, [samples.first(), samples.first()])
        children = [
            samples.first(parent=parent.execution_id, status="FAILED" if number % 3 else "WAITING")
            for number in range(7)
        ]
        strangers = [
            samples.first(parent=other.execution_id, process_id="4711"),
            samples.first(parent=parent.execution_id, organization_id=OTHER_ORGANIZATION),
        ]
        await stored(store, [*children, *strangers])
        query = Filter(parents=(parent.execution_id,))
        for size in (1, 3, 7, 30):
            assert [head.execution_id for head in await pages(store, size, query)] == newest_first(children)
        waiting = Filter(parents=(parent.execution_id,), statuses=("WAITING",))
        assert await listed(store, waiting) == newest_first(children[::3])
        assert await listed(store, Filter(parents=(other.execution_id,), terms=("4711",))) == [
            strangers[0].execution_id
        ]
        assert await listed(store, Filter(parents=(parent.execution_id,), terms=("4711",))) == []
        span = Filter(parents=(parent.execution_id,), created_from=children[2].head.created_on)
        assert await listed(store, span) == newest_first(children[2:])
        assert await listed(store, Filter(parents=(UNKNOWN,))) == []

    @pytest.mark.parametrize(
        ("query", "numbers"),
        [
            ({"fields": (("po", ("4711",)),)}, [0]),
            ({"fields": (("po", ("4711", "4712")),)}, [1, 0]),
            ({"fields": (("po", ("47*",)),)}, [1, 0]),
            ({"fields": (("po", ("*12",)),)}, [1]),
            ({"fields": (("po", ("4711",)), ("plant", ("DE01",)))}, [0]),
            ({"fields": (("po", ("4711",)), ("plant", ("DE02",)))}, []),
            ({"fields": (("plant", ("DE01", "4711")),)}, [3, 0]),
            ({"fields": (("po", ("100%_?[a]",)),)}, [4]),
            ({"fields": (("po", ("100%*a]",)),)}, [4]),
            ({"fields": (("vendor", ("M?ller*",)),)}, []),
            ({"fields": (("vendor", ("Müller*",)),)}, [6]),
            ({"fields": (("po", ("*",)),), "statuses": ("WAITING", "FAILED")}, [4, 1]),
            ({"fields": (("Po", ("4711",)),)}, []),
            ({"terms": ("4711",)}, [4, 3, 0]),
            ({"terms": ("4711",), "workflow_ids": (OTHER_WORKFLOW,)}, [4, 3]),
            ({"terms": ("*4711",)}, [4, 3, 2, 0]),
            ({"terms": ("*4711*",)}, [5, 4, 3, 2, 0]),
            ({"terms": ("4711",), "hides_values": True}, [4]),
            ({"terms": ("*4711",), "hides_values": True}, [4, 2]),
            ({"terms": ("PO-*", "DE01"), "hides_values": True}, [2]),
            ({"terms": ("PO-*", "DE01")}, [3, 2, 0]),
            ({"terms": ("adaptiveCard_1",)}, [1]),
            ({"terms": ("wait_*",)}, [5, 2]),
            ({"terms": ("nothing",), "term_workflows": (OTHER_WORKFLOW, UNKNOWN)}, [4, 3]),
            ({"terms": ("adaptiveCard_1",), "term_workflows": (OTHER_WORKFLOW,)}, [4, 3, 1]),
            ({"terms": ("4711",), "fields": (("plant", ("*",)),)}, [3, 0]),
            ({"process_ids": ("*4711",)}, [4, 2]),
            ({"process_ids": ("*4711", "X*")}, [5, 4, 2]),
            ({"process_ids": ("**4711",), "statuses": ("FAILED",)}, [4]),
        ],
        ids=str,
    )
    async def test_searches_find_what_they_say(
        self, store: Store, samples: Samples, query: dict[str, Any], numbers: list[int]
    ) -> None:
        units = await stored(store, varied(samples))
        await check_both_orders(store, query, [units[number].execution_id for number in numbers])

    async def test_an_execution_is_found_by_its_id_as_a_term_whatever_else_it_is_called(
        self, store: Store, samples: Samples
    ) -> None:
        units = await stored(store, [samples.first(process_id="PO-1"), samples.first()])
        for unit in units:
            assert await listed(store, Filter(terms=(unit.execution_id,))) == [unit.execution_id]
            assert await listed(store, Filter(terms=(unit.execution_id.upper(),))) == [unit.execution_id]
        assert await listed(store, Filter(terms=(units[0].execution_id[:8] + "*",))) == newest_first(units)

    async def test_values_change_with_the_unit_that_changes_them(self, store: Store, samples: Samples) -> None:
        first = samples.first(search=(("po", "1"), ("plant", "A")))
        await stored(store, [first])
        stays = samples.next(first.head)
        await stored(store, [stays])
        assert await listed(store, Filter(fields=(("plant", ("A",)),))) == [first.execution_id]
        moves = samples.next(stays.head, search=(("po", "2"),))
        await stored(store, [moves])
        assert await listed(store, Filter(fields=(("po", ("2",)),))) == [first.execution_id]
        assert await listed(store, Filter(fields=(("po", ("1",)),))) == []
        assert await listed(store, Filter(terms=("A",))) == []
        await stored(store, [ended(samples, moves.head)])
        assert await listed(store, Filter(fields=(("po", ("2",)),))) == [first.execution_id]
        assert list(await store.reads.dangling_rows()) == []

    async def test_many_matches_of_a_beginning_or_an_ending_are_listed_newest_first(
        self, store: Store, samples: Samples
    ) -> None:
        units = [samples.first(process_id=f"{text}-END", search=(("po", text),)) for text in process_ids("PO-", 1100)]
        await stored(store, units)
        for query in (
            Filter(process_ids=("*-END",)),
            Filter(fields=(("po", ("PO-*",)),)),
            Filter(terms=("PO-*",)),
        ):
            assert await listed(store, query, limit=20) == newest_first(units)[:20]
            oldest = [unit.execution_id for unit in units[:20]]
            assert await listed(store, replace(query, is_oldest_first=True), limit=20) == oldest
        for query in (Filter(process_ids=("*9-END",)), Filter(fields=(("po", ("PO-0109*",)),))):
            expected = [unit.execution_id for unit in reversed(units) if _has(unit, query)]
            assert [head.execution_id for head in await pages(store, 30, query)] == expected

    async def test_pages_of_a_value_that_many_have_show_each_execution_once(
        self, store: Store, samples: Samples
    ) -> None:
        units = await stored(store, [samples.first(search=(("a", "x"), ("b", "x"))) for _ in range(9)])
        for size in (1, 2, 4, 9):
            for query in (Filter(terms=("x",)), Filter(fields=(("b", ("x",)),))):
                assert [head.execution_id for head in await pages(store, size, query)] == newest_first(units)
                oldest = await pages(store, size, replace(query, is_oldest_first=True))
                assert [head.execution_id for head in oldest] == [unit.execution_id for unit in units]

    async def test_every_combination_finds_what_looking_at_each_execution_finds(
        self, store: Store, samples: Samples
    ) -> None:
        units = [
            unit for unit in await stored(store, varied(samples)) if unit.head.organization_id != OTHER_ORGANIZATION
        ]
        for query in combinations():
            expected = [unit.execution_id for unit in reversed(units) if fits(unit.head, unit.search or (), query)]
            found = [head.execution_id for head in await pages(store, 2, query)]
            assert found == expected, query
            oldest = await pages(store, 2, replace(query, is_oldest_first=True))
            assert [head.execution_id for head in oldest] == expected[::-1], query


def combinations() -> Iterator[Filter]:
    """Yields filters of which each part is there or not."""
    texts = ((), ("*4711",), ("*7*",), ("PO*", "4711"))
    statuses_of: tuple[tuple[Status, ...], ...] = ((), ("FAILED", "WAITING", "TERMINATED"))
    for process, term, field, statuses, workflows in product(texts, texts, texts, statuses_of, ((), (OTHER_WORKFLOW,))):
        fields = (("po", field),) if field else ()
        yield Filter(process_ids=process, terms=term, fields=fields, statuses=statuses, workflow_ids=workflows)


def fits(head: Head, search: SearchValues, query: Filter) -> bool:
    """Returns whether a filter wants an execution, from the words of the documentation alone."""
    has_own = head.process_id != head.execution_id

    def by_name(text: str) -> bool:
        is_ending = text.startswith("*") and text.strip("*") != ""
        return _like(head.process_id, text) and (has_own or not is_ending)

    def by_term(text: str) -> bool:
        is_ending = text.startswith("*") and text.strip("*") != ""
        return (
            (has_own and _like(head.process_id, text))
            or (_like(head.execution_id, text) and not is_ending)
            or (head.status != "COMPLETED" and _like(head.current_state, text))
            or any(_like(value, text) for _, value in search)
        )

    return (
        (not query.process_ids or any(map(by_name, query.process_ids)))
        and (not query.terms or any(map(by_term, query.terms)))
        and all(
            any(name == own and any(_like(value, text) for text in texts) for own, value in search)
            for name, texts in query.fields
        )
        and (not query.statuses or head.status in query.statuses)
        and (not query.workflow_ids or head.workflow_id in query.workflow_ids)
    )


def _like(value: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, text.split("*"))), value, re.DOTALL) is not None


def _has(unit: Unit, query: Filter) -> bool:
    return fits(unit.head, unit.search or (), query)
