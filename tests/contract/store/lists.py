"""The part of the store contract about lists and look-ups."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from contract.store.samples import (
    ORGANIZATION,
    OTHER_ORGANIZATION,
    OTHER_WORKFLOW,
    WORKFLOW,
    Samples,
    ended,
    process_ids,
)
from looply.engine.ports.lists import Filter, Head
from looply.engine.ports.store import Store, Unit
from looply.errors import BadRequest

ANY = Filter()
OLDEST_FIRST = Filter(is_oldest_first=True)


async def stored(store: Store, units: Sequence[Unit]) -> Sequence[Unit]:
    """Stores units and returns them."""
    for unit in units:
        await store.journal.commit(unit)
    return units


async def listed(store: Store, query: Filter = ANY, after: str = "", limit: int = 100) -> list[str]:
    """Returns the ids on one page."""
    heads, _ = await store.reads.list(ORGANIZATION, query, after, limit)
    return [head.execution_id for head in heads]


def newest_first(units: Sequence[Unit]) -> list[str]:
    """Returns the ids of units that were made in order."""
    return [unit.execution_id for unit in reversed(units)]


async def pages(store: Store, size: int, query: Filter = ANY) -> list[Head]:
    """Returns all pages of a list, put together."""
    found: list[Head] = []
    after = ""
    while True:
        heads, floor = await store.reads.list(ORGANIZATION, query, after, size)
        found.extend(heads)
        after = floor or (heads[-1].execution_id if len(heads) == size else "")
        if not after:
            return found


async def check_both_orders(store: Store, query: dict[str, Any], expected: Sequence[str]) -> None:
    """Fails unless a filter shows these executions, newest first, and the same from the oldest on."""
    for criteria, ids in ((Filter(**query), list(expected)), (Filter(**query, is_oldest_first=True), expected[::-1])):
        assert await listed(store, criteria) == ids
        assert [head.execution_id for head in await pages(store, 1, criteria)] == ids


class ListContract:
    """Pages of executions: newest or oldest first, stable under change."""

    @pytest.mark.parametrize("size", [1, 2, 7, 100])
    async def test_pages_of_every_size_show_each_execution_once(
        self, store: Store, samples: Samples, size: int
    ) -> None:
        units = await stored(store, [samples.first() for _ in range(15)])
        assert [head.execution_id for head in await pages(store, size)] == newest_first(units)
        found = await pages(store, size, OLDEST_FIRST)
        assert [head.execution_id for head in found] == [unit.execution_id for unit in units]

    async def test_pages_stay_whole_while_executions_start_and_end(self, store: Store, samples: Samples) -> None:
        units = await stored(store, [samples.first() for _ in range(12)])
        found: list[str] = []
        after = ""
        for number in range(12):
            heads, _ = await store.reads.list(ORGANIZATION, ANY, after, 2)
            if not heads:
                break
            found.extend(head.execution_id for head in heads)
            after = heads[-1].execution_id
            await stored(store, [samples.first(), ended(samples, units[number].head)])
        assert found == newest_first(units)

        later = await stored(store, [samples.first(), samples.first()])
        query = Filter(created_from=later[0].head.created_on, is_oldest_first=True)
        heads, _ = await store.reads.list(ORGANIZATION, query, "", 2)
        await stored(store, [ended(samples, later[0].head)])
        # From the oldest on, what has started since is reached.
        newer = await stored(store, [samples.first()])
        rest = await listed(store, query, heads[-1].execution_id)
        assert [*(head.execution_id for head in heads), *rest] == [unit.execution_id for unit in (*later, *newer)]

    async def test_a_cursor_whose_execution_is_not_there_still_works(self, store: Store, samples: Samples) -> None:
        units = [samples.first() for _ in range(3)]
        await stored(store, [units[0], units[2]])
        assert await listed(store, after=units[1].execution_id) == [units[0].execution_id]
        assert await listed(store, OLDEST_FIRST, units[1].execution_id) == [units[2].execution_id]

    async def test_a_cursor_that_is_no_id_is_refused_or_finds_nothing(self, store: Store, samples: Samples) -> None:
        await stored(store, [samples.first()])
        try:
            found = await listed(store, after="!")
        except BadRequest:
            return
        assert found == []

    async def test_of_several_executions_those_that_do_not_run_are_returned(
        self, store: Store, samples: Samples
    ) -> None:
        statuses = ("RUNNING", "WAITING", "FAILED", "RUNNING")
        units = await stored(store, [samples.first(status=status) for status in statuses])
        names = [unit.execution_id for unit in units]
        assert sorted(await store.reads.find_settled(names)) == names[1:3]
        await stored(store, [ended(samples, units[0].head)])
        assert sorted(await store.reads.find_settled(names)) == names[:3]
        assert list(await store.reads.find_settled(names[3:])) == []
        assert list(await store.reads.find_settled([])) == []

    async def test_another_organization_sees_nothing(self, store: Store, samples: Samples) -> None:
        unit = samples.claimed("PO-1")
        await stored(store, [unit, samples.first(organization_id=OTHER_ORGANIZATION)])
        heads, _ = await store.reads.list(OTHER_ORGANIZATION, ANY, "", 10)
        assert unit.execution_id not in [head.execution_id for head in heads]
        assert list(await store.reads.heads(OTHER_ORGANIZATION, "PO-1", "")) == []
        assert list(await store.reads.heads(OTHER_ORGANIZATION, unit.execution_id, "")) == []

    @pytest.mark.parametrize(
        "query",
        [
            {"workflow_ids": (WORKFLOW,)},
            {"workflow_ids": (WORKFLOW,), "workflow_versions": (1,)},
            {"workflow_ids": (WORKFLOW,), "statuses": ("RUNNING",)},
            {"workflow_ids": (WORKFLOW,), "statuses": ("COMPLETED", "RUNNING")},
            {"statuses": ("RUNNING",)},
            {"trigger_types": ("REQUEST",)},
            {"profiles": ("default",)},
            {"process_ids": ("PO-1",)},
            {"process_ids": ("PO*",)},
            {"process_ids": ("*1",)},
            {"terms": ("PO-1",)},
            {"terms": ("PO*",)},
            {"terms": ("step_1",)},
            {"terms": ("any name",), "term_workflows": (WORKFLOW,)},
            {"parents": ("01900000-0000-7000-8000-0000000000e1",)},
            {"fields": (("plant", ("1000",)),)},
            {"fields": (("plant", ("10*",)),)},
        ],
        ids=str,
    )
    async def test_no_filter_shows_an_execution_of_another_organization(
        self, store: Store, samples: Samples, query: dict[str, Any]
    ) -> None:
        parent = "01900000-0000-7000-8000-0000000000e1"
        unit = samples.claimed("PO-1", parent=parent, search=(("plant", "1000"),))
        await stored(store, [unit, samples.first(organization_id=OTHER_ORGANIZATION)])
        assert await listed(store, Filter(**query)) == [unit.execution_id]
        for is_oldest_first in (False, True):
            criteria = Filter(**query, is_oldest_first=is_oldest_first)
            page = await store.reads.list(OTHER_ORGANIZATION, criteria, "", 1)
            assert unit.execution_id not in [*(head.execution_id for head in page[0]), page[1]]

    @pytest.mark.parametrize(
        ("query", "numbers"),
        [
            ({"statuses": ("WAITING",)}, [1]),
            ({"statuses": ("FAILED", "WAITING")}, [4, 1]),
            ({"statuses": ("COMPLETED", "TERMINATED")}, [3, 2]),
            ({"workflow_ids": (OTHER_WORKFLOW,)}, [4, 3]),
            ({"workflow_ids": (OTHER_WORKFLOW,), "statuses": ("COMPLETED",)}, [3]),
            ({"workflow_ids": (OTHER_WORKFLOW,), "statuses": ("FAILED", "WAITING")}, [4]),
            ({"workflow_versions": (2,)}, [5, 2]),
            ({"workflow_versions": (3, 2), "workflow_ids": (OTHER_WORKFLOW, WORKFLOW)}, [5, 2]),
            ({"workflow_ids": (OTHER_WORKFLOW, WORKFLOW)}, [5, 4, 3, 2, 1, 0]),
            ({"workflow_ids": (OTHER_WORKFLOW, "unknown"), "statuses": ("FAILED", "WAITING")}, [4]),
            ({"trigger_types": ("SCHEDULED",)}, [5]),
            ({"trigger_types": ("SCHEDULED", "REQUEST"), "workflow_versions": (2,)}, [5, 2]),
            ({"profiles": ("prod",)}, [5]),
            ({"profiles": ("prod", "")}, [5, 1]),
            ({"profiles": ("PROD", "pro*")}, []),
            ({"process_ids": ("PO-2",)}, [2]),
            ({"process_ids": ("PO-2", "PO-4")}, [4, 2]),
            ({"process_ids": ("PO-2", "PO-4"), "statuses": ("FAILED",)}, [4]),
            ({"process_ids": ("PO-*",)}, [4, 2]),
            ({"process_ids": ("*-4",)}, [4]),
            ({"process_ids": ("*O*4", "PO-2")}, [4, 2]),
            ({"process_ids": ("po-*",)}, []),
            ({"process_ids": ("PO-?",)}, []),
            ({"process_ids": ("PO-[24]",)}, []),
            ({"process_ids": ("*",)}, [5, 4, 3, 2, 1, 0]),
            ({"workflow_ids": ("unknown",)}, []),
        ],
        ids=str,
    )
    async def test_filters_show_what_they_say(
        self, store: Store, samples: Samples, query: dict[str, Any], numbers: list[int]
    ) -> None:
        units = await stored(
            store,
            [
                samples.first(),
                samples.first(status="WAITING", profile=""),
                samples.first(status="TERMINATED", process_id="PO-2", workflow_version=2),
                samples.first(status="COMPLETED", workflow_id=OTHER_WORKFLOW),
                samples.first(status="FAILED", process_id="PO-4", workflow_id=OTHER_WORKFLOW),
                samples.first(trigger_type="SCHEDULED", workflow_version=2, profile="prod"),
            ],
        )
        await check_both_orders(store, query, [units[number].execution_id for number in numbers])

    async def test_a_span_of_time_has_its_first_instant_and_not_its_last(self, store: Store, samples: Samples) -> None:
        units = await stored(store, [samples.first() for _ in range(5)])
        span = {"created_from": units[1].head.created_on, "created_to": units[3].head.created_on}
        await check_both_orders(store, span, newest_first(units[1:3]))
        shifted = Filter(created_from=units[3].head.created_on + timedelta(milliseconds=1))
        assert await listed(store, shifted) == [units[4].execution_id]

    async def test_an_execution_without_a_process_id_is_found_by_its_own(self, store: Store, samples: Samples) -> None:
        units = await stored(store, [samples.first() for _ in range(2)])
        own = units[0].execution_id
        assert await listed(store, Filter(process_ids=(own,))) == [own]
        assert await listed(store, Filter(process_ids=(own[:8] + "*",))) == newest_first(units)
        assert await listed(store, Filter(process_ids=(own.upper(), own.replace("-", "")))) == [own]
        # The end of an id is arbitrary: no search means it.
        assert await listed(store, Filter(process_ids=("*" + own[-6:],))) == []

    async def test_a_prefix_with_many_matches_is_listed_newest_first(self, store: Store, samples: Samples) -> None:
        units = [samples.first(process_id=text) for text in process_ids("PO-", 1100)]
        await stored(store, units)
        assert await listed(store, Filter(process_ids=("PO-*",)), limit=20) == newest_first(units)[:20]
        assert await listed(store, Filter(process_ids=("PO-0109*",)), limit=20) == newest_first(units)[:10]

    async def test_a_look_up_prefers_open_executions(self, store: Store, samples: Samples) -> None:
        first = samples.claimed("PO-1")
        gone = ended(samples, first.head)
        second = samples.claimed("PO-1")
        later = samples.claimed("PO-2")
        await stored(store, [first, gone])
        assert list(await store.reads.heads(ORGANIZATION, "PO-1", "")) == [gone.head]
        await stored(store, [second, later])
        assert list(await store.reads.heads(ORGANIZATION, "PO-1", "")) == [second.head]
        assert list(await store.reads.heads(ORGANIZATION, first.execution_id, WORKFLOW)) == [gone.head]
        assert list(await store.reads.heads(ORGANIZATION, first.execution_id, OTHER_WORKFLOW)) == []
        assert list(await store.reads.heads(ORGANIZATION, "PO-9", "")) == []

    async def test_a_look_up_shows_the_newest_of_those_that_ended(self, store: Store, samples: Samples) -> None:
        units = await stored(store, [samples.first(process_id="PO-1", status="COMPLETED") for _ in range(3)])
        other = await stored(store, [samples.first(process_id="PO-1", status="FAILED", workflow_id=OTHER_WORKFLOW)])
        assert list(await store.reads.heads(ORGANIZATION, "PO-1", WORKFLOW)) == [units[-1].head]
        assert list(await store.reads.heads(ORGANIZATION, "PO-1", "")) == [other[-1].head]

    async def test_a_tail_is_the_last_batches(self, store: Store, samples: Samples) -> None:
        first = samples.first()
        second = samples.next(first.head, 5)
        third = samples.next(second.head, 2)
        await stored(store, [first, second, third])
        execution_id = first.execution_id

        async def tail(events: int) -> list[int]:
            found = await store.reads.tails([execution_id], events)
            return [batch.first_seq for batch in found[execution_id]]

        assert [await tail(events) for events in (1, 2, 3, 7, 8, 50)] == [
            [9],
            [9],
            [4, 9],
            [4, 9],
            [1, 4, 9],
            [1, 4, 9],
        ]

    async def test_a_scan_shows_all_organizations_oldest_first(self, store: Store, samples: Samples) -> None:
        units = [samples.first(), samples.first(organization_id=OTHER_ORGANIZATION), samples.first()]
        await stored(store, units)
        assert list(await store.reads.scan("", 2)) == [unit.head for unit in units[:2]]
        assert list(await store.reads.scan(units[1].execution_id, 10)) == [units[2].head]
