"""The guarantees of repairs: edits, moves, migrations, and bulk redrives, one checker for each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from simulation.checking.checkers import Checker, Event
from simulation.checking.region_histories import STARTS, Place, is_within, kinds_of, place_of, qualified, renamed_visits
from simulation.clients.desk import BULK
from simulation.clients.repairs import ONTO, WITHIN
from simulation.pools.versions import NUMBER
from simulation.running.trace import Call, Trace

_OUTCOMES = ("StepSucceeded", "StepFailed", "StepUnknown", "Resumed", "WaitTimedOut", "AnswerRecorded", "StepSkipped")


def a_repair_keeps_or_changes_the_key_as_the_input_says(trace: Trace) -> Iterable[str]:
    """A step that runs again sends the same input under the same key, or another input under another one."""
    for execution, history in trace.histories.items():
        incidents: dict[str, Event] = {}
        for number, event in enumerate(history):
            if event["type"] == "IncidentOpened":
                incidents[event["incident_id"]] = event
            elif event["type"] == "IncidentClosed" and event.get("again"):
                yield from _wrong_again(execution, history, number, incidents[event["incident_id"]])


def _wrong_again(execution: str, history: Sequence[Event], number: int, incident: Event) -> Iterable[str]:
    place, again = place_of(incident), history[number]["again"]
    former = [one for one in history[:number] if one["type"] == "StepScheduled" and place_of(one) == place]
    later = _begun_again(history[number:], place, incident.get("scope", ""))
    if later is None:
        return
    expected = place if again == "attempt" else (place[0], place[1] + 1)
    if former and place_of(later) != expected:
        yield f"{execution} continues with {place_of(later)} by {again} after {place}"
    if former and again == "attempt" and later.get("attempt", 1) != former[-1].get("attempt", 1) + 1:
        yield f"{execution} repeats attempt {later.get('attempt', 1)} of {place}"
    if former and again == "visit" and _input_of(former) == later.get("input"):
        yield f"{execution} has another key for the same input at {place}"


def _begun_again(rest: Sequence[Event], place: Place, scope: str) -> Event | None:
    """Returns the event with which a step runs again, None when it has not yet, or its path was moved before."""
    for event in rest:
        if event["type"] == "Moved" and is_within(scope, event.get("scope", "")):
            return None
        if event["type"] in STARTS and place_of(event)[0] == place[0]:
            return event
    return None


def _input_of(scheduled: Sequence[Event]) -> Any:
    return next((one["input"] for one in reversed(scheduled) if "input" in one), None)


def every_call_sends_the_data_of_its_scope(trace: Trace) -> Iterable[str]:
    """A call sends the payload of its time, also after a repair: its iteration's, else the shared one."""
    for execution, history in trace.histories.items():
        seen = {"": (history[0].get("body") or {}).get("n")}
        sent: dict[Place, Any] = {}
        reopened: set[Place] = set()
        incidents = {one["incident_id"]: place_of(one) for one in history if one["type"] == "IncidentOpened"}
        for event in history:
            if event["type"] == "DocumentEdited" and isinstance(event.get("payload"), dict):
                seen[event.get("scope", "")] = event["payload"].get("n")
            elif event["type"] == "ScopeEntered":
                begun = f"{qualified(event, event['step'])}[{event['index']}]"
                seen = {scope: n for scope, n in seen.items() if not scope or not is_within(scope, begun)}
            elif event["type"] == "IncidentClosed" and event.get("again") == "attempt":
                reopened.add(incidents[event["incident_id"]])
            elif event["type"] == "StepScheduled":
                yield from _wrong_call(execution, event, sent, reopened, _seen(seen, event.get("scope", "")))


def _wrong_call(
    execution: str, event: Event, sent: dict[Place, Any], reopened: set[Place], payload: Any
) -> Iterable[str]:
    place, given = place_of(event), event.get("input")
    is_new = isinstance(given, dict) and isinstance(given.get("body"), dict)
    if is_new:
        sent[place] = given["body"].get("n")
    if (is_new or place in reopened) and place in sent and sent[place] != payload:
        yield f"{execution} sends {sent[place]} at {place}, the payload there says {payload}"
    reopened.discard(place)


