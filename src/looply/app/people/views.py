"""Views of pages: of the person who has signed in, and shared ones."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from looply.app.context.services import Services
from looply.app.people.signing_in import session_of
from looply.catalog.authored.views import View, ViewDraft, ViewPage
from looply.catalog.tenants.principal import Principal
from looply.errors import BadRequest
from looply.permissions import Permission

_PERMISSIONS: Final[Mapping[ViewPage, Permission]] = {"executions": "read.executions"}
"""What a person needs for a page; without it, its views are of no use."""

_MANAGES: Final = "members"
"""The permission to change shared views of others, who may have left."""


async def list_all(services: Services, principal: Principal, page: ViewPage) -> tuple[View, ...]:
    """Returns the person's views and the shared ones of a page, by name. Raises: Forbidden (code `SCOPE`)."""
    person, _ = session_of(principal)
    principal.require(_PERMISSIONS[page])
    return await services.catalog.views.list_all(principal.organization_id, person.user_id, page)


async def put(
    services: Services, principal: Principal, draft: ViewDraft, *, view_id: str | None, modified_on: datetime | None
) -> View:
    """Stores a new view, or replaces the one with the id, and returns it.

    Raises: BadRequest for an id without the instant of its last change; Forbidden (code `SCOPE`); otherwise as `Views`.
    """
    person, _ = session_of(principal)
    principal.require(_PERMISSIONS[draft.page])
    views = services.catalog.views
    if view_id is None:
        return await views.create(principal.organization_id, person.user_id, draft)
    if modified_on is None:
        raise BadRequest.at("/modified_on", "must be that of the view, as it was read")
    return await views.update(
        principal.organization_id,
        person.user_id,
        view_id,
        draft,
        modified_on=modified_on,
        may_manage=principal.may(_MANAGES),
    )


async def delete(services: Services, principal: Principal, view_id: str, modified_on: datetime) -> None:
    """Deletes a view. Raises: as `Views`."""
    person, _ = session_of(principal)
    await services.catalog.views.delete(
        principal.organization_id,
        person.user_id,
        view_id,
        modified_on=modified_on,
        may_manage=principal.may(_MANAGES),
    )
