"""A whole server in the process: real routes, real shell on the memory store, real catalog; only the world is fake."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, NamedTuple

import declared_statuses
import httpx2
import pytest
import pytest_asyncio
from people_kit import Browser
from server_kit import ALL_SCOPES, PUBLIC_URL, Caller, CheckedDispatch, ScriptedShell

from kit.memory import MemoryStore
from looply.app.context.child_targets import find_child_target
from looply.app.context.credentials import CatalogConnections
from looply.app.context.library import Library
from looply.app.context.links import Links
from looply.app.context.services import Services
from looply.catalog import Catalog
from looply.catalog.people.passwords import HashCost, Passwords
from looply.catalog.tenants.keys import KeyDraft
from looply.clock import Ids, SystemClock
from looply.connectors.client import build_client
from looply.connectors.email.connector import CONNECTOR as EMAIL
from looply.connectors.http.connector import CONNECTOR as HTTP
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.registry import Registry
from looply.connectors.sap.connector import CONNECTOR as SAP
from looply.connectors.teams.connector import CONNECTOR as TEAMS
from looply.engine.coding.codec import Codec
from looply.engine.effects.connection_prober import ConnectionProber
from looply.engine.effects.in_process import InProcessDispatcher
from looply.engine.effects.worker import Worker, WorkerResources
from looply.engine.shell.parts import Parts
from looply.engine.upkeep.pump import Pump
from looply.limits import DEFAULT_LIMITS, Limits
from looply.sealing import Sealer
from looply.server.administration.web_pages import Pages
from looply.server.application import build_app
from looply.server.http.boundary import Boundary
from looply.testing.clock import FakeClock, SerialEntropy
from looply.testing.world import NoNetwork, World

CHEAP = HashCost(iterations=1, memory_kib=8)
"""A hash that is verified in microseconds."""


class Tenants(NamedTuple):
    """A catalog with two organizations: of each the id, the id of its workspace, and its key."""

    path: Path
    mine: tuple[str, str, str]
    theirs: tuple[str, str, str]
    entropy: SerialEntropy


CONNECTORS = Registry([("looply", SAP), ("looply", HTTP), ("looply", EMAIL), ("looply", TEAMS)])


@pytest.fixture
def limits(request: pytest.FixtureRequest) -> Limits:
    """Returns the limits of the server: the defaults, unless a test is parametrized with others."""
    found: Limits = getattr(request, "param", DEFAULT_LIMITS)
    return found


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def tenants(empty_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Tenants:
    """A catalog file with two organizations and a key of each, which tests copy."""
    path = Path(shutil.copy(empty_catalog, tmp_path_factory.mktemp("tenants") / "catalog.db"))
    entropy = SerialEntropy()

    async def make() -> list[tuple[str, str, str]]:
        catalog = await _open(path, FakeClock(), entropy)
        made = []
        for name in ("Mine", "Theirs"):
            ids = await catalog.organizations.create(name)
            key = await catalog.keys.create(*ids, KeyDraft("all", ALL_SCOPES))
            made.append((*ids, key.text))
        await catalog.close()
        return made

    mine, theirs = asyncio.run(make())
    return Tenants(path, mine, theirs, entropy)


@pytest.fixture
def entropy(tenants: Tenants) -> SerialEntropy:
    """Continues after what the copied catalog has used."""
    return SerialEntropy(tenants.entropy.count)


@pytest_asyncio.fixture
async def catalog(tmp_path: Path, tenants: Tenants, clock: FakeClock, entropy: SerialEntropy) -> AsyncIterator[Catalog]:
    catalog = await _open(Path(shutil.copy(tenants.path, tmp_path / "catalog.db")), clock, entropy)
    yield catalog
    await catalog.close()


async def _open(path: Path, clock: FakeClock, entropy: SerialEntropy) -> Catalog:
    facts: Any = {"clock": clock, "ids": Ids(entropy), "entropy": entropy, "binding": CONNECTORS.binding}
    return await Catalog.open(path, Sealer(bytes(32), entropy), **facts)


@pytest.fixture
def store(clock: FakeClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def copying() -> frozenset[str]:
    """Returns the channels that keep copies of cards."""
    return frozenset()


@pytest.fixture
def parts(
    store: MemoryStore,
    clock: FakeClock,
    entropy: SerialEntropy,
    world: World,
    limits: Limits,
    copying: frozenset[str],
) -> Parts:
    return Parts(
        store=store,
        codec=Codec(Sealer(bytes(32), entropy)),
        dispatcher=InProcessDispatcher(),
        worker=Worker(world.registry, world.connections, NoNetwork, clock),
        clock=clock,
        entropy=entropy,
        limits=limits,
        channels=copying,
    )


@pytest_asyncio.fixture
async def engine(
    catalog: Catalog, store: MemoryStore, clock: FakeClock, limits: Limits, parts: Parts
) -> AsyncIterator[tuple[ScriptedShell, Pump]]:
    shell = ScriptedShell(parts)

    async def no_profile(organization_id: str, workflow_id: str) -> tuple[str, Any]:
        return "", None

    pump = Pump(
        shell, store, clock, no_profile, partial(find_child_target, Library(catalog, clock, limits), catalog.bulks)
    )
    boot = await store.open()
    await shell.open(boot)
    shell.begin()
    await pump.recover(boot)
    yield shell, pump
    await shell.close(timedelta(seconds=1))


@pytest.fixture
def shell(engine: tuple[ScriptedShell, Pump]) -> ScriptedShell:
    return engine[0]


@pytest.fixture
def pump(engine: tuple[ScriptedShell, Pump]) -> Pump:
    return engine[1]


@pytest_asyncio.fixture
async def prober(limits: Limits, catalog: Catalog, trust: ssl.SSLContext) -> AsyncIterator[ConnectionProber]:
    """Tests connections of this machine, and tries calls of steps to it."""
    clock, policy = SystemClock(), EgressPolicy(("127.0.0.0/8",))
    client = build_client(policy, limits, tls=trust)
    resources = WorkerResources(dialer=GuardedDialer(policy), limits=limits)
    yield Worker(CONNECTORS, CatalogConnections(catalog, CONNECTORS), client.sender, clock, resources).prober
    await client.close()


@pytest.fixture
def services(
    shell: ScriptedShell,
    catalog: Catalog,
    clock: FakeClock,
    entropy: SerialEntropy,
    limits: Limits,
    prober: ConnectionProber,
) -> Services:
    return Services(
        engine=shell,
        catalog=catalog,
        clock=clock,
        registry=CONNECTORS,
        library=Library(catalog, clock, limits),
        links=Links(PUBLIC_URL),
        feed=shell.feed,
        limits=limits,
        passwords=Passwords(entropy, CHEAP),
        prober=prober,
        entropy=entropy,
    )


@pytest.fixture
def app(services: Services, entropy: SerialEntropy, tmp_path: Path) -> Boundary:
    return build_app(services, entropy, Pages(tmp_path / "static"), dispatch_type=CheckedDispatch)


@pytest_asyncio.fixture
async def client(app: Boundary) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app)
    hooks = {"response": [declared_statuses.check_status]}
    async with httpx2.AsyncClient(transport=transport, base_url="http://server", event_hooks=hooks) as client:
        yield client


@pytest.fixture
def mine(tenants: Tenants, client: httpx2.AsyncClient) -> Caller:
    return Caller(client, *tenants.mine)


@pytest.fixture
def theirs(tenants: Tenants, client: httpx2.AsyncClient) -> Caller:
    return Caller(client, *tenants.theirs)


@pytest_asyncio.fixture
async def browsers(app: Boundary) -> AsyncIterator[Callable[[], Browser]]:
    """Opens browsers on the https address of the server."""
    transport = httpx2.ASGITransport(app=app)
    hooks = {"response": [declared_statuses.check_status]}
    async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL, event_hooks=hooks) as client:
        # The browser of these tests has cookies of its own.
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
        yield lambda: Browser(client)
