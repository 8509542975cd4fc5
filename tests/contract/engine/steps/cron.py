"""Cron schedules: the clocks of their zone, what is made up for after a stop, overlap, and many at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from kit.definitions import cron, every, note, wait
from kit.driver import Driver, id_of
from looply.engine.ports.port import LedgerRow, Schedule
from looply.engine.upkeep.pump import Pump
from looply.errors import RecordDamaged
from looply.execution.facts.events import ExecutionStarted
from looply.jsontext import Json
from looply.testing.clock import START_TIME

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


async def ledger(engine: Driver, workflow_id: str) -> list[tuple[str, float]]:
    """Returns (outcome, hours after the beginning of the story) of a schedule's instants, oldest first."""
    rows: Sequence[LedgerRow] = await engine.shell.schedules.fires(workflow_id, None, 1000)
    return [(row.outcome, (row.nominal - START_TIME) / HOUR) for row in reversed(rows)]


async def starts(engine: Driver) -> list[datetime]:
    """Returns when the stored executions were started, oldest first."""
    items = await engine.newest()
    found = [(await engine.events(item.head.execution_id, ExecutionStarted))[0].at for item in items]
    return sorted(found)


class CronStories:
    """A cron in Berlin, over both changes of its clocks in 2030: on 31 March and on 27 October."""

    @pytest.mark.parametrize(
        ("dst", "begin", "instants"),
        [
            ("once", "2030-03-30T00:00:00Z", ["30T01:30", "31T01:00", "01T00:30"]),
            ("skip", "2030-03-30T00:00:00Z", ["30T01:30", "01T00:30"]),
            ("twice", "2030-03-30T00:00:00Z", ["30T01:30", "31T01:00", "01T00:30"]),
            ("once", "2030-10-26T00:00:00Z", ["26T00:30", "27T00:30", "28T01:30"]),
            ("skip", "2030-10-26T00:00:00Z", ["26T00:30", "27T00:30", "28T01:30"]),
            ("twice", "2030-10-26T00:00:00Z", ["26T00:30", "27T00:30", "27T01:30", "28T01:30"]),
        ],
    )
    async def test_half_past_two_over_a_change_of_the_clocks(
        self, engine: Driver, dst: str, begin: str, instants: list[str]
    ) -> None:
        engine.clock.advance(datetime.fromisoformat(begin) - START_TIME)
        await engine.put_schedule(cron("30 2 * * *", timezone="Europe/Berlin", dst=dst))
        for _ in range(2 * 50):
            await engine.advance(HOUR / 2)
        assert [f"{instant:%dT%H:%M}" for instant in await starts(engine)] == instants

    async def test_a_clock_that_is_set_back_over_a_restart_fires_no_time_of_the_day_again(self, engine: Driver) -> None:
        workflow = cron("0 10,11 * * *")
        await engine.put_schedule(workflow)
        await engine.advance(HOUR)
        await engine.advance(HOUR)
        engine.clock.set_wall(-2 * HOUR)
        await engine.restart()
        for _ in range(3):
            await engine.advance(HOUR)
        assert await ledger(engine, id_of(workflow)) == [("STARTED", 1), ("STARTED", 2)]

    async def test_a_clock_that_jumps_a_day_forward_catches_up_the_last_instant_and_records_the_others(
        self, engine: Driver
    ) -> None:
        workflow = cron("30 * * * *")
        await engine.put_schedule(workflow)
        engine.clock.set_wall(26 * HOUR)
        await engine.restart()
        await engine.tick()
        assert await ledger(engine, id_of(workflow)) == [("MISSED", 24.5), ("CAUGHT_UP", 25.5)]
        organization_id = (await engine.schedule(workflow)).organization_id
        missed = (await engine.shell.schedules.find_missed(organization_id))[id_of(workflow)]
        assert (missed.count, missed.last) == (25, START_TIME + 24.5 * HOUR)

    async def test_pauses_and_plays_that_race_with_an_instant_agree_with_the_ledger(self, engine: Driver) -> None:
        workflow = cron("0 * * * *")
        schedule = await engine.put_schedule(workflow)
        for hour in range(1, 9):
            engine.clock.advance(HOUR)
            paused = replace(schedule, status="PAUSED")
            is_paused, *_ = await engine.together(
                engine.shell.schedules.put(paused, workflow, former=schedule), engine.pump.tick(), engine.pump.tick()
            )
            await engine.settle()
            rows = await ledger(engine, id_of(workflow))
            # A caller to which it was reported as paused sees no start, the other caller sees one.
            assert (("STARTED", hour) in rows) is (is_paused is False)
            schedule = await engine.put_schedule(workflow, **_last(await engine.schedule(workflow)))


