"""Executions that start others, and lines of executions, in several processes on one database."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from contract.engine.steps.children import CALLEE, OTHER, calling_child, child_of, statuses
from contract.harness.shared_processes import Processes
from kit.definitions import asking, chain, note, wait
from kit.driver import Driver
from looply.definition import Workflow
from looply.errors import QuotaExhausted
from looply.execution.facts.commands import Released
from looply.execution.facts.events import Admitted, ChildClosed, ChildStarted
from looply.limits import Limits

LIMITED = "01900000-0000-7000-8000-0000000000d1"
ROUNDS = 12
"""So often every process looks for something to do: more than any story here has units in a row."""


async def opened(processes: Processes, count: int, **callees: Workflow) -> list[Driver]:
    some = await processes.open(count)
    for each in some:
        put(each, **callees)
    return some


def put(process: Driver, **callees: Workflow) -> None:
    for name, workflow in callees.items():
        process.callees.put({"callee": CALLEE, "other": OTHER}[name], workflow)


async def deliver(processes: Processes) -> None:
    for _ in range(ROUNDS):
        await processes.tick()


async def begun(process: Driver, ids: Sequence[str]) -> list[bool]:
    return [bool(await process.events(each, Admitted)) for each in ids]


class TestChildren:
    """Any live process starts the child and notifies the parent."""

    async def test_children_of_three_processes_start_once_each(self, processes: Processes) -> None:
        some = await opened(processes, 3, callee=chain(note()))
        parents = [await some[n % 3].trigger(calling_child(), {"po": n}) for n in range(9)]
        await deliver(processes)
        for parent in parents:
            assert await statuses(some[0], parent, await child_of(some[1], parent)) == ["COMPLETED", "COMPLETED"]
            assert len(await some[2].events(parent, ChildClosed)) == 1
        assert len(await some[0].newest(workflow_ids=(CALLEE,))) == 9

    async def test_delayed_starts_come_once_each_whichever_process_finds_them(self, processes: Processes) -> None:
        some = await processes.open(2, limits=Limits(child_starts_per_minute=2), callees={CALLEE: chain(note())})
        parents = [await some[0].trigger(calling_child(), {"po": n}) for n in range(4)]
        await deliver(processes)
        assert len(await some[0].newest(workflow_ids=(CALLEE,))) < 4
        for _ in range(3):
            # What a process has taken is given again when it has not been applied for so long.
            processes.sql("UPDATE delivery SET taken = taken - interval '11 s'")
            await processes.advance(timedelta(seconds=30))
            await deliver(processes)
        for parent in parents:
            assert await statuses(some[0], parent, await child_of(some[1], parent)) == ["COMPLETED", "COMPLETED"]
        assert len(await some[0].newest(workflow_ids=(CALLEE,))) == 4

    async def test_a_process_recovers_what_another_one_left(self, processes: Processes) -> None:
        a, b = await opened(processes, 2, callee=calling_child(workflow_id=OTHER), other=asking())
        top = await a.trigger(calling_child())
        await processes.crash(a)
        await deliver(processes)
        middle = await child_of(b, top)
        bottom = await child_of(b, middle)
        assert await b.resume(bottom) == Released()
        await deliver(processes)
        assert await statuses(b, top, middle, bottom) == ["COMPLETED"] * 3

    async def test_what_a_process_took_and_did_not_do_is_done_by_another(self, processes: Processes) -> None:
        a, b = await opened(processes, 2, callee=asking())
        parent = await a.trigger(calling_child())
        a.faults.hold()
        taking = a.call(a.pump.tick())
        await processes.settle()
        await processes.crash(a)
        await processes.together(taking)
        await deliver(processes)
        processes.sql("UPDATE delivery SET taken = 'epoch' WHERE taken > '-infinity'")
        await deliver(processes)
        child = await child_of(b, parent)
        assert await statuses(b, parent, child) == ["WAITING", "WAITING"]
        assert len(await b.newest(workflow_ids=(CALLEE,))) == 1

    async def test_a_paused_process_that_comes_back_starts_no_second_child(self, processes: Processes) -> None:
        a, b = await opened(processes, 2, callee=asking())
        parent = await a.trigger(calling_child())
        a.faults.hold()
        taking = a.call(a.pump.tick())
        await processes.settle()
        processes.sql("UPDATE delivery SET taken = 'epoch'")
        await processes.tick(b)
        a.faults.let_go()
        await processes.together(taking)
        await deliver(processes)
        assert await statuses(b, parent, await child_of(b, parent)) == ["WAITING", "WAITING"]
        assert len(await b.newest(workflow_ids=(CALLEE,))) == 1
        assert processes.sql("SELECT count(*) FROM delivery") == [(0,)]

    async def test_the_end_of_a_child_and_of_its_parent_in_two_processes_agree(self, processes: Processes) -> None:
        a, b = await opened(processes, 2, callee=asking())
        for _ in range(6):
            parent = await a.trigger(calling_child())
            await deliver(processes)
            child = await child_of(a, parent)
            await processes.together(a.resume(child), b.terminate(parent))
            await deliver(processes)
            assert await statuses(a, parent, child) == ["TERMINATED", "COMPLETED"]
            assert len(await b.events(parent, ChildStarted)) == len(await b.events(parent, ChildClosed)) == 1


class TestLines:
    """The slots of a workflow are counted by the database."""

    async def test_no_process_gives_a_slot_that_another_one_has_given(self, processes: Processes) -> None:
        some = await processes.open(3)
        workflow = chain(wait(), max_concurrency=2)
        ids = [await some[n % 3].trigger(workflow, {"n": n}, workflow_id=LIMITED) for n in range(9)]
        await deliver(processes)
        while ids:
            held = [each for each in ids if not (await some[0].state(each)).is_queued]
            assert len(held) == min(2, len(ids))
            assert processes.sql("SELECT count(*) FROM concurrency_slot WHERE is_held = 1") == [(len(held),)]
            await some[len(ids) % 3].resume(held[0])
            ids.remove(held[0])
            await deliver(processes)

    async def test_a_slot_of_a_process_that_ended_stays_with_its_execution(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        workflow = chain(wait(), max_concurrency=1)
        ids = [await a.trigger(workflow, {"n": n}, workflow_id=LIMITED) for n in range(2)]
        await deliver(processes)
        await processes.crash(a)
        await deliver(processes)
        assert await begun(b, ids) == [True, False]
        await b.resume(ids[0])
        await deliver(processes)
        assert await begun(b, ids) == [True, True]

    async def test_a_queue_moves_within_a_second_of_another_process(self, processes: Processes) -> None:
        a, b = await processes.open(2)
        running = b.call(b.pump.run())
        await processes.settle()
        ids = [await a.trigger(chain(wait(), max_concurrency=1), {"n": n}, workflow_id=LIMITED) for n in range(2)]
        for execution_id in ids:
            for _ in range(3):
                processes.true.advance(timedelta(seconds=1))
                await processes.settle()
            assert (await begun(a, ids))[ids.index(execution_id)]
            await a.resume(execution_id)
        b.pump.stop()
        await running


class TestQuotas:
    """Each process counts what the others have started."""

    async def test_an_organization_is_refused_by_each_process_that_has_counted(self, processes: Processes) -> None:
        some = await opened(processes, 2)
        for each in some:
            each.limits = Limits(open_executions=3)
            await each.restart()
        a, b = some
        first = await a.trigger(asking(), {"n": 1})
        await b.trigger(asking(), {"n": 2})
        await a.trigger(asking(), {"n": 3})
        await b.shell.quotas.count()
        for each in some:
            await each.shell.quotas.count()
            with pytest.raises(QuotaExhausted):
                await each.trigger(asking(), {"n": 4})
        assert await b.resume(first) == Released()
        await b.trigger(asking(), {"n": 5})
