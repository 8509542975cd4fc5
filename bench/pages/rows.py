"""The lines of the table for the pages in Chromium."""

from collections.abc import Iterator
from typing import Any


def lines_of(found: dict[str, Any]) -> Iterator[tuple[str, str, str, bool | None]]:
    """Yields the lines of the table: scenario, measured, goal, and whether it is met."""
    if "skipped" in found:
        yield "pages in Chromium", f"skipped: {found['skipped']}", "", None
        return
    opened, scrubs, page = found["open_ms"], found["scrubs_per_second"], found["page_ms"]
    title = f"pages in Chromium, {found['stored']:,} stored: an execution of {found['entries']:,} entries opened"
    yield title, _shown(opened), "p50 < 1,500 ms", opened["p50"] < 1500
    yield "  its slider moved", f"{scrubs}/s; {_shown(found['scrub_ms'])}", ">= 30/s", scrubs >= 30
    yield f"  a page of the history, {found['pages']} in a row", _shown(page), "p95 < 150 ms", page["p95"] < 150
    longest, drawn = found["longest_task_ms"], found["rows_drawn"]
    yield "    longest task; rows in the page", f"{longest} ms; {drawn}", "<= 50 ms", longest <= 50
    event = found["event_ms"]
    yield "  from a call to its row on the screen", _shown(event), "p95 < 1,000 ms", event["p95"] < 1000
    before, after = found["heap_mib"]
    shown = f"{before} MiB, then {after} MiB"
    yield f"  memory of the page beside {found['heads']:,} heads", shown, "< 20 MiB more", after - before < 20


def _shown(spans: dict[str, Any]) -> str:
    return f"p50 {spans['p50']} ms, p95 {spans['p95']} ms"
