"""An outage in several processes on one database: one alarm, one probe at a time, and the rate of one drain."""

from datetime import timedelta

from contract.engine.steps.outages import SHOP, TICK, calling, statuses
from contract.harness.shared_processes import SWEEP, Processes
from kit.driver import ORGANIZATION, Driver
from looply.engine.effects.outages import BreakerSettings
from looply.engine.ports.dispatch import EffectRef
from looply.engine.records.targets import Maintenance, TargetRow
from looply.errors import EngineError, Unavailable
from looply.execution.facts.events import StepFailed, TimerFired
from looply.testing.world import Answer

RATE = 5.0
SHORT = timedelta(milliseconds=100)


async def watch(processes: Processes, span: timedelta, step: timedelta = TICK) -> list[int]:
    """Lets time pass in steps; after each one all processes do what is due. Returns the calls made by then."""
    counts, left = [], span
    while left > timedelta(0):
        if left % timedelta(seconds=1):
            processes.true.advance(step)
            await processes.settle()
        else:
            await processes.advance(step)
        for each in processes.living:
            await each.target_watch.tick()
            await processes.settle()
        counts.append(len(processes.world.calls))
        left -= step
    return counts


async def down(processes: Processes, count: int, executions: int) -> tuple[list[str], list[TargetRow]]:
    """Opens processes, each of which has executions that wait for the shop; returns them, and the alarms."""
    some = await processes.open(count, breaker=BreakerSettings(drain_rate=RATE))
    alarms: list[TargetRow] = []
    for each in some:
        each.shell.gate.on_outage = alarms.append
    processes.world.always("call_1", Unavailable("refused"))
    ids = [await some[n % count].trigger(calling(), {"po": n}) for n in range(executions)]
    await watch(processes, timedelta(seconds=6))
    assert await statuses(some[0], ids) == {"WAITING"}
    return ids, alarms


def state_of(process: Driver) -> str:
    """Returns the state of the only system that is not called as usual."""
    return ",".join(row.state for row in process.shell.gate.rows.all)


async def hold_all(processes: Processes) -> None:
    """Lets the outage last so long that each process holds back what the others do, too."""
    for each in processes.living:
        await offer_again(processes, each)
    held = [sum(each.shell.gate.held.count(lane) for lane in each.shell.gate.held.lanes) for each in processes.living]
    assert min(held) > 100, held


async def offer_again(processes: Processes, process: Driver) -> None:
    """Lets a process find effects that nothing has begun for a while."""
    processes.sql("UPDATE effect SET offered = offered - interval '11 s' WHERE state = 0")
    await processes.advance(SWEEP, process)


async def until_drain(processes: Processes) -> None:
    """Lets the shop be up, and time pass until the probe has found that."""
    processes.world.always("call_1", Answer())
    while state_of(processes.living[0]) != "HALF":
        await watch(processes, SHORT, SHORT)


def note_offers(process: Driver) -> list[EffectRef]:
    """Returns the list to which the effects are added that a process lets go from now on."""
    offers: list[EffectRef] = []
    let_go = process.shell.let_go

    def noted(effect: EffectRef) -> None:
        offers.append(effect)
        let_go(effect)

    process.shell.let_go = noted
    return offers


class TestOutages:
    """Three processes that call one system."""

    async def test_all_have_one_alarm_and_one_probe_at_a_time(self, processes: Processes) -> None:
        _, alarms = await down(processes, 3, 30)
        assert [each.target for each in alarms] == [SHOP]
        before = len(processes.world.calls)
        counts = await watch(processes, timedelta(seconds=100))
        # After 10 seconds, and then ever later: 20, 40, 80.
        assert counts[-1] - before == 3
        assert max(later - earlier for earlier, later in zip([before, *counts], counts, strict=False)) == 1
        assert len(alarms) == 1

    async def test_all_together_keep_the_rate_of_one_drain_and_offer_little_in_vain(self, processes: Processes) -> None:
        ids, alarms = await down(processes, 3, 120)
        await hold_all(processes)
        await until_drain(processes)
        offers = [note_offers(each) for each in processes.living]
        begun = len(processes.world.calls)
        counts = await watch(processes, timedelta(seconds=9), SHORT)
        first = counts[-1] - begun
        assert 0.8 * 45 <= first <= 1.2 * 45, first
        # Each offer costs a task of a worker, also where another process has taken the turn, or begun the effect.
        assert sum(map(len, offers)) <= 1.5 * first
        counts = await watch(processes, timedelta(seconds=30), SHORT)
        assert await statuses(processes.living[0], ids) == {"COMPLETED"}
        answered = [each.execution_id for each in processes.world.calls if each.phase == "ANSWERED"]
        assert sorted(answered) == sorted(ids)
        await watch(processes, timedelta(seconds=15))
        assert [state_of(each) for each in processes.living] == [""] * 3
        assert len(alarms) == 1

    async def test_a_wait_that_is_over_is_ended_once_whichever_process_holds_the_call(
        self, processes: Processes
    ) -> None:
        some = await processes.open(3)
        now = processes.true.now()
        window = Maintenance(begins_on=now - timedelta(minutes=1), until=now + timedelta(hours=1))
        await some[0].shell.targets.pause(ORGANIZATION, SHOP, window)
        # The others read the rows of systems once a second.
        await watch(processes, timedelta(seconds=2))
        ids = [await some[n % 3].trigger(calling(park="PT2M"), {"po": n}) for n in range(9)]
        await watch(processes, timedelta(seconds=4))
        assert await statuses(some[0], ids) == {"WAITING"}
        for each in processes.living:
            # By now each process also holds what the others have scheduled.
            await offer_again(processes, each)
        # Its effects are those of a dead process, and so are the timers that it has taken.
        await processes.crash(some[0])
        await watch(processes, timedelta(minutes=3), timedelta(seconds=1))
        assert await statuses(some[1], ids) == {"FAILED"}
        for each in ids:
            (failed,) = await some[1].events(each, StepFailed)
            assert failed.code == "TARGET_DOWN"
        await some[1].shell.targets.release(ORGANIZATION, SHOP)
        await watch(processes, timedelta(seconds=20), timedelta(seconds=1))
        assert processes.world.calls == []

    async def test_a_process_that_holds_a_call_since_long_ago_ends_its_wait_after_the_one_that_fired_the_timer_died(
        self, processes: Processes
    ) -> None:
        first, second = await processes.open(2)
        now = processes.true.now()
        window = Maintenance(begins_on=now - timedelta(minutes=1), until=now + timedelta(hours=1))
        await first.shell.targets.pause(ORGANIZATION, SHOP, window)
        await watch(processes, timedelta(seconds=2))
        execution_id = await first.trigger(calling(park="PT2M"), {"po": 1})
        await watch(processes, timedelta(seconds=4))
        await offer_again(processes, second)
        await watch(processes, timedelta(seconds=10))
        # The second process has looked at it by now, and knows the state in which it waits.
        assert sum(second.shell.gate.held.count(lane) for lane in second.shell.gate.held.lanes) == 1
        first.faults.unmarked.append(EngineError("the disk is away"))
        await processes.advance(timedelta(minutes=2), first)
        assert len(await first.events(execution_id, TimerFired)) == 1
        assert await first.events(execution_id, StepFailed) == []
        await processes.crash(first)
        await offer_again(processes, second)
        await watch(processes, timedelta(seconds=3))
        (failed,) = await second.events(execution_id, StepFailed)
        assert failed.code == "TARGET_DOWN"
        assert processes.world.calls == []
