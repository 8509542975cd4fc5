"""The contract of figures: counters and roll-ups of what units change, each change once."""

import asyncio
from datetime import timedelta

import pytest

from contract.store.lives import Stores, opened
from contract.store.samples import (
    ORGANIZATION,
    OTHER_ORGANIZATION,
    OTHER_WORKFLOW,
    WORKFLOW,
    Samples,
    card,
    incident,
    working,
)
from looply.engine.ports.store import Store
from looply.engine.records.figures.figures import Counts, CountsOfWorkflows, FigureChange, Grain, RollUp, StepChange
from looply.errors import Stale
from looply.instants import to_ms
from looply.testing.clock import START_TIME

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
UNKNOWN = "0190ffff-0000-7000-8000-000000000000"
STARTED = FigureChange(open={"R": 1}, started=1)
ENDED = FigureChange(open={"R": -1}, completed=1, ms=2000, steps=(StepChange("call_1", 1, 1500, failed=1, retried=1),))


async def folded(store: Store) -> int:
    """Folds everything; returns how many changes that were."""
    count = 0
    while found := await store.figures.fold(3):
        count += found
    return count


async def rollups(
    store: Store, grain: Grain, *workflow_ids: str, profile: str | None = None
) -> list[tuple[int, str, str, RollUp]]:
    span = (START_TIME - DAY, START_TIME + DAY)
    found = await store.figures.rollups(ORGANIZATION, grain, span, workflow_ids, profile)
    return sorted((tuple(row) for row in found.rows), key=lambda row: row[:3])  # type: ignore[return-value]


