"""A mail server, and the simulator of Microsoft's side."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from kit.servers.mail_server import Inbox, MailServer
from kit.servers.teams_server import running_teams
from looply.demo.teams.simulator import TeamsSimulator

Open = Callable[..., Awaitable[MailServer]]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest_asyncio.fixture
async def open_server(inbox: Inbox) -> AsyncIterator[Open]:
    servers: list[MailServer] = []

    async def start(tls: ssl.SSLContext | None = None, *, at_once: bool = False) -> MailServer:
        server = MailServer(inbox, tls, at_once=at_once)
        await server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


@pytest_asyncio.fixture
async def microsoft() -> AsyncIterator[TeamsSimulator]:
    async with running_teams() as simulator:
        simulator.world.add_user("Orders", "orders@contoso.test")
        yield simulator
