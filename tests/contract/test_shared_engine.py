"""The engine in several processes on one database: races between them, and what becomes of one that ends."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from shared_processes import SKEWS, SWEEP, Processes

from looply.clock import id_time
from looply.engine.port import Filter
from looply.errors import Conflict, StoreLost
from looply.execution.commands import AlreadyRestarted, Continue, Declined, Restarted, Terminated
from looply.execution.events import IncidentOpened, Resumed, StepScheduled, StepSucceeded, StepUnknown, TimerFired
from looply.testing.definitions import (
    adding,
    asking,
    call,
    calling,
    calling_then_asking,
    chain,
    counting,
    datastore,
    delaying,
    every,
    wait,
)
from looply.testing.driver import ORGANIZATION, Driver
from looply.testing.engine_contract.auditing import auditor_of
from looply.testing.engine_contract.streams import numbers, told
from looply.testing.world import HANG
from postgres_server import StoreDatabase

HOUR = timedelta(hours=1)


@pytest.fixture
async def processes(postgres_database: StoreDatabase) -> AsyncIterator[Processes]:
    postgres_database.empty()
    found = Processes(postgres_database.address)
    yield found
    await found.finish()


async def remember(execution_id: str, *some: Driver) -> None:
    """Lets processes keep the execution in memory as it is now."""
    for each in some:
        await each.shell.submit(execution_id, Continue(at=each.clock.now()))
        assert each.shell.in_memory


def kinds(told: Any) -> Counter[str]:
    """Returns how many callers got which kind of answer."""
    return Counter(type(each).__name__ for each in told)


class TestAuditing:
    """Of all processes one counts what is open and looks for what stands still."""

    async def test_one_audits_and_another_one_after_it_is_gone(self, processes: Processes) -> None:
        some = await processes.open(3)
        execution_id = await some[0].started(asking())
        auditors = [auditor_of(each) for each in some]
        for _ in range(2):
            for auditor in auditors:
                await auditor.round()
            shown = [auditor.findings for auditor in auditors]
            assert [each is not None for each in shown].count(True) == 1
        holder = [each is not None for each in shown].index(True)
        await processes.crash(some[holder])
        processes.sql("DELETE FROM wait")
        left = [auditor for number, auditor in enumerate(auditors) if number != holder]
        await processes.advance(SWEEP)
        for auditor in left:
            await auditor.round()
        await processes.settle()
        (findings,) = [auditor.findings for auditor in left if auditor.findings is not None]
        assert (findings.mended, findings.orphans) == (1, 0)
        (living, _) = processes.living
        assert await living.resume(execution_id) == Restarted()


class TestRaces:
    """Callers of several processes want one thing at the same moment."""

    async def test_of_32_resumes_one_restarts_and_the_others_are_told_who_did(self, processes: Processes) -> None:
        some = await processes.open(3)
        execution_id = await some[0].started(asking())
        await remember(execution_id, *some)
        calls = [some[n % 3].resume(execution_id, {"n": n}, by=f"caller {n}") for n in range(32)]
        told = await processes.together(*calls)
        assert kinds(told) == {"Restarted": 1, "AlreadyRestarted": 31}
        winner = f"caller {list(told).index(Restarted())}"
        assert {each.answered_by for each in told if isinstance(each, AlreadyRestarted)} == {winner}
        assert [await each.status(execution_id) for each in some] == ["COMPLETED"] * 3

    async def test_of_a_terminate_and_a_resume_one_ends_the_execution(self, processes: Processes) -> None:
        some = await processes.open(2)
        for _ in range(8):
            execution_id = await some[0].started(chain(wait(), wait("wait_2")))
            await remember(execution_id, *some)
            told = await processes.together(some[0].resume(execution_id), some[1].terminate(execution_id))
            assert told[1] == Terminated()
            assert await some[0].status(execution_id) == "TERMINATED"
            was_first = bool(await some[1].events(execution_id, Resumed))
            assert isinstance(told[0], Restarted if was_first else Declined)

    async def test_a_timer_on_three_pumps_fires_once(self, processes: Processes) -> None:
        some = await processes.open(3)
        ids = [await each.started(delaying()) for each in some for _ in range(5)]
        await processes.advance(HOUR)
        for execution_id in ids:
            assert await some[0].status(execution_id) == "COMPLETED"
            assert len(await some[0].events(execution_id, TimerFired)) == 1

    async def test_a_timer_that_another_process_stored_fires_within_a_second(self, processes: Processes) -> None:
        some = await processes.open(2)
        running = some[1].call(some[1].pump.run())
        await processes.settle()
        execution_id = await some[0].started(delaying("PT3S"))
        for _ in range(4):
            processes.true.advance(timedelta(seconds=1))
            await processes.settle()
        assert await some[1].status(execution_id) == "COMPLETED"
        some[1].pump.stop()
        await running

    async def test_an_instant_of_a_schedule_on_three_pumps_starts_one_execution(self, processes: Processes) -> None:
        some = await processes.open(3)
        workflow = every("PT1H")
        await some[0].put_schedule(workflow)
        for count in range(1, 4):
            await processes.advance(HOUR)
            assert len(await some[count % 3].newest()) == count
        assert (await some[0].schedule(workflow)).last == processes.true.now()

    async def test_a_schedule_does_not_overlap_whoever_fires_it(self, processes: Processes) -> None:
        some = await processes.open(3)
        await some[0].put_schedule(every("PT1H", wait()))
        for _ in range(3):
            await processes.advance(HOUR)
        (item,) = await some[0].newest()
        await some[2].terminate(item.head.execution_id)
        await processes.advance(HOUR)
        assert len(await some[1].newest()) == 2

    @pytest.mark.parametrize("kind", ["process_id", "key"])
    async def test_equal_triggers_start_one_execution(self, processes: Processes, kind: str) -> None:
        some = await processes.open(3)
        for number in range(4):
            name = {kind: f"PO-{number}"}
            told = await processes.together(*(some[n % 3].start(asking(), {"n": 1}, **name) for n in range(30)))
            assert Counter(each.replayed for each in told) == {False: 1, True: 29}
            assert len({each.execution_id for each in told}) == 1
        assert len(await some[0].newest()) == 4

    async def test_a_process_id_with_another_body_is_refused_by_every_process(self, processes: Processes) -> None:
        some = await processes.open(3)
        await some[0].start(asking(), {"n": 1}, process_id="PO-1")
        told = await processes.together(*(each.start(asking(), {"n": 2}, process_id="PO-1") for each in some))
        assert [type(each) for each in told] == [Conflict] * 3


class TestReads:
    """What one process has answered, all show."""

    async def test_a_read_shows_what_another_process_has_answered(self, processes: Processes) -> None:
        a, b, c = await processes.open(3)
        execution_id = await a.started(chain(wait("wait_1"), wait("wait_2")))
        await remember(execution_id, a, b)
        assert await a.resume(execution_id, {"n": 1}) == Restarted()
        for each in (a, b, c):
            assert [opened.step for opened in (await each.state(execution_id)).waits.values()] == ["wait_2"]
        assert await b.resume(execution_id, {"n": 2}) == Restarted()
        assert [await each.status(execution_id) for each in (a, b, c)] == ["COMPLETED"] * 3

    async def test_a_reply_that_moves_nothing_is_about_what_is_stored(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        processes.world.script("call_1", HANG)
        execution_id = await a.started(calling_then_asking())
        await processes.settle()
        await remember(execution_id, a, b)
        processes.world.open()[0].release()
        await processes.settle()
        # In the memory of b the call still runs, and a resume would be kept for later.
        assert await b.resume(execution_id, {"n": 1}) == Restarted(buffered=False)
        assert isinstance(await a.resume(execution_id, {"n": 2}), AlreadyRestarted)
        await a.terminate(execution_id)
        assert type(await b.terminate(execution_id)) is type(await a.terminate(execution_id))

    async def test_a_call_is_judged_by_what_another_process_has_stored(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        execution_id = await a.started(chain(wait("wait_1", sources=["SAP"]), wait("wait_2", sources=["TEAMS"])))
        await remember(execution_id, a, b)
        assert await a.resume(execution_id, {"n": 1}, source="SAP") == Restarted()
        # In the memory of b the execution waits for SAP, which would refuse the call without storing anything.
        assert await b.resume(execution_id, {"n": 2}, source="TEAMS") == Restarted()

    async def test_who_waits_for_the_end_sees_it_from_another_process(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        processes.world.script("call_1", HANG)
        execution_id = await a.started(calling())
        await processes.settle()
        waiting = b.call(b.shell.settled(execution_id, b.clock.now() + timedelta(seconds=30)))
        await processes.settle()
        processes.world.open()[0].release()
        await processes.settle()
        assert not waiting.done()
        processes.true.advance(timedelta(seconds=1))
        assert (await waiting).head.status == "COMPLETED"

    async def test_who_waits_too_long_sees_what_there_is(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        processes.world.script("call_1", HANG)
        execution_id = await a.started(calling())
        await processes.settle()
        waiting = b.call(b.shell.settled(execution_id, b.clock.now() + timedelta(seconds=3)))
        for _ in range(8):
            await processes.settle()
            processes.true.advance(timedelta(seconds=0.5))
        assert (await waiting).head.status == "RUNNING"
        processes.world.open()[0].release()

    async def test_a_list_that_is_paged_over_processes_shows_what_was_there_once(self, processes: Processes) -> None:
        some = await processes.open(3)
        there = [await some[n % 3].started(asking(), {"n": n}) for n in range(30)]
        seen: list[str] = []
        after, number = "", 0
        while True:
            page = await some[number % 3].shell.list(ORGANIZATION, Filter(), after, 7)
            seen.extend(item.head.execution_id for item in page.items)
            after, number = page.after, number + 1
            await some[(number + 1) % 3].started(asking(), {"late": number})
            await some[number % 3].resume(there[number])
            if not after:
                break
        # What was there at the start is shown once, what came later at most once.
        assert max(Counter(seen).values()) == 1
        assert set(there) <= set(seen)
        assert number >= 5

    async def test_processes_with_wrong_clocks_go_by_the_database_s(self, processes: Processes) -> None:
        some = await processes.open(3)
        ids = []
        for n in range(9):
            processes.true.advance(timedelta(milliseconds=10))
            execution_id = await some[n % 3].started(asking())
            assert id_time(execution_id) == processes.true.now()
            assert (await some[0].state(execution_id)).now == processes.true.now()
            ids.append(execution_id)
        assert [item.head.execution_id for item in await some[1].newest()] == ids[::-1]
        # After a day in which the processes were renewed, they still agree.
        await processes.advance(timedelta(days=1))
        assert {each.clock.now() for each in some} == {processes.true.now()}
        assert len(set(SKEWS[:3])) == 3


class TestEnds:
    """A process ends, and the others take up what it was at."""

    @pytest.mark.parametrize("on_unknown", ["", "retry", "incident"], ids=["by-method", "retry", "incident"])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_the_call_of_a_process_that_died_is_repeated_or_an_incident(
        self, processes: Processes, method: str, on_unknown: str
    ) -> None:
        a, b, c = await processes.open(3)
        processes.world.script("call_1", HANG)
        execution_id = await a.started(calling(method, **({"on_unknown": on_unknown} if on_unknown else {})))
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
        assert [seen.attempt for seen in processes.world.of("call_1")] == ([1, 2] if is_repeated else [1])

    async def test_what_stood_in_line_in_a_process_that_died_is_called_once(self, processes: Processes) -> None:
        (a,) = await processes.open(1, per_queue=1)
        processes.world.script("front", HANG)
        await a.started(chain(call("front", "POST")))
        ids = [await a.started(calling("POST"), {"n": n}) for n in range(3)]
        await processes.settle()
        assert processes.world.of("call_1") == []
        others = await processes.open(2)
        await processes.crash(a)
        # Offered a moment ago, however long this test has taken by the clock of the database.
        processes.sql("UPDATE effect SET offered = clock_timestamp()")
        await processes.advance(SWEEP)
        assert processes.world.of("call_1") == []
        processes.sql("UPDATE effect SET offered = offered - interval '11 s'")
        await processes.advance(SWEEP)
        assert [await others[0].status(execution_id) for execution_id in ids] == ["COMPLETED"] * 3
        assert Counter(seen.execution_id for seen in processes.world.of("call_1")) == Counter(ids)

    async def test_a_process_with_time_takes_from_the_line_of_a_busy_one(self, processes: Processes) -> None:
        a, b = await processes.open(2, per_queue=1)
        processes.world.script("front", HANG)
        await a.started(chain(call("front", "POST")))
        execution_id = await a.started(calling("POST"))
        await processes.settle()
        processes.sql("UPDATE effect SET offered = offered - interval '11 s'")
        await processes.advance(SWEEP, b)
        assert await b.status(execution_id) == "COMPLETED"
        processes.world.open()[0].release()
        await processes.settle()
        assert len(processes.world.of("call_1")) == 1

    async def test_a_stretch_that_was_cut_goes_on_elsewhere(self, processes: Processes) -> None:
        a, b, c = await processes.open(3)
        a.faults.lost_answers = 1
        a.call(a.started(counting(200)))
        await processes.settle()
        (item,) = await b.newest()
        await processes.crash(a, is_forgotten=False)
        await processes.advance(SWEEP)
        assert (await c.shell.get(item.head.execution_id)).head == item.head
        processes.forget(a)
        await processes.advance(SWEEP)
        await processes.settle()
        assert await c.status(item.head.execution_id) == "COMPLETED"

    async def test_what_a_process_leaves_that_stops_in_order_goes_on_elsewhere(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        processes.world.script("call_1", HANG)
        execution_id = await a.started(calling("GET"))
        await processes.settle()
        processes.living.remove(a)
        await a.stop(timedelta(0))
        await processes.advance(SWEEP)
        assert await b.status(execution_id) == "COMPLETED"

    async def test_an_execution_that_ends_one_process_after_the_other_is_parked(self, processes: Processes) -> None:
        (watcher,) = await processes.open(1)
        (doomed,) = await processes.open(1)
        doomed.faults.lost_answers = 1
        doomed.call(doomed.started(counting(200)))
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
        poison = await watcher.started(delaying("PT59M"))
        other = await watcher.started(delaying("PT1H"))
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
        execution_id = await watcher.started(delaying("PT1H"))
        processes.true.advance(HOUR)
        for _ in range(100):
            assert len(await watcher.store.work.due_timers(processes.true.now(), 10)) == 1
            # The taker is not heard of any more, and another one takes it.
            processes.sql("UPDATE timer SET taken = taken - interval '11 s', epoch = 0")
        await processes.advance(SWEEP, watcher)
        assert await watcher.status(execution_id) == "COMPLETED"
        assert await watcher.events(execution_id, IncidentOpened) == []

    async def test_a_suspect_that_another_process_is_at_is_left_to_it(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        execution_id = await a.started(delaying("PT1H"))
        processes.true.advance(HOUR)
        processes.sql("UPDATE execution SET loads = 1")
        a.faults.hold()
        firing = a.call(a.pump.tick())
        await a.faults.holding(1)
        processes.sql("UPDATE timer SET taken = taken - interval '11 s'")
        await processes.tick(b)
        assert await b.events(execution_id, TimerFired) == []
        a.faults.let_go()
        await firing
        assert await b.status(execution_id) == "COMPLETED"
        assert processes.sql("SELECT loads, (SELECT count(*) FROM trial) FROM execution") == [(0, 0)]

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_a_paused_process_that_comes_back_stores_nothing_more(
        self, processes: Processes, method: str
    ) -> None:
        a, b = await processes.open(2)
        processes.world.script("call_1", HANG)
        execution_id = await a.started(calling(method))
        waiting = await a.started(asking())
        await processes.settle()
        await processes.pause(a)
        await processes.advance(SWEEP)
        processes.world.open()[0].release()
        await processes.settle()
        assert await b.status(execution_id) == ("COMPLETED" if method == "GET" else "FAILED")
        assert [event.attempt for event in await b.events(execution_id, StepScheduled)] == (
            [1, 2] if method == "GET" else [1]
        )
        assert len(await b.events(execution_id, StepSucceeded)) == (1 if method == "GET" else 0)
        with pytest.raises(StoreLost, match="start this process again"):
            await a.resume(waiting)
        assert not a.shell.health().is_ready
        assert await b.resume(waiting) == Restarted()

    async def test_a_paused_process_that_fires_a_timer_late_fires_nothing(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        execution_id = await a.started(delaying())
        await processes.pause(a)
        await processes.advance(HOUR, b)
        with pytest.raises(StoreLost):
            await a.pump.tick()
        assert len(await b.events(execution_id, TimerFired)) == 1


async def stored_in(process: Driver, name: str = "prices") -> tuple[Any, int]:
    """Returns value and revision of a datastore, as one process sees it."""
    known = (await process.shell.datastores.find(ORGANIZATION, name)).known
    return known.value, known.revision


class TestDatastores:
    """Executions of several processes change one datastore."""

    async def test_changes_by_three_processes_at_once_all_count(self, processes: Processes) -> None:
        some = await processes.open(3)
        merging = chain(datastore("set", path="/${payload.output.key}", value=1))
        calls = [some[n % 3].started(merging, {"key": f"k{n}"}) for n in range(60)]
        ids = await processes.together(*calls)
        await processes.settle()
        assert {await some[0].status(execution_id) for execution_id in ids} == {"COMPLETED"}
        assert await stored_in(some[2]) == ({f"k{n}": 1 for n in range(60)}, 60)

    async def test_counters_of_three_processes_count_to_their_number(self, processes: Processes) -> None:
        some = await processes.open(3)
        ids = await processes.together(*(some[n % 3].started(adding()) for n in range(24)))
        await processes.settle()
        assert {await some[0].status(execution_id) for execution_id in ids} == {"COMPLETED"}
        assert await stored_in(some[1]) == ({"count": 24}, 24)

    async def test_of_three_processes_that_expect_one_revision_one_wins(self, processes: Processes) -> None:
        some = await processes.open(3)
        for round_ in range(4):
            expecting = chain(datastore("set", value="${payload.output.n}", if_revision=round_))
            ids = await processes.together(*(each.started(expecting, {"n": n}) for n, each in enumerate(some)))
            await processes.settle()
            ends = [await some[0].status(execution_id) for execution_id in ids]
            assert sorted(ends) == ["COMPLETED", "FAILED", "FAILED"]
            assert await stored_in(some[0]) == (ends.index("COMPLETED"), round_ + 1)

    @pytest.mark.parametrize("is_stored", [False, True], ids=["before the outcome", "after the outcome"])
    async def test_what_a_process_leaves_is_taken_up_by_another_and_done_once(
        self, processes: Processes, is_stored: bool
    ) -> None:
        first, second = await processes.open(2)
        first.faults.hold()
        starting = first.call(first.started(chain(datastore("merge", value={"seen": 1}), call())))
        await processes.settle()
        first.faults.let_go()
        execution_id = await starting
        first.faults.hold()
        await first.faults.holding(1)
        if is_stored:
            first.faults.let_go()
            await processes.settle()
        await processes.crash(first)
        await processes.advance(SWEEP, second)
        await processes.advance(SWEEP, second)
        assert await stored_in(second) == ({"seen": 1}, 1)
        assert len(await second.events(execution_id, StepSucceeded)) >= 1
        changed = [event for event in await second.events(execution_id, StepSucceeded) if event.step == "merge_1"]
        assert len(changed) == 1


class TestStreams:
    """Those who watch in one process are told what others store."""

    async def test_what_other_processes_store_is_told_once_and_in_order(self, processes: Processes) -> None:
        some = await processes.open(3)
        ids = await processes.together(*(some[n % 3].started(asking(), {"n": n}) for n in range(9)))
        await processes.together(*(some[(n + 1) % 3].resume(str(id_), {"n": n}) for n, id_ in enumerate(ids)))
        for each in some:
            found = await told(each)
            for id_ in ids:
                events = await each.events(str(id_))
                assert numbers(found, str(id_)) == list(range(1, len(events) + 1))
        places = [[committed.position for committed in await told(each)] for each in some]
        assert places[0] == places[1] == places[2]

    async def test_a_place_of_one_process_is_one_of_all(self, processes: Processes) -> None:
        some = await processes.open(2)
        first = await some[0].started(asking())
        place = (await told(some[0]))[-1].position
        await some[1].resume(first)
        assert {committed.execution_id for committed in await told(some[0], place)} == {first}
