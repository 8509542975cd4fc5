"""A process that ends, or is paused, among several on one database."""

from collections import Counter
from datetime import timedelta

import pytest

from contract.harness.shared_processes import SWEEP, Processes
from kit.definitions import asking, call, calling, chain, counting, delaying
from looply.errors import StoreLost
from looply.execution.facts.commands import Released
from looply.execution.facts.events import IncidentOpened, StepScheduled, StepSucceeded, StepUnknown, TimerFired
from looply.testing.world import HANG

HOUR = timedelta(hours=1)


class TestEnds:
    """A process ends, and the others recover its work."""

    @pytest.mark.parametrize("on_unknown", ["", "retry", "incident"], ids=["by-method", "retry", "incident"])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_the_call_of_a_process_that_died_is_repeated_or_an_incident(
        self, processes: Processes, method: str, on_unknown: str
    ) -> None:
        a, b, c = await processes.open(3)
        processes.world.script("call_1", HANG)
        execution_id = await a.trigger(calling(method, **({"on_unknown": on_unknown} if on_unknown else {})))
        await processes.settle()
        await processes.crash(a, is_forgotten=False)
        await processes.advance(SWEEP)
        assert await b.status(execution_id) == "RUNNING"
        processes.forget(a)
        await processes.advance(SWEEP)
        is_repeated = (on_unknown or ("retry" if method == "GET" else "incident")) == "retry"
        assert await c.status(execution_id) == ("COMPLETED" if is_repeated else "FAILED")
        assert [event.cause for event in await b.events(execution_id, StepUnknown)] == ["CRASH"]
        incidents = await b.events(execution_id, IncidentOpened)
        assert [event.kind for event in incidents] == ([] if is_repeated else ["UNKNOWN"])
        assert [seen.attempt for seen in processes.world.calls_of("call_1")] == ([1, 2] if is_repeated else [1])

    async def test_what_was_queued_in_a_process_that_died_is_called_once(self, processes: Processes) -> None:
        (a,) = await processes.open(1, per_queue=1)
        processes.world.script("front", HANG)
        await a.trigger(chain(call("front", "POST")))
        ids = [await a.trigger(calling("POST"), {"n": n}) for n in range(3)]
        await processes.settle()
        assert processes.world.calls_of("call_1") == []
        others = await processes.open(2)
        await processes.crash(a)
        # Offered a moment ago, however long this test has taken by the clock of the database.
        processes.sql("UPDATE effect SET offered = clock_timestamp()")
        await processes.advance(SWEEP)
        assert processes.world.calls_of("call_1") == []
        processes.sql("UPDATE effect SET offered = offered - interval '11 s'")
        await processes.advance(SWEEP)
        assert [await others[0].status(execution_id) for execution_id in ids] == ["COMPLETED"] * 3
        assert Counter(seen.execution_id for seen in processes.world.calls_of("call_1")) == Counter(ids)

    async def test_an_idle_process_takes_from_the_queue_of_a_busy_one(self, processes: Processes) -> None:
        a, b = await processes.open(2, per_queue=1)
        processes.world.script("front", HANG)
        await a.trigger(chain(call("front", "POST")))
        execution_id = await a.trigger(calling("POST"))
        await processes.settle()
        processes.sql("UPDATE effect SET offered = offered - interval '11 s'")
        await processes.advance(SWEEP, b)
        assert await b.status(execution_id) == "COMPLETED"
        processes.world.open_calls()[0].release()
        await processes.settle()
        assert len(processes.world.calls_of("call_1")) == 1

    async def test_a_stretch_that_was_cut_continues_elsewhere(self, processes: Processes) -> None:
        a, b, c = await processes.open(3)
        a.faults.lost_answers = 1
        a.call(a.trigger(counting(200)))
        await processes.settle()
        (item,) = await b.newest()
        await processes.crash(a, is_forgotten=False)
        await processes.advance(SWEEP)
        assert (await c.shell.executions.get(item.head.execution_id)).head == item.head
        processes.forget(a)
        await processes.advance(SWEEP)
        await processes.settle()
        assert await c.status(item.head.execution_id) == "COMPLETED"

    async def test_what_a_process_leaves_at_an_orderly_stop_continues_elsewhere(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        processes.world.script("call_1", HANG)
        execution_id = await a.trigger(calling("GET"))
        await processes.settle()
        processes.living.remove(a)
        await a.stop(timedelta(0))
        await processes.advance(SWEEP)
        assert await b.status(execution_id) == "COMPLETED"

    async def test_an_execution_that_ends_one_process_after_the_other_is_parked(self, processes: Processes) -> None:
        (watcher,) = await processes.open(1)
        (doomed,) = await processes.open(1)
        doomed.faults.lost_answers = 1
        doomed.call(doomed.trigger(counting(200)))
        await processes.settle()
        (item,) = await watcher.newest()
        await processes.crash(doomed)
        for _ in range(3):
            # The next one takes the stretch up, once it is known that its process has ended, and does not come to the
            # end of it.
            await watcher.store.work.end_lost_processes()
            processes.sql("UPDATE continuation SET taken = 'epoch' WHERE taken > '-infinity'")
            (doomed,) = await processes.open(1, is_held=True)
            await doomed.faults.holding(1)
            await processes.crash(doomed)
        await processes.advance(SWEEP, watcher)
        (incident,) = await watcher.events(item.head.execution_id, IncidentOpened)
        assert incident.kind == "POISON"
        assert await watcher.status(item.head.execution_id) == "FAILED"

    async def test_a_timer_that_ends_one_process_after_the_other_is_parked_and_its_neighbor_fires(
        self, processes: Processes
    ) -> None:
        (watcher,) = await processes.open(1)
        poison = await watcher.trigger(delaying("PT59M"))
        other = await watcher.trigger(delaying("PT1H"))
        processes.true.advance(HOUR)
        for _ in range(4):
            # The first one wakes both at once, those after it one after the other: they know that it has ended.
            (doomed,) = await processes.open(1)
            doomed.faults.hold()
            doomed.call(doomed.pump.tick())
            await doomed.faults.holding(1)
            await processes.crash(doomed)
            await watcher.store.work.end_lost_processes()
            processes.sql("UPDATE timer SET taken = taken - interval '11 s' WHERE taken > '-infinity'")
        await processes.advance(SWEEP, watcher)
        (incident,) = await watcher.events(poison, IncidentOpened)
        assert incident.kind == "POISON"
        assert await watcher.status(poison) == "FAILED"
        assert await watcher.status(other) == "COMPLETED"

    async def test_a_timer_that_was_taken_by_a_hundred_processes_which_ended_is_healthy(
        self, processes: Processes
    ) -> None:
        (watcher,) = await processes.open(1)
        execution_id = await watcher.trigger(delaying("PT1H"))
        processes.true.advance(HOUR)
        for _ in range(100):
            assert len(await watcher.store.work.due_timers(processes.true.now(), 10)) == 1
            # The lease of the taker has expired, and another process takes it.
            processes.sql("UPDATE timer SET taken = taken - interval '11 s', epoch = 0")
        await processes.advance(SWEEP, watcher)
        assert await watcher.status(execution_id) == "COMPLETED"
        assert await watcher.events(execution_id, IncidentOpened) == []

    async def test_a_suspect_that_another_process_is_at_is_left_to_it(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        execution_id = await a.trigger(delaying("PT1H"))
        processes.true.advance(HOUR)
        processes.sql("UPDATE execution SET crash_count = 1")
        a.faults.hold()
        firing = a.call(a.pump.tick())
        await a.faults.holding(1)
        processes.sql("UPDATE timer SET taken = taken - interval '11 s'")
        await processes.tick(b)
        assert await b.events(execution_id, TimerFired) == []
        a.faults.let_go()
        await firing
        assert await b.status(execution_id) == "COMPLETED"
        assert processes.sql("SELECT crash_count, (SELECT count(*) FROM trial) FROM execution") == [(0, 0)]

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_a_paused_process_that_comes_back_stores_nothing_more(
        self, processes: Processes, method: str
    ) -> None:
        a, b = await processes.open(2)
        processes.world.script("call_1", HANG)
        execution_id = await a.trigger(calling(method))
        waiting = await a.trigger(asking())
        await processes.settle()
        await processes.pause(a)
        await processes.advance(SWEEP)
        processes.world.open_calls()[0].release()
        await processes.settle()
        assert await b.status(execution_id) == ("COMPLETED" if method == "GET" else "FAILED")
        assert [event.attempt for event in await b.events(execution_id, StepScheduled)] == (
            [1, 2] if method == "GET" else [1]
        )
        assert len(await b.events(execution_id, StepSucceeded)) == (1 if method == "GET" else 0)
        with pytest.raises(StoreLost, match="start this process again"):
            await a.resume(waiting)
        assert not a.shell.health().is_ready
        assert await b.resume(waiting) == Released()

    async def test_a_paused_process_that_fires_a_timer_late_fires_nothing(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        execution_id = await a.trigger(delaying())
        await processes.pause(a)
        await processes.advance(HOUR, b)
        with pytest.raises(StoreLost):
            await a.pump.tick()
        assert len(await b.events(execution_id, TimerFired)) == 1
