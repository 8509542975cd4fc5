"""Scenarios of repairs: every action, on every kind of incident and on executions that only wait."""

from collections.abc import Callable
from typing import Any, Final

from golden.scenarios.tools import OK, Simulator, call, card, started, step, token, workflow
from looply.definition import Workflow
from looply.execution.facts.commands import EditDocument, MoveTo, QuarantineExecution, Redrive, Retry, SkipStep
from looply.jsontext import Json


def _refused(**beside: Any) -> Simulator:
    """Returns an execution whose call was refused; another call follows it."""
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
    simulator.submit(QuarantineExecution(at=simulator.now, message="it brought the process down 4 times"))
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


def edited_within_an_iteration() -> Simulator:
    login = call("login", secret=["/output/data/token"])
    use = step(
        "c", "httpRequest", {"method": "POST", "url": "https://example.com/c", "body": "${login.output.data.token}"}
    )
    simulator = started(
        step("f", "forEach", {"items": "${payload.output.list}"}),
        login,
        {**use, "settings": {**use["settings"], "fail_on": ["4xx"]}},
        edges="start>f f:each>login login>c",
        body={"list": ["x", "y"]},
    )
    simulator.succeed({**OK, "data": {"token": "s3cr3t"}})
    simulator.succeed({**OK, "status": "404"})
    document = {"login": {"output": {"data": {"token": "0th3r"}}}, "payload": {"output": {"own": 1}}}
    _retry(simulator, document=document, scope="f[0]")
    simulator.succeed(OK)
    return simulator


def moved_within_a_branch() -> Simulator:
    simulator = _in_branches("ask", "w", "c")
    simulator.submit(MoveTo(**_common(simulator), to="c", state="w"))
    return simulator


def renamed_within_branches() -> Simulator:
    simulator = _in_branches("ask", "w", "c")
    target = _branches("question", "answer", "order")
    _redrive(simulator, target, ask="question", w="answer", c="order")
    simulator.resume({"n": 1}, token=token("w", scope="p[b]"))
    simulator.answer_card(token("ask", part=0, scope="p[a]"), {"action": "approve"})
    return simulator


def renamed_before_its_branch_began() -> Simulator:
    before, after = ("ask", "w", "c"), ("question", "answer", "c")
    simulator = started(call("d"), *_branch_steps(*before), edges=f"start>d d>p {_branch_edges(*before)}")
    target = workflow(call("d"), *_branch_steps(*after), edges=f"start>d d>p {_branch_edges(*after)}")
    _redrive(simulator, target, ask="question", w="answer")
    simulator.succeed(OK)
    simulator.resume({"n": 1}, token=token("w", scope="p[b]"))
    return simulator


def skipped_within_an_iteration() -> Simulator:
    simulator = started(
        step("f", "forEach", {"items": "${payload.output.list}", "concurrency": 2}),
        step("w", "wait"),
        call("c"),
        edges="start>f f:each>w w>c",
        body={"list": ["x", "y"]},
    )
    simulator.resume({"n": 1}, token=token("w", scope="f[0]"))
    simulator.submit(SkipStep(**_common(simulator), action="complete", state="w", output={"n": 2}))
    simulator.submit(EditDocument(**_common(simulator), document={"w": {"output": {"n": 3}}}, scope="f[1]"))
    return simulator


def _in_branches(*names: str) -> Simulator:
    """Returns an execution with an open card in one branch, and a wait before a call in the other one."""
    return started(*_branch_steps(*names), edges=f"start>p {_branch_edges(*names)}")


def _branches(*names: str) -> Workflow:
    return workflow(*_branch_steps(*names), edges=f"start>p {_branch_edges(*names)}")


def _branch_steps(ask: str, wait: str, then: str) -> tuple[dict[str, Json], ...]:
    branches: Json = {"branches": [{"id": "a", "label": "A"}, {"id": "b", "label": "B"}]}
    question = card(ask, "a@example.com", wait={"for": "first"})
    return step("p", "parallel", branches), question, step(wait, "wait"), call(then), step("j", "join", {"of": "p"})


def _branch_edges(ask: str, wait: str, then: str) -> str:
    return f"p:a>{ask} p:b>{wait} {wait}>{then} {ask}>j {then}>j"


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
    edited_within_an_iteration,
    moved_within_a_branch,
    skipped_within_an_iteration,
    renamed_within_branches,
    renamed_before_its_branch_began,
)
