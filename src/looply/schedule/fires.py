"""The nominal instants of a schedule, by cron or by interval, and the jitter of each start."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import takewhile

from looply.definition import Schedule
from looply.schedule.cron import cron_fires
from looply.schedule.interval import interval_fires

_TICK = timedelta(microseconds=1)
_HASH_BYTES = 8
_NEVER = datetime.max.replace(tzinfo=UTC)


def fires(schedule: Schedule, anchor: datetime, after: datetime) -> Iterator[datetime]:
    """Yields the nominal instants later than `after`, ascending, up to the schedule's end.

    An interval counts from `anchor`; a cron expression does not fire before the schedule's start.
    """
    end = schedule.end or _NEVER
    if schedule.cron is not None:
        begin = max(after + _TICK, schedule.start or after)
        found = cron_fires(schedule.cron, schedule.timezone, schedule.dst, begin)
    else:
        assert schedule.every is not None
        found = interval_fires(schedule.every, anchor, after, schedule.timezone)
    return takewhile(lambda instant: instant <= end, found)


def next_fire(schedule: Schedule, anchor: datetime, after: datetime) -> datetime | None:
    """Returns the first nominal instant later than `after`, or None when the schedule has ended by then."""
    return next(fires(schedule, anchor, after), None)


def delay_of(schedule: Schedule, workflow_id: str, nominal: datetime | None) -> timedelta:
    """Returns the delay of the start of a nominal instant: at least zero, less than the schedule's jitter.

    It is a function of workflow and instant, in whole milliseconds, so that every process computes the same delay.
    """
    most = schedule.jitter // timedelta(milliseconds=1)
    if nominal is None or most == 0:
        return timedelta(0)
    seed = f"{workflow_id} {nominal.isoformat()}".encode()
    chance = int.from_bytes(blake2b(seed, digest_size=_HASH_BYTES).digest())
    return timedelta(milliseconds=chance * most >> 8 * _HASH_BYTES)
