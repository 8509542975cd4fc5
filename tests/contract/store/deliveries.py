"""What stores promise about rows that executions send to each other, and about lines of executions."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from contract.store.samples import OTHER_WORKFLOW, Samples
from looply.engine.ports.store import Store, Unit, Work, WorkChange
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.errors import SlotTaken, Stale
from looply.execution.facts.deliveries import Delivery, DeliveryKey, DeliveryKind

CHILD = "01900000-0000-7000-8000-0000000000c1"
"""An execution that is to be started."""


def sent(unit: Unit, target: str, seq: int = 3, kind: DeliveryKind = "START") -> Delivery:
    """Returns a row that a unit sends."""
    return Delivery(DeliveryKey(target, unit.execution_id, seq), kind)


def place(unit: Unit, since: datetime, *, most: int = 1, is_held: bool = False) -> WorkChange:
    """Returns the change that puts the place of an execution."""
    row = ConcurrencySlotRow(
        execution_id=unit.execution_id, seq=unit.head.seq, since=since, max_concurrency=most, is_held=is_held
    )
    return WorkChange(put=Work(slot=row))


async def in_line(store: Store, samples: Samples, count: int, **facts: Any) -> list[Unit]:
    """Stores so many executions that are queued, each a second after the one before."""
    most = facts.pop("most", 1)
    found = []
    for _ in range(count):
        unit = samples.first(**facts)
        unit = replace(unit, work=place(unit, samples.now, most=most))
        await store.journal.commit(unit)
        found.append(unit)
    return found


async def admit(store: Store, samples: Samples, unit: Unit, *, most: int = 1) -> Unit:
    """Stores a unit in which an execution takes a slot."""
    following = samples.next(unit.head)
    assert unit.work.put.slot is not None
    work = place(following, unit.work.put.slot.since, most=most, is_held=True)
    following = replace(following, work=work)
    await store.journal.commit(following)
    return following


class DeliveryContract:
    """Rows go from unit to unit, and are never lost between them."""

    async def test_a_row_is_stored_by_the_unit_that_sends_it_and_goes_with_the_one_that_applies_it(
        self, store: Store, samples: Samples
    ) -> None:
        first = samples.first()
        row = sent(first, CHILD)
        await store.journal.commit(replace(first, sent=(row,)))
        assert await store.work.deliveries(10) == [row]
        assert await store.reads.deliveries_of(CHILD) == [row]
        assert await store.reads.deliveries_of(first.execution_id) == []
        second = samples.first()
        await store.journal.commit(replace(second, applied=(row.row,)))
        assert await store.work.deliveries(10) == []
        assert await store.reads.dangling_rows() == []

    async def test_a_unit_that_is_refused_sends_nothing_and_applies_nothing(
        self, store: Store, samples: Samples
    ) -> None:
        first = samples.first()
        row = sent(first, CHILD)
        await store.journal.commit(replace(first, sent=(row,)))
        stale = replace(samples.next(first.head), expected_seq=99)
        with pytest.raises(Stale):
            await store.journal.commit(replace(stale, sent=(sent(stale, CHILD, 4, "TERMINATE"),), applied=(row.row,)))
        assert await store.reads.deliveries_of(CHILD) == [row]

    async def test_what_one_execution_sends_to_another_one_is_given_in_order(
        self, store: Store, samples: Samples
    ) -> None:
        first, other = samples.first(), samples.first()
        rows = (sent(first, CHILD, 2), sent(first, CHILD, 3, "TERMINATE"))
        await store.journal.commit(replace(first, sent=rows))
        beside = sent(other, CHILD, 1, "ENDED")
        await store.journal.commit(replace(other, sent=(beside,)))
        assert sorted(await store.work.deliveries(10)) == sorted([rows[0], beside])
        await store.work.drop_deliveries((rows[0].row,))
        assert rows[1] in await store.work.deliveries(10)
        assert await store.reads.deliveries_of(CHILD) == sorted([rows[1], beside])

    async def test_rows_to_some_targets_are_passed_over(self, store: Store, samples: Samples) -> None:
        first = samples.first()
        others = [CHILD[:-1] + digit for digit in "234"]
        rows = [sent(first, target, number) for number, target in enumerate((CHILD, *others), 2)]
        await store.journal.commit(replace(first, sent=tuple(rows)))
        assert list(await store.work.deliveries(2, (CHILD, others[1]))) == [rows[1], rows[3]]
        assert list(await store.work.deliveries(10)) == rows

    async def test_executions_are_queued_until_it_is_their_turn(self, store: Store, samples: Samples) -> None:
        first, second, _ = await in_line(store, samples, 3)
        assert await store.work.admissible(10) == [first.execution_id]
        with pytest.raises(SlotTaken):
            await admit(store, samples, second)
        held = await admit(store, samples, first)
        assert await store.work.admissible(10) == []
        with pytest.raises(SlotTaken):
            await admit(store, samples, second)
        gone = replace(samples.next(held.head, status="COMPLETED"), work=WorkChange(drop_slot=True))
        await store.journal.commit(gone)
        assert await store.work.admissible(10) == [second.execution_id]
        await admit(store, samples, second)

    async def test_each_workflow_has_a_queue_and_each_execution_its_number(
        self, store: Store, samples: Samples
    ) -> None:
        mine = await in_line(store, samples, 2)
        theirs = await in_line(store, samples, 2, workflow_id=OTHER_WORKFLOW, most=2)
        assert sorted(await store.work.admissible(10)) == sorted([mine[0].execution_id, theirs[0].execution_id])
        await admit(store, samples, mine[0])
        await admit(store, samples, theirs[0], most=2)
        assert await store.work.admissible(10) == [theirs[1].execution_id]

    async def test_of_one_instant_the_lower_id_comes_first(self, store: Store, samples: Samples) -> None:
        units = [samples.first() for _ in range(3)]
        now = samples.later(timedelta(minutes=1))
        for unit in reversed(units):
            await store.journal.commit(replace(unit, work=place(unit, now)))
        assert await store.work.admissible(10) == [units[0].execution_id]

    async def test_a_slot_row_is_read_as_it_was_stored(self, store: Store, samples: Samples) -> None:
        (unit,) = await in_line(store, samples, 1, most=7)
        assert (await store.reads.work_of(unit.execution_id)).slot == unit.work.put.slot