def _seen(seen: Mapping[str, Any], scope: str) -> Any:
    """Returns the value of the innermost scope that has one."""
    return seen[max((one for one in seen if is_within(scope, one)), key=len)]


def an_edit_changes_its_iteration_only(trace: Trace) -> Iterable[str]:
    """An edit in a branch or iteration changes the overlay of the innermost iteration, else the shared document."""
    asked = {call.asked["reason"]: call for call in trace.calls_of("repair") if call.asked["way"] == WITHIN}
    for execution, history in trace.histories.items():
        kinds = kinds_of(trace, execution)
        for event in history:
            if event["type"] != "DocumentEdited" or event.get("reason") not in asked:
                continue
            home = _iteration_of(asked[event["reason"]].asked["scope"], kinds)
            if event.get("scope", "") != home:
                yield f"{execution} is edited in {event.get('scope', '')!r} by {event['reason']}, not in {home!r}"


def _iteration_of(scope: str, kinds: Mapping[str, str]) -> str:
    parts = scope.split("/")
    while parts and kinds.get(parts[-1].partition("[")[0]) != "forEach":
        parts.pop()
    return "/".join(parts)


def a_moved_path_continues_at_its_target(trace: Trace) -> Iterable[str]:
    """The next step that a moved path visits is the target of the move."""
    for execution, history in trace.histories.items():
        moved: dict[str, str] = {}
        for event in history:
            scope = event.get("scope", "")
            if event["type"] == "Moved":
                moved[scope] = event["to"]
            elif event["type"] == "Migrated":
                moved = {one: event.get("steps", {}).get(to, to) for one, to in moved.items()}
            elif event["type"] in (*STARTS, "ScopeEntered", "StepFailed") and event.get("step"):
                target = moved.pop(scope, event["step"])
                if event["step"] != target:
                    yield f"{execution} continues in {scope!r} with {event['step']} and was moved to {target}"


def a_visit_that_a_moved_path_left_has_no_outcome(trace: Trace) -> Iterable[str]:
    """The visit that a moved path left, with its branches and iterations, has no outcome, and no timer of it fires.

    Its cards and awaited children are closed.
    """
    for execution, history in trace.histories.items():
        current: dict[str, Place] = {}
        timers: dict[int, Place] = {}
        left: set[Place] = set()
        for number, event in enumerate(history, 1):
            if event["type"] == "Moved":
                for what in _left_open(history[: number - 1], event.get("scope", "")):
                    yield f"{execution} leaves {what} open where its path has been"
                inner = [scope for scope in current if is_within(scope, event.get("scope", ""))]
                left.update(current.pop(scope) for scope in inner)
            elif event["type"] == "TimerFired":
                if timers.get(event["timer"]) in left:
                    yield f"{execution} fires timer {event['timer']} of {timers[event['timer']]}, which was left"
            elif event["type"] in _OUTCOMES and place_of(event) in left:
                yield f"{execution} takes {event['type']} of {place_of(event)}, which was left"
            elif event["type"] in (*STARTS, "StepFailed") and event.get("step"):
                current[event.get("scope", "")] = place_of(event)
            if event["type"] == "TimerStarted" and event.get("step"):
                timers[number] = place_of(event)


def _left_open(history: Sequence[Event], scope: str) -> list[str]:
    """Returns the cards and children that are awaited in a scope and below."""
    found: dict[str, str] = {}
    for event in history:
        if event["type"] == "CardWanted":
            found.update({one["card_id"]: event.get("scope", "") for one in event.get("copies", ())})
        elif event["type"] == "CardClosed":
            found = {key: where for key, where in found.items() if key not in event["cards"]}
        elif event["type"] == "ChildStarted" and event.get("is_awaited", True) and event.get("step"):
            found[event["child_id"]] = event.get("scope", "")
        elif event["type"] == "ChildClosed":
            found.pop(event["child_id"], None)
    return [key for key, where in found.items() if is_within(where, scope)]


