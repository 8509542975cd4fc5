"""Which process runs a call of code: a spare one for the next organization, lowered ones for slow code."""

import asyncio
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from looply.connectors.function.workers import QUICK_CALLS, SLOW_SECONDS, CallWatch, Workers
from looply.errors import Unavailable


class FakeProcess:
    def __init__(self, number: int, *, is_low: bool) -> None:
        self.number = number
        self.is_low = is_low
        self.is_alive = True
        self.cpu_seconds = 0.0

    def lower(self) -> None:
        self.is_low = True

    async def kill(self) -> None:
        self.is_alive = False


class Starts:
    """Starts fake processes. While `is_held`, a start waits."""

    def __init__(self) -> None:
        self.made: list[FakeProcess] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.fails = False

    async def start(self, is_lowered: bool) -> FakeProcess:
        await self.gate.wait()
        if self.fails:
            raise Unavailable("no process could be started")
        self.made.append(FakeProcess(len(self.made), is_low=is_lowered))
        return self.made[-1]

    @property
    def alive(self) -> int:
        return sum(process.is_alive for process in self.made)


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def workers(starts: Starts, most: int = 4) -> Workers[FakeProcess]:
    return Workers(starts.start, most)


async def call(pool: Workers[FakeProcess], owner: str, *, is_slow: bool = False, is_sound: bool = True) -> FakeProcess:
    """Runs one call and returns its process."""
    process = await pool.acquire(owner)
    if is_slow:
        pool.lower(process)
    await pool.release(process, owner, is_sound=is_sound, is_slow=is_slow)
    await settled()
    return process


async def test_after_the_first_call_a_spare_process_is_there_and_no_more_are_started() -> None:
    starts = Starts()
    pool = workers(starts)
    for _ in range(5):
        await call(pool, "acme")
    assert len(starts.made) == 2


async def test_while_one_organization_runs_all_it_may_the_next_one_waits_for_no_start() -> None:
    starts = Starts()
    pool = workers(starts)
    held = [await pool.acquire("umbrella")]
    await settled()
    held.append(await pool.acquire("umbrella"))
    await settled()
    starts.gate.clear()
    process = await asyncio.wait_for(pool.acquire("acme"), 5)
    assert process not in held


async def test_endless_code_that_loses_its_process_each_time_never_takes_the_last_one() -> None:
    starts = Starts()
    pool = workers(starts)
    for _ in range(20):
        await call(pool, "umbrella", is_slow=True, is_sound=False)
        starts.gate.clear()
        process = await asyncio.wait_for(pool.acquire("acme"), 5)
        assert not process.is_low
        starts.gate.set()
        await pool.release(process, "acme", is_sound=True, is_slow=False)
        await settled()
        assert starts.alive <= 4


async def test_slow_code_runs_again_in_the_process_that_was_lowered_for_it() -> None:
    starts = Starts()
    pool = workers(starts)
    first = await call(pool, "umbrella", is_slow=True)
    assert first.is_low
    assert [await call(pool, "umbrella", is_slow=True) for _ in range(50)] == [first] * 50
    assert not (await call(pool, "acme")).is_low


async def test_an_organization_counts_as_slow_until_enough_calls_in_a_row_were_quick() -> None:
    starts = Starts()
    pool = workers(starts)
    low = await call(pool, "acme", is_slow=True)
    runs = [await call(pool, "acme") for _ in range(QUICK_CALLS + 1)]
    assert runs[:-1] == [low] * QUICK_CALLS
    assert not runs[-1].is_low


async def test_when_every_process_was_lowered_one_is_replaced() -> None:
    starts = Starts()
    pool = workers(starts, most=2)
    one, two = await pool.acquire("umbrella"), await pool.acquire("hooli")
    for process, owner in ((one, "umbrella"), (two, "hooli")):
        pool.lower(process)
        await pool.release(process, owner, is_sound=True, is_slow=True)
    await settled()
    assert starts.alive == 2
    assert not (await call(pool, "acme")).is_low


