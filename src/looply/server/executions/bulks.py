"""Calls on bulks, which repair, redrive or terminate many executions, and on their progress."""

from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.bulks import bulks
from looply.app.bulks.preview import preview
from looply.app.bulks.requests import DEFAULT_RATE, BulkRequest
from looply.engine.ports.lists import CauseFilter, Filter
from looply.errors import BadRequest
from looply.execution.facts.events import IncidentKind
from looply.execution.facts.state import Status
from looply.jsontext import Json
from looply.server.executions.bulk_records import (
    BulkAnswer,
    BulkCursor,
    BulkItems,
    BulkPage,
    bulk_item,
    preview_answer,
    refusal_record,
)
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, manage_route, read_route
from looply.server.http.wire import LIMIT, SUCCESS, instant_of, limit_of, number_of, version_of

_OF_SKIP: Final = ("state", "branch", "output")


class BulkFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Selects executions, by the fields of `getExecutionRows`. `all` confirms a filter without any other field."""

    workflow_id: str = ""
    workflow_version: int | str | None = None
    status: list[Status] = []
    workflow_trigger_type: Literal["", "REQUEST", "SCHEDULED"] = ""
    process_id: list[str] = []
    from_: int | None = msgspec.field(name="from", default=None)
    to: int | None = None
    incident_code: list[str] = []
    incident_kind: list[IncidentKind] = []
    incident_state: list[str] = []
    all: bool = False


class BulkTerminateBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The executions to terminate, and the reason. `dry_run` only counts them.

    Either `filter` selects them, or `workflow_execution_id` has the ids of up to 1,000.
    """

    filter: BulkFilter | UnsetType = UNSET
    workflow_execution_id: list[str] | UnsetType = UNSET
    reason: str = ""
    rate_per_second: int = DEFAULT_RATE
    dry_run: bool = False


