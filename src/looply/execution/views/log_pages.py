"""Pages of a log: entries and condensed logs of a range of a history, cut at one event, where the next page begins.

Theory of operation. Both are cut at the same event: before the entry that exceeds the limit, or before the first event
of the visit that does. A visit that continues on the next page is on both: the input is on the first, the output on the
second, where the visit has no `started_on`. Only values that no page could hold are left out.
"""

from collections.abc import Sequence

import msgspec

from looply.execution.facts.events import Event
from looply.execution.views.condensed import VisitRecord, condense_logs, first_beyond_budget
from looply.execution.views.log_entries import LogEntry
from looply.execution.views.logs import event_log
from looply.limits import Limits

_UNCUT = Limits(read_events=1_000_000)


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `last` is the number of its last event, after which the next page begins, if the page `is_cut`.

    `is_trimmed`: values of a visit were left out because no page could hold them.
    """

    entries: list[LogEntry]
    visits: dict[str, list[VisitRecord]]
    last: int
    is_cut: bool
    is_trimmed: bool


def log_page(events: Sequence[tuple[int, Event]], limits: Limits, unmoved: str) -> LogPage:
    """Returns the first page of a range of a history, at most `limits.read_events` entries; `unmoved` as `event_log`.

    Guarantees: the page of a range that is not empty holds at least its first event, so that paging ends.
    """
    entries = event_log(events, _UNCUT, unmoved)
    shown = _within(events, entries, limits.read_events)
    while (seq := first_beyond_budget(shown, limits.read_log_bytes)) is not None:
        shown = [(number, event) for number, event in shown if number < seq]
    visits, is_trimmed = condense_logs(shown, limits.read_log_bytes)
    last = shown[-1][0] if shown else 0
    return LogPage(
        entries=_up_to(entries, last),
        visits=visits,
        last=last,
        is_cut=len(shown) < len(events),
        is_trimmed=is_trimmed,
    )


class EntryPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of entries without visits. `last` is the number of its last event, after which the next page begins."""

    entries: list[LogEntry]
    last: int


def entry_page(events: Sequence[tuple[int, Event]], limits: Limits, unmoved: str) -> EntryPage:
    """Returns the first entries of a range of a history, at most `limits.read_events`; `unmoved` as `event_log`."""
    entries = event_log(events, _UNCUT, unmoved)
    shown = _within(events, entries, limits.read_events)
    last = shown[-1][0] if shown else 0
    return EntryPage(entries=_up_to(entries, last), last=last)


def _up_to(entries: Sequence[LogEntry], last: int) -> list[LogEntry]:
    return [entry for entry in entries if entry.seq <= last]


def _within(
    events: Sequence[tuple[int, Event]], entries: Sequence[LogEntry], limit: int
) -> Sequence[tuple[int, Event]]:
    """Returns the events before the one whose entries exceed the limit; entries of one event are never separated."""
    if len(entries) <= limit:
        return events
    first_left = entries[limit].seq
    kept = [(seq, event) for seq, event in events if seq < first_left]
    return kept or events[:1]
