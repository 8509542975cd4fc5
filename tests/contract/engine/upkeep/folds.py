"""Histories are complete: what is computed again is the same, and a stored state is only a short cut."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from kit.definitions import asking, call, card, chain, counting, delay, note, repeating, wait
from kit.driver import Driver
from looply.definition import Workflow
from looply.engine.coding.codec import FOLD_VERSION
from looply.engine.ports.store import Snapshot, Unit, WorkChange
from looply.errors import Unavailable
from looply.execution import fold
from looply.execution.facts.commands import Released
from looply.execution.facts.events import Computed, Discarded, ExecutionStarted
from looply.testing.world import HANG, Answer

CHANCE = "${foreach(createArray(1, 2, 3), item, concat(utcNow(), newGuid(), string(rand(1, 1000000))))}"


def chancy() -> Workflow:
    """Returns a workflow whose payload takes instants and chance, in the unit of the resume."""
    return chain(wait(), note("first", CHANCE), note("second", CHANCE))


class RepeatStories:
    """Instants and chance: new for each position, and the same each time that a position is computed again."""

    async def test_each_item_of_a_foreach_draws_its_own_and_all_of_a_stretch_see_one_instant(
        self, engine: Driver
    ) -> None:
        execution_id = await engine.trigger(chancy())
        await engine.resume(execution_id)
        payload = (await engine.state(execution_id)).payload
        drawn = [*payload["first"], *payload["second"]]
        assert len(set(drawn)) == 6
        assert len({text[:20] for text in drawn}) == 1

    async def test_two_executions_draw_differently(self, engine: Driver) -> None:
        payloads = []
        for _ in range(2):
            execution_id = await engine.trigger(chancy())
            await engine.resume(execution_id)
            payloads.append((await engine.state(execution_id)).payload)
        assert not set(payloads[0]["first"]) & set(payloads[1]["first"])

    @pytest.mark.parametrize("crashes", [True, False], ids=["after-a-crash", "after-a-full-disk"])
    async def test_a_stretch_that_was_not_stored_comes_out_the_same_again(self, engine: Driver, crashes: bool) -> None:
        execution_id = await engine.trigger(chancy())
        engine.faults.hold()
        lost = engine.call(engine.resume(execution_id, {"n": 1}))
        await engine.faults.holding(1)
        (unit,) = engine.faults.held
        events = engine.codec.decode(unit.batch, {}, unit.head.organization_id, execution_id)
        if crashes:
            await engine.crash()
        else:
            engine.faults.is_full = True
            engine.faults.let_go()
            await engine.together(_waited(lost))
            engine.faults.is_full = False
        assert await engine.resume(execution_id, {"n": 1}) == Released()
        assert (await engine.events(execution_id))[-len(events) :] == events
        assert len(await engine.events(execution_id, Computed)) == 2

    async def test_a_call_that_is_made_again_hours_later_sends_what_was_drawn_at_first(self, engine: Driver) -> None:
        engine.world.script("call_1", Unavailable("refused"), HANG)
        workflow = chain(call(body=CHANCE, on_unknown="retry", retry={"max_attempts": 3, "interval": "PT5H"}))
        await engine.trigger(workflow)
        await engine.settle()
        await engine.crash()
        await engine.advance(timedelta(hours=5))
        await engine.crash()
        await engine.settle()
        assert [seen.attempt for seen in engine.world.calls] == [1, 2, 3]
        assert len({str(seen.input) for seen in engine.world.calls}) == 1


async def _waited(task: Any) -> None:
    await task


class SnapshotStories:
    """States that are stored beside a history."""

    async def _plant(self, engine: Driver, execution_id: str, fold: int, state: bytes) -> None:
        """Stores one more event of an execution with a stored state beside it, as an older release would have."""
        loaded = await engine.store.journal.load(execution_id)
        assert loaded is not None
        seq = loaded.head.seq + 1
        event = Discarded(at=loaded.head.modified_on, step="wait_1", reason="planted")
        batch, _ = engine.codec.encode(
            [event], loaded.head.organization_id, execution_id, seq, loaded.batches[-1].chain
        )
        unit = Unit(
            execution_id=execution_id,
            expected_seq=loaded.head.seq,
            head=replace(loaded.head, seq=seq),
            batch=batch,
            work=WorkChange(),
            snapshot=Snapshot(seq=seq, fold=fold, codec=1, state=state),
        )
        await engine.store.inner.journal.commit(unit)

    @pytest.mark.parametrize("fold", [FOLD_VERSION - 1, FOLD_VERSION + 1], ids=["older", "newer"])
    async def test_a_state_of_another_fold_is_ignored(self, engine: Driver, fold: int) -> None:
        execution_id = await engine.trigger(asking(), {"po": "4500000101"})
        await self._plant(engine, execution_id, fold, b"\0the state of a release that is not used any more")
        await engine.crash()
        assert (await engine.state(execution_id)).payload["po"] == "4500000101"
        assert await engine.resume(execution_id, {"n": 1}) == Released()
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_stored_state_of_every_kind_of_rest_continues_like_its_history(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=500))
        engine.world.script("call_2", HANG)
        ids = [
            await engine.trigger(workflow)
            for workflow in (
                asking(timeout="PT1H"),
                chain(delay(), note()),
                chain(card(for_=1, timeout="PT1H"), note()),
                chain(call("call_1", fail_on=["5xx"])),
                chain(call("call_2", "GET"), note()),
            )
        ]
        await engine.settle()
        for execution_id in ids:
            codec, state = engine.codec.encode_state(await self._moved(engine, execution_id))
            assert codec == 1
            await self._plant(engine, execution_id, FOLD_VERSION, state)
        await engine.crash()
        await engine.advance(timedelta(hours=1))
        statuses = [await engine.status(execution_id) for execution_id in ids]
        assert statuses == ["COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "COMPLETED"]
        for execution_id in ids:
            assert len(await engine.events(execution_id, ExecutionStarted)) == 1

    async def test_a_long_history_is_read_from_a_stored_state_after_its_end_too(self, engine: Driver) -> None:
        short, long = [await engine.trigger(counting(rounds)) for rounds in (3, 400)]
        await engine.settle()
        await engine.crash()
        for execution_id, is_long in ((short, False), (long, True)):
            loaded = await engine.store.journal.load(execution_id)
            assert loaded is not None
            assert loaded.head.status == "COMPLETED"
            assert (loaded.snapshot is not None, len(loaded.batches) == 0) == (is_long, is_long)
            whole = fold([event for _, event in await engine.shell.executions.history(execution_id, 0, 10_000)])
            assert await engine.state(execution_id) == whole

    @pytest.mark.parametrize(("characters", "is_large"), [(10, False), (5_000, True)], ids=["small", "large"])
    async def test_the_larger_a_state_the_more_events_lie_between_two_that_are_stored(
        self, engine: Driver, characters: int, is_large: bool
    ) -> None:
        count = 200
        engine.world.script("call_1", *[Answer(data="x" * characters)] * count)
        execution_id = await engine.trigger(repeating(call("call_1", "GET"), concurrency=8), {"items": [*range(count)]})
        await engine.settle()
        stored = [unit.snapshot.seq for unit in engine.faults.units if unit.snapshot is not None]
        # The last one is that of the end.
        assert (await engine.state(execution_id)).seq == stored[-1] > 800
        assert (len(stored) == 1) == is_large

    async def test_large_values_bring_a_stored_state_however_well_they_compress(self, engine: Driver) -> None:
        count = 40
        engine.world.script("call_1", *[Answer(data="x" * 100_000)] * count)
        execution_id = await engine.trigger(repeating(call("call_1", "GET"), concurrency=8), {"items": [*range(count)]})
        await engine.settle()
        last = (await engine.state(execution_id)).seq
        stored = [unit.snapshot.seq for unit in engine.faults.units if unit.snapshot is not None]
        # Not because of their number: there are fewer events than that.
        assert last < 512
        assert 1 <= len(stored) <= 3
        await engine.crash()
        assert (await engine.state(execution_id)).seq == last

    async def _moved(self, engine: Driver, execution_id: str) -> Any:
        """Returns the state that the execution has after the event that `_plant` stores."""
        state = await engine.state(execution_id)
        return replace(state, seq=state.seq + 1)
