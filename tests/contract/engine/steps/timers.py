"""Timers: never early, exactly once, whatever the process and the clock do."""

import asyncio
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from kit.definitions import asking, call, calling, chain, computing, delay, delaying, note, wait
from kit.driver import Driver
from looply.errors import Unavailable
from looply.execution.facts.commands import Declined, Released, Reply, Terminated
from looply.execution.facts.events import IncidentOpened, TimerFired
from looply.testing.clock import START_TIME

HOUR = timedelta(hours=1)
MOMENT = timedelta(milliseconds=1)


class TimerStories:
    """Instants that executions wait for."""

    async def test_a_delay_ends_when_it_is_due_and_not_before(self, engine: Driver) -> None:
        execution_id = await engine.trigger(delaying("PT1H"))
        await engine.advance(HOUR - MOMENT)
        assert await engine.status(execution_id) == "WAITING"
        await engine.advance(MOMENT)
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_timer_that_fell_due_while_the_process_was_down_fires_once(self, engine: Driver) -> None:
        execution_id = await engine.trigger(delaying("PT1H"))
        await engine.stop()
        engine.clock.advance(10 * HOUR)
        await engine.open()
        await engine.tick()
        await engine.crash()
        await engine.tick()
        assert await engine.status(execution_id) == "COMPLETED"
        assert len(await engine.events(execution_id, TimerFired)) == 1

    async def test_a_crash_while_a_timer_fires_does_not_fire_it_twice(self, engine: Driver) -> None:
        execution_id = await engine.trigger(chain(delay(), call("call_1", "GET")))
        engine.clock.advance(HOUR)
        engine.faults.lost_answers = 1
        engine.call(engine.pump.tick())
        await engine.settle()
        await engine.crash()
        await engine.tick()
        assert len(await engine.events(execution_id, TimerFired)) == 1
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_two_pollers_at_one_instant_fire_once(self, engine: Driver) -> None:
        ids = await engine.together(*(engine.trigger(delaying()) for _ in range(20)))
        engine.clock.advance(HOUR)
        await engine.together(*(engine.pump.tick() for _ in range(5)))
        await engine.settle()
        for execution_id in ids:
            assert len(await engine.events(execution_id, TimerFired)) == 1

    async def test_more_timers_than_one_batch_holds_fire_at_one_instant(self, engine: Driver) -> None:
        await engine.together(*(engine.trigger(delaying()) for _ in range(620)))
        await engine.advance(HOUR)
        audit = await engine.prove()
        assert (audit.executions, audit.open) == (620, 0)

    async def test_a_wait_that_times_out_leaves_by_its_own_exit(self, engine: Driver) -> None:
        workflow = chain(wait(timeout="PT1H"), note("answered"), note("late"), edges=(("wait_1", "timeout", "late"),))
        execution_id = await engine.trigger(workflow)
        await engine.advance(HOUR)
        payload = (await engine.state(execution_id)).payload
        assert ("answered" in payload, payload["late"]) == (False, "seen")

    async def test_a_resume_in_time_takes_the_timer_away(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking(timeout="PT1H"))
        engine.clock.advance(HOUR - MOMENT)
        assert await engine.resume(execution_id) == Released()
        assert await engine.store.work.next_due() is None
        await engine.advance(HOUR)
        assert await engine.events(execution_id, TimerFired) == []

    async def test_a_resume_and_the_timeout_at_one_instant_have_one_winner(self, engine: Driver) -> None:
        for resumes_first in (True, False):
            execution_id = await engine.trigger(asking(timeout="PT1H"))
            engine.clock.advance(HOUR)
            actions = [engine.call(engine.resume(execution_id))] if resumes_first else []
            tick = engine.call(engine.pump.tick())
            actions += [] if resumes_first else [engine.call(self._after(engine, execution_id))]
            reply = await actions[0]
            await tick
            fired = await engine.events(execution_id, TimerFired)
            assert (reply == Released()) == (not fired)
            if fired:
                assert isinstance(reply, Declined)
                assert reply.code == "TIMED_OUT"

    async def _after(self, engine: Driver, execution_id: str) -> Reply:
        await engine.settle()
        return await engine.resume(execution_id)

    async def test_a_timer_that_is_read_while_a_terminate_is_being_stored_is_no_fault(self, engine: Driver) -> None:
        execution_id = await engine.trigger(delaying("PT1M"))
        engine.faults.hold()
        ending = asyncio.create_task(engine.terminate(execution_id))
        await engine.faults.holding(1)
        engine.clock.advance(timedelta(minutes=1))
        with capture_logs() as logged:
            firing = asyncio.create_task(engine.pump.tick())
            await engine.settle()
            engine.faults.let_go()
            assert await ending == Terminated()
            await firing
        assert [line for line in logged if line["log_level"] == "error"] == []

    async def test_the_time_limit_of_a_workflow_is_an_incident(self, engine: Driver) -> None:
        workflow = chain(wait(), note(), timeout="P1D")
        execution_id = await engine.trigger(workflow)
        await engine.crash()
        await engine.advance(timedelta(days=1))
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert (incident.kind, incident.code) == ("TIMEOUT", "EXECUTION_TIMEOUT")
        assert await engine.status(execution_id) == "FAILED"
        reply = await engine.resume(execution_id)
        assert isinstance(reply, Declined)

    async def test_an_execution_that_ends_in_time_forgets_its_limit(self, engine: Driver) -> None:
        execution_id = await engine.trigger(chain(wait(), note(), timeout="P1D"))
        await engine.resume(execution_id)
        assert await engine.store.work.next_due() is None
        await engine.advance(timedelta(days=2))
        assert await engine.status(execution_id) == "COMPLETED"


