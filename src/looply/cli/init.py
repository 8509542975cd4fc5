"""`looply init`: a data folder with an organization and its first key."""

from typing import Annotated

from cyclopts import Parameter

from looply.cli.options import Data, settings_of
from looply.cli.terminal import Here
from looply.errors import Conflict


async def init(
    *,
    data: Data = None,
    name: Annotated[str, Parameter(help="Name of the organization.")] = "Default",
    terminal: Here,
) -> None:
    """Make a data folder with an organization and its first key.

    The key has all scopes and is shown this once. A folder that has an organization already is refused.
    """
    from looply.app import organizations  # noqa: PLC0415 - start-up cost of the catalog
    from looply.cli.folder import open_services  # noqa: PLC0415
    from looply.cli.tables import record  # noqa: PLC0415

    settings = settings_of(terminal, {"data": data})
    async with open_services(terminal, settings) as services:
        if await services.catalog.organizations.find_first() is not None:
            raise Conflict(
                f"{settings.data} has an organization already; 'looply key create --data {settings.data}' makes a key, "
                f"'looply organization create --data {settings.data}' another organization",
                code="ALREADY_INITIALIZED",
            )
        (made,) = await organizations.create(services, [name])
    document = {
        "organization_id": made.organization.organization_id,
        "workspace_id": made.organization.workspace_id,
        "api_key": made.api_key,
    }
    terminal.show(document, lambda: record({"data folder": settings.data, **document}))
    terminal.note("The API key is shown this once; only its hash is stored.")
