"""What use cases share, and where the metrics read."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from looply.app.context.library import Library
from looply.app.context.metrics import Metrics, ProcessState, count_uninstalled_as_other
from looply.app.context.remote_prober import RemoteProber
from looply.app.context.services import Prober, Services
from looply.app.context.sign_in import Provider, SignInMeans
from looply.app.openid.providers import Providers, build_providers
from looply.bootstrap.channels import Channels
from looply.bootstrap.foundations import Foundations
from looply.catalog.people.passwords import Passwords
from looply.clock import Clock, Entropy
from looply.connectors.client import build_client
from looply.connectors.outbound.egress import EgressPolicy
from looply.engine.effects.worker import Worker
from looply.engine.ports.card_channel import INBOX
from looply.engine.ports.store import Store
from looply.engine.processing.observers import Observers
from looply.engine.records.changes import ChangeLog, StateChange
from looply.engine.shell.shell import Shell
from looply.engine.sqlite.store import SqliteStore
from looply.engine.upkeep.auditor import Auditor
from looply.settings import Settings


def make_services(
    base: Foundations,
    shell: Shell,
    prober: Prober,
    metrics: Metrics,
    stack: AsyncExitStack,
    channels: Channels,
) -> Services:
    """Returns what use cases share; the connections to providers of sign-in are closed with the stack."""
    settings, catalog, clock = base.settings, base.catalog, base.clock
    return Services(
        engine=shell,
        catalog=catalog,
        clock=clock,
        registry=base.registry,
        library=Library(catalog, clock, settings.limits),
        links=base.links,
        feed=shell.feed,
        limits=settings.limits,
        metrics=metrics,
        metrics_token=settings.metrics_token,
        turns=base.turns,
        prober=prober,
        entropy=base.entropy,
        channels=frozenset({INBOX, *channels.cards}),
        card_checks=channels.card_checks,
        receivers=channels.receivers,
        bots=channels.bots,
        tabs=channels.tabs,
        mailer=channels.mailer,
        notifier=channels.notifier,
        passwords=Passwords(base.entropy),
        sign_in=_sign_in_means(settings),
        providers=_make_providers(settings, clock, base.entropy, stack),
    )


def make_prober(base: Foundations, worker: Worker, connectors: Sequence[str] | None) -> Prober:
    """Returns the prober of a process: a server of a distributed installation makes no calls, so workers test for it.

    `connectors` as in `open_application`.
    """
    if base.settings.engine == "distributed" and connectors is None:
        return RemoteProber(base.catalog.questions, base.registry, base.clock)
    return worker.prober


def _make_providers(settings: Settings, clock: Clock, entropy: Entropy, stack: AsyncExitStack) -> Providers:
    """Returns the providers of sign-in, each of which may be reached, also where it has no public address."""
    allowed = (*settings.egress_allow, *(provider.host for provider in settings.sign_in_providers))
    client = build_client(EgressPolicy(allowed), settings.limits)
    stack.push_async_callback(client.close)
    return build_providers(settings.sign_in_providers, client, clock, entropy)


def _sign_in_means(settings: Settings) -> SignInMeans:
    return SignInMeans(
        has_passwords=settings.local_sign_in,
        break_glass=settings.break_glass,
        providers=tuple(Provider(provider_id=each.id, label=each.label) for each in settings.sign_in_providers),
    )


def make_observers(metrics: Metrics) -> Observers:
    """Returns the observers that notify the log and the metrics."""
    log = ChangeLog()

    def observe(change: StateChange) -> None:
        log(change)
        metrics.count_change(change)

    return Observers(on_change=observe, on_commit=metrics.count_commit)


def connect_metrics(services: Services, shell: Shell, store: Store, auditor: Auditor) -> None:
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
    shell.gate.on_outage = metrics.count_outage
    metrics.set_state_source(process_state)
