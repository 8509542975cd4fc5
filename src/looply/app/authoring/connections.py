"""Connections: addresses and credentials of other systems. A read never returns the value of a secret."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from looply.app.context.services import Services
from looply.catalog.authored.connections import Connection, ConnectionDraft
from looply.catalog.storage.pages import Page
from looply.catalog.tenants.principal import Principal
from looply.errors import NotFound, Problem, Refused

# The placeholder of a secret that is kept, for the check of all secrets.
_KEPT: Final = "kept"


async def create(services: Services, principal: Principal, draft: ConnectionDraft) -> Connection:
    """Creates and returns a connection. Raises: BadRequest, Refused with all findings, Conflict for a name in use."""
    _check(services, draft, ())
    return await services.catalog.connections.create(
        principal.organization_id, principal.workspace_id, draft, actor=principal.actor
    )


async def update(services: Services, principal: Principal, name: str, draft: ConnectionDraft) -> Connection:
    """Applies a draft to a connection and returns it; secrets that are left out are kept.

    Raises: BadRequest, Refused with all findings, NotFound, Conflict for a name in use.
    """
    former = await services.catalog.connections.get(principal.organization_id, name)
    _check(services, draft, former.secret_names)
    return await services.catalog.connections.update(principal.organization_id, name, draft, actor=principal.actor)


async def delete(services: Services, principal: Principal, name: str) -> None:
    """Deletes a connection and its secrets. Raises: NotFound."""
    await services.catalog.connections.delete(principal.organization_id, name, actor=principal.actor)


async def get(services: Services, principal: Principal, name: str) -> Connection:
    """Returns a connection. Raises: NotFound."""
    return await services.catalog.connections.get(principal.organization_id, name)


async def list_page(services: Services, principal: Principal, limit: int, before: str | None) -> Page[Connection]:
    """Returns connections, newest first."""
    return await services.catalog.connections.list_page(principal.organization_id, limit, before)


def _check(services: Services, draft: ConnectionDraft, kept: Collection[str]) -> None:
    try:
        kind = services.registry.connection_kind(draft.kind)
    except NotFound as error:
        raise _invalid_connection((Problem(path="/kind", message=error.message),)) from error
    secrets: Mapping[str, Any] = {**dict.fromkeys(kept, _KEPT), **draft.secrets}
    problems = kind.problems(draft.settings, {name: value for name, value in secrets.items() if value is not None})
    if problems:
        raise _invalid_connection(problems)


def _invalid_connection(problems: tuple[Problem, ...]) -> Refused:
    first = problems[0]
    message = f"the connection does not fit its kind: {first.path} {first.message}"
    return Refused(message, code="INVALID_CONNECTION", problems=problems)
