"""What every use case is given."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from looply.app.context.background import BackgroundThread
from looply.app.context.library import Library
from looply.app.context.links import Links
from looply.app.context.metrics import Metrics
from looply.catalog import Catalog
from looply.clock import Clock
from looply.connectors.registry import Registry
from looply.engine.ports.port import Engine
from looply.engine.processing.feed import Feed
from looply.limits import DEFAULT_LIMITS, Limits
from looply.settings import Secret


class Lifecycle:
    """Whether the process takes calls. Calls that wait for something end early once it drains."""

    def __init__(self) -> None:
        self._draining = asyncio.Event()

    @property
    def is_draining(self) -> bool:
        """Whether the process was asked to stop."""
        return self._draining.is_set()

    def drain(self) -> None:
        """Says that the process stops; saying it again changes nothing."""
        self._draining.set()

    async def wait(self) -> None:
        """Returns when the process begins to stop."""
        await self._draining.wait()


def _nobody() -> None:
    """Stands for whoever will hear a bell."""


class Bell:
    """Tells who does something beside all calls that there is more to do. `heard` is called, if anybody set it."""

    def __init__(self) -> None:
        self.heard: Callable[[], None] = _nobody

    def ring(self) -> None:
        """Says that there is something new; it is stored already."""
        self.heard()


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The engine and its feed, the catalog and what surrounds them; `aside` does what would hold up the event loop.

    `metrics_token` opens the metrics; without it nothing does.
    `bulk_bell` is rung when this process has stored a bulk.
    """

    engine: Engine
    catalog: Catalog
    clock: Clock
    registry: Registry
    library: Library
    links: Links
    feed: Feed
    limits: Limits = DEFAULT_LIMITS
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    aside: BackgroundThread = field(default_factory=BackgroundThread)
    metrics: Metrics = field(default_factory=Metrics)
    metrics_token: Secret | None = None
    bulk_bell: Bell = field(default_factory=Bell)

    @property
    def schedule_lock(self) -> AbstractAsyncContextManager[None]:
        """What orders the changes of live schedules, those of other servers included."""
        return self.catalog.database.exclusive()
