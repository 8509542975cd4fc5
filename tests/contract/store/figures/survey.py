"""The contract of the survey: counts of everything that is open."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from msgspec.structs import replace

from contract.store.deliveries import place, sent
from contract.store.samples import (
    ORGANIZATION,
    OTHER_ORGANIZATION,
    OTHER_WORKFLOW,
    WORKFLOW,
    Samples,
    card,
    effect,
    ended,
    incident,
    schedule,
    timer,
    wait,
    working,
)
from looply.engine.ports.port import Fire
from looply.engine.ports.store import Store, Unit, Value, WorkChange
from looply.engine.records.copies import CopyMark, CopyUpdate
from looply.engine.records.figures.survey import Census, EffectCount
from looply.execution.facts.deliveries import Delivery, DeliveryKey
from looply.testing.clock import START_TIME

HOUR = timedelta(hours=1)
CHILD = "01900000-0000-7000-8000-0000000000c1"
NOTHING = Census(
    executions={},
    incidents={},
    effects={},
    timers=0,
    timer_due=None,
    schedule_due=None,
    waits=0,
    cards=0,
    stale_copies=0,
    undelivered={},
    deliveries=0,
    continuations=0,
    awaiting_slot=0,
    holding_slot=0,
    letters=0,
    missed_starts=0,
)
OWNERS: dict[str, Callable[[Unit], Unit]] = {
    "an effect": lambda unit: working(unit, effects=(effect(unit.execution_id, 2),)),
    "a call in flight": lambda unit: working(unit, effects=(effect(unit.execution_id, 2, "RUNNING", 1),)),
    "a timer": lambda unit: working(unit, timers=(timer(unit.execution_id, 2, START_TIME),)),
    "a retry": lambda unit: working(unit, timers=(replace(timer(unit.execution_id, 2, START_TIME), kind="RETRY"),)),
    "a wait": lambda unit: working(unit, waits=(wait(unit.execution_id, 2),)),
    "a cut stretch": lambda unit: working(unit, continues=True),
    "a place in line": lambda unit: replace(unit, work=place(unit, START_TIME)),
    "what it has sent": lambda unit: replace(unit, sent=(sent(unit, CHILD),)),
}
NO_OWNERS: dict[str, Callable[[Unit], Unit]] = {
    "no row": lambda unit: unit,
    "a time limit": lambda unit: working(
        unit, timers=(replace(timer(unit.execution_id, 2, START_TIME), kind="EXECUTION"),)
    ),
    "a reminder": lambda unit: working(
        unit, timers=(replace(timer(unit.execution_id, 2, START_TIME), kind="REMINDER"),)
    ),
    "a card": lambda unit: working(unit, cards=(card(unit.execution_id, 1, START_TIME),)),
}


async def stored_bytes(store: Store, limit: int) -> Mapping[str, int]:
    """Returns what executions take, by organization, measured in slices of so many rows."""
    found, after = Counter[str](), ""
    while True:
        sizes, after = await store.survey.measure_bytes(after, limit)
        found.update(sizes)
        if not after:
            return found


class SurveyContract:
    """Open work is counted."""

    async def test_the_one_process_of_a_store_audits(self, store: Store) -> None:
        assert [await store.survey.acquire_auditor_role() for _ in range(2)] == [True, True]

    async def test_in_an_empty_store_nothing_is_open(self, store: Store) -> None:
        assert await store.survey.count() == NOTHING
        assert list(await store.survey.find_orphans(10)) == []

    async def test_every_kind_of_open_work_is_counted(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        key = unit.execution_id
        rows = working(
            unit,
            effects=(
                effect(key, 2),
                effect(key, 3),
                effect(key, 4, "RUNNING", 1),
                replace(effect(key, 5), queue="email.send relay"),
            ),
            timers=(timer(key, 6, START_TIME + 2 * HOUR), timer(key, 7, START_TIME + HOUR)),
            waits=(wait(key, 8), wait(key, 9)),
            cards=(card(key, 1, samples.now),),
            continues=True,
        )
        shown = card(key, 1, samples.now).card_id
        update = CopyUpdate(card_id=shown, channel="teams", wanted=3, due=samples.now)
        await store.journal.commit(replace(rows, copies=(update,), sent=(sent(unit, CHILD),)))
        census = await store.survey.count()
        assert census == replace(
            NOTHING,
            executions={"RUNNING": 1},
            effects={"email.send": EffectCount(queued=1), "http.request": EffectCount(queued=2, running=1)},
            timers=2,
            timer_due=START_TIME + HOUR,
            waits=2,
            cards=1,
            stale_copies=1,
            undelivered={("teams", "PENDING"): 1},
            deliveries=1,
            continuations=1,
        )
        mark = CopyMark(handle="{}", shown=3, due=samples.now, since=samples.now, state="SHOWN")
        assert await store.copies.record(shown, "", mark)
        census = await store.survey.count()
        assert (census.stale_copies, census.undelivered) == (0, {})

    async def test_executions_are_counted_by_status_over_all_organizations(
        self, store: Store, samples: Samples
    ) -> None:
        for organization_id in (ORGANIZATION, OTHER_ORGANIZATION):
            for status in ("RUNNING", "WAITING", "WAITING", "COMPLETED", "TERMINATED", "FAILED"):
                await store.journal.commit(samples.first(status=status, organization_id=organization_id))
        failed = samples.first(status="FAILED")
        rows = (incident(failed.execution_id, 2, samples.now), incident(failed.execution_id, 3, samples.now))
        await store.journal.commit(working(failed, incidents=rows))
        census = await store.survey.count()
        assert census.executions == {"RUNNING": 2, "WAITING": 4, "FAILED": 1}
        assert census.incidents == {"UNKNOWN": 2}

    async def test_executions_with_and_without_a_slot_are_counted(self, store: Store, samples: Samples) -> None:
        for is_held in (True, False, False):
            unit = samples.first()
            await store.journal.commit(replace(unit, work=place(unit, samples.now, most=2)))
            if is_held:
                following = samples.next(unit.head)
                work = place(following, samples.now, most=2, is_held=True)
                await store.journal.commit(replace(following, work=work))
        census = await store.survey.count()
        assert (census.awaiting_slot, census.holding_slot) == (2, 1)

    async def test_the_next_start_and_the_missed_ones_of_live_schedules_are_counted(self, store: Store) -> None:
        later = schedule(START_TIME + HOUR, OTHER_WORKFLOW, organization_id=OTHER_ORGANIZATION)
        for plan in (schedule(START_TIME), later):
            await store.schedules.put(plan)
        for count, workflow_id in ((3, WORKFLOW), (2, OTHER_WORKFLOW)):
            nominal = START_TIME if workflow_id == WORKFLOW else START_TIME + HOUR
            fire = Fire(
                workflow_id=workflow_id,
                nominal=nominal,
                next=nominal + 3 * HOUR,
                outcome="MISSED",
                at=nominal,
                count=count,
            )
            await store.schedules.skip(fire)
        census = await store.survey.count()
        assert (census.missed_starts, census.schedule_due) == (5, START_TIME + 3 * HOUR)
        await store.schedules.put(schedule(START_TIME, status="PAUSED"))
        assert (await store.survey.count()).schedule_due == START_TIME + 4 * HOUR


class OwnerContract:
    """Open executions that nothing will move are found."""

    @pytest.mark.parametrize("status", ["RUNNING", "WAITING"])
    @pytest.mark.parametrize("owner", OWNERS)
    async def test_an_open_execution_has_an_owner(
        self, store: Store, samples: Samples, owner: str, status: str
    ) -> None:
        unit = OWNERS[owner](samples.first(status=status))
        await store.journal.commit(unit)
        assert list(await store.survey.find_orphans(10)) == []

    @pytest.mark.parametrize("row", NO_OWNERS)
    async def test_one_that_nothing_will_move_is_found(self, store: Store, samples: Samples, row: str) -> None:
        unit = NO_OWNERS[row](samples.first(status="WAITING"))
        await store.journal.commit(unit)
        assert list(await store.survey.find_orphans(10)) == [unit.execution_id]

    async def test_a_slot_alone_moves_nothing(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        await store.journal.commit(replace(unit, work=place(unit, samples.now)))
        following = samples.next(unit.head)
        await store.journal.commit(replace(following, work=place(following, samples.now, is_held=True)))
        assert list(await store.survey.find_orphans(10)) == [unit.execution_id]

    async def test_what_is_on_its_way_to_an_execution_will_move_it(self, store: Store, samples: Samples) -> None:
        unit, other = samples.first(status="WAITING"), samples.first(status="COMPLETED")
        await store.journal.commit(unit)
        row = Delivery(DeliveryKey(unit.execution_id, other.execution_id, 3), "ENDED")
        await store.journal.commit(replace(other, sent=(row,)))
        assert list(await store.survey.find_orphans(10)) == []

    async def test_an_open_child_moves_its_parent_also_while_it_has_an_incident(
        self, store: Store, samples: Samples
    ) -> None:
        parent = samples.first(status="WAITING")
        await store.journal.commit(parent)
        child = samples.first(parent=parent.execution_id)
        await store.journal.commit(working(child, waits=(wait(child.execution_id, 2),)))
        assert list(await store.survey.find_orphans(10)) == []
        failed = samples.next(child.head, status="FAILED")
        await store.journal.commit(working(failed, incidents=(incident(child.execution_id, 4, samples.now),)))
        assert list(await store.survey.find_orphans(10)) == []
        gone = WorkChange(drop_waits=(2,), drop_incidents=(4,))
        await store.journal.commit(ended(samples, failed.head, work=gone))
        assert list(await store.survey.find_orphans(10)) == [parent.execution_id]

    async def test_what_has_ended_needs_no_owner(self, store: Store, samples: Samples) -> None:
        for status in ("COMPLETED", "TERMINATED", "FAILED"):
            await store.journal.commit(samples.first(status=status))
        assert list(await store.survey.find_orphans(10)) == []

    async def test_they_are_found_in_all_organizations_up_to_a_number(self, store: Store, samples: Samples) -> None:
        units = [samples.first(organization_id=each) for each in (ORGANIZATION, OTHER_ORGANIZATION) * 2]
        for unit in units:
            await store.journal.commit(unit)
        assert sorted(await store.survey.find_orphans(10)) == [unit.execution_id for unit in units]
        assert len(await store.survey.find_orphans(3)) == 3


class UsageContract:
    """What each organization uses is counted."""

    async def test_open_executions_are_counted_by_organization(self, store: Store, samples: Samples) -> None:
        assert await store.survey.open_counts() == {}
        for organization_id, statuses in (
            (ORGANIZATION, ("RUNNING", "WAITING", "WAITING", "COMPLETED", "FAILED", "TERMINATED")),
            (OTHER_ORGANIZATION, ("WAITING", "COMPLETED")),
        ):
            for status in statuses:
                await store.journal.commit(samples.first(status=status, organization_id=organization_id))
        assert await store.survey.open_counts() == {ORGANIZATION: 3, OTHER_ORGANIZATION: 1}

    @pytest.mark.parametrize("limit", [1, 2, 3, 100])
    async def test_stored_bytes_are_measured_by_organization_slice_by_slice(
        self, store: Store, samples: Samples, limit: int
    ) -> None:
        expected = dict.fromkeys((ORGANIZATION, OTHER_ORGANIZATION), 0)
        for number, organization_id in enumerate((ORGANIZATION, OTHER_ORGANIZATION, ORGANIZATION)):
            value = Value(hash=bytes([number]) * 32, codec=0, data=b"x" * 1000 * (number + 1))
            unit = samples.first(status="COMPLETED", organization_id=organization_id, values=(value,))
            await store.journal.commit(unit)
            following = samples.next(unit.head, values=(value,))
            await store.journal.commit(following)
            expected[organization_id] += len(unit.batch.events) + len(following.batch.events) + len(value.data)
        assert await stored_bytes(store, limit) == expected

    async def test_an_empty_store_takes_no_bytes(self, store: Store) -> None:
        assert await stored_bytes(store, 10) == {}
