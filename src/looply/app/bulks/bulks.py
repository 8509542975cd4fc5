"""Bulks: start, read and cancel them. `preview` forecasts them, `runner` runs them."""

from typing import Any

from looply.app.bulks.requests import BulkRequest, options_of, selection_document, validate
from looply.app.bulks.selection import Matching, find_selected
from looply.app.context.library import Runnable
from looply.app.context.services import Services
from looply.catalog.authored.bulks import Bulk
from looply.catalog.storage.pages import Page
from looply.catalog.tenants.principal import Principal
from looply.errors import BadRequest, execution_not_found


async def start(services: Services, principal: Principal, request: BulkRequest) -> Bulk:
    """Starts a bulk and returns it. It processes its executions newest first; those of a filter started before now.

    How many match now, at most `COUNTED` of a filter, is stored beside the request, for its progress.

    Raises: BadRequest for ids or a filter that select nothing or anything, a rate, a reason or an output out of bounds;
    Refused (code `SEARCH_TOO_WIDE`) for a filter that names too much; NotFound for the version; Conflict (code
    `TOO_MANY_BULKS`).
    """
    request = validate(request)
    matching = await find_selected(services, principal.organization_id, request)
    target = await find_target(services, principal, request, matching)
    options: dict[str, Any] = {
        **options_of(request, principal, 0 if target is None else target.workflow_version),
        "expected": len(matching.items),
    }
    owner = (principal.organization_id, principal.workspace_id)
    document = selection_document(request, "" if target is None else target.workflow_id)
    bulk = await services.catalog.bulks.start(owner, request.action, document, options, actor=principal.actor)
    services.bulk_signal.notify()
    return bulk


async def find_target(
    services: Services, principal: Principal, request: BulkRequest, matching: Matching
) -> Runnable | None:
    """Returns the version with which a redrive continues, None for the executions' own.

    Raises: BadRequest when executions named by id are of several workflows; NotFound when none of them exists; as
    `Library.resolve`.
    """
    if not request.has_version:
        return None
    workflow_ids = request.criteria.workflow_ids
    if request.execution_ids is not None:
        workflow_ids = tuple(dict.fromkeys(head.workflow_id for head in matching.heads))
        if not workflow_ids:
            raise execution_not_found(request.execution_ids[0])
        if len(workflow_ids) > 1:
            finding = f"needs executions of one workflow; these are of {len(workflow_ids)}"
            raise BadRequest.at("/workflow_version", finding)
    return await services.library.resolve(principal.organization_id, workflow_ids[0], request.version)


async def get(services: Services, principal: Principal, bulk_id: str) -> Bulk:
    """Returns a bulk. Raises: BadRequest, NotFound."""
    return await services.catalog.bulks.get(principal.organization_id, bulk_id)


async def list_page(services: Services, principal: Principal, limit: int, before: str | None) -> Page[Bulk]:
    """Returns bulks, newest first, without their refusals. Raises: BadRequest."""
    return await services.catalog.bulks.list_page(principal.organization_id, limit, before)


async def cancel(services: Services, principal: Principal, bulk_id: str) -> Bulk:
    """Cancels a bulk and returns it. Raises: BadRequest, NotFound."""
    return await services.catalog.bulks.cancel(principal.organization_id, bulk_id, actor=principal.actor)
