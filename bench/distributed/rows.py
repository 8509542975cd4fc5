"""The rows of the table about the distributed engine."""

from collections.abc import Iterator
from typing import Any, Final

from bench.distributed.parts import cpu_of

Line = tuple[str, str, str, bool | None]
"""The scenario, the figure, the goal, and whether it is met (None: no goal)."""

_TITLES: Final = {
    "computing": "3 computing steps to completed",
    "calling": "3 calls of another system to completed",
}
_GOALS: Final = {"computing": 20, "calling": 0.9}
_LEAST_MS: Final = 0.005
"""A part that takes less is not shown."""


def lines_of(found: dict[str, Any]) -> Iterator[Line]:
    """Returns the rows of the measured scenarios."""
    if "versions" in found:
        versions = ", ".join(f"{name} {text}" for name, text in found["versions"].items())
        yield "distributed, 32 clients, on all cores", versions, "", None
    if "engines" in found:
        yield from _engines(found["engines"])
    for storage in ("in memory", "on file"):
        if storage in found:
            yield from _storage(storage, found[storage])
    if "skipped" in found:
        yield "distributed", f"skipped: {found['skipped']}", "", None


def _engines(engines: dict[str, Any]) -> Iterator[Line]:
    title = f"{_TITLES['computing']}, one process"
    yield title, f"on PostgreSQL {engines['ratio']:.0%} of the embedded engine", "", None
    yield from _side("embedded engine", engines["embedded"])
    yield from _side("on PostgreSQL", engines["postgres"])


def _storage(storage: str, found: dict[str, Any]) -> Iterator[Line]:
    for kind in (kind for kind in ("computing", "calling") if kind in found):
        yield from _pair(f"{_TITLES[kind]}; Temporal {storage}", kind, found[kind])
        if kind == "computing" and "local activities" in found:
            yield from _local(found["local activities"], found["computing"]["ours"])
    if "resume" in found:
        yield from _resume(f"a resume acknowledged; Temporal {storage}", found["resume"])
    for kind, pair in found.get("two of each", {}).items():
        title = f"{_TITLES[kind]}, two of each"
        yield title, f"{pair['ratio']:.2f}x one server and one worker", "", None
        yield from _side("one of each", pair["one"])
        yield from _side("two of each", pair["two"])
    if "reads" in found:
        reads = found["reads"]
        title = f"reads after an answer, at {reads['servers']} servers"
        yield title, f"{reads['reads']:,}, {reads['stale']} of them stale", "0 stale", reads["stale"] == 0


def _pair(title: str, kind: str, pair: dict[str, Any]) -> Iterator[Line]:
    goal = _GOALS[kind]
    yield title, f"{pair['ratio']:.2f}x plain Temporal", f">= {goal}x", pair["ratio"] >= goal
    yield from _side("ours", pair["ours"])
    yield from _side("plain Temporal", pair["plain"])


def _local(local: dict[str, Any], ours: dict[str, Any]) -> Iterator[Line]:
    yield from _side("plain Temporal, local activities", local)
    yield "    ours over it", f"{ours['per_second'] / local['per_second']:.1f}x", "", None


def _resume(title: str, pair: dict[str, Any]) -> Iterator[Line]:
    ours, plain = pair["ours"]["p99_ms"], pair["plain"]["p99_ms"]
    yield title, f"p99 {ours:.1f} ms", f"< {plain:.1f} ms, a bare Update", ours < plain
    yield from _side("ours", pair["ours"])
    yield from _side("a bare Update", pair["plain"])


def _side(name: str, figures: dict[str, Any]) -> Iterator[Line]:
    times = f"p50 {figures['p50_ms']:.1f} ms, p99 {figures['p99_ms']:.1f} ms"
    yield f"  {name}", f"{figures['per_second']:.0f}/s, {times}", "", None
    yield "    CPU of each", _cpu(figures), "", None
    if "log_bytes" in figures:
        answers = f"{figures['log_bytes']:,} bytes of log, {figures['disk_bytes']:,} bytes of disk"
        yield "    in PostgreSQL for each", answers, "", None


def _cpu(figures: dict[str, Any]) -> str:
    parts = {name: value for name, value in cpu_of(figures).items() if value >= _LEAST_MS}
    shown = ", ".join(f"{name} {value:.2f}" for name, value in parts.items())
    return f"{shown} ms" if len(parts) == 1 else f"{shown}; {sum(parts.values()):.2f} ms in all"
