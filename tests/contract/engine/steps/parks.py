"""How long a call waits for a system that is down or in maintenance: `park` of a step, after which nothing is sent."""

import asyncio
from datetime import timedelta

import pytest

from contract.engine.steps.outages import RETRY, SHOP, TICK, guarded, statuses
from kit.definitions import call, chain, side_by_side, step
from kit.driver import ORGANIZATION, Driver, watch_targets
from looply.definition import Workflow
from looply.engine.records.targets import Maintenance
from looply.errors import EngineError, Rejected, Timeout, Unavailable
from looply.execution.facts.commands import Retry
from looply.execution.facts.events import (
    IncidentOpened,
    StepFailed,
    StepScheduled,
    StepUnknown,
    TimerFired,
    TimerStarted,
)
from looply.jsontext import Json
from looply.testing.world import HANG, Answer

SPAN = timedelta(minutes=3)
LONG = timedelta(seconds=5)


def patient(**beside: Json) -> Workflow:
    """Returns a workflow of one call of the shop that waits for it for at most three minutes."""
    return chain(call(method="POST", retry={**RETRY, "on": ["connection", "down"]}, park="PT3M", **beside))


async def paused(engine: Driver, count: int = 3) -> list[str]:
    """Lets the shop be in maintenance for an hour while executions call it; returns them when they wait."""
    now = engine.clock.now()
    window = Maintenance(begins_on=now, until=now + timedelta(hours=1), reason="an upgrade", by="ann")
    await engine.shell.targets.pause(ORGANIZATION, SHOP, window)
    ids = [await engine.trigger(patient(), {"po": n}) for n in range(count)]
    await watch_targets(engine, timedelta(seconds=3), TICK)
    assert await statuses(engine, ids) == {"WAITING"}
    return ids


async def ended(task: "asyncio.Task[None]") -> None:
    """Waits for a task of a process that has died."""
    await task


async def failures(engine: Driver, execution_id: str) -> list[str]:
    """Returns the codes of the failed attempts of an execution."""
    return [event.code for event in await engine.events(execution_id, StepFailed)]


