"""The engine in several processes on one database: races between them, and what each sees of the others."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from contract.engine.callers.streams import numbers, read_feed
from contract.engine.upkeep.auditing import auditor_of
from contract.harness.shared_processes import SKEWS, SWEEP, Processes
from kit.definitions import (
    adding,
    asking,
    call,
    calling,
    calling_then_asking,
    chain,
    datastore,
    delaying,
    every,
    wait,
)
from kit.driver import ORGANIZATION, Driver
from looply.clock import id_time
from looply.engine.ports.lists import Filter
from looply.errors import Conflict
from looply.execution.facts.commands import AlreadyReleased, Continue, Declined, Released, Terminated
from looply.execution.facts.events import Resumed, StepSucceeded, TimerFired
from looply.testing.world import HANG

HOUR = timedelta(hours=1)


async def remember(execution_id: str, *some: Driver) -> None:
    """Lets processes keep the execution in memory as it is now."""
    for each in some:
        await each.shell.submit(execution_id, Continue(at=each.clock.now()))
        assert each.shell.in_memory


def kinds(replies: Any) -> Counter[str]:
    """Returns how many callers got which kind of answer."""
    return Counter(type(each).__name__ for each in replies)


class TestAuditing:
    """Of all processes one counts what is open and looks for executions that nothing moves."""

    async def test_one_audits_and_another_one_after_it_is_gone(self, processes: Processes) -> None:
        some = await processes.open(3)
        execution_id = await some[0].trigger(asking())
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
        assert (findings.repaired, findings.orphans) == (1, 0)
        (living, _) = processes.living
        assert await living.resume(execution_id) == Released()


class TestRaces:
    """Callers of several processes want one thing at the same moment."""

    async def test_of_32_resumes_one_restarts_and_the_others_get_who_did(self, processes: Processes) -> None:
        some = await processes.open(3)
        execution_id = await some[0].trigger(asking())
        await remember(execution_id, *some)
        calls = [some[n % 3].resume(execution_id, {"n": n}, by=f"caller {n}") for n in range(32)]
        replies = await processes.together(*calls)
        assert kinds(replies) == {"Released": 1, "AlreadyReleased": 31}
        winner = f"caller {list(replies).index(Released())}"
        assert {each.answered_by for each in replies if isinstance(each, AlreadyReleased)} == {winner}
        assert [await each.status(execution_id) for each in some] == ["COMPLETED"] * 3

    async def test_of_a_terminate_and_a_resume_one_ends_the_execution(self, processes: Processes) -> None:
        some = await processes.open(2)
        for _ in range(8):
            execution_id = await some[0].trigger(chain(wait(), wait("wait_2")))
            await remember(execution_id, *some)
            replies = await processes.together(some[0].resume(execution_id), some[1].terminate(execution_id))
            assert replies[1] == Terminated()
            assert await some[0].status(execution_id) == "TERMINATED"
            was_first = bool(await some[1].events(execution_id, Resumed))
            assert isinstance(replies[0], Released if was_first else Declined)

    async def test_a_timer_on_three_pumps_fires_once(self, processes: Processes) -> None:
        some = await processes.open(3)
        ids = [await each.trigger(delaying()) for each in some for _ in range(5)]
        await processes.advance(HOUR)
        for execution_id in ids:
            assert await some[0].status(execution_id) == "COMPLETED"
            assert len(await some[0].events(execution_id, TimerFired)) == 1

    async def test_a_timer_that_another_process_stored_fires_within_a_second(self, processes: Processes) -> None:
        some = await processes.open(2)
        running = some[1].call(some[1].pump.run())
        await processes.settle()
        execution_id = await some[0].trigger(delaying("PT3S"))
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

    async def test_a_schedule_does_not_overlap_whichever_process_fires_it(self, processes: Processes) -> None:
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
            replies = await processes.together(*(some[n % 3].start(asking(), {"n": 1}, **name) for n in range(30)))
            assert Counter(each.replayed for each in replies) == {False: 1, True: 29}
            assert len({each.execution_id for each in replies}) == 1
        assert len(await some[0].newest()) == 4

    async def test_a_process_id_with_another_body_is_refused_by_every_process(self, processes: Processes) -> None:
        some = await processes.open(3)
        await some[0].start(asking(), {"n": 1}, process_id="PO-1")
        replies = await processes.together(*(each.start(asking(), {"n": 2}, process_id="PO-1") for each in some))
        assert [type(each) for each in replies] == [Conflict] * 3


class TestReads:
    """What one process has answered, all show."""

    async def test_a_read_shows_what_another_process_has_answered(self, processes: Processes) -> None:
        a, b, c = await processes.open(3)
        execution_id = await a.trigger(chain(wait("wait_1"), wait("wait_2")))
        await remember(execution_id, a, b)
        assert await a.resume(execution_id, {"n": 1}) == Released()
        for each in (a, b, c):
            assert [opened.step for opened in (await each.state(execution_id)).waits.values()] == ["wait_2"]
        assert await b.resume(execution_id, {"n": 2}) == Released()
        assert [await each.status(execution_id) for each in (a, b, c)] == ["COMPLETED"] * 3

    async def test_a_reply_that_moves_nothing_is_about_what_is_stored(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        processes.world.script("call_1", HANG)
        execution_id = await a.trigger(calling_then_asking())
        await processes.settle()
        await remember(execution_id, a, b)
        processes.world.open_calls()[0].release()
        await processes.settle()
        # In the memory of b the call still runs, and a resume would be kept for later.
        assert await b.resume(execution_id, {"n": 1}) == Released(buffered=False)
        assert isinstance(await a.resume(execution_id, {"n": 2}), AlreadyReleased)
        await a.terminate(execution_id)
        assert type(await b.terminate(execution_id)) is type(await a.terminate(execution_id))

    async def test_a_call_is_judged_by_what_another_process_has_stored(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        execution_id = await a.trigger(chain(wait("wait_1", sources=["SAP"]), wait("wait_2", sources=["TEAMS"])))
        await remember(execution_id, a, b)
        assert await a.resume(execution_id, {"n": 1}, source="SAP") == Released()
        # In the memory of b the execution waits for SAP, which would refuse the call without storing anything.
        assert await b.resume(execution_id, {"n": 2}, source="TEAMS") == Released()

    async def test_who_waits_for_the_end_sees_it_from_another_process(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        processes.world.script("call_1", HANG)
        execution_id = await a.trigger(calling())
        await processes.settle()
        waiting = b.call(b.shell.executions.wait_until_settled(execution_id, b.clock.now() + timedelta(seconds=30)))
        await processes.settle()
        processes.world.open_calls()[0].release()
        await processes.settle()
        assert not waiting.done()
        processes.true.advance(timedelta(seconds=1))
        assert (await waiting).head.status == "COMPLETED"

    async def test_who_waits_too_long_sees_what_there_is(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        processes.world.script("call_1", HANG)
        execution_id = await a.trigger(calling())
        await processes.settle()
        waiting = b.call(b.shell.executions.wait_until_settled(execution_id, b.clock.now() + timedelta(seconds=3)))
        for _ in range(8):
            await processes.settle()
            processes.true.advance(timedelta(seconds=0.5))
        assert (await waiting).head.status == "RUNNING"
        processes.world.open_calls()[0].release()

    async def test_a_list_that_is_paged_over_processes_shows_what_was_there_once(self, processes: Processes) -> None:
        some = await processes.open(3)
        there = [await some[n % 3].trigger(asking(), {"n": n}) for n in range(30)]
        seen: list[str] = []
        after, number = "", 0
        while True:
            page = await some[number % 3].shell.executions.list(ORGANIZATION, Filter(), after, 7)
            seen.extend(item.head.execution_id for item in page.items)
            after, number = page.after, number + 1
            await some[(number + 1) % 3].trigger(asking(), {"late": number})
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
            execution_id = await some[n % 3].trigger(asking())
            assert id_time(execution_id) == processes.true.now()
            assert (await some[0].state(execution_id)).now == processes.true.now()
            ids.append(execution_id)
        assert [item.head.execution_id for item in await some[1].newest()] == ids[::-1]
        # After a day in which the processes were renewed, they still agree.
        await processes.advance(timedelta(days=1))
        assert {each.clock.now() for each in some} == {processes.true.now()}
        assert len(set(SKEWS[:3])) == 3


async def stored_in(process: Driver, name: str = "prices") -> tuple[Any, int]:
    """Returns value and revision of a datastore, as one process sees it."""
    known = (await process.shell.datastores.find(ORGANIZATION, name)).known
    return known.value, known.revision


class TestDatastores:
    """Executions of several processes change one datastore."""

    async def test_changes_by_three_processes_at_once_all_count(self, processes: Processes) -> None:
        some = await processes.open(3)
        merging = chain(datastore("set", path="/${payload.output.key}", value=1))
        calls = [some[n % 3].trigger(merging, {"key": f"k{n}"}) for n in range(60)]
        ids = await processes.together(*calls)
        await processes.settle()
        assert {await some[0].status(execution_id) for execution_id in ids} == {"COMPLETED"}
        assert await stored_in(some[2]) == ({f"k{n}": 1 for n in range(60)}, 60)

    async def test_counters_of_three_processes_count_to_their_number(self, processes: Processes) -> None:
        some = await processes.open(3)
        ids = await processes.together(*(some[n % 3].trigger(adding()) for n in range(24)))
        await processes.settle()
        assert {await some[0].status(execution_id) for execution_id in ids} == {"COMPLETED"}
        assert await stored_in(some[1]) == ({"count": 24}, 24)

    async def test_of_three_processes_that_expect_one_revision_one_wins(self, processes: Processes) -> None:
        some = await processes.open(3)
        for round_ in range(4):
            expecting = chain(datastore("set", value="${payload.output.n}", if_revision=round_))
            ids = await processes.together(*(each.trigger(expecting, {"n": n}) for n, each in enumerate(some)))
            await processes.settle()
            ends = [await some[0].status(execution_id) for execution_id in ids]
            assert sorted(ends) == ["COMPLETED", "FAILED", "FAILED"]
            assert await stored_in(some[0]) == (ends.index("COMPLETED"), round_ + 1)

    @pytest.mark.parametrize("is_stored", [False, True], ids=["before the outcome", "after the outcome"])
    async def test_what_a_process_leaves_is_recovered_by_another_and_done_once(
        self, processes: Processes, is_stored: bool
    ) -> None:
        first, second = await processes.open(2)
        first.faults.hold()
        starting = first.call(first.trigger(chain(datastore("merge", value={"seen": 1}), call())))
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
    """Watchers in one process get what other processes store."""

    async def test_what_other_processes_store_is_streamed_once_and_in_order(self, processes: Processes) -> None:
        some = await processes.open(3)
        ids = await processes.together(*(some[n % 3].trigger(asking(), {"n": n}) for n in range(9)))
        await processes.together(*(some[(n + 1) % 3].resume(str(id_), {"n": n}) for n, id_ in enumerate(ids)))
        for each in some:
            found = await read_feed(each)
            for id_ in ids:
                events = await each.events(str(id_))
                assert numbers(found, str(id_)) == list(range(1, len(events) + 1))
        places = [[committed.position for committed in await read_feed(each)] for each in some]
        assert places[0] == places[1] == places[2]

    async def test_a_position_of_one_process_is_one_of_all(self, processes: Processes) -> None:
        some = await processes.open(2)
        first = await some[0].trigger(asking())
        place = (await read_feed(some[0]))[-1].position
        await some[1].resume(first)
        assert {committed.execution_id for committed in await read_feed(some[0], place)} == {first}
