"""A server that sends cards by mail, and a mail server of another make."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from mailing_kit import Post
from notifying_kit import Hook, Staff
from server_kit import Caller, ScriptedShell

from kit.memory import MemoryStore
from kit.servers.mail_server import Inbox, MailServer
from looply.app.context.services import Services
from looply.catalog import Catalog
from looply.channels.email.channel import EmailChannel
from looply.channels.email.mailer import ServerMailer
from looply.channels.email.outlets import MailResources
from looply.channels.notifications.notifier import ChannelNotifier
from looply.channels.teams.bots import Resources
from looply.connectors.client import build_client
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.email.connector import CONNECTOR as EMAIL
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.port import ConnectionValues
from looply.connectors.registry import Registry
from looply.connectors.teams.calls.pacing import Pacer
from looply.engine.cards.reconciler import Reconciler
from looply.limits import DEFAULT_LIMITS
from looply.testing.clock import FakeClock


@pytest.fixture
def copying() -> frozenset[str]:
    return frozenset({"email"})


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest_asyncio.fixture
async def mail_server(inbox: Inbox) -> AsyncIterator[MailServer]:
    server = MailServer(inbox)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture
async def resources(
    catalog: Catalog, clock: FakeClock, mail_server: MailServer, trust: ssl.SSLContext
) -> AsyncIterator[MailResources]:
    policy = EgressPolicy((f"127.0.0.1:{mail_server.port}",))
    client = build_client(policy, tls=trust)
    yield MailResources(
        catalog=catalog,
        registry=Registry([("looply", EMAIL)]),
        sender=client.sender,
        dialer=GuardedDialer(policy),
        logons=Logons(),
        tokens=TokenCache(clock),
        limits=DEFAULT_LIMITS,
        clock=clock,
    )
    await client.close()


@pytest.fixture
def own_server() -> bool:
    """Returns whether the installation has a mail server of its own."""
    return False


@pytest.fixture
def services(
    services: Services, resources: MailResources, mail_server: MailServer, hook: Hook, *, own_server: bool
) -> Services:
    own = ConnectionValues(
        name="mail",
        kind="smtp",
        settings={"host": "127.0.0.1", "port": mail_server.port, "tls": "none", "from": "looply@example.com"},
        secrets={},
    )
    mailer = ServerMailer(resources, own if own_server else None, resources.dialer)
    notifier = ChannelNotifier(
        Resources(
            catalog=resources.catalog,
            registry=resources.registry,
            sender=hook.sender,
            logons=resources.logons,
            tokens=resources.tokens,
            pacer=Pacer(),
            clock=resources.clock,
        ),
        mailer,
    )
    return replace(services, channels=frozenset({"inbox", "email"}), mailer=mailer, notifier=notifier)


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest_asyncio.fixture
async def staff(mine: Caller, services: Services, clock: FakeClock) -> Staff:
    return Staff(mine, services, clock)


@pytest.fixture
def reconciler(
    resources: MailResources, services: Services, shell: ScriptedShell, store: MemoryStore, clock: FakeClock
) -> Reconciler:
    channel = EmailChannel(resources, services.links.inbox, shell.blobs)
    return Reconciler(shell, store.copies, {"email": channel}, clock)


@pytest_asyncio.fixture
async def post(reconciler: Reconciler, clock: FakeClock, mine: Caller, inbox: Inbox, mail_server: MailServer) -> Post:
    """Returns an organization that sends cards by mail, through the connection `MAIL`."""
    post = Post(mine, reconciler, clock, inbox, mail_server.port)
    await post.connect("MAIL")
    return post
