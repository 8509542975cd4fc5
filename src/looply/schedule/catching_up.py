"""What starts when instants have fallen due: on time, made up for after a stop, or missed. Pure."""

from collections import deque
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Final

import msgspec

from looply.definition import ON_TIME, Schedule
from looply.schedule.fires import delay_of, fires, next_fire

MOST_STARTS: Final = 1000
"""So many starts are made up for at most, the newest: a schedule of each second has millions in a month."""

MOST_COUNTED: Final = 10_000
"""Missed instants are counted up to here."""

_TICK: Final = timedelta(microseconds=1)


class DueStart(msgspec.Struct, frozen=True):
    """A nominal instant that starts an execution now; `is_late`: it is made up for after a stop."""

    nominal: datetime
    is_late: bool


class Missed(msgspec.Struct, frozen=True):
    """Instants that start nothing any more: how many (`MOST_COUNTED`: or more), and the last of them."""

    last: datetime
    count: int


class Plan(msgspec.Struct, frozen=True):
    """What is due at an instant. What was missed is older than all `starts`, which are oldest first.

    `next` is the first nominal instant that is not due yet, None when the schedule has ended.
    """

    missed: Missed | None
    starts: tuple[DueStart, ...]
    next: datetime | None


def plan(schedule: Schedule, workflow_id: str, anchor: datetime, first: datetime, now: datetime) -> Plan:
    """Returns what is due at `now`, when `first` is the oldest nominal instant that nothing was decided on.

    What is at most `ON_TIME` late starts under every rule. Of what is later, but within the window, `all` starts each,
    `last` the newest if nothing is on time, `none` nothing.
    """
    instants = _newest(schedule, anchor, first, now)
    if instants and instants[-1] + delay_of(schedule, workflow_id, instants[-1]) > now:
        # The jitter is below the time between two instants, so only the newest can still be put off.
        following: datetime | None = instants.pop()
    else:
        following = next_fire(schedule, anchor, instants[-1] if instants else max(now, first - _TICK))
    lateness = [now - instant - delay_of(schedule, workflow_id, instant) for instant in instants]
    kept = _first_kept(schedule, lateness)
    starts = tuple(DueStart(instants[index], lateness[index] > ON_TIME) for index in range(kept, len(instants)))
    return Plan(_missed(schedule, anchor, first, instants, kept), starts, following)


def _first_kept(schedule: Schedule, lateness: list[timedelta]) -> int:
    """Returns the index of the oldest instant that starts something; the length when none does."""
    on_time = sum(late <= ON_TIME for late in lateness)
    within = sum(late <= schedule.catch_up_window for late in lateness)
    made_up_for = {"none": 0, "last": min(within, 1), "all": within}[schedule.catch_up]
    return len(lateness) - max(on_time, made_up_for)


def _newest(schedule: Schedule, anchor: datetime, first: datetime, now: datetime) -> list[datetime]:
    """Returns the newest instants from `first` to `now`, at most `MOST_STARTS`: it looks back further and further."""
    span = timedelta(minutes=1)
    while True:
        begin = max(first, now - span)
        found = deque(
            takewhile(lambda instant: instant <= now, fires(schedule, anchor, begin - _TICK)), maxlen=MOST_STARTS
        )
        if begin == first or len(found) == MOST_STARTS:
            return list(found)
        span *= 2


def _missed(
    schedule: Schedule, anchor: datetime, first: datetime, instants: list[datetime], kept: int
) -> Missed | None:
    """Returns what was missed: the older ones of `instants`, and all before these."""
    oldest = instants[0] if instants else first
    before = takewhile(lambda instant: instant < oldest, fires(schedule, anchor, first - _TICK))
    count = kept + sum(1 for _ in islice(before, MOST_COUNTED))
    if count == 0:
        return None
    if kept:
        return Missed(instants[kept - 1], min(count, MOST_COUNTED))
    return Missed(_newest(schedule, anchor, first, instants[0] - _TICK)[-1], min(count, MOST_COUNTED))
