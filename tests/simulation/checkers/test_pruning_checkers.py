"""Each checker of pruning and of streams detects its violation."""

from copy import deepcopy
from datetime import timedelta
from functools import cache

import pytest

from simulation.checking import pruning_checkers
from simulation.checking.checkers import Checker
from simulation.checking.tampering import Tamper, tampered
from simulation.pools.pools import RETENTION
from simulation.running.choice import SeededChoice
from simulation.running.run import simulate
from simulation.running.trace import Commit, Pruned, Reading, Stream, Trace

MOST_SEEDS = 100
DAY = timedelta(days=1)


@cache
def run_of(seed: int) -> Trace:
    """Returns a run with pruned executions in which every guarantee holds."""
    return simulate(SeededChoice(seed), str(seed), RETENTION)


def prune_an_open_execution(trace: Trace) -> None:
    pruned = next(iter(trace.pruned))
    history = trace.histories[pruned.execution]
    del history[next(number for number, one in enumerate(history) if one["type"] == "ExecutionClosed") :]


def prune_a_key(trace: Trace) -> None:
    pruned = next(iter(trace.pruned))
    call = next(one for one in trace.calls_of("trigger") if one.answer.get("execution_id") == pruned.execution)
    call.asked["key"] = "k9"


def prune_a_letter(trace: Trace) -> None:
    pruned = next(iter(trace.pruned))
    trace.histories[pruned.execution].append({"type": "ResumeIgnored", "is_letter": True, "at": pruned.now})


def prune_a_parent(trace: Trace) -> None:
    for pruned in trace.pruned:
        last = {one.execution: one for one in trace.commits if one.order < pruned.order}
        for other, commit in last.items():
            if commit.status == "WAITING":
                called = {"type": "ChildStarted", "child_id": other, "at": pruned.now}
                trace.histories[pruned.execution].append(called)
                return
    raise StopIteration


def prune_the_last_commit(trace: Trace) -> None:
    pruned = next(iter(trace.pruned))
    pruned.commits = max(n for n, one in enumerate(trace.commits, 1) if one.execution == pruned.execution)


def prune_too_soon(trace: Trace) -> None:
    pruned = next(one for one in trace.pruned if one.ended_before is None)
    pruned.now = trace.histories[pruned.execution][-1]["at"]


def prune_a_young_execution(trace: Trace) -> None:
    pruned = next(one for one in trace.pruned if one.ended_before is not None)
    pruned.ended_before = trace.histories[pruned.execution][-1]["at"]


def prune_within_the_retention(trace: Trace) -> None:
    pruned = next(
        one for one in trace.pruned if one.ended_before is not None and one.overrides and _is_kept(trace, one)
    )
    pruned.overrides = False


def _is_kept(trace: Trace, pruned: Pruned) -> bool:
    document = trace.definitions[trace.heads[pruned.execution]["workflow_id"]]
    return "retention" in document.get("workflow_settings", {})


def leave_a_row(trace: Trace) -> None:
    trace.lost_rows.append("a row is left")


def read_a_pruned_execution(trace: Trace) -> None:
    pruned = next(one for one in trace.pruned if one.order < trace.now - 2)
    trace.readings.append(Reading(trace.now - 1, trace.now - 1, pruned.execution, 1, "COMPLETED"))


def answer_for_a_pruned_execution(trace: Trace) -> None:
    pruned = next(iter(trace.pruned))
    call = next(one for one in trace.calls_of("trigger") if one.answer.get("execution_id") == pruned.execution)
    call.invoked = pruned.order + 1


def store_of_a_pruned_execution(trace: Trace) -> None:
    pruned = next(one for one in trace.pruned if one.order < trace.now)
    trace.commits.append(Commit(pruned.order + 1, 0, 1, 1, pruned.execution, 99, 99, b"", "COMPLETED"))


def call_for_a_pruned_execution(trace: Trace) -> None:
    pruned = next(one for one in trace.pruned if any(line.execution == one.execution for line in trace.lines))
    line = next(line for line in trace.lines if line.execution == pruned.execution and not line.is_superseded)
    line.order = pruned.order + 1


def leave_an_expired_execution(trace: Trace) -> None:
    pruned = next(one for one in trace.pruned if not _keys(trace, one))
    assert trace.left is not None
    trace.left[1].append(pruned.execution)


def _keys(trace: Trace, pruned: Pruned) -> bool:
    return any(one.asked["key"] for one in trace.calls_of("trigger")) or not pruned.overrides


def lose_a_commit_of_a_stream(trace: Trace) -> None:
    stream = next(one for one in trace.streams if one.received)
    stream.received.pop()


def repeat_a_commit_of_a_stream(trace: Trace) -> None:
    stream = next(one for one in trace.streams if one.received)
    stream.received.append(deepcopy(stream.received[-1]))


def refuse_for_nothing(trace: Trace) -> None:
    organization = next(iter(trace.organizations.values()))
    last = len(trace.commits)
    trace.streams.append(Stream(0, organization, last, last, trace.now, code="EVENTS_PRUNED"))


def lose_a_cursor(trace: Trace) -> None:
    next(iter(trace.streams)).code = "BAD_CURSOR"


TAMPERS: tuple[tuple[Checker, tuple[Tamper, ...]], ...] = (
    (pruning_checkers.open_executions_are_kept, (prune_an_open_execution,)),
    (
        pruning_checkers.needed_executions_are_kept,
        (prune_a_key, prune_a_letter, prune_a_parent, prune_the_last_commit),
    ),
    (
        pruning_checkers.no_execution_is_pruned_early,
        (prune_too_soon, prune_a_young_execution, prune_within_the_retention),
    ),
    (pruning_checkers.executions_are_pruned_whole, (leave_a_row,)),
    (
        pruning_checkers.pruned_executions_are_not_found,
        (
            read_a_pruned_execution,
            answer_for_a_pruned_execution,
            store_of_a_pruned_execution,
            call_for_a_pruned_execution,
        ),
    ),
    (pruning_checkers.expired_executions_are_pruned, (leave_an_expired_execution,)),
    (
        pruning_checkers.streams_are_complete_or_report_pruning,
        (lose_a_commit_of_a_stream, repeat_a_commit_of_a_stream, refuse_for_nothing, lose_a_cursor),
    ),
)


@pytest.mark.parametrize(
    ("check", "tamper"),
    [pytest.param(check, tamper, id=tamper.__name__) for check, tampers in TAMPERS for tamper in tampers],
)
def test_a_checker_of_pruning_detects_its_violation(check: Checker, tamper: Tamper) -> None:
    right, wrong = tampered(tamper, run_of, MOST_SEEDS)
    assert list(check(right)) == []
    assert list(check(wrong))


def test_every_checker_of_pruning_has_a_violation() -> None:
    assert [check for check, _ in TAMPERS] == list(pruning_checkers.PRUNING_CHECKERS)
