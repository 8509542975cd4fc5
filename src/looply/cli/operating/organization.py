"""`looply organization`: the tenants of an installation."""

from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.options import Data
from looply.cli.terminal.tables import show_items
from looply.cli.terminal.terminal import Here
from looply.instants import to_ms

APP: Final = App(name="organization", help="Organizations of a data folder: create, list.")

_COLUMNS: Final = {
    "organization": "organization_id",
    "workspace": "workspace_id",
    "name": "organization_name",
}


@APP.command
async def create(
    *names: Annotated[str, Parameter(help="Name of a new organization; several may be given.")],
    data: Data = None,
    terminal: Here,
) -> None:
    """Create organizations, each with an API key of all scopes and a link that makes its owner, shown only now.

    Organizations are isolated from each other. When one name is refused, none is created.
    """

    if not names:
        raise UsageError("name the organization")
    from looply.app.administration import organizations  # noqa: PLC0415 - slow import: only work on the store needs it
    from looply.cli.offline.store import existing_settings, open_services  # noqa: PLC0415 - slow import: only work on the store needs it

    async with open_services(terminal, existing_settings(terminal, data)) as services:
        made = await organizations.create(services, names)
    items: list[dict[str, Any]] = [
        {
            "organization_id": each.organization.organization_id,
            "workspace_id": each.organization.workspace_id,
            "organization_name": each.organization.organization_name,
            "api_key": each.api_key,
            "owner_link": each.owner_link,
        }
        for each in made
    ]
    show_items(terminal, items, {**_COLUMNS, "API key": "api_key", "owner": "owner_link"})
    terminal.note("API keys and links are shown only now; the store has their hashes only.")


@APP.command(name="list")
async def list_organizations(
    *,
    usage: Annotated[bool, Parameter(negative="", help="Also count open executions and stored bytes: a scan.")] = False,
    data: Data = None,
    terminal: Here,
) -> None:
    """List the organizations in the order of their creation."""
    from looply.app.administration import organizations  # noqa: PLC0415 - slow import: only work on the store needs it
    from looply.cli.offline.store import existing_settings, open_services  # noqa: PLC0415 - slow import: only work on the store needs it
    from looply.engine.records.figures.survey import Usage  # noqa: PLC0415 - slow import: only work on the store needs it

    async with open_services(terminal, existing_settings(terminal, data)) as services:
        found = await organizations.list_all(services)
        known = await services.engine.usage() if usage else {}
    items: list[dict[str, Any]] = [
        {
            "organization_id": each.organization_id,
            "workspace_id": each.workspace_id,
            "organization_name": each.organization_name,
            "created_on": to_ms(each.created_on),
            **(known.get(each.organization_id, Usage())._asdict() if usage else {}),
        }
        for each in found
    ]
    columns = {"open executions": "open_executions", "stored bytes": "stored_bytes"} if usage else {}
    show_items(terminal, items, {**_COLUMNS, "created": "created_on", **columns}, noun="organizations")
