"""The replay window: what is carried out once, what is carried out again, and how much is remembered."""

import asyncio
from datetime import timedelta

import pytest

from looply.channels.replays import ReplayWindow
from looply.testing.clock import FakeClock

SPAN = timedelta(minutes=15)


class Desk:
    """Messages that a receiver carries out, by name; `answers` are given in their order."""

    def __init__(self, clock: FakeClock, window: ReplayWindow[str]) -> None:
        self.clock = clock
        self.window = window
        self.carried_out: list[str] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.error: Exception | None = None

    async def take(self, name: str, answer: str = "done", owner: str = "") -> str | None:
        async def carry_out() -> str:
            self.carried_out.append(name)
            await self.may_end.wait()
            if self.error is not None:
                raise self.error
            return answer

        until = self.clock.now() + SPAN
        return await self.window.once(name.encode(), until, carry_out, lambda given: given != "busy", owner)


@pytest.fixture
def desk(clock: FakeClock) -> Desk:
    return Desk(clock, ReplayWindow(clock, most_seen=3, most_answers=2))


async def test_a_message_that_comes_again_gets_the_answer_of_the_first_one(desk: Desk) -> None:
    assert [await desk.take("a", "first"), await desk.take("a", "second"), await desk.take("b")] == [
        "first",
        "first",
        "done",
    ]
    assert desk.carried_out == ["a", "b"]


async def test_repetitions_at_the_same_time_wait_for_the_first_one(desk: Desk) -> None:
    desk.may_end.clear()
    tries = [asyncio.create_task(desk.take("a", str(number))) for number in range(5)]
    await asyncio.sleep(0)
    assert not any(each.done() for each in tries)
    desk.may_end.set()
    assert await asyncio.gather(*tries) == ["0"] * 5
    assert desk.carried_out == ["a"]


async def test_what_failed_or_is_not_settled_is_carried_out_by_its_repetition(desk: Desk) -> None:
    desk.error = ValueError("broken")
    with pytest.raises(ValueError, match="broken"):
        await desk.take("a")
    desk.error = None
    assert await desk.take("a", "busy") == "busy"
    assert await desk.take("a", "settled") == "settled"
    assert await desk.take("a") == "settled"
    assert desk.carried_out == ["a"] * 3


async def test_a_repetition_continues_when_the_first_one_is_ended(desk: Desk) -> None:
    desk.may_end.clear()
    first = asyncio.create_task(desk.take("a", "first"))
    second = asyncio.create_task(desk.take("a", "second"))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    desk.may_end.set()
    assert await second == "second"


async def test_the_memory_is_bounded_and_the_oldest_is_forgotten_first(desk: Desk) -> None:
    for name in "abc":
        assert await desk.take(name, name) == name
    assert await desk.take("a") is None, "its answer is no longer kept, but it is known"
    assert [await desk.take("b"), await desk.take("c")] == ["b", "c"]
    await desk.take("d")
    assert len(desk.window) == 3
    assert await desk.take("a", "once more") == "once more"
    assert desk.carried_out == [*"abcd", "a"]


async def test_each_owner_has_places_of_its_own_for_answers(desk: Desk) -> None:
    for name, owner in (("a", "mine"), ("b", "mine"), ("c", "theirs")):
        await desk.take(name, name, owner)
    assert [await desk.take("a", owner="mine"), await desk.take("c", owner="theirs")] == ["a", "c"]
    await desk.take("d", "d", "theirs")
    assert await desk.take("a", "once more", "mine") == "once more", "the oldest message is forgotten, of any owner"


async def test_a_message_is_forgotten_when_its_time_is_over(desk: Desk) -> None:
    await desk.take("a", "first")
    desk.clock.advance(SPAN)
    assert await desk.take("a") == "first"
    desk.clock.advance(timedelta(seconds=1))
    assert await desk.take("a", "second") == "second"
    desk.clock.advance(2 * SPAN)
    await desk.take("b")
    assert len(desk.window) == 1
