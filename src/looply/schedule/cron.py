"""The fire times of cron expressions in a time zone, including daylight saving time.

A time of the day within the hour that is skipped in spring fires at the first instant after it; one within the hour
that is repeated in autumn fires the first time, as in Debian's cron (`once`). With `skip` a skipped time does not fire,
with `twice` a repeated time fires twice. An expression whose minute or hour begins with a star is an interval rather
than a time of the day, and follows elapsed time under each rule: it fires whenever the clock shows a matching time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Literal, NamedTuple, TypeAlias

from looply.definition import Cron, DstRule
from looply.definition.values.cron import SEARCH_HORIZON
from looply.schedule.zone_offsets import FIRST, LAST, OffsetPeriod, offset_periods

Mark: TypeAlias = Literal["", "MOVED", "SKIPPED", "SECOND", "REPEATED"]


class Occurrence(NamedTuple):
    """One wall time of the zone that matches the expression, and what daylight saving time does to it. `at` is UTC.

    `mark` is usually empty. `MOVED`: the time lies in the skipped hour and fires after it. `SKIPPED`: the time lies in
    the skipped hour and does not fire (`at` is the change of the offset). `SECOND`: the time is repeated and fires
    again. `REPEATED`: the time is repeated and does not fire again.
    """

    at: datetime
    wall: datetime
    mark: Mark = ""

    @property
    def fires(self) -> bool:
        """Whether a start is due at it."""
        return self.mark not in ("SKIPPED", "REPEATED")


def cron_fires(cron: Cron, zone: str, dst: DstRule, start: datetime) -> Iterator[datetime]:
    """Yields the instants (UTC) from `start` on at which the expression fires, ascending, without duplicates."""
    former: datetime | None = None
    for occurrence in occurrences(cron, zone, dst, start):
        if occurrence.fires and occurrence.at != former:
            former = occurrence.at
            yield former


def occurrences(cron: Cron, zone: str, dst: DstRule, start: datetime) -> Iterator[Occurrence]:
    """Yields the wall times of the expression from `start` on, including those that do not fire, by their instants."""
    if start >= LAST:
        return
    start = last = max(_whole_second(start), FIRST)
    for period in offset_periods(zone, start):
        if period.start - last > SEARCH_HORIZON:
            # All of its times are left out by the clocks.
            return
        found = _wall_times(cron, dst, period, max(period.start, start))
        if period.is_after_a_change and period.start >= start:
            found = chain(_skipped_times(cron, dst, period), found)
        for occurrence in found:
            last = occurrence.at if occurrence.fires else last
            yield occurrence


def _skipped_times(cron: Cron, dst: DstRule, period: OffsetPeriod) -> Iterator[Occurrence]:
    """Yields the wall times that were skipped when the clocks were set forward, all at the instant of the change."""
    last, first = _wall(period.start, period.former), _wall(period.start, period.offset)
    is_skipped = cron.follows_elapsed_time or dst == "skip"
    for wall in cron.wall_times(last, first):
        yield Occurrence(period.start, wall, "SKIPPED" if is_skipped else "MOVED")


def _wall_times(cron: Cron, dst: DstRule, period: OffsetPeriod, begin: datetime) -> Iterator[Occurrence]:
    """Yields the wall times that the clocks show in a period."""
    repeated_before = _wall(period.since, period.former) if period.former > period.offset else datetime.min  # noqa: DTZ901
    second: Mark = "SECOND" if cron.follows_elapsed_time or dst == "twice" else "REPEATED"
    for wall in cron.wall_times(_wall(begin, period.offset), _wall(period.end, period.offset)):
        at = (wall - period.offset).replace(tzinfo=UTC)
        yield Occurrence(at, wall, second if wall < repeated_before else "")


def _wall(at: datetime, offset: timedelta) -> datetime:
    return (at + offset).replace(tzinfo=None)


def _whole_second(at: datetime) -> datetime:
    return at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)
