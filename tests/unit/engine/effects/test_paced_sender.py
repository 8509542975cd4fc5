"""Large responses of one organization come one after the other, those of others at once."""

import httpx2

from looply.connectors.port import HttpRequest, HttpResponse
from looply.engine.effects.paced_sender import PacedSender
from looply.rates import MAX_WAIT_SECONDS, Turns
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


class Paced:
    """Turns of several organizations, and the seconds that a response has waited for each time."""

    def __init__(self, *owners: str) -> None:
        self.waited: list[float] = []
        self._turns = Turns(FakeClock(), sleep=self._sleep)
        for owner in owners:
            self._turns.note(owner)

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    async def waits(self, owner: str, content: bytes, count: int) -> list[float]:
        """Returns the seconds that each of so many responses waited."""
        self.waited.clear()
        sender = PacedSender(Answering(content), owner, self._turns)
        for _ in range(count):
            assert (await sender.send(REQUEST)).content == content
        return list(self.waited)


async def test_a_large_response_waits_for_the_ones_before_it() -> None:
    for content in (RICH, LARGE):
        paced = Paced("umbrella", "acme")
        first, second = await paced.waits("umbrella", content, 3)
        assert 0.5 < first < second
        assert not await paced.waits("acme", content, 1)


async def test_a_small_response_never_waits() -> None:
    paced = Paced("umbrella", "acme")
    await paced.waits("umbrella", RICH, 5)
    assert not await paced.waits("umbrella", b'{"ok":true}', 5)


async def test_no_response_waits_longer_than_its_call_is_awaited() -> None:
    assert max(await Paced("umbrella", "acme").waits("umbrella", RICH, 100)) == MAX_WAIT_SECONDS


async def test_responses_of_an_organization_that_is_alone_do_not_wait() -> None:
    assert not await Paced().waits("umbrella", RICH, 5)
