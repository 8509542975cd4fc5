"""What stores promise about executions that may have brought a process down."""

import asyncio
from datetime import timedelta

from msgspec.structs import replace

from contract.store.deliveries import CHILD, in_line, sent
from contract.store.lives import AbandonableStore, Stores, opened
from contract.store.samples import Samples, effect, timer, wait, working
from looply.engine.ports.store import Unit
from looply.engine.records.startup import StartupState
from looply.engine.records.trials import MAX_CRASH_COUNT
from looply.testing.clock import START_TIME

HOUR = timedelta(hours=1)


class TrialContract:
    """What a process was at that ended is suspect; only one that does not outlive its trials is to blame."""

    async def test_what_a_process_was_at_that_ended_without_order_is_suspect(
        self, stores: Stores, samples: Samples
    ) -> None:
        store = await opened(stores)
        calls, cut, due, target, rests, later, waits = (samples.first() for _ in range(7))
        sender = replace(samples.first(), sent=(sent(target, target.execution_id), sent(target, CHILD, 4)))
        first, second = await in_line(store, samples, 2)
        for unit in (
            working(calls, effects=(effect(calls.execution_id, 2, "RUNNING", 1),)),
            working(cut, continues=True),
            working(due, timers=(timer(due.execution_id, 2, START_TIME),)),
            target,
            sender,
            working(rests, effects=(effect(rests.execution_id, 2),)),
            working(later, timers=(timer(later.execution_id, 2, START_TIME + HOUR),)),
            working(waits, waits=(wait(waits.execution_id, 2),)),
        ):
            await store.journal.commit(unit)
        await store.abandon()
        store = stores.make()
        boot = await store.open()
        assert boot.suspects == {unit.execution_id for unit in (calls, cut, due, target, first)}
        assert list(boot.poisoned) == []
        assert second.execution_id not in boot.suspects
        await store.close()

    async def test_what_is_behind_all_that_a_process_takes_at_once_is_no_suspect(
        self, stores: Stores, samples: Samples
    ) -> None:
        store = await opened(stores)
        start = START_TIME - HOUR
        units = [samples.first() for _ in range(501)]
        rows = [timer(unit.execution_id, 2, start + timedelta(milliseconds=n)) for n, unit in enumerate(units)]
        await asyncio.gather(
            *(store.journal.commit(working(unit, timers=(row,))) for unit, row in zip(units, rows, strict=True))
        )
        await store.abandon()
        store = stores.make()
        assert (await store.open()).suspects == {unit.execution_id for unit in units[:500]}
        await store.close()

    async def test_an_execution_that_is_suspect_a_hundred_times_and_never_tried_is_not_to_blame(
        self, stores: Stores, samples: Samples
    ) -> None:
        store = await opened(stores)
        unit = _continuing(samples.first())
        await store.journal.commit(unit)
        for _ in range(100):
            await store.abandon()
            store = stores.make()
            boot = await store.open()
            assert (list(boot.poisoned), boot.suspects) == ([], frozenset({unit.execution_id}))
        await store.close()

    async def test_an_execution_whose_trials_end_processes_is_named(self, stores: Stores, samples: Samples) -> None:
        store = await opened(stores)
        runs = samples.first()
        await store.journal.commit(_continuing(runs))
        for _ in range(MAX_CRASH_COUNT):
            await store.abandon()
            store = stores.make()
            boot = await store.open()
            assert (list(boot.poisoned), boot.suspects) == ([], frozenset({runs.execution_id}))
            assert await store.trials.begin_trial(runs.execution_id)
        store, boot = await _crashed(stores, store)
        assert (list(boot.poisoned), boot.suspects) == ([runs.execution_id], frozenset())
        await store.journal.commit(_continuing(samples.next(runs.head)))
        store, boot = await _crashed(stores, store)
        assert (list(boot.poisoned), boot.suspects) == ([], frozenset({runs.execution_id}))
        await store.close()

    async def test_a_trial_that_the_process_outlives_counts_nothing(self, stores: Stores, samples: Samples) -> None:
        store = await opened(stores)
        runs = samples.first()
        await store.journal.commit(_continuing(runs))
        for _ in range(2 * MAX_CRASH_COUNT):
            store, boot = await _crashed(stores, store)
            assert list(boot.poisoned) == []
            assert await store.trials.begin_trial(runs.execution_id)
            await store.trials.end_trial(runs.execution_id)
        await store.close()
        store = stores.make()
        assert (await store.open()).suspects == frozenset()
        await store.close()

    async def test_what_is_not_stored_is_not_tried(self, stores: Stores, samples: Samples) -> None:
        store = await opened(stores)
        for name in (samples.first().execution_id, "no id"):
            assert not await store.trials.begin_trial(name)
            await store.trials.end_trial(name)
        await store.close()

    async def test_orderly_restarts_make_no_suspect(self, stores: Stores, samples: Samples) -> None:
        store = await opened(stores)
        await store.journal.commit(_continuing(samples.first()))
        for _ in range(6):
            await store.close()
            store = stores.make()
            boot = await store.open()
            assert (list(boot.poisoned), boot.suspects) == ([], frozenset())
        await store.close()


async def _crashed(stores: Stores, store: AbandonableStore) -> tuple[AbandonableStore, StartupState]:
    """Ends a store as a crash does; returns the next one, which is open, and what it reports."""
    await store.abandon()
    following = stores.make()
    return following, await following.open()


def _continuing(unit: Unit) -> Unit:
    return working(unit, continues=True)
