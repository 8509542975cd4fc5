"""Credentials for the worker: connections of the catalog, decrypted at the moment of a call."""

from collections.abc import Mapping, Sequence

from looply.catalog import Catalog
from looply.catalog.authored.connections import ResolvedConnection
from looply.connectors.port import ConnectionValues, Secrets
from looply.connectors.registry import Registry
from looply.errors import BadInput, NotFound
from looply.jsontext import Json

_PAGE = 200


class CatalogConnections:
    """Resolves connections by name or by their settings. A changed secret takes effect at once."""

    def __init__(self, catalog: Catalog, registry: Registry) -> None:
        self._catalog = catalog
        self._registry = registry

    async def find_by_name(self, organization_id: str, name: str) -> ConnectionValues:
        """Returns the connection of that name. Raises: BadInput when there is none."""
        try:
            found = await self._catalog.connections.resolve(organization_id, name)
        except NotFound as error:
            raise BadInput(f"there is no connection {name!r}; create it, or correct the step's `connection`") from error
        return values_of(found, self._registry)

    async def find_by_settings(self, organization_id: str, kind: str, settings: Mapping[str, str]) -> ConnectionValues:
        """Returns the only connection of a kind with these settings. Raises: BadInput when there is not exactly one."""
        names = await find_connections(self._catalog, organization_id, kind, settings)
        listed = ", ".join(f"{name} {value}" for name, value in settings.items())
        if len(names) != 1:
            found = f"{len(names)} connections" if names else "no connection"
            raise BadInput(f"{found} of kind {kind} with {listed}, expected one; name it in the step's `connection`")
        return await self.find_by_name(organization_id, names[0])

    async def find_for_channel(self, organization_id: str, app: str, kinds: Sequence[str]) -> ConnectionValues:
        """Returns the connection of that name, or the only one of these kinds when `app` is empty. Raises: BadInput."""
        if app:
            return await self.find_by_name(organization_id, app)
        names = [name for kind in kinds for name in await find_connections(self._catalog, organization_id, kind, {})]
        if len(names) != 1:
            found = f"{len(names)} connections" if names else "no connection"
            raise BadInput(f"{found} of kind {' or '.join(kinds)}, expected one; name it in the step's `app`")
        return await self.find_by_name(organization_id, names[0])


def values_of(connection: ResolvedConnection, registry: Registry) -> ConnectionValues:
    """Returns a connection of the catalog as connectors receive it."""
    return ConnectionValues(
        name=connection.name,
        kind=connection.kind,
        settings=connection.settings,
        secrets=Secrets(connection.secrets),
        targets=registry.targets(connection.kind, connection.settings) if connection.secrets else None,
        revision=connection.revision,
    )


async def find_connections(
    catalog: Catalog, organization_id: str, kind: str, settings: Mapping[str, str]
) -> tuple[str, ...]:
    """Returns the names of all connections of a kind with these settings."""
    names: list[str] = []
    before: str | None = None
    while True:
        page = await catalog.connections.list_page(organization_id, _PAGE, before)
        names += [item.name for item in page.items if item.kind == kind and _has(item.settings, settings)]
        if not page.has_more:
            return tuple(names)
        before = page.items[-1].connection_id


def _has(actual: Mapping[str, Json], expected: Mapping[str, str]) -> bool:
    return all(str(actual.get(name, "")) == value for name, value in expected.items())
