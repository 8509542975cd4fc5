"""Each checker of repairs detects its violation."""

from datetime import timedelta
from functools import cache

import pytest

from simulation.checking import repair_checkers
from simulation.checking.checkers import Checker
from simulation.checking.region_checkers import OF_OLD_NAMES
from simulation.checking.region_histories import STARTS, place_of, renamed_visits, under_current_names
from simulation.checking.tampering import Event, Tamper, event, events, tampered
from simulation.clients.desk import BULK
from simulation.clients.repairs import WITHIN
from simulation.pools.pools import REGIONS
from simulation.running.choice import SeededChoice
from simulation.running.run import simulate
from simulation.running.trace import Trace

MOST_SEEDS = 400


@cache
def run_of(seed: int) -> Trace:
    """Returns a run with repairs in which every promise holds."""
    return simulate(SeededChoice(seed), str(seed), REGIONS)


def repaired(trace: Trace, again: str) -> tuple[list[Event], int]:
    """Returns the position at which the first call after a repair is scheduled."""
    for history, index in events(trace, "IncidentClosed", again=again):
        incident = next(one for one in history if one.get("incident_id") == history[index]["incident_id"])
        for number in range(index + 1, len(history)):
            one = history[number]
            is_it = one.get("step") == incident["step"] and one.get("scope") == incident.get("scope")
            if is_it and one["type"] == "StepScheduled":
                return history, number
    raise StopIteration


def change_the_key_of_the_same_input(trace: Trace) -> None:
    history, index = repaired(trace, "attempt")
    history[index]["visit"] = history[index].get("visit", 1) + 1


def keep_the_key_of_another_input(trace: Trace) -> None:
    history, index = repaired(trace, "attempt")
    first = next(one for one in history if one["type"] == "StepScheduled" and one["step"] == history[index]["step"])
    if first.get("scope") != history[index].get("scope") or "body" not in (first.get("input") or {}):
        raise StopIteration
    first["input"]["body"] = {"n": 99}


def send_the_data_of_others(trace: Trace) -> None:
    for history, index in events(trace, "DocumentEdited"):
        scope = history[index].get("scope", "")
        later = (one for one in history[index:] if one["type"] == "StepScheduled" and one.get("scope", "") == scope)
        for one in later:
            if scope and isinstance(body := (one.get("input") or {}).get("body"), dict):
                body["n"] = -1
                return
    raise StopIteration


def edit_all_for_one(trace: Trace) -> None:
    asked = {call.asked["reason"] for call in trace.calls_of("repair") if call.asked["way"] == WITHIN}
    history, index = next(
        (history, index)
        for history, index in events(trace, "DocumentEdited")
        if history[index].get("scope") and history[index].get("reason") in asked
    )
    del history[index]["scope"]


def continue_elsewhere(trace: Trace) -> None:
    for history, index in events(trace, "Moved"):
        scope = history[index].get("scope", "")
        for one in history[index + 1 :]:
            if one["type"] in ("StepScheduled", "WaitOpened", "Computed") and one.get("scope", "") == scope:
                history[index]["to"] = "elsewhere"
                return
    raise StopIteration


def moved_away(trace: Trace, kind: str) -> tuple[list[Event], int, int]:
    """Returns the positions of a move, and of an event of the visit that it left."""
    for history, index in events(trace, "Moved"):
        scope = history[index].get("scope", "")
        starts = [one for one in history[:index] if one["type"] in STARTS and one.get("step")]
        last = next((place_of(one) for one in reversed(starts) if one.get("scope", "") == scope), None)
        for number, one in enumerate(history[:index]):
            if one["type"] == kind and place_of(one) == last:
                return history, index, number
    raise StopIteration


def take_an_outcome_of_a_left_visit(trace: Trace) -> None:
    history, index, number = moved_away(trace, "StepScheduled")
    place = {name: history[number][name] for name in ("step", "visit", "scope") if name in history[number]}
    history.insert(index + 1, {"type": "StepSucceeded", "at": history[index]["at"], **place})


def fire_a_timer_of_a_left_visit(trace: Trace) -> None:
    history, index, number = moved_away(trace, "TimerStarted")
    history.insert(index + 1, {"type": "TimerFired", "timer": number + 1, "at": history[index]["at"]})


