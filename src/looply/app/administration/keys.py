"""API keys."""

from looply.app.context.services import Services
from looply.catalog.storage.pages import Page
from looply.catalog.tenants.keys import ApiKey, KeyDraft, NewKey, Principal, Revocation


async def create(services: Services, principal: Principal, draft: KeyDraft) -> NewKey:
    """Returns a new key with its text, which is shown this once.

    Raises: Forbidden (code `SCOPE`) when it is to override decisions and this caller may not; BadRequest, Refused.
    """
    if "override" in draft.scopes:
        # Who administers keys must not come by the decisions of approvers.
        principal.require("decide.override")
    return await services.catalog.keys.create(
        principal.organization_id, principal.workspace_id, draft, actor=principal.key_id
    )


async def revoke(services: Services, principal: Principal, key_id: str, *, cascade: bool = False) -> Revocation:
    """Returns the key, which opens nothing any more, with the live keys that were made with it.

    With `cascade` these open nothing any more either. Raises: BadRequest, NotFound.
    """
    return await services.catalog.keys.revoke(
        principal.organization_id, key_id, cascade=cascade, actor=principal.key_id
    )


async def list_page(services: Services, principal: Principal, limit: int, before: str | None) -> Page[ApiKey]:
    """Returns keys without their texts, newest first."""
    return await services.catalog.keys.list_page(principal.organization_id, limit, before)