class BulkRedriveBody(BulkTerminateBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The executions to redrive. `workflow_version` is a number or `latest`; `mapping` maps old step names to new."""

    workflow_version: int | str | None = None
    mapping: dict[str, str] = {}


class BulkRepairBody(BulkTerminateBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The executions to repair, and how: `retry` their failed steps, or `skip` them.

    A skip gives the step an `output` and leaves it by `branch`, as in `repairExecution`; `state` names the step, which
    is needed where several steps of an execution have an incident.
    """

    action: Literal["retry", "skip"]
    state: str | UnsetType = UNSET
    branch: str | UnsetType = UNSET
    output: Json | UnsetType = UNSET


class BulkIdBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Identifies a bulk."""

    bulk_id: str


async def bulk_redrive(call: Call) -> Response:
    """Redrives many failed executions."""
    body: BulkRedriveBody = call.body
    return await _start_or_preview(
        call,
        body,
        BulkRequest(
            action="redrive",
            **_common(body),
            has_version=body.workflow_version is not None,
            version=version_of(body.workflow_version),
            steps=body.mapping,
        ),
    )


async def bulk_repair(call: Call) -> Response:
    """Retries or skips the failed steps of many executions."""
    body: BulkRepairBody = call.body
    given = {name: getattr(body, name) for name in _OF_SKIP if getattr(body, name) is not UNSET}
    if body.action != "skip":
        for name in given:
            raise BadRequest.at(f"/{name}", f"does not go with the action {body.action}")
    return await _start_or_preview(call, body, BulkRequest(action=body.action, **_common(body), **given))


async def bulk_terminate(call: Call) -> Response:
    """Terminates many executions."""
    body: BulkTerminateBody = call.body
    return await _start_or_preview(call, body, BulkRequest(action="terminate", **_common(body)))


async def get_bulk(call: Call) -> Response:
    """Reads a bulk with its progress."""
    found = await bulks.get(call.services, call.principal, call.query.get("bulk_id"))
    (item,) = await name_actors(call, [bulk_item(found)])
    return Response(BulkAnswer(message=SUCCESS, item=item))


async def get_bulks(call: Call) -> Response:
    """Lists bulks."""
    before = call.query.get("bulk_id") or None
    page = await bulks.list_page(call.services, call.principal, limit_of(call), before)
    items = await name_actors(call, [bulk_item(bulk) for bulk in page.items])
    last_key = BulkCursor(bulk_id=items[-1].bulk_id) if page.has_more else UNSET
    return Response(BulkPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


async def get_bulk_items(call: Call) -> Response:
    """Lists the executions that a bulk did not change."""
    found = await bulks.get(call.services, call.principal, call.query.get("bulk_id"))
    items = [refusal_record(each) for each in found.refusals]
    is_short = found.refused > len(items)
    return Response(BulkItems(message=SUCCESS, count=len(items), items=items, truncated=is_short or UNSET))


async def cancel_bulk(call: Call) -> Response:
    """Cancels a bulk."""
    found = await bulks.cancel(call.services, call.principal, call.body.bulk_id)
    (item,) = await name_actors(call, [bulk_item(found)])
    return Response(BulkAnswer(message=SUCCESS, item=item))


async def _start_or_preview(call: Call, body: BulkTerminateBody, request: BulkRequest) -> Response:
    if body.dry_run:
        return Response(preview_answer(await preview(call.services, call.principal, request)))
    found = await bulks.start(call.services, call.principal, request)
    (item,) = await name_actors(call, [bulk_item(found)])
    return Response(BulkAnswer(message=SUCCESS, item=item))


def _common(body: BulkTerminateBody) -> dict[str, Any]:
    common = {"reason": body.reason, "rate": body.rate_per_second}
    given, ids = body.filter, body.workflow_execution_id
    if ids is not UNSET:
        if given is not UNSET:
            raise BadRequest.at("/filter", "does not go with workflow_execution_id; send one of them")
        return {**common, "execution_ids": tuple(ids)}
    if given is UNSET:
        raise BadRequest.at("/filter", "is missing; select the executions by it, or by workflow_execution_id")
    criteria = Filter(
        workflow_ids=(given.workflow_id,) if given.workflow_id else (),
        statuses=tuple(dict.fromkeys(given.status)),
        workflow_versions=()
        if given.workflow_version is None
        else (number_of(given.workflow_version, "workflow_version"),),
        trigger_types=(given.workflow_trigger_type,) if given.workflow_trigger_type else (),
        process_ids=tuple(given.process_id),
        created_from=instant_of(given.from_, "from") if given.from_ is not None else None,
        created_to=instant_of(given.to, "to") if given.to is not None else None,
        cause=CauseFilter(
            codes=tuple(given.incident_code), kinds=tuple(given.incident_kind), steps=tuple(given.incident_state)
        ),
    )
    return {**common, "criteria": criteria, "is_all": given.all}


ROUTES: Final = (
    manage_route(
        path="/v2/workflows/bulkRedrive",
        access="repair",
        handle=bulk_redrive,
        summary="Redrive many failed executions",
        description=(
            "The bulk processes the newest executions first, at a limited rate, and continues after a restart. "
            "With a version it also moves executions that wait, where the filter selects them or they are named by "
            "their ids. `dry_run` counts the executions, lists the newest, and forecasts the calls that would be made "
            "at once and which of them would be repeated; with a version it has a verdict for each execution."
        ),
        tag="Repairs",
        body=BulkRedriveBody,
        answer=BulkAnswer,
        refusals=(404, 409, 422),
    ),
    manage_route(
        path="/v2/workflows/bulkRepair",
        access="repair",
        handle=bulk_repair,
        summary="Retry or skip the failed steps of many executions",
        description=(
            "The bulk processes the newest executions first, at a limited rate, and continues after a restart. It "
            "repairs only incidents that are older than it, and overrides no approval. `dry_run` is that of "
            "`bulkRedrive`."
        ),
        tag="Repairs",
        body=BulkRepairBody,
        answer=BulkAnswer,
        refusals=(404, 409, 422),
    ),
    manage_route(
        path="/v2/workflows/bulkTerminate",
        access="repair",
        handle=bulk_terminate,
        summary="Terminate many executions",
        description=(
            "The bulk processes the newest executions first, at a limited rate, and continues after a restart. "
            "`dry_run` counts the executions and lists the newest."
        ),
        tag="Repairs",
        body=BulkTerminateBody,
        answer=BulkAnswer,
        refusals=(404, 409, 422),
    ),
    read_route(
        path="/v2/workflows/getBulk",
        access="read.executions",
        handle=get_bulk,
        summary="Read a bulk with its progress",
        tag="Repairs",
        parameters=(Parameter("bulk_id", "Id of the bulk.", is_required=True),),
        answer=BulkAnswer,
        refusals=(404,),
    ),
    read_route(
        path="/v2/workflows/getBulkItems",
        access="read.executions",
        handle=get_bulk_items,
        summary="List the executions that a bulk did not change, with the reason of each",
        tag="Repairs",
        parameters=(Parameter("bulk_id", "Id of the bulk.", is_required=True),),
        answer=BulkItems,
        refusals=(404,),
    ),
    read_route(
        path="/v2/workflows/getBulks",
        access="read.executions",
        handle=get_bulks,
        summary="List bulks, newest first",
        tag="Repairs",
        parameters=(LIMIT, Parameter("bulk_id", "Pagination key from `lastKey`.")),
        answer=BulkPage,
    ),
    manage_route(
        path="/v2/workflows/cancelBulk",
        access="repair",
        handle=cancel_bulk,
        summary="Cancel a bulk; the changes that it has already made remain",
        tag="Repairs",
        body=BulkIdBody,
        answer=BulkAnswer,
        refusals=(404,),
    ),
)
