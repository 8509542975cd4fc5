"""The table: measured figures beside their goals, as text, Markdown and JSON."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench import figures, sessions
from bench.distributed import rows as distributed
from bench.fairness import measuring as fairness
from bench.pages import rows as pages
from bench.sap import measuring as sap
from bench.sap import outage
from bench.scale import history, inbox, regions, searching
from bench.teams import copies, invoking

_WIDTHS: Final = (58, 44, 30)


class Row(NamedTuple):
    """One row: the scenario, the figure, the goal, and whether it is met (None: no goal)."""

    scenario: str
    measured: str
    goal: str = ""
    is_met: bool | None = None

    @property
    def cells(self) -> tuple[str, str, str]:
        """The cells of the row."""
        mark = {True: "yes: ", False: "NO: ", None: ""}[self.is_met]
        return self.scenario, self.measured, f"{mark}{self.goal}"


_Line = tuple[str, str, str, bool | None]
_LINES: Final[Mapping[str, Callable[[dict[str, Any]], Iterator[_Line]]]] = {
    "sessions": sessions.lines_of,
    "figures": figures.lines_of,
    "regions": regions.lines_of,
    "search": searching.lines_of,
    "history": history.lines_of,
    "pages": pages.lines_of,
    "studio": pages.studio_lines_of,
    "inbox": inbox.lines_of,
    "fairness": fairness.lines_of,
    "sap": sap.lines_of,
    "outage": outage.lines_of,
    "invokes": invoking.lines_of,
    "copies": copies.lines_of,
}
"""The parts that make their rows themselves."""


def rows_of(found: dict[str, Any]) -> Iterator[Row]:
    """Returns the rows of the measured parts."""
    if "generator" in found:
        yield Row(
            "load generator alone, against a server that does nothing", f"{found['generator']['per_second']:.0f}/s"
        )
    if "trigger" in found:
        yield from _trigger_rows(found["ceiling"], found["trigger"])
    if "single" in found:
        single, done = found["single"], found["single_completed"]
        yield Row("one client: acknowledged", _times(single))
        goal = done["p50_ms"] < 3
        yield Row("one client: answered when completed", _times(done), "p50 < 3 ms", goal)
    if "resume" in found:
        yield Row("trigger -> step -> wait, 32 clients", _rate(found["start_waiting"]))
        resume = found["resume"]
        met = resume["per_second"] >= 1200
        yield Row("resume -> step -> completed, 32 clients", _rate(resume), ">= 1,200/s", met)
    if "start" in found:
        start = found["start"]
        took = start["first_trigger_seconds"]
        yield Row("from start to the first accepted trigger", f"{took:.2f} s", "< 2 s", took < 2)
        yield Row("memory of an idle server", f"{start['idle_rss_mib']} MiB")
    if "waiting" in found:
        yield from _waiting_rows(found["waiting"])
    if "timers" in found:
        yield from _timer_rows(found["timers"])
    if "growth" in found:
        yield from _growth_rows(found["growth"])
    if "auditor" in found:
        yield from _auditor_rows(found["auditor"])
    for name, lines_of in _LINES.items():
        if name in found:
            yield from (Row(*line) for line in lines_of(found[name]))
    if "streams" in found:
        yield from _stream_rows(found["streams"])
    if "expressions" in found:
        yield from _expression_rows(found["expressions"])
    if "functions" in found:
        yield from _function_rows(found["functions"])
    yield from (Row(*line) for line in distributed.lines_of(found.get("distributed", {})))
    for name, peer in found.get("peers", {}).items():
        yield Row(f"peer: {name}", _peer(peer))


def _trigger_rows(ceiling: dict[str, Any], own: dict[str, Any]) -> Iterator[Row]:
    yield Row("raw ceiling, 32 clients", _rate(ceiling))
    expected = ">= 2,000/s where the ceiling allows it"
    yield Row("trigger -> 3 steps -> completed, 32 clients", _rate(own), expected, own["per_second"] >= 2000)
    yield Row(
        "  of the ceiling, in the same run", f"{own['ratio']:.0%}", ">= 45 % (stretch 60 %)", own["ratio"] >= 0.45
    )
    yield Row("  acknowledged, p99", f"{own['p99_ms']:.1f} ms", "< 30 ms", own["p99_ms"] < 30)
    yield Row("  CPU of the server for each", f"{own['cpu_ms']:.3f} ms", "< 0.4 ms", own["cpu_ms"] < 0.4)
    yield Row("  memory of the server after it", f"{own['rss_mib']:.0f} MiB")
    yield Row("  disk of each", f"{own['disk_bytes_each']:.0f} bytes")


def _waiting_rows(waiting: dict[str, Any]) -> Iterator[Row]:
    count = f"{waiting['count']:,} waiting executions"
    extra, beyond, took = waiting["extra_rss_mib"], waiting["disk_bytes_beyond_payload"], waiting["restart_seconds"]
    shown = f"{extra} MiB ({waiting['extra_own_mib']} of it no file's)"
    yield Row(f"{count}: memory over idle", shown, "< 50 MB", extra * 1.048576 < 50)
    yield Row("  after a restart with them", f"{waiting['restarted_extra_rss_mib']} MiB")
    each = f"{beyond} bytes ({waiting['disk_bytes_each']} with it)"
    yield Row("  disk of each beyond the payload", each, "< 4 KB", beyond < 4000)
    yield Row("  restart to ready", f"{took:.2f} s", "< 3 s", took < 3)


def _timer_rows(timers: dict[str, Any]) -> Iterator[Row]:
    title = f"{timers['count']:,} timers that fall due in one minute: late"
    shown = f"p50 {timers['late_p50_ms']} ms, p99 {timers['late_p99_ms']} ms, max {timers['late_max_ms']} ms"
    # What the machine cannot store in the minute is no lateness of the pump.
    behind = max(timers["count"] / timers["capacity_per_second"] - 60, 0)
    yield Row(title, shown, f"p99 < {1 + behind:.0f} s", timers["late_p99_ms"] < 1000 * (1 + behind))
    fired = f"{timers['fired']:,} fired, {timers['twice']} twice"
    yield Row("  none lost, none twice", fired, "all, 0", timers["fired"] == timers["count"] and not timers["twice"])
    rates = f"{timers['due_per_second']:.0f}/s due, the machine stores {timers['capacity_per_second']:.0f}/s"
    yield Row("  what the machine can do", rates)


def _auditor_rows(found: dict[str, Any]) -> Iterator[Row]:
    title = f"auditor, {found['open']:,} open of {found['stored']:,} stored"
    count, each = found["count_ms"], found["round_us_each"]
    yield Row(f"{title}: one count", f"{count:.0f} ms every 15 s", "< 750 ms (5 %)", count < 750)
    yield Row("  the largest wait of a concurrent call", f"{found['count_held_ms']:.0f} ms", "", None)
    shown = f"{found['round_seconds']:.0f} s of work in {found['slices']:,} slices; {each:.0f} us each"
    yield Row("  one round, without its rests", shown)
    yield Row(
        "  memory of a round", f"{found['round_extra_own_mib']:.1f} MiB", "< 50 MB", found["round_extra_own_mib"] < 50
    )
    ratio = found["cpu_ms_beside"] / found["cpu_ms_alone"]
    yield Row(
        "  triggers in one process beside it, 32 at once",
        f"{found['triggers_beside']:.0f}/s, {found['cpu_ms_beside']:.3f} ms CPU each;"
        f" alone {found['triggers_alone']:.0f}/s, {found['cpu_ms_alone']:.3f} ms",
        "<= 1.1x the CPU",
        ratio <= 1.1,
    )


def _stream_rows(found: dict[str, Any]) -> Iterator[Row]:
    alone = found["alone"]
    yield Row("triggers, 32 clients, no watchers", f"{_rate(alone)}; {alone['cpu_ms']:.3f} ms CPU each")
    titles = {"of_one": "watch an execution each", "of_all": "watch the organization", "silent": "do not read"}
    for name, title in titles.items():
        own = found[name]
        shown = f"{_rate(own)}; {own['cpu_ms']:.3f} ms CPU each; {own['rss_mib']:.0f} MiB"
        goal, met = "", None
        if name == "of_one":
            # A watcher of one execution gets no events of the others: it must cost next to nothing.
            goal, met = "<= 1.2x the CPU", own["cpu_ms"] <= 1.2 * alone["cpu_ms"]
        if name == "silent":
            goal, met = "< 50 MiB more", own["rss_mib"] - found["of_all"]["rss_mib"] < 50
        yield Row(f"  {own['watchers']:,} {title}", shown, goal, met)
    yield Row("  no watchers again", f"{_rate(found['again'])}; {found['again']['rss_mib']:.0f} MiB")


def _expression_rows(found: dict[str, Any]) -> Iterator[Row]:
    slowest, comparison = found["slowest_ms"], found["comparison"]
    title = f"expressions: slowest of {found['inputs'] + found['bombs']:,} fuzzed"
    yield Row(title, f"{slowest:.1f} ms of CPU", "< 100 ms", slowest < 100)
    if comparison["missing"]:
        yield Row("  beside Microsoft's packages", f"skipped: {comparison['missing']}")
    for each in comparison["cases"]:
        if "ratio" not in each:
            yield Row(f"  {each['name']}", f"{each['ours_us']:.2f} us")
            continue
        goal = each["goal"]
        yield Row(
            f"  {each['name']}",
            f"{each['ours_us']:.2f} us; theirs {each['theirs_us']:.2f} us: {each['ratio']:.2f}x",
            f">= {goal}x" if goal is not None else "",
            each["ratio"] >= goal if goal is not None else None,
        )


def _function_rows(found: dict[str, Any]) -> Iterator[Row]:
    for language, each in found.items():
        title = f"functions in {language}, {each['processes']} processes"
        alone = f"one alone p50 {each['alone_p50_ms']} ms, p99 {each['alone_p99_ms']} ms"
        start = f"first call of a process {each['start_ms']:,.0f} ms"
        yield Row(title, f"{each['per_second']:,.0f} a second; {alone}; {start}")


def _growth_rows(growth: dict[str, Any]) -> Iterator[Row]:
    for step in growth["steps"]:
        stored = f"{step['stored']:,} finished"
        for name, title in (("list", "page of 20"), ("read", "one execution with logs")):
            met = step[name]["p99_ms"] < 10 if step["stored"] == 1_000_000 else None
            yield Row(f"{stored}: {title}", _times(step[name]), "p99 < 10 ms" if met is not None else "", met)
        yield Row(
            "  page at any depth; of a workflow; by status (p50)", _p50s(step, "list_deep", "list_workflow", "search")
        )
        shown = f"p50 {step['trigger']['p50_ms']:.2f} ms; {step['trigger_many']['cpu_ms']:.3f} ms CPU with 32"
        yield Row("  a trigger", shown)
        yield Row("  filled in; restart; disk of each", _filled(step))
    for name, ratio in growth["ratios"].items():
        yield Row(
            f"growth of {name}: CPU of a call, dearest step over cheapest", f"{ratio:.2f}x", "<= 1.3x", ratio <= 1.3
        )


def _filled(step: dict[str, Any]) -> str:
    return f"{step['fill_seconds']:.0f} s; {step['restart_seconds']:.2f} s; {step['disk_bytes_each']} bytes"


def _p50s(step: dict[str, Any], *names: str) -> str:
    return "; ".join(f"{step[name]['p50_ms']:.2f} ms" for name in names)


def _times(figures: dict[str, Any]) -> str:
    return f"p50 {figures['p50_ms']:.2f} ms, p99 {figures['p99_ms']:.2f} ms"


def _rate(figures: dict[str, Any]) -> str:
    return f"{figures['per_second']:.0f}/s, {_times(figures)}"


def _peer(peer: dict[str, Any]) -> str:
    if "skipped" in peer:
        return f"skipped: {peer['skipped']}"
    ratio = f"; ours {peer['ours_over_it']}x" if peer["ours_over_it"] else ""
    return f"{peer['version']}: {_rate(peer)}, {peer['cpu_ms']:.2f} ms CPU{ratio}"


def heading(machine: dict[str, Any], options: dict[str, Any]) -> list[str]:
    """Returns the lines that say on what and how it was measured."""
    versions = ", ".join(f"{name} {text}" for name, text in machine["versions"].items())
    where = (
        f"{machine['cores']} cores of {machine['cpu']}, {machine['memory_gib']} GiB, Linux {machine['kernel']}, "
        f"{machine['file_system']}"
    )
    flush = (
        f"4 KiB to the disk: {machine['flush_ms']} ms (p99 {machine['flush_p99_ms']} ms), "
        f"{machine['flushes_per_second']} a second; load of the machine before: {machine['load_before']:.1f}"
    )
    how = (
        f"{options['seconds']:g} s a phase, median of {options['repetitions']}, synchronous=FULL, body 1 KiB, "
        "the load generator on a core of its own"
    )
    return [where, flush, versions, how]


def as_text(found: dict[str, Any]) -> str:
    """Returns the table for a terminal."""
    lines = [*heading(found["machine"], found["options"]), ""]
    for row in rows_of(found):
        padded = (cell.ljust(width) for cell, width in zip(row.cells, _WIDTHS, strict=True))
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def as_markdown(found: dict[str, Any]) -> str:
    """Returns the table as Markdown."""
    lines = [*(f"- {line}" for line in heading(found["machine"], found["options"])), ""]
    lines += ["| scenario | measured | goal |", "|---|---|---|"]
    lines += [f"| {' | '.join(cell.strip() for cell in row.cells)} |" for row in rows_of(found)]
    return "\n".join(lines) + "\n"


def write(found: dict[str, Any], folder: Path) -> None:
    """Writes `bench.json` and `bench.md` into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    (folder / "bench.md").write_text(as_markdown(found), "utf-8")
