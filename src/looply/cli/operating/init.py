"""`looply init`: creates a store with an organization and its first key."""

from typing import Annotated

from cyclopts import Parameter

from looply.cli.terminal.options import Data, KeyOnly, settings_of
from looply.cli.terminal.tables import record
from looply.cli.terminal.terminal import Here
from looply.errors import Conflict


async def init(
    *,
    data: Data = None,
    name: Annotated[str, Parameter(help="Name of the organization.")] = "Default",
    key_only: KeyOnly = False,
    terminal: Here,
) -> None:
    """Create a store with an organization and its first key: a data folder, or the tables of the settings' database.

    The key has all scopes and is shown only now, as is the link that makes the first owner. A store that already has an
    organization is refused. `--key-only` is for scripts: `export LOOPLY_API_KEY=$(looply init --key-only)`.
    """
    from looply.app.administration import organizations  # noqa: PLC0415 - slow import: only work on the store needs it
    from looply.cli.offline.store import open_services  # noqa: PLC0415 - slow import: only work on the store needs it

    settings = settings_of(terminal, {"data": data})
    async with open_services(terminal, settings) as services:
        if await services.catalog.organizations.find_first() is not None:
            what, place, more = "the database", "--offline", ""
            if settings.engine == "embedded":
                what, place, more = str(settings.data), f"--data {settings.data}", f" --data {settings.data}"
            raise Conflict(
                f"{what} already has an organization; 'looply key create {place}' creates a key, "
                f"'looply organization create{more}' another organization",
                code="ALREADY_INITIALIZED",
            )
        (made,) = await organizations.create(services, [name])
    document = {
        "organization_id": made.organization.organization_id,
        "workspace_id": made.organization.workspace_id,
        "api_key": made.api_key,
        "owner_link": made.owner_link,
    }
    where = {"data folder": settings.data} if settings.engine == "embedded" else {}
    if key_only:
        terminal.show(document, lambda: made.api_key)
    else:
        terminal.show(document, lambda: record({**where, **document}))
    terminal.note("The API key and the link are shown only now; the store has their hashes only.")
    terminal.note("Start the server and open the link to become the owner; it works once, within 7 days.")
