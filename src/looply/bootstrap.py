"""Wires a process together: the only module that chooses its store, its dispatcher and its connectors.

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
from typing import TYPE_CHECKING, Any, Final

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
from looply.catalog.catalog import postgres_backend
from looply.catalog.storage.database import Backend, CatalogDatabase
from looply.catalog.storage.sqlite import SqliteFile
from looply.catalog.tenants.data_keys import DataKeys
from looply.catalog.trail.proof import find_problems
from looply.clock import BlockEntropy, Clock, Entropy, Ids, SystemClock, SystemEntropy
from looply.connectors.client import build_client
from looply.connectors.function.pool import SandboxPool
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.registry import Registry, load_connectors
from looply.engine.coding.codec import Codec
from looply.engine.effects.in_process import InProcessDispatcher
from looply.engine.effects.worker import Worker, WorkerResources
from looply.engine.ports.card_channel import INBOX, CardChannel
from looply.engine.ports.dispatch import Dispatcher
from looply.engine.ports.port import Audit, Examined, ignore_examined
from looply.engine.ports.store import Store
from looply.engine.processing.loading import Loader
from looply.engine.processing.observers import Observers
from looply.engine.records.changes import ChangeLog, StateChange
from looply.engine.records.startup import StartupState
from looply.engine.shell.audit import audit_store
from looply.engine.shell.reading import Parts
from looply.engine.shell.shell import Shell
from looply.engine.sqlite.file.opening import FILE_NAME
from looply.engine.sqlite.file.seal import Seal
from looply.engine.sqlite.store import SqliteStore
from looply.engine.upkeep.auditor import Auditor
from looply.engine.upkeep.inbox_channel import InboxChannel
from looply.engine.upkeep.loop import Loop, running_loops
from looply.engine.upkeep.pruner import Pruner
from looply.engine.upkeep.pump import Pump
from looply.engine.upkeep.quota_meter import QuotaMeter
from looply.engine.upkeep.reconciler import Reconciler
from looply.engine.upkeep.store_watch import StoreWatch
from looply.errors import Problem, SettingsError, StoreCorrupt
from looply.jsontext import Json
from looply.master_keys import MasterKeys
from looply.rates import Turns
from looply.server.administration.web_pages import Pages
from looply.server.application import build_app, build_monitoring, ingress_of
from looply.server.connection import serving
from looply.settings import Settings

if TYPE_CHECKING:  # optional dependency, slow import
    from looply.engine.postgres import PostgresStore

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
    settings: Settings, *, is_working: bool = True, connectors: Sequence[str] | None = None, clock: Clock | None = None
) -> AsyncIterator[Application]:
    """Opens the store, yields the application, and closes everything in order.

    With `is_working` effects, timers and schedules run, and the work that an earlier process left is recovered;
    without it the store is open for reading and administration only. `connectors` are those whose effects a worker
    carries out (empty: all); None is no worker.
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
            await stack.enter_async_context(_run_work(application, boot))
        yield application


async def audit_database(settings: Settings, clock: Clock, examined: Examined = ignore_examined) -> Audit:
    """Returns the audit of the settings' database, also while other processes work on it.

    Raises: as `open_application`, except DataFolderInUse.
    """
    store = _postgres_store(settings, clock)
    try:
        boot = await store.open_to_read()
        async with read_only_keys(settings, clock) as keys:
            codec = Codec(keys)
            codec.add_dictionaries(boot.dictionaries)
            audit = await audit_store(store, Loader(store, codec).fold_history, examined=examined)
    finally:
        await store.close()
    async with read_only_catalog(settings) as database:
        return with_catalog(audit, await database.read(find_problems))


@asynccontextmanager
async def read_only_keys(settings: Settings, clock: Clock) -> AsyncIterator[DataKeys]:
    """Yields the data keys of the settings' store, also while other processes work on it; changes nothing.

    Raises: KeyUnfit, StoreUnreachable, SettingsError.
    """
    keys = DataKeys(master_keys_of(settings), clock)
    async with read_only_catalog(settings) as database:
        await keys.open(database, reads_only=True)
        yield keys


@asynccontextmanager
async def read_only_catalog(settings: Settings) -> AsyncIterator[CatalogDatabase]:
    """Yields the catalog of the settings' store without opening it for writing, also while other processes use it.

    Raises: as its reads.
    """
    database = CatalogDatabase(_catalog_backend(settings))
    try:
        yield database
    finally:
        await database.close()


