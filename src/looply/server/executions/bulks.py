"""Calls on bulks, which redrive or terminate many executions, and on their progress."""

from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.executions import bulks
from looply.app.executions.bulks import DEFAULT_RATE, BulkPreview, BulkRequest
from looply.catalog.authored.bulks import Bulk, BulkAction
from looply.engine.ports.port import CauseFilter, Filter, Head, TriggerType
from looply.execution.facts.events import IncidentKind
from looply.execution.facts.state import Status
from looply.instants import ms_or_none, to_ms
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, manage_route, read_route
from looply.server.http.wire import LIMIT, SUCCESS, instant_of, limit_of, number_of, version_of


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
    """The executions to terminate, and the reason. `dry_run` only counts them."""

    filter: BulkFilter
    reason: str = ""
    rate_per_second: int = DEFAULT_RATE
    dry_run: bool = False


class BulkRedriveBody(BulkTerminateBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The executions to redrive. `workflow_version` is a number or `latest`; `mapping` maps old step names to new."""

    workflow_version: int | str | None = None
    mapping: dict[str, str] = {}


class BulkIdBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Identifies a bulk."""

    bulk_id: str


class FilterRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The filter of a bulk; only the fields that restrict it are present."""

    workflow_id: str | UnsetType = UNSET
    workflow_version: int | UnsetType = UNSET
    status: list[Status] | UnsetType = UNSET
    workflow_trigger_type: TriggerType | UnsetType = UNSET
    process_id: list[str] | UnsetType = UNSET
    from_: int | UnsetType = msgspec.field(name="from", default=UNSET)
    to: int | UnsetType = UNSET
    incident_code: list[str] | UnsetType = UNSET
    incident_kind: list[IncidentKind] | UnsetType = UNSET
    incident_state: list[str] | UnsetType = UNSET


class BulkItem(msgspec.Struct, frozen=True, kw_only=True):
    """One bulk. `done` executions were redriven or terminated, `refused` executions did not allow it.

    `expected` is how many matched when it was started, at most 2,000.
    """

    bulk_id: str
    action: BulkAction
    status: Literal["RUNNING", "DONE", "CANCELLED"]
    filter: FilterRecord
    reason: str
    rate_per_second: int
    workflow_version: int | None
    mapping: dict[str, str]
    expected: int
    done: int
    refused: int
    created_by: str | None
    created_by_name: str | UnsetType = UNSET
    created_on: int
    modified_on: int
    ended_on: int | None


class BulkSample(msgspec.Struct, frozen=True, kw_only=True):
    """One of the executions that a bulk would process."""

    workflow_execution_id: str
    workflow_id: str
    workflow_version: int
    process_id: str
    status: Status
    workflow_current_state: str
    created_on: int


class BulkEffect(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of one step, in all examined executions together.

    `repeated` of them were made before; `same_key` of those would be sent again with the same idempotency key.
    """

    workflow_id: str
    state: str
    operation: str
    count: int
    repeated: int
    same_key: int


class BulkRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """Executions that would not continue for the same reason: how many, and the newest of them."""

    code: str
    message: str
    count: int
    workflow_execution_id: str


class BulkForecast(msgspec.Struct, frozen=True, kw_only=True):
    """The immediate effects of redriving the newest `examined` executions; `refused` of them would not continue."""

    examined: int
    refused: int
    refusals: list[BulkRefusal]
    effects: list[BulkEffect]


class BulkAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The bulk; or, for a dry run, the number of matching executions (`truncated`: or more) and the newest of them."""

    message: Literal["success", "forecast"]
    item: BulkItem | UnsetType = UNSET
    count: int | UnsetType = UNSET
    truncated: bool | UnsetType = UNSET
    items: list[BulkSample] | UnsetType = UNSET
    forecast: BulkForecast | UnsetType = UNSET


class BulkItemRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that a bulk did not change, and why."""

    workflow_execution_id: str
    process_id: str
    result: Literal["REFUSED"]
    code: str
    message: str


class BulkItems(msgspec.Struct, frozen=True, kw_only=True):
    """The first 200 executions that a bulk did not change; `truncated`: there are more."""

    message: str
    count: int
    items: list[BulkItemRecord]
    truncated: bool | UnsetType = UNSET


class BulkCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    bulk_id: str


class BulkPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, newest first. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[BulkItem]
    last_key: BulkCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


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


async def bulk_terminate(call: Call) -> Response:
    """Terminates many executions."""
    body: BulkTerminateBody = call.body
    return await _start_or_preview(call, body, BulkRequest(action="terminate", **_common(body)))


async def get_bulk(call: Call) -> Response:
    """Reads a bulk with its progress."""
    found = await bulks.get(call.services, call.principal, call.query.get("bulk_id"))
    (item,) = await name_actors(call, [_item(found)])
    return Response(BulkAnswer(message=SUCCESS, item=item))


async def get_bulks(call: Call) -> Response:
    """Lists bulks."""
    before = call.query.get("bulk_id") or None
    page = await bulks.list_page(call.services, call.principal, limit_of(call), before)
    items = await name_actors(call, [_item(bulk) for bulk in page.items])
    last_key = BulkCursor(bulk_id=items[-1].bulk_id) if page.has_more else UNSET
    return Response(BulkPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


async def get_bulk_items(call: Call) -> Response:
    """Lists the executions that a bulk did not change."""
    found = await bulks.get(call.services, call.principal, call.query.get("bulk_id"))
    items = [
        BulkItemRecord(
            workflow_execution_id=each.execution_id,
            process_id=each.process_id,
            result="REFUSED",
            code=each.code,
            message=each.message,
        )
        for each in found.refusals
    ]
    is_short = found.refused > len(items)
    return Response(BulkItems(message=SUCCESS, count=len(items), items=items, truncated=is_short or UNSET))


async def cancel_bulk(call: Call) -> Response:
    """Cancels a bulk."""
    found = await bulks.cancel(call.services, call.principal, call.body.bulk_id)
    (item,) = await name_actors(call, [_item(found)])
    return Response(BulkAnswer(message=SUCCESS, item=item))


async def _start_or_preview(call: Call, body: BulkTerminateBody, request: BulkRequest) -> Response:
    if body.dry_run:
        return Response(_preview_answer(request, await bulks.preview(call.services, call.principal, request)))
    found = await bulks.start(call.services, call.principal, request)
    (item,) = await name_actors(call, [_item(found)])
    return Response(BulkAnswer(message=SUCCESS, item=item))


def _common(body: BulkTerminateBody) -> dict[str, Any]:
    given = body.filter
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
    return {"criteria": criteria, "is_all": given.all, "reason": body.reason, "rate": body.rate_per_second}


def _preview_answer(request: BulkRequest, seen: BulkPreview) -> BulkAnswer:
    return BulkAnswer(
        message="forecast",
        count=seen.count,
        truncated=not seen.is_complete,
        items=[_sample(head) for head in seen.sample],
        forecast=_forecast(seen) if request.action == "redrive" else UNSET,
    )


def _sample(head: Head) -> BulkSample:
    return BulkSample(
        workflow_execution_id=head.execution_id,
        workflow_id=head.workflow_id,
        workflow_version=head.workflow_version,
        process_id=head.process_id,
        status=head.status,
        workflow_current_state=head.current_state,
        created_on=to_ms(head.created_on),
    )


def _forecast(seen: BulkPreview) -> BulkForecast:
    effects = [
        BulkEffect(
            workflow_id=calls.workflow_id,
            state=calls.step,
            operation=calls.operation,
            count=calls.count,
            repeated=calls.repeated,
            same_key=calls.same_key,
        )
        for calls in seen.calls
    ]
    refusals = [
        BulkRefusal(code=each.code, message=each.message, count=each.count, workflow_execution_id=each.execution_id)
        for each in seen.refusals
    ]
    return BulkForecast(examined=seen.examined, refused=seen.refused, refusals=refusals, effects=effects)


def _item(bulk: Bulk) -> BulkItem:
    options = bulk.options
    return BulkItem(
        bulk_id=bulk.bulk_id,
        action=bulk.action,
        status=bulk.status,
        filter=msgspec.convert(bulk.criteria, FilterRecord),
        reason=options["reason"],
        rate_per_second=options["rate"],
        workflow_version=options["version"] or None,
        mapping=options["steps"],
        expected=options.get("expected", 0),
        done=bulk.done,
        refused=bulk.refused,
        created_by=bulk.created_by,
        created_on=to_ms(bulk.created_on),
        modified_on=to_ms(bulk.modified_on),
        ended_on=ms_or_none(bulk.ended_on),
    )


ROUTES: Final = (
    manage_route(
        path="/v2/workflows/bulkRedrive",
        access="repair",
        handle=bulk_redrive,
        summary="Redrive many failed executions",
        description=(
            "The bulk processes the newest executions first, at a limited rate, and continues after a restart. "
            "`dry_run` counts the executions, lists the newest, and forecasts the calls that would be made at once and "
            "which of them would be repeated."
        ),
        tag="Repairs",
        body=BulkRedriveBody,
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
