"""The guarantees of pruning, and of streams during it, one checker for each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from simulation.checking import checkers
from simulation.checking.checkers import Checker
from simulation.running.trace import Commit, Trace

_OPEN = ("RUNNING", "WAITING")
_KEY_LIFE = timedelta(hours=24)
_RETENTIONS = {"PT1S": 1, "PT5S": 5, "PT1M": 60, "PT1H": 3600}


def problems_of(trace: Trace) -> list[str]:
    """Returns the violations in a run; of one whose end cannot be read, only that."""
    if trace.is_unreadable:
        return trace.stuck
    every = (*checkers.CHECKERS, *PRUNING_CHECKERS)
    return [f"{check.__name__}: {problem}" for check in every for problem in check(trace)]


def open_executions_are_kept(trace: Trace) -> Iterable[str]:
    """Only executions that have ended for ever are pruned; an incident keeps an execution open."""
    for pruned in trace.pruned:
        if not _end_of(trace, pruned.execution):
            yield f"{pruned.execution} was pruned while it was {trace.heads[pruned.execution]['status']}"


def needed_executions_are_kept(trace: Trace) -> Iterable[str]:
    """An execution that an open parent or child, an idempotency key, a letter or the order of commits needs is kept."""
    for pruned in trace.pruned:
        for reason in _reasons(trace, pruned.execution, pruned.now, pruned.order, pruned.commits):
            yield f"{pruned.execution} was pruned, and {reason}"


def no_execution_is_pruned_early(trace: Trace) -> Iterable[str]:
    """A pruned execution ended before the instant of the rule, or its workflow's retention is over by the clock."""
    for pruned in trace.pruned:
        history = trace.histories[pruned.execution]
        kept = _retention(trace, pruned.execution)
        if pruned.ended_before is None:
            end = next((one["at"] for one in history if one["type"] == "ExecutionClosed"), history[-1]["at"])
            if kept is None or end + kept > pruned.now:
                yield f"{pruned.execution} was pruned at {pruned.now}, ended at {end}, and is kept for {kept}"
        elif history[-1]["at"] >= pruned.ended_before or (kept is not None and not pruned.overrides):
            last = history[-1]["at"]
            yield f"{pruned.execution} was pruned as ended before {pruned.ended_before}, its last event is of {last}"


def executions_are_pruned_whole(trace: Trace) -> Iterable[str]:
    """No row of a pruned execution is left, and no row of another one is changed."""
    return trace.lost_rows


def pruned_executions_are_not_found(trace: Trace) -> Iterable[str]:
    """No read, call or repetition finds a pruned execution, and none of its work is done or stored."""
    pruned_at = {pruned.execution: pruned.order for pruned in trace.pruned}
    for reading in trace.readings:
        if reading.invoked > pruned_at.get(reading.execution, trace.now):
            yield f"{reading.execution} is read after its pruning"
    for call in trace.calls:
        execution = call.answer.get("execution_id", "") if call.kind == "trigger" else call.execution
        if call.outcome == "ok" and call.invoked > pruned_at.get(execution, trace.now):
            yield f"{execution} answers {call.kind} by {call.reply} after its pruning"
    for commit in trace.commits:
        if commit.order > pruned_at.get(commit.execution, trace.now):
            yield f"{commit.execution} stores event {commit.first_seq} after its pruning"
    for line in trace.lines:
        if line.order > pruned_at.get(line.execution, trace.now) and not line.is_superseded:
            yield f"{line.execution} calls {line.step} after its pruning"


def expired_executions_are_pruned(trace: Trace) -> Iterable[str]:
    """At the end of the run a last round leaves only executions that are open or needed."""
    if trace.left is None:
        return
    now, left = trace.left
    for execution in left:
        if _end_of(trace, execution) and not _reasons(trace, execution, now, trace.now, len(trace.commits)):
            yield f"{execution} has ended, nothing asks for it, and it stays"


