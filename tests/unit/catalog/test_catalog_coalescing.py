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
    """A number that others change, and reads of it that the test lets finish one by one."""

    def __init__(self) -> None:
        self.value = 0
        self.reads = 0
        self.under_way = 0
        self.most_in_flight = 0
        self.answered = asyncio.Semaphore(0)

    async def read(self) -> int:
        self.reads += 1
        self.under_way += 1
        self.most_in_flight = max(self.most_in_flight, self.under_way)
        seen = self.value
        await self.answered.acquire()
        self.under_way -= 1
        return seen


@pytest.fixture
def something() -> Something:
    return Something()


@pytest.fixture
def reads(something: Something) -> CoalescedReads[int]:
    return CoalescedReads(something.read)


def start_get(reads: CoalescedReads[int]) -> "asyncio.Task[int]":
    return asyncio.create_task(reads.get())


async def settled() -> None:
    """Returns when all tasks that do not wait for the test have progressed."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_caller_during_a_read_in_flight_sees_earlier_changes(
    something: Something, reads: CoalescedReads[int]
) -> None:
    first = start_get(reads)
    await settled()
    something.value = 1
    second = start_get(reads)
    await settled()
    for _ in range(2):
        something.answered.release()
    assert (await first, await second) == (0, 1)


async def test_all_callers_during_a_read_share_the_next_one(something: Something, reads: CoalescedReads[int]) -> None:
    first = start_get(reads)
    await settled()
    others = [start_get(reads) for _ in range(1000)]
    await settled()
    something.answered.release()
    something.answered.release()
    await asyncio.gather(first, *others)
    assert (something.reads, something.most_in_flight) == (2, 1)


async def test_a_read_in_flight_accepts_no_more_callers_even_if_it_was_shared(
    something: Something, reads: CoalescedReads[int]
) -> None:
    first = start_get(reads)
    await settled()
    second = start_get(reads)
    await settled()
    something.answered.release()
    await first
    await settled()
    something.value = 1
    third = start_get(reads)
    await settled()
    for _ in range(2):
        something.answered.release()
    assert (await second, await third) == (0, 1)


async def test_a_look_after_a_pause_begins_at_once(something: Something, reads: CoalescedReads[int]) -> None:
    something.answered.release()
    assert await reads.get() == 0
    something.value = 1
    something.answered.release()
    assert await reads.get() == 1
    assert something.reads == 2


async def test_an_error_of_a_read_reaches_its_callers_and_the_next_read_runs(something: Something) -> None:
    fails = [True, False]

    async def read() -> int:
        seen = await something.read()
        if fails.pop(0):
            raise StoreUnreachable("away")
        return seen

    reads = CoalescedReads(read)
    first = start_get(reads)
    await settled()
    second = start_get(reads)
    await settled()
    for _ in range(2):
        something.answered.release()
    with pytest.raises(StoreUnreachable):
        await first
    assert await second == 0


async def test_a_caller_that_is_cancelled_leaves_the_look_to_the_others(
    something: Something, reads: CoalescedReads[int]
) -> None:
    first, second = start_get(reads), start_get(reads)
    await settled()
    first.cancel()
    for _ in range(2):
        something.answered.release()
    assert await second == 0
