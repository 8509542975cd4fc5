"""Schedules: each nominal instant fires at most once, and none that was missed is caught up but the last."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from kit.definitions import call, every, note, wait
from kit.driver import ORGANIZATION, Driver, id_of
from looply.execution.facts.events import ExecutionStarted
from looply.testing.clock import START_TIME
from looply.testing.world import HANG

HOUR = timedelta(hours=1)


async def fired(engine: Driver) -> list[float]:
    """Returns when the stored executions were started, oldest first, in hours after the beginning of the story."""
    items = await engine.newest()
    starts = [(await engine.events(item.head.execution_id, ExecutionStarted))[0] for item in reversed(items)]
    return [(start.at - START_TIME) / HOUR for start in starts]


class ScheduleStories:
    """A schedule that fires every hour."""

    async def test_it_fires_at_each_nominal_instant(self, engine: Driver) -> None:
        workflow = every("PT1H")
        await engine.put_schedule(workflow)
        for _ in range(6):
            await engine.advance(HOUR / 2)
        assert await fired(engine) == [1, 2, 3]
        (start,) = await engine.events((await engine.newest(1))[0].head.execution_id, ExecutionStarted)
        assert (start.trigger_type, start.by, start.workflow_id) == ("SCHEDULED", "schedule", id_of(workflow))

    async def test_it_has_its_last_and_its_next_instant(self, engine: Driver) -> None:
        workflow = every("PT1H")
        await engine.put_schedule(workflow)
        await engine.advance(HOUR)
        schedule = await engine.schedule(workflow)
        (item,) = await engine.newest()
        assert (schedule.last, schedule.next) == (START_TIME + HOUR, START_TIME + 2 * HOUR)
        assert schedule.last_execution == item.head.execution_id
        assert list(await engine.shell.schedules.list(ORGANIZATION)) == [schedule]

    async def test_many_pollers_at_one_instant_fire_once(self, engine: Driver) -> None:
        await engine.put_schedule(every("PT1H"))
        engine.clock.advance(HOUR)
        await engine.together(*(engine.pump.tick() for _ in range(10)))
        await engine.settle()
        assert await fired(engine) == [1]

    async def test_a_crash_before_the_commit_fires_again_and_one_after_it_does_not(self, engine: Driver) -> None:
        await engine.put_schedule(every("PT1H"))
        engine.clock.advance(HOUR)
        engine.faults.hold()
        engine.call(engine.pump.tick())
        await engine.faults.holding(1)
        await engine.crash()
        assert await fired(engine) == []
        engine.faults.lost_answers = 1
        engine.call(engine.pump.tick())
        await engine.settle()
        await engine.crash()
        await engine.tick()
        assert await fired(engine) == [1]

    async def test_of_instants_that_were_missed_only_the_last_one_fires(self, engine: Driver) -> None:
        workflow = every("PT1H")
        await engine.put_schedule(workflow)
        await engine.stop()
        engine.clock.advance(5.5 * HOUR)
        await engine.open()
        await engine.tick()
        assert await fired(engine) == [5.5]
        schedule = await engine.schedule(workflow)
        assert (schedule.last, schedule.next) == (START_TIME + 5 * HOUR, START_TIME + 6 * HOUR)

    async def test_a_clock_that_is_set_back_fires_no_instant_again(self, engine: Driver) -> None:
        await engine.put_schedule(every("PT1H"))
        await engine.advance(2 * HOUR)
        engine.clock.set_wall(-2 * HOUR)
        await engine.restart()
        for _ in range(4):
            await engine.advance(HOUR / 2)
        assert len(await engine.newest()) == 1
        await engine.advance(HOUR)
        assert len(await engine.newest()) == 2

    async def test_a_paused_schedule_is_silent_and_does_not_catch_up(self, engine: Driver) -> None:
        workflow = every("PT1H")
        schedule = await engine.put_schedule(workflow)
        await engine.advance(HOUR)
        await engine.put_schedule(workflow, status="PAUSED", anchor=schedule.anchor)
        await engine.crash()
        await engine.advance(3 * HOUR + HOUR / 2)
        assert await fired(engine) == [1]
        await engine.put_schedule(workflow, anchor=schedule.anchor)
        await engine.tick()
        assert await fired(engine) == [1]
        await engine.advance(HOUR / 2)
        assert await fired(engine) == [1, 5]

    async def test_a_pause_and_the_instant_in_one_moment_agree(self, engine: Driver) -> None:
        workflow = every("PT1H")
        schedule = await engine.put_schedule(workflow)
        engine.clock.advance(HOUR)
        pause = engine.shell.schedules.put(replace(schedule, status="PAUSED"), workflow)
        await engine.together(pause, engine.pump.tick())
        await engine.settle()
        count = len(await engine.newest())
        assert count <= 1
        await engine.advance(5 * HOUR)
        assert len(await engine.newest()) == count

    async def test_an_instant_is_left_out_while_the_last_execution_is_open(self, engine: Driver) -> None:
        workflow = every("PT1H", wait(), note())
        await engine.put_schedule(workflow)
        await engine.advance(HOUR)
        await engine.crash()
        await engine.advance(HOUR)
        await engine.advance(HOUR)
        assert await fired(engine) == [1]
        (item,) = await engine.newest()
        await engine.resume(item.head.execution_id)
        await engine.tick()
        assert await fired(engine) == [1]
        await engine.advance(HOUR)
        assert await fired(engine) == [1, 4]

    async def test_nothing_fires_after_the_end_not_even_late(self, engine: Driver) -> None:
        workflow = every("PT1H", end="2030-01-07T11:30:00Z")
        await engine.put_schedule(workflow)
        await engine.advance(HOUR)
        await engine.stop()
        engine.clock.advance(1.75 * HOUR)
        await engine.open()
        await engine.tick()
        schedule = await engine.schedule(workflow)
        assert (schedule.last, schedule.next) == (START_TIME + 2 * HOUR, None)
        await engine.advance(8 * HOUR)
        assert len(await engine.newest()) == 2


class CalendarStories:
    """A schedule that follows the calendar of a zone, over the days on which its clocks change."""

    # The clocks of Berlin go from 02:00 to 03:00 on 31 March 2030, and from 03:00 to 02:00 on 27 October 2030.
    @pytest.mark.parametrize(
        ("start", "instants"),
        [
            ("2030-03-29T07:00:00Z", ["29T07:00", "30T07:00", "31T06:00", "01T06:00"]),
            ("2030-03-29T01:30:00Z", ["29T01:30", "30T01:30", "31T01:30", "01T00:30"]),
            ("2030-10-25T06:00:00Z", ["25T06:00", "26T06:00", "27T07:00", "28T07:00"]),
            ("2030-10-25T00:30:00Z", ["25T00:30", "26T00:30", "27T00:30", "28T01:30"]),
        ],
        ids=["spring", "in-the-hour-that-is-left-out", "autumn", "in-the-hour-that-comes-twice"],
    )
    async def test_a_daily_schedule_fires_once_a_day_at_its_hour(
        self, engine: Driver, start: str, instants: list[str]
    ) -> None:
        begin = datetime.fromisoformat(start)
        engine.clock.advance(begin - HOUR - START_TIME)
        await engine.put_schedule(every("P1D", start=start, timezone="Europe/Berlin"))
        for _ in range(2 * 24 * 3 + 6):
            await engine.advance(HOUR / 2)
        starts = [START_TIME + hours * HOUR for hours in await fired(engine)]
        assert [f"{instant:%dT%H:%M}" for instant in starts] == instants


class ChangeStories:
    """Schedules that are replaced, dropped, broken, or that start elsewhere."""

    async def test_a_newer_version_replaces_the_schedule(self, engine: Driver) -> None:
        old, new = every("PT1H"), every("PT2H")
        await engine.put_schedule(old)
        await engine.advance(HOUR)
        await engine.put_schedule(new, workflow_id=id_of(old))
        for _ in range(4):
            await engine.advance(HOUR)
        assert await fired(engine) == [1, 3, 5]

    async def test_an_instant_that_a_former_schedule_fired_does_not_fire_again(self, engine: Driver) -> None:
        workflow = every("PT1H")
        schedule = await engine.put_schedule(workflow)
        await engine.advance(HOUR)
        await engine.shell.schedules.put(schedule, workflow)
        await engine.tick()
        assert await fired(engine) == [1]
        assert (await engine.schedule(workflow)).next == START_TIME + 2 * HOUR
        await engine.advance(HOUR)
        assert await fired(engine) == [1, 2]

    async def test_a_schedule_that_is_dropped_is_silent(self, engine: Driver) -> None:
        workflow = every("PT1H")
        await engine.put_schedule(workflow)
        await engine.shell.schedules.drop(ORGANIZATION, id_of(workflow))
        await engine.advance(3 * HOUR)
        assert await engine.newest() == []
        assert await engine.shell.schedules.find(ORGANIZATION, id_of(workflow)) is None

    @pytest.mark.parametrize("span", ["PT1H", "PT90M"])
    async def test_a_schedule_counts_from_its_start(self, engine: Driver, span: str) -> None:
        await engine.put_schedule(every(span, start="2030-01-07T08:45:00Z"))
        for _ in range(12):
            await engine.advance(HOUR / 4)
        assert await fired(engine) == ([0.75, 1.75, 2.75] if span == "PT1H" else [1.25, 2.75])

    async def test_a_schedule_fires_by_itself_and_one_that_is_broken_does_not_stop_it(self, engine: Driver) -> None:
        broken, healthy = every("PT1H", note("broken")), every("PT1H", note("healthy"))
        schedule = await engine.put_schedule(broken)
        await engine.put_schedule(healthy)
        engine.is_planted = True
        await engine.store.schedules.put(replace(schedule, definition="00" * 32))
        running = engine.call(engine.pump.run())
        await engine.settle()
        for _ in range(3 * 60 + 2):
            engine.clock.advance(timedelta(minutes=1))
            await engine.settle()
        assert len(await engine.newest()) == 3
        engine.pump.stop()
        await running

    async def test_a_call_of_a_scheduled_execution_is_made_once(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        await engine.put_schedule(every("PT1H", call("call_1", "GET")))
        await engine.advance(HOUR)
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert [item.head.status for item in await engine.newest()] == ["COMPLETED"]
