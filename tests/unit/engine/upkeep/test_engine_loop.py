"""Loops: when they run their next round, what a failed round does, and how they end."""

import asyncio
from datetime import timedelta

import pytest
import structlog

from kit.memory import MemoryStore
from looply.engine.upkeep.loop import AT_ONCE, AT_ONCE_IF_SHARED, Loop, run_few_at_once, running_loops
from looply.engine.upkeep.store_watch import StoreWatch
from looply.errors import EngineError
from looply.rates import Turns
from looply.testing.clock import FakeClock, fake_loop


class Counting(Loop):
    """Counts its rounds, and notes when it has ended; a round raises what is planned for it."""

    failed_event = "counting_failed"

    def __init__(self, *plan: Exception | None, pause: float = 10, ended: list[str] | None = None) -> None:
        super().__init__()
        self.plan = list(plan)
        self.pause = pause
        self.rounds = 0
        self.ended = ended if ended is not None else []

    async def run(self) -> None:
        try:
            await super().run()
        finally:
            self.ended.append(f"{self.pause:g}")

    async def round(self) -> float:
        self.rounds += 1
        error = self.plan.pop(0) if self.plan else None
        if error is not None:
            raise error
        return self.pause


async def after(seconds: float) -> None:
    """Lets this time pass."""
    fake_loop().clock.advance(timedelta(seconds=seconds))
    await fake_loop().quiet()


async def test_a_round_follows_when_the_last_one_said() -> None:
    loop = Counting()
    running = asyncio.create_task(loop.run())
    await after(0)
    assert loop.rounds == 1
    await after(9)
    assert loop.rounds == 1
    await after(1)
    assert loop.rounds == 2
    loop.stop()
    await running


async def test_a_loop_that_is_woken_continues_at_once_and_then_pauses_again() -> None:
    loop = Counting()
    running = asyncio.create_task(loop.run())
    await after(0)
    loop.wake()
    await after(0)
    assert loop.rounds == 2
    await after(9)
    assert loop.rounds == 2
    loop.stop()
    await running


async def test_a_loop_that_is_woken_in_a_round_does_another_one() -> None:
    class WakingItself(Counting):
        async def round(self) -> float:
            if self.rounds == 0:
                self.wake()
            return await super().round()

    loop = WakingItself()
    running = asyncio.create_task(loop.run())
    await after(0)
    assert loop.rounds == 2
    loop.stop()
    await running


async def test_what_the_store_refuses_is_logged_and_tried_again_after_a_second() -> None:
    loop = Counting(EngineError("the disk is full"))
    with structlog.testing.capture_logs() as lines:
        running = asyncio.create_task(loop.run())
        await after(0)
        assert lines == [{"event": "counting_failed", "error": "the disk is full", "log_level": "error"}]
        await after(0.9)
        assert loop.rounds == 1
        await after(0.1)
        assert loop.rounds == 2
    loop.stop()
    await running


async def test_a_defect_ends_the_loop() -> None:
    loop = Counting(None, ValueError("a defect"))
    running = asyncio.create_task(loop.run())
    await after(0)
    await after(10)
    with pytest.raises(ValueError, match="a defect"):
        await running


async def test_a_loop_that_was_stopped_before_it_ran_does_nothing() -> None:
    loop = Counting()
    loop.stop()
    loop.stop()
    await loop.run()
    assert loop.rounds == 0
    assert loop.is_stopping


async def test_loops_run_side_by_side_and_the_last_one_is_stopped_first() -> None:
    ended: list[str] = []
    loops = [Counting(pause=pause, ended=ended) for pause in (1, 2, 3)]
    said: list[str] = []
    async with running_loops(loops, lambda: said.append("end")):
        await after(0)
        assert [loop.rounds for loop in loops] == [1, 1, 1]
        assert said == []
    assert ended == ["3", "2", "1"]
    assert all(loop.is_stopping for loop in loops)


async def test_one_that_breaks_says_so_and_its_error_is_raised_after_the_others_have_ended() -> None:
    broken, sound = Counting(ValueError("a defect")), Counting(pause=5)
    said: list[str] = []

    async def run_both() -> None:
        async with running_loops([broken, sound], lambda: said.append("end")):
            await after(0)
            assert said == ["end"]
            assert not sound.is_stopping

    with pytest.raises(ValueError, match="a defect"):
        await run_both()
    assert sound.ended == ["5"]


async def test_a_store_that_takes_no_more_units_ends_the_process() -> None:
    store = MemoryStore(fake_loop().clock)
    await store.open()
    said: list[str] = []
    async with running_loops([StoreWatch(store)], lambda: said.append("end")):
        await after(60)
        assert said == []
        await store.abandon()
        await after(0.5)
        assert said == ["end"]


@pytest.mark.parametrize(
    ("organizations", "expected"), [(("acme",), AT_ONCE), (("acme", "umbrella"), AT_ONCE_IF_SHARED)]
)
async def test_few_pieces_of_a_round_run_at_once_and_fewer_where_organizations_share_the_process(
    organizations: tuple[str, ...], expected: int
) -> None:
    running, most = 0, 0
    turns = Turns(FakeClock())
    for organization in organizations:
        turns.note(organization)

    async def piece(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return number

    assert await run_few_at_once(piece, range(500), turns) == list(range(500))
    assert most == expected
