"""The list of workflows, one row each, and the list of the versions of one."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.browsing import workflow_list
from looply.app.browsing.workflow_list import Having, Numbers, WorkflowEntry, WorkflowQuery
from looply.catalog.tenants.names import validate_id
from looply.engine.ports.lists import TriggerType
from looply.instants import ms_or_none, to_ms
from looply.jsontext import Json
from looply.server.browsing.versions import OpenDraft, VersionPage, before_of, draft_of, version_page
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, read_route
from looply.server.http.wire import LIMIT, SUCCESS, WORKFLOW_ID, cursor_of, limit_of, one_of
from looply.server.monitoring.figures import OpenByStatus

_HAVING: Final = ("draft", "incident", "schedule")


class TriggerSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What starts a workflow. `schedule` is as its author wrote it, null for one that is called.

    `status` and `next_on` are those of the live schedule, null without one: of a draft, and of one that has ended.
    """

    trigger_type: TriggerType
    schedule: Json
    status: Literal["ACTIVE", "PAUSED"] | None
    next_on: int | None


class LastDay(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in the last 24 hours, by hours of UTC, oldest first; the last one is not over.

    `begin` is the begin of the first. `failed` counts executions that an incident stopped, or that a step ended as
    failed.
    """

    begin: int
    started: list[int]
    completed: list[int]
    failed: list[int]


class WorkflowOverview(msgspec.Struct, frozen=True, kw_only=True):
    """One workflow. Its name is that of its newest version, its trigger that of the newest ACTIVE one, else of that.

    `active_version` is null when it has drafts only, `draft` when its newest version is ACTIVE. `trigger` is null when
    the version has no readable one. `open`, `incidents` and `last_day` are null for callers who may not read
    executions.
    """

    workflow_id: str
    workflow_name: str
    newest_version: int
    active_version: int | None
    draft: OpenDraft | None
    trigger: TriggerSummary | None
    open: OpenByStatus | None
    incidents: int | None
    last_day: LastDay | None
    created_on: int
    modified_on: int
    modified_by: str | None
    modified_by_name: str | UnsetType = UNSET


class WorkflowOverviewCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    workflow_id: str


class WorkflowOverviewPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `lastKey` is present when another page follows; `truncated`: the search reached its scan limit.

    `as_of`: up to which instant the open executions and incidents are counted.
    """

    message: str
    count: int
    items: list[WorkflowOverview]
    as_of: int
    last_key: WorkflowOverviewCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)
    truncated: bool | UnsetType = UNSET


async def get_workflows(call: Call) -> Response:
    """Lists workflows."""
    after = cursor_of(call, "workflow_id")
    has: tuple[Having, ...] = one_of(call.query.all("has"), _HAVING, "has")
    query = WorkflowQuery(
        term=call.query.get("term"),
        has=frozenset(has),
        after=validate_id(after[0], "workflow") if after else "",
        limit=limit_of(call),
    )
    page = await workflow_list.list_workflows(call.services, call.principal, query)
    items = await name_actors(call, [_overview(entry) for entry in page.items])
    answer = WorkflowOverviewPage(
        message=SUCCESS,
        count=len(items),
        items=items,
        as_of=to_ms(page.as_of),
        last_key=WorkflowOverviewCursor(workflow_id=page.after) if page.after else UNSET,
        truncated=page.is_truncated or UNSET,
    )
    return Response(answer)


async def get_workflow_versions(call: Call) -> Response:
    """Lists the versions of a workflow."""
    workflow_id = validate_id(call.query.get("workflow_id"), "workflow")
    page = await workflow_list.list_versions(
        call.services, call.principal, workflow_id, before_of(call), limit_of(call)
    )
    return await version_page(call, page.items, has_more=page.has_more)


def _overview(entry: WorkflowEntry) -> WorkflowOverview:
    head, numbers = entry.head, entry.numbers
    return WorkflowOverview(
        workflow_id=head.object_id,
        workflow_name=head.name,
        newest_version=head.newest,
        active_version=head.active,
        draft=draft_of(head),
        trigger=_trigger(entry),
        open=None if numbers is None else _open(numbers),
        incidents=None if numbers is None else numbers.incidents,
        last_day=None if numbers is None else _last_day(numbers),
        created_on=to_ms(head.created_on),
        modified_on=to_ms(head.modified_on),
        modified_by=head.by,
    )


def _trigger(entry: WorkflowEntry) -> TriggerSummary | None:
    if entry.trigger_type is None:
        return None
    live = entry.live
    return TriggerSummary(
        trigger_type=entry.trigger_type,
        schedule=entry.schedule,
        status=live.status if live is not None else None,
        next_on=ms_or_none(live.next) if live is not None else None,
    )


def _open(numbers: Numbers) -> OpenByStatus:
    return OpenByStatus(running=numbers.running, waiting=numbers.waiting, failed=numbers.failed)


def _last_day(numbers: Numbers) -> LastDay:
    hours = numbers.hours
    return LastDay(
        begin=to_ms(numbers.begin),
        started=[hour.started for hour in hours],
        completed=[hour.completed for hour in hours],
        failed=[hour.failed for hour in hours],
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getWorkflows",
        access="read.definitions",
        takes_bound_keys=True,
        handle=get_workflows,
        summary="List workflows, one row each, newest created first",
        description=(
            "A row has what a list shows: the newest ACTIVE version, an open draft, what starts the workflow and when "
            "next, its open executions and incidents, and its last 24 hours. Numbers come from counters and roll-ups; "
            "nothing is counted for the call."
        ),
        parameters=(
            Parameter("term", "Only workflows whose name has this text, or whose id begins with it."),
            Parameter(
                "has",
                "`draft`: the newest version is a draft; `incident`: with an open incident; `schedule`: with a live "
                "schedule. Several must all be true.",
                repeats=True,
            ),
            LIMIT,
            Parameter("workflow_id", "Pagination key from `lastKey`."),
        ),
        answer=WorkflowOverviewPage,
    ),
    read_route(
        path="/v2/workflows/getWorkflowVersions",
        access="read.definitions",
        takes_bound_keys=True,
        handle=get_workflow_versions,
        summary="List the versions of a workflow, newest first",
        parameters=(WORKFLOW_ID, LIMIT, Parameter("before", "Pagination key from `lastKey`.", kind="count")),
        answer=VersionPage,
        refusals=(404,),
    ),
)
