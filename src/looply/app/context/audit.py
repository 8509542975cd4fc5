"""The audit log of an organization: pages for its administrators, and records of actions outside of the catalog."""

from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.catalog.trail.audit import AuditFilter, AuditPage
from looply.errors import EngineError, LooplyError, StoreLost
from looply.jsontext import Json


class NotAudited(EngineError):
    """The call has taken effect, and its record in the audit could not be written.

    The code is that of `StoreLost`: every other code of a refusal promises that nothing was done.
    """

    code = StoreLost.code


async def record(services: Services, principal: Principal, action: str, object_id: str, **details: Json) -> None:
    """Records an action on objects outside of the catalog: executions, schedules, datastores.

    It is called once the action is durable: two stores cannot change in one transaction, so a process that ends in
    between leaves an action without its record, and never a record of an action that was not done.
    Of a caller in a tab of Teams the record names the connection, whose tenant has said who that is.
    Raises: NotAudited when the record cannot be written; the action is done, and the error must not suggest otherwise.
    """
    session = principal.session
    if session is not None and session.connection_id:
        details |= {"tab_connection": session.connection, "tab_connection_id": session.connection_id}
    try:
        await services.catalog.audit.record(principal.organization_id, principal.actor, action, object_id, **details)
    except LooplyError as error:
        message = f"the call has taken effect, but the audit log could not record it: {error.message}"
        raise NotAudited(message) from error


async def list_page(
    services: Services, principal: Principal, criteria: AuditFilter, *, before: int | None, limit: int
) -> AuditPage:
    """Returns records, newest first, with numbers below `before` if it is given. Raises: BadRequest."""
    return await services.catalog.audit.list_page(principal.organization_id, limit, before, criteria=criteria)


async def list_after(services: Services, principal: Principal, after: int, *, limit: int) -> AuditPage:
    """Returns records with numbers above `after`, oldest first. Raises: BadRequest."""
    return await services.catalog.audit.list_after(principal.organization_id, after, limit)
