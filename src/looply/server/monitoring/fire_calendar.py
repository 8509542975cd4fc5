"""The calendar of schedules on the wire."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.monitoring.fire_calendar import (
    LONGEST,
    MAX_OF_ONE,
    CalendarEntry,
    CalendarSchedule,
    Range,
    list_calendar,
)
from looply.catalog.tenants.names import validate_id
from looply.errors import BadRequest
from looply.instants import ms_or_none, to_ms
from looply.server.http.call import Call, Parameter, Response, read_route
from looply.server.http.wire import LIMIT, SUCCESS, UNCHANGED_KEY, instant_of, limit_of


class CalendarItem(msgspec.Struct, frozen=True, kw_only=True):
    """One instant of a schedule. `PLANNED` is computed, every other outcome is that of `getScheduleFires`.

    `mark` and `wall` are of planned instants: what a clock change does to it (as in `previewSchedule`), and the local
    time that the schedule names. With the mark `SKIPPED` or `REPEATED` it does not fire. `count` is the number of
    instants that the item covers.
    """

    workflow_id: str
    on: int
    outcome: Literal["PLANNED", "STARTED", "CAUGHT_UP", "SKIPPED", "QUEUED", "MISSED", "REFUSED"]
    mark: Literal["", "MOVED", "SKIPPED", "SECOND", "REPEATED"]
    wall: str | None
    workflow_execution_id: str | None
    count: int


class CalendarScheduleItem(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule of the calendar. `timezone` and `overlap` are null where its version cannot be read.

    `is_running`: the execution that it started last is open, so its overlap rule decides about the next instant.
    `more_before` and `more_after` are null where all of its instants are listed; those before the one, and those from
    the other on, are too many.
    """

    workflow_id: str
    workflow_version: int
    workflow_name: str
    status: Literal["ACTIVE", "PAUSED"]
    timezone: str | None
    overlap: Literal["skip", "queue", "allow"] | None
    last_execution_id: str | None
    is_running: bool
    more_before: int | None
    more_after: int | None


class CalendarCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    after: str


class CalendarPage(msgspec.Struct, frozen=True, kw_only=True):
    """The calendar of one page of schedules, its items by instant. `lastKey` is present when other schedules follow."""

    message: str
    count: int
    schedules: list[CalendarScheduleItem]
    items: list[CalendarItem]
    last_key: CalendarCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


async def get_schedule_calendar(call: Call) -> Response:
    """Returns past and planned fires in a range of time."""
    query = call.query
    span = Range(begin=instant_of(query.get("from"), "from"), end=instant_of(query.get("to"), "to"))
    found = await list_calendar(
        call.services,
        call.principal,
        span,
        workflow_id=validate_id(query.get("workflow_id"), "workflow") if "workflow_id" in query else "",
        after=_after(call),
        limit=limit_of(call),
    )
    schedules = [_schedule_item(schedule) for schedule in found.schedules]
    items = [_item(entry) for entry in found.entries]
    last_key = CalendarCursor(after=schedules[-1].workflow_id) if found.has_more else UNSET
    return Response(
        CalendarPage(message=SUCCESS, count=len(items), schedules=schedules, items=items, last_key=last_key)
    )


def _after(call: Call) -> str:
    text = call.query.get("after")
    try:
        return validate_id(text, "workflow") if text else ""
    except BadRequest as error:
        raise BadRequest(f"{error.message}; {UNCHANGED_KEY}", code="BAD_CURSOR") from error


def _schedule_item(row: CalendarSchedule) -> CalendarScheduleItem:
    schedule = row.live.schedule
    return CalendarScheduleItem(
        workflow_id=schedule.workflow_id,
        workflow_version=schedule.workflow_version,
        workflow_name=row.live.workflow_name,
        status=schedule.status,
        timezone=row.timezone or None,
        overlap=row.overlap,
        last_execution_id=schedule.last_execution or None,
        is_running=row.is_running,
        more_before=ms_or_none(row.more_before),
        more_after=ms_or_none(row.more_after),
    )


def _item(entry: CalendarEntry) -> CalendarItem:
    return CalendarItem(
        workflow_id=entry.workflow_id,
        on=to_ms(entry.on),
        outcome=entry.outcome,
        mark=entry.mark,
        wall=entry.occurrence.wall.isoformat() if entry.occurrence is not None else None,
        workflow_execution_id=entry.execution_id or None,
        count=entry.count,
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getScheduleCalendar",
        access="read.executions",
        takes_bound_keys=True,
        handle=get_schedule_calendar,
        summary="Read the past and the planned fires of the live schedules in a range of time",
        description=(
            f"Of each schedule the newest {MAX_OF_ONE} past and the first {MAX_OF_ONE} planned instants of the range "
            "are listed. A paused schedule plans nothing."
        ),
        parameters=(
            Parameter("from", "The first instant of the range.", is_required=True, kind="instant"),
            Parameter(
                "to",
                f"The instant at which the range ends, at most {LONGEST.days} days after `from`.",
                is_required=True,
                kind="instant",
            ),
            Parameter("workflow_id", "Only the schedule of this workflow."),
            LIMIT,
            Parameter("after", "Pagination key from `lastKey`."),
        ),
        answer=CalendarPage,
    ),
)