async def apply_master_keys(settings: Settings, clock: Clock) -> None:
    """Applies the current master keys to the catalog.

    Raises: DataFolderInUse when a server owns the folder, which then applies them; KeyUnfit, StoreUnreachable.
    """
    if settings.engine == "embedded":
        async with open_application(settings, is_working=False, clock=clock):
            return
    async with read_only_catalog(settings) as database:
        await DataKeys(master_keys_of(settings), clock).open(database)


def _catalog_backend(settings: Settings) -> Backend:
    if settings.engine == "embedded":
        return SqliteFile(settings.data / CATALOG_FILE)
    with _require_extra("distributed"):
        return postgres_backend(_address(settings))


async def serve(settings: Settings, on_listening: Callable[[str], None]) -> None:
    """Runs a server on the store until SIGTERM or SIGINT, then drains.

    `on_listening` is called with the address, such as `http://127.0.0.1:8080`, once calls are answered.
    Raises: as `open_application`; SettingsError when the process cannot listen on the address; StoreLost or
    StoreCorrupt when the store failed while serving.
    """
    async with open_application(settings) as application:
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
    _raise_store_failure(application)


async def work(settings: Settings, on_working: Callable[[str], None]) -> None:
    """Carries out effects of a distributed installation until SIGTERM or SIGINT, then drains.

    `on_working` is called with the names of the connectors that are served, once the process takes effects.
    Raises: as `open_application`; StoreLost when the store failed while working, or another process took its lease.
    """
    async with open_application(settings, connectors=settings.worker_connectors) as application:
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
    _raise_store_failure(application)


def _raise_store_failure(application: Application) -> None:
    failure = application.store.failure()
    if failure is not None:
        raise failure


