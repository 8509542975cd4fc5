"""Calls of operators: incidents, repairs, and forecasts of repairs."""

from typing import Any, Final, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.context.reasons import validate_reason
from looply.app.executions import incidents, repairs
from looply.app.executions.incidents import IncidentFilter, OpenIncident
from looply.app.executions.repairs import RedriveTarget, RepairRequest, RepairResult
from looply.catalog.tenants.names import validate_id
from looply.errors import BadRequest
from looply.execution.answering.forecast import Forecast, PlannedEffect
from looply.execution.document.incidents import IncidentFacts, incident_facts
from looply.execution.document.masking import MASK
from looply.execution.facts.address import Address
from looply.execution.facts.commands import EditDocument, MoveTo, Redrive, RepairCommand, Retry, SkipStep
from looply.execution.facts.events import IncidentKind, IncidentOpened
from looply.execution.facts.values.far import FarError
from looply.execution.views.far import public_far
from looply.execution.views.logs import event_log
from looply.jsontext import Json
from looply.server.executions.records import EventLog, ExecutionCursor
from looply.server.http.call import Call, Parameter, Response, manage_route, read_route
from looply.server.http.wire import (
    LIMIT,
    SUCCESS,
    execution_cursor,
    extend_record,
    instant_of,
    limit_of,
    one_of,
    version_of,
)

Action = Literal["retry", "complete", "skip", "edit", "move"]


class RepairBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A repair of an execution.

    `modified_on` or `seq` is the value that the operator has read: the repair is refused if the execution has changed
    since. `dry_run` forecasts the repair and stores nothing. `scope` names the iteration whose own part of the data
    `document` changes, such as `forEach_1[2]`.
    """

    workflow_execution_id: str
    action: Action
    state: str | UnsetType = UNSET
    incident_id: str | UnsetType = UNSET
    output: Json | UnsetType = UNSET
    branch: str | UnsetType = UNSET
    document: dict[str, Json] | UnsetType = UNSET
    replace: bool | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    to: str | UnsetType = UNSET
    reason: str = ""
    dry_run: bool = False
    modified_on: int | None = None
    seq: int = 0


class RedriveBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The execution to redrive. `workflow_version` is a number or `latest`; `mapping` maps old step names to new."""

    workflow_execution_id: str
    workflow_version: int | str | None = None
    mapping: dict[str, str] = {}
    reason: str = ""
    dry_run: bool = False
    modified_on: int | None = None
    seq: int = 0


class VisitAddress(msgspec.Struct, frozen=True, kw_only=True):
    """One visit of a step. In a branch or an iteration `scope` names it."""

    state: str
    visit: int
    scope: str | UnsetType = UNSET


class ForecastEffect(VisitAddress, frozen=True, kw_only=True):
    """A call that would be made at once.

    `is_repeated`: the step has made a call before in this execution. `keeps_key`: that call had the same idempotency
    key, so a receiver that remembers keys does not act twice. `far` is what the other system said when the step failed.
    """

    attempt: int
    operation: str
    idempotency_key: str
    is_repeated: bool
    keeps_key: bool
    on_unknown: str
    far: FarError | UnsetType = UNSET


class ForecastIncident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident that the repair would open. `state` is null when no single step is the cause."""

    state: str | None
    kind: IncidentKind
    code: str
    message: str
    far: FarError | UnsetType = UNSET


class ForecastItem(msgspec.Struct, frozen=True, kw_only=True):
    """The forecast of a repair.

    `effects` are calls that would be made at once, `waiting` calls that would be queued, `visits` the steps that would
    be visited, `timers_due` the number of timers that would fire, `incident` a new failure. Callers who may not read
    payloads get no log, no words of the other system, and `***` as the message of the incident.
    """

    status: str
    workflow_current_state: str
    workflow_version: int
    effects: list[ForecastEffect]
    visits: list[VisitAddress]
    waiting: list[VisitAddress]
    timers_due: int
    cards_closed: int
    incident: ForecastIncident | None
    workflow_event_log: EventLog


class RepairAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the execution, and the ids of the incidents that were closed. Only a dry run has `forecast`."""

    message: Literal["success", "forecast"]
    workflow_execution_id: str
    status: str
    workflow_current_state: str
    workflow_version: int
    incidents: list[str]
    forecast: ForecastItem | UnsetType = UNSET


