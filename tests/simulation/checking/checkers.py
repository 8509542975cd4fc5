"""The guarantees to users, one checker for each: it yields the violations in a trace, as sentences."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from simulation.checking.oracle import Model, facts_of, serial_of
from simulation.checking.schedule_checkers import (
    missed_instants_were_late,
    no_instant_is_lost,
    schedules_fire_each_instant_once,
    schedules_keep_to_their_grid,
    schedules_respect_pauses_and_skip_only_overlaps,
)
from simulation.running.trace import Call, Commit, Trace

Event = Mapping[str, Any]
Checker = Callable[[Trace], Iterable[str]]

_OPEN = ("RUNNING", "WAITING")
_ENDED = ("TERMINATED", "FAILED", "COMPLETED", "TIMED_OUT")
_DECISIONS = ("IncidentClosed", "DocumentEdited", "Moved", "Migrated")
_KEY_LIFE = timedelta(hours=24)


def problems_of(trace: Trace) -> list[str]:
    """Returns the violations in a run; of one whose end cannot be read, only that."""
    if trace.is_unreadable:
        return trace.stuck
    return [f"{check.__name__}: {problem}" for check in CHECKERS for problem in check(trace)]


def the_model_allows_each_history(trace: Trace) -> Iterable[str]:
    """The reference model allows each history, and the stored status is the one that it computes."""
    for execution, history in trace.histories.items():
        model = Model(trace.definitions[trace.heads[execution]["workflow_id"]], facts_of(trace, execution))
        status = model.walk(history)
        yield from (f"{execution} {problem}" for problem in model.problems)
        if trace.heads[execution]["status"] != status:
            yield f"{execution} is {trace.heads[execution]['status']}, its history says {status}"


def acknowledged_changes_are_stored(trace: Trace) -> Iterable[str]:
    """I1: an answer was true when it was given and is true for ever."""
    for call in trace.calls:
        if call.outcome == "ok" and (problem := _missing(trace, call)):
            yield f"{call.kind} {call.asked} was answered {call.reply} {call.answer}: {problem}"


def _missing(trace: Trace, call: Call) -> str:
    if call.kind == "trigger":
        history = trace.histories.get(call.answer["execution_id"])
        if history is None:
            return "there is no such execution"
        started = history[0]
        is_it = started["body"]["mark"] == call.asked["mark"] and started["workflow_id"] == call.asked["workflow"]
        first = next(one for one in trace.commits if one.execution == call.answer["execution_id"])
        if first.order > call.returned:
            return "it was answered before it was stored"
        return "" if is_it or call.asked["key"] else "it is another one"
    history = trace.histories.get(call.execution)
    if history is None:
        return "there is no such execution"
    found = [number for number, event in enumerate(history, 1) if _records(event, call)]
    if not found:
        return "" if call.reply.startswith("Already") else "its history has no event of it"
    stored = _commit_of(trace, call.execution, found[0])
    return "" if stored is not None and stored.order < call.returned else "it was answered before it was stored"


def _records(event: Event, call: Call) -> bool:
    match call.reply:
        case "Released" if call.answer["buffered"]:
            return event["type"] == "ResumeBuffered" and bool(event["payload"]["serial"] == call.asked["serial"])
        case "Released":
            is_it = serial_of(event) == call.asked["serial"] or event.get("request") == call.asked.get("request", b"")
            return event["type"] == "Resumed" and is_it
        case "Recorded":
            return event["type"] == "AnswerRecorded" and bool(event["data"]["serial"] == call.asked["serial"])
        case "Terminated":
            return event["type"] == "ExecutionClosed" and event.get("reason") == call.asked["reason"]
        case "Repaired":
            return event["type"] in _DECISIONS and event.get("reason") == call.asked["reason"]
        case "Reassigned":
            copies = event.get("copies", ()) if event["type"] == "CardWanted" else ()
            return any(copy["card_id"] == call.answer["card_id"] for copy in copies)
        case "Settled":
            return event["type"] == "LetterSettled" and bool(event["letter"] == call.asked["letter"])
        case "AlreadyTerminated":
            return event["type"] == "ExecutionClosed" and event["status"] == "TERMINATED"
    return False


def every_execution_has_a_trigger(trace: Trace) -> Iterable[str]:
    """I2: each execution has a trigger of its own that was answered or may have succeeded, or a firing."""
    asked: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in trace.calls_of("trigger"):
        asked[call.asked["workflow"], call.asked["mark"]].append(call)
    made: Counter[tuple[str, str]] = Counter()
    for execution, history in trace.histories.items():
        started = history[0]
        if started.get("parent"):
            called = trace.histories.get(started["parent"], [])
            if not any(one["type"] == "ChildStarted" and one["child_id"] == execution for one in called):
                yield f"{execution} was not called by {started['parent']}"
        elif started.get("trigger_type") == "SCHEDULED":
            if not any(firing.execution == execution for firing in trace.firings):
                yield f"{execution} was not fired by its schedule"
        else:
            made[started["workflow_id"], started["body"]["mark"]] += 1
    for place, count in made.items():
        calls = asked[place]
        fresh = sum(call.outcome == "ok" and not call.answer["replayed"] for call in calls)
        unknown = sum(call.outcome == "unknown" for call in calls)
        if not fresh <= count <= fresh + unknown:
            yield f"{count} executions of {place}, for {fresh} answers that one was started and {unknown} unknown ones"


def numbers_are_dense_and_nothing_is_rewritten(trace: Trace) -> Iterable[str]:
    """S23 and I7: the events of an execution are numbered without a gap, and stored events never change."""
    stored: dict[str, list[tuple[int, int, bytes]]] = defaultdict(list)
    for commit in trace.commits:
        former = stored[commit.execution]
        if commit.first_seq != (former[-1][1] + 1 if former else 1) or commit.last_seq < commit.first_seq:
            yield f"{commit.execution} stores events {commit.first_seq} to {commit.last_seq} out of order"
        former.append((commit.first_seq, commit.last_seq, commit.chain))
    for execution, batches in trace.chains.items():
        if batches != stored[execution]:
            yield f"{execution} holds other batches than were stored"
        if len(trace.histories.get(execution, ())) != batches[-1][1]:
            yield f"{execution} has {len(trace.histories.get(execution, ()))} events, {batches[-1][1]} were stored"
    for execution in stored.keys() - trace.chains.keys():
        yield f"{execution} is pruned"


def only_the_process_in_charge_stores(trace: Trace) -> Iterable[str]:
    """S10: once another process has taken over, an old one stores nothing."""
    newest = 0
    for commit in trace.commits:
        if commit.process < newest:
            yield f"process {commit.process} stores events of {commit.execution} after process {newest} did"
        newest = max(newest, commit.process)


def the_end_is_written_once(trace: Trace) -> Iterable[str]:
    """I7: one end, followed only by late results and discarded letters."""
    for execution, history in trace.histories.items():
        ends = [number for number, event in enumerate(history) if event["type"] == "ExecutionClosed"]
        if len(ends) > 1:
            yield f"{execution} ends {len(ends)} times"
        if ends and not all(_may_follow_the_end(event) for event in history[ends[0] + 1 :]):
            yield f"{execution} continues after its end"


def _may_follow_the_end(event: Event) -> bool:
    return event["type"] == "Discarded" or (event["type"], event.get("action")) == ("LetterSettled", "DISCARDED")


def terminate_is_final(trace: Trace) -> Iterable[str]:
    """S8: after the answer no step starts, no path moves, and a later resume is refused."""
    for call in trace.calls_of("terminate"):
        if call.outcome != "ok":
            continue
        for line in trace.lines:
            if line.execution == call.execution and line.order > call.returned and not line.is_superseded:
                yield f"{call.execution} calls {line.step} after it was terminated"
        for other in trace.calls_of("resume", call.execution):
            if other.invoked > call.returned and other.reply == "Released":
                yield f"{call.execution} was resumed after it was terminated"
    firsts = Counter(call.execution for call in trace.calls_of("terminate") if call.reply == "Terminated")
    yield from (f"{key} was terminated by {count} calls" for key, count in firsts.items() if count > 1)


def one_winner_per_wait(trace: Trace) -> Iterable[str]:
    """I8: a wait is released once, and each `restarted` is one release, or one resume that is kept."""
    for execution, history in trace.histories.items():
        passed = Counter(
            (event["step"], event.get("visit", 1)) for event in history if event["type"] in ("Resumed", "WaitTimedOut")
        )
        yield from (f"{execution} passes {place} {count} times" for place, count in passed.items() if count > 1)
        direct = Counter(serial_of(e) for e in history if e["type"] == "Resumed" and e.get("via", "") == "")
        kept = Counter(event["payload"]["serial"] for event in history if event["type"] == "ResumeBuffered")
        used = Counter(
            serial_of(event) if event["type"] == "Resumed" else (event.get("payload") or {}).get("serial")
            for event in history
            if event.get("via") == "BUFFER" or event.get("reason") in ("UNFIT", "UNUSED")
        )
        yield from _miscounted(trace, execution, direct, kept)
        for serial, count in used.items():
            if count > kept[serial]:
                yield f"{execution} uses the kept resume {serial} {count} times"
        if trace.heads[execution]["status"] == "COMPLETED" and used != kept:
            yield f"{execution} has ended and kept resumes are neither used nor dead letters"


def _miscounted(trace: Trace, execution: str, direct: Counter[Any], kept: Counter[Any]) -> Iterable[str]:
    calls: dict[int, list[Call]] = defaultdict(list)
    for call in trace.calls_of("resume", execution):
        calls[call.asked["serial"]].append(call)
    for serial, same in calls.items():
        unknown = sum(call.outcome == "unknown" for call in same)
        for name, events, is_kept in (("passed", direct, False), ("kept", kept, True)):
            wins = sum(call.reply == "Released" and call.answer["buffered"] == is_kept for call in same)
            if not wins <= events[serial] <= wins + unknown:
                yield f"{execution}: resume {serial} {name} {events[serial]} times, {wins} answers say so"


def at_most_one_outcome_per_attempt(trace: Trace) -> Iterable[str]:
    """An attempt is scheduled once, reaches the other system once, and has one outcome."""
    for execution, history in trace.histories.items():
        scheduled = Counter(_attempt_of(event) for event in history if event["type"] == "StepScheduled")
        outcomes = Counter(
            _attempt_of(event)
            for event in history
            if event["type"] in ("StepSucceeded", "StepFailed", "StepUnknown") and _attempt_of(event) in scheduled
        )
        for name, counted in (("is scheduled", scheduled), ("has an outcome", outcomes)):
            yield from (f"{execution} {key} {name} {count} times" for key, count in counted.items() if count > 1)
    again = Counter(
        (execution, _key_of(execution, event), event.get("attempt", 1))
        for execution, history in trace.histories.items()
        for event in history
        if event["type"] == "StepParked" and event.get("again")
    )
    lines = Counter((line.execution, line.key, line.attempt) for line in trace.lines)
    yield from (f"{key} reached the world {count} times" for key, count in lines.items() if count > 1 + again[key])


def _key_of(execution: str, event: Event) -> str:
    step, visit, _ = _attempt_of(event)
    return f"{execution}:{step}:{visit}"


def _attempt_of(event: Event) -> tuple[str, int, int]:
    """Returns step (with its scope), visit and attempt."""
    scope = event.get("scope", "")
    return f"{scope}/{event['step']}" if scope else event["step"], event.get("visit", 1), event.get("attempt", 1)


def effects_leave_after_their_unit(trace: Trace) -> Iterable[str]:
    """I6: a call reaches the other system only when the unit that scheduled it is stored."""
    scheduled: dict[tuple[str, str, int], int] = {}
    for execution, history in trace.histories.items():
        for number, event in enumerate(history, 1):
            if event["type"] == "StepScheduled":
                step, visit, attempt = _attempt_of(event)
                scheduled[execution, f"{execution}:{step}:{visit}", attempt] = number
    for line in trace.lines:
        number = scheduled.get((line.execution, line.key, line.attempt), 0)
        stored = _commit_of(trace, line.execution, number) if number else None
        if stored is None or stored.order > line.order:
            yield f"{line.execution} calls {line.key}, attempt {line.attempt}, before that is stored"


def keys_are_stable(trace: Trace) -> Iterable[str]:
    """I5: all attempts of one visit carry one key, and no two visits share one."""
    places: dict[str, tuple[str, str]] = {}
    for line in trace.lines:
        place = (line.execution, line.step)
        if places.setdefault(line.key, place) != place:
            yield f"{line.key} is the key of {place} and of {places[line.key]}"
    for execution, history in trace.histories.items():
        visits = {_attempt_of(event)[:2] for event in history if event["type"] == "StepScheduled"}
        expected = {f"{execution}:{step}:{visit}" for step, visit in visits}
        seen = {line.key for line in trace.lines if line.execution == execution}
        yield from (f"{execution} sent the key {key}" for key in sorted(seen - expected))


def duplicates_are_explained(trace: Trace) -> Iterable[str]:
    """I4: a successful visit reached the other system, and was repeated only after a failure or an unknown outcome."""
    lines = Counter((line.execution, line.key) for line in trace.lines)
    for execution, history in trace.histories.items():
        allowed: Counter[str] = Counter()
        for event in history:
            if event["type"] == "StepParked" and event.get("again"):
                allowed[_key_of(execution, event)] += 1
            if event["type"] in ("StepScheduled", "StepFailed", "StepUnknown"):
                step, visit, attempt = _attempt_of(event)
                key = f"{execution}:{step}:{visit}"
                allowed[key] += 1 if event["type"] != "StepScheduled" or attempt == 1 else 0
        for (owner, key), count in lines.items():
            if owner == execution and count > allowed[key]:
                yield f"{key} reached the world {count} times, {allowed[key]} are explained"


def a_process_id_names_one_open_execution(trace: Trace) -> Iterable[str]:
    """S9: at any time at most one running or waiting execution of a workflow has a process id."""
    holders: dict[tuple[str, str], str] = {}
    for commit in trace.commits:
        head = trace.heads.get(commit.execution)
        if head is None or head["process_id"] == commit.execution:
            continue
        place = (head["workflow_id"], head["process_id"])
        holder = holders.get(place, commit.execution)
        if commit.status in _OPEN:
            if holder != commit.execution:
                yield f"{commit.execution} and {holder} are open under {place}"
            holders[place] = commit.execution
        elif holder == commit.execution:
            holders.pop(place, None)


def a_key_starts_one_execution(trace: Trace) -> Iterable[str]:
    """S9: for a day, calls with one idempotency key have one answer."""
    firsts: dict[tuple[str, str], Event] = {}
    keyed = {call.asked["mark"]: call.asked["key"] for call in trace.calls_of("trigger") if call.asked["key"]}
    for commit in trace.commits:
        history = trace.histories.get(commit.execution)
        mark = ((history[0].get("body") or {}) if history else {}).get("mark", "")
        if commit.first_seq != 1 or mark not in keyed:
            continue
        assert history is not None
        started = history[0]
        place = (started["organization_id"], keyed[mark])
        former = firsts.get(place)
        is_young = former is not None and started["at"] - former["at"] < _KEY_LIFE
        if former is not None and is_young and not _is_forgotten(trace, former, commit):
            yield f"{commit.execution} and {former['execution_id']} were started by the key {place}"
        firsts[place] = started


def _is_forgotten(trace: Trace, former: Event, commit: Commit) -> bool:
    """Returns whether the key of an execution was removed before a commit, by a clock that was set back later."""
    rounds = [*trace.key_rounds, *((one.order, one.now) for one in trace.pruned)]
    return any(order < commit.order and now - former["at"] >= _KEY_LIFE for order, now in rounds)


def readers_see_acknowledged_changes(trace: Trace) -> Iterable[str]:
    """S2: a read after an answer shows at least its effect, and reads are monotonic."""
    seen: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for reading in trace.readings:
        for returned, seq in seen[reading.execution]:
            if returned < reading.invoked and reading.seq < seq:
                yield f"{reading.execution} is read at event {reading.seq} after event {seq} was read"
        seen[reading.execution].append((reading.returned, reading.seq))
        for call in trace.calls:
            if call.execution == reading.execution and call.outcome == "ok" and call.returned < reading.invoked:
                history = trace.histories.get(call.execution, [])
                found = next((number for number, event in enumerate(history, 1) if _records(event, call)), 0)
                if reading.seq < found:
                    yield f"{reading.execution} is read at event {reading.seq}, event {found} was acknowledged"


def organizations_see_only_their_own(trace: Trace) -> Iterable[str]:
    """Objects of another organization are answered as if they did not exist."""
    for lookup in trace.lookups:
        if any(owner != lookup.organization for owner in lookup.found):
            yield f"{lookup.organization} finds executions of {lookup.found} under {lookup.name!r}"


def rows_are_the_open_work(trace: Trace) -> Iterable[str]:
    """The engine's own audit: every history folds to the stored rows, and no execution is an orphan."""
    return trace.audit


