"""What tests that compare or try very many cases tell at the end of a run, over all of their parts.

Such a test records a property of one of these names. The summary is printed by the process that was started, which
knows the plugins of this folder only.
"""

from collections import Counter
from typing import Any

import pytest

_COMPARED = {
    "differential": "expressions against Microsoft's packages",
    "differential cards": "card templates against Microsoft's packages",
}
_FUZZED = "fuzz"
_FAULTS = "distributed faults"


def summarize(reporter: pytest.TerminalReporter) -> None:
    """Prints the counts of each kind of run that was made."""
    recorded = [
        (name, value)
        for reports in reporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in getattr(report, "user_properties", ())
    ]
    for run, title in _COMPARED.items():
        if parts := [value for name, value in recorded if name == run]:
            reporter.section(title)
            _compared(reporter, parts)
    if parts := [value for name, value in recorded if name == _FUZZED]:
        reporter.section("fuzzed expressions")
        _fuzzed(reporter, parts)
    if parts := [value for name, value in recorded if name == _FAULTS]:
        reporter.section("faults of distributed installations")
        _faults(reporter, parts)


def _compared(reporter: pytest.TerminalReporter, parts: list[dict[str, Any]]) -> None:
    known: Counter[str] = Counter()
    cases, wrong, covered = 0, 0, 0
    for part in parts:
        cases += part["cases"]
        wrong += part["wrong"]
        known.update(part["known"])
        # A card may have several known differences.
        covered += part.get("covered", sum(part["known"].values()))
    reporter.line(
        f"{cases} cases: {cases - wrong - covered} equal, {covered} with known differences, {wrong} different"
    )
    for name, count in known.most_common():
        reporter.line(f"  {count:6} {name}")


def _fuzzed(reporter: pytest.TerminalReporter, parts: list[dict[str, Any]]) -> None:
    for kind in sorted({kind for each in parts for kind in each["kinds"]}):
        counts = [each["kinds"].get(kind, {}) for each in parts]
        total = {name: sum(count.get(name, 0) for count in counts) for name in ("value", "refused", "failed", "limit")}
        reporter.line(
            f"  {sum(total.values()):8} {kind:9} {total['value']} gave a value, {total['refused']} did not parse, "
            f"{total['failed']} failed, {total['limit']} met a limit"
        )
    slowest = max(parts, key=lambda each: each["slowest_ms"])
    reporter.line(f"  slowest: {slowest['slowest_ms']:.1f} ms of CPU, {slowest['slowest'][:150]}")


def _faults(reporter: pytest.TerminalReporter, parts: list[dict[str, Any]]) -> None:
    """Prints a table: which fault hit how often in which run, and what it came to."""
    for part in sorted(parts, key=lambda each: str(each["name"])):
        reporter.line(part["name"])
        for kind in ("faults", "invariants", "figures"):
            for name, count in part[kind].items():
                reporter.line(f"  {count:8g} {'checked ' if kind == 'invariants' else ''}{name}")