def _spare_collector() -> None:
    """Freezes the objects of a started process, so that the garbage collector skips them, and collects less often.

    A full pass over the objects of a started server takes 50 ms, during which no call is answered, and happens every
    second under load. Reference counting frees what a call allocates, so little garbage waits for the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTIONS)


def _store(settings: Settings, clock: Clock, *, is_working: bool) -> tuple[Store, Seal, Clock]:
    """Returns the store, not yet open, the seal of the data folder (for a database it does nothing), and the clock."""
    if settings.engine == "embedded":
        seal = Seal(settings.data, (CATALOG_FILE, FILE_NAME))
        return SqliteStore(settings.data, clock, seal=seal, is_working=is_working), seal, clock
    store = _postgres_store(settings, clock, is_alone=settings.engine == "postgres")
    return store, Seal(settings.data, ()), store.clock


def _postgres_store(settings: Settings, clock: Clock, *, is_alone: bool = True) -> "PostgresStore":
    with _require_extra("distributed"):
        # Optional dependency, slow import.
        from looply.engine.postgres import PostgresStore  # noqa: PLC0415
    return PostgresStore(_address(settings), clock, is_alone=is_alone)


async def _catalog(settings: Settings, keys: DataKeys, registry: Registry, clock: Clock, entropy: Entropy) -> Catalog:
    facts: dict[str, Any] = {"clock": clock, "ids": Ids(entropy), "entropy": entropy, "binding": registry.binding}
    if settings.engine == "embedded":
        return await Catalog.open(settings.data / CATALOG_FILE, keys, **facts)
    return await Catalog.connect(_address(settings), keys, **facts)


def _address(settings: Settings) -> str:
    assert settings.database is not None
    return settings.database.reveal()


@contextmanager
def _require_extra(name: str) -> Iterator[None]:
    """Turns a missing library of an extra into an error that names the extra to install. Raises: SettingsError."""
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
    with _require_extra("distributed"):
        # Optional dependency, slow import.
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


def _worker(
    settings: Settings, registry: Registry, catalog: Catalog, clock: Clock, turns: Turns, stack: AsyncExitStack
) -> Worker:
    """Returns the worker that carries out effects; its connections and processes are closed with the stack."""
    policy = EgressPolicy(settings.egress_allow)
    client = build_client(policy, settings.limits)
    stack.push_async_callback(client.close)
    sandbox = SandboxPool(settings.limits, processes=settings.function_processes, turns=turns)
    stack.push_async_callback(sandbox.close)
    resources = WorkerResources(dialer=GuardedDialer(policy), sandbox=sandbox, limits=settings.limits, turns=turns)
    return Worker(registry, CatalogConnections(catalog, registry), client.sender, clock, resources)


async def _compose(
    settings: Settings, store: Store, clock: Clock, connectors: Sequence[str] | None, stack: AsyncExitStack
) -> Application:
    entropy, keys = SystemEntropy(), DataKeys(master_keys_of(settings), clock)
    registry = load_connectors()
    catalog = await _catalog(settings, keys, registry, clock, entropy)
    stack.push_async_callback(catalog.close)
    turns = Turns(clock)
    worker = _worker(settings, registry, catalog, clock, turns, stack)
    # The dispatcher needs the shell's labels, but the shell is built from the dispatcher: hence the lambda.
    dispatcher = _dispatcher(settings, registry, clock, connectors, lambda key: shell.labels(key))  # noqa: PLW0108
    metrics = Metrics(settings.engine, settings.limits.metric_workflows)
    shell = Shell(
        Parts(
            store=store,
            codec=Codec(keys),
            dispatcher=dispatcher,
            worker=worker,
            clock=clock,
            entropy=BlockEntropy(entropy),
            limits=settings.limits,
            turns=turns,
            channels=frozenset(_CHANNELS) - {INBOX},  # the inbox renders on request, so it is never out of date
            observers=_observers(metrics),
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
        metrics=metrics,
        metrics_token=settings.metrics_token,
        turns=turns,
    )

    async def default_profile(organization_id: str, workflow_id: str) -> tuple[str, Json]:
        profile = await library.profile(organization_id, workflow_id, "")
        return (profile.name, profile.values) if profile is not None else ("", None)

    pump = Pump(shell, store, clock, default_profile, partial(find_child_target, library, catalog.bulks))
    auditor = Auditor(shell, store, clock, frozenset(_CHANNELS) - {INBOX})
    reconciler = Reconciler(shell, store.copies, _CHANNELS, clock)
    shell.observers.on_copies = reconciler.wake
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
            BulkRunner(services, _bulk_holder(store)),
        ),
        store=store,
    )


def _observers(metrics: Metrics) -> Observers:
    """Returns the observers that notify the log and the metrics."""
    log = ChangeLog()

    def observe(change: StateChange) -> None:
        log(change)
        metrics.count_change(change)

    return Observers(on_change=observe, on_commit=metrics.count_commit)


def _measure(services: Services, shell: Shell, store: Store, auditor: Auditor) -> None:
    """Connects the metrics with the sources that they read."""
    metrics = services.metrics

    def process_state() -> ProcessState:
        return ProcessState(
            is_ready=shell.health().is_ready and not services.lifecycle.is_draining,
            is_short_of_space=store.is_short_of_space,
            findings=count_uninstalled_as_other(auditor.findings, services.registry.operations),
            quotas_reached=[quota for _, quota in shell.quotas.list_reached()],
        )

    if isinstance(store, SqliteStore):
        store.on_group(metrics.count_flush)
    metrics.set_state_source(process_state)


@asynccontextmanager
async def _run_work(application: Application, boot: StartupState) -> AsyncIterator[None]:
    """Recovers the work that earlier processes left, then runs effects and all loops until the end of the block."""
    application.shell.begin()
    await application.pump.recover(boot)
    await align_all(application.services)
    async with running_loops(application.loops, application.services.lifecycle.drain):
        yield


def _bulk_holder(store: Store) -> str:
    """Returns the name under which this process holds bulks.

    A process that does not share its store has a fixed name, so it resumes the bulks of its predecessor at once.
    """
    return SystemEntropy().token(16).hex() if store.is_shared else _ALONE


def _connectors(registry: Registry, requested: Sequence[str]) -> tuple[str, ...]:
    """Returns the connectors that a worker serves: those that are named, else all. Raises: SettingsError."""
    installed = tuple(connector.name for connector in registry.connectors)
    if unknown := sorted(set(requested) - set(installed)):
        message = f"worker_connectors names {', '.join(unknown)}; the installed connectors are {', '.join(installed)}"
        raise SettingsError(message, problems=(Problem(path="/worker_connectors", message=message),))
    return tuple(requested) or installed


def master_keys_of(settings: Settings) -> MasterKeys:
    """Returns the master keys of the setting, else of the file in the data folder."""
    text = settings.encryption_key.reveal() if settings.encryption_key is not None else None
    return MasterKeys(settings.data / KEY_FILE, text)