class CatchUpStories:
    """What fell due while nothing ran, by the rule of the schedule."""

    @pytest.mark.parametrize(
        ("rules", "rows"),
        [
            ({}, [("MISSED", 4), ("CAUGHT_UP", 5)]),
            ({"catch_up": "none"}, [("MISSED", 5)]),
            ({"catch_up": "all"}, [("MISSED", 4), ("CAUGHT_UP", 5)]),
            ({"catch_up": "all", "catch_up_window": "PT3H"}, [("MISSED", 2), *(("CAUGHT_UP", n) for n in (3, 4, 5))]),
            ({"catch_up": "last", "catch_up_window": "PT10M"}, [("MISSED", 5)]),
        ],
        ids=lambda value: str(value) if isinstance(value, dict) else "",
    )
    async def test_a_stop_of_hours(self, engine: Driver, rules: dict[str, str], rows: list[tuple[str, float]]) -> None:
        workflow = every("PT1H", **rules)
        await engine.put_schedule(workflow)
        await engine.stop()
        engine.clock.advance(5.5 * HOUR)
        await engine.open()
        await engine.tick()
        assert await ledger(engine, id_of(workflow)) == rows
        await engine.advance(HOUR / 2)
        assert (await ledger(engine, id_of(workflow)))[-1] == ("STARTED", 6)

    async def test_what_a_restart_takes_is_on_time_under_every_rule(self, engine: Driver) -> None:
        workflow = every("PT5S", catch_up="none")
        await engine.put_schedule(workflow)
        await engine.stop()
        engine.clock.advance(timedelta(seconds=11))
        await engine.open()
        await engine.tick()
        assert [outcome for outcome, _ in await ledger(engine, id_of(workflow))] == ["STARTED", "STARTED"]

    async def test_a_crash_in_the_middle_of_making_up_loses_and_doubles_nothing(self, engine: Driver) -> None:
        workflow = every("PT1H", catch_up="all", catch_up_window="PT9H", overlap="allow")
        await engine.put_schedule(workflow)
        await engine.stop()
        engine.clock.advance(6.5 * HOUR)
        await engine.open()
        engine.faults.hold()
        engine.call(engine.pump.tick())
        await engine.faults.holding(1)
        await engine.crash()
        engine.faults.lost_answers = 1
        engine.call(engine.pump.tick())
        await engine.settle()
        await engine.crash()
        await engine.tick()
        assert await ledger(engine, id_of(workflow)) == [("CAUGHT_UP", hour) for hour in range(1, 7)]
        assert len(await engine.newest()) == 6


