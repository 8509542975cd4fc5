"""What all connections of a channel share in one process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from looply.app.context.credentials import CatalogConnections
from looply.catalog import Catalog
from looply.clock import Clock
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.port import HttpSender
from looply.connectors.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelResources:
    """`sender` makes the sender of the requests of one call, for an organization."""

    catalog: Catalog
    registry: Registry
    sender: Callable[[timedelta, str], HttpSender]
    logons: Logons
    tokens: TokenCache
    clock: Clock

    @property
    def connections(self) -> CatalogConnections:
        """The connections, as they are stored now."""
        return CatalogConnections(self.catalog, self.registry)
