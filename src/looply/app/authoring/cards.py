"""Card templates and their versions."""

from datetime import datetime
from typing import Any

from looply.app.context.authors import name_author
from looply.app.context.services import Services
from looply.catalog.authored.cards import CardDraft, CardSummary, CardVersion
from looply.catalog.authored.versions import VersionChanged, VersionKey
from looply.catalog.storage.pages import Page
from looply.catalog.tenants.principal import Principal


async def create(services: Services, principal: Principal, draft: CardDraft) -> CardVersion:
    """Creates a card and returns version 1, a DRAFT. Raises: BadRequest, Refused, NotFound for a linked workflow."""
    return await services.catalog.cards.create(
        principal.organization_id, principal.workspace_id, draft, actor=principal.actor
    )


async def update(
    services: Services,
    principal: Principal,
    key: VersionKey,
    *,
    modified_on: datetime,
    name: str | None,
    payload: dict[str, Any],
) -> CardVersion:
    """Saves a template and returns its DRAFT: the given version, or the next one if the given one is ACTIVE.

    Raises: BadRequest, Refused, NotFound (code `VERSION_DELETED` for one that was deleted); VersionChanged when it was
    changed or activated after `modified_on`, which names the author.
    """
    former = await services.catalog.cards.get_to_save(principal.organization_id, key)
    workflow = None
    if former.workflow_id is not None and former.workflow_version is not None:
        workflow = (former.workflow_id, former.workflow_version)
    draft = CardDraft(name=former.card_name if name is None else name, payload=payload, workflow=workflow)
    try:
        return await services.catalog.cards.save_draft(
            principal.organization_id, key, draft, modified_on=modified_on, actor=principal.actor
        )
    except VersionChanged as error:
        await name_author(services, principal.organization_id, error)
        raise


async def activate(services: Services, principal: Principal, key: VersionKey, note: str = "") -> CardVersion:
    """Activates and locks a version, and returns it; `note` says what is new. Raises: BadRequest, NotFound, Refused."""
    return await services.catalog.cards.activate(principal.organization_id, key, note=note, actor=principal.actor)


async def delete(services: Services, principal: Principal, card_id: str, version: int | None) -> None:
    """Deletes a version, or the whole card. Raises: BadRequest, NotFound."""
    await services.catalog.cards.delete(principal.organization_id, card_id, version, actor=principal.actor)


async def get(services: Services, principal: Principal, key: VersionKey) -> CardVersion:
    """Returns a version. Raises: BadRequest, NotFound."""
    return await services.catalog.cards.get(principal.organization_id, key)


async def latest_active(services: Services, principal: Principal, card_id: str) -> CardVersion:
    """Returns the newest ACTIVE version. Raises: BadRequest, NotFound, Conflict (code `NO_ACTIVE_VERSION`)."""
    return await services.catalog.cards.latest_active(principal.organization_id, card_id)


async def list_page(
    services: Services, principal: Principal, limit: int, after: VersionKey | None
) -> Page[CardSummary]:
    """Returns versions, newest created first, after the cursor `after` if it is given."""
    return await services.catalog.cards.list_page(principal.organization_id, limit, after)
