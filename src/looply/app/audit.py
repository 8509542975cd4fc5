"""The audit of an organization: what its administrators read, and the records of acts outside of the catalog."""

import msgspec

from looply.app.services import Services
from looply.catalog.audit import AuditFilter, AuditPage
from looply.catalog.chain import EMPTY, Head
from looply.catalog.keys import Principal
from looply.errors import LooplyError, StoreLost
from looply.jsontext import Json


class AuditList(msgspec.Struct, frozen=True, kw_only=True):
    """One page of records, and the head of the chain that they are of."""

    page: AuditPage
    head: Head


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
) -> AuditList:
    """Returns records, newest first, those with numbers under `before` when it is given. Raises: BadRequest."""
    audit, organization_id = services.catalog.audit, principal.organization_id
    page = await audit.list_page(organization_id, limit, before, wanted=wanted)
    return AuditList(page=page, head=await audit.head(organization_id) or EMPTY)


async def list_after(services: Services, principal: Principal, after: int, *, limit: int) -> AuditList:
    """Returns records in their order, those with numbers over `after`. Raises: BadRequest."""
    audit, organization_id = services.catalog.audit, principal.organization_id
    # The head first: what is added meanwhile is behind it, and is no break of the chain.
    head = await audit.head(organization_id) or EMPTY
    return AuditList(page=await audit.list_after(organization_id, after, limit), head=head)
