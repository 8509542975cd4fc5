"""Puts a process together: the only place that names concrete stores, dispatchers and connectors.

The setting `engine` chooses. Embedded: a data folder, and effects in this process. Postgres: a database of this process
alone, and effects in it. Distributed: a database that many processes share; servers offer effects to Temporal, workers
carry them out.
"""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from looply.app.administration.key_watch import KeyWatch
from looply.app.administration.proof import with_catalog
from looply.app.authoring.schedules import align_all
from looply.app.context.child_targets import find_child_target
from looply.app.context.credentials import CatalogConnections
from looply.app.context.library import Library
from looply.app.context.links import Links
from looply.app.context.metrics import Metrics, ProcessState, count_uninstalled_as_other
from looply.app.context.services import Services
from looply.app.executions.bulk_runner import BulkRunner
from looply.catalog import Catalog
from looply.catalog.storage.database import Backend, CatalogDatabase
from looply.catalog.storage.sqlite import SqliteFile
from looply.catalog.tenants.data_keys import DataKeys
from looply.catalog.trail.proof import find_problems
from looply.clock import Clock, Entropy, Ids, SystemClock, SystemEntropy
from looply.connectors.client import build_client
from looply.connectors.function.pool import SandboxPool
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.registry import Registry, load_connectors
from looply.engine.coding.codec import Codec
from looply.engine.effects.worker import Worker, WorkerResources
from looply.engine.ports.card_channel import INBOX, CardChannel, InboxChannel
from looply.engine.ports.dispatch import Dispatcher, InProcessDispatcher
from looply.engine.ports.port import Audit
from looply.engine.ports.store import Store
from looply.engine.processing.loading import Loader
from looply.engine.records.changes import ChangeLog
from looply.engine.records.startup import StartupState
from looply.engine.shell.audit import audit_store
from looply.engine.shell.reading import Parts
from looply.engine.shell.shell import Shell
from looply.engine.sqlite.file.opening import FILE_NAME
from looply.engine.sqlite.file.seal import Seal
from looply.engine.sqlite.store import SqliteStore
from looply.engine.upkeep.auditor import Auditor
from looply.engine.upkeep.loop import Loop, running_loops
from looply.engine.upkeep.pruner import Pruner
from looply.engine.upkeep.pump import Pump
from looply.engine.upkeep.quota_meter import QuotaMeter
from looply.engine.upkeep.reconciler import Reconciler
from looply.engine.upkeep.store_watch import StoreWatch
from looply.errors import Problem, SettingsError, StoreCorrupt
from looply.execution import ExecutionState
from looply.jsontext import Json
from looply.master_keys import MasterKeys
from looply.server.administration.web_pages import Pages
from looply.server.application import build_app, build_monitoring, ingress_of
from looply.server.connection import serving
from looply.settings import Settings

CATALOG_FILE = "catalog.db"
KEY_FILE = "key"

LabelsOf = Callable[[str], Awaitable[Mapping[str, str]]]

_ALONE: Final = "alone"
_CHANNELS: Final[Mapping[str, CardChannel]] = {INBOX: InboxChannel()}
"""Where cards are shown."""

