"""The lines of the table about the distributed engine."""

from collections.abc import Iterator
from typing import Any, Final

from bench.distributed.parts import cpu_of

Line = tuple[str, str, str, bool | None]
"""The scenario, what was measured, what it should be, and whether it is (None: no goal)."""

_TITLES: Final = {
    "computing": "3 computing steps to completed, 32 clients",
    "calling": "3 calls of another system to completed, 32 clients",
    "resume": "a resume acknowledged, 32 clients",
}
_COMPUTING_GOAL: Final = 20
_CALLING_GOAL: Final = 0.9


def lines_of(found: dict[str, Any]) -> Iterator[Line]:
    """Returns the lines of whatever was measured."""
    if "versions" in found:
        versions = ", ".join(f"{name} {text}" for name, text in found["versions"].items())
        yield "distributed: on all cores, beside the generator", versions, "", None
    if "engines" in found:
        yield from _engines(found["engines"])
    for storage in ("in memory", "on file"):
        if storage in found:
            yield from _storage(storage, found[storage])
    if "skipped" in found:
        yield "distributed", f"skipped: {found['skipped']}", "", None


def _engines(engines: dict[str, Any]) -> Iterator[Line]:
    title = _TITLES["computing"]
    yield f"embedded engine: {title}", _rate(engines["embedded"]), "", None
    yield "  CPU of each", _cpu(engines["embedded"]), "", None
    yield f"one process on PostgreSQL: {title}", _rate(engines["postgres"]), "", None
    yield "  CPU of each", _cpu(engines["postgres"]), "", None
    yield "  of the embedded engine's rate", f"{engines['ratio']:.0%}", "", None


def _storage(storage: str, found: dict[str, Any]) -> Iterator[Line]:
    for kind in ("computing", "calling"):
        yield from _pair(f"{_TITLES[kind]}; Temporal {storage}", kind, found[kind])
    if "local activities" in found:
        local, ours = found["local activities"], found["computing"]["ours"]
        yield f"plain Temporal, local activities: {_TITLES['computing']}", _rate(local), "", None
        yield "  CPU of each", _cpu(local), "", None
        yield "  ours over it", f"{ours['per_second'] / local['per_second']:.1f}x", "", None
    yield from _resume(storage, found["resume"])
    for kind, pair in found.get("two of each", {}).items():
        yield f"two servers and two workers: {_TITLES[kind]}", _rate(pair["two"]), "", None
        yield "  CPU of each", _cpu(pair["two"]), "", None
        yield "  over one of each", f"{pair['ratio']:.2f}x", "", None
    if "reads" in found:
        reads = found["reads"]
        title = f"reads after an answer, at {reads['servers']} servers"
        yield title, f"{reads['reads']:,}, {reads['stale']} of them stale", "0 stale", reads["stale"] == 0


def _pair(title: str, kind: str, pair: dict[str, Any]) -> Iterator[Line]:
    goal = _COMPUTING_GOAL if kind == "computing" else _CALLING_GOAL
    yield f"ours: {title}", _rate(pair["ours"]), "", None
    yield "  CPU of each", _cpu(pair["ours"]), "", None
    yield f"plain Temporal: {title}", _rate(pair["plain"]), "", None
    yield "  CPU of each", _cpu(pair["plain"]), "", None
    yield "  ours over plain Temporal", f"{pair['ratio']:.2f}x", f">= {goal}x", pair["ratio"] >= goal


def _resume(storage: str, pair: dict[str, Any]) -> Iterator[Line]:
    ours, plain = pair["ours"], pair["plain"]
    title = f"{_TITLES['resume']}; Temporal {storage}"
    is_quicker = ours["p99_ms"] < plain["p99_ms"]
    yield f"ours: {title}", _rate(ours), f"p99 < {plain['p99_ms']:.1f} ms", is_quicker
    yield "  CPU of each", _cpu(ours), "", None
    yield f"a bare Update: {title}", _rate(plain), "", None
    yield "  CPU of each", _cpu(plain), "", None


def _rate(figures: dict[str, Any]) -> str:
    return f"{figures['per_second']:.0f}/s, p50 {figures['p50_ms']:.1f} ms, p99 {figures['p99_ms']:.1f} ms"


def _cpu(figures: dict[str, Any]) -> str:
    parts = cpu_of(figures)
    shown = ", ".join(f"{name} {value:.2f}" for name, value in parts.items())
    return f"{shown} ms" if len(parts) == 1 else f"{shown}; {sum(parts.values()):.2f} ms in all"
