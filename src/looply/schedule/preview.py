"""The next fires of a schedule for display: with wall times and the effects of daylight saving time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile

from looply.definition import Schedule, find_zone
from looply.schedule.cron import Occurrence, occurrences
from looply.schedule.interval import interval_fires

_TICK = timedelta(microseconds=1)


def preview(schedule: Schedule, anchor: datetime, after: datetime, count: int) -> list[Occurrence]:
    """Returns the next `count` fires later than `after`, oldest first, up to the schedule's end.

    The list includes the times of the day that do not fire because they are skipped or repeated.
    """
    found: list[Occurrence] = []
    for occurrence in agenda(schedule, anchor, after):
        if occurrence.fires:
            count -= 1
        found.append(occurrence)
        if count <= 0:
            break
    return found


def agenda(schedule: Schedule, anchor: datetime, after: datetime) -> Iterator[Occurrence]:
    """Yields the fires later than `after`, oldest first, up to the schedule's end, with the times that do not fire."""
    end = schedule.end
    found = _occurrences(schedule, anchor, after)
    return found if end is None else takewhile(lambda occurrence: occurrence.at <= end, found)


def _occurrences(schedule: Schedule, anchor: datetime, after: datetime) -> Iterator[Occurrence]:
    if schedule.cron is None:
        assert schedule.every is not None
        zone = find_zone(schedule.timezone)
        for instant in interval_fires(schedule.every, anchor, after, schedule.timezone):
            yield Occurrence(instant, instant.astimezone(zone).replace(tzinfo=None, fold=0))
        return
    begin = max(after + _TICK, schedule.start or after)
    former: datetime | None = None
    for occurrence in occurrences(schedule.cron, schedule.timezone, schedule.dst, begin):
        # Several times within the skipped hour fire once; an interval has no time of the day that could be skipped.
        is_again = occurrence.fires and occurrence.at == former
        if not is_again and (occurrence.fires or not schedule.cron.follows_elapsed_time):
            yield occurrence
        if occurrence.fires:
            former = occurrence.at
