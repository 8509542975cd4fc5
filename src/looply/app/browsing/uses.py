"""Which workflows name an object."""

from typing import TypeAlias

from looply.app.authoring import datastores
from looply.app.context.services import Services
from looply.catalog.authored.uses import UseKey, UsingVersion
from looply.catalog.storage.pages import Page
from looply.catalog.tenants.names import validate_id
from looply.catalog.tenants.principal import Principal
from looply.definition.calls.uses import UseKind
from looply.definition.settings.datastores import canonical_name

UsedKind: TypeAlias = UseKind


async def list_uses(
    services: Services, principal: Principal, kind: UsedKind, name: str, limit: int, after: UseKey | None
) -> Page[UsingVersion]:
    """Returns the versions of workflows that name an object, by workflow.

    They are the newest ACTIVE version of each workflow, and drafts that are newer.
    Raises: BadRequest for an id that is no UUID; NotFound when there is no such workflow, card, connection or datastore
    and no version names it.
    """
    found = _stored_name(kind, name)
    page = await services.catalog.uses.list_page(principal.organization_id, kind, found, limit, after)
    if not page.items and after is None:
        await _require(services, principal, kind, found)
    return page


def _stored_name(kind: UsedKind, name: str) -> str:
    if kind in ("workflow", "card"):
        return validate_id(name, kind)
    return name if kind == "connection" else canonical_name(name)


async def _require(services: Services, principal: Principal, kind: UsedKind, name: str) -> None:
    """Raises: NotFound when there is no such object."""
    organization_id = principal.organization_id
    match kind:
        case "workflow":
            await services.catalog.workflows.latest_version(organization_id, name)
        case "card":
            await services.catalog.cards.latest_version(organization_id, name)
        case "connection":
            await services.catalog.connections.get(organization_id, name)
        case "datastore" | "calendar":
            await datastores.get(services, principal, name)
