"""What a channel of another distribution gets of a process: a connection, a link and the clock, within their bounds."""

from datetime import timedelta
from typing import Any

import pytest
from server_kit import Caller

from looply.app.context.links import Links
from looply.catalog import Catalog
from looply.channels.installed import ProcessContext
from looply.channels.port import ChannelContext
from looply.channels.resources import ChannelResources
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.http.connector import CONNECTOR as HTTP
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import HttpRequest, HttpResponse, HttpSender
from looply.connectors.registry import Registry
from looply.engine.ports.card_channel import Copy, TryAgain
from looply.errors import BadInput, Rejected
from looply.testing.calls import ScriptedHttp
from looply.testing.clock import FakeClock

WITHIN = timedelta(seconds=5)
FINE = HttpResponse(status=200, reason="OK", headers=(), content=b"")


class Opened:
    """The senders that a channel was given, with the time and the organization of each."""

    def __init__(self) -> None:
        self.http = ScriptedHttp(FINE)
        self.asked: list[tuple[timedelta, str]] = []

    def sender(self, within: timedelta, organization_id: str) -> HttpSender:
        self.asked.append((within, organization_id))
        return self.http


@pytest.fixture
def opened() -> Opened:
    return Opened()


@pytest.fixture
def links() -> Links:
    return Links("")


@pytest.fixture
def context(catalog: Catalog, clock: FakeClock, opened: Opened, links: Links) -> ChannelContext:
    resources = ChannelResources(
        catalog=catalog,
        registry=Registry([("looply", HTTP)]),
        sender=opened.sender,
        logons=Logons(),
        tokens=TokenCache(clock),
        clock=clock,
    )
    return ProcessContext(resources, lambda token: links.inbox(token) if links.public_url else "")


def copy(mine: Caller, app: str = "") -> Copy:
    return Copy(
        card_id="card-1", execution_id="execution-1", organization_id=mine.organization_id, app=app, token="t-1"
    )


async def connect(mine: Caller, name: str) -> None:
    settings: dict[str, Any] = {"base_url": f"https://{name.lower()}.example.com", "auth": "bearer"}
    draft = {"name": name, "kind": "http", "settings": settings, "secrets": {"token": "sesame"}}
    made = await mine.post("createConnection", draft)
    assert made.status_code == 200, made.text


async def test_a_channel_sends_to_the_systems_of_the_connection_alone(
    context: ChannelContext, mine: Caller, opened: Opened
) -> None:
    await connect(mine, "PAGER")
    used = await context.connect(copy(mine, "PAGER"), ("http",), WITHIN)
    assert (used.values.name, used.values.secrets["token"]) == ("PAGER", "sesame")
    assert opened.asked == [(WITHIN, mine.organization_id)]
    with pytest.raises(Rejected) as caught:
        await used.http.send(HttpRequest(method="PUT", url=parse_url("https://elsewhere.example.com/x")))
    assert (caught.value.code, caught.value.sent, opened.http.requests) == ("CREDENTIAL_BOUND", False, [])
    assert await used.http.send(HttpRequest(method="PUT", url=parse_url("https://pager.example.com/x"))) == FINE
    assert len(opened.http.requests) == 1


async def test_without_a_name_the_only_connection_of_the_kinds_is_meant(
    context: ChannelContext, mine: Caller, theirs: Caller, opened: Opened
) -> None:
    await connect(theirs, "THEIRS")
    with pytest.raises(BadInput, match="no connection of kind http, expected one; name it in the step's `app`"):
        await context.connect(copy(mine), ("http",), WITHIN)
    await connect(mine, "PAGER")
    assert (await context.connect(copy(mine), ("http",), WITHIN)).values.name == "PAGER"
    await connect(mine, "SIREN")
    with pytest.raises(BadInput, match="2 connections of kind http, expected one"):
        await context.connect(copy(mine), ("http",), WITHIN)
    assert (await context.connect(copy(mine, "SIREN"), ("http",), WITHIN)).values.name == "SIREN"
    assert len(opened.asked) == 2, "a connection that is not there has no sender"


async def test_a_card_waits_a_minute_for_the_address_of_its_page(
    context: ChannelContext, mine: Caller, links: Links, clock: FakeClock
) -> None:
    with pytest.raises(TryAgain, match="set `public_url`") as caught:
        context.link(copy(mine))
    assert (caught.value.after, caught.value.is_for_all) == (timedelta(minutes=1), False)
    links.public_url = "https://looply.example.com"
    assert context.link(copy(mine)) == "https://looply.example.com/inbox/t-1"
    assert context.clock is clock
