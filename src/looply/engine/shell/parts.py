"""The parts that a shell is composed of: what differs from one installation to another."""

from dataclasses import dataclass, field

from looply.clock import Clock, Entropy
from looply.engine.coding.codec import Codec
from looply.engine.effects.outages import BreakerSettings
from looply.engine.effects.worker import Worker
from looply.engine.ports.dispatch import Dispatcher
from looply.engine.ports.store import Store
from looply.engine.processing.feed import DEFAULT_FEED_BOUNDS, FeedBounds
from looply.engine.processing.observers import Observers
from looply.limits import DEFAULT_LIMITS, Limits
from looply.rates import Turns

CACHE_BYTES = 24 * 1024 * 1024
"""Memory of the states that are kept between commands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that a shell is composed of."""

    store: Store
    codec: Codec
    dispatcher: Dispatcher
    worker: Worker
    clock: Clock
    entropy: Entropy
    limits: Limits = DEFAULT_LIMITS
    cache_bytes: int = CACHE_BYTES
    feed_bounds: FeedBounds = DEFAULT_FEED_BOUNDS
    channels: frozenset[str] = frozenset()
    """Channels that keep copies of cards elsewhere and must be updated."""
    observers: Observers = field(default_factory=Observers)
    breaker: BreakerSettings | None = None
    """How systems that are down are found and called again; None: no outage is found."""
    turns: Turns | None = None
    """The turns of the organizations' large histories, long runs and child starts; None: nothing waits for a turn."""
