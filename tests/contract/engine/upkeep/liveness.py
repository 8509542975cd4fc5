"""What moves an execution is removed behind the engine's back: that is found, reported or repaired, and it continues.

One story for each kind of row that an open execution may own: a step to run or in flight, a cut stretch, a timer, a
wait, a queue position, an execution that it has started, what is on its way to it, its incident, and the copies of its
cards; and for the row that ends one which no parent waits for any more. Each time `looply doctor` sees it; the auditor
repairs it at its next count, where nothing else would move the execution, and in its round else; and what it found is
what the metrics show.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

import pytest

from contract.engine.people.approvals import asked
from contract.engine.people.repairs import decide
from contract.engine.steps.children import CALLEE, calling_child, caught, child_of, sub
from contract.engine.steps.concurrency import limited, started
from contract.engine.upkeep.auditing import audited, auditor_of, without
from contract.engine.upkeep.proofs import plant, problems
from kit.channel import FakeChannel
from kit.definitions import (
    asking,
    call,
    calling,
    chain,
    counting,
    delaying,
    note,
    side_by_side,
    stop,
    wait,
)
from kit.driver import Driver
from looply.engine.ports.store import Work, WorkChange
from looply.engine.upkeep.auditor import COUNT_SECONDS, Auditor, Findings
from looply.execution.facts.commands import Released, Retry, Terminated
from looply.execution.facts.deliveries import Delivery
from looply.execution.facts.events import ChildClosed, StepUnknown
from looply.execution.facts.state import Status
from looply.limits import Limits
from looply.testing.world import HANG, Answer

HOUR: Final = timedelta(hours=1)


async def on_duty(engine: Driver) -> Auditor:
    """Returns the auditor of a process after its first step, which counts what is open."""
    auditor = auditor_of(engine)
    await auditor.round()
    await engine.settle()
    return auditor


def known(auditor: Auditor) -> Findings:
    """Returns what the auditor knows."""
    findings = auditor.findings
    assert findings is not None
    return findings


async def strip(engine: Driver, execution_id: str, kind: str) -> None:
    """Takes away all rows of one kind."""
    work = await engine.store.reads.work_of(execution_id)
    assert getattr(work, kind)
    await plant(engine, execution_id, work=without(work, kind))


class Loss(NamedTuple):
    """A way to lose what moves an execution: how it comes to wait there, what is lost, and how it ends after all.

    One that is not `seen_at_once` has something beside it that could move the execution, and is found by the round.
    `last` is the status in which it ends.
    """

    begin: Callable[[Driver], Awaitable[str]]
    lose: Callable[[Driver, str], Awaitable[None]]
    end: Callable[[Driver, str], Awaitable[None]]
    kind: str = "WORK"
    seen_at_once: bool = True
    last: Status = "COMPLETED"


async def _hanging(engine: Driver) -> str:
    engine.world.script("call_1", HANG, Answer())
    return await engine.trigger(calling("GET"))


async def _in_doubt(engine: Driver, execution_id: str) -> None:
    """A call that was lost in flight is reported as unknown, and repeated."""
    assert len(await engine.events(execution_id, StepUnknown)) == 1
    for held in engine.world.open_calls():
        held.release()
    await engine.settle()


async def _retrying(engine: Driver) -> str:
    engine.world.script("call_1", Answer(status=503), Answer())
    retry = {"max_attempts": 2, "interval": "PT1M"}
    return await engine.trigger(chain(call(retry=retry)))


async def _delaying(engine: Driver) -> str:
    return await engine.trigger(delaying("PT1H"))


async def _hours_later(engine: Driver, _execution_id: str) -> None:
    await engine.advance(2 * HOUR)


async def _asking(engine: Driver) -> str:
    return await engine.trigger(asking(timeout="P1D"))


async def _resumed(engine: Driver, execution_id: str) -> None:
    assert await engine.resume(execution_id) == Released()


async def _cut(engine: Driver) -> str:
    """Returns an execution whose process has ended after the first of its stretches."""
    engine.limits = Limits(stretch_steps=5)
    await engine.restart()
    engine.faults.lost_answers = 1
    engine.call(engine.trigger(counting(20)))
    await engine.settle()
    (item,) = await engine.newest()
    return item.head.execution_id


async def _uncut(engine: Driver, execution_id: str) -> None:
    await plant(engine, execution_id, work=WorkChange(drop_continues=True))
    await engine.crash()


async def _resumes(engine: Driver, _execution_id: str) -> None:
    await engine.restart()
    await engine.settle()


async def _queued(engine: Driver) -> str:
    _, second = await started(engine, limited(1), 2)
    return second


async def _out_of_the_queue(engine: Driver, execution_id: str) -> None:
    await plant(engine, execution_id, work=WorkChange(drop_slot=True))
    (first,) = [item.head.execution_id for item in await engine.newest() if item.head.execution_id != execution_id]
    assert await engine.resume(first) == Released()
    await engine.deliver()


async def _has_its_turn(engine: Driver, execution_id: str) -> None:
    await engine.deliver()
    assert await engine.resume(execution_id) == Released()


async def _wanting(engine: Driver) -> str:
    engine.callees.put(CALLEE, chain(note("done")))
    return await engine.trigger(calling_child(), {"po": "1"})


async def _lost_on_its_way(engine: Driver, execution_id: str) -> None:
    """Takes away what the execution has sent, or what is on its way to it."""
    child = await child_of(engine, execution_id)
    rows = [*await engine.store.reads.deliveries_of(child), *await engine.store.reads.deliveries_of(execution_id)]
    await _drop(engine, rows)


async def _drop(engine: Driver, rows: Sequence[Delivery]) -> None:
    """Takes away the one row that is on its way."""
    engine.is_planted = True
    assert len(rows) == 1
    await engine.store.work.drop_deliveries([rows[0].row])


async def _delivered(engine: Driver, _execution_id: str) -> None:
    await engine.deliver()


def _child_that(*, ends: bool, is_awaited: bool = True) -> Callable[[Driver], Awaitable[str]]:
    """Returns the story of an execution to which a delivery of its child is pending."""

    async def begin(engine: Driver) -> str:
        engine.callees.put(CALLEE, chain(note("done")) if ends else asking())
        parent = await engine.trigger(calling_child(wait=is_awaited), {"po": "1"})
        (row,) = [each for each in await engine.store.work.deliveries(10) if each.row.sender == parent]
        await engine.pump.deliverer.deliver(row)
        return parent

    return begin


async def _with_a_child_that_failed(engine: Driver) -> str:
    """Returns an execution whose child has failed for good, with the notification still pending."""
    engine.callees.put(CALLEE, chain(stop(status="FAILED")))
    parent = await engine.trigger(caught(), {"po": "1"})
    (row,) = [each for each in await engine.store.work.deliveries(10) if each.row.sender == parent]
    await engine.pump.deliverer.deliver(row)
    await engine.settle()
    assert await engine.status(await child_of(engine, parent)) == "FAILED"
    return parent


async def _of_a_parent_that_ended(engine: Driver) -> str:
    """Returns an execution with a pending termination, because the one which waits for it was terminated."""
    engine.callees.put(CALLEE, asking())
    parent = await engine.trigger(calling_child(), {"po": "1"})
    await engine.deliver()
    assert await engine.terminate(parent) == Terminated()
    return await child_of(engine, parent)


async def _of_a_parent_that_continued(engine: Driver) -> str:
    """Returns an execution with an incident and a pending termination, as its branch in the parent was cancelled."""
    engine.world.script("called", Answer(status=500))
    engine.callees.put(CALLEE, chain(call("called", fail_on=["5xx"])))
    workflow = side_by_side(wait("asked"), sub(), count="any", last=wait("after"))
    parent = await engine.trigger(workflow, {"po": "1"})
    await engine.deliver()
    assert await engine.resume(parent) == Released()
    child = await child_of(engine, parent)
    assert [await engine.status(each) for each in (parent, child)] == ["WAITING", "FAILED"]
    return child


async def _not_notified(engine: Driver, execution_id: str) -> None:
    """Removes the pending termination of the execution."""
    await _drop(engine, await engine.store.reads.deliveries_of(execution_id))


LOSSES: Final = {
    "a call in flight": Loss(_hanging, lambda engine, key: strip(engine, key, "effects"), _in_doubt),
    "the timer of a retry": Loss(_retrying, lambda engine, key: strip(engine, key, "timers"), _hours_later),
    "the timer of a delay": Loss(_delaying, lambda engine, key: strip(engine, key, "timers"), _hours_later),
    "a wait": Loss(_asking, lambda engine, key: strip(engine, key, "waits"), _resumed),
    "a cut stretch": Loss(_cut, _uncut, _resumes),
    "a position in the queue": Loss(_queued, _out_of_the_queue, _has_its_turn),
    "the start of a child": Loss(_wanting, _lost_on_its_way, _delivered, "CHILD"),
    "the end of a child": Loss(_child_that(ends=True), _lost_on_its_way, _delivered, "CHILD"),
    "the end of a child that failed for good": Loss(_with_a_child_that_failed, _lost_on_its_way, _delivered, "CHILD"),
    "the end of a parent": Loss(
        _of_a_parent_that_ended, _not_notified, _delivered, "PARENT", seen_at_once=False, last="TERMINATED"
    ),
    "the going on of a parent": Loss(
        _of_a_parent_that_continued, _not_notified, _delivered, "PARENT", seen_at_once=False, last="TERMINATED"
    ),
    "word of a child that is not awaited": Loss(
        _child_that(ends=False, is_awaited=False), _lost_on_its_way, _delivered, "CHILD", seen_at_once=False
    ),
}


class LivenessStories:
    """Every open execution owns something that moves it, also after that was lost."""

    @pytest.mark.parametrize("lost", LOSSES)
    async def test_an_execution_that_nothing_moves_is_found_and_repaired_and_continues(
        self, engine: Driver, lost: str
    ) -> None:
        loss = LOSSES[lost]
        execution_id = await loss.begin(engine)
        await engine.settle()
        assert known(await on_duty(engine)).repaired == 0
        await loss.lose(engine, execution_id)
        assert loss.kind in await problems(engine, execution_id)
        # Missing rows are no orphan to `doctor`: the history says how to continue.
        assert (await engine.shell.audit()).orphans == (loss.kind == "CHILD")
        assert list(await engine.store.survey.find_orphans(10)) == ([execution_id] if loss.seen_at_once else [])
        auditor = await on_duty(engine)
        if not loss.seen_at_once:
            assert known(auditor).repaired == 0
            while not await auditor.tick():
                pass
            await engine.settle()
        findings = known(auditor)
        assert (findings.repaired, findings.orphans, findings.damaged) == (1, 0, 0)
        await engine.prove()
        assert list(await engine.store.survey.find_orphans(10)) == []
        await loss.end(engine, execution_id)
        assert await engine.status(execution_id) == loss.last
        await engine.prove()

    async def test_an_incident_that_went_missing_is_put_back_by_the_round(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=500), Answer())
        execution_id = await engine.trigger(chain(call(fail_on=["5xx"])))
        await engine.settle()
        auditor = await on_duty(engine)
        assert known(auditor).census is not None
        await strip(engine, execution_id, "incidents")
        assert "WORK" in await problems(engine, execution_id)
        while not await auditor.tick():
            pass
        assert (known(auditor).repaired, known(auditor).damaged) == (1, 0)
        await engine.prove()
        await decide(engine, execution_id, Retry)
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_the_copy_of_a_card_that_went_missing_is_updated_again_and_shown(self, engine: Driver) -> None:
        execution_id = await asked(engine)
        # A channel that is added after a restart simulates rows that are missing: the store has none of them.
        engine.is_planted = True
        channel = FakeChannel()
        engine.channels = {"inbox": channel}
        await engine.restart()
        assert await problems(engine, execution_id) == {"CARD"}
        auditor = await audited(engine)
        assert auditor.damaged == {}
        copies = await engine.store.copies.of_execution(execution_id)
        assert copies
        assert all(copy.shown < copy.wanted for copy in copies)
        auditor = await on_duty(engine)
        census = known(auditor).census
        assert census is not None
        assert census.stale_copies == len(copies)
        await engine.reconciler.tick()
        await engine.settle()
        engine.clock.advance(timedelta(seconds=COUNT_SECONDS))
        await auditor.round()
        census = known(auditor).census
        assert census is not None
        assert census.stale_copies == 0
        assert len(channel.seen) == len(copies)
        await engine.prove()

    async def test_a_history_after_which_nothing_happens_is_an_orphan_until_an_operator_ends_it(
        self, engine: Driver
    ) -> None:
        """The step waits for an execution of which the history says that it is over: no row can help."""
        parent = await _wanting(engine)
        child_id = await child_of(engine, parent)
        await _lost_on_its_way(engine, parent)
        event = ChildClosed(at=engine.clock.now(), step="subworkflow_1", child_id=child_id, outcome="COMPLETED")
        await plant(engine, parent, event=event, head={"status": "RUNNING"})
        await engine.restart()
        audit = await engine.shell.audit()
        assert (audit.orphans, [problem["kind"] for problem in audit.problems]) == (1, ["ORPHAN"])
        auditor = await on_duty(engine)
        assert (known(auditor).orphans, known(auditor).damaged, known(auditor).repaired) == (1, 1, 0)
        assert await engine.terminate(parent) == Terminated()
        engine.clock.advance(timedelta(seconds=COUNT_SECONDS))
        await auditor.round()
        assert (known(auditor).orphans, known(auditor).damaged) == (0, 0)
        await engine.prove()

    async def test_an_end_that_only_the_head_denies_is_reported_and_left(self, engine: Driver) -> None:
        execution_id = await engine.trigger(chain(stop(status="COMPLETED")))
        await plant(engine, execution_id, head={"status": "RUNNING"})
        auditor = await on_duty(engine)
        assert (known(auditor).repaired, known(auditor).damaged) == (0, 1)
        assert [problem["kind"] for problem in auditor.damaged[execution_id]] == ["HEAD"]
        await plant(engine, execution_id, head={"status": "COMPLETED"})
        while not await auditor.tick():
            pass
        assert known(auditor).damaged == 0

    async def test_a_history_that_cannot_be_read_is_reported_at_the_next_count(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        work = without(await engine.store.reads.work_of(execution_id), "waits")
        await plant(engine, execution_id, work=work, data=b"garbage")
        auditor = await on_duty(engine)
        assert {problem["kind"] for problem in auditor.damaged[execution_id]} == {"UNREADABLE"}
        assert known(auditor).damaged == 1

    async def test_a_sound_store_has_no_suspects_whatever_is_open(self, engine: Driver) -> None:
        for lost, loss in LOSSES.items():
            if lost != "a cut stretch":  # its process would end under the others
                await loss.begin(engine)
        await engine.settle()
        assert list(await engine.store.survey.find_orphans(10)) == []
        auditor = await on_duty(engine)
        assert (known(auditor).repaired, known(auditor).damaged) == (0, 0)
        for held in engine.world.open_calls():
            held.release()
        await engine.settle()


class AuditorLifeStories:
    """When the auditor counts, when it goes round, and how it ends."""

    async def test_it_counts_at_once_and_goes_round_later(self, engine: Driver) -> None:
        await engine.trigger(asking())
        auditor = auditor_of(engine)
        assert auditor.findings is None
        pause = await auditor.round()
        assert pause == COUNT_SECONDS
        findings = known(auditor)
        assert findings.census is not None
        assert (findings.census.executions, findings.counted_on) == ({"WAITING": 1}, engine.clock.now())
        assert findings.audited_on is None
        engine.clock.advance(timedelta(seconds=60))
        await auditor.round()
        assert known(auditor).audited_on == engine.clock.now()

    async def test_between_two_counts_it_knows_what_it_counted(self, engine: Driver) -> None:
        auditor = await on_duty(engine)
        counted_on = known(auditor).counted_on
        await engine.trigger(asking())
        engine.clock.advance(timedelta(seconds=COUNT_SECONDS / 2))
        await auditor.round()
        assert known(auditor).counted_on == counted_on
        engine.clock.advance(timedelta(seconds=COUNT_SECONDS / 2))
        await auditor.round()
        census = known(auditor).census
        assert census is not None
        assert census.executions == {"WAITING": 1}

    async def test_it_runs_until_it_is_stopped(self, engine: Driver) -> None:
        auditor = auditor_of(engine)
        running = engine.call(auditor.run())
        await engine.settle()
        assert known(auditor).census is not None
        for _ in range(5):
            engine.clock.advance(timedelta(seconds=COUNT_SECONDS))
            await engine.settle()
        assert known(auditor).counted_on == engine.clock.now()
        assert known(auditor).audited_on is not None
        auditor.stop()
        await engine.settle()
        assert running.done()
        auditor.stop()

    async def test_a_store_that_cannot_be_read_now_is_counted_later(self, engine: Driver) -> None:
        auditor = auditor_of(engine)
        running = engine.call(auditor.run())
        await engine.settle()
        first = known(auditor).counted_on
        engine.faults.is_dead = True
        engine.clock.advance(timedelta(seconds=COUNT_SECONDS))
        await engine.settle()
        assert known(auditor).counted_on == first
        engine.faults.is_dead = False
        engine.clock.advance(timedelta(seconds=COUNT_SECONDS))
        await engine.settle()
        assert known(auditor).counted_on == engine.clock.now()
        auditor.stop()
        await engine.settle()
        assert running.done()

    async def test_whose_duty_it_is_not_does_nothing(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        await strip(engine, execution_id, "waits")
        auditor = auditor_of(engine, _Idle())  # type: ignore[arg-type]
        assert await auditor.round() == COUNT_SECONDS
        assert auditor.findings is None
        assert (await engine.store.reads.work_of(execution_id)).waits == Work().waits


class _Idle:
    """The store of a process that is not the auditor."""

    @property
    def survey(self) -> "_Idle":
        return self

    async def acquire_auditor_role(self) -> bool:
        return False
