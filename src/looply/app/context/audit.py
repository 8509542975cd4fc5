"""The audit of an organization: what its administrators read, and the records of acts outside of the catalog."""

from looply.app.context.services import Services
from looply.catalog.tenants.keys import Principal
from looply.catalog.trail.audit import AuditFilter, AuditPage
from looply.errors import LooplyError, StoreLost
from looply.jsontext import Json


async def record(services: Services, principal: Principal, action: str, object_id: str, **details: Json) -> None:
    """Records an act on what is stored outside of the catalog: executions, schedules, datastores.

    It is called once the act is durable: two stores cannot change together, so a process that ends in between leaves
    an act without its record, and never a record of what was not done.
    Raises: StoreLost when the record cannot be written; the act is done, and a caller must not take it for undone.
    """
    try:
        await services.catalog.audit.record(principal.organization_id, principal.key_id, action, object_id, **details)
    except LooplyError as error:
        message = f"it was done, and the audit could not record it: {error.message}"
        raise StoreLost(message) from error


async def list_page(
    services: Services, principal: Principal, wanted: AuditFilter, *, before: int | None, limit: int
) -> AuditPage:
    """Returns records, newest first, those with numbers under `before` when it is given. Raises: BadRequest."""
    return await services.catalog.audit.list_page(principal.organization_id, limit, before, criteria=wanted)


async def list_after(services: Services, principal: Principal, after: int, *, limit: int) -> AuditPage:
    """Returns records in their order, those with numbers over `after`. Raises: BadRequest."""
    return await services.catalog.audit.list_after(principal.organization_id, after, limit)
