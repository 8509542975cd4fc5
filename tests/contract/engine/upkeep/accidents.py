"""Accidents of the store: full disks, failed flushes, lost races. No caller gets a false reply, and work continues."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from kit.carriage import RESERVES
from kit.definitions import asking, call, calling, chain, computing, delaying, wait
from kit.driver import Driver
from kit.needs import needs
from looply.engine.ports.store import Unit, WorkChange
from looply.errors import Conflict, Stale, StoreFull, StoreLost
from looply.execution.answering.starting import Started
from looply.execution.facts.commands import AlreadyReleased, Released, Terminated
from looply.execution.facts.events import Discarded, IncidentOpened, Resumed
from looply.testing.world import HANG, Answer

HALF_SECOND = timedelta(milliseconds=500)


async def store_behind(engine: Driver, execution_id: str) -> None:
    """Stores one more event of an execution behind the back of the engine, as another process would."""
    loaded = await engine.store.journal.load(execution_id)
    assert loaded is not None
    head = replace(loaded.head, seq=loaded.head.seq + 1)
    event = Discarded(at=head.modified_on, step="wait_1", reason="from another process")
    chain_before = loaded.batches[-1].chain
    batch, _ = engine.codec.encode([event], head.organization_id, execution_id, head.seq, chain_before)
    unit = Unit(execution_id=execution_id, expected_seq=loaded.head.seq, head=head, batch=batch, work=WorkChange())
    await engine.store.inner.journal.commit(unit)


class FullStories:
    """A disk without space, and its return."""

    async def test_what_finds_no_space_gets_an_error_and_nothing_was_done(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        before = await engine.path(execution_id)
        engine.faults.is_full = True
        for action in (engine.trigger(asking()), engine.resume(execution_id), engine.terminate(execution_id)):
            with pytest.raises(StoreFull):
                await action
        assert await engine.path(execution_id) == before
        assert await engine.status(execution_id) == "WAITING"
        engine.faults.is_full = False
        assert await engine.resume(execution_id) == Released()
        assert len(await engine.newest()) == 1

    async def test_reads_work_while_the_disk_is_full(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        engine.faults.is_full = True
        assert await engine.status(execution_id) == "WAITING"
        assert len(await engine.newest()) == 1
        assert engine.shell.health().is_ready

    async def test_of_a_whole_group_nothing_is_stored(self, engine: Driver) -> None:
        waiting = [await engine.trigger(asking()) for _ in range(8)]
        engine.faults.hold()
        group = [engine.call(engine.trigger(asking(), {"n": n})) for n in range(16)]
        group += [engine.call(engine.resume(execution_id)) for execution_id in waiting]  # type: ignore[arg-type]
        group += [engine.call(engine.terminate(execution_id)) for execution_id in waiting]  # type: ignore[arg-type]
        await engine.settle()
        engine.faults.is_full = True
        engine.faults.let_go()
        answers = [await self._outcome(action) for action in group]
        assert Counter(type(answer) for answer in answers) == {StoreFull: 32}
        engine.faults.is_full = False
        assert {await engine.status(execution_id) for execution_id in waiting} == {"WAITING"}
        assert len(await engine.newest()) == 8
        assert await engine.resume(waiting[0]) == Released()

    async def _outcome(self, action: Any) -> Any:
        try:
            return await action
        except StoreFull as error:
            return error

    async def test_the_result_of_a_call_is_held_until_there_is_space(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(chain(call("call_1"), call("call_2")))
        await engine.settle()
        engine.faults.is_full = True
        engine.world.open_calls()[0].release(Answer(data={"n": 7}))
        await engine.settle()
        await engine.advance(10 * HALF_SECOND)
        assert await engine.status(execution_id) == "RUNNING"
        engine.faults.is_full = False
        await engine.advance(HALF_SECOND)
        state = await engine.state(execution_id)
        assert (state.status, state.outputs["call_1"]["data"]) == ("COMPLETED", {"n": 7})
        assert [seen.step for seen in engine.world.calls] == ["call_1", "call_2"]

    async def test_a_held_result_that_dies_with_the_process_is_unknown(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling("POST"))
        await engine.settle()
        engine.faults.is_full = True
        engine.world.open_calls()[0].release()
        await engine.settle()
        await engine.crash()
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert incident.kind == "UNKNOWN"

    async def test_a_lost_call_that_finds_no_space_at_the_start_is_reported_later(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling("GET"))
        await engine.settle()
        await engine.crash(reopens=False)
        engine.faults.is_full = True
        await engine.open()
        assert await engine.status(execution_id) == "RUNNING"
        engine.faults.is_full = False
        await engine.tick()
        assert await engine.status(execution_id) == "COMPLETED"
        assert [seen.attempt for seen in engine.world.calls] == [1, 2]

    async def test_queued_calls_stay_queued_while_the_disk_is_full(self, engine: Driver) -> None:
        engine.per_queue = 1
        await engine.restart()
        engine.world.script("call_1", HANG)
        ids = [await engine.trigger(calling("POST"), {"n": n}) for n in range(3)]
        await engine.settle()
        engine.faults.is_full = True
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert len(engine.world.calls) == 1
        engine.faults.is_full = False
        for _ in range(4):
            await engine.advance(HALF_SECOND)
        assert {await engine.status(execution_id) for execution_id in ids} == {"COMPLETED"}
        assert len(engine.world.calls) == 3

    async def test_a_timer_that_finds_no_space_fires_later(self, engine: Driver) -> None:
        execution_id = await engine.trigger(delaying("PT1H"))
        engine.faults.is_full = True
        await engine.advance(timedelta(hours=1))
        assert await engine.status(execution_id) == "WAITING"
        engine.faults.is_full = False
        await engine.tick()
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_triggers_are_refused_while_open_executions_can_end(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        engine.faults.is_short_of_space = True
        with pytest.raises(StoreFull):
            await engine.trigger(asking())
        assert await engine.terminate(execution_id) == Terminated()
        engine.faults.is_short_of_space = False
        await engine.trigger(asking())

    async def test_a_trigger_that_is_repeated_is_answered_as_the_first_one_while_the_disk_is_nearly_full(
        self, engine: Driver
    ) -> None:
        first = await engine.start(asking(), {"po": 1}, key="a key")
        second = await engine.start(asking(), {"po": 2}, process_id="PO-2")
        engine.faults.is_short_of_space = True
        repeated = [
            (await engine.start(asking(), {"po": 1}, key="a key"), first),
            (await engine.start(asking(), {"po": 2}, process_id="PO-2"), second),
        ]
        for answered, before in repeated:
            assert answered.replayed
            assert answered.execution_id == before.execution_id
        with pytest.raises(StoreFull):
            await engine.start(asking(), {"po": 3}, key="another key")
        assert len(await engine.newest()) == 2


class FlushStories:
    """A flush that failed: what was in flight may be there after the restart, or not."""

    @pytest.mark.parametrize("is_stored", [True, False])
    async def test_no_caller_gets_a_false_reply_and_a_retry_gives_one_execution(
        self, engine: Driver, is_stored: bool
    ) -> None:
        engine.faults.break_fsync(is_stored=is_stored)
        with pytest.raises(StoreLost):
            await engine.start(asking(), {"n": 1}, process_id="PO-1")
        assert not engine.shell.health().is_ready
        for action in (engine.trigger(asking()), engine.trigger(computing())):
            with pytest.raises(StoreLost):
                await action
        await engine.crash()
        assert engine.shell.health().is_ready
        retried = await engine.start(asking(), {"n": 1}, process_id="PO-1")
        assert retried.replayed == is_stored
        (item,) = await engine.newest()
        assert item.head.execution_id == retried.execution_id

    @pytest.mark.parametrize("is_stored", [True, False])
    async def test_a_resume_is_neither_lost_nor_done_twice(self, engine: Driver, is_stored: bool) -> None:
        execution_id = await engine.trigger(chain(wait(), call()))
        engine.faults.break_fsync(is_stored=is_stored)
        with pytest.raises(StoreLost):
            await engine.resume(execution_id, {"n": 1})
        assert engine.world.calls == []
        await engine.crash()
        assert isinstance(await engine.resume(execution_id, {"n": 1}), AlreadyReleased if is_stored else Released)
        assert len(await engine.events(execution_id, Resumed)) == 1

    async def test_no_call_leaves_after_a_failed_flush(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        await engine.trigger(chain(call("call_1"), call("call_2")))
        await engine.settle()
        engine.faults.break_fsync(is_stored=True)
        engine.world.open_calls()[0].release()
        await engine.settle()
        await engine.advance(timedelta(minutes=1))
        assert engine.world.calls_of("call_2") == []
        # It must not be proved beside a store that says no more.
        await engine.crash()

    async def test_a_call_that_was_to_leave_when_the_flush_failed_is_unknown(self, engine: Driver) -> None:
        needs(engine, RESERVES)
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(chain(call("call_1"), call("call_2")))
        await engine.settle()
        engine.faults.break_fsync(is_stored=True)
        engine.world.open_calls()[0].release()
        await engine.settle()
        await engine.crash()
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert (incident.kind, incident.step) == ("UNKNOWN", "call_2")

    async def test_all_units_of_the_group_get_that_the_outcome_is_unknown(self, engine: Driver) -> None:
        engine.faults.hold()
        group = [engine.call(engine.start(asking(), {"n": n}, process_id=f"PO-{n}")) for n in range(32)]
        await engine.faults.holding(32)
        engine.faults.break_fsync(is_stored=True)
        engine.faults.let_go()
        answers = await engine.together(*(self._reply_of(trigger) for trigger in group))
        assert Counter(type(answer) for answer in answers) == {StoreLost: 32}
        await engine.crash()
        again = await engine.together(*(engine.start(asking(), {"n": n}, process_id=f"PO-{n}") for n in range(32)))
        assert len({answer.execution_id for answer in again}) == 32

    async def _reply_of(self, trigger: Any) -> Started:
        return await trigger  # type: ignore[no-any-return]


class FenceStories:
    """Units that lose a race, alone and among others."""

    async def test_a_command_whose_unit_was_stale_is_answered_from_what_is_stored(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        engine.faults.fails.append(Stale("another process was faster"))
        assert await engine.resume(execution_id, {"n": 1}) == Released()
        assert len(await engine.events(execution_id, Resumed)) == 1

    async def test_a_command_that_is_always_too_late_gets_an_error_and_changes_nothing(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        engine.faults.fails += [Stale("another process was faster")] * 4
        with pytest.raises(Stale):
            await engine.resume(execution_id, {"n": 1})
        assert await engine.status(execution_id) == "WAITING"
        assert await engine.resume(execution_id, {"n": 1}) == Released()

    async def test_what_another_process_stored_is_seen_by_the_next_command(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        await store_behind(engine, execution_id)
        assert await engine.resume(execution_id, {"n": 1}) == Released()
        path = await engine.path(execution_id)
        assert path.index("Discarded wait_1") < path.index("Resumed wait_1")
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_the_result_of_a_call_survives_a_stale_unit(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling("POST"))
        await engine.settle()
        engine.faults.fails.append(Stale("another process was faster"))
        engine.world.open_calls()[0].release()
        await engine.settle()
        await engine.advance(HALF_SECOND)
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_of_a_group_exactly_the_right_units_fail(self, engine: Driver) -> None:
        stale = await engine.trigger(asking())
        waiting = [await engine.trigger(asking()) for _ in range(10)]
        await engine.trigger(asking(), {"n": 0}, process_id="PO-1")
        engine.faults.hold()
        loser = engine.call(engine.resume(stale))
        await engine.faults.holding(1)
        engine.faults.fails.append(StoreFull("no space for this one"))
        taken = engine.call(engine.start(asking(), {"n": 1}, process_id="PO-1"))
        good = [engine.call(engine.resume(execution_id)) for execution_id in waiting]
        starts = [engine.call(engine.trigger(asking(), {"n": n})) for n in range(20)]
        await engine.settle()
        engine.faults.let_go()
        with pytest.raises(StoreFull):
            await loser
        with pytest.raises(Conflict):
            await taken
        assert [await reply for reply in good] == [Released()] * 10
        assert len({await start for start in starts}) == 20
        assert await engine.status(stale) == "WAITING"

    async def test_a_failed_unit_takes_nothing_along_that_came_after_it(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        engine.faults.hold()
        first = engine.call(engine.resume(execution_id, {"n": 1}))
        await engine.faults.holding(1)
        second = engine.call(engine.terminate(execution_id))
        engine.faults.fails.append(StoreFull("no space left"))
        engine.faults.let_go()
        with pytest.raises(StoreFull):
            await first
        assert await second == Terminated()
        assert await engine.events(execution_id, Resumed) == []
