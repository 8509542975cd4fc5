"""One open process: its parts put together, opened and closed in order."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from looply.app.authoring.schedules import align_all
from looply.app.context.links import Links
from looply.app.context.metrics import Metrics
from looply.app.context.services import Services
from looply.bootstrap.channels import OpenChannels, open_channels
from looply.bootstrap.effects import make_worker
from looply.bootstrap.engine import make_engine
from looply.bootstrap.foundations import Foundations
from looply.bootstrap.loops import make_loops, make_question_loops
from looply.bootstrap.reading import read_only_catalog
from looply.bootstrap.services import connect_metrics, make_observers, make_prober, make_services
from looply.bootstrap.stores import make_store, master_keys_of, open_catalog
from looply.catalog.tenants.data_keys import DataKeys
from looply.clock import Clock, SystemClock, SystemEntropy
from looply.connectors.registry import load_connectors
from looply.engine.effects.targets import KnownTargets
from looply.engine.ports.store import Store
from looply.engine.records.startup import StartupState
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.loop import Loop, running_loops
from looply.engine.upkeep.pump import Pump
from looply.errors import StoreCorrupt
from looply.rates import Turns
from looply.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One open process with all its parts. `loops` are its background loops, the pump among them."""

    settings: Settings
    services: Services
    shell: Shell
    pump: Pump
    loops: Sequence[Loop]
    store: Store

    def stop_loops(self) -> None:
        """Stops the background loops: each finishes its current pass and begins no other."""
        for loop in reversed(self.loops):
            loop.stop()


@asynccontextmanager
async def open_application(
    settings: Settings,
    *,
    is_working: bool = True,
    connectors: Sequence[str] | None = None,
    clock: Clock | None = None,
    channels: OpenChannels = open_channels,
) -> AsyncIterator[Application]:
    """Opens the store, yields the application, and closes everything in order.

    With `is_working` effects, timers and schedules run, and the work that an earlier process left is recovered;
    without it the store is open for reading and administration only. `connectors` are those whose effects a worker
    carries out (empty: all); None is no worker. `channels` opens those that show cards beside the inbox.
    Raises: DataFolderInUse, SchemaMismatch, KeyUnfit, StoreCorrupt, StoreLost, StoreUnreachable, SettingsError.
    """
    async with AsyncExitStack() as stack:
        # The store goes first: its lock is what makes a data folder this process's own.
        store, seal, clock = make_store(settings, clock or SystemClock(), is_working=is_working)
        stack.push_async_callback(store.close)
        boot = await store.open()
        try:
            application = await _compose(settings, store, clock, connectors, channels, stack)
        except StoreCorrupt:
            seal.withhold()
            raise
        await application.shell.open(boot)
        stack.push_async_callback(application.shell.close, timedelta(seconds=settings.drain_seconds))
        if is_working:
            await stack.enter_async_context(_run_work(application, boot))
        yield application


async def apply_master_keys(settings: Settings, clock: Clock) -> None:
    """Applies the current master keys to the catalog.

    Raises: DataFolderInUse when a server owns the folder, which then applies them; KeyUnfit, StoreUnreachable.
    """
    if settings.engine == "embedded":
        async with open_application(settings, is_working=False, clock=clock):
            return
    async with read_only_catalog(settings) as database:
        await DataKeys(master_keys_of(settings), clock).open(database)


async def _compose(
    settings: Settings,
    store: Store,
    clock: Clock,
    connectors: Sequence[str] | None,
    opener: OpenChannels,
    stack: AsyncExitStack,
) -> Application:
    entropy, keys = SystemEntropy(), DataKeys(master_keys_of(settings), clock)
    registry = load_connectors()
    catalog = await open_catalog(settings, keys, registry, clock, entropy)
    stack.push_async_callback(catalog.close)
    base = Foundations(
        settings=settings,
        store=store,
        catalog=catalog,
        keys=keys,
        registry=registry,
        clock=clock,
        entropy=entropy,
        turns=Turns(clock),
        links=Links(settings.public_url),
    )
    metrics = Metrics(settings.engine, settings.limits.metric_workflows)
    worker = make_worker(base, KnownTargets(registry.target), stack)
    channels = opener(base, stack)
    shell = make_engine(base, connectors, worker, make_observers(metrics), frozenset(channels.cards))
    prober = make_prober(base, worker, connectors)
    services = make_services(base, shell, prober, metrics, stack, channels)
    more = make_question_loops(base, services.prober, connectors)
    loops = make_loops(base, services, shell, channels.cards, more)
    connect_metrics(services, shell, store, loops.auditor)
    return Application(settings=settings, services=services, shell=shell, pump=loops.pump, loops=loops.all, store=store)


@asynccontextmanager
async def _run_work(application: Application, boot: StartupState) -> AsyncIterator[None]:
    """Recovers the work that earlier processes left, then runs effects and all loops until the end of the block."""
    application.shell.begin()
    await application.pump.recover(boot)
    await align_all(application.services)
    async with running_loops(application.loops, application.services.lifecycle.drain):
        yield
