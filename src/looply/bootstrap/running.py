"""The two kinds of processes that run until they are stopped: a server, and a worker."""

import gc
from collections.abc import Callable
from datetime import timedelta

from looply.bootstrap.application import Application, open_application
from looply.bootstrap.channels import OpenChannels, open_channels
from looply.bootstrap.effects import list_served_connectors
from looply.clock import SystemEntropy
from looply.server.administration.web_pages import Pages
from looply.server.application import build_app, build_monitoring, ingress_of
from looply.server.connection import serving
from looply.settings import Settings

# Thresholds of the collector's three generations; Python's own are 700, 10, 10.
_COLLECTIONS = (10_000, 20, 50)


async def serve(
    settings: Settings, on_listening: Callable[[str], None], *, channels: OpenChannels = open_channels
) -> None:
    """Runs a server on the store until SIGTERM or SIGINT, then drains.

    `on_listening` is called with the address, such as `http://127.0.0.1:8080`, once calls are answered. `channels` as
    in `open_application`.
    Raises: as `open_application`; SettingsError when the process cannot listen on the address; StoreLost or
    StoreCorrupt when the store failed while serving.
    """
    async with open_application(settings, channels=channels) as application:
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
                on_working(", ".join(list_served_connectors(application.services.registry, settings.worker_connectors)))
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
