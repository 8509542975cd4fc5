"""Each checker of branches, approvals and repairs detects its violation."""

from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from simulation.checking import absence_checkers, region_checkers
from simulation.checking.checkers import CHECKERS, Checker
from simulation.checking.pruning_checkers import PRUNING_CHECKERS
from simulation.checking.region_histories import under_current_names
from simulation.checking.repair_checkers import REPAIR_CHECKERS
from simulation.checking.tampering import Event, Tamper, events, tampered
from simulation.pools.pools import REGIONS
from simulation.running.choice import SeededChoice
from simulation.running.run import simulate
from simulation.running.trace import Trace

MOST_SEEDS = 200


@cache
def run_of(seed: int) -> Trace:
    """Returns a run with branches in which every promise holds."""
    return under_current_names(simulate(SeededChoice(seed), str(seed), REGIONS))


def start_in_a_cancelled_branch(trace: Trace) -> None:
    history, index = next(place for place in events(trace, "Cancelled") if place[0][place[1]].get("scopes"))
    scope = history[index]["scopes"][0]
    history.insert(index + 1, {"type": "WaitOpened", "step": "w", "scope": scope, "at": history[index]["at"]})


def call_from_a_cancelled_branch(trace: Trace) -> None:
    place = next(place for place in events(trace, "Cancelled") if place[0][place[1]].get("scopes"))
    scope = place[0][place[1]]["scopes"][0]
    execution = place[0][0]["execution_id"]
    line = next(one for one in trace.lines if one.execution == execution and f":{scope}/" in one.key)
    line.order = trace.now


def start_during_an_incident(trace: Trace) -> None:
    history, index = next(events(trace, "IncidentOpened"))
    history.insert(index + 1, {"type": "ScopeEntered", "step": "s", "index": 0, "at": history[index]["at"]})


def collected(trace: Trace) -> list[Any]:
    """Returns the items of a forEach with different outputs."""
    return next(
        items
        for history, index in events(trace, "StepSucceeded")
        if isinstance(history[index].get("output"), dict)
        and isinstance(items := history[index]["output"].get("items"), list)
        and len({repr(item) for item in items}) > 1
    )


def collect_in_another_order(trace: Trace) -> None:
    items = collected(trace)
    items[:] = items[::-1] if items != items[::-1] else items[1:] + items[:1]


def forget_an_item(trace: Trace) -> None:
    collected(trace).pop()


def begin_an_item_twice(trace: Trace) -> None:
    history, index = next(events(trace, "ScopeEntered", index=1))
    if not any(one["type"] == "StepSucceeded" and one["step"] == history[index]["step"] for one in history):
        raise StopIteration
    history.insert(index, deepcopy(history[index]))


def meet_a_join_twice(trace: Trace) -> None:
    history, index = joined(trace)
    history.insert(index, deepcopy(history[index]))


def meet_a_join_too_soon(trace: Trace) -> None:
    history, index = joined(trace)
    arrival = next(n for n, one in enumerate(history[:index]) if one.get("how") == "ARRIVED")
    history.insert(arrival, history.pop(index))


def joined(trace: Trace) -> tuple[list[Event], int]:
    """Returns where a join was met."""
    return next(place for place in events(trace, "Computed") if "arrived" in (place[0][place[1]].get("output") or {}))


def report_to_a_parent_twice(trace: Trace) -> None:
    history, index = next(events(trace, "ChildClosed"))
    history.insert(index, deepcopy(history[index]))


def report_to_a_parent_never(trace: Trace) -> None:
    history, index = next(events(trace, "ChildClosed"))
    del history[index]


def report_another_status_to_a_parent(trace: Trace) -> None:
    history, index = next(events(trace, "ChildClosed", outcome="COMPLETED"))
    history[index]["outcome"] = "FAILED"


def give_a_child_another_parent(trace: Trace) -> None:
    history, index = next(events(trace, "ChildClosed", outcome="COMPLETED"))
    trace.histories[history[index]["child_id"]][0]["parent"] = "somebody"


def write_twice(trace: Trace) -> None:
    place = next(iter(trace.datastores))
    trace.datastores[place] += 1


def count_two_writes_as_one(trace: Trace) -> None:
    for history, index in events(trace, "StepSucceeded"):
        done = history[index]
        calls = (one for one in history if one["type"] == "StepScheduled" and one["step"] == done["step"])
        operation = next((one["operation"] for one in calls), "")
        if operation in ("datastore.set", "datastore.merge") and done["output"]["revision"] > 1:
            done["output"]["revision"] -= 1
            return
    raise StopIteration


def decide_otherwise(trace: Trace) -> None:
    history, index = next(events(trace, "Resumed", via="INBOX", branch="approved"))
    history[index]["branch"] = history[index]["output"]["outcome"] = "rejected"


def decide_without_the_last_answer(trace: Trace) -> None:
    history, index = next(events(trace, "Resumed", via="INBOX", branch="approved"))
    answers = [n for n, one in enumerate(history[:index]) if one["type"] == "AnswerRecorded"]
    del history[answers[-1]]


def wait_after_the_decision(trace: Trace) -> None:
    history, index = next(events(trace, "Resumed", via="INBOX", branch="approved"))
    del history[index]