class ParkStories:
    """Calls that wait for a system for a limited time."""

    async def test_a_call_that_has_waited_as_long_as_it_may_fails_its_step_and_is_never_sent(
        self, engine: Driver
    ) -> None:
        ids = await paused(engine)
        (timer,) = await engine.events(ids[0], TimerStarted)
        assert timer.kind == "PARK"
        await watch_targets(engine, SPAN - timedelta(seconds=10), LONG)
        assert await statuses(engine, ids) == {"WAITING"}
        await watch_targets(engine, timedelta(seconds=10), TICK)
        assert await statuses(engine, ids) == {"FAILED"}
        for each in ids:
            (failed,) = await engine.events(each, StepFailed)
            assert (failed.code, failed.is_retriable, failed.at >= timer.due) == ("TARGET_DOWN", False, True)
            (incident,) = await engine.events(each, IncidentOpened)
            assert (incident.kind, incident.code) == ("FAILED", "TARGET_DOWN")
            assert len(await engine.events(each, StepScheduled)) == 1
        assert await engine.shell.targets.release(ORGANIZATION, SHOP)
        await watch_targets(engine, timedelta(minutes=2), LONG)
        assert engine.world.calls == []
        assert await statuses(engine, ids) == {"FAILED"}

    async def test_a_system_that_is_back_in_time_gets_its_call_and_the_timer_fires_no_more(
        self, engine: Driver
    ) -> None:
        ids = await paused(engine)
        assert await engine.shell.targets.release(ORGANIZATION, SHOP)
        await watch_targets(engine, SPAN + timedelta(minutes=1), LONG)
        assert await statuses(engine, ids) == {"COMPLETED"}
        answered = [each.execution_id for each in engine.world.calls if each.phase == "ANSWERED"]
        assert sorted(answered) == sorted(ids)
        for each in ids:
            assert await engine.events(each, TimerFired) == []

    async def test_probes_in_an_outage_do_not_prolong_the_wait(self, engine: Driver) -> None:
        await guarded(engine)
        engine.world.always("call_1", Unavailable("refused"))
        ids = [await engine.trigger(patient(), {"po": n}) for n in range(12)]
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await statuses(engine, ids) == {"WAITING"}
        await watch_targets(engine, SPAN + timedelta(seconds=5), timedelta(seconds=1))
        assert await statuses(engine, ids) == {"FAILED"}
        for each in ids:
            assert (await failures(engine, each))[-1] == "TARGET_DOWN"
        tried = len(engine.world.calls)
        engine.world.always("call_1", Answer())
        await watch_targets(engine, timedelta(minutes=6), LONG)
        # No probe is left either: nothing waits any more.
        assert len(engine.world.calls) == tried
        assert await statuses(engine, ids) == {"FAILED"}

    async def test_a_call_that_is_under_way_when_the_time_is_over_decides_by_its_outcome(self, engine: Driver) -> None:
        await guarded(engine)
        engine.world.always("call_1", Unavailable("refused"))
        ids = [await engine.trigger(patient(timeout="PT1H"), {"po": n}) for n in range(6)]
        await watch_targets(engine, timedelta(seconds=3), TICK)
        engine.world.script("call_1", HANG)
        while not engine.world.open_calls():
            await watch_targets(engine, TICK, TICK)
        (probe,) = engine.world.open_calls()
        await watch_targets(engine, SPAN + timedelta(seconds=5), timedelta(seconds=1))
        waiting = [each for each in ids if each != probe.execution_id]
        assert await statuses(engine, waiting) == {"FAILED"}
        assert (await engine.state(probe.execution_id)).open_steps["call_1:1"].is_given_up
        assert await engine.status(probe.execution_id) == "WAITING"
        probe.release()
        await engine.settle()
        assert await engine.status(probe.execution_id) == "COMPLETED"
        # It has found that the shop is back, although its effect was given up in the meantime.
        assert [row.state for row in engine.shell.gate.rows.all] == ["HALF"]

    async def test_a_process_that_dies_when_the_time_is_over_leaves_the_end_to_the_next_one(
        self, engine: Driver
    ) -> None:
        (execution_id,) = await paused(engine, 1)
        await watch_targets(engine, SPAN - timedelta(seconds=5), LONG)
        # The unit of the timer is stored, and nothing after it.
        engine.faults.die_after(1)
        engine.clock.advance(timedelta(seconds=10))
        ticking = engine.call(engine.pump.tick())
        await engine.settle()
        await engine.crash()
        await engine.together(ended(ticking))
        assert len(await engine.events(execution_id, TimerFired)) == 1
        assert await failures(engine, execution_id) == []
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await failures(engine, execution_id) == ["TARGET_DOWN"]
        assert engine.world.calls == []

    async def test_a_row_that_cannot_be_marked_is_given_up_later(self, engine: Driver) -> None:
        (execution_id,) = await paused(engine, 1)
        await watch_targets(engine, SPAN - timedelta(seconds=5), LONG)
        engine.faults.unmarked.append(EngineError("the disk is away"))
        await watch_targets(engine, timedelta(seconds=5), TICK)
        assert await failures(engine, execution_id) == []
        await watch_targets(engine, timedelta(minutes=2), LONG)
        assert await failures(engine, execution_id) == ["TARGET_DOWN"]
        assert engine.world.calls == []

    @pytest.mark.parametrize("is_released", [True, False])
    async def test_a_time_that_ends_while_the_server_is_off_is_over_when_it_is_back(
        self, engine: Driver, is_released: bool
    ) -> None:
        (execution_id,) = await paused(engine, 1)
        if is_released:
            assert await engine.shell.targets.release(ORGANIZATION, SHOP)
            engine.world.always("call_1", Answer())
        await engine.crash(reopens=False)
        engine.clock.advance(SPAN)
        await engine.open()
        await watch_targets(engine, timedelta(seconds=5), TICK)
        # A call that can be made is made: either outcome is one, and never both.
        sent = [each.phase for each in engine.world.calls]
        failed = await failures(engine, execution_id)
        assert (sent, failed) in ((["ANSWERED"], []), ([], ["TARGET_DOWN"]))
        assert is_released or failed == ["TARGET_DOWN"]

    async def test_an_incident_of_another_branch_delays_the_end_of_the_wait_until_it_is_closed(
        self, engine: Driver
    ) -> None:
        now = engine.clock.now()
        await engine.shell.targets.pause(ORGANIZATION, SHOP, Maintenance(begins_on=now, until=now + timedelta(hours=1)))
        waits = call(retry=RETRY, park="PT3M")
        engine.world.script("other", Rejected("no"))
        execution_id = await engine.trigger(side_by_side(waits, call("other", url="https://fine.example/")), {"po": 2})
        # It has its incident before it is recorded that its other branch waits.
        await watch_targets(engine, SPAN + timedelta(minutes=1), LONG)
        assert await engine.events(execution_id, TimerStarted) == []
        assert await engine.status(execution_id) == "FAILED"
        # It is held all the same: whether it has an incident may change at any time.
        assert sum(engine.shell.gate.held.count(lane) for lane in engine.shell.gate.held.lanes) == 1
        await engine.shell.submit(execution_id, Retry(at=engine.clock.now(), by="ops", reason="again"))
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert [event.kind for event in await engine.events(execution_id, TimerStarted)] == ["PARK"]
        await watch_targets(engine, SPAN, LONG)
        assert (await failures(engine, execution_id))[-1] == "TARGET_DOWN"
        assert "call_1" not in [each.step for each in engine.world.calls]

    async def test_a_call_that_waits_for_its_turn_in_a_drain_waits_for_a_limited_time_too(self, engine: Driver) -> None:
        await paused(engine, 1)
        engine.world.always("call_1", Answer())
        # One in fifty seconds.
        assert await engine.shell.targets.drain(ORGANIZATION, SHOP, 0.02) is not None
        ids = [await engine.trigger(patient(), {"po": n}) for n in range(8)]
        await watch_targets(engine, SPAN + timedelta(seconds=20), timedelta(seconds=2))
        answered = [each.execution_id for each in engine.world.calls if each.phase == "ANSWERED"]
        failed = [each for each in ids if await failures(engine, each) == ["TARGET_DOWN"]]
        assert sorted([*(each for each in ids if each in answered), *failed]) == sorted(ids)
        assert 3 <= len(answered) <= 5

    async def test_a_wait_to_find_out_about_an_earlier_attempt_ends_with_the_question_what_became_of_it(
        self, engine: Driver
    ) -> None:
        await guarded(engine)
        engine.world.connections.put("S4", {}, "sap", settings={"base_url": SHOP})
        settings = {"connection": "S4", "service_path": "/sap/opu/odata/sap/X", "entity": "Orders", "method": "POST"}
        engine.world.script("sap_1", HANG)
        ordering = chain(step("sap_1", "sapRequest", {**settings}, park="PT3M"))
        execution_id = await engine.trigger(ordering, {"po": 1})
        await engine.settle()
        now = engine.clock.now()
        window = Maintenance(begins_on=now, until=now + timedelta(hours=1))
        await engine.shell.targets.pause(ORGANIZATION, SHOP, window)
        (sent,) = engine.world.open_calls()
        sent.release(Timeout("no answer", sent=True))
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await statuses(engine, [execution_id]) == {"WAITING"}
        await watch_targets(engine, SPAN, LONG)
        unknown = await engine.events(execution_id, StepUnknown)
        assert [event.cause for event in unknown] == ["TIMEOUT", "UNSETTLED"]
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert (incident.kind, incident.code) == ("UNKNOWN", "OUTCOME_UNKNOWN")
        assert await failures(engine, execution_id) == []
        assert len(engine.world.calls_of("sap_1")) == 1