async def test_the_one_process_of_a_small_pool_stays_although_it_was_lowered() -> None:
    starts = Starts()
    pool = workers(starts, most=1)
    for _ in range(5):
        await call(pool, "umbrella", is_slow=True)
        await call(pool, "acme")
    assert len(starts.made) == 1


async def test_a_process_that_is_dead_is_not_used() -> None:
    starts = Starts()
    pool = workers(starts, most=1)
    (await call(pool, "acme")).is_alive = False
    assert (await call(pool, "acme")).number == 1


async def test_a_failed_start_is_reported_and_the_next_call_tries_again() -> None:
    starts = Starts()
    pool = workers(starts)
    starts.fails = True
    with pytest.raises(Unavailable):
        await pool.acquire("acme")
    starts.fails = False
    assert (await call(pool, "acme")).number == 0


async def test_a_failed_start_of_a_spare_process_is_logged_with_its_error() -> None:
    starts = Starts()
    pool = workers(starts)
    with capture_logs() as logged:
        process = await pool.acquire("acme")
        starts.fails = True
        await settled()
        await pool.release(process, "acme", is_sound=True, is_slow=False)
    assert [(line["event"], line["error"]) for line in logged] == [
        ("function_process_unavailable", "no process could be started")
    ]


async def test_a_call_that_finds_all_processes_starting_takes_the_spare_one() -> None:
    starts = Starts()
    pool = workers(starts, most=2)
    await pool.acquire("umbrella")
    starts.gate.clear()
    await settled()
    taking = asyncio.create_task(pool.acquire("acme"))
    await settled()
    starts.gate.set()
    await asyncio.wait_for(taking, 5)
    assert len(starts.made) == 2


async def test_closing_ends_a_start_and_all_processes() -> None:
    starts = Starts()
    pool = workers(starts)
    process = await pool.acquire("acme")
    starts.gate.clear()
    await settled()
    await pool.close()
    await pool.release(process, "acme", is_sound=False, is_slow=False)
    await pool.close()
    starts.gate.set()
    await settled()
    assert starts.alive == 0


class Watched:
    """A call whose process uses CPU time as the test says; it is looked at when a pause of its watch is over."""

    def __init__(self) -> None:
        self.process = FakeProcess(0, is_low=False)
        self.pauses: list[float] = []
        self._looks: list[Callable[[], None]] = []
        self.watch = CallWatch(self.process, self.process.lower, self._later)

    def _later(self, seconds: float, look: Callable[[], None]) -> asyncio.TimerHandle:
        self.pauses.append(seconds)
        self._looks.append(look)
        return asyncio.TimerHandle(0.0, look, (), asyncio.get_running_loop())

    def use(self, seconds: float) -> None:
        """Uses so much CPU time until the end of the pause."""
        self.process.cpu_seconds += seconds
        self._looks.pop()()


async def test_a_call_that_waits_for_the_cpu_is_not_slow_however_long_it_takes() -> None:
    call = Watched()
    for _ in range(20):
        call.use(0.001)
    assert call.pauses[:3] == pytest.approx([SLOW_SECONDS, SLOW_SECONDS - 0.001, SLOW_SECONDS - 0.002])
    assert not call.process.is_low
    assert not call.watch.end()


async def test_a_call_is_slow_once_it_has_used_much_cpu_time() -> None:
    call = Watched()
    call.use(SLOW_SECONDS / 2)
    assert not call.process.is_low
    call.use(SLOW_SECONDS / 2)
    assert call.process.is_low
    # Its process has ended, so that nothing is known of its CPU time any more.
    call.process.cpu_seconds = 0.0
    assert call.watch.end()


async def test_a_call_that_ends_before_it_is_looked_at_is_slow_by_its_cpu_time() -> None:
    call = Watched()
    call.process.cpu_seconds += 2 * SLOW_SECONDS
    assert call.watch.end()
