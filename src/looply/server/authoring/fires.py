"""Calls on the fires of schedules: their outcomes, and previews of the next ones."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.authoring.fires import MAX_FIRES, View, list_fires, parse_schedule, preview_workflow
from looply.errors import BadRequest, Problem
from looply.jsontext import Json
from looply.server.http.call import Call, Parameter, Response, Route, read_route
from looply.server.http.rows import FireRecord, PreviewAnswer, fire_row, preview_answer
from looply.server.http.wire import LIMIT, SUCCESS, WORKFLOW_ID, instant_of, limit_of, number_of, version_of


class FireCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    nominal_on: int


class FirePage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, newest first. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[FireRecord]
    last_key: FireCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


class PreviewBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A schedule in the form of a trigger's settings, or a workflow that has a schedule.

    `from` is in epoch milliseconds, by default now. `around_change`: begin a day before the next clock change.
    """

    schedule: dict[str, Json] | None = None
    workflow_id: str | None = None
    workflow_version: int | str | None = None
    start: int | None = msgspec.field(name="from", default=None)
    count: int = 20
    around_change: bool = False


async def get_schedule_fires(call: Call) -> Response:
    """Lists the outcomes of the fires of a schedule."""
    limit, cursor = limit_of(call), call.query.get("nominal_on")
    before = instant_of(cursor, "nominal_on") if cursor else None
    rows = await list_fires(call.services, call.principal, call.query.get("workflow_id"), before, limit + 1)
    items = [fire_row(row) for row in rows[:limit]]
    last_key = FireCursor(nominal_on=items[-1].nominal_on) if len(rows) > limit else UNSET
    return Response(FirePage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


async def preview_schedule(call: Call) -> Response:
    """Returns the next fires of a schedule; nothing is stored."""
    body: PreviewBody = call.body
    if (body.schedule is None) == (body.workflow_id is None):
        message = "give either a schedule or a workflow_id"
        raise BadRequest(message, code="BAD_BODY", problems=(Problem(path="", message=message),))
    if not 1 <= body.count <= MAX_FIRES:
        raise BadRequest.at("/count", f"must be 1 to {MAX_FIRES}")
    view = View(
        count=number_of(body.count, "count"),
        after=instant_of(body.start, "from") if body.start is not None else None,
        is_around_change=body.around_change,
    )
    if body.schedule is not None:
        shown = view.of(parse_schedule(body.schedule), call.services.clock.now())
    else:
        assert body.workflow_id is not None
        version = version_of(body.workflow_version)
        shown = await preview_workflow(call.services, call.principal, body.workflow_id, version, view)
    return Response(preview_answer(shown))


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getScheduleFires",
        access="read.executions",
        takes_bound_keys=True,
        handle=get_schedule_fires,
        summary="List the past fires of a workflow's schedule and their outcomes, newest first",
        parameters=(WORKFLOW_ID, LIMIT, Parameter("nominal_on", "Pagination key from `lastKey`.", kind="instant")),
        answer=FirePage,
        refusals=(404,),
    ),
    Route(
        method="POST",
        path="/v2/workflows/previewSchedule",
        access="read.definitions",
        takes_bound_keys=True,
        handle=preview_schedule,
        summary="Preview the next fires of a schedule, with the effects of clock changes in its time zone",
        body=PreviewBody,
        answer=PreviewAnswer,
        refusals=(404, 409, 422),
    ),
)