def a_migrated_execution_runs_on_its_version(trace: Trace) -> Iterable[str]:
    """An execution that is reported as migrated is on that version; it migrates once, and makes the calls of it."""
    for execution, history in trace.histories.items():
        onto = [number for number, one in enumerate(history) if one["type"] == "Migrated"]
        version = trace.heads[execution]["workflow_version"]
        if len(onto) > 1 or version != (NUMBER if onto else 1):
            yield f"{execution} is on version {version} after it has gone onto another one {len(onto)} times"
        for number, event in enumerate(history):
            body = (event.get("input") or {}).get("body") if event["type"] == "StepScheduled" else None
            if isinstance(body, dict) and "n" in body and ("v" in body) != (bool(onto) and number > onto[0]):
                yield f"{execution} sends {body} at {place_of(event)}, as another version says"
        for call in trace.calls_of("repair", execution):
            is_onto = call.asked["way"] == ONTO or call.asked.get("is_onto")
            if is_onto and call.reply == "Repaired" and not onto and _has_versions(trace, execution):
                yield f"{execution} has not gone onto the version of {call.asked['reason']}"


def _has_versions(trace: Trace, execution: str) -> bool:
    return trace.heads[execution]["workflow_id"] in trace.versions


def a_visit_under_another_name_keeps_its_key(trace: Trace) -> Iterable[str]:
    """A call that was sent under the old name of its step is sent again under the same key."""
    for execution, history in trace.histories.items():
        keys = {f"{execution}:{place[0]}:{place[1]}" for place in renamed_visits(history).values()}
        for line in trace.lines:
            if line.key in keys:
                yield f"{execution} sends {line.key}, which it began under another name"


def no_awaited_result_is_discarded(trace: Trace) -> Iterable[str]:
    """A result of an open visit counts, even if its step was renamed."""
    for execution, history in trace.histories.items():
        awaited: dict[Place, int] = {}
        for event in history:
            place, kind = place_of(event), event["type"]
            if kind == "StepScheduled":
                awaited[place] = event.get("attempt", 1)
            elif kind in _OUTCOMES:
                awaited.pop(place, None)
            elif kind in ("Moved", "Cancelled", "ExecutionClosed"):
                over = event.get("scopes", ()) or (event.get("scope", ""),)
                awaited = {key: n for key, n in awaited.items() if not any(_lies_in(key, scope) for scope in over)}
            elif kind == "Discarded" and awaited.get(place) == event.get("attempt", 1):
                yield f"{execution} discards the result of {place}, which it waits for"


def _lies_in(place: Place, scope: str) -> bool:
    return is_within(place[0].rpartition("/")[0], scope)


def a_bulk_leaves_younger_incidents_alone(trace: Trace) -> Iterable[str]:
    """A bulk redrive closes incidents that are not younger than it, even if it is repeated."""
    asked_on = {call.asked["reason"]: call.asked["asked_on"] for call in trace.calls_of("repair") if _is_bulk(call)}
    for execution, history in trace.histories.items():
        opened = {one["incident_id"]: number for number, one in enumerate(history) if one["type"] == "IncidentOpened"}
        for number, event in enumerate(history):
            if event["type"] != "IncidentClosed" or event.get("reason") not in asked_on:
                continue
            place = opened[event["incident_id"]]
            # A failure during an incident gets one that the decision itself opens and closes.
            is_of_the_decision = history[place].get("at") == event["at"] and place == number - 1
            if not is_of_the_decision and _instant(history[place]) > datetime.fromisoformat(asked_on[event["reason"]]):
                yield f"{execution}: {event['reason']} closes an incident of after it was asked for"


def _is_bulk(call: Call) -> bool:
    return bool(call.asked.get("way") == BULK)


def _instant(event: Event) -> datetime:
    at = event["at"]
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)


REPAIR_CHECKERS: Sequence[Checker] = (
    a_repair_keeps_or_changes_the_key_as_the_input_says,
    every_call_sends_the_data_of_its_scope,
    an_edit_changes_its_iteration_only,
    a_moved_path_continues_at_its_target,
    a_visit_that_a_moved_path_left_has_no_outcome,
    a_migrated_execution_runs_on_its_version,
    a_visit_under_another_name_keeps_its_key,
    no_awaited_result_is_discarded,
    a_bulk_leaves_younger_incidents_alone,
)
