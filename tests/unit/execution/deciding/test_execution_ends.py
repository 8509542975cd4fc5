"""Ends and incidents: terminate, the timeout of the execution, poison, limits; and commands after them."""

import pytest
from msgspec.structs import replace

from kit.execution.driver import START_TIME, Simulator
from kit.execution.workflows import call, card, step, workflow
from looply.execution import advance, answer, decide, evolve, open_work
from looply.execution.facts.commands import (
    AlreadyTerminated,
    Continue,
    Declined,
    Done,
    EffectDone,
    FireTimer,
    QuarantineExecution,
    Terminated,
)
from looply.execution.facts.events import (
    Cancelled,
    Continued,
    Discarded,
    ExecutionClosed,
    IncidentClosed,
    IncidentOpened,
    StepSucceeded,
    TimerFired,
    TimerStarted,
)
from looply.limits import Limits

RETRY = {"max_attempts": 2, "interval": "PT10S"}


def started(*steps, edges, limits=Limits(), body=None, **options):  # noqa: B008  # frozen
    simulator = Simulator(workflow(*steps, edges=edges, **options), limits=limits)
    simulator.start(body)
    return simulator


def test_terminate_drops_timers_waits_effects_and_cards_and_keeps_the_reason():
    simulator = started(call("c", retry=RETRY), edges="start>c", settings={"timeout": "P1D"})
    simulator.fail()
    assert len(simulator.work.timers) == 2
    assert simulator.terminate("not needed") == Terminated()
    assert simulator.work.is_empty
    assert not simulator.work.holds_process_id
    assert simulator.state.status == "TERMINATED"
    assert simulator.state.closed == replace(simulator.state.closed, by="operator", reason="not needed")
    assert [type(event) for event in simulator.history[-2:]] == [Cancelled, ExecutionClosed]


def test_a_second_terminate_keeps_the_first_reason():
    simulator = started(step("w", "wait"), edges="start>w")
    simulator.terminate("first")
    before = list(simulator.history)
    assert simulator.terminate("second") == AlreadyTerminated()
    assert simulator.history == before


@pytest.mark.parametrize(("status", "verb"), [("COMPLETED", "has completed"), ("FAILED", "has failed")])
def test_an_execution_that_ended_by_itself_cannot_be_terminated(status, verb):
    simulator = started(step("end", "terminate", {"status": status}), edges="start>end")
    assert simulator.terminate() == Declined(code=status, message=f"the execution {verb} and cannot be terminated")
    assert simulator.state.status == status


def test_an_execution_with_an_incident_can_be_terminated():
    simulator = started(call("c"), edges="start>c")
    simulator.fail()
    assert simulator.state.status == "FAILED"
    assert not simulator.work.holds_process_id
    assert simulator.terminate() == Terminated()
    assert not simulator.state.incidents
    assert simulator.state.status == "TERMINATED"


def test_nothing_starts_after_terminate():
    simulator = started(call("c"), call("d"), edges="start>c c>d")
    simulator.terminate()
    late = EffectDone(at=simulator.now, address="c:1", attempt=1, output=1, size=1)
    assert simulator.submit(late) == Done(is_late=True)
    assert isinstance(simulator.history[-1], Discarded)
    assert simulator.tick(1e6) == []
    assert simulator.submit(FireTimer(at=simulator.now, timer=2)) == Done(is_late=True)
    assert simulator.submit(Continue(at=simulator.now)) == Done(is_late=True)
    assert simulator.submit(QuarantineExecution(at=simulator.now, message="poison")) == Done(is_late=True)
    assert decide(simulator.workflow, simulator.state) == ()


