"""The calendar of schedules: what came of past fires, and the fires that are planned, within a range of time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Final, Literal

import msgspec

from looply.app.authoring.schedules import LiveSchedule, schedule_of
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.definition import Overlap
from looply.definition import Schedule as Definition
from looply.engine.ports.port import FireOutcome, Schedule
from looply.errors import BadRequest, Conflict, NotFound, RecordDamaged
from looply.schedule import Mark, Occurrence, agenda

LONGEST: Final = timedelta(days=62)
"""The longest range of one calendar: two months."""

MAX_OF_ONE: Final = 170
"""Most past entries of one schedule, and most planned ones: those of each hour of a week fit."""

_TICK: Final = timedelta(microseconds=1)


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """The instants from `begin` on that are before `end`."""

    begin: datetime
    end: datetime


class CalendarEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One instant of a schedule: what came of it, or that it is planned.

    `count` is over 1 where a MISSED one covers earlier instants as well. `occurrence` is that of a planned instant,
    which does not fire where a clock change skips or repeats its time of the day.
    """

    workflow_id: str
    on: datetime
    outcome: FireOutcome | Literal["PLANNED"]
    execution_id: str = ""
    count: int = 1
    occurrence: Occurrence | None = None

    @property
    def mark(self) -> Mark:
        """What a clock change does to a planned instant."""
        return self.occurrence.mark if self.occurrence is not None else ""


class CalendarSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule of the calendar. Without `timezone` and `overlap` its version cannot be read.

    `is_running`: the last execution that it started is open, so its `overlap` rule decides about the next instant.
    Instants before `more_before`, and instants from `more_after` on, are too many to be listed.
    """

    live: LiveSchedule
    timezone: str = ""
    overlap: Overlap | None = None
    is_running: bool = False
    more_before: datetime | None = None
    more_after: datetime | None = None


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """The calendar of some schedules, its entries by instant. `has_more`: those with greater workflow ids follow."""

    schedules: Sequence[CalendarSchedule]
    entries: Sequence[CalendarEntry]
    has_more: bool


async def list_calendar(
    services: Services, principal: Principal, span: Range, *, workflow_id: str = "", after: str = "", limit: int
) -> Calendar:
    """Returns the calendar of the live schedules with workflow ids over `after`, at most `limit` of them.

    With `workflow_id` it is that of one schedule. A paused schedule plans nothing. Raises: BadRequest (code `BAD_SPAN`)
    for a range that is empty or longer than `LONGEST`.
    """
    if not timedelta() < span.end - span.begin <= LONGEST:
        message = f"the range must end after it begins, and last at most {LONGEST.days} days; choose a shorter one"
        raise BadRequest(message, code="BAD_SPAN")
    organization_id = principal.organization_id
    found = [
        schedule
        for schedule in await services.engine.schedules.list(organization_id)
        if schedule.workflow_id > after and workflow_id in ("", schedule.workflow_id)
    ]
    schedules: list[CalendarSchedule] = []
    entries: list[CalendarEntry] = []
    running = await _find_running(services, found[:limit])
    for schedule in found[:limit]:
        name = await services.library.name(organization_id, schedule.workflow_id, schedule.workflow_version)
        definition = await _read_definition(services, schedule)
        past, more_before = await _list_past(services, schedule, span)
        planned, more_after = _list_planned(schedule, definition, span, services.clock.now())
        entries += past + planned
        schedules.append(
            CalendarSchedule(
                live=LiveSchedule(schedule=schedule, workflow_name=name),
                timezone=definition.timezone if definition is not None else "",
                overlap=definition.overlap if definition is not None else None,
                is_running=schedule.last_execution in running,
                more_before=more_before,
                more_after=more_after,
            )
        )
    entries.sort(key=lambda entry: (entry.on, entry.workflow_id))
    return Calendar(schedules=schedules, entries=entries, has_more=len(found) > limit)


async def _find_running(services: Services, schedules: Sequence[Schedule]) -> frozenset[str]:
    """Returns those of the executions that the schedules started last which are open."""
    last = [schedule.last_execution for schedule in schedules if schedule.last_execution]
    heads = await services.engine.overview.heads(last) if last else ()
    return frozenset(head.execution_id for head in heads if head.is_open)


async def _read_definition(services: Services, schedule: Schedule) -> Definition | None:
    """Returns what the author wrote, None where the version cannot be read."""
    try:
        version = await services.library.resolve(
            schedule.organization_id, schedule.workflow_id, schedule.workflow_version
        )
    except (Conflict, NotFound, RecordDamaged):
        return None
    return schedule_of(version.workflow)


async def _list_past(
    services: Services, schedule: Schedule, span: Range
) -> tuple[list[CalendarEntry], datetime | None]:
    """Returns the newest entries of the ledger in the range, and the oldest of them where others come before it."""
    rows = await services.engine.schedules.fires(schedule.workflow_id, span.end, MAX_OF_ONE + 1)
    within = [row for row in rows if row.nominal >= span.begin]
    entries = [
        CalendarEntry(
            workflow_id=schedule.workflow_id,
            on=row.nominal,
            outcome=row.outcome,
            execution_id=row.execution_id,
            count=row.count,
        )
        for row in within[:MAX_OF_ONE]
    ]
    return entries, entries[-1].on if len(within) > MAX_OF_ONE else None


def _list_planned(
    schedule: Schedule, definition: Definition | None, span: Range, now: datetime
) -> tuple[list[CalendarEntry], datetime | None]:
    """Returns the first planned instants in the range, and the first one that is not listed."""
    if schedule.status == "PAUSED" or schedule.next is None:
        return [], None
    # What was decided lies before; an instant that is due and not decided yet is planned still.
    begin = max(span.begin, min(now + _TICK, schedule.next))
    if begin >= span.end:
        return [], None
    if definition is None:
        return [], begin
    instants = takewhile(
        lambda occurrence: occurrence.at < span.end, agenda(definition, schedule.anchor, begin - _TICK)
    )
    found = list(islice(instants, MAX_OF_ONE + 1))
    entries = [
        CalendarEntry(workflow_id=schedule.workflow_id, on=occurrence.at, outcome="PLANNED", occurrence=occurrence)
        for occurrence in found[:MAX_OF_ONE]
    ]
    return entries, found[-1].at if len(found) > MAX_OF_ONE else None
