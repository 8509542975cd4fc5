"""Each checker of pruning and of streams sees what it is there for."""

from copy import deepcopy
from datetime import timedelta
from functools import cache

import pruning_checkers
import pytest
from checkers import Checker
from sim_choice import SeededChoice
from sim_life import simulate
from sim_pools import RETENTION
from sim_trace import Commit, Gone, Reading, Stream, Trace
from tampering import Tamper, tampered

MOST_SEEDS = 100
DAY = timedelta(days=1)


@cache
def run_of(seed: int) -> Trace:
    """Returns a run in which something was pruned and every promise holds."""
    return simulate(SeededChoice(seed), str(seed), RETENTION)


def end_nothing_that_went(trace: Trace) -> None:
    gone = next(iter(trace.gone))
    history = trace.histories[gone.execution]
    del history[next(number for number, one in enumerate(history) if one["type"] == "ExecutionClosed") :]


def prune_a_key(trace: Trace) -> None:
    gone = next(iter(trace.gone))
    call = next(one for one in trace.calls_of("trigger") if one.answer.get("execution_id") == gone.execution)
    call.asked["key"] = "k9"


def prune_a_letter(trace: Trace) -> None:
    gone = next(iter(trace.gone))
    trace.histories[gone.execution].append({"type": "ResumeIgnored", "is_letter": True, "at": gone.now})


def prune_a_parent(trace: Trace) -> None:
    for gone in trace.gone:
        last = {one.execution: one for one in trace.commits if one.order < gone.order}
        for other, commit in last.items():
            if commit.status == "WAITING":
                called = {"type": "ChildStarted", "child_id": other, "at": gone.now}
                trace.histories[gone.execution].append(called)
                return
    raise StopIteration


def prune_what_was_stored_last(trace: Trace) -> None:
    gone = next(iter(trace.gone))
    gone.commits = max(n for n, one in enumerate(trace.commits, 1) if one.execution == gone.execution)


def prune_too_soon(trace: Trace) -> None:
    gone = next(one for one in trace.gone if one.ended_before is None)
    gone.now = trace.histories[gone.execution][-1]["at"]


def prune_what_is_too_young(trace: Trace) -> None:
    gone = next(one for one in trace.gone if one.ended_before is not None)
    gone.ended_before = trace.histories[gone.execution][-1]["at"]


def prune_what_is_kept_by_its_workflow(trace: Trace) -> None:
    gone = next(one for one in trace.gone if one.ended_before is not None and one.overrides and _is_kept(trace, one))
    gone.overrides = False


def _is_kept(trace: Trace, gone: Gone) -> bool:
    document = trace.definitions[trace.heads[gone.execution]["workflow_id"]]
    return "retention" in document.get("workflow_settings", {})


def leave_a_row(trace: Trace) -> None:
    trace.lost_rows.append("a row is left")


def read_what_went(trace: Trace) -> None:
    gone = next(one for one in trace.gone if one.order < trace.now - 2)
    trace.readings.append(Reading(trace.now - 1, trace.now - 1, gone.execution, 1, "COMPLETED"))


def answer_for_what_went(trace: Trace) -> None:
    gone = next(iter(trace.gone))
    call = next(one for one in trace.calls_of("trigger") if one.answer.get("execution_id") == gone.execution)
    call.invoked = gone.order + 1


def store_of_what_went(trace: Trace) -> None:
    gone = next(one for one in trace.gone if one.order < trace.now)
    trace.commits.append(Commit(gone.order + 1, 0, 1, 1, gone.execution, 99, 99, b"", "COMPLETED"))


def call_for_what_went(trace: Trace) -> None:
    gone = next(one for one in trace.gone if any(line.execution == one.execution for line in trace.lines))
    line = next(line for line in trace.lines if line.execution == gone.execution and not line.is_superseded)
    line.order = gone.order + 1


def leave_what_nothing_holds(trace: Trace) -> None:
    gone = next(one for one in trace.gone if not _keys(trace, one))
    assert trace.left is not None
    trace.left[1].append(gone.execution)


def _keys(trace: Trace, gone: Gone) -> bool:
    return any(one.asked["key"] for one in trace.calls_of("trigger")) or not gone.overrides


def tell_less(trace: Trace) -> None:
    stream = next(one for one in trace.streams if one.told)
    stream.told.pop()


def tell_twice(trace: Trace) -> None:
    stream = next(one for one in trace.streams if one.told)
    stream.told.append(deepcopy(stream.told[-1]))


def refuse_for_nothing(trace: Trace) -> None:
    organization = next(iter(trace.organizations.values()))
    last = len(trace.commits)
    trace.streams.append(Stream(0, organization, last, last, trace.now, code="EVENTS_PRUNED"))


def know_no_place(trace: Trace) -> None:
    next(iter(trace.streams)).code = "BAD_CURSOR"


TAMPERS: tuple[tuple[Checker, tuple[Tamper, ...]], ...] = (
    (pruning_checkers.what_is_open_stays, (end_nothing_that_went,)),
    (
        pruning_checkers.nothing_goes_that_is_asked_for,
        (prune_a_key, prune_a_letter, prune_a_parent, prune_what_was_stored_last),
    ),
    (
        pruning_checkers.nothing_goes_before_its_time,
        (prune_too_soon, prune_what_is_too_young, prune_what_is_kept_by_its_workflow),
    ),
    (pruning_checkers.what_went_is_whole_and_so_is_what_stays, (leave_a_row,)),
    (
        pruning_checkers.what_went_is_found_no_more,
        (read_what_went, answer_for_what_went, store_of_what_went, call_for_what_went),
    ),
    (pruning_checkers.what_nothing_holds_goes, (leave_what_nothing_holds,)),
    (
        pruning_checkers.streams_tell_everything_or_that_some_is_gone,
        (tell_less, tell_twice, refuse_for_nothing, know_no_place),
    ),
)


@pytest.mark.parametrize(
    ("check", "tamper"),
    [pytest.param(check, tamper, id=tamper.__name__) for check, tampers in TAMPERS for tamper in tampers],
)
def test_a_checker_of_pruning_sees_what_it_is_there_for(check: Checker, tamper: Tamper) -> None:
    right, wrong = tampered(tamper, run_of, MOST_SEEDS)
    assert list(check(right)) == []
    assert list(check(wrong))


def test_every_checker_of_pruning_is_shown_something_wrong() -> None:
    assert [check for check, _ in TAMPERS] == list(pruning_checkers.PRUNING_CHECKERS)
