"""Calls on schedules."""

from typing import Any, Final, Literal

import msgspec

from looply.app.authoring.fires import find_missed_fires
from looply.app.authoring.schedules import list_all, toggle
from looply.errors import BadRequest
from looply.server.http.call import Call, Response, manage_route, read_route
from looply.server.http.rows import ScheduleRecord, schedule_row
from looply.server.http.wire import SUCCESS, version_of

_ACTIONS: Final = ("PAUSE", "PLAY")


class ToggleBody(msgspec.Struct, frozen=True, kw_only=True):
    """Without `workflow_version` the newest ACTIVE version is meant."""

    workflow_id: str
    action: Literal["PAUSE", "PLAY"]
    workflow_version: int | str | None = None


class ToggleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The new status of the schedule."""

    message: str
    workflow_id: str
    workflow_version: int
    status: Literal["ACTIVE", "PAUSED"]


class ScheduleList(msgspec.Struct, frozen=True, kw_only=True):
    """All live schedules, by workflow id."""

    message: str
    count: int
    items: list[ScheduleRecord]


async def get_schedules(call: Call) -> Response:
    """Lists the live schedules."""
    missed = await find_missed_fires(call.services, call.principal)
    schedules = await list_all(call.services, call.principal)
    items = [schedule_row(live, missed.get(live.schedule.workflow_id)) for live in schedules]
    return Response(ScheduleList(message=SUCCESS, count=len(items), items=items))


async def toggle_schedule(call: Call) -> Response:
    """Pauses or resumes a schedule."""
    body: dict[str, Any] = call.body if isinstance(call.body, dict) else {}
    workflow_id, action = body.get("workflow_id"), body.get("action")
    if not isinstance(workflow_id, str):
        raise BadRequest.at("/workflow_id", "must be the id of a workflow")
    if action not in _ACTIONS:
        raise BadRequest.at("/action", "must be PAUSE or PLAY")
    version = version_of(body.get("workflow_version"))
    schedule = await toggle(call.services, call.principal, workflow_id, version, pauses=action == "PAUSE")
    return Response(
        ToggleAnswer(
            message=SUCCESS,
            workflow_id=schedule.workflow_id,
            workflow_version=schedule.workflow_version,
            status=schedule.status,
        )
    )


ROUTES: Final = (
    manage_route(
        path="/v2/workflows/toggleScheduledWorkflow",
        access="repair",
        takes_bound_keys=True,
        handle=toggle_schedule,
        summary="Pause or resume the schedule of a workflow",
        body=ToggleBody,
        has_strict_body=False,
        takes_text=True,
        answer=ToggleAnswer,
        refusals=(404, 409),
    ),
    read_route(
        path="/v2/workflows/getSchedules",
        access="read.definitions",
        takes_bound_keys=True,
        handle=get_schedules,
        summary="List the live schedules of the organization",
        answer=ScheduleList,
    ),
)