class IncidentItem(IncidentFacts, frozen=True, kw_only=True):
    """An open incident. `state` and `visit` are null when no single step is the cause.

    `message` may quote data: callers who may not read payloads get `***`.
    """

    workflow_execution_id: str
    workflow_id: str
    workflow_version: int
    workflow_name: str
    process_id: str


class IncidentPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, newest execution first. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[IncidentItem]
    last_key: ExecutionCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)
    truncated: bool | UnsetType = UNSET


_FIELDS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "retry": ((), ("incident_id", "document", "replace", "scope")),
    "complete": (("output",), ("incident_id", "state", "branch")),
    "skip": ((), ("incident_id", "state", "output", "branch")),
    "edit": (("document",), ("replace", "scope")),
    "move": (("to",), ("incident_id", "state")),
}
"""The required and the optional fields of each action."""

_OPTIONAL: Final = ("state", "incident_id", "output", "branch", "document", "replace", "scope", "to")


async def repair_execution(call: Call) -> Response:
    """Repairs an execution by one of five actions."""
    body: RepairBody = call.body
    command = _command(call, body)
    return await _perform(call, body, command)


async def redrive_execution(call: Call) -> Response:
    """Redrives a failed execution, optionally with another version."""
    body: RedriveBody = call.body
    command = Redrive(**_common(call, body), steps=body.mapping)
    if body.workflow_version is not None:
        version = RedriveTarget(number=version_of(body.workflow_version), steps=body.mapping)
        command = await repairs.with_version(
            call.services, call.principal, body.workflow_execution_id, command, version
        )
    elif body.mapping:
        raise BadRequest.at("/mapping", "needs a workflow_version; name the version to continue with")
    return await _perform(call, body, command)


async def get_incidents(call: Call) -> Response:
    """Lists the open incidents."""
    query = call.query
    after = query.get("workflow_execution_id")
    kinds = one_of(query.all("kind"), get_args(IncidentKind), "kind")
    criteria = IncidentFilter(
        workflow_id=validate_id(query.get("workflow_id"), "workflow") if "workflow_id" in query else "",
        codes=query.all("code"),
        kinds=kinds,
        steps=query.all("state"),
    )
    page = await incidents.list_page(
        call.services,
        call.principal,
        criteria,
        after=execution_cursor(after) if after else "",
        limit=limit_of(call),
    )
    items = [_incident(item) for item in page.items]
    answer = IncidentPage(
        message=SUCCESS,
        count=len(items),
        items=items,
        last_key=ExecutionCursor(workflow_execution_id=page.after) if page.after else UNSET,
        truncated=page.truncated or UNSET,
    )
    return Response(answer)


async def _perform(call: Call, body: RepairBody | RedriveBody, command: RepairCommand) -> Response:
    read_on = instant_of(body.modified_on, "modified_on") if body.modified_on is not None else None
    decision = RepairRequest(execution_id=body.workflow_execution_id, command=command, read_on=read_on)
    act = repairs.preview if body.dry_run else repairs.repair
    return Response(_repair_answer(call, await act(call.services, call.principal, decision)))


def _command(call: Call, body: RepairBody) -> RepairCommand:
    needed, allowed = _FIELDS[body.action]
    given = {name: getattr(body, name) for name in _OPTIONAL if getattr(body, name) is not UNSET}
    for name in needed:
        if name not in given:
            raise BadRequest.at(f"/{name}", f"is missing; the action {body.action} needs it")
    for name in given:
        if name not in (*needed, *allowed):
            raise BadRequest.at(f"/{name}", f"does not go with the action {body.action}")
    if "scope" in given and "document" not in given:
        raise BadRequest.at("/scope", "is the scope of a document change; give the document, or leave it out")
    facts: dict[str, Any] = {**_common(call, body), **given}
    if "replace" in facts:
        facts["replaces"] = facts.pop("replace")
    match body.action:
        case "retry":
            return Retry(**facts)
        case "edit":
            return EditDocument(**facts)
        case "move":
            return MoveTo(**facts)
        case action:
            return SkipStep(**facts, action=action)


def _common(call: Call, body: RepairBody | RedriveBody) -> dict[str, Any]:
    if body.seq < 0:
        raise BadRequest.at("/seq", "must be the number of the last event that was read")
    return {
        "at": call.services.clock.now(),
        "by": call.principal.by,
        "via": "API",
        "reason": validate_reason(body.reason),
        "expected_seq": body.seq,
    }


