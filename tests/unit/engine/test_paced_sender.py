"""Large responses of one organization come one after the other, those of others at once."""

import httpx2

from looply.connectors.port import HttpRequest, HttpResponse
from looply.engine.effects.paced_sender import PacedSender
from looply.rates import LONGEST_WAIT_SECONDS, Turns, WorkPace
from looply.testing.clock import FakeClock

REQUEST = HttpRequest(method="GET", url=httpx2.URL("http://system.example/"))
RICH = b"[" + b"[]," * 124_990 + b"0]"
LARGE = b'["%s"]' % (b"x" * (7 * 1024 * 1024))


class Answering:
    """Answers every request with the same body."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def send(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=200, reason="OK", headers=(), content=self._content)


async def waits(pace: WorkPace, clock: FakeClock, owner: str, content: bytes, count: int) -> list[float]:
    """Returns the seconds that each of so many responses waited."""
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    sender = PacedSender(Answering(content), owner, Turns(clock, pace, sleep))
    for _ in range(count):
        assert (await sender.send(REQUEST)).content == content
    return found


def shared(clock: FakeClock) -> WorkPace:
    pace = WorkPace()
    for owner in ("umbrella", "acme"):
        pace.note(owner, clock.monotonic())
    return pace


async def test_a_large_response_waits_for_the_ones_before_it() -> None:
    clock = FakeClock()
    for content in (RICH, LARGE):
        pace = shared(clock)
        first, second = await waits(pace, clock, "umbrella", content, 3)
        assert 0.5 < first < second
        assert not await waits(pace, clock, "acme", content, 1)


async def test_a_small_response_never_waits() -> None:
    clock = FakeClock()
    pace = shared(clock)
    await waits(pace, clock, "umbrella", RICH, 5)
    assert not await waits(pace, clock, "umbrella", b'{"ok":true}', 5)


async def test_no_response_waits_longer_than_its_call_is_awaited() -> None:
    clock = FakeClock()
    found = await waits(shared(clock), clock, "umbrella", RICH, 100)
    assert max(found) == LONGEST_WAIT_SECONDS


async def test_responses_of_an_organization_that_is_alone_do_not_wait() -> None:
    assert not await waits(WorkPace(), FakeClock(), "umbrella", RICH, 5)