def stay_on_the_first_version(trace: Trace) -> None:
    event(trace, "Migrated")
    for head in trace.heads.values():
        head["workflow_version"] = 1


def report_an_unreached_version(trace: Trace) -> None:
    history, index = next(events(trace, "Migrated"))
    execution = history[0]["execution_id"]
    if not any(call.reply == "Repaired" for call in trace.calls_of("repair", execution)):
        raise StopIteration
    for call in trace.calls_of("repair", execution):
        call.asked["is_onto"] = True
    trace.heads[execution]["workflow_version"] = 1
    del history[index]


def call_as_the_first_version_says(trace: Trace) -> None:
    for history, index in events(trace, "Migrated"):
        for one in history[index:]:
            if one["type"] == "StepScheduled" and "v" in ((one.get("input") or {}).get("body") or {}):
                del one["input"]["body"]["v"]
                return
    raise StopIteration


def send_under_the_new_name(trace: Trace) -> None:
    for execution, history in trace.histories.items():
        for old, new in renamed_visits(history).items():
            for line in trace.lines:
                if line.key == f"{execution}:{old[0]}:{old[1]}":
                    line.key = f"{execution}:{new[0]}:{new[1]}"
                    return
    raise StopIteration


def close_a_younger_incident(trace: Trace) -> None:
    bulks = {call.asked["reason"]: call for call in trace.calls_of("repair") if call.asked.get("way") == BULK}
    history, index = next(
        place for place in events(trace, "IncidentClosed") if place[0][place[1]].get("reason") in bulks
    )
    opened = next(one for one in history if one.get("incident_id") == history[index]["incident_id"])
    bulks[history[index]["reason"]].asked["asked_on"] = (opened["at"] - timedelta(seconds=1)).isoformat()
    # Not an incident that the decision itself opened.
    history.insert(index, {"type": "Continued", "at": history[index]["at"]})


def discard_an_awaited_result(trace: Trace) -> None:
    history, index = next(events(trace, "StepScheduled"))
    place = {name: history[index][name] for name in ("step", "visit", "scope", "attempt") if name in history[index]}
    history.insert(index + 1, {"type": "Discarded", "at": history[index]["at"], **place})


TAMPERS: tuple[tuple[Checker, tuple[Tamper, ...]], ...] = (
    (
        repair_checkers.a_repair_keeps_or_changes_the_key_as_the_input_says,
        (change_the_key_of_the_same_input,),
    ),
    (
        repair_checkers.every_call_sends_the_data_of_its_scope,
        (keep_the_key_of_another_input, send_the_data_of_others),
    ),
    (repair_checkers.an_edit_changes_its_iteration_only, (edit_all_for_one,)),
    (repair_checkers.a_moved_path_continues_at_its_target, (continue_elsewhere,)),
    (
        repair_checkers.a_visit_that_a_moved_path_left_has_no_outcome,
        (take_an_outcome_of_a_left_visit, fire_a_timer_of_a_left_visit),
    ),
    (
        repair_checkers.a_migrated_execution_runs_on_its_version,
        (stay_on_the_first_version, report_an_unreached_version, call_as_the_first_version_says),
    ),
    (repair_checkers.a_visit_under_another_name_keeps_its_key, (send_under_the_new_name,)),
    (repair_checkers.no_awaited_result_is_discarded, (discard_an_awaited_result,)),
    (repair_checkers.a_bulk_leaves_younger_incidents_alone, (close_a_younger_incident,)),
)


@pytest.mark.parametrize(
    ("check", "tamper"),
    [pytest.param(check, tamper, id=tamper.__name__) for check, tampers in TAMPERS for tamper in tampers],
)
def test_a_checker_of_repairs_detects_its_violation(check: Checker, tamper: Tamper) -> None:
    right, wrong = tampered(tamper, run_of, MOST_SEEDS)
    if check not in OF_OLD_NAMES:
        right, wrong = under_current_names(right), under_current_names(wrong)
    assert list(check(right)) == []
    assert list(check(wrong))


def test_every_checker_of_repairs_has_a_violation() -> None:
    assert [check for check, _ in TAMPERS] == list(repair_checkers.REPAIR_CHECKERS)