def streams_are_complete_or_report_pruning(trace: Trace) -> Iterable[str]:
    """A stream that resumes gets each commit of its organization in order, or the error that some were pruned."""
    organizations = {key: head["organization_id"] for key, head in trace.heads.items()}
    placed = [(number, organizations.get(one.execution, ""), one) for number, one in enumerate(trace.commits, 1)]
    pruned_at = {pruned.execution: pruned.order for pruned in trace.pruned}
    for stream in trace.streams:
        expected = [
            (number, one.execution, one.first_seq, one.last_seq)
            for number, organization, one in placed
            if organization == stream.organization and stream.after < number <= stream.last
        ]
        if stream.received != expected:
            missing = sorted({*expected} - {*stream.received})
            yield f"a stream from {stream.after} to {stream.last} lacks {missing}"
        if stream.code == "EVENTS_PRUNED" and not any(
            organization == stream.organization
            and number > stream.last
            and pruned_at.get(one.execution, trace.now) < stream.returned
            for number, organization, one in placed
        ):
            yield f"a stream from {stream.after} is refused for pruned events, and none are pruned"
        if stream.code == "BAD_CURSOR":
            yield f"a stream from {stream.after} is refused because its cursor was never reached"


def _reasons(trace: Trace, execution: str, now: datetime, order: int, commits: int) -> list[str]:
    """Returns why an ended execution must be kept at a position of the order, by the clock of that time."""
    history = trace.histories[execution]
    found = [f"{other} is open that it called, or that called it" for other in _relatives(trace, execution, order)]
    started = history[0]
    keyed = {call.asked["mark"]: call.asked["key"] for call in trace.calls_of("trigger") if call.asked["key"]}
    mark = (started.get("body") or {}).get("mark", "")
    if mark in keyed and not started.get("parent") and started["at"] + _KEY_LIFE > now:
        found.append(f"the key {keyed[mark]} names it until {started['at'] + _KEY_LIFE}")
    letters = {number for number, one in enumerate(history, 1) if one.get("is_letter")}
    letters -= {one["letter"] for one in history if one["type"] == "LetterSettled"}
    if letters:
        found.append(f"its letters {sorted(letters)} wait to be settled")
    if commits and trace.commits[commits - 1].execution == execution:
        found.append("what was stored last is its own")
    gone = {one.execution for one in trace.pruned if one.order < order}
    if execution == max({one.execution for one in trace.commits[:commits]} - gone, default=""):
        found.append("its id is the highest, above which a process begins to give ids")
    return found


def _relatives(trace: Trace, execution: str, order: int) -> Iterable[str]:
    """Yields the execution's parent and children that are open at a position of the order, or not started yet."""
    history = trace.histories[execution]
    called = [one["child_id"] for one in history if one["type"] == "ChildStarted"]
    for other in (history[0].get("parent", ""), *called):
        stored = [one for one in _commits_of(trace, other) if one.order < order]
        if stored and not _has_ended(trace, other, stored[-1]):
            yield other


def _commits_of(trace: Trace, execution: str) -> Sequence[Commit]:
    return [one for one in trace.commits if one.execution == execution]


def _has_ended(trace: Trace, execution: str, commit: Commit) -> bool:
    history = trace.histories[execution][: commit.last_seq]
    return commit.status not in _OPEN and any(one["type"] == "ExecutionClosed" for one in history)


def _end_of(trace: Trace, execution: str) -> bool:
    return any(one["type"] == "ExecutionClosed" for one in trace.histories[execution])


def _retention(trace: Trace, execution: str) -> timedelta | None:
    document: Mapping[str, Any] = trace.definitions.get(trace.heads[execution]["workflow_id"], {})
    text = document.get("workflow_settings", {}).get("retention")
    return timedelta(seconds=_RETENTIONS[text]) if text is not None else None


PRUNING_CHECKERS: Sequence[Checker] = (
    open_executions_are_kept,
    needed_executions_are_kept,
    no_execution_is_pruned_early,
    executions_are_pruned_whole,
    pruned_executions_are_not_found,
    expired_executions_are_pruned,
    streams_are_complete_or_report_pruning,
)
