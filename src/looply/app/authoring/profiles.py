"""Environment profiles of workflows."""

from typing import Any

from looply.app.context.services import Services
from looply.catalog.authored.profiles import Profile
from looply.catalog.tenants.principal import Principal


async def create(
    services: Services, principal: Principal, workflow_id: str, name: str, values: dict[str, Any]
) -> Profile:
    """Creates a profile; the first one of a workflow is its default. Raises: BadRequest, NotFound, Conflict."""
    return await services.catalog.profiles.create(
        principal.organization_id, workflow_id, name, values, actor=principal.actor
    )


async def update(
    services: Services,
    principal: Principal,
    workflow_id: str,
    name: str,
    *,
    values: dict[str, Any] | None,
    new_name: str | None,
) -> Profile:
    """Updates the values and the name of a profile, if they are given, and returns it.

    Raises: BadRequest, NotFound, Conflict (code `PROFILE_EXISTS`) for a name in use; then nothing is changed.
    """
    profiles, organization_id = services.catalog.profiles, principal.organization_id
    if values is None and new_name is None:
        return await profiles.get(organization_id, workflow_id, name)
    return await profiles.update(organization_id, workflow_id, name, values, new_name=new_name, actor=principal.actor)


async def delete(services: Services, principal: Principal, workflow_id: str, name: str) -> None:
    """Deletes a profile. Raises: BadRequest, NotFound, Conflict for the default while there are others."""
    await services.catalog.profiles.delete(principal.organization_id, workflow_id, name, actor=principal.actor)


async def set_default(services: Services, principal: Principal, workflow_id: str, name: str) -> Profile:
    """Makes a profile the default of its workflow and returns it. Raises: BadRequest, NotFound."""
    return await services.catalog.profiles.set_default(
        principal.organization_id, workflow_id, name, actor=principal.actor
    )


async def list_all(services: Services, principal: Principal, workflow_id: str) -> tuple[Profile, ...]:
    """Returns the workflow's profiles by name. Raises: BadRequest, NotFound."""
    return await services.catalog.profiles.list_all(principal.organization_id, workflow_id)