# Thresholds of the collector's three generations; Python's own are 700, 10, 10.
_COLLECTIONS = (10_000, 20, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One process, put together and open. `loops` run beside all calls, the pump among them."""

    settings: Settings
    services: Services
    shell: Shell
    pump: Pump
    loops: Sequence[Loop]
    store: Store

    def stop_loops(self) -> None:
        """Lets nothing new begin that no call asks for; what the loops are doing they end."""
        for loop in reversed(self.loops):
            loop.stop()


@asynccontextmanager
async def running(
    settings: Settings, *, is_working: bool = True, connectors: Sequence[str] | None = None, clock: Clock | None = None
) -> AsyncIterator[Application]:
    """Opens the store, yields the application, and closes everything in order.

    With `is_working` effects, timers and schedules run, and what an earlier process left is taken up; without it the
    store is open for reading and administration only. `connectors` are those whose effects a worker carries out
    (empty: all); None is no worker.
    Raises: DataFolderInUse, SchemaMismatch, KeyUnfit, StoreCorrupt, StoreLost, StoreUnreachable, SettingsError.
    """
    async with AsyncExitStack() as stack:
        # The store goes first: its lock is what makes a data folder this process's own.
        store, seal, clock = _store(settings, clock or SystemClock(), is_working=is_working)
        stack.push_async_callback(store.close)
        boot = await store.open()
        try:
            application = await _compose(settings, store, clock, connectors, stack)
        except StoreCorrupt:
            seal.withhold()
            raise
        await application.shell.open(boot)
        stack.push_async_callback(application.shell.close, timedelta(seconds=settings.drain_seconds))
        if is_working:
            await stack.enter_async_context(_working(application, boot))
        yield application


async def audit_database(settings: Settings, clock: Clock) -> Audit:
    """Returns the audit of the settings' database, beside whoever works on it. Raises: as `running`, but not in use."""
    with _extra("distributed"):
        from looply.engine.postgres import PostgresStore  # noqa: PLC0415 - an extra, and dear to import
    store = PostgresStore(_address(settings), clock)
    try:
        boot = await store.open_to_read()
        async with reading_keys(settings, clock) as keys:
            codec = Codec(keys)
            codec.add_dictionaries(boot.dictionaries)
            audit = await audit_store(store, Loader(store, codec).folded)
    finally:
        await store.close()
    async with reading_catalog(settings) as database:
        return with_catalog(audit, await database.read(find_problems))


@asynccontextmanager
async def reading_keys(settings: Settings, clock: Clock) -> AsyncIterator[DataKeys]:
    """Gives the data keys of the settings' store beside whoever works on it; nothing is changed.

    Raises: KeyUnfit, StoreUnreachable, SettingsError.
    """
    keys = DataKeys(master_keys_of(settings), clock)
    async with reading_catalog(settings) as database:
        await keys.open(database, reads_only=True)
        yield keys


@asynccontextmanager
async def reading_catalog(settings: Settings) -> AsyncIterator[CatalogDatabase]:
    """Gives the catalog of the settings' store as it is, beside whoever works on it. Raises: as its reads."""
    database = CatalogDatabase(_catalog_backend(settings))
    try:
        yield database
    finally:
        await database.close()


async def settle_keys(settings: Settings, clock: Clock) -> None:
    """Lets the catalog take up the master keys as they are now.

    Raises: DataFolderInUse when a server has the folder, which then does it; KeyUnfit, StoreUnreachable.
    """
    if settings.engine == "embedded":
        async with running(settings, is_working=False, clock=clock):
            return
    async with reading_catalog(settings) as database:
        await DataKeys(master_keys_of(settings), clock).open(database)


def _catalog_backend(settings: Settings) -> Backend:
    if settings.engine == "embedded":
        return SqliteFile(settings.data / CATALOG_FILE)
    with _extra("distributed"):
        from looply.catalog.storage.postgres import PostgresDatabase  # noqa: PLC0415 - an extra, and dear to import
    return PostgresDatabase(_address(settings))


async def serve(settings: Settings, on_listening: Callable[[str], None]) -> None:
    """Runs a server on the store until SIGTERM or SIGINT, then drains.

    `on_listening` is called with the address, such as `http://127.0.0.1:8080`, once calls are answered.
    Raises: as `running`; SettingsError when the address cannot be listened on; StoreLost or StoreCorrupt when the
    store failed while serving.
    """
    async with running(settings) as application:
        services = application.services

        def listening(address: str) -> None:
            if not services.links.public_url:
                services.links.public_url = address
            _spare_collector()
            on_listening(address)

        async def drain(left: timedelta) -> None:
            application.stop_loops()
            await application.shell.close(left)

        ingress = ingress_of(settings, services.clock)
        app = build_app(services, SystemEntropy(), Pages(images=settings.card_images), ingress=ingress)
        on_refused = ingress.access_log.log_refusal if ingress.access_log is not None else None
        hooks = serving.Hooks(on_listening=listening, drain=drain, on_refused=on_refused)
        async with serving.serve_monitoring(settings, build_monitoring(services, SystemEntropy())):
            await serving.serve(settings, app, services.lifecycle, services.clock, hooks)
    _tell_failure(application)


async def work(settings: Settings, on_working: Callable[[str], None]) -> None:
    """Carries out effects of a distributed installation until SIGTERM or SIGINT, then drains.

    `on_working` is called with the names of the connectors that are served, once effects are taken.
    Raises: as `running`; StoreLost when the store failed meanwhile, or another process ended this one's right to it.
    """
    async with running(settings, connectors=settings.worker_connectors) as application:
        lifecycle = application.services.lifecycle
        release_signals = serving.drain_on_signals(lifecycle)
        try:
            async with serving.serve_monitoring(settings, build_monitoring(application.services, SystemEntropy())):
                _spare_collector()
                on_working(", ".join(_connectors(application.services.registry, settings.worker_connectors)))
                await lifecycle.wait()
            application.stop_loops()
            await application.shell.close(timedelta(seconds=settings.drain_seconds))
        finally:
            release_signals()
    _tell_failure(application)


def _tell_failure(application: Application) -> None:
    failure = application.store.failure()
    if failure is not None:
        raise failure


def _spare_collector() -> None:
    """Keeps what is there for good out of garbage collection, and lets it look less often at what lives long.

    A full pass over the objects of a started server takes 50 ms, in which nobody is answered, and comes every second
    under load. What a call makes is freed without the collector, so little waits for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTIONS)


def _store(settings: Settings, clock: Clock, *, is_working: bool) -> tuple[Store, Seal, Clock]:
    """Returns the store, not open yet, the seal of a data folder (that of a database does nothing), and its clock."""
    if settings.engine == "embedded":
        seal = Seal(settings.data, (CATALOG_FILE, FILE_NAME))
        return SqliteStore(settings.data, clock, seal=seal, is_working=is_working), seal, clock
    with _extra("distributed"):
        from looply.engine.postgres import PostgresStore  # noqa: PLC0415 - an extra, and dear to import
    store = PostgresStore(_address(settings), clock, is_alone=settings.engine == "postgres")
    return store, Seal(settings.data, ()), store.clock


async def _catalog(settings: Settings, keys: DataKeys, registry: Registry, clock: Clock, entropy: Entropy) -> Catalog:
    facts: dict[str, Any] = {"clock": clock, "ids": Ids(entropy), "entropy": entropy, "binding": registry.binding}
    if settings.engine == "embedded":
        return await Catalog.open(settings.data / CATALOG_FILE, keys, **facts)
    return await Catalog.connect(_address(settings), keys, **facts)


def _address(settings: Settings) -> str:
    assert settings.database is not None
    return settings.database.reveal()


@contextmanager
def _extra(name: str) -> Iterator[None]:
    """Says what to install when a library of an extra is missing. Raises: SettingsError."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"the package {error.name} is not installed; install looply[{name}] for this engine"
        raise SettingsError(message) from error


def _dispatcher(
    settings: Settings, registry: Registry, clock: Clock, connectors: Sequence[str] | None, labels_of: LabelsOf
) -> Dispatcher:
    if settings.engine != "distributed":
        return InProcessDispatcher(per_queue=settings.host_concurrency, total=settings.concurrency)
    with _extra("distributed"):
        # An extra, and dear to import.
        from looply.engine.temporal import Serving, TemporalDispatcher, TemporalSettings  # noqa: PLC0415
    reached = TemporalSettings(
        address=settings.temporal_address,
        namespace=settings.temporal_namespace,
        tls=settings.temporal_tls,
        tls_ca=settings.temporal_tls_ca,
        tls_certificate=settings.temporal_tls_certificate,
        tls_key=settings.temporal_tls_key,
        api_key=settings.temporal_api_key,
        task_queue=settings.temporal_task_queue,
    )
    carried = None
    if connectors is not None:
        carried = Serving(
            connectors=_connectors(registry, connectors),
            known=_connectors(registry, ()),
            concurrency=settings.concurrency,
            host_concurrency=settings.host_concurrency,
        )
    return TemporalDispatcher(reached, clock, serving=carried, labels_of=labels_of)


def _worker(settings: Settings, registry: Registry, catalog: Catalog, clock: Clock, stack: AsyncExitStack) -> Worker:
    """Returns what carries effects out; its connections and processes end with the stack."""
    policy = EgressPolicy(settings.egress_allow)
    client = build_client(policy, settings.limits)
    stack.push_async_callback(client.close)
    sandbox = SandboxPool(settings.limits, processes=settings.function_processes)
    stack.push_async_callback(sandbox.close)
    means = WorkerResources(dialer=GuardedDialer(policy), sandbox=sandbox, limits=settings.limits)
    return Worker(registry, CatalogConnections(catalog, registry), client.sender, clock, means)


async def _compose(
    settings: Settings, store: Store, clock: Clock, connectors: Sequence[str] | None, stack: AsyncExitStack
) -> Application:
    entropy, keys = SystemEntropy(), DataKeys(master_keys_of(settings), clock)
    registry = load_connectors()
    catalog = await _catalog(settings, keys, registry, clock, entropy)
    stack.push_async_callback(catalog.close)
    worker = _worker(settings, registry, catalog, clock, stack)
    # The shell, which knows the labels, comes after what it is made of.
    dispatcher = _dispatcher(settings, registry, clock, connectors, lambda key: shell.labels(key))  # noqa: PLW0108
    shell = Shell(
        Parts(
            store=store,
            codec=Codec(keys),
            dispatcher=dispatcher,
            worker=worker,
            clock=clock,
            entropy=entropy,
            limits=settings.limits,
            channels=frozenset(_CHANNELS) - {INBOX},  # the inbox renders what is asked for: nothing can be behind
        )
    )
    library = Library(catalog, clock, settings.limits)
    services = Services(
        engine=shell,
        catalog=catalog,
        clock=clock,
        registry=registry,
        library=library,
        links=Links(settings.public_url),
        feed=shell.feed,
        limits=settings.limits,
        metrics=Metrics(settings.engine),
        metrics_token=settings.metrics_token,
    )

    async def default_profile(organization_id: str, workflow_id: str) -> tuple[str, Json]:
        profile = await library.profile(organization_id, workflow_id, "")
        return (profile.name, profile.values) if profile is not None else ("", None)

    pump = Pump(shell, store, clock, default_profile, partial(find_child_target, library, catalog.bulks))
    auditor = Auditor(shell, store, clock, frozenset(_CHANNELS) - {INBOX})
    reconciler = Reconciler(shell, store.copies, _CHANNELS, clock)
    shell.on_copies(reconciler.wake)
    _measure(services, shell, store, auditor)
    return Application(
        settings=settings,
        services=services,
        shell=shell,
        pump=pump,
        loops=(
            StoreWatch(store),
            KeyWatch(keys),
            pump,
            reconciler,
            auditor,
            QuotaMeter(shell.quotas, clock),
            Pruner(store.pruning, clock, settings.retention, settings.decision_retention),
            BulkRunner(services, _holder(store)),
        ),
        store=store,
    )


def _measure(services: Services, shell: Shell, store: Store, auditor: Auditor) -> None:
    """Lets the log and the metrics hear of what happens, and the metrics know where to look."""
    log, metrics = ChangeLog(), services.metrics

    def changed(before: ExecutionState | None, after: ExecutionState) -> None:
        log(before, after)
        metrics.count_change(before, after)

    def process_state() -> ProcessState:
        return ProcessState(
            is_ready=shell.health().is_ready and not services.lifecycle.is_draining,
            is_short_of_space=store.is_short_of_space,
            findings=count_uninstalled_as_other(auditor.findings, services.registry.operations),
            quotas_reached=[quota for _, quota in shell.quotas.reached()],
        )

    shell.on_change(changed)
    shell.on_commit(metrics.count_commit)
    if isinstance(store, SqliteStore):
        store.on_group(metrics.count_flush)
    metrics.set_state_source(process_state)


@asynccontextmanager
async def _working(application: Application, boot: StartupState) -> AsyncIterator[None]:
    """Takes up what was left, then lets effects and all loops run until the end of the block."""
    application.shell.begin()
    await application.pump.recover(boot)
    await align_all(application.services)
    async with running_loops(application.loops, application.services.lifecycle.drain):
        yield


def _holder(store: Store) -> str:
    """Returns the name under which this process works on bulks.

    One that is alone takes up at once what its predecessor held: nobody else can be at work on it.
    """
    return SystemEntropy().token(16).hex() if store.is_shared else _ALONE


def _connectors(registry: Registry, wanted: Sequence[str]) -> tuple[str, ...]:
    """Returns the connectors that a worker serves: those that are named, else all. Raises: SettingsError."""
    there = tuple(connector.name for connector in registry.connectors)
    if unknown := sorted(set(wanted) - set(there)):
        message = f"worker_connectors names {', '.join(unknown)}, and there are {', '.join(there)}"
        raise SettingsError(message, problems=(Problem(path="/worker_connectors", message=message),))
    return tuple(wanted) or there


def master_keys_of(settings: Settings) -> MasterKeys:
    """Returns where the master keys come from: the setting, else the file in the data folder."""
    text = settings.encryption_key.reveal() if settings.encryption_key is not None else None
    return MasterKeys(settings.data / KEY_FILE, text)