class OverlapStories:
    """A start that falls due while the execution of the one before it is open."""

    async def test_what_is_left_out_is_in_the_ledger(self, engine: Driver) -> None:
        workflow = every("PT1H", wait(), note())
        await engine.put_schedule(workflow)
        await engine.advance(HOUR)
        await engine.advance(HOUR)
        assert await ledger(engine, id_of(workflow)) == [("STARTED", 1), ("SKIPPED", 2)]

    async def test_allowed_starts_run_side_by_side(self, engine: Driver) -> None:
        await engine.put_schedule(every("PT1H", wait(), overlap="allow"))
        for _ in range(3):
            await engine.advance(HOUR)
        assert [item.head.status for item in await engine.newest()] == ["WAITING"] * 3

    async def test_a_queued_start_that_cannot_start_holds_up_no_other_schedule(self, engine: Driver) -> None:
        queueing, other = every("PT1H", wait(), overlap="queue"), every("PT3H", note())
        await engine.put_schedule(queueing)
        await engine.put_schedule(other)
        for _ in range(2):
            await engine.advance(HOUR)
        (item,) = await engine.newest()
        await engine.resume(item.head.execution_id)

        async def profile(_organization_id: str, workflow_id: str) -> tuple[str, Json]:
            if workflow_id == id_of(queueing):
                raise RecordDamaged("the profile cannot be read")
            return "", None

        engine.pump = Pump(engine.shell, engine.store, engine.clock, profile, engine.callees.find)
        await engine.advance(HOUR)
        assert await ledger(engine, id_of(queueing)) == [("STARTED", 1), ("QUEUED", 2), ("QUEUED", 3)]
        assert await ledger(engine, id_of(other)) == [("STARTED", 3)]

    async def test_queued_starts_come_one_after_the_other_also_after_a_crash(self, engine: Driver) -> None:
        workflow = every("PT1H", wait(), note(), overlap="queue", end="2030-01-07T12:00:00Z")
        await engine.put_schedule(workflow)
        for _ in range(3):
            await engine.advance(HOUR)
        assert await ledger(engine, id_of(workflow)) == [("STARTED", 1), ("QUEUED", 2), ("QUEUED", 3)]
        await engine.crash()
        for started in (1, 2, 3):
            items = await engine.newest()
            assert len(items) == started
            await engine.resume(items[0].head.execution_id)
            await engine.together(engine.pump.tick(), engine.pump.tick())
            await engine.settle()
        assert await ledger(engine, id_of(workflow)) == [("STARTED", hour) for hour in (1, 2, 3)]
        assert len(await engine.newest()) == 3

    async def test_a_queued_start_comes_by_itself_within_a_second_after_the_one_before_has_ended(
        self, engine: Driver
    ) -> None:
        workflow = every("PT1H", wait(), note(), overlap="queue", end="2030-01-07T11:00:00Z")
        await engine.put_schedule(workflow)
        running = engine.call(engine.pump.run())
        await engine.settle()
        for _ in range(2 * 60 + 1):
            engine.clock.advance(MINUTE)
            await engine.settle()
        (first,) = await engine.newest()
        await engine.resume(first.head.execution_id)
        engine.clock.advance(timedelta(seconds=1))
        await engine.settle()
        assert await ledger(engine, id_of(workflow)) == [("STARTED", 1), ("STARTED", 2)]
        engine.pump.stop()
        await running

    async def test_queued_starts_of_a_paused_schedule_wait_and_those_of_a_dropped_one_are_missed(
        self, engine: Driver
    ) -> None:
        workflow = every("PT1H", wait(), overlap="queue")
        await engine.put_schedule(workflow)
        await engine.advance(HOUR)
        await engine.advance(HOUR)
        live = await engine.schedule(workflow)
        await engine.shell.schedules.put(replace(live, status="PAUSED"), workflow, former=live)
        await engine.resume(live.last_execution)
        await engine.tick()
        assert await ledger(engine, id_of(workflow)) == [("STARTED", 1), ("QUEUED", 2)]
        await engine.shell.schedules.drop(live.organization_id, id_of(workflow))
        assert await ledger(engine, id_of(workflow)) == [("STARTED", 1), ("MISSED", 2)]

    async def test_a_failed_execution_does_not_hold_up_the_next_start(self, engine: Driver) -> None:
        broken = {
            "id": "broken_1",
            "type": "overridePayload",
            "settings": {"payload": "${json(concat('{', payload.output.workflow_id))}"},
        }
        await engine.put_schedule(every("PT1H", broken))
        await engine.advance(HOUR)
        await engine.advance(HOUR)
        assert [item.head.status for item in await engine.newest()] == ["FAILED", "FAILED"]


class JitterStories:
    """Starts that are put off."""

    async def test_a_start_is_delayed_by_the_same_time_for_every_caller(self, engine: Driver) -> None:
        workflow = every("PT1H", jitter="PT30M")
        schedule = await engine.put_schedule(workflow)
        assert timedelta(0) < schedule.delay < HOUR / 2
        await engine.advance(HOUR + schedule.delay - timedelta(milliseconds=1))
        assert await engine.newest() == []
        await engine.advance(timedelta(milliseconds=1))
        assert await ledger(engine, id_of(workflow)) == [("STARTED", 1)]
        following = await engine.schedule(workflow)
        assert (following.next, following.last) == (START_TIME + 2 * HOUR, START_TIME + HOUR)
        assert following.delay != schedule.delay


class CrowdStories:
    """Many schedules at once."""

    @pytest.mark.timeout(1800)
    async def test_a_thousand_schedules_of_one_minute_start_once_each_with_several_pollers(
        self, engine: Driver
    ) -> None:
        workflow = cron("0 * * * *")
        ids = [f"01900000-0000-7000-8000-{number:012x}" for number in range(1000)]
        first = await engine.put_schedule(workflow, workflow_id=ids[0])
        for workflow_id in ids[1:]:
            await engine.store.schedules.put(replace(first, workflow_id=workflow_id))
        engine.clock.advance(HOUR)
        await engine.together(engine.pump.tick(), engine.pump.tick())
        await engine.settle()
        for workflow_id in ids:
            assert await ledger(engine, workflow_id) == [("STARTED", 1)]
        assert len(await engine.store.reads.scan("", 2000)) == 1000


def _last(schedule: Schedule) -> dict[str, object]:
    return {"anchor": schedule.anchor, "last": schedule.last, "last_execution": schedule.last_execution}