def _repair_answer(call: Call, result: RepairResult) -> RepairAnswer:
    head, forecast = result.execution.head, result.forecast
    return RepairAnswer(
        message=SUCCESS if forecast is None else "forecast",
        workflow_execution_id=head.execution_id,
        status=head.status,
        workflow_current_state=head.current_state,
        workflow_version=head.workflow_version,
        incidents=list(result.incidents),
        forecast=UNSET if forecast is None else _forecast(call, forecast, head.seq),
    )


def _forecast(call: Call, forecast: Forecast, seq: int) -> ForecastItem:
    is_quoted = call.principal.may("read.payloads")
    entries = event_log(enumerate(forecast.events, seq + 1), call.services.limits) if is_quoted else []
    return ForecastItem(
        status=forecast.status,
        workflow_current_state=forecast.current_state,
        workflow_version=forecast.workflow_version,
        effects=[_effect(effect, is_quoted=is_quoted) for effect in forecast.effects],
        visits=[_address(address) for address in forecast.visits],
        waiting=[_address(address) for address in forecast.waiting],
        timers_due=forecast.timers,
        cards_closed=forecast.closes_cards,
        incident=None if forecast.incident is None else _forecast_incident(forecast.incident, is_quoted=is_quoted),
        workflow_event_log=EventLog(events=entries),
    )


def _forecast_incident(incident: IncidentOpened, *, is_quoted: bool) -> ForecastIncident:
    return ForecastIncident(
        state=incident.step or None,
        kind=incident.kind,
        code=incident.code,
        message=incident.message if is_quoted else MASK,
        far=_far(incident.far, is_quoted=is_quoted),
    )


def _far(far: FarError | None, *, is_quoted: bool) -> FarError | UnsetType:
    if far is None:
        return UNSET
    return public_far(far) if is_quoted else FarError(kind=far.kind)


def _effect(effect: PlannedEffect, *, is_quoted: bool) -> ForecastEffect:
    return extend_record(
        ForecastEffect,
        _address(effect.address),
        attempt=effect.attempt,
        operation=effect.operation,
        idempotency_key=effect.key,
        is_repeated=effect.is_repeated,
        keeps_key=effect.keeps_key,
        on_unknown=effect.on_unknown,
        far=_far(effect.far, is_quoted=is_quoted),
    )


def _address(address: Address) -> VisitAddress:
    return VisitAddress(state=address.step, visit=address.visit, scope=address.scope or UNSET)


def _incident(item: OpenIncident) -> IncidentItem:
    head = item.head
    return extend_record(
        IncidentItem,
        incident_facts(item.incident),
        workflow_execution_id=head.execution_id,
        workflow_id=head.workflow_id,
        workflow_version=head.workflow_version,
        workflow_name=item.workflow_name,
        process_id=head.process_id,
    )


ROUTES: Final = (
    manage_route(
        path="/v2/workflows/repairExecution",
        access="repair",
        takes_bound_keys=True,
        handle=repair_execution,
        summary="Repair an execution: retry, complete or skip a step, edit the data, or move a path",
        description="With `dry_run` nothing is stored; the answer forecasts the calls and their idempotency keys.",
        tag="Repairs",
        body=RepairBody,
        answer=RepairAnswer,
        refusals=(404, 409, 422, 429),
    ),
    manage_route(
        path="/v2/workflows/redriveExecution",
        access="repair",
        takes_bound_keys=True,
        handle=redrive_execution,
        summary="Redrive a failed execution, optionally with a corrected version",
        description="With a `workflow_version` the call also migrates an execution that only waits to that version.",
        tag="Repairs",
        body=RedriveBody,
        answer=RepairAnswer,
        refusals=(404, 409, 422, 429),
    ),
    read_route(
        path="/v2/workflows/getIncidents",
        access="read.executions",
        takes_bound_keys=True,
        handle=get_incidents,
        summary="List open incidents, those of the newest executions first",
        tag="Repairs",
        parameters=(
            Parameter("workflow_id", "Only incidents of this workflow."),
            Parameter("code", "Only incidents with this code.", repeats=True),
            Parameter("kind", "FAILED, UNKNOWN, TIMEOUT, LIMIT or POISON.", repeats=True),
            Parameter("state", "Only incidents of this step; empty: those of no single step.", repeats=True),
            LIMIT,
            Parameter("workflow_execution_id", "Pagination key from `lastKey`."),
        ),
        answer=IncidentPage,
    ),
)
