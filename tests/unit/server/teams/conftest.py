"""A server that sends cards by Teams, and the simulator of Microsoft's side."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from server_kit import PUBLIC_URL, Caller, ScriptedShell
from teams_kit import Tenant

from kit.memory import MemoryStore
from kit.servers.teams_server import running_teams
from looply.app.context.links import Links
from looply.app.context.services import NoTabs, Services, Tabs
from looply.catalog import Catalog
from looply.catalog.tenants.principal import Principal
from looply.channels.teams.administration import TeamsBots
from looply.channels.teams.bots import Resources
from looply.channels.teams.channel import TeamsChannel
from looply.channels.teams.receiver import TeamsReceiver
from looply.channels.teams.tabs import TeamsTabs
from looply.connectors.client import build_client
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.http.connector import CONNECTOR as HTTP
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.registry import Registry
from looply.connectors.teams.calls.pacing import Pacer
from looply.connectors.teams.cards.findings import find_unfit
from looply.connectors.teams.connector import CONNECTOR as TEAMS
from looply.demo.teams.connector import TENANT
from looply.demo.teams.simulator import SECRET, TeamsSimulator
from looply.engine.cards.reconciler import Reconciler
from looply.testing.clock import FakeClock


@pytest.fixture
def copying() -> frozenset[str]:
    return frozenset({"teams"})


@pytest_asyncio.fixture
async def microsoft() -> AsyncIterator[TeamsSimulator]:
    async with running_teams() as simulator:
        yield simulator


@pytest_asyncio.fixture
async def resources(catalog: Catalog, clock: FakeClock, trust: ssl.SSLContext) -> AsyncIterator[Resources]:
    client = build_client(EgressPolicy(("127.0.0.0/8",)), tls=trust)
    yield Resources(
        catalog=catalog,
        registry=Registry([("looply", HTTP), ("looply", TEAMS)]),
        sender=client.sender,
        logons=Logons(),
        tokens=TokenCache(clock),
        pacer=Pacer(),
        clock=clock,
    )
    await client.close()


@pytest.fixture
def receivers() -> dict[str, TeamsReceiver]:
    """Returns the receivers of the server, which are made after it."""
    return {}


class LateTabs:
    """The tabs of the server, which are made after it."""

    tabs: Tabs = NoTabs()

    async def authenticate(self, connection_id: str, authorization: str) -> Principal:
        return await self.tabs.authenticate(connection_id, authorization)


@pytest.fixture
def late_tabs() -> LateTabs:
    return LateTabs()


@pytest.fixture
def services(
    services: Services,
    receivers: dict[str, TeamsReceiver],
    late_tabs: LateTabs,
    resources: Resources,
    store: MemoryStore,
) -> Services:
    return replace(
        services,
        channels=frozenset({"inbox", "teams"}),
        card_checks={"teams": find_unfit},
        receivers=receivers,
        bots=TeamsBots(resources, store.copies),
        tabs=late_tabs,
    )


@pytest.fixture
def reconciler(resources: Resources, shell: ScriptedShell, store: MemoryStore, clock: FakeClock) -> Reconciler:
    channel = TeamsChannel(resources, lambda token: f"https://looply.example/inbox/{token}")
    return Reconciler(shell, store.copies, {"teams": channel}, clock)


@pytest.fixture
def permitted_tabs(mine: Caller, microsoft: TeamsSimulator) -> list[str]:
    """Returns what the setting `teams_tabs` holds: the tenant in the organization."""
    return [f"{mine.organization_id}={microsoft.address}/{TENANT}/v2.0"]


@pytest_asyncio.fixture
async def receiver(
    resources: Resources,
    receivers: dict[str, TeamsReceiver],
    store: MemoryStore,
    late_tabs: LateTabs,
    permitted_tabs: list[str],
) -> AsyncIterator[TeamsReceiver]:
    receivers["teams"] = TeamsReceiver(resources, store.copies)
    late_tabs.tabs = tabs = TeamsTabs(resources, Links(PUBLIC_URL), permitted_tabs)
    yield receivers["teams"]
    await receivers["teams"].close()
    await tabs.close()


@pytest_asyncio.fixture
async def tenant(
    microsoft: TeamsSimulator, mine: Caller, reconciler: Reconciler, clock: FakeClock, receiver: TeamsReceiver
) -> Tenant:
    """Returns a tenant of Microsoft that is connected with the organization, by the connection `TEAMS`."""
    assert receiver is not None
    draft = {"name": "TEAMS", "kind": "teams", "settings": microsoft.settings(), "secrets": {"client_secret": SECRET}}
    created = await mine.post("createConnection", draft)
    assert created.status_code == 200, created.text
    return Tenant(microsoft, mine, reconciler, clock, created.json()["item"]["connection_id"])