def test_the_timeout_of_the_workflow_is_an_incident_and_keeps_open_steps():
    simulator = started(call("c"), call("d"), edges="start>c c>d", settings={"timeout": "PT1H"})
    simulator.tick(3600)
    (incident,) = simulator.state.incidents.values()
    assert (incident.kind, incident.code, incident.step) == ("TIMEOUT", "EXECUTION_TIMEOUT", "")
    assert incident.opened_on == simulator.now
    assert incident.seq == simulator.state.seq
    assert simulator.state.status == "FAILED"
    assert simulator.state.current_state == "c"
    assert simulator.succeed("kept") == Done()
    assert isinstance(simulator.history[-1], StepSucceeded)
    assert simulator.state.outputs["c"] == "kept"
    assert not simulator.effects


def test_an_execution_that_ends_in_time_has_no_timer_left():
    simulator = started(call("c"), edges="start>c", settings={"timeout": "PT1H"})
    simulator.succeed()
    assert simulator.work.is_empty
    assert simulator.tick(7200) == []


def test_a_timer_that_is_due_during_an_incident_is_not_open_work_and_does_not_fire():
    simulator = started(step("w", "wait", {"timeout": "PT2H"}), edges="start>w", settings={"timeout": "PT1H"})
    simulator.tick(3600)
    assert len(simulator.state.timers) == 1
    assert not simulator.work.timers
    (timer,) = simulator.state.timers
    assert simulator.submit(FireTimer(at=simulator.now, timer=timer)) == Done(is_late=True)


def test_a_timer_that_is_unknown_is_late():
    simulator = started(step("w", "wait"), edges="start>w")
    assert simulator.submit(FireTimer(at=simulator.now, timer=99)) == Done(is_late=True)


def test_a_poisoned_execution_has_an_incident():
    simulator = started(step("w", "wait"), edges="start>w")
    assert (
        simulator.submit(QuarantineExecution(at=simulator.now, message="it brought the process down 4 times")) == Done()
    )
    (incident,) = simulator.state.incidents.values()
    assert (incident.kind, incident.code, incident.message) == (
        "POISON",
        "POISONED",
        "it brought the process down 4 times",
    )
    assert simulator.submit(QuarantineExecution(at=simulator.now, message="again")) == Done(is_late=True)
    assert simulator.submit(Continue(at=simulator.now)) == Done(is_late=True)


def test_a_failure_during_an_incident_is_kept_and_not_handled_yet():
    simulator = started(call("c", retry=RETRY), edges="start>c", settings={"timeout": "PT1H"})
    simulator.tick(3600)
    simulator.fail()
    assert len(simulator.state.incidents) == 1
    assert simulator.state.paths[0].phase == "FAILED"
    assert not simulator.work.continues


def test_the_execution_continues_after_its_incident_is_closed():
    simulator = started(call("c"), call("d"), edges="start>c c>d", settings={"timeout": "PT1H"})
    simulator.tick(3600)
    simulator.succeed()
    (incident,) = simulator.state.incidents
    closed = IncidentClosed(at=simulator.now, by="operator", incident_id=incident, action="redrive")
    stretch = advance(simulator.workflow, simulator.state, (closed,))
    assert stretch.state.current_state == "d"
    assert open_work(stretch.state).effects


def test_too_many_step_visits_are_an_incident_that_names_the_limit():
    simulator = started(
        call("c"), step("again", "redirect", {"target": "c"}), edges="start>c c>again", limits=Limits(step_visits=6)
    )
    for _ in range(3):
        simulator.succeed()
    (incident,) = simulator.state.incidents.values()
    assert (incident.kind, incident.code) == ("LIMIT", "STEP_LIMIT")
    assert "step_visits is 6" in incident.message
    assert simulator.state.total_visits == 6


def test_a_path_that_ends_completes_the_execution():
    simulator = started(call("c"), edges="start>c")
    simulator.succeed()
    assert simulator.state.status == "COMPLETED"
    assert simulator.state.current_state == "c"
    assert simulator.history[-1].step == "c"


