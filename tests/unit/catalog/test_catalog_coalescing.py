import asyncio

import pytest

from looply.catalog.storage.coalescing import CoalescedReads, SingleFlight
from looply.errors import Refused, StoreUnreachable


async def test_a_shared_call_outlives_callers_that_are_cancelled() -> None:
    calls, gate = SingleFlight[str](), asyncio.Event()

    async def call() -> str:
        await gate.wait()
        return "done"

    first, second = asyncio.ensure_future(calls.get("a", call)), asyncio.ensure_future(calls.get("a", call))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert await second == "done"


async def test_an_error_without_remaining_callers_is_silent() -> None:
    calls, gate, complaints = SingleFlight[str](), asyncio.Event(), []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))

    async def call() -> str:
        await gate.wait()
        raise Refused("no")

    only = asyncio.ensure_future(calls.get("a", call))
    await asyncio.sleep(0)
    only.cancel()
    gate.set()
    for _ in range(3):
        await asyncio.sleep(0)

    assert complaints == []


class Something:
    """A number that others change, and looks at it that a test lets pass one by one."""

    def __init__(self) -> None:
        self.value = 0
        self.looks = 0
        self.under_way = 0
        self.most_under_way = 0
        self.answered = asyncio.Semaphore(0)

    async def look(self) -> int:
        self.looks += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        seen = self.value
        await self.answered.acquire()
        self.under_way -= 1
        return seen


@pytest.fixture
def something() -> Something:
    return Something()


@pytest.fixture
def looks(something: Something) -> CoalescedReads[int]:
    return CoalescedReads(something.look)


def asked(looks: CoalescedReads[int]) -> "asyncio.Task[int]":
    return asyncio.create_task(looks.get())


async def settled() -> None:
    """Returns when what can go on without the test has done so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_caller_during_a_read_in_flight_sees_earlier_changes(
    something: Something, looks: CoalescedReads[int]
) -> None:
    first = asked(looks)
    await settled()
    something.value = 1
    second = asked(looks)
    await settled()
    for _ in range(2):
        something.answered.release()
    assert (await first, await second) == (0, 1)


async def test_all_callers_during_a_read_share_the_next_one(something: Something, looks: CoalescedReads[int]) -> None:
    first = asked(looks)
    await settled()
    others = [asked(looks) for _ in range(1000)]
    await settled()
    something.answered.release()
    something.answered.release()
    await asyncio.gather(first, *others)
    assert (something.looks, something.most_under_way) == (2, 1)


async def test_a_read_in_flight_accepts_no_more_callers_even_if_it_was_shared(
    something: Something, looks: CoalescedReads[int]
) -> None:
    first = asked(looks)
    await settled()
    second = asked(looks)
    await settled()
    something.answered.release()
    await first
    await settled()
    something.value = 1
    third = asked(looks)
    await settled()
    for _ in range(2):
        something.answered.release()
    assert (await second, await third) == (0, 1)


async def test_a_look_after_a_pause_begins_at_once(something: Something, looks: CoalescedReads[int]) -> None:
    something.answered.release()
    assert await looks.get() == 0
    something.value = 1
    something.answered.release()
    assert await looks.get() == 1
    assert something.looks == 2


async def test_an_error_of_a_read_reaches_its_callers_and_the_next_read_runs(something: Something) -> None:
    fails = [True, False]

    async def look() -> int:
        seen = await something.look()
        if fails.pop(0):
            raise StoreUnreachable("away")
        return seen

    looks = CoalescedReads(look)
    first = asked(looks)
    await settled()
    second = asked(looks)
    await settled()
    for _ in range(2):
        something.answered.release()
    with pytest.raises(StoreUnreachable):
        await first
    assert await second == 0


async def test_a_caller_that_is_cancelled_leaves_the_look_to_the_others(
    something: Something, looks: CoalescedReads[int]
) -> None:
    first, second = asked(looks), asked(looks)
    await settled()
    first.cancel()
    for _ in range(2):
        something.answered.release()
    assert await second == 0
