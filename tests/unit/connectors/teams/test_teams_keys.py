"""The keys that sign activities: read once for all, kept, and never waited for when they are known."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from looply.connectors.port import HttpRequest, HttpResponse, HttpSender
from looply.connectors.teams.inbound.keys import FAILED_SECONDS, REFRESH_SECONDS, UNKNOWN_SECONDS, KeyRing
from looply.demo.teams.signing import Key
from looply.demo.teams.simulator import TeamsSimulator
from looply.demo.teams.wire import Reply, Request, error
from looply.jsontext import encode_json
from looply.testing.clock import FakeTimeLoop, fake_loop

OPENID = "https://login.example/openid"


def reads(teams: TeamsSimulator) -> int:
    return teams.count("GET", "/keys")


@pytest_asyncio.fixture
async def ring(teams: TeamsSimulator, sender: Callable[[timedelta], HttpSender], clock: Any) -> AsyncIterator[KeyRing]:
    found = KeyRing(teams.settings()["endpoints"]["openid"], sender, clock)
    yield found
    await found.close()
    await found.close()


class Gate:
    """Holds the answers for keys back until it is opened."""

    def __init__(self, teams: TeamsSimulator) -> None:
        self.asked = asyncio.Event()
        teams.on_request = self._note
        teams.fault = lambda request: Reply(hangs=True) if "keys" in request.target else None

    def _note(self, request: Request) -> None:
        if "keys" in request.target:
            self.asked.set()


async def test_keys_are_read_once_for_all_who_need_one(teams: TeamsSimulator, ring: KeyRing) -> None:
    found = await asyncio.gather(*(ring.find("main") for _ in range(20)))
    assert {key.endorsements for key in found if key is not None} == {frozenset({"msteams"})}
    assert reads(teams) == 1
    chat = await ring.find("chat")
    assert chat is not None
    assert chat.endorsements == {"webchat"}


async def test_an_unknown_key_is_looked_for_at_most_every_five_minutes(
    teams: TeamsSimulator, ring: KeyRing, clock: Any
) -> None:
    await ring.find("main")
    assert [await ring.find(f"forged {each}") for each in range(50)] == [None] * 50
    assert reads(teams) == 1
    teams.keys.append(Key("new"))
    clock.seconds += UNKNOWN_SECONDS - 1
    assert await ring.find("new") is None
    clock.seconds += 1
    assert await ring.find("new") is not None
    assert reads(teams) == 2


async def test_a_key_that_is_known_is_found_at_once_while_its_issuer_hangs(
    teams: TeamsSimulator, ring: KeyRing, clock: Any
) -> None:
    await ring.find("main")
    gate = Gate(teams)
    clock.seconds += REFRESH_SECONDS
    assert await asyncio.wait_for(ring.find("main"), 1) is not None
    await asyncio.wait_for(gate.asked.wait(), 5)
    assert await asyncio.wait_for(ring.find("main"), 1) is not None
    assert reads(teams) == 2, "one read runs in the background"


async def test_keys_are_read_again_after_a_day_without_a_wait(teams: TeamsSimulator, ring: KeyRing, clock: Any) -> None:
    await ring.find("main")
    read = asyncio.Event()
    teams.on_request = lambda request: read.set() if "keys" in request.target else None
    clock.seconds += REFRESH_SECONDS + 1
    await ring.find("main")
    await asyncio.wait_for(read.wait(), 5)
    assert reads(teams) == 2


async def test_keys_stay_valid_when_they_cannot_be_read_again(teams: TeamsSimulator, ring: KeyRing, clock: Any) -> None:
    await ring.find("main")
    teams.fault = lambda request: error(503, "Down") if "keys" in request.target else None
    clock.seconds += UNKNOWN_SECONDS
    assert await ring.find("unknown") is None
    assert await ring.find("main") is not None


async def test_an_issuer_that_cannot_be_read_is_asked_again_soon_and_not_for_each_token(
    teams: TeamsSimulator, ring: KeyRing, clock: Any
) -> None:
    teams.fault = lambda request: error(503, "Down") if "keys" in request.target else None
    assert [await ring.find("main") for _ in range(10)] == [None] * 10
    assert reads(teams) == 1
    teams.fault = lambda _: None
    clock.seconds += FAILED_SECONDS
    assert await ring.find("main") is not None


@pytest.mark.parametrize(
    "body",
    [
        {"keys": []},
        {"keys": [{"kty": "EC", "kid": "main"}]},
        {"keys": [{"kty": "RSA", "kid": "main", "n": "??", "e": "AQAB"}]},
        {"keys": [{"kty": "RSA", "kid": 7, "n": "AQAB", "e": "AQAB"}]},
        {"keys": [{"kty": "RSA", "kid": "main"}]},
        {"keys": "none"},
        [],
    ],
)
async def test_what_is_no_key_is_none(teams: TeamsSimulator, ring: KeyRing, body: Any) -> None:
    teams.fault = lambda request: Reply(200, body) if "keys" in request.target else None
    assert await ring.find("main") is None


async def test_a_key_that_is_too_short_or_for_encryption_is_none(teams: TeamsSimulator, ring: KeyRing) -> None:
    teams.keys = [Key("short", bits=1024), Key("main"), Key("bare", None)]
    assert await ring.find("short") is None
    bare = await ring.find("bare")
    assert bare is not None
    assert bare.endorsements == frozenset()


async def test_keys_at_another_kind_of_address_than_their_description_are_not_read(
    teams: TeamsSimulator, ring: KeyRing
) -> None:
    described = Reply(200, {"issuer": "https://api.botframework.com", "jwks_uri": "https://127.0.0.1:9/keys"})
    teams.fault = lambda request: described if "openid" in request.target else None
    assert await ring.find("main") is None
    assert reads(teams) == 0


class SlowIssuer:
    """An issuer that describes itself once it is let, and never says its keys."""

    def __init__(self) -> None:
        self.described = asyncio.Event()
        self.asked: list[str] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(str(request.url))
        if str(request.url) == OPENID:
            await self.described.wait()
            found = {"issuer": "https://login.example", "jwks_uri": "https://login.example/keys"}
            return HttpResponse(status=200, reason="OK", content=encode_json(found))
        never: asyncio.Future[HttpResponse] = asyncio.get_running_loop().create_future()
        return await never


async def pass_seconds(seconds: float) -> None:
    """Lets time pass on a loop whose time is simulated."""
    fake_loop().clock.advance(timedelta(seconds=seconds))
    await fake_loop().quiet()


async def wait_for_a_slow_issuer() -> None:
    """Looks for an unknown key, of an issuer that takes three seconds for its first answer and ever for its second."""
    loop, issuer = fake_loop(), SlowIssuer()
    ring = KeyRing(OPENID, lambda _: issuer, loop.clock)
    first = loop.create_task(ring.find("unknown"))
    await loop.quiet()
    await pass_seconds(3)
    issuer.described.set()
    await loop.quiet()
    await pass_seconds(1.9)
    assert (first.done(), issuer.asked) == (False, [OPENID, "https://login.example/keys"])
    await pass_seconds(0.2)
    assert first.done(), "the token of an unknown key waits for at most five seconds, whatever the issuer does"
    assert await first is None
    second = loop.create_task(ring.find("unknown"))
    await loop.quiet()
    assert second.done(), "the next token does not wait at all"
    assert await second is None
    assert len(issuer.asked) == 2
    await ring.close()


def test_a_token_waits_for_an_unknown_key_at_most_five_seconds() -> None:
    with asyncio.Runner(loop_factory=FakeTimeLoop) as runner:
        runner.run(wait_for_a_slow_issuer())


async def test_unknown_keys_of_an_issuer_that_has_answered_are_asked_for_once_in_five_minutes(
    teams: TeamsSimulator, ring: KeyRing, clock: Any
) -> None:
    await ring.find("main")
    for _ in range(10):
        clock.seconds += 60
        assert await ring.find("forged") is None
    assert reads(teams) == 3, "at the first token, after five minutes, and after ten"