def test_cards_that_are_left_are_closed_at_the_end_in_the_order_of_sending():
    simulator = started(
        card("one", "a@example.com", "b@example.com"),
        card("two", "a@example.com"),
        call("c"),
        edges="start>one one>two two>c",
    )
    simulator.succeed()
    closings = simulator.history[-3:-1]
    assert [(event.step, len(event.cards), event.reason) for event in closings] == [
        ("one", 2, "ENDED"),
        ("two", 1, "ENDED"),
    ]


def chain(length):
    steps = [step(f"s{n}", "overridePayload", {"parameters": [{"name": "n", "value": n}]}) for n in range(length)]
    edges = " ".join(["start>s0", *(f"s{n}>s{n + 1}" for n in range(length - 1))])
    return workflow(*steps, edges=edges)


def test_a_long_stretch_is_cut_after_its_steps_and_continues():
    simulator = Simulator(chain(30), limits=Limits(stretch_steps=10), auto_continue=False)
    simulator.start()
    assert simulator.state.status == "RUNNING"
    assert simulator.work.continues
    assert not simulator.work.is_empty
    assert simulator.state.payload["n"] == 9
    assert simulator.submit(Continue(at=simulator.now)) == Done()
    assert isinstance(simulator.history[11], Continued)
    assert simulator.state.payload["n"] == 19


def test_where_a_stretch_is_cut_does_not_change_the_history():
    whole = Simulator(chain(30))
    whole.start()
    cut = Simulator(chain(30))
    cut.is_cut = lambda: True
    cut.start()
    assert [event for event in cut.history if not isinstance(event, Continued)] == whole.history
    assert cut.state.status == "COMPLETED"


def test_continue_without_anything_to_do_is_late_and_records_nothing():
    simulator = started(step("w", "wait"), edges="start>w")
    before = list(simulator.history)
    assert simulator.submit(Continue(at=simulator.now)) == Done(is_late=True)
    assert simulator.history == before


def test_a_delay_and_its_end_in_a_workflow_with_a_timeout():
    simulator = started(step("d", "delay", {"for": "PT10M"}), edges="start>d", settings={"timeout": "PT1H"})
    assert isinstance(simulator.history[1], TimerStarted)
    assert simulator.history[1].due == START_TIME.replace(hour=10)
    simulator.tick(600)
    assert simulator.state.status == "COMPLETED"
    assert [type(event) for event in simulator.history].count(TimerFired) == 1


def test_the_one_who_acted_last_is_kept():
    simulator = started(step("w", "wait"), call("c"), edges="start>w w>c")
    assert simulator.state.modified_by == "", "it has not been changed since its start"
    simulator.resume(by="erp")
    assert simulator.state.modified_by == "erp"
    simulator.succeed()
    assert simulator.state.modified_by == "erp"


def test_terminating_an_execution_with_an_incident_closes_the_incident():
    simulator = started(call("c"), edges="start>c")
    simulator.fail("BAD_INPUT")
    assert simulator.state.incidents
    simulator.terminate()
    [closed] = [event for event in simulator.history if isinstance(event, IncidentClosed)]
    assert (closed.action, closed.by, closed.address.text) == ("terminate", "operator", "c:1")
    assert simulator.state.status == "TERMINATED"


def test_answer_is_pure():
    simulator = started(step("w", "wait"), edges="start>w")
    command = QuarantineExecution(at=simulator.now, message="x")
    assert answer(simulator.workflow, simulator.state, command) == answer(simulator.workflow, simulator.state, command)
    assert not simulator.state.incidents


def test_an_incident_of_the_execution_may_be_opened_while_it_computes():
    simulator = Simulator(chain(30), limits=Limits(stretch_steps=10), auto_continue=False)
    simulator.start()
    simulator.submit(QuarantineExecution(at=simulator.now, message="x"))
    assert isinstance(simulator.history[-1], IncidentOpened)
    assert not simulator.work.continues
    assert evolve(simulator.state, Cancelled(at=simulator.now)).incidents == {}
