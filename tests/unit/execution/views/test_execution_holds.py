"""What holds an execution, as its state and its last events say: each kind of hold, and the most important first."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from kit.definitions import (
    START,
    approval,
    asking,
    call,
    card,
    chain,
    computing,
    counting,
    delay,
    for_each,
    graph,
    note,
    side_by_side,
    step,
    wait,
)
from kit.execution.driver import Simulator, park
from looply.definition import Workflow
from looply.execution.facts.commands import CopyReported, Outage, QuarantineExecution, Terminate
from looply.execution.facts.events import Event
from looply.execution.facts.state import SUSPECT_ENDS
from looply.execution.views.holds import HOLD_KINDS, Hold, HoldCode, holds_of, step_of
from looply.instants import to_ms
from looply.limits import DEFAULT_LIMITS

SECOND = timedelta(seconds=1)
RETRY = {"max_attempts": 3, "interval": "PT10S"}


def simulate(workflow: Workflow, body: Any = None, **options: Any) -> Simulator:
    """Returns a started execution."""
    simulator = Simulator(workflow, **options)
    simulator.start(body)
    return simulator


def holds(simulator: Simulator, later: timedelta = timedelta(0)) -> list[Hold]:
    recent = list(enumerate(simulator.history, 1))
    return holds_of(simulator.state, simulator.now + later, recent)


def only(simulator: Simulator, later: timedelta = timedelta(0)) -> Hold:
    (hold,) = holds(simulator, later)
    return hold


def kinds(simulator: Simulator, hold: Hold) -> list[str]:
    events: list[Event] = simulator.history
    return [type(events[seq - 1]).__name__ for seq in hold.evidence]


def test_every_code_has_a_kind() -> None:
    assert set(HOLD_KINDS) == set(HoldCode.__args__)  # type: ignore[attr-defined]


def test_a_wait_for_a_call() -> None:
    simulator = simulate(asking(timeout="PT1H"))
    hold = only(simulator)
    assert (hold.cause, hold.kind, step_of(hold)) == ("RESUME", "WAITS_FOR_CALL", "wait_1")
    assert (hold.since, hold.until) == (simulator.now, simulator.now + timedelta(hours=1))
    assert kinds(simulator, hold) == ["WaitOpened"]


def test_a_wait_for_people_and_for_a_decision() -> None:
    hold = only(simulate(chain(card(recipients=["ann@example.com", "bob@example.com"]))))
    assert (hold.cause, hold.who) == ("PERSON_CARD", ("ann@example.com", "bob@example.com"))
    assert hold.values["recipients"] == 2
    assert len(hold.card_ids) == 2
    simulator = simulate(chain(approval(recipients=["ann@example.com"])))
    hold = only(simulator)
    assert (hold.cause, hold.values["needed"], hold.values["answered"]) == ("PERSON_APPROVAL", 1, 0)
    assert kinds(simulator, hold) == ["CardWanted", "WaitOpened"]


def test_a_wait_for_people_says_which_cards_do_not_reach_them() -> None:
    simulator = simulate(chain(approval(recipients=["ann@example.com", "bob@example.com"])))
    first, second = sorted(simulator.state.cards.values(), key=lambda sent: sent.part)
    report = CopyReported(
        at=simulator.now, card_id=second.card_id, state="BLOCKED", code="BLOCKED_BY_USER", message="blocked"
    )
    simulator.submit(report)
    values = only(simulator).values
    assert (values["undelivered"], values["delivery_code"]) == (1, "BLOCKED_BY_USER")
    simulator.submit(replace(report, state="SHOWN", code=""))
    simulator.submit(replace(report, card_id=first.card_id, state="SHOWN", code=""))
    assert "undelivered" not in only(simulator).values


def test_a_time_that_is_to_come_and_one_that_is_over() -> None:
    simulator = simulate(chain(delay()))
    hold = only(simulator)
    assert (hold.cause, hold.until) == ("TIMER", simulator.now + timedelta(hours=1))
    assert hold.values["due_on"] == to_ms(simulator.now + timedelta(hours=1))
    # When the delay began is the instant of its event.
    assert hold.since == simulator.now
    assert only(simulator, timedelta(hours=2)).cause == "TIMER_OVERDUE"
    assert holds_of(simulator.state, simulator.now)[0].since is None


def test_a_call_in_flight_its_retry_and_its_incident() -> None:
    simulator = simulate(chain(call(method="GET", retry=RETRY)))
    hold = only(simulator)
    assert (hold.cause, hold.values["attempt"]) == ("CALL_RUNNING", 1)
    assert kinds(simulator, hold) == ["StepScheduled"]
    simulator.fail()
    hold = only(simulator)
    assert (hold.cause, hold.until) == ("RETRY", simulator.now + 10 * SECOND)
    assert (hold.values["code"], hold.values["due_on"]) == ("CONNECTION", to_ms(simulator.now + 10 * SECOND))
    assert "StepFailed" in kinds(simulator, hold)
    assert only(simulator, timedelta(minutes=1)).cause == "RETRY_OVERDUE"
    for _ in range(2):
        simulator.tick(60)
        simulator.fail()
    hold = only(simulator)
    assert (hold.cause, hold.kind) == ("INCIDENT_FAILED", "INCIDENT")
    assert hold.incident_id in simulator.state.incidents
    assert kinds(simulator, hold)[-1] == "IncidentOpened"


def test_a_call_that_waits_for_its_system() -> None:
    simulator = simulate(chain(call(method="GET")))
    park(simulator, Outage("https://shop.example:443", "down since noon"))
    hold = only(simulator)
    assert (hold.cause, hold.kind, hold.since) == ("TARGET_DOWN", "WAITS_FOR_TARGET", simulator.now)
    assert hold.who == ("https://shop.example:443",)
    assert (hold.values["target"], hold.values["reason"]) == ("https://shop.example:443", "down since noon")
    assert kinds(simulator, hold) == ["StepScheduled", "StepParked"]
    simulator.succeed({"status": "200"})
    assert only(simulator).kind == "ENDED"


def test_a_call_that_crashed_processes_is_suspect() -> None:
    simulator = simulate(chain(call(method="GET")))
    for _ in range(SUSPECT_ENDS):
        simulator.lose(ended_process=True)
    hold = only(simulator)
    assert (hold.cause, hold.values["crashes"]) == ("SUSPECT", SUSPECT_ENDS)


def test_quarantine_and_ends() -> None:
    simulator = simulate(asking())
    simulator.submit(QuarantineExecution(at=simulator.now, message="ended the process"))
    hold = only(simulator)
    assert (hold.cause, step_of(hold)) == ("QUARANTINE", "")
    simulator.submit(Terminate(at=simulator.now, by="operator", reason="enough"))
    hold = only(simulator)
    assert (hold.cause, hold.who, hold.values["reason"]) == ("ENDED_TERMINATED", ("operator",), "enough")
    assert only(simulate(computing())).cause == "ENDED_COMPLETED"


def test_a_child_and_a_cut_stretch() -> None:
    child = step("sub_1", "subworkflow", {"workflow_id": "01900000-0000-7000-8000-0000000000f1"})
    hold = only(simulate(chain(child)))
    assert (hold.cause, hold.kind) == ("CHILD", "WAITS_FOR_CHILD")
    assert hold.who == (hold.values["child_id"],)
    simulator = simulate(counting(300), {"rounds": 300}, auto_continue=False)
    assert only(simulator).kind == "MOVES"


def test_a_queue() -> None:
    simulator = simulate(chain(wait(), max_concurrency=2))
    hold = only(simulator)
    assert (hold.cause, hold.values) == ("SLOT", {"max_concurrency": 2, "ahead": None})


def test_of_several_paths_the_most_important_one_comes_first() -> None:
    found = holds(simulate(side_by_side(delay(), wait(), card())))
    assert [hold.kind for hold in found] == ["WAITS_FOR_PERSON", "WAITS_FOR_CALL", "WAITS_FOR_TIME"]


def test_each_of_two_children_holds_its_own_branch() -> None:
    child = {"workflow_id": "01900000-0000-7000-8000-0000000000f1"}
    found = holds(simulate(side_by_side(step("sub_1", "subworkflow", child), step("sub_2", "subworkflow", child))))
    assert [(hold.cause, step_of(hold)) for hold in found] == [("CHILD", "sub_1"), ("CHILD", "sub_2")]
    assert len({hold.who for hold in found}) == 2


def test_a_retry_after_a_lost_call_says_that_its_outcome_is_unknown() -> None:
    order = {"connection": "S4", "service_path": "/sap/opu/odata/sap/X", "entity": "A_Order", "method": "POST"}
    simulator = simulate(chain(step("order_1", "sapRequest", order)))
    for _ in range(2):
        simulator.lose()
    hold = only(simulator)
    assert (hold.cause, hold.values["code"]) == ("RETRY", "OUTCOME_UNKNOWN")


@pytest.mark.parametrize("steps", range(2, 12))
def test_an_execution_moves_wherever_its_stretch_is_cut(steps: int) -> None:
    flow = graph(for_each(), note("noted"), edges=((START, "next", "loop"), ("loop", "each", "noted")))
    limits = replace(DEFAULT_LIMITS, stretch_steps=steps)
    simulator = simulate(flow, {"items": list(range(20))}, auto_continue=False, limits=limits)
    assert {hold.cause for hold in holds(simulator)} == {"STRETCH"}


@pytest.mark.parametrize("has_events", [True, False])
def test_an_orphan_is_named(has_events: bool) -> None:
    simulator = simulate(asking())
    state = simulator.state
    lost = type(state)(**{name: getattr(state, name) for name in state.__struct_fields__} | {"waits": {}})
    recent = list(enumerate(simulator.history, 1)) if has_events else []
    (hold,) = holds_of(lost, simulator.now, recent)
    assert hold.cause == "ORPHAN"
