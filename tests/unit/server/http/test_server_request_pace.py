"""The pace of requests: an organization that sends very many leaves the server to the others."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.errors import QuotaReached
from looply.permissions import ALL
from looply.rates import Turns
from looply.server.http.call import Call, Response, read_route
from looply.server.http.dispatch import Dispatch
from looply.server.http.request_pace import (
    BEAT_SECONDS,
    BESIDE_MICROSECONDS,
    MAX_WAIT_SECONDS,
    OVERALL,
    SHARE_PER_SECOND,
    RequestPace,
)
from looply.testing.clock import FakeClock


class Loop:
    """An event loop that is held by requests for times of their own; a sleep advances its clock."""

    def __init__(self, clock: FakeClock) -> None:
        self.held_seconds = 0.0
        self.slept: list[float] = []
        self._clock = clock

    def timer(self) -> float:
        return self.held_seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def request(self, held_seconds: float = 0.0, waits: Callable[[], Awaitable[None]] | None = None) -> str:
        self.held_seconds += held_seconds / 2
        if waits is not None:
            await waits()
        self.held_seconds += held_seconds / 2
        return "answer"


@pytest.fixture
def loop(clock: FakeClock) -> Loop:
    return Loop(clock)


def pace_of(clock: FakeClock, loop: Loop, *owners: str) -> RequestPace:
    turns = Turns(clock, sleep=loop.sleep)
    for owner in owners:
        turns.note(owner)
    return RequestPace(turns, loop.timer)


def pause(held_seconds: float) -> float:
    """Returns for how long an organization pauses after a request that held the loop for a time."""
    return (BESIDE_MICROSECONDS + OVERALL * held_seconds * 1_000_000) / SHARE_PER_SECOND


def waited(*pauses: float) -> list[float]:
    """Returns for how long requests wait that come when these pauses begin: until the next beat after each."""
    return [pytest.approx(math.ceil(each / BEAT_SECONDS) * BEAT_SECONDS) for each in pauses]


def test_triggers_of_one_organization_leave_more_than_half_of_the_loop_to_others() -> None:
    trigger_seconds, handler_seconds = 0.0006, 0.00015
    assert trigger_seconds / pause(handler_seconds) < 0.5


async def test_requests_of_an_organization_that_is_alone_never_wait(clock: FakeClock, loop: Loop) -> None:
    pace = pace_of(clock, loop)
    for _ in range(1000):
        assert await pace.handle("acme", loop.request(0.01)) == "answer"
    assert not loop.slept


async def test_an_organization_waits_for_what_its_requests_took_while_another_one_does_not(
    clock: FakeClock, loop: Loop
) -> None:
    pace = pace_of(clock, loop, "acme", "umbrella")
    await pace.handle("umbrella", loop.request(0.01))
    await pace.handle("umbrella", loop.request(0.01))
    assert loop.slept == waited(pause(0.01))
    await pace.handle("acme", loop.request(0.01))
    assert len(loop.slept) == 1


async def test_requests_that_wait_begin_together(clock: FakeClock, loop: Loop) -> None:
    pace = pace_of(clock, loop, "acme", "umbrella")
    for _ in range(1 + int(BEAT_SECONDS / pause(0.0001))):
        await pace.handle("umbrella", loop.request(0.0001))
    assert len(loop.slept) > 1
    assert loop.slept == waited(*[BEAT_SECONDS] * len(loop.slept))


async def test_the_time_for_which_a_request_waits_is_not_charged(clock: FakeClock, loop: Loop) -> None:
    pace = pace_of(clock, loop, "acme", "umbrella")

    async def wait_long() -> None:
        await asyncio.sleep(0)
        clock.advance(timedelta(seconds=30))
        await asyncio.sleep(0)

    await pace.handle("umbrella", loop.request(0.01, wait_long))
    await pace.handle("acme", loop.request())
    await pace.handle("umbrella", loop.request())
    assert loop.slept == waited(pause(0.01) - pause(0))


async def test_a_request_that_would_wait_too_long_is_refused_with_the_time_to_repeat_it(
    clock: FakeClock, loop: Loop
) -> None:
    pace = pace_of(clock, loop, "acme", "umbrella")
    await pace.handle("umbrella", loop.request(MAX_WAIT_SECONDS))
    with pytest.raises(QuotaReached) as caught:
        await pace.handle("umbrella", loop.request())
    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == pytest.approx(pause(MAX_WAIT_SECONDS))


async def test_a_request_that_fails_or_is_cancelled_is_charged_too(clock: FakeClock, loop: Loop) -> None:
    pace = pace_of(clock, loop, "acme", "umbrella")
    entered = asyncio.Event()

    async def fails() -> None:
        raise ValueError("refused")

    async def hangs() -> None:
        entered.set()
        await asyncio.Event().wait()

    with pytest.raises(ValueError, match="refused"):
        await pace.handle("umbrella", loop.request(0.01, fails))
    task = asyncio.ensure_future(pace.handle("umbrella", loop.request(0.01, hangs)))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await pace.handle("umbrella", loop.request())
    assert loop.slept == waited(pause(0.005), 2 * pause(0.005))


async def test_every_route_of_an_organization_has_the_pace(clock: FakeClock, loop: Loop, services: Services) -> None:
    dispatch = Dispatch(services, pace=pace_of(clock, loop, "acme", "umbrella"))

    async def answer(call: Call) -> Response:
        return Response(await loop.request(0.01))

    route = read_route(path="/v2/something", access="read.definitions", handle=answer, summary="Something")
    for owner in ("umbrella", "umbrella", "acme"):
        caller = Principal(organization_id=owner, workspace_id="", key_id="k", name="", permissions=ALL)
        answered = await dispatch.perform(route, caller, {"query_string": b"", "headers": []}, None, {})
        assert answered.body == "answer"
    assert loop.slept == waited(pause(0.01))
