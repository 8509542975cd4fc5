"""What carries out effects: the dispatcher by the setting `engine`, and the worker with its connections."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack

from looply.app.context.credentials import CatalogConnections
from looply.bootstrap.foundations import Foundations
from looply.bootstrap.stores import require_extra
from looply.connectors.client import MOST_CONNECTIONS, build_client
from looply.connectors.credentials.logons import Logons
from looply.connectors.function.pool import SandboxPool
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.registry import Registry
from looply.engine.coding.blobs import StoredBlobs
from looply.engine.coding.codec import Codec
from looply.engine.effects.in_process import InProcessDispatcher
from looply.engine.effects.targets import KnownTargets
from looply.engine.effects.worker import Worker, WorkerResources
from looply.engine.ports.dispatch import Dispatcher
from looply.errors import Problem, SettingsError

LabelsOf = Callable[[str], Awaitable[Mapping[str, str]]]


def make_dispatcher(
    base: Foundations, connectors: Sequence[str] | None, labels_of: LabelsOf, targets: KnownTargets
) -> Dispatcher:
    """Returns the dispatcher of the setting `engine`; `labels_of` returns the labels of an execution.

    `targets` know which system each effect calls. Raises: SettingsError.
    """
    settings, registry, clock = base.settings, base.registry, base.clock
    if settings.engine != "distributed":
        return InProcessDispatcher(per_queue=settings.host_concurrency, total=settings.concurrency, targets=targets)
    with require_extra("distributed"):
        from looply.engine import temporal  # noqa: PLC0415 - optional import: only distributed installations have temporalio
    reached = temporal.TemporalSettings(
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
        carried = temporal.Serving(
            connectors=list_served_connectors(registry, connectors),
            known=list_served_connectors(registry, ()),
            concurrency=settings.concurrency,
            host_concurrency=settings.host_concurrency,
        )
    return temporal.TemporalDispatcher(reached, clock, serving=carried, labels_of=labels_of, targets=targets)


def make_worker(base: Foundations, targets: KnownTargets, stack: AsyncExitStack) -> Worker:
    """Returns the worker that carries out effects; its connections and processes are closed with the stack.

    It notes in `targets` which system each connection leads to.
    """
    settings, turns = base.settings, base.turns
    policy = EgressPolicy(settings.egress_allow)
    client = build_client(policy, settings.limits, connections=max(settings.concurrency, MOST_CONNECTIONS))
    stack.push_async_callback(client.close)
    sandbox = SandboxPool(settings.limits, processes=settings.function_processes, turns=turns)
    stack.push_async_callback(sandbox.close)
    resources = WorkerResources(
        dialer=GuardedDialer(policy),
        sandbox=sandbox,
        limits=settings.limits,
        turns=turns,
        targets=targets,
        logons=Logons(base.catalog.logons),
        blobs=StoredBlobs(base.store.journal, Codec(base.keys), settings.limits),
    )
    connections = CatalogConnections(base.catalog, base.registry)
    return Worker(base.registry, connections, client.sender, base.clock, resources)


def list_served_connectors(registry: Registry, requested: Sequence[str]) -> tuple[str, ...]:
    """Returns the connectors that a worker serves: those that are named, else all. Raises: SettingsError."""
    installed = tuple(connector.name for connector in registry.connectors)
    if unknown := sorted(set(requested) - set(installed)):
        message = f"worker_connectors names {', '.join(unknown)}; the installed connectors are {', '.join(installed)}"
        raise SettingsError(message, problems=(Problem(path="/worker_connectors", message=message),))
    return tuple(requested) or installed
