"""One group of 32 units in which something goes wrong: exactly the right ones fail, and memory follows the disk."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from contract.engine.upkeep.accidents import store_behind
from kit.definitions import asking, asking_twice, calling
from kit.driver import Driver
from looply.errors import Conflict, StoreFull, StoreLost
from looply.execution.answering.starting import Started
from looply.execution.facts.commands import AlreadyReleased, Released
from looply.execution.facts.events import IncidentOpened, Resumed
from looply.testing.world import HANG, Answer

RESUMES = 10
STARTS = 19


class Group:
    """Thirty-two units that wait to be stored together.

    Ten resumes, one resume on a state that another process has changed in the meantime, nineteen triggers, one trigger
    whose process id an open execution has, and the result of a call.
    """

    def __init__(self, engine: Driver) -> None:
        self.engine = engine
        self.calls: list[asyncio.Task[Any]] = []

    async def gather(self) -> None:
        """Brings the units to the door of the store, where they are held."""
        engine = self.engine
        engine.world.script("call_1", HANG)
        self.caller = await engine.trigger(calling("POST"))
        self.waiting = [await engine.trigger(asking_twice()) for _ in range(RESUMES)]
        self.stale = await engine.trigger(asking())
        await engine.trigger(asking(), {"n": 0}, process_id="PO-taken")
        await engine.settle()
        engine.faults.hold()
        self.send()
        engine.world.open_calls()[0].release(Answer(data={"n": 7}))
        await engine.faults.holding(32)
        await store_behind(engine, self.stale)

    def send(self) -> None:
        """Makes the calls of the group; a second time they are what callers without an answer repeat."""
        engine = self.engine
        actions = [engine.resume(execution_id, {"n": n}) for n, execution_id in enumerate(self.waiting)]
        actions.append(engine.resume(self.stale, {"n": 99}))
        starts = [engine.start(asking(), {"n": n}, process_id=f"PO-{n}") for n in range(STARTS)]
        starts.append(engine.start(asking(), {"n": 1}, process_id="PO-taken"))
        self.calls = [*map(engine.call, actions), *map(engine.call, starts)]

    async def replies(self) -> list[Any]:
        """Returns the reply or the error of each caller."""
        return await asyncio.gather(*self.calls, return_exceptions=True)

    async def stored(self) -> int:
        """Returns how many executions there are."""
        return (await self.engine.shell.audit()).executions


class GroupStories:
    """A group with a stale unit, a taken process id and the result of a call, on disks of every kind."""

    async def test_on_a_sound_disk_only_the_taken_process_id_is_refused(self, engine: Driver) -> None:
        group = Group(engine)
        await group.gather()
        engine.faults.let_go()
        replies = await group.replies()
        # The result of the call has no caller that waits for it.
        await engine.settle()
        assert replies[:11] == [Released()] * 11
        assert len({answer.execution_id for answer in replies[11:-1]}) == STARTS
        assert isinstance(replies[-1], Conflict)
        path = await engine.path(group.stale)
        assert path.index("Discarded wait_1") < path.index("Resumed wait_1")
        assert await engine.status(group.caller) == "COMPLETED"

    async def test_a_disk_that_fills_fails_all_of_them_and_none_when_there_is_space_again(self, engine: Driver) -> None:
        group = Group(engine)
        await group.gather()
        before = await group.stored()
        engine.faults.is_full = True
        engine.faults.let_go()
        assert Counter(map(type, await group.replies())) == {StoreFull: 31}
        for execution_id in (*group.waiting, group.stale):
            assert list((await engine.state(execution_id)).waits) == ["wait_1:1"]
        assert await engine.status(group.caller) == "RUNNING"
        assert await group.stored() == before
        engine.faults.is_full = False
        await engine.advance(timedelta(milliseconds=500))
        assert (await engine.state(group.caller)).outputs["call_1"]["data"] == {"n": 7}
        group.send()
        assert Counter(map(type, await group.replies())) == {Released: 11, Started: STARTS, Conflict: 1}
        assert await group.stored() == before + STARTS
        assert len(engine.world.calls) == 1

    @pytest.mark.parametrize("is_stored", [True, False], ids=["stored", "not-stored"])
    async def test_after_a_failed_flush_no_caller_got_a_false_reply_and_repeats_change_nothing_twice(
        self, engine: Driver, is_stored: bool
    ) -> None:
        group = Group(engine)
        await group.gather()
        before = await group.stored()
        engine.faults.break_fsync(is_stored=is_stored, units=32)
        engine.faults.let_go()
        assert Counter(map(type, await group.replies())) == {StoreLost: 31}
        assert not engine.shell.health().is_ready
        await engine.crash()
        group.send()
        again = await group.replies()
        first = AlreadyReleased if is_stored else Released
        assert Counter(map(type, again)) == {first: 10, Released: 1, Started: STARTS, Conflict: 1} | (
            {} if is_stored else {Released: 11}
        )
        assert {answer.replayed for answer in again[11:-1]} == {is_stored}
        assert await group.stored() == before + STARTS
        for execution_id in (*group.waiting, group.stale):
            assert len(await engine.events(execution_id, Resumed)) == 1
        incidents = [event.kind for event in await engine.events(group.caller, IncidentOpened)]
        assert incidents == ([] if is_stored else ["UNKNOWN"])
        assert len(engine.world.calls) == 1

    @pytest.mark.parametrize("is_stored", [True, False], ids=["stored", "not-stored"])
    async def test_a_repeated_trigger_has_the_id_that_the_lost_group_gave_it(
        self, engine: Driver, is_stored: bool
    ) -> None:
        group = Group(engine)
        await group.gather()
        given = {unit.execution_id for unit in engine.faults.held if unit.expected_seq == 0}
        engine.faults.break_fsync(is_stored=is_stored, units=32)
        engine.faults.let_go()
        await group.replies()
        await engine.crash()
        group.send()
        ids = {answer.execution_id for answer in (await group.replies())[11:-1]}
        assert len(ids) == STARTS
        assert ids <= given if is_stored else not ids & given
