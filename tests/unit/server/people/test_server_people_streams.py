"""Each stream ends with the key or the session that it was opened with."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from people_kit import Browser, join
from server_kit import ASKING, PUBLIC_URL, Caller
from stream_kit import BOUND, FAST, Stream, wait_for_head

from looply.app.context.services import Services
from looply.instants import to_ms
from looply.server.administration.web_pages import Pages
from looply.server.application import build_app
from looply.server.http.boundary import Boundary
from looply.testing.clock import FakeClock, SerialEntropy

SECOND = timedelta(seconds=1)
STREAMS = ("watchExecution", "watchOrganization", "watchHeads")


class Watched:
    """An application whose streams are checked a hundred times a second, and an execution that waits."""

    def __init__(self, app: Boundary, pages: httpx2.AsyncClient, execution_id: str) -> None:
        self.app, self.pages, self._execution_id = app, pages, execution_id

    async def open(self, name: str, key: str = "", cookie: str = "") -> Stream:
        """Returns a stream that has begun."""
        query = {"workflow_execution_id": self._execution_id} if name == "watchExecution" else {}
        headers = {"cookie": cookie, "host": self.pages.base_url.host} if cookie else {}
        stream = Stream(self.app, key, name, headers, query)
        await wait_for_head(stream)
        return stream


@pytest_asyncio.fixture
async def watched(services: Services, entropy: SerialEntropy, tmp_path: Path, mine: Caller) -> AsyncIterator[Watched]:
    execution_id = await mine.trigger(await mine.create(ASKING))
    app = build_app(services, entropy, Pages(tmp_path / "static"), intervals=FAST)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=PUBLIC_URL) as pages:
        yield Watched(app, pages, execution_id)


async def has_heartbeats(stream: Stream) -> bool:
    """Returns whether three more heartbeats arrive, which are as many checks."""
    beats = 0
    while beats < 3 and (frame := await stream.frame()) is not None:
        beats += "data" not in frame
    return beats == 3


async def ends(stream: Stream) -> bool:
    """Returns whether the stream is ended by the server, without the event of an execution that ended."""
    return all(each["event"] != "end" for each in await asyncio.wait_for(stream.all(), BOUND))


@pytest.mark.parametrize("change", [{"status": "DEACTIVATED"}, {"role": "approver"}])
async def test_a_stream_ends_when_its_person_is_deactivated_or_has_another_role(
    mine: Caller, services: Services, watched: Watched, change: dict[str, str]
) -> None:
    operator = await person(watched, services, mine)
    stream = await watched.open("watchOrganization", cookie=operator.cookie)
    user_id = (await operator.get("get")).json()["user"]["user_id"]
    assert (await mine.post("changeMember", {"user_id": user_id, **change})).status_code == 200
    assert await stream.all() == []


async def person(watched: Watched, services: Services, mine: Caller) -> Browser:
    browser = Browser(watched.pages)
    return await join(browser, services.catalog, mine.organization_id, "operator@example.com", "operator")


@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_ends_when_its_key_expires(mine: Caller, watched: Watched, clock: FakeClock, name: str) -> None:
    body: dict[str, Any] = {"name": "part", "scopes": ["read"], "expires_on": to_ms(clock.now() + 60 * SECOND)}
    key = (await mine.post("createKey", body)).json()["item"]["api_key"]
    stream = await watched.open(name, key=key)
    clock.advance(59 * SECOND)
    assert await has_heartbeats(stream)
    clock.advance(SECOND)
    assert await ends(stream)


@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_ends_when_its_key_is_revoked(mine: Caller, watched: Watched, name: str) -> None:
    made = (await mine.post("createKey", {"name": "part", "scopes": ["read"]})).json()["item"]
    stream = await watched.open(name, key=made["api_key"])
    assert await has_heartbeats(stream)
    assert (await mine.post("revokeKey", {"key_id": made["key_id"]})).status_code == 200
    assert await ends(stream)


@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_does_not_keep_its_session_and_ends_with_it(
    mine: Caller, services: Services, watched: Watched, clock: FakeClock, name: str
) -> None:
    operator = await person(watched, services, mine)
    stream = await watched.open(name, cookie=operator.cookie)
    clock.advance(timedelta(hours=12) - SECOND)
    assert await has_heartbeats(stream)
    clock.advance(SECOND)
    assert await ends(stream)


@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_ends_seven_days_after_its_person_signed_in_however_busy_the_session_is(
    mine: Caller, services: Services, watched: Watched, clock: FakeClock, name: str
) -> None:
    operator = await person(watched, services, mine)
    stream = await watched.open(name, cookie=operator.cookie)
    await services.catalog.people.last_uses.store()
    for _ in range(15):
        clock.advance(timedelta(hours=11))
        assert (await operator.get("get")).status_code == 200
        await services.catalog.people.last_uses.store()
    clock.advance(timedelta(hours=3) - SECOND)
    assert await has_heartbeats(stream)
    clock.advance(SECOND)
    assert await ends(stream)


@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_ends_when_its_person_signs_out(
    mine: Caller, services: Services, watched: Watched, name: str
) -> None:
    operator = await person(watched, services, mine)
    stream = await watched.open(name, cookie=operator.cookie)
    assert await has_heartbeats(stream)
    assert (await operator.post("signOut")).status_code == 200
    assert await ends(stream)
