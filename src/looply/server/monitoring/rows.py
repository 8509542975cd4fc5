"""Rows of executions on the wire, the page that lists them, and open incidents by cause."""

from typing import Final, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.monitoring.rows import MonitorRow, NamedGroup, Waiting, WaitKind, list_incident_groups, list_rows
from looply.catalog.tenants.names import validate_id
from looply.engine.records.figures.overview import IncidentSummary
from looply.execution.facts.events import IncidentKind
from looply.execution.facts.state import Status
from looply.instants import ms_or_none, to_ms
from looply.server.executions.executions import EXECUTION_KEY
from looply.server.executions.records import ExecutionCursor
from looply.server.executions.search import CRITERIA, ORDER, PREFIX, filter_of
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, read_route
from looply.server.http.wire import SUCCESS, execution_cursor, limit_of, one_of

_MOST: Final = 100
_DEFAULT: Final = 50


class RowIncident(msgspec.Struct, frozen=True, kw_only=True):
    """The oldest open incident of an execution, and the `count` of all. `state` is null when no single step failed."""

    kind: IncidentKind
    code: str
    state: str | None
    opened_on: int
    count: int


class RowWaiting(msgspec.Struct, frozen=True, kw_only=True):
    """What an open execution waits for: an answer to a card (of `who`, at most five people), a call, a time, a child
    execution, a concurrency slot, the next attempt, or a call that it makes.

    `since` is null where it is not stored by itself, `until` where there is no limit.
    """

    kind: WaitKind
    state: str | None
    who: list[str]
    since: int | None
    until: int | None


class ExecutionHeadRow(msgspec.Struct, frozen=True, kw_only=True):
    """One execution, without history and payload.

    `ended_on` and `duration_ms` are null while it is open, and while an incident is. `seq` is the number of its last
    event. `search_fields` are values of its search fields by name; only callers who may read payloads get them.
    """

    workflow_execution_id: str
    organization_id: str
    workspace_id: str
    workflow_id: str
    workflow_name: str
    workflow_version: int
    process_id: str
    profile: str | None
    status: Status
    workflow_current_state: str
    workflow_trigger_type: Literal["REQUEST", "SCHEDULED"]
    parent_execution_id: str | None
    created_on: int
    modified_on: int
    modified_by: str | None
    modified_by_name: str | UnsetType = UNSET
    ended_on: int | None
    duration_ms: int | None
    seq: int
    incident: RowIncident | None
    waiting: RowWaiting | None
    search_fields: dict[str, str] | UnsetType = UNSET


class ExecutionRowPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `lastKey` is present when another page follows; `truncated`: the search reached its scan limit."""

    message: str
    count: int
    items: list[ExecutionHeadRow]
    last_key: ExecutionCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)
    truncated: bool | UnsetType = UNSET


class IncidentGroupItem(msgspec.Struct, frozen=True, kw_only=True):
    """Open incidents of one cause.

    `first_on` and `last_on` are when the first and the last of them were opened; `workflow_execution_id` is the newest
    execution that has one. `workflow_name` is null when the workflow is deleted.
    """

    workflow_id: str
    workflow_name: str | None
    state: str | None
    kind: IncidentKind
    code: str
    executions: int
    incidents: int
    first_on: int
    last_on: int
    workflow_execution_id: str


class IncidentGroups(msgspec.Struct, frozen=True, kw_only=True):
    """Open incidents by workflow, step, kind and code, the largest groups first; at most 200, else `truncated`."""

    message: str
    count: int
    items: list[IncidentGroupItem]
    truncated: bool | UnsetType = UNSET


def row_item(row: MonitorRow, *, has_search: bool = True) -> ExecutionHeadRow:
    """Returns a row on the wire; `has_search`: with the values of its search fields."""
    head = row.head
    created, ended = to_ms(head.created_on), ms_or_none(row.ended_on)
    return ExecutionHeadRow(
        workflow_execution_id=head.execution_id,
        organization_id=head.organization_id,
        workspace_id=head.workspace_id,
        workflow_id=head.workflow_id,
        workflow_name=row.workflow_name,
        workflow_version=head.workflow_version,
        process_id=head.process_id,
        profile=head.profile or None,
        status=head.status,
        workflow_current_state=head.current_state,
        workflow_trigger_type=head.trigger_type,
        parent_execution_id=head.parent or None,
        created_on=created,
        modified_on=to_ms(head.modified_on),
        modified_by=head.modified_by or None,
        ended_on=ended,
        duration_ms=None if ended is None else ended - created,
        seq=head.seq,
        incident=None if row.incident is None else _incident(row.incident),
        waiting=None if row.waiting is None else _waiting(row.waiting),
        search_fields=dict(row.search) if has_search else UNSET,
    )


async def get_execution_rows(call: Call) -> Response:
    """Lists rows of executions."""
    after = call.query.get("workflow_execution_id")
    page = await list_rows(
        call.services,
        call.principal,
        filter_of(call.query),
        after=execution_cursor(after) if after else "",
        limit=limit_of(call, _MOST, _DEFAULT),
    )
    has_search = call.principal.may("read.payloads")
    items = await name_actors(call, [row_item(row, has_search=has_search) for row in page.items])
    answer = ExecutionRowPage(
        message=SUCCESS,
        count=len(items),
        items=items,
        last_key=ExecutionCursor(workflow_execution_id=page.after) if page.after else UNSET,
        truncated=page.truncated or UNSET,
    )
    return Response(answer)


async def get_incident_groups(call: Call) -> Response:
    """Lists open incidents by cause."""
    query = call.query
    workflow_id = validate_id(query.get("workflow_id"), "workflow") if "workflow_id" in query else ""
    kinds = one_of(query.all("kind"), get_args(IncidentKind), "kind")
    groups, is_cut = await list_incident_groups(call.services, call.principal, workflow_id, kinds)
    items = [_group(each) for each in groups]
    return Response(IncidentGroups(message=SUCCESS, count=len(items), items=items, truncated=is_cut or UNSET))


def _incident(incident: IncidentSummary) -> RowIncident:
    return RowIncident(
        kind=incident.kind,
        code=incident.code,
        state=incident.step or None,
        opened_on=to_ms(incident.opened_on),
        count=incident.count,
    )


def _waiting(waiting: Waiting) -> RowWaiting:
    return RowWaiting(
        kind=waiting.kind,
        state=waiting.step or None,
        who=list(waiting.who),
        since=ms_or_none(waiting.since),
        until=ms_or_none(waiting.until),
    )


def _group(named: NamedGroup) -> IncidentGroupItem:
    group = named.group
    return IncidentGroupItem(
        workflow_id=group.workflow_id,
        workflow_name=named.workflow_name or None,
        state=group.step or None,
        kind=group.kind,
        code=group.code,
        executions=group.executions,
        incidents=group.incidents,
        first_on=to_ms(group.first_on),
        last_on=to_ms(group.last_on),
        workflow_execution_id=group.execution_id,
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getExecutionRows",
        access="read.executions",
        takes_bound_keys=True,
        handle=get_execution_rows,
        summary="List rows of executions without history and payload, newest or oldest first",
        description=(
            "Searches as `searchExecutions` does, and shows of each execution what a table needs: its incident, what "
            "it waits for, and when it ended. A page reads no history, so it may be larger. A caller without the "
            "permission `read.payloads` finds nothing by search fields: `term` passes them over, `field.NAME` is 403."
        ),
        tag="Executions",
        parameters=(
            *CRITERIA,
            Parameter(
                "has",
                "`incident`: only with an open incident; `letter`: only with an unsettled dead letter.",
                repeats=True,
            ),
            Parameter("incident_code", "Only with an open incident of this code.", repeats=True),
            Parameter("incident_kind", "Of this kind: FAILED, UNKNOWN, TIMEOUT, LIMIT or POISON.", repeats=True),
            Parameter("incident_state", "Of this step; empty: of no single step.", repeats=True),
            ORDER,
            Parameter(
                "limit",
                f"Rows per page, 1 to {_MOST}. Larger values count as {_MOST}. Default: {_DEFAULT}.",
                kind="count",
            ),
            EXECUTION_KEY,
        ),
        prefix=PREFIX,
        answer=ExecutionRowPage,
        refusals=(422,),
    ),
    read_route(
        path="/v2/workflows/getIncidentGroups",
        access="read.executions",
        takes_bound_keys=True,
        handle=get_incident_groups,
        summary="List open incidents by cause: workflow, step, kind and code",
        tag="Repairs",
        parameters=(
            Parameter("workflow_id", "Only incidents of this workflow."),
            Parameter("kind", "FAILED, UNKNOWN, TIMEOUT, LIMIT or POISON.", repeats=True),
        ),
        answer=IncidentGroups,
    ),
)
