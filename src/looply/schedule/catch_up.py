"""The starts that are due at an instant: on time, caught up after downtime, or missed (misfires). Pure."""

from collections import deque
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Final

import msgspec

from looply.definition import ON_TIME, Schedule
from looply.schedule.fires import delay_of, fires, next_fire

MAX_STARTS: Final = 1000
"""The most starts that are caught up, the newest: a schedule of each second has millions in a month."""

MAX_COUNTED: Final = 10_000
"""Missed instants are counted up to here."""

_TICK: Final = timedelta(microseconds=1)


class DueStart(msgspec.Struct, frozen=True):
    """A nominal instant that starts an execution now; `is_late`: it is caught up after downtime."""

    nominal: datetime
    is_late: bool


class Missed(msgspec.Struct, frozen=True):
    """Instants that start nothing: their number (`MAX_COUNTED`: or more), and the last of them."""

    last: datetime
    count: int


class Plan(msgspec.Struct, frozen=True):
    """The result of `plan`. The missed instants are older than all `starts`, which are oldest first.

    `next` is the first nominal instant that is not due yet, None when the schedule has ended.
    """

    missed: Missed | None
    starts: tuple[DueStart, ...]
    next: datetime | None


def plan(schedule: Schedule, workflow_id: str, anchor: datetime, first: datetime, now: datetime) -> Plan:
    """Returns the starts that are due at `now`; `first` is the oldest nominal instant without a decision.

    An instant that is at most `ON_TIME` late starts under every rule. Of the later ones within the window, the rule
    `all` starts each, `last` the newest if none is on time, `none` none.
    """
    instants = _newest_instants(schedule, anchor, first, now)
    if instants and instants[-1] + delay_of(schedule, workflow_id, instants[-1]) > now:
        # The jitter is less than the time between two instants, so only the newest can still be delayed by it.
        following: datetime | None = instants.pop()
    else:
        following = next_fire(schedule, anchor, instants[-1] if instants else max(now, first - _TICK))
    lateness = [now - instant - delay_of(schedule, workflow_id, instant) for instant in instants]
    first_start = _first_start_index(schedule, lateness)
    starts = tuple(DueStart(instants[index], lateness[index] > ON_TIME) for index in range(first_start, len(instants)))
    return Plan(_missed(schedule, anchor, first, instants, first_start), starts, following)


def _first_start_index(schedule: Schedule, lateness: list[timedelta]) -> int:
    """Returns the index of the oldest instant that starts something; the length when none does."""
    on_time = sum(late <= ON_TIME for late in lateness)
    within = sum(late <= schedule.catch_up_window for late in lateness)
    caught_up = {"none": 0, "last": min(within, 1), "all": within}[schedule.catch_up]
    return len(lateness) - max(on_time, caught_up)


def _newest_instants(schedule: Schedule, anchor: datetime, first: datetime, now: datetime) -> list[datetime]:
    """Returns the newest instants from `first` to `now`, at most `MAX_STARTS`, by searches of growing spans."""
    span = timedelta(minutes=1)
    while True:
        begin = max(first, now - span)
        found = deque(
            takewhile(lambda instant: instant <= now, fires(schedule, anchor, begin - _TICK)), maxlen=MAX_STARTS
        )
        if begin == first or len(found) == MAX_STARTS:
            return list(found)
        span *= 2


def _missed(
    schedule: Schedule, anchor: datetime, first: datetime, instants: list[datetime], first_start: int
) -> Missed | None:
    """Returns the missed instants: the older ones of `instants`, and all before these."""
    oldest = instants[0] if instants else first
    before = takewhile(lambda instant: instant < oldest, fires(schedule, anchor, first - _TICK))
    count = first_start + sum(1 for _ in islice(before, MAX_COUNTED))
    if count == 0:
        return None
    if first_start:
        return Missed(instants[first_start - 1], min(count, MAX_COUNTED))
    return Missed(_newest_instants(schedule, anchor, first, instants[0] - _TICK)[-1], min(count, MAX_COUNTED))
