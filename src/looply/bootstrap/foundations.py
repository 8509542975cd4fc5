"""What the engine and the services of a process are both made of."""

from dataclasses import dataclass

from looply.app.context.links import Links
from looply.catalog import Catalog
from looply.catalog.tenants.data_keys import DataKeys
from looply.clock import Clock, Entropy
from looply.connectors.registry import Registry
from looply.engine.ports.store import Store
from looply.rates import Turns
from looply.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundations:
    """What the engine and the services are both made of."""

    settings: Settings
    store: Store
    catalog: Catalog
    keys: DataKeys
    registry: Registry
    clock: Clock
    entropy: Entropy
    turns: Turns
    links: Links
