"""What users are promised of pruning, and of streams beside it, one function for each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import checkers
from checkers import Checker
from sim_trace import Commit, Trace

_OPEN = ("RUNNING", "WAITING")
_KEY_LIFE = timedelta(hours=24)
_RETENTIONS = {"PT1S": 1, "PT5S": 5, "PT1M": 60, "PT1H": 3600}


def problems_of(trace: Trace) -> list[str]:
    """Returns everything that is wrong with a run; of one whose end cannot be read, only that."""
    if trace.is_unreadable:
        return trace.stuck
    every = (*checkers.CHECKERS, *PRUNING_CHECKERS)
    return [f"{check.__name__}: {problem}" for check in every for problem in check(trace)]


def what_is_open_stays(trace: Trace) -> Iterable[str]:
    """Only what has ended for ever goes; an incident keeps an execution open until somebody decides."""
    for gone in trace.gone:
        if not _end_of(trace, gone.execution):
            yield f"{gone.execution} went while it was {trace.heads[gone.execution]['status']}"


def nothing_goes_that_is_asked_for(trace: Trace) -> Iterable[str]:
    """What an open parent or child, an idempotency key, a letter or the order of commits needs stays."""
    for gone in trace.gone:
        for reason in _reasons(trace, gone.execution, gone.now, gone.order, gone.commits):
            yield f"{gone.execution} went, and {reason}"


def nothing_goes_before_its_time(trace: Trace) -> Iterable[str]:
    """What goes has ended before the instant of the rule, or its own workflow's time is over by its clock."""
    for gone in trace.gone:
        history = trace.histories[gone.execution]
        kept = _retention(trace, gone.execution)
        if gone.ended_before is None:
            end = next((one["at"] for one in history if one["type"] == "ExecutionClosed"), history[-1]["at"])
            if kept is None or end + kept > gone.now:
                yield f"{gone.execution} went at {gone.now}, ended at {end}, and is kept for {kept}"
        elif history[-1]["at"] >= gone.ended_before or (kept is not None and not gone.overrides):
            yield f"{gone.execution} went as ended before {gone.ended_before}, its last event is of {history[-1]['at']}"


def what_went_is_whole_and_so_is_what_stays(trace: Trace) -> Iterable[str]:
    """No row of an execution is left when it goes, and none of another one is touched."""
    return trace.lost_rows


def what_went_is_found_no_more(trace: Trace) -> Iterable[str]:
    """No read, call or repetition finds it, and nothing of it is done or stored."""
    went = {gone.execution: gone.order for gone in trace.gone}
    for reading in trace.readings:
        if reading.invoked > went.get(reading.execution, trace.now):
            yield f"{reading.execution} is read after it went"
    for call in trace.calls:
        execution = call.answer.get("execution_id", "") if call.kind == "trigger" else call.execution
        if call.outcome == "ok" and call.invoked > went.get(execution, trace.now):
            yield f"{execution} answers {call.kind} by {call.reply} after it went"
    for commit in trace.commits:
        if commit.order > went.get(commit.execution, trace.now):
            yield f"{commit.execution} stores event {commit.first_seq} after it went"
    for line in trace.lines:
        if line.order > went.get(line.execution, trace.now) and not line.is_superseded:
            yield f"{line.execution} calls {line.step} after it went"


def what_nothing_holds_goes(trace: Trace) -> Iterable[str]:
    """When everything has come to rest, a last round leaves what is open, and what is asked for."""
    if trace.left is None:
        return
    now, left = trace.left
    for execution in left:
        if _end_of(trace, execution) and not _reasons(trace, execution, now, trace.now, len(trace.commits)):
            yield f"{execution} has ended, nothing asks for it, and it stays"


def streams_tell_everything_or_that_some_is_gone(trace: Trace) -> Iterable[str]:
    """Whoever comes back is told each commit of their organization in order, or else that some of it was pruned."""
    organizations = {key: head["organization_id"] for key, head in trace.heads.items()}
    placed = [(number, organizations.get(one.execution, ""), one) for number, one in enumerate(trace.commits, 1)]
    went = {gone.execution: gone.order for gone in trace.gone}
    for stream in trace.streams:
        wanted = [
            (number, one.execution, one.first_seq, one.last_seq)
            for number, organization, one in placed
            if organization == stream.organization and stream.after < number <= stream.last
        ]
        if stream.told != wanted:
            missing = sorted({*wanted} - {*stream.told})
            yield f"whoever comes back at {stream.after} and is told up to {stream.last} is not told of {missing}"
        if stream.code == "EVENTS_PRUNED" and not any(
            organization == stream.organization
            and number > stream.last
            and went.get(one.execution, trace.now) < stream.returned
            for number, organization, one in placed
        ):
            yield f"whoever comes back at {stream.after} is told of events that are gone, and none are"
        if stream.code == "BAD_CURSOR":
            yield f"whoever comes back at {stream.after} is told that this place was never reached"


def _reasons(trace: Trace, execution: str, now: datetime, order: int, commits: int) -> list[str]:
    """Returns why an execution that has ended must stay at a place of the order, by the clock of then."""
    history = trace.histories[execution]
    found = [f"{other} is open that it called, or that called it" for other in _kin(trace, execution, order)]
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
    gone = {one.execution for one in trace.gone if one.order < order}
    if execution == max({one.execution for one in trace.commits[:commits]} - gone, default=""):
        found.append("its id is the highest, above which a process begins to give ids")
    return found


def _kin(trace: Trace, execution: str, order: int) -> Iterable[str]:
    """Yields the execution's parent and children that are open at a place of the order, or are still to be started."""
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
    what_is_open_stays,
    nothing_goes_that_is_asked_for,
    nothing_goes_before_its_time,
    what_went_is_whole_and_so_is_what_stays,
    what_went_is_found_no_more,
    what_nothing_holds_goes,
    streams_tell_everything_or_that_some_is_gone,
)
