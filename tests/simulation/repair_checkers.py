"""What users are promised of repairs: edits, moves, other versions, and redrives of many, one function for each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from checkers import Checker, Event
from region_histories import STARTS, Place, is_within, kinds_of, place_of, qualified, renamed_visits
from sim_desk import BULK
from sim_repairs import ONTO, WITHIN
from sim_trace import Call, Trace
from sim_versions import NUMBER

_OUTCOMES = ("StepSucceeded", "StepFailed", "StepUnknown", "Resumed", "WaitTimedOut", "AnswerRecorded", "StepSkipped")


def a_repair_keeps_or_changes_the_key_as_the_input_says(trace: Trace) -> Iterable[str]:
    """A step that begins anew sends the same input under the same key, or another input under another one."""
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
    later = _begun_anew(history[number:], place, incident.get("scope", ""))
    if later is None:
        return
    expected = place if again == "attempt" else (place[0], place[1] + 1)
    if former and place_of(later) != expected:
        yield f"{execution} goes on with {place_of(later)} by {again} after {place}"
    if former and again == "attempt" and later.get("attempt", 1) != former[-1].get("attempt", 1) + 1:
        yield f"{execution} repeats attempt {later.get('attempt', 1)} of {place}"
    if former and again == "visit" and _input_of(former) == later.get("input"):
        yield f"{execution} has another key for the same input at {place}"


def _begun_anew(rest: Sequence[Event], place: Place, scope: str) -> Event | None:
    """Returns how a step begins anew, None when it has not yet, or its path was moved on before."""
    for event in rest:
        if event["type"] == "Moved" and is_within(scope, event.get("scope", "")):
            return None
        if event["type"] in STARTS and place_of(event)[0] == place[0]:
            return event
    return None


def _input_of(scheduled: Sequence[Event]) -> Any:
    return next((one["input"] for one in reversed(scheduled) if "input" in one), None)


def every_call_sends_what_its_branch_or_iteration_sees(trace: Trace) -> Iterable[str]:
    """What a call sends, and sends again after a repair, is the payload by then: its iteration's, else that of all."""
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
    """Returns what the innermost scope says that has something of its own."""
    return seen[max((one for one in seen if is_within(scope, one)), key=len)]


def an_edit_within_is_one_of_its_iteration(trace: Trace) -> Iterable[str]:
    """What was edited in a branch or iteration is the part of the innermost iteration around it, else that of all."""
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


def a_path_goes_on_where_it_was_moved(trace: Trace) -> Iterable[str]:
    """The step onto which a path is put is the next one that it visits."""
    for execution, history in trace.histories.items():
        moved: dict[str, str] = {}
        for event in history:
            scope = event.get("scope", "")
            if event["type"] == "Moved":
                moved[scope] = event["to"]
            elif event["type"] == "Migrated":
                moved = {one: event.get("steps", {}).get(to, to) for one, to in moved.items()}
            elif event["type"] in (*STARTS, "ScopeEntered", "StepFailed") and event.get("step"):
                wanted = moved.pop(scope, event["step"])
                if event["step"] != wanted:
                    yield f"{execution} goes on in {scope!r} with {event['step']} and was moved to {wanted}"


def what_a_moved_path_has_left_moves_nothing(trace: Trace) -> Iterable[str]:
    """Whatever was open where a path stood, in its branches and iterations too, has no outcome, and no timer fires.

    Cards and executions that were waited for there are closed.
    """
    for execution, history in trace.histories.items():
        stands: dict[str, Place] = {}
        timers: dict[int, Place] = {}
        left: set[Place] = set()
        for number, event in enumerate(history, 1):
            if event["type"] == "Moved":
                for what in _left_open(history[: number - 1], event.get("scope", "")):
                    yield f"{execution} leaves {what} open where its path has been"
                inner = [scope for scope in stands if is_within(scope, event.get("scope", ""))]
                left.update(stands.pop(scope) for scope in inner)
            elif event["type"] == "TimerFired":
                if timers.get(event["timer"]) in left:
                    yield f"{execution} fires timer {event['timer']} of {timers[event['timer']]}, which was left"
            elif event["type"] in _OUTCOMES and place_of(event) in left:
                yield f"{execution} takes {event['type']} of {place_of(event)}, which was left"
            elif event["type"] in (*STARTS, "StepFailed") and event.get("step"):
                stands[event.get("scope", "")] = place_of(event)
            if event["type"] == "TimerStarted" and event.get("step"):
                timers[number] = place_of(event)


def _left_open(history: Sequence[Event], scope: str) -> list[str]:
    """Returns the cards and children that are waited for in a scope and below."""
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


def a_redrive_onto_a_version_goes_on_there(trace: Trace) -> Iterable[str]:
    """Who is told that an execution is on another version finds it there; it goes there once, and calls as it says."""
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
    """What a call has sent under the old name of its step is sent again under the same key."""
    for execution, history in trace.histories.items():
        keys = {f"{execution}:{place[0]}:{place[1]}" for place in renamed_visits(history).values()}
        for line in trace.lines:
            if line.key in keys:
                yield f"{execution} sends {line.key}, which it began under another name"


def no_result_is_discarded_that_is_waited_for(trace: Trace) -> Iterable[str]:
    """What comes back to a visit that is open counts, whatever its step is called by then."""
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
    """A redrive of many closes incidents that were open when it was asked for, however often it is repeated."""
    asked_on = {call.asked["reason"]: call.asked["asked_on"] for call in trace.calls_of("repair") if _is_bulk(call)}
    for execution, history in trace.histories.items():
        opened = {one["incident_id"]: number for number, one in enumerate(history) if one["type"] == "IncidentOpened"}
        for number, event in enumerate(history):
            if event["type"] != "IncidentClosed" or event.get("reason") not in asked_on:
                continue
            place = opened[event["incident_id"]]
            # What failed beside an incident gets one that is opened and closed by the decision itself.
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
    every_call_sends_what_its_branch_or_iteration_sees,
    an_edit_within_is_one_of_its_iteration,
    a_path_goes_on_where_it_was_moved,
    what_a_moved_path_has_left_moves_nothing,
    a_redrive_onto_a_version_goes_on_there,
    a_visit_under_another_name_keeps_its_key,
    no_result_is_discarded_that_is_waited_for,
    a_bulk_leaves_younger_incidents_alone,
)
