"""API keys."""

from looply.app.context.services import Services
from looply.catalog.storage.pages import Page
from looply.catalog.tenants.keys import ApiKey, KeyDraft, NewKey, Revocation
from looply.catalog.tenants.principal import Principal


async def create(services: Services, principal: Principal, draft: KeyDraft) -> NewKey:
    """Creates a key and returns it with its text, which cannot be read again.

    Raises: Forbidden (code `SCOPE`) when the key would permit overrides and this caller may not; BadRequest, Refused.
    """
    if "decide.override" in draft.granted:
        # An administrator of keys must not gain the decisions of approvers.
        principal.require("decide.override")
    return await services.catalog.keys.create(
        principal.organization_id, principal.workspace_id, draft, actor=principal.actor
    )


async def revoke(services: Services, principal: Principal, key_id: str, *, cascade: bool = False) -> Revocation:
    """Revokes a key and returns it with the live keys that were made with it.

    With `cascade` these are revoked too. Raises: BadRequest, NotFound.
    """
    return await services.catalog.keys.revoke(principal.organization_id, key_id, cascade=cascade, actor=principal.actor)


async def list_page(services: Services, principal: Principal, limit: int, before: str | None) -> Page[ApiKey]:
    """Returns keys without their texts, newest first."""
    return await services.catalog.keys.list_page(principal.organization_id, limit, before)
