"""Fixtures for the tests of repairs: executions that failed, and commands of operators."""

from typing import Any

from kit.execution.driver import Simulator
from kit.execution.workflows import call, step, workflow
from looply.definition import Workflow
from looply.execution.facts.commands import Redrive, Reply, Retry
from looply.execution.facts.events import Event, StepScheduled

OK = {"status": "200", "statusText": "OK", "headers": {}, "data": {"n": 1}}
RETRY = {"max_attempts": 2, "interval": "PT10S"}


def begun(flow: Workflow, body: Any = None, **options: Any) -> Simulator:
    simulator = Simulator(flow, **options)
    simulator.start(body)
    return simulator


def post(id_: str = "c", body: str = "${payload.output.po}", **beside: Any) -> dict[str, Any]:
    settings = {"method": "POST", "url": f"https://example.com/{id_}", "body": body, "fail_on": ["4xx"]}
    return step(id_, "httpRequest", settings, **beside)


def failed(**beside: Any) -> Simulator:
    """Returns an execution whose call was refused; another call follows it."""
    simulator = begun(workflow(post(**beside), call("d"), edges="start>c c>d"), {"po": "1"})
    simulator.succeed({**OK, "status": "404"})
    assert simulator.state.status == "FAILED"
    return simulator


def retry(simulator: Simulator, **fields: Any) -> Reply:
    return simulator.submit(Retry(at=simulator.now, by="op", via="API", reason="fixed", **fields))


def redrive(simulator: Simulator, flow: Workflow | None = None, **fields: Any) -> Reply:
    facts = {"workflow": flow, "workflow_version": 2} if flow is not None else {}
    return simulator.submit(Redrive(at=simulator.now, by="op", via="API", reason="fixed", **{**facts, **fields}))


def last(simulator: Simulator, kind: type[Event]) -> Any:
    return [event for event in simulator.history if isinstance(event, kind)][-1]


def scheduled(simulator: Simulator) -> list[tuple[str, int, int]]:
    found = [event for event in simulator.history if isinstance(event, StepScheduled)]
    return [(event.step, event.visit, event.attempt) for event in found]