def every_run_comes_to_rest(trace: Trace) -> Iterable[str]:
    """I12: after the last fault every execution continues, each open wait can be resumed, and no task has raised."""
    yield from trace.stuck
    yield from trace.broken
    for call in trace.calls:
        if call.outcome == "open":
            yield f"{call.kind} {call.asked} got no answer"
        if call.asked.get("is_last") and call.reply == "Declined" and call.answer["code"] not in _ENDED:
            yield f"{call.execution} waits and cannot be resumed: {call.reply} {call.answer}"
    for execution, head in trace.heads.items():
        if head["status"] in _OPEN:
            yield f"{execution} is {head['status']} at the end"


def _commit_of(trace: Trace, execution: str, seq: int) -> Commit | None:
    """Returns the unit that stored an event."""
    for commit in trace.commits:
        if commit.execution == execution and commit.first_seq <= seq <= commit.last_seq:
            return commit
    return None


CHECKERS: Sequence[Checker] = (
    acknowledged_changes_are_stored,
    every_execution_has_a_trigger,
    numbers_are_dense_and_nothing_is_rewritten,
    only_the_process_in_charge_stores,
    the_end_is_written_once,
    terminate_is_final,
    one_winner_per_wait,
    at_most_one_outcome_per_attempt,
    effects_leave_after_their_unit,
    keys_are_stable,
    duplicates_are_explained,
    a_process_id_names_one_open_execution,
    a_key_starts_one_execution,
    schedules_fire_each_instant_once,
    schedules_keep_to_their_grid,
    schedules_respect_pauses_and_skip_only_overlaps,
    missed_instants_were_late,
    no_instant_is_lost,
    readers_see_acknowledged_changes,
    organizations_see_only_their_own,
    rows_are_the_open_work,
    every_run_comes_to_rest,
    the_model_allows_each_history,
)
