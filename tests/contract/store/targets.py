"""What stores promise about systems that are not called as usual."""

from datetime import timedelta

from msgspec.structs import replace

from contract.store.samples import (
    ORGANIZATION,
    OTHER_ORGANIZATION,
    OTHER_WORKFLOW,
    WORKFLOW,
    Samples,
    effect,
    working,
)
from looply.engine.ports.lists import Filter
from looply.engine.ports.store import EffectRow, Store
from looply.engine.records.targets import Maintenance, TargetRow
from looply.execution.facts.state import OPEN_STATUSES
from looply.instants import from_ms
from looply.slots import Lane

NOW = from_ms(1_900_000_000_000)
DOWN = TargetRow(
    organization_id=ORGANIZATION,
    target="https://s4.example:44300#100",
    revision=1,
    state="OPEN",
    since=NOW,
    changed_on=NOW,
    next_on=NOW + timedelta(seconds=10),
    reason="CONNECTION: 'refused' ü\n",
    probe_seconds=10,
)
PAUSED = replace(
    DOWN,
    organization_id=OTHER_ORGANIZATION,
    state="CLOSED",
    maintenance=Maintenance(begins_on=NOW, until=NOW + timedelta(hours=1), reason="an upgrade", by="ann"),
)


class TargetContract:
    """A row changes only by comparing its revision, so of several who change it one wins."""

    async def test_rows_come_back_as_they_were_stored(self, store: Store) -> None:
        assert list(await store.targets.all()) == []
        assert await store.targets.put(PAUSED)
        assert await store.targets.put(DOWN)
        assert sorted(await store.targets.all(), key=lambda row: row.state) == [PAUSED, DOWN]

    async def test_of_two_that_open_a_system_one_wins(self, store: Store) -> None:
        assert await store.targets.put(DOWN)
        assert not await store.targets.put(replace(DOWN, reason="another"))
        assert list(await store.targets.all()) == [DOWN]

    async def test_only_the_revision_that_follows_is_stored(self, store: Store) -> None:
        await store.targets.put(DOWN)
        half = replace(DOWN, revision=2, state="HALF", rate=5.0)
        assert not await store.targets.put(replace(half, revision=3))
        assert await store.targets.put(half)
        assert not await store.targets.put(half)
        assert list(await store.targets.all()) == [half]

    async def test_a_row_is_removed_in_the_revision_that_is_named_only(self, store: Store) -> None:
        await store.targets.put(DOWN)
        assert not await store.targets.drop(replace(DOWN, revision=2))
        assert not await store.targets.drop(replace(DOWN, target="https://other:443"))
        assert await store.targets.drop(DOWN)
        assert not await store.targets.drop(DOWN)
        assert list(await store.targets.all()) == []
        assert await store.targets.put(DOWN)

    async def test_queued_effects_are_counted_by_lane_of_all_workflows_or_of_one(
        self, store: Store, samples: Samples
    ) -> None:
        await _queue(store, samples, "http.request S4", workflow_id=WORKFLOW)
        await _queue(store, samples, "http.request S4", "sap.call S4", workflow_id=OTHER_WORKFLOW)
        running = samples.first()
        await store.journal.commit(working(running, effects=(effect(running.execution_id, 3, "RUNNING"),)))
        http, sap = Lane(ORGANIZATION, "http.request S4"), Lane(ORGANIZATION, "sap.call S4")
        assert list(await store.targets.count_queued(ORGANIZATION)) == [(http, 2), (sap, 1)]
        assert list(await store.targets.count_queued(ORGANIZATION, WORKFLOW)) == [(http, 1)]
        assert list(await store.targets.count_queued(ORGANIZATION, OTHER_WORKFLOW)) == [(http, 1), (sap, 1)]
        assert list(await store.targets.count_queued(OTHER_ORGANIZATION)) == []
        assert list(await store.targets.count_queued(ORGANIZATION, "01900000-0000-7000-8000-0000000000ff")) == []

    async def test_a_list_shows_the_executions_with_calls_in_one_of_some_queues(
        self, store: Store, samples: Samples
    ) -> None:
        first = await _queue(store, samples, "http.request S4", status="WAITING")
        both = await _queue(store, samples, "sap.call S4", "http.request S4", status="WAITING")
        other = await _queue(store, samples, "http.request shop", status="RUNNING")
        begun = samples.first(status="RUNNING")
        row = _effect(begun.execution_id, 3, "http.request S4")
        await store.journal.commit(working(begun, effects=(replace(row, state="RUNNING"),)))

        async def found(*queues: str, after: str = "", limit: int = 10, **more: tuple[str, ...]) -> list[str]:
            query = Filter(queues=queues, statuses=(*OPEN_STATUSES, "FAILED"), **more)
            heads, _ = await store.reads.list(ORGANIZATION, query, after, limit)
            return [head.execution_id for head in heads]

        assert await found("http.request S4") == [both, first]
        assert await found("http.request S4", limit=1) == [both]
        assert await found("http.request S4", after=both) == [first]
        assert await found("sap.call S4", "http.request shop") == [other, both]
        assert await found("http.request S4", workflow_ids=(OTHER_WORKFLOW,)) == []
        assert await found("http.request") == []
        failed = await _queue(store, samples, "http.request failed", status="FAILED")
        assert await found("http.request failed") == [failed]
        assert (Lane(ORGANIZATION, "http.request failed"), 1) in await store.targets.count_queued(ORGANIZATION)
        assert await found() == [failed, begun.execution_id, other, both, first]


def _effect(execution_id: str, seq: int, queue: str) -> EffectRow:
    return replace(effect(execution_id, seq), queue=queue)


async def _queue(store: Store, samples: Samples, *queues: str, **of_head: str) -> str:
    """Stores an execution with a QUEUED effect in each of these queues; returns its id."""
    unit = samples.first(**of_head)
    effects = tuple(_effect(unit.execution_id, seq, queue) for seq, queue in enumerate(queues, 2))
    await store.journal.commit(working(unit, effects=effects))
    return unit.execution_id
