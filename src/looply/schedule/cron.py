"""The fires of cron expressions in a zone, over the changes of its clocks.

A time of the day that falls into the hour which is left out in spring fires at the first instant after it, one of the
hour that comes twice in autumn fires the first time, as in Debian's cron (`once`). With `skip` nothing fires for what
was left out, with `twice` what comes twice fires twice. An expression whose minute or hour begins with a star is no
time of the day but a rhythm, and follows elapsed time under each rule: it fires whenever the clock shows such a time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Literal, NamedTuple, TypeAlias

from looply.definition import Cron, DstRule
from looply.definition.values.cron import SEARCH_HORIZON
from looply.schedule.changes import FIRST, LAST, Stretch, stretches

Mark: TypeAlias = Literal["", "MOVED", "SKIPPED", "SECOND", "REPEATED"]


class Occurrence(NamedTuple):
    """What becomes of one wall time of the zone. `at` is UTC.

    `mark` is empty for the most, else what the clocks do to it: `MOVED` out of the hour that is left out, or `SKIPPED`
    with it (`at` is when the clocks are set, and nothing fires); the `SECOND` time that it is shown, or `REPEATED`,
    where nothing fires at that.
    """

    at: datetime
    wall: datetime
    mark: Mark = ""

    @property
    def fires(self) -> bool:
        """Whether a start falls due."""
        return self.mark not in ("SKIPPED", "REPEATED")


def cron_fires(cron: Cron, zone: str, dst: DstRule, start: datetime) -> Iterator[datetime]:
    """Yields the instants (UTC) from `start` on at which the expression fires, ascending, each once."""
    former: datetime | None = None
    for occurrence in occurrences(cron, zone, dst, start):
        if occurrence.fires and occurrence.at != former:
            former = occurrence.at
            yield former


def occurrences(cron: Cron, zone: str, dst: DstRule, start: datetime) -> Iterator[Occurrence]:
    """Yields the wall times of the expression from `start` on, those that do not fire included, by their instants."""
    if start >= LAST:
        return
    start = last = max(_whole_second(start), FIRST)
    for stretch in stretches(zone, start):
        if stretch.start - last > SEARCH_HORIZON:
            # All of its times are left out by the clocks.
            return
        found = _shown(cron, dst, stretch, max(stretch.start, start))
        if stretch.is_after_a_change and stretch.start >= start:
            found = chain(_left_out(cron, dst, stretch), found)
        for occurrence in found:
            last = occurrence.at if occurrence.fires else last
            yield occurrence


def _left_out(cron: Cron, dst: DstRule, stretch: Stretch) -> Iterator[Occurrence]:
    """Yields what the clocks left out when they were set forward: all of it belongs to the instant of the change."""
    last, first = _wall(stretch.start, stretch.former), _wall(stretch.start, stretch.offset)
    is_skipped = cron.follows_elapsed_time or dst == "skip"
    for wall in cron.wall_times(last, first):
        yield Occurrence(stretch.start, wall, "SKIPPED" if is_skipped else "MOVED")


def _shown(cron: Cron, dst: DstRule, stretch: Stretch, begin: datetime) -> Iterator[Occurrence]:
    """Yields the wall times that the clocks show in a stretch."""
    repeated_before = _wall(stretch.since, stretch.former) if stretch.former > stretch.offset else datetime.min  # noqa: DTZ901
    second: Mark = "SECOND" if cron.follows_elapsed_time or dst == "twice" else "REPEATED"
    for wall in cron.wall_times(_wall(begin, stretch.offset), _wall(stretch.end, stretch.offset)):
        at = (wall - stretch.offset).replace(tzinfo=UTC)
        yield Occurrence(at, wall, second if wall < repeated_before else "")


def _wall(at: datetime, offset: timedelta) -> datetime:
    return (at + offset).replace(tzinfo=None)


def _whole_second(at: datetime) -> datetime:
    return at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)
