"""Scenarios of what operators decide: every action, on every kind of incident and on executions that only wait."""

from collections.abc import Callable
from typing import Any, Final

from golden_tools import OK, Simulator, call, card, started, step, workflow

from looply.definition import Workflow
from looply.execution.commands import EditDocument, MoveTo, Park, Redrive, Retry, SkipStep
from looply.jsontext import Json


def _refused(**beside: Any) -> Simulator:
    """Returns an execution whose call was refused; behind it stands another one."""
    simulator = started(_post(), call("d"), edges="start>c c>d", body={"po": "1", "pin": "1234"}, **beside)
    simulator.succeed({**OK, "status": "404"})
    return simulator


def _post(name: str = "c", body: str = "${payload.output.po}") -> dict[str, Json]:
    settings: Json = {"method": "POST", "url": "https://example.com/c", "body": body, "fail_on": ["4xx"]}
    return step(name, "httpRequest", settings)


def _common(simulator: Simulator) -> dict[str, Any]:
    return {"at": simulator.now, "by": "operator", "via": "API", "reason": "mended"}


def _retry(simulator: Simulator, **fields: Any) -> None:
    simulator.submit(Retry(**_common(simulator), **fields))


def _redrive(simulator: Simulator, target: Workflow, **steps: str) -> None:
    simulator.submit(Redrive(**_common(simulator), workflow=target, workflow_version=2, steps=steps))


def retried_under_its_key() -> Simulator:
    simulator = _refused()
    _retry(simulator)
    simulator.succeed(OK)
    simulator.succeed(OK)
    return simulator


def retried_with_an_edited_document() -> Simulator:
    simulator = _refused(trigger={"secret": ["/output/pin"]})
    _retry(simulator, document={"payload": {"output": {"po": "2", "pin": "5678"}}})
    simulator.succeed(OK)
    return simulator


def retried_after_an_unknown_outcome() -> Simulator:
    simulator = started(_post(), edges="start>c", body={"po": "1"})
    simulator.lose()
    _retry(simulator)
    return simulator


def retried_after_the_time_limit() -> Simulator:
    simulator = started(step("w", "wait"), edges="start>w", settings={"timeout": "PT1H"})
    simulator.tick(3600)
    simulator.tick(600)
    _retry(simulator)
    return simulator


def retried_after_it_was_parked() -> Simulator:
    simulator = started(call("c"), call("d"), edges="start>c c>d")
    simulator.submit(Park(at=simulator.now, message="it brought the process down 4 times"))
    simulator.succeed(OK)
    _retry(simulator)
    return simulator


def edited_and_not_yet_retried() -> Simulator:
    simulator = _refused()
    document = {"c": {"output": {"data": {"n": 2}}}, "payload": {"output": {"po": None}}}
    simulator.submit(EditDocument(**_common(simulator), document=document))
    return simulator


def completed_by_hand() -> Simulator:
    simulator = _refused()
    simulator.submit(SkipStep(**_common(simulator), action="complete", output=OK))
    return simulator


def skipped_while_it_waited() -> Simulator:
    ask = card("ask", "a@example.com", wait={"for": "first", "timeout": "P1D"})
    simulator = started(ask, call("c"), call("late"), edges="start>ask ask>c ask:timeout>late")
    simulator.submit(SkipStep(**_common(simulator), branch="timeout"))
    return simulator


def moved_to_another_step() -> Simulator:
    simulator = _refused()
    simulator.submit(MoveTo(**_common(simulator), to="d"))
    return simulator


def moved_while_it_waited() -> Simulator:
    ask = card("ask", "a@example.com", wait={"for": "first", "timeout": "P1D"})
    simulator = started(ask, call("c"), edges="start>ask ask>c")
    simulator.submit(MoveTo(**_common(simulator), to="c", state="ask"))
    return simulator


def redriven_onto_a_corrected_version() -> Simulator:
    simulator = _refused()
    _redrive(simulator, workflow(_post(body="${payload.output.po}-mended"), call("d"), edges="start>c c>d"))
    simulator.succeed(OK)
    return simulator


def redriven_under_another_name() -> Simulator:
    simulator = _refused()
    _redrive(simulator, workflow(_post("order"), call("d"), edges="start>order order>d"), c="order")
    simulator.succeed(OK)
    return simulator


def waiting_moved_to_a_version_with_other_names() -> Simulator:
    ask = card("ask", "a@example.com", wait={"for": "first", "timeout": "P1D"})
    simulator = started(ask, step("w", "wait"), edges="start>ask ask>w")
    question = card("question", "a@example.com", wait={"for": "first"})
    _redrive(
        simulator,
        workflow(question, step("answer", "wait"), edges="start>question question>answer"),
        ask="question",
        w="answer",
    )
    simulator.resume({"action": "approve"})
    return simulator


REPAIRS: Final[tuple[Callable[[], Simulator], ...]] = (
    retried_under_its_key,
    retried_with_an_edited_document,
    retried_after_an_unknown_outcome,
    retried_after_the_time_limit,
    retried_after_it_was_parked,
    edited_and_not_yet_retried,
    completed_by_hand,
    skipped_while_it_waited,
    moved_to_another_step,
    moved_while_it_waited,
    redriven_onto_a_corrected_version,
    redriven_under_another_name,
    waiting_moved_to_a_version_with_other_names,
)
