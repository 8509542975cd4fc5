"""Executions that bring the process down, and those that were only near."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from contract.engine.people.repairs import decide
from contract.engine.steps.children import CALLEE, calling_child, child_of
from kit.carriage import REPEATS
from kit.definitions import asking, call, calling, chain, counting, delaying, note, wait
from kit.driver import Driver
from kit.needs import needs
from looply.engine.records.trials import MAX_CRASH_COUNT
from looply.errors import StoreFull
from looply.execution.facts.commands import Released, Retry, Terminated
from looply.execution.facts.events import IncidentOpened, StepSucceeded
from looply.testing.world import HANG, Answer

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

ENDS = 5
"""So many ends of processes in a row, over more than five minutes, park a call."""

Waking = Callable[[Driver], Awaitable[str]]


class PoisonStories:
    """Executions that bring the process down."""

    async def _crash_at_boot(self, engine: Driver, times: int) -> None:
        for _ in range(times):
            await engine.crash(reopens=False)
            engine.faults.hold()
            engine.call(engine.open())
            await engine.faults.holding(1)

    async def test_after_several_crashes_without_progress_it_is_parked(self, engine: Driver) -> None:
        engine.world.always("call_1", HANG)
        healthy = await engine.trigger(asking())
        poison = await engine.trigger(calling("GET"))
        await engine.settle()
        await self._crash_at_boot(engine, 4)
        await engine.crash()
        (incident,) = await engine.events(poison, IncidentOpened)
        assert (incident.kind, incident.code) == ("POISON", "POISONED")
        assert len(engine.world.calls) == 1
        assert await engine.resume(healthy) == Released()

    async def test_one_that_finds_no_space_to_be_parked_rests_until_it_does(self, engine: Driver) -> None:
        engine.world.always("call_1", HANG)
        poison = await engine.trigger(calling("GET"))
        await engine.settle()
        await self._crash_at_boot(engine, 4)
        await engine.crash(reopens=False)
        # There is no space for a moment only: what comes next would find some.
        engine.faults.fails.append(StoreFull("no space left on the disk"))
        await engine.open()
        await engine.settle()
        assert (await engine.events(poison, IncidentOpened), len(engine.world.calls)) == ([], 1)
        await engine.tick()
        (incident,) = await engine.events(poison, IncidentOpened)
        assert (incident.kind, len(engine.world.calls)) == ("POISON", 1)

    async def test_a_timer_of_one_that_is_not_parked_yet_does_not_fire(self, engine: Driver) -> None:
        poison = await engine.trigger(delaying("PT1H"))
        await engine.stop()
        engine.clock.advance(timedelta(hours=1))
        await engine.open()
        for _ in range(5):
            engine.faults.hold()
            engine.call(engine.pump.tick())
            await engine.faults.holding(1)
            await engine.crash(reopens=False)
            engine.faults.fails.append(StoreFull("no space left on the disk"))
            await engine.open()
        assert engine.faults.fails == [], "it was to be parked"
        engine.faults.fails.append(StoreFull("no space left on the disk"))
        await engine.tick()
        assert await engine.events(poison, IncidentOpened) == []
        await engine.tick()
        (incident,) = await engine.events(poison, IncidentOpened)
        assert incident.kind == "POISON"
        assert await engine.events(poison, StepSucceeded) == []

    async def test_crashes_in_quick_succession_during_a_call_are_no_poison(self, engine: Driver) -> None:
        engine.world.always("call_1", HANG)
        execution_id = await engine.trigger(calling("GET"))
        await engine.settle()
        for _ in range(6):
            await engine.crash()
            await engine.settle()
        assert await engine.status(execution_id) == "RUNNING"
        assert len(engine.world.calls) == 7
        engine.world.open_calls()[0].release()

    async def test_ends_in_order_are_no_poison(self, engine: Driver) -> None:
        engine.per_queue = 1
        await engine.restart()
        engine.world.always("call_1", HANG)
        await engine.trigger(calling("GET"))
        queued = await engine.trigger(calling("GET"))
        await engine.settle()
        for _ in range(6):
            await engine.stop(timedelta(0))
            await engine.open()
            await engine.settle()
        assert await engine.status(queued) == "RUNNING"
        engine.world.always("call_1", Answer())
        while opened := engine.world.open_calls():
            opened[0].release()
            await engine.settle()

    async def test_a_parked_execution_can_be_terminated(self, engine: Driver) -> None:
        engine.world.always("call_1", HANG)
        poison = await engine.trigger(chain(call("call_1", "GET"), note()))
        await engine.settle()
        await self._crash_at_boot(engine, 4)
        await engine.crash()
        assert await engine.terminate(poison) == Terminated()
        await engine.crash()
        assert await engine.status(poison) == "TERMINATED"


async def dies_after(engine: Driver, span: timedelta) -> None:
    """Lets the process end without order, and the next one begin after a while."""
    await engine.crash(reopens=False)
    engine.clock.advance(span)
    await engine.open()
    await engine.settle()


class CallPoisonStories:
    """Calls that bring the process down, and those that were only made at that time."""

    @pytest.mark.parametrize("beside", [0, 3], ids=["alone", "beside-others"])
    async def test_a_call_that_ends_its_process_each_time_is_parked_after_minutes(
        self, engine: Driver, beside: int
    ) -> None:
        if beside:
            needs(engine, REPEATS)
        engine.world.always("call_1", HANG)
        ids = [await engine.trigger(calling("GET")) for _ in range(beside)]
        poison = await engine.trigger(calling("GET"))
        await engine.settle()
        assert len(engine.world.open_calls()) == beside + 1
        for ends in range(1, ENDS + 1):
            assert await engine.events(poison, IncidentOpened) == []
            await dies_after(engine, 2 * MINUTE)
            # Of those that may be to blame one is made at a time, and who is innocent gets through.
            while ends > 1 and (opened := engine.world.open_calls()):
                assert len(opened) == 1
                if opened[0].execution_id == poison:
                    break
                opened[0].release()
                await engine.settle()
        (incident,) = await engine.events(poison, IncidentOpened)
        assert (incident.kind, incident.code, incident.step) == ("POISON", "POISONED", "call_1")
        assert [await engine.status(execution_id) for execution_id in (*ids, poison)] == ["COMPLETED"] * beside + [
            "FAILED"
        ]
        assert engine.world.open_calls() == []
        calls = [seen for seen in engine.world.calls if seen.execution_id == poison]
        assert [seen.attempt for seen in calls] == list(range(1, ENDS + 1))
        assert len({seen.key for seen in calls}) == 1

    async def test_a_quarantined_call_is_made_again_when_an_operator_says_so_and_has_all_its_chances(
        self, engine: Driver
    ) -> None:
        engine.world.always("call_1", HANG)
        execution_id = await engine.trigger(calling("GET"))
        await engine.settle()
        for _ in range(ENDS):
            await dies_after(engine, 2 * MINUTE)
        assert await engine.status(execution_id) == "FAILED"
        await decide(engine, execution_id, Retry)
        await engine.settle()
        await dies_after(engine, 2 * MINUTE)
        assert await engine.status(execution_id) == "RUNNING"
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_ends_in_order_during_a_call_are_no_poison(self, engine: Driver) -> None:
        engine.world.always("call_1", HANG)
        execution_id = await engine.trigger(calling("GET"))
        await engine.settle()
        for _ in range(2 * ENDS):
            await engine.stop(timedelta(0))
            engine.clock.advance(2 * MINUTE)
            await engine.open()
            await engine.settle()
        assert await engine.status(execution_id) == "RUNNING"
        assert len(engine.world.calls) == 2 * ENDS + 1
        engine.world.open_calls()[0].release()

    async def test_a_call_queued_behind_a_suspect_that_is_cancelled_is_made(self, engine: Driver) -> None:
        needs(engine, REPEATS)
        engine.world.always("call_1", HANG)
        ids = [await engine.trigger(calling("GET")) for _ in range(3)]
        await engine.settle()
        for _ in range(2):
            await dies_after(engine, MINUTE)
        (opened,) = engine.world.open_calls()
        others = [execution_id for execution_id in ids if execution_id != opened.execution_id]
        assert await engine.terminate(others[0]) == Terminated()
        opened.release()
        await engine.settle()
        (opened,) = engine.world.open_calls()
        assert opened.execution_id == others[1]
        opened.release()
        await engine.settle()
        assert [await engine.status(execution_id) for execution_id in others] == ["TERMINATED", "COMPLETED"]


async def asleep(engine: Driver) -> str:
    """Returns an execution whose timer is due."""
    execution_id = await engine.trigger(delaying("PT1H"))
    engine.clock.advance(HOUR)
    return execution_id


async def notified_by_child(engine: Driver) -> str:
    """Returns an execution that is to hear of the end of its child."""
    engine.callees.put(CALLEE, asking())
    parent = await engine.trigger(calling_child())
    await engine.deliver()
    assert await engine.resume(await child_of(engine, parent)) == Released()
    return parent


async def next_in_the_queue(engine: Driver) -> str:
    """Returns an execution whose turn it is to begin."""
    workflow = chain(wait(), max_concurrency=1)
    before, execution_id = [await engine.trigger(workflow, {"n": n}) for n in range(2)]
    await engine.deliver()
    assert await engine.terminate(before) == Terminated()
    return execution_id


WOKEN = {"by-its-timer": asleep, "by-its-child": notified_by_child, "by-its-turn": next_in_the_queue}


async def die_at_it(engine: Driver, *, reopens: bool = True) -> None:
    """Lets the process do what is due, and end before anything of it is stored."""
    engine.faults.hold()
    engine.call(engine.pump.tick())
    await engine.faults.holding(1)
    await engine.crash(reopens=reopens)


class WakingStories:
    """Executions that have to be woken, over the ends of processes."""

    @pytest.mark.timeout(300)
    @pytest.mark.parametrize("woken", WOKEN.values(), ids=WOKEN)
    async def test_one_that_is_to_be_woken_through_a_hundred_restarts_is_healthy(
        self, engine: Driver, woken: Waking
    ) -> None:
        execution_id = await woken(engine)
        for _ in range(100):
            await engine.crash()
        await engine.deliver()
        assert await engine.events(execution_id, IncidentOpened) == []
        assert await engine.status(execution_id) == ("WAITING" if woken is next_in_the_queue else "COMPLETED")

    @pytest.mark.parametrize("woken", WOKEN.values(), ids=WOKEN)
    async def test_one_that_ends_its_process_each_time_that_it_is_woken_is_parked(
        self, engine: Driver, woken: Waking
    ) -> None:
        execution_id = await woken(engine)
        for _ in range(MAX_CRASH_COUNT):
            await die_at_it(engine)
            assert await engine.events(execution_id, IncidentOpened) == []
        await die_at_it(engine)
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert incident.kind == "POISON"
        await engine.deliver()
        assert await engine.status(execution_id) == "FAILED"

    async def test_those_that_are_woken_beside_one_that_ends_its_process_are_healthy(self, engine: Driver) -> None:
        poison = await engine.trigger(delaying("PT59M"))
        others = [await engine.trigger(delaying("PT1H")) for _ in range(5)]
        engine.clock.advance(HOUR)
        for _ in range(MAX_CRASH_COUNT + 1):
            # Before any execution is suspect all are woken at once; then the one that is due first, and alone.
            await die_at_it(engine)
        (incident,) = await engine.events(poison, IncidentOpened)
        assert incident.kind == "POISON"
        await engine.tick()
        assert {await engine.status(execution_id) for execution_id in others} == {"COMPLETED"}

    async def test_one_that_finds_no_space_when_it_is_tried_is_healthy(self, engine: Driver) -> None:
        execution_id = await asleep(engine)
        for _ in range(2 * MAX_CRASH_COUNT):
            await engine.crash()
            engine.faults.fails.append(StoreFull("no space left on the disk"))
            await engine.tick()
            assert engine.faults.fails == [], "it was to be woken"
        await engine.tick()
        assert await engine.events(execution_id, IncidentOpened) == []
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_one_that_is_tried_again_and_again_on_a_full_disk_counts_once(self, engine: Driver) -> None:
        execution_id = await asleep(engine)
        await engine.crash()
        engine.faults.fails += [StoreFull("no space left on the disk")] * 3 * MAX_CRASH_COUNT
        engine.faults.unheard.add("end_trial")
        for _ in range(3 * MAX_CRASH_COUNT):
            await engine.tick()
        assert engine.faults.fails == []
        await engine.crash()
        assert await engine.events(execution_id, IncidentOpened) == []
        await engine.tick()
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_stretch_that_was_cut_and_finds_no_space_at_the_start_continues_later(self, engine: Driver) -> None:
        engine.faults.lost_answers = 1
        engine.call(engine.trigger(counting(200)))
        await engine.settle()
        (item,) = await engine.newest()
        await engine.crash(reopens=False)
        engine.faults.is_full = True
        await engine.open()
        await engine.tick()
        assert await engine.status(item.head.execution_id) == "RUNNING"
        engine.faults.is_full = False
        await engine.tick()
        assert await engine.status(item.head.execution_id) == "COMPLETED"
