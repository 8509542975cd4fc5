"""Pages of a log: entries and condensed logs of a piece of a history, cut at one event, so that the next page goes on.

Theory of operation. Both are cut at the same event: before the entry that is one too many, or before the first event
of the visit for which there is no room. A visit that goes over the end of a page is on both: what went in stands on
the first one, what came out on the other, whose part has no `started_on`. Only what no page could hold is left out.
"""

from collections.abc import Sequence

import msgspec

from looply.execution.facts.events import Event
from looply.execution.views.condensed import VisitRecord, condensed_logs, first_beyond_budget
from looply.execution.views.log_entries import LogEntry
from looply.execution.views.logs import event_log
from looply.limits import Limits

_UNCUT = Limits(read_events=1_000_000)


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `last` is the number of its last event: behind it the next page begins, if the page `is_cut`.

    `is_trimmed`: values of a visit were left out because no page could hold them.
    """

    entries: list[LogEntry]
    visits: dict[str, list[VisitRecord]]
    last: int
    is_cut: bool
    is_trimmed: bool


def log_page(events: Sequence[tuple[int, Event]], limits: Limits, unmoved: str) -> LogPage:
    """Returns the first page of a piece of a history, at most `limits.read_events` entries; `unmoved` as `event_log`.

    Guarantees: a piece that is not empty gives a page that holds at least its first event, so pages come to an end.
    """
    shown = _within(events, event_log(events, _UNCUT, unmoved), limits.read_events)
    while (seq := first_beyond_budget(shown, limits.read_log_bytes)) is not None:
        shown = [(number, event) for number, event in shown if number < seq]
    visits, is_trimmed = condensed_logs(shown, limits.read_log_bytes)
    return LogPage(
        entries=event_log(shown, _UNCUT, unmoved),
        visits=visits,
        last=shown[-1][0] if shown else 0,
        is_cut=len(shown) < len(events),
        is_trimmed=is_trimmed,
    )


def _within(
    events: Sequence[tuple[int, Event]], entries: Sequence[LogEntry], limit: int
) -> Sequence[tuple[int, Event]]:
    """Returns the events before the one whose entries are too many; entries of one event are never parted."""
    if len(entries) <= limit:
        return events
    first_left = entries[limit].seq
    kept = [(seq, event) for seq, event in events if seq < first_left]
    return kept or events[:1]
