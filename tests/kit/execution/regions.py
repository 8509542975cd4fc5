"""Executions with branches and iterations, and readers of their histories."""

from typing import Any

from kit.execution.driver import Simulator
from kit.execution.workflows import call, step, workflow
from looply.execution.facts.events import (
    Event,
    StepFailed,
)
from looply.jsontext import Json
from looply.limits import Limits

OK = {"status": "200", "statusText": "OK", "headers": {}, "data": {}}


def parallel(*branches: str, id_: str = "p") -> dict[str, Json]:
    return step(id_, "parallel", {"branches": [{"id": branch} for branch in branches]})


def join(count: Json = "all", of: str = "p", id_: str = "j") -> dict[str, Json]:
    return step(id_, "join", {"of": of, "for": count})


def for_each(items: Json = "${payload.output.items}", **settings: Json) -> dict[str, Json]:
    return step("f", "forEach", {"items": items, **settings})


def note(id_: str, value: Json = 1, **beside: Json) -> dict[str, Json]:
    return step(id_, "overridePayload", {"parameters": [{"name": id_, "value": value}]}, **beside)


def started(*steps: dict[str, Json], edges: str, body: Json = None, **options: Any) -> Simulator:
    limits = options.pop("limits", Limits())
    simulator = Simulator(workflow(*steps, edges=edges, **options), limits=limits)
    simulator.start(body)
    return simulator


def events(simulator: Simulator, kind: type[Event]) -> list[Any]:
    return [event for event in simulator.history if isinstance(event, kind)]


def failure(simulator: Simulator) -> tuple[str, str]:
    (failed,) = events(simulator, StepFailed)
    return failed.code, failed.message


def two_calls(count: Json = "all") -> Simulator:
    """Returns an execution that makes two calls in parallel branches, and one after them."""
    steps = (parallel("l", "r"), call("a", "POST"), call("b", "POST"), join(count), call("last"))
    return started(*steps, edges="start>p p:l>a p:r>b a>j b>j j>last")


def items(*body: dict[str, Json], edges: str, body_: Json = None, **settings: Json) -> Simulator:
    """Returns an execution that runs steps for each item; `edges` are those within the body."""
    last = note("last", "${f.output.items}")
    edges = f"start>f f:each>{body[0]['id']} f>last {edges}"
    return started(for_each(**settings), *body, last, edges=edges, body=body_ or {"items": ["x", "y", "z"]})