def pass_a_wait_twice(trace: Trace) -> None:
    history, index = next(events(trace, "Resumed"))
    history.insert(index, deepcopy(history[index]))


def restart_nothing(trace: Trace) -> None:
    call = next(one for one in trace.calls if one.reply == "Released" and not one.answer["buffered"])
    call.asked["request"] = b"another"


def settle_a_letter_twice(trace: Trace) -> None:
    history, index = next(events(trace, "LetterSettled"))
    history.insert(index, deepcopy(history[index]))


def acknowledge_two_settlements(trace: Trace) -> None:
    call = next(one for one in trace.calls if one.reply == "Settled")
    trace.calls.append(deepcopy(call))


def call_a_discarded_letter_applied(trace: Trace) -> None:
    history, index = next(events(trace, "LetterSettled", action="DISCARDED"))
    history[index]["action"] = "APPLIED"


def answer_a_passed_on_card(trace: Trace) -> None:
    history, index = next(events(trace, "CardClosed", reason="REASSIGNED"))
    closed = history[index]["cards"][0]
    copies = ((one, copy) for one in history if one["type"] == "CardWanted" for copy in one.get("copies", ()))
    sent, copy = next(pair for pair in copies if pair[1]["card_id"] == closed)
    answer = {"type": "AnswerRecorded", "part": copy.get("part", 0), "user": copy["recipient"]}
    history.insert(index + 1, {**{name: sent[name] for name in ("step", "visit", "scope") if name in sent}, **answer})


def pass_an_absent_persons_card_to_a_stranger(trace: Trace) -> None:
    history, index = next(events(trace, "CardClosed", reason="ABSENT"))
    history[index]["to"] = "stranger@example.com"


def forget_all_absences(trace: Trace) -> None:
    next(events(trace, "CardClosed", reason="ABSENT"))
    trace.leaves.clear()


def give_a_substitute_a_second_card(trace: Trace) -> None:
    history, index = next(events(trace, "CardClosed", reason="ABSENT"))
    sent = next(event for event in history[index:] if event["type"] == "CardWanted")
    sent["copies"] = [*sent["copies"], {**sent["copies"][0], "card_id": "another"}]


def answer_before_the_card_is_passed_on(trace: Trace) -> None:
    history, index = next(events(trace, "CardClosed", reason="ABSENT"))
    closed = history[index]
    answer = {"type": "AnswerRecorded", "part": 99, "user": closed["to"]}
    history.insert(index, {**{name: closed[name] for name in ("step", "visit", "scope") if name in closed}, **answer})


TAMPERS: tuple[tuple[Checker, tuple[Tamper, ...]], ...] = (
    (
        region_checkers.no_step_starts_in_a_cancelled_branch,
        (start_in_a_cancelled_branch, call_from_a_cancelled_branch),
    ),
    (region_checkers.no_step_starts_during_an_incident, (start_during_an_incident,)),
    (
        region_checkers.items_are_collected_in_order,
        (collect_in_another_order, forget_an_item, begin_an_item_twice),
    ),
    (region_checkers.a_join_is_met_once, (meet_a_join_twice, meet_a_join_too_soon)),
    (
        region_checkers.every_child_reports_to_its_parent_once,
        (
            report_to_a_parent_twice,
            report_to_a_parent_never,
            report_another_status_to_a_parent,
            give_a_child_another_parent,
        ),
    ),
    (region_checkers.a_datastore_counts_every_write_once, (write_twice, count_two_writes_as_one)),
    (
        region_checkers.approvals_are_decided_as_a_count_of_all_ends_says,
        (decide_otherwise, decide_without_the_last_answer, wait_after_the_decision),
    ),
    (region_checkers.a_wait_is_passed_once, (pass_a_wait_twice, restart_nothing)),
    (
        region_checkers.a_letter_is_settled_once,
        (settle_a_letter_twice, acknowledge_two_settlements, call_a_discarded_letter_applied),
    ),
    (region_checkers.a_passed_on_card_takes_no_answer_of_its_former_recipient, (answer_a_passed_on_card,)),
    (
        absence_checkers.a_card_is_passed_on_to_a_substitute_of_that_time,
        (pass_an_absent_persons_card_to_a_stranger, forget_all_absences),
    ),
    (
        absence_checkers.no_person_has_two_open_cards_of_a_step,
        (give_a_substitute_a_second_card, answer_before_the_card_is_passed_on),
    ),
)


@pytest.mark.parametrize(
    ("check", "tamper"),
    [pytest.param(check, tamper, id=tamper.__name__) for check, tampers in TAMPERS for tamper in tampers],
)
def test_a_checker_of_branches_detects_its_violation(check: Checker, tamper: Tamper) -> None:
    right, wrong = tampered(tamper, run_of, MOST_SEEDS)
    assert list(check(right)) == []
    assert list(check(wrong))


def test_every_checker_of_branches_has_a_violation() -> None:
    others = (*CHECKERS, *REPAIR_CHECKERS, *PRUNING_CHECKERS)
    own = [check for check in region_checkers.REGION_CHECKERS if check not in others]
    assert [check for check, _ in TAMPERS] == own
