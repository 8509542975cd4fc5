"""The part of the store contract about the ledger of schedules: what became of each nominal instant."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from contract.store.samples import (
    ORGANIZATION,
    OTHER_ORGANIZATION,
    OTHER_WORKFLOW,
    WORKFLOW,
    Samples,
    schedule,
)
from looply.engine.ports.port import Fire, LedgerRow, MissedFires
from looply.engine.ports.store import Store
from looply.errors import FireTaken
from looply.testing.clock import START_TIME

HOUR = timedelta(hours=1)


def fire(hour: int, outcome: str = "STARTED", **fields: Any) -> Fire:
    """Returns a decision on the instant that lies so many hours after the beginning."""
    facts: dict[str, Any] = {"outcome": outcome, "at": START_TIME + hour * HOUR, **fields}
    nominal = START_TIME + hour * HOUR
    return Fire(workflow_id=WORKFLOW, nominal=nominal, next=facts.pop("next", nominal + HOUR), **facts)


async def outcomes(store: Store) -> list[tuple[float, str]]:
    """Returns (hours after the beginning, outcome) of the ledger, newest first."""
    rows = await store.schedules.fires(WORKFLOW, None, 100)
    return [((row.nominal - START_TIME) / HOUR, row.outcome) for row in rows]


class LedgerContract:
    """Each instant has one row, which the unit of its start stores."""

    async def test_a_start_and_what_is_left_out_have_their_rows(self, store: Store, samples: Samples) -> None:
        await store.schedules.put(schedule(START_TIME))
        unit = samples.fired(fire(0))
        await store.journal.commit(unit)
        await store.schedules.skip(fire(1, "SKIPPED"))
        await store.schedules.skip(fire(4, "MISSED", count=3))
        late = samples.fired(fire(5, "CAUGHT_UP"))
        await store.journal.commit(late)
        rows = [
            LedgerRow(
                nominal=START_TIME + 5 * HOUR,
                outcome="CAUGHT_UP",
                execution_id=late.execution_id,
                at=START_TIME + 5 * HOUR,
            ),
            LedgerRow(nominal=START_TIME + 4 * HOUR, outcome="MISSED", at=START_TIME + 4 * HOUR, count=3),
            LedgerRow(nominal=START_TIME + HOUR, outcome="SKIPPED", at=START_TIME + HOUR),
            LedgerRow(nominal=START_TIME, outcome="STARTED", execution_id=unit.execution_id, at=START_TIME),
        ]
        assert list(await store.schedules.fires(WORKFLOW, None, 10)) == rows
        assert list(await store.schedules.fires(WORKFLOW, START_TIME + 4 * HOUR, 1)) == rows[2:3]
        assert list(await store.schedules.fires(OTHER_WORKFLOW, None, 10)) == []

    async def test_what_was_missed_is_added_up_for_its_organization(self, store: Store) -> None:
        await store.schedules.put(schedule(START_TIME))
        await store.schedules.put(schedule(START_TIME, OTHER_WORKFLOW))
        assert dict(await store.schedules.find_missed(ORGANIZATION)) == {}
        await store.schedules.skip(fire(2, "MISSED", count=3))
        await store.schedules.skip(fire(4, "MISSED", count=2))
        missed = MissedFires(count=5, last=START_TIME + 4 * HOUR)
        assert dict(await store.schedules.find_missed(ORGANIZATION)) == {WORKFLOW: missed}
        assert dict(await store.schedules.find_missed(OTHER_ORGANIZATION)) == {}

    async def test_a_start_that_waits_gets_its_execution_once(self, store: Store, samples: Samples) -> None:
        await store.schedules.put(schedule(START_TIME))
        first = samples.fired(fire(0))
        await store.journal.commit(first)
        for hour in (1, 2):
            await store.schedules.skip(fire(hour, "QUEUED"))
        ((live, oldest),) = await store.schedules.list_queued(10)
        assert (live, oldest) == (await store.schedules.find(ORGANIZATION, WORKFLOW), START_TIME + HOUR)
        assert await store.schedules.count_queued(WORKFLOW) == 2
        waited = fire(1, was_queued=True, former=first.execution_id)
        unit = samples.fired(waited)
        await store.journal.commit(unit)
        moved = replace(live, last=START_TIME + HOUR, last_execution=unit.execution_id)
        assert await store.schedules.find(ORGANIZATION, WORKFLOW) == moved
        assert await outcomes(store) == [(2, "QUEUED"), (1, "STARTED"), (0, "STARTED")]
        for again in (waited, replace(waited, former=unit.execution_id)):
            late = samples.fired(again)
            with pytest.raises(FireTaken):
                await store.journal.commit(late)
            assert await store.reads.head(late.execution_id) is None

    async def test_nothing_that_waits_starts_while_the_schedule_is_paused_and_all_is_missed_when_it_goes(
        self, store: Store, samples: Samples
    ) -> None:
        await store.schedules.put(schedule(START_TIME))
        await store.schedules.skip(fire(0, "QUEUED"))
        await store.schedules.put(schedule(START_TIME + HOUR, status="PAUSED"))
        assert list(await store.schedules.list_queued(10)) == []
        with pytest.raises(FireTaken):
            await store.journal.commit(samples.fired(fire(0, was_queued=True)))
        assert await outcomes(store) == [(0, "QUEUED")]
        await store.schedules.drop(ORGANIZATION, WORKFLOW)
        assert await outcomes(store) == [(0, "MISSED")]

    async def test_a_decision_that_was_made_on_another_last_execution_is_refused(
        self, store: Store, samples: Samples
    ) -> None:
        await store.schedules.put(schedule(START_TIME))
        await store.journal.commit(samples.fired(fire(0, former="")))
        stale = samples.fired(fire(1, former=""))
        with pytest.raises(FireTaken):
            await store.journal.commit(stale)
        with pytest.raises(FireTaken):
            await store.schedules.skip(fire(1, "SKIPPED", former=""))
        assert await outcomes(store) == [(0, "STARTED")]
        live = await store.schedules.find(ORGANIZATION, WORKFLOW)
        assert live is not None
        await store.schedules.skip(fire(1, "SKIPPED", former=live.last_execution))

    async def test_a_start_that_is_put_off_falls_due_later(self, store: Store, samples: Samples) -> None:
        minute = timedelta(minutes=1)
        await store.schedules.put(schedule(START_TIME, delay=minute))
        assert list(await store.schedules.due(START_TIME, 10)) == []
        assert await store.schedules.next_due() == START_TIME + minute
        assert list(await store.schedules.due(START_TIME + minute, 10)) == [schedule(START_TIME, delay=minute)]
        await store.journal.commit(samples.fired(fire(0, next_delay=2 * minute)))
        assert await store.schedules.next_due() == START_TIME + HOUR + 2 * minute
        await store.schedules.skip(fire(1, "SKIPPED"))
        assert await store.schedules.next_due() == START_TIME + 2 * HOUR

    async def test_the_ledger_is_trimmed_to_its_newest_rows_and_what_waits_stays(
        self, store: Store, samples: Samples
    ) -> None:
        await store.schedules.put(schedule(START_TIME))
        await store.schedules.skip(fire(0, "QUEUED"))
        for hour in range(1, 6):
            await store.schedules.skip(fire(hour, "SKIPPED"))
        await store.schedules.trim(WORKFLOW, 6)
        assert len(await outcomes(store)) == 6
        await store.schedules.trim(WORKFLOW, 2)
        assert await outcomes(store) == [(5, "SKIPPED"), (4, "SKIPPED"), (0, "QUEUED")]
        await store.schedules.trim(OTHER_WORKFLOW, 2)
        with pytest.raises(FireTaken):
            await store.journal.commit(samples.fired(fire(3)))