class ClockStories:
    """A wall clock that is set back or forward."""

    async def test_a_clock_that_is_set_back_fires_nothing_early_and_nothing_twice(self, engine: Driver) -> None:
        execution_id = await engine.trigger(delaying("PT3H"))
        engine.clock.set_wall(-2 * HOUR)
        await engine.restart()
        await engine.advance(3 * HOUR)
        assert await engine.status(execution_id) == "WAITING"
        await engine.advance(2 * HOUR)
        assert await engine.status(execution_id) == "COMPLETED"
        engine.clock.set_wall(-2 * HOUR)
        await engine.advance(3 * HOUR)
        assert len(await engine.events(execution_id, TimerFired)) == 1

    async def test_the_events_of_an_execution_never_go_back_in_time(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        engine.clock.set_wall(-2 * HOUR)
        await engine.crash()
        await engine.resume(execution_id)
        instants = [event.at for event in await engine.events(execution_id)]
        assert instants == sorted(instants)
        (head,) = await engine.find(execution_id)
        assert head.modified_on >= head.created_on

    async def test_a_list_stays_in_order_when_the_clock_is_set_back_over_a_restart(self, engine: Driver) -> None:
        old = await engine.trigger(computing())
        engine.clock.set_wall(-2 * HOUR)
        await engine.restart()
        new = await engine.trigger(computing())
        assert [item.head.execution_id for item in await engine.newest()] == [new, old]

    async def test_a_clock_that_jumps_forward_holds_firing_for_a_minute(self, engine: Driver) -> None:
        execution_id = await engine.trigger(delaying("PT5H"))
        running = engine.call(engine.pump.run())
        await engine.settle()
        engine.clock.set_wall(26 * HOUR)
        engine.clock.advance(timedelta(seconds=60))
        await engine.settle()
        assert await engine.status(execution_id) == "WAITING"
        for _ in range(70):
            engine.clock.advance(timedelta(seconds=1))
            await engine.settle()
        assert await engine.status(execution_id) == "COMPLETED"
        engine.pump.stop()
        await running

    async def test_a_clock_that_jumps_forward_and_is_set_back_within_the_minute_fires_nothing(
        self, engine: Driver
    ) -> None:
        execution_id = await engine.trigger(delaying("PT5H"))
        running = engine.call(engine.pump.run())
        await engine.settle()
        engine.clock.set_wall(26 * HOUR)
        engine.clock.advance(timedelta(seconds=60))
        await engine.settle()
        engine.clock.set_wall(-26 * HOUR)
        for _ in range(200):
            engine.clock.advance(timedelta(seconds=1))
            await engine.settle()
        assert await engine.status(execution_id) == "WAITING"
        assert await engine.events(execution_id, TimerFired) == []
        engine.pump.stop()
        await running

    @pytest.mark.parametrize(("start", "hours"), [("2030-03-30T20:00:00Z", 23), ("2030-10-26T20:00:00Z", 25)])
    async def test_a_delay_of_a_day_ends_at_the_same_hour_of_the_day_when_the_clocks_change(
        self, engine: Driver, start: str, hours: int
    ) -> None:
        engine.clock.advance(datetime.fromisoformat(start) - START_TIME)
        execution_id = await engine.trigger(chain(delay(span="P1D"), note(), timezone="Europe/Berlin"))
        await engine.advance(hours * HOUR - MOMENT)
        assert await engine.status(execution_id) == "WAITING"
        await engine.advance(MOMENT)
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_clock_that_jumps_back_holds_firing_for_a_minute_too(self, engine: Driver) -> None:
        running = engine.call(engine.pump.run())
        await engine.settle()
        engine.clock.set_wall(-2 * HOUR)
        execution_id = await engine.trigger(delaying("PT30S"))
        for _ in range(50):
            engine.clock.advance(timedelta(seconds=1))
            await engine.settle()
        assert await engine.status(execution_id) == "WAITING"
        for _ in range(30):
            engine.clock.advance(timedelta(seconds=1))
            await engine.settle()
        assert await engine.status(execution_id) == "COMPLETED"
        engine.pump.stop()
        await running


class PumpStories:
    """The loop that fires by itself."""

    async def test_it_sleeps_until_the_next_instant(self, engine: Driver) -> None:
        running = engine.call(engine.pump.run())
        execution_id = await engine.trigger(delaying("PT10M"))
        await engine.settle()
        for _ in range(20):
            engine.clock.advance(timedelta(seconds=29))
            await engine.settle()
        assert await engine.status(execution_id) == "WAITING"
        engine.clock.advance(timedelta(seconds=20))
        await engine.settle()
        assert await engine.status(execution_id) == "COMPLETED"
        engine.pump.stop()
        await running

    async def test_an_earlier_instant_wakes_it(self, engine: Driver) -> None:
        await engine.trigger(delaying("PT50S"))
        running = engine.call(engine.pump.run())
        await engine.settle()
        execution_id = await engine.trigger(delaying("PT5S"))
        await engine.settle()
        engine.clock.advance(timedelta(seconds=5))
        await engine.settle()
        assert await engine.status(execution_id) == "COMPLETED"
        engine.pump.stop()
        await running

    async def test_it_continues_after_the_store_was_full(self, engine: Driver) -> None:
        execution_id = await engine.trigger(delaying("PT5S"))
        running = engine.call(engine.pump.run())
        await engine.settle()
        engine.faults.is_full = True
        engine.clock.advance(timedelta(seconds=5))
        await engine.settle()
        assert await engine.status(execution_id) == "WAITING"
        engine.faults.is_full = False
        for _ in range(3):
            engine.clock.advance(timedelta(seconds=1))
            await engine.settle()
        assert await engine.status(execution_id) == "COMPLETED"
        engine.pump.stop()
        await running

    async def test_a_full_store_is_asked_once_a_second_not_all_the_time(self, engine: Driver) -> None:
        await engine.trigger(delaying("PT5S"))
        running = engine.call(engine.pump.run())
        await engine.settle()
        engine.faults.is_full = True
        engine.clock.advance(timedelta(seconds=5))
        await engine.settle()
        asked = engine.faults.refused
        engine.clock.advance(timedelta(milliseconds=20))
        await engine.settle()
        assert engine.faults.refused == asked
        engine.faults.is_full = False
        engine.pump.stop()
        await running

    async def test_retries_of_calls_fire_by_themselves(self, engine: Driver) -> None:
        engine.world.script("call_1", Unavailable("refused"))
        running = engine.call(engine.pump.run())
        execution_id = await engine.trigger(calling(retry={"max_attempts": 2, "interval": "PT2S"}))
        await engine.settle()
        engine.clock.advance(timedelta(seconds=2))
        await engine.settle()
        assert await engine.status(execution_id) == "COMPLETED"
        engine.pump.stop()
        await running
