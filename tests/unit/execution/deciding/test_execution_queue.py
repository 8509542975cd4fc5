"""An execution of a workflow with `max_concurrency` records in its history when it is queued and admitted."""

from kit.execution.driver import Simulator
from kit.execution.workflows import call, step, workflow
from looply.definition import START
from looply.execution import advance
from looply.execution.facts.commands import Continue, Done, Released
from looply.execution.facts.events import Admitted, IncidentClosed, Queued, TimerStarted


def limited(most: int = 2, **settings: object) -> Simulator:
    flow = workflow(call("c"), step("w", "wait"), edges="start>c c>w", settings={"max_concurrency": most, **settings})
    simulator = Simulator(flow)
    simulator.start()
    return simulator


def test_it_begins_queued() -> None:
    simulator = limited()
    assert [type(event) for event in simulator.history[1:]] == [Queued]
    assert (simulator.state.status, simulator.state.current_state, simulator.state.is_queued) == (
        "RUNNING",
        START,
        True,
    )
    assert (simulator.work.is_empty, simulator.work.continues) == (False, False)
    assert simulator.effects == []


def test_its_time_limit_counts_from_the_start() -> None:
    assert [type(event) for event in limited(timeout="PT1H").history[1:]] == [TimerStarted, Queued]


def test_it_continues_when_it_is_admitted_and_only_once() -> None:
    simulator = limited()
    assert simulator.admit() == Done()
    assert len(simulator.effects) == 1
    assert simulator.admit() == Done(is_late=True)
    assert len([event for event in simulator.history if isinstance(event, Admitted)]) == 1


def test_a_held_slot_does_not_keep_an_execution_from_being_an_orphan() -> None:
    simulator = limited()
    simulator.admit()
    simulator.succeed({"status": "200"})
    simulator.resume()
    assert simulator.state.status == "COMPLETED"
    assert simulator.work.slot is None


def test_an_incident_releases_the_slot_and_a_retry_queues_again() -> None:
    simulator = limited()
    simulator.admit()
    simulator.fail("REJECTED", was_sent=True)
    state = simulator.state
    assert (state.status, state.slot, simulator.work.slot) == ("FAILED", None, None)
    (incident,) = state.incidents
    closed = IncidentClosed(at=state.now, incident_id=incident, action="retry")
    again = advance(simulator.workflow, state, (closed,))
    assert [type(event) for event in again.events] == [IncidentClosed, Queued]
    assert again.state.is_queued


def test_resumes_of_a_queued_execution_are_kept() -> None:
    simulator = limited()
    assert simulator.resume({"n": 1}) == Released(buffered=True)
    assert simulator.submit(Continue(at=simulator.now)) == Done(is_late=True)
    assert simulator.effects == []


def test_a_terminate_ends_a_queued_execution() -> None:
    simulator = limited()
    simulator.terminate()
    assert (simulator.state.status, simulator.state.slot) == ("TERMINATED", None)
    assert simulator.admit() == Done(is_late=True)
