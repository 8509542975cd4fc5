"""The lines of the table for the pages in Chromium, and for the Studio."""

from collections.abc import Iterator
from typing import Any, Final

_STUDIO_GOALS: Final = {"300": (500, 20, 50), "1000": (1_200, 30, None), "2000": (2_000, None, None)}
"""By the number of steps: milliseconds to draw, for a frame while panning, and to insert; None: no goal."""
_OPENED: Final = 2_000
_KEY_GOAL: Final = 16
_HANG: Final = 100


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


def studio_lines_of(found: dict[str, Any]) -> Iterator[tuple[str, str, str, bool | None]]:
    """Yields the lines of the Studio, as `lines_of`."""
    if "skipped" in found:
        yield "the Studio in Chromium", f"skipped: {found['skipped']}", "", None
        return
    for size, figures in found.items():
        paints, pans, inserts = _STUDIO_GOALS[size]
        title = f"the Studio in Chromium: {int(size):,} steps opened, {figures['nodes_drawn']} of them drawn"
        yield title, _shown(figures["open_ms"]), *_goal("p50", figures["open_ms"], _OPENED)
        yield "  drawn, once it is read", _shown(figures["paint_ms"]), *_goal("p50", figures["paint_ms"], paints)
        yield "  a frame while it is panned", _shown(figures["pan_ms"]), *_goal("p95", figures["pan_ms"], pans)
        if "insert_ms" in figures:
            yield "  a step inserted", _shown(figures["insert_ms"]), *_goal("p50", figures["insert_ms"], inserts)
        keys = figures["key_ms"]
        yield "  a key in an expression, to the painted frame", _shown(keys), *_goal("p95", keys, _KEY_GOAL)
        yield "    at 60 Hz, without the wait for the frame", _shown(figures["key_at_60_hz_ms"]), "", None
        longest = figures["longest_task_ms"]
        yield "    longest task while typing", f"{longest} ms", f"< {_HANG} ms", longest < _HANG


def _goal(quantile: str, spans: dict[str, Any], most: int | None) -> tuple[str, bool | None]:
    return ("", None) if most is None else (f"{quantile} < {most:,} ms", spans[quantile] < most)


def _shown(spans: dict[str, Any]) -> str:
    return f"p50 {spans['p50']} ms, p95 {spans['p95']} ms"