class FigureContract:
    """Counters and roll-ups."""

    async def test_an_empty_store_has_no_figures(self, store: Store) -> None:
        assert await store.figures.fold(10) == 0
        assert await store.figures.counts(ORGANIZATION, []) == Counts({}, None)
        assert await rollups(store, "hour") == []
        assert list(await store.figures.find_drift()) == []

    async def test_changes_count_once_when_they_are_folded(self, store: Store, samples: Samples) -> None:
        units = [samples.first(figures=STARTED) for _ in range(4)]
        units += [samples.first(workflow_id=OTHER_WORKFLOW, figures=STARTED)]
        units += [samples.first(organization_id=OTHER_ORGANIZATION, figures=STARTED)]
        for unit in units:
            await store.journal.commit(unit)
        await store.journal.commit(samples.next(units[0].head, status="COMPLETED", figures=ENDED))
        before = await store.figures.counts(ORGANIZATION, [])
        assert before == Counts({}, units[0].batch.at)
        assert await folded(store) == 7
        assert await folded(store) == 0
        assert await store.figures.counts(ORGANIZATION, []) == Counts({"R": 4}, None)
        assert await store.figures.counts(ORGANIZATION, [OTHER_WORKFLOW]) == Counts({"R": 1}, None)
        assert await store.figures.counts(OTHER_ORGANIZATION, []) == Counts({"R": 1}, None)
        assert list(await store.figures.find_drift()) == []

    async def test_a_change_outlives_its_process_and_is_folded_by_the_next_one(
        self, stores: Stores, samples: Samples
    ) -> None:
        first = await opened(stores)
        await first.journal.commit(samples.first(figures=STARTED))
        await first.figures.fold(10)
        await first.journal.commit(samples.first(figures=STARTED))
        await first.close()
        second = await opened(stores)
        assert await folded(second) == 1
        assert (await second.figures.counts(ORGANIZATION, [])).totals == {"R": 2}
        assert list(await second.figures.find_drift()) == []
        await second.close()

    async def test_a_refused_unit_changes_no_figure(self, store: Store, samples: Samples) -> None:
        unit = samples.first(figures=STARTED)
        await store.journal.commit(unit)
        with pytest.raises(Stale):
            await store.journal.commit(unit)
        assert await folded(store) == 1

    async def test_rollups_add_up_by_hour_and_day_and_step(self, store: Store, samples: Samples) -> None:
        unit = samples.first(figures=STARTED)
        await store.journal.commit(unit)
        await folded(store)
        await store.journal.commit(samples.next(unit.head, status="COMPLETED", figures=ENDED))
        samples.later(HOUR)
        later = samples.first(profile="", figures=STARTED)
        await store.journal.commit(later)
        await folded(store)
        whole = RollUp(started=1, completed=1)
        whole.took(2000)
        step = RollUp(ended=1)
        step.took(1500)
        step.add(RollUp(failed=1, retried=1))
        begin = to_ms(START_TIME)
        hour = to_ms(HOUR + START_TIME) - begin
        first = begin // hour * hour
        second = to_ms(later.batch.at) // hour * hour
        expected = [
            (first, WORKFLOW, "", whole),
            (first, WORKFLOW, "call_1", step),
            (second, WORKFLOW, "", RollUp(started=1)),
        ]
        assert await rollups(store, "hour") == expected
        assert await rollups(store, "hour", OTHER_WORKFLOW) == []
        assert await rollups(store, "hour", profile="default") == expected[:2]
        assert await rollups(store, "hour", profile="") == expected[2:]
        days = await rollups(store, "day", profile="default")
        day = begin // (24 * hour) * 24 * hour
        assert days == [(day, WORKFLOW, "", whole), (day, WORKFLOW, "call_1", step)]

    async def test_rollups_and_counters_are_those_of_one_fold(self, store: Store, samples: Samples) -> None:
        for workflow_id in (WORKFLOW, OTHER_WORKFLOW) * 20:
            await store.journal.commit(samples.first(workflow_id=workflow_id, figures=STARTED))
        span = (START_TIME - DAY, START_TIME + DAY)
        for _ in range(40):
            reads = [store.figures.rollups(ORGANIZATION, "hour", span, (), None) for _ in range(3)]
            count, *answers = await asyncio.gather(store.figures.fold(1), *reads)
            assert count == 1
            for found in answers:
                started = sum(row.rollup.started for row in found.rows)
                assert found.counts.totals.get("R", 0) == started
                assert (found.counts.behind_since is None) == (started == 40)
        assert await store.figures.fold(1) == 0
        whole = await store.figures.rollups(ORGANIZATION, "hour", span, (), "none")
        assert (list(whole.rows), whole.counts) == ([], Counts({"R": 40}, None))
        one = await store.figures.rollups(ORGANIZATION, "day", span, (WORKFLOW,), None)
        assert (sum(row.rollup.started for row in one.rows), one.counts) == (20, Counts({"R": 20}, None))
        other = await store.figures.rollups(OTHER_ORGANIZATION, "hour", span, (), None)
        assert (list(other.rows), other.counts) == ([], Counts({}, None))

    async def test_old_rollups_are_dropped_by_their_span(self, store: Store, samples: Samples) -> None:
        await store.journal.commit(samples.first(figures=STARTED))
        samples.later(HOUR)
        await store.journal.commit(samples.first(figures=STARTED))
        await folded(store)
        await store.figures.drop_rollups("hour", samples.now - HOUR / 2)
        assert len(await rollups(store, "hour")) == 1
        assert len(await rollups(store, "day")) == 1

    async def test_a_counter_that_differs_is_found_and_corrected(self, store: Store, samples: Samples) -> None:
        unit = samples.first(figures=FigureChange(open={"W": 3, "c": 1}, started=1))
        key = unit.execution_id
        rows = {"incidents": (incident(key, 2, START_TIME),), "cards": (card(key, 1, START_TIME),)}
        await store.journal.commit(working(unit, **rows))
        await folded(store)
        # What is not folded yet is part of the figure, too.
        await store.journal.commit(samples.first(figures=STARTED))
        found = {each.name: each.missing for each in await store.figures.find_drift()}
        assert found == {"R": 1, "W": -3, "F": 1, "i2": 1}
        await store.figures.correct()
        assert list(await store.figures.find_drift()) == []
        await folded(store)
        assert (await store.figures.counts(ORGANIZATION, [])).totals == {"R": 2, "F": 1, "i2": 1, "c": 1}
        assert list(await store.figures.find_drift()) == []

    async def test_the_figures_of_some_workflows_are_read_by_themselves(self, store: Store, samples: Samples) -> None:
        failing = FigureChange(open={"F": 1, "i1": 2}, failed=1)
        for workflow_id, profile, change in (
            (WORKFLOW, "", STARTED),
            (WORKFLOW, "test", STARTED),
            (OTHER_WORKFLOW, "", failing),
        ):
            await store.journal.commit(samples.first(workflow_id=workflow_id, profile=profile, figures=change))
        behind = await store.figures.counts_of(ORGANIZATION, [WORKFLOW])
        assert (behind.totals, behind.behind_since is None) == ({}, False)
        await folded(store)
        assert await store.figures.counts_of(ORGANIZATION, [WORKFLOW, UNKNOWN]) == CountsOfWorkflows(
            {WORKFLOW: {"R": 2}}, None
        )
        assert (await store.figures.counts_of(OTHER_ORGANIZATION, [WORKFLOW])).totals == {}
        assert await store.figures.workflows_with(ORGANIZATION, ["i1", "i2"]) == {OTHER_WORKFLOW}
        assert await store.figures.workflows_with(ORGANIZATION, ["i2"]) == frozenset()
        assert await store.figures.workflows_with(OTHER_ORGANIZATION, ["i1"]) == frozenset()
        begin = START_TIME.replace(minute=0, second=0, microsecond=0)
        rows = await store.figures.hours_of(ORGANIZATION, [WORKFLOW, UNKNOWN], [begin - HOUR, begin])
        assert [(row.begin_ms, row.workflow_id, row.step, row.rollup.started) for row in rows] == [
            (to_ms(begin), WORKFLOW, "", 1)
        ] * 2
        assert list(await store.figures.hours_of(ORGANIZATION, [WORKFLOW], [begin - HOUR])) == []
        assert list(await store.figures.hours_of(ORGANIZATION, [], [begin])) == []
