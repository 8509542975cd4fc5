"""Scenarios of executions that start others, are started by others, or are queued."""

from collections.abc import Callable
from typing import Final

from golden.scenarios.tools import PEOPLE, Simulator, call, card, started, step, workflow
from looply.execution.facts.commands import ChildEnded
from looply.execution.facts.events import ChildOutcome
from looply.jsontext import Json

CALLEE: Final = "0190c3b2-0000-7000-8000-000000000001"
PARENT: Final = "01944ca0-0000-7000-8000-0000000000aa"


def sub(id_: str = "sub", **settings: Json) -> dict[str, Json]:
    return step(id_, "subworkflow", {"workflow_id": CALLEE, **settings})


def _ended(outcome: ChildOutcome, output: Json, edges: str = "start>sub sub:error>w", **fields: str) -> Simulator:
    simulator = started(
        sub(payload={"po": "${payload.output.po}"}, version=3), step("w", "wait"), edges=edges, body={"po": "1"}
    )
    simulator.tick(5)
    simulator.child_ended(outcome, output, **fields)
    return simulator


def child_that_completed() -> Simulator:
    return _ended("COMPLETED", {"po": "1", "done": True})


def child_that_failed() -> Simulator:
    return _ended("FAILED", {"po": "1"}, message="no budget")


def child_that_was_terminated() -> Simulator:
    return _ended("TERMINATED", {"po": "1"}, edges="start>sub")


def child_that_was_refused() -> Simulator:
    return _ended("REFUSED", None, code="WORKFLOW_NOT_FOUND", message="workflow not found")


def child_that_is_waited_for() -> Simulator:
    return started(sub(), edges="start>sub")


def child_that_is_given_up() -> Simulator:
    simulator = started(sub(), edges="start>sub")
    simulator.terminate("not needed")
    return simulator


def child_that_is_only_started() -> Simulator:
    simulator = started(sub(wait=False), step("w", "wait"), edges="start>sub sub>w")
    simulator.child_ended("STARTED")
    return simulator


def child_with_secrets() -> Simulator:
    simulator = started(
        sub(payload={"pin": "${payload.output.pin}", "po": "1"}),
        step("w", "wait"),
        edges="start>sub sub>w",
        body={"pin": "1234"},
        trigger={"secret": ["/output/pin"]},
    )
    simulator.child_ended("COMPLETED", {"pin": "1234", "po": "1"}, secret=("/pin",))
    return simulator


def _called(tells: str) -> Simulator:
    simulator = Simulator(workflow(step("w", "wait"), edges="start>w"))
    simulator.start({"po": "1"}, parent=PARENT, tells=tells, depth=2, is_response=tells == "START", via="PARENT")
    simulator.resume({"n": 1})
    return simulator


def started_by_a_parent_that_waits() -> Simulator:
    return _called("END")


def started_by_an_incident() -> Simulator:
    return _called("START")


def incident_that_is_answered() -> Simulator:
    simulator = started(call("c"), edges="start>c", settings={"on_failure": CALLEE}, body={"po": "1"})
    simulator.fail("REJECTED", was_sent=True)
    return simulator


def incident_whose_answer_is_started() -> Simulator:
    simulator = incident_that_is_answered()
    simulator.child_ended("STARTED")
    return simulator


def in_line() -> Simulator:
    return started(step("w", "wait"), edges="start>w", settings={"max_concurrency": 2, "timeout": "P1D"})


def admitted() -> Simulator:
    simulator = in_line()
    simulator.tick(5)
    simulator.admit()
    return simulator


def slot_given_back_by_an_incident() -> Simulator:
    simulator = admitted()
    simulator.tick(86400)
    return simulator


def late_end_of_a_child_after_the_end() -> Simulator:
    simulator = started(card("note", *PEOPLE), sub(), edges="start>note note>sub")
    (child,) = simulator.state.children
    simulator.terminate()
    simulator.submit(ChildEnded(at=simulator.now, child_id=child, outcome="COMPLETED", output={}))
    return simulator


CHILDREN: Final[tuple[Callable[[], Simulator], ...]] = (
    child_that_completed,
    child_that_failed,
    child_that_was_terminated,
    child_that_was_refused,
    child_that_is_waited_for,
    child_that_is_given_up,
    child_that_is_only_started,
    child_with_secrets,
    started_by_a_parent_that_waits,
    started_by_an_incident,
    incident_that_is_answered,
    incident_whose_answer_is_started,
    in_line,
    admitted,
    slot_given_back_by_an_incident,
    late_end_of_a_child_after_the_end,
)
