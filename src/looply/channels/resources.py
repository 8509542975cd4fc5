"""What all connections of a channel share in one process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from looply.app.context.credentials import CatalogConnections, values_of
from looply.catalog import Catalog
from looply.clock import Clock
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.port import ConnectionValues, HttpSender
from looply.connectors.registry import Registry
from looply.errors import NotFound


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

    async def find_receiving(self, connection_id: str, kind: str) -> tuple[str, ConnectionValues]:
        """Returns the organization and the values of a connection at whose address something is taken.

        Raises: NotFound when there is no such connection, or it is of another kind.
        """
        organization_id, found = await self.catalog.connections.resolve_by_id(connection_id)
        if found.kind != kind:
            raise NotFound(f"the connection {connection_id} receives nothing", code="CONNECTION_NOT_FOUND")
        return organization_id, values_of(found, self.registry)
