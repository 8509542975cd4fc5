"""The parts of the store contract about open work and schedules."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from contract.store.lists import stored
from contract.store.samples import (
    ORGANIZATION,
    OTHER_ORGANIZATION,
    OTHER_WORKFLOW,
    WORKFLOW,
    Samples,
    card,
    effect,
    incident,
    schedule,
    timer,
    wait,
    working,
)
from looply.engine.ports.lists import ANY_CARD, CardFilter, OpenCard
from looply.engine.ports.port import Fire
from looply.engine.ports.store import EffectRow, Store, Work, WorkChange
from looply.errors import FireTaken
from looply.testing.clock import START_TIME

HOUR = timedelta(hours=1)


class WorkContract:
    """Rows of open work are those of the last unit, and are found by what makes them due."""

    async def test_rows_of_open_work_come_and_go_with_units(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        key = unit.execution_id
        rows = Work(
            effects=(effect(key, 2), effect(key, 3, "RUNNING", 7)),
            timers=(timer(key, 4, samples.now + HOUR),),
            waits=(wait(key, 5),),
            incidents=(incident(key, 6, samples.now),),
            cards=(card(key, 1, samples.now), card(key, 2, samples.now)),
            continues=True,
        )
        from_unit = working(unit, **{name: getattr(rows, name) for name in rows.__struct_fields__})
        await store.journal.commit(from_unit)
        assert await store.reads.work_of(key) == rows
        gone = WorkChange(
            put=Work(timers=(timer(key, 9, samples.now),)),
            drop_effects=(2,),
            drop_timers=((rows.timers[0].due, 4),),
            drop_waits=(5,),
            drop_incidents=(6,),
            drop_cards=(rows.cards[0].card_id,),
            drop_continues=True,
        )
        await store.journal.commit(samples.next(unit.head, work=gone))
        left = Work(effects=(rows.effects[1],), timers=gone.put.timers, cards=(rows.cards[1],))
        assert await store.reads.work_of(key) == left

    async def test_a_row_that_is_put_again_replaces_the_old_one(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        key = unit.execution_id
        await store.journal.commit(working(unit, effects=(effect(key, 2),), cards=(card(key, 1, samples.now),)))
        again = (effect(key, 2, "RUNNING", 3),)
        moved = (card(key, 1, samples.now, "grace@example.com"),)
        await store.journal.commit(working(samples.next(unit.head), effects=again, cards=moved))
        assert await store.reads.work_of(key) == Work(effects=again, cards=moved)

    async def test_an_execution_that_is_not_stored_has_no_work(self, store: Store, samples: Samples) -> None:
        assert await store.reads.work_of(samples.first().execution_id) == Work()

    async def test_timers_fall_due_in_order(self, store: Store, samples: Samples) -> None:
        units = [samples.first() for _ in range(3)]
        start = samples.now
        spans = (2, 1, 3)
        await stored(
            store,
            [
                working(unit, timers=(timer(unit.execution_id, 2, start + span * HOUR),))
                for unit, span in zip(units, spans, strict=True)
            ],
        )
        assert await store.work.next_due() == start + HOUR
        assert list(await store.work.due_timers(start, 10)) == []
        due = await store.work.due_timers(start + 2 * HOUR, 10)
        assert [row.execution_id for row in due] == [units[1].execution_id, units[0].execution_id]
        assert len(await store.work.due_timers(start + 9 * HOUR, 2)) == 2

    async def test_without_timers_nothing_is_due(self, store: Store, samples: Samples) -> None:
        assert await store.work.next_due() is None
        assert list(await store.work.due_timers(samples.now, 10)) == []

    async def test_an_effect_is_marked_once(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        await store.journal.commit(working(unit, effects=(effect(unit.execution_id, 2),)))
        assert await store.work.mark_running(unit.execution_id, 2, 5) is True
        assert await store.work.mark_running(unit.execution_id, 2, 5) is False
        assert await store.work.mark_running(unit.execution_id, 3, 5) is False
        assert (await store.reads.work_of(unit.execution_id)).effects == (effect(unit.execution_id, 2, "RUNNING", 5),)

    async def test_queued_effects_are_read_page_by_page(self, store: Store, samples: Samples) -> None:
        units = [samples.first() for _ in range(3)]
        for unit in units:
            rows = (
                effect(unit.execution_id, 2),
                effect(unit.execution_id, 3, "RUNNING", 1),
                effect(unit.execution_id, 4),
            )
            await store.journal.commit(working(unit, effects=rows))
        expected = [(unit.execution_id, seq) for unit in units for seq in (2, 4)]
        found: list[tuple[str, int]] = []
        after = ("", 0)
        while page := await store.work.find_queued_effects(after, 4):
            found.extend((row.execution_id, row.seq) for row in page)
            after = found[-1]
        assert found == expected

    async def test_of_some_effects_those_that_are_queued_are_found(self, store: Store, samples: Samples) -> None:
        one, other = samples.first(), samples.first()
        await store.journal.commit(
            working(one, effects=(effect(one.execution_id, 2), effect(one.execution_id, 3, "RUNNING", 1)))
        )
        await store.journal.commit(
            working(other, effects=(effect(other.execution_id, 2), effect(other.execution_id, 4)))
        )
        asked = [(one.execution_id, seq) for seq in (2, 3, 4)] + [(other.execution_id, 4)]
        assert {*await store.work.find_still_queued(asked)} == {(one.execution_id, 2), (other.execution_id, 4)}
        assert not await store.work.find_still_queued([])

    async def test_running_effects_of_earlier_epochs_are_lost(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        key = unit.execution_id
        rows = (
            effect(key, 2, "RUNNING", 1),
            effect(key, 3),
            effect(key, 4, "RUNNING", 2),
            effect(key, 5, "RUNNING", 3),
        )
        await store.journal.commit(working(unit, effects=rows))
        assert [row.seq for row in await store.work.find_lost_effects(3, 10)] == [2, 4]
        assert [row.seq for row in await store.work.find_lost_effects(3, 1)] == [2]

    async def test_running_effects_of_one_process_are_read_page_by_page(self, store: Store, samples: Samples) -> None:
        units = [samples.first() for _ in range(3)]
        for unit in units:
            key = unit.execution_id
            rows = (
                effect(key, 2, "RUNNING", 7),
                effect(key, 3),
                effect(key, 4, "RUNNING", 6),
                effect(key, 5, "RUNNING", 7),
            )
            await store.journal.commit(working(unit, effects=rows))
        expected = [effect(unit.execution_id, seq, "RUNNING", 7) for unit in units for seq in (2, 5)]
        found: list[EffectRow] = []
        after = ("", 0)
        while page := await store.work.running_effects(7, after, 4):
            found.extend(page)
            after = (page[-1].execution_id, page[-1].seq)
        assert found == expected

    async def test_a_store_of_one_process_has_nothing_of_others_to_recover(
        self, store: Store, samples: Samples
    ) -> None:
        unit = samples.first()
        rows = (effect(unit.execution_id, 2), effect(unit.execution_id, 3, "RUNNING", 7))
        await store.journal.commit(working(unit, effects=rows, continues=True))
        assert not store.is_shared
        assert list(await store.work.overdue_effects(10)) == []
        assert list(await store.work.end_lost_processes()) == []
        assert (await store.reads.work_of(unit.execution_id)).effects == rows

    async def test_cut_stretches_are_found(self, store: Store, samples: Samples) -> None:
        units = [samples.first() for _ in range(3)]
        for unit in units[1:]:
            await store.journal.commit(working(unit, continues=True))
        await store.journal.commit(units[0])
        expected = [unit.execution_id for unit in units[1:]]
        assert list(await store.work.continuations(10)) == expected
        assert list(await store.work.continuations(1)) == expected[:1]

    async def test_open_cards_are_listed_newest_first(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        key = unit.execution_id
        cards = [card(key, number, START_TIME + number * HOUR) for number in (1, 3, 2)]
        cards.append(card(key, 4, START_TIME, "grace@example.com"))
        await store.journal.commit(working(unit, cards=tuple(cards)))
        newest_first = [cards[1], cards[2], cards[0], cards[3]]
        graces = CardFilter(recipient="grace@example.com")
        reads = store.reads
        assert list(await reads.open_cards(ORGANIZATION, ANY_CARD, None, 10)) == newest_first
        assert list(await reads.open_cards(ORGANIZATION, graces, None, 10)) == [cards[3]]
        assert list(await reads.open_cards(ORGANIZATION, ANY_CARD, None, 1)) == [cards[1]]
        assert list(await reads.open_cards(OTHER_ORGANIZATION, ANY_CARD, None, 10)) == []
        for number, one in enumerate(newest_first, 1):
            assert list(await reads.open_cards(ORGANIZATION, ANY_CARD, one.key, 10)) == newest_first[number:]
        assert list(await reads.open_cards(ORGANIZATION, graces, cards[3].key, 10)) == []
        assert list(await reads.open_cards(ORGANIZATION, graces, cards[0].key, 10)) == [cards[3]]

    async def test_cards_that_were_opened_in_one_instant_have_an_order(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        same = [card(unit.execution_id, number, START_TIME) for number in range(5)]
        await store.journal.commit(working(unit, cards=tuple(same)))
        found: list[OpenCard] = []
        for _ in same:
            found += await store.reads.open_cards(ORGANIZATION, ANY_CARD, found[-1].key if found else None, 1)
        assert {one.card_id for one in found} == {one.card_id for one in same}
        assert [one.key for one in found] == sorted((one.key for one in same), reverse=True)

    async def test_rows_without_an_execution_are_reported(self, store: Store, samples: Samples) -> None:
        assert list(await store.reads.dangling_rows()) == []
        unit, stranger = samples.first(), samples.first()
        await store.journal.commit(working(unit, waits=(wait(unit.execution_id, 2),), continues=True))
        assert list(await store.reads.dangling_rows()) == []
        assert stranger.execution_id not in str(await store.reads.dangling_rows())


class ScheduleContract:
    """A nominal instant fires once, and only while the schedule waits for it."""

    async def test_a_schedule_is_put_found_listed_and_dropped(self, store: Store) -> None:
        mine = schedule(START_TIME, last=START_TIME - HOUR, last_execution="01900000-0000-7000-8000-000000000001")
        other = schedule(None, OTHER_WORKFLOW, status="PAUSED")
        await store.schedules.put(mine)
        await store.schedules.put(other)
        assert await store.schedules.find(ORGANIZATION, WORKFLOW) == mine
        assert list(await store.schedules.list(ORGANIZATION)) == [mine, other]
        assert list(await store.schedules.list(OTHER_ORGANIZATION)) == []
        assert await store.schedules.find(OTHER_ORGANIZATION, WORKFLOW) is None
        await store.schedules.drop(OTHER_ORGANIZATION, WORKFLOW)
        await store.schedules.drop(ORGANIZATION, OTHER_WORKFLOW)
        await store.schedules.drop(ORGANIZATION, OTHER_WORKFLOW)
        assert list(await store.schedules.list(ORGANIZATION)) == [mine]

    async def test_a_schedule_that_has_moved_is_not_overwritten_by_what_was_read_before(
        self, store: Store, samples: Samples
    ) -> None:
        read = schedule(START_TIME)
        assert not await store.schedules.put(schedule(START_TIME, status="PAUSED"), former=read)
        assert await store.schedules.find(ORGANIZATION, WORKFLOW) is None
        assert await store.schedules.put(read)
        unit = samples.fired(Fire(workflow_id=WORKFLOW, nominal=START_TIME, next=START_TIME + HOUR))
        await store.journal.commit(unit)
        assert not await store.schedules.put(schedule(START_TIME, status="PAUSED"), former=read)
        moved = schedule(START_TIME + HOUR, last=START_TIME, last_execution=unit.execution_id)
        assert await store.schedules.find(ORGANIZATION, WORKFLOW) == moved
        paused = replace(moved, status="PAUSED")
        assert await store.schedules.put(paused, former=moved)
        assert await store.schedules.find(ORGANIZATION, WORKFLOW) == paused

    async def test_only_active_schedules_fall_due(self, store: Store) -> None:
        due = schedule(START_TIME)
        await store.schedules.put(due)
        await store.schedules.put(schedule(START_TIME - HOUR, OTHER_WORKFLOW, status="PAUSED"))
        assert list(await store.schedules.due(START_TIME, 10)) == [due]
        assert list(await store.schedules.due(START_TIME - timedelta(seconds=1), 10)) == []
        assert await store.schedules.next_due() == START_TIME

    async def test_a_schedule_that_has_ended_is_never_due(self, store: Store) -> None:
        await store.schedules.put(schedule(None))
        assert await store.schedules.next_due() is None
        assert list(await store.schedules.due(START_TIME, 10)) == []

    async def test_firing_starts_an_execution_and_moves_the_schedule(self, store: Store, samples: Samples) -> None:
        await store.schedules.put(schedule(START_TIME))
        unit = samples.fired(Fire(workflow_id=WORKFLOW, nominal=START_TIME, next=START_TIME + HOUR))
        await store.journal.commit(unit)
        moved = schedule(START_TIME + HOUR, last=START_TIME, last_execution=unit.execution_id)
        assert await store.schedules.find(ORGANIZATION, WORKFLOW) == moved

    async def test_an_instant_fires_once(self, store: Store, samples: Samples) -> None:
        await store.schedules.put(schedule(START_TIME))
        fire = Fire(workflow_id=WORKFLOW, nominal=START_TIME, next=START_TIME + HOUR)
        await store.journal.commit(samples.fired(fire))
        # Put again, as an activation does: the ledger still has the instant.
        await store.schedules.put(schedule(START_TIME))
        late = samples.fired(fire)
        with pytest.raises(FireTaken):
            await store.journal.commit(late)
        assert await store.reads.head(late.execution_id) is None
        assert await store.schedules.find(ORGANIZATION, WORKFLOW) == schedule(START_TIME)

    @pytest.mark.parametrize("status", ["PAUSED", ""], ids=["paused", "dropped"])
    async def test_a_schedule_that_is_paused_or_gone_does_not_fire(
        self, store: Store, samples: Samples, status: str
    ) -> None:
        if status:
            await store.schedules.put(schedule(START_TIME, status=status))
        with pytest.raises(FireTaken):
            await store.journal.commit(samples.fired(Fire(workflow_id=WORKFLOW, nominal=START_TIME, next=None)))
        assert list(await store.reads.scan("", 10)) == []

    async def test_a_later_instant_leaves_out_the_missed_ones(self, store: Store, samples: Samples) -> None:
        await store.schedules.put(schedule(START_TIME))
        newest = Fire(workflow_id=WORKFLOW, nominal=START_TIME + 3 * HOUR, next=START_TIME + 4 * HOUR)
        await store.journal.commit(samples.fired(newest))
        missed = Fire(workflow_id=WORKFLOW, nominal=START_TIME + HOUR, next=START_TIME + 2 * HOUR)
        with pytest.raises(FireTaken):
            await store.journal.commit(samples.fired(missed))

    async def test_a_skipped_instant_moves_the_schedule_and_cannot_fire(self, store: Store, samples: Samples) -> None:
        await store.schedules.put(schedule(START_TIME))
        fire = Fire(workflow_id=WORKFLOW, nominal=START_TIME, next=START_TIME + HOUR)
        await store.schedules.skip(replace(fire, outcome="SKIPPED"))
        assert await store.schedules.find(ORGANIZATION, WORKFLOW) == schedule(START_TIME + HOUR)
        with pytest.raises(FireTaken):
            await store.schedules.skip(replace(fire, outcome="SKIPPED"))
        with pytest.raises(FireTaken):
            await store.journal.commit(samples.fired(fire))
