"""Scenarios of starts and ends: every trigger, every end, and incidents with events during them."""

from collections.abc import Callable
from typing import Final

from golden.scenarios.tools import OK, PEOPLE, RETRY, Simulator, call, card, started, step, workflow
from looply.definition import START, compile_definition
from looply.execution.facts.commands import EffectFailed, QuarantineExecution
from looply.jsontext import fingerprint
from looply.limits import Limits


def started_by_a_schedule() -> Simulator:
    trigger = step(START, "trigger", {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H"}})
    document = {
        "workflow_name": "Scheduled",
        "workflow_steps": [trigger, call("c")],
        "workflow_connections": [{"from": START, "to": "c"}],
    }
    simulator = Simulator(compile_definition(document))
    simulator.start(
        by="schedule", via="SCHEDULE", trigger_type="SCHEDULED", profile="test", environment={"url": "https://e.com"}
    )
    simulator.succeed(OK)
    return simulator


def started_with_everything() -> Simulator:
    simulator = Simulator(
        workflow(step("w", "wait"), edges="start>w", trigger={"secret": ["/output/pin", "/output/deep/list/0"]})
    )
    body = {"pin": "1234", "deep": {"list": ["hidden", "shown"]}, "big": 12345678901234567890123, "text": "ü€😀"}
    simulator.start(
        body,
        via="API",
        process_id="PO-4500000101",
        profile="test",
        environment={"url": "https://example.com", "nested": {"n": None}},
        request=fingerprint("latest", "test", body),
        workflow_version=7,
    )
    return simulator


def started_with_a_list() -> Simulator:
    return started(step("w", "wait"), edges="start>w", body=[1, {"two": 2.5}, None, True, "x"])


def ended_by_completing_step() -> Simulator:
    settings = {"status": "COMPLETED", "reason": "${concat('order ', payload.output.po)}"}
    return started(step("t", "terminate", settings), edges="start>t", body={"po": "1"})


def ended_in_time() -> Simulator:
    simulator = started(step("w", "wait", {"timeout": "PT1H"}), edges="start>w", settings={"timeout": "P1D"})
    simulator.resume({"n": 1})
    return simulator


def ended_in_a_back_off() -> Simulator:
    simulator = started(call("c", retry=RETRY), edges="start>c")
    simulator.fail()
    simulator.terminate()
    return simulator


def ended_with_all_that_can_be_open() -> Simulator:
    simulator = started(
        card("note", *PEOPLE),
        card("ask", *PEOPLE, wait={"for": "all", "timeout": "P1D"}),
        edges="start>note note>ask",
        settings={"timeout": "P2D"},
    )
    simulator.terminate("not needed")
    return simulator


def secret_result_after_the_end() -> Simulator:
    simulator = started(call("c", "POST"), edges="start>c")
    effect = simulator.effects[0]
    simulator.terminate()
    simulator.report(effect, OK, secret=("/output/data",))
    return simulator


def failure_after_the_end() -> Simulator:
    simulator = started(call("c", "POST"), edges="start>c")
    late = EffectFailed(at=simulator.now, address="c:1", attempt=1, code="TIMEOUT", message="slow", was_sent=True)
    simulator.terminate()
    simulator.submit(late)
    return simulator


def incident_closed_by_terminate() -> Simulator:
    simulator = started(card("note", *PEOPLE), call("c"), edges="start>note note>c")
    simulator.fail("REJECTED", was_sent=True, status="400")
    simulator.terminate("nobody needs it")
    return simulator


def incident_of_a_limit() -> Simulator:
    again = step("again", "redirect", {"target": "set", "max_visits": 100})
    count = step("set", "overridePayload", {"parameters": [{"name": "n", "value": 1}]})
    return started(count, again, edges="start>set set>again", limits=Limits(step_visits=5))


def incident_of_time_while_a_call_is_out() -> Simulator:
    simulator = started(
        call("c"), step("w", "wait"), edges="start>c c>w", settings={"timeout": "PT1H"}, body={"po": "1"}
    )
    simulator.tick(3600)
    simulator.succeed(OK)
    simulator.resume({"n": 1})
    return simulator


def incident_of_time_with_an_open_card() -> Simulator:
    ask = card("ask", *PEOPLE, wait={"for": 2, "timeout": "P1D"})
    simulator = started(ask, edges="start>ask", settings={"timeout": "PT1H"})
    simulator.tick(3600)
    return simulator


def parked_while_calling() -> Simulator:
    simulator = started(call("c"), edges="start>c")
    simulator.submit(QuarantineExecution(at=simulator.now, message="it brought the process down 4 times"))
    simulator.lose()
    return simulator


def cut_into_stretches() -> Simulator:
    rule = {"variable": "${payload.output.n}", "operator": "NumericLessThan", "value": 4}
    return started(
        step("count", "overridePayload", {"parameters": [{"name": "n", "value": "${add(payload.output.n, 1)}"}]}),
        step("draw", "overridePayload", {"parameters": [{"name": "id", "value": "${newGuid()}"}]}),
        step("more", "conditional", {"rules": [rule]}),
        step("again", "redirect", {"target": "count", "max_visits": 10}),
        edges="start>count count>draw draw>more more:yes>again",
        body={"n": 0},
        limits=Limits(stretch_steps=3),
    )


def cut_and_not_yet_continued() -> Simulator:
    steps = [step(f"s{n}", "overridePayload", {"parameters": [{"name": f"n{n}", "value": n}]}) for n in range(4)]
    simulator = Simulator(workflow(*steps, edges="start>s0 s0>s1 s1>s2 s2>s3"), limits=Limits(stretch_steps=2))
    simulator.auto_continue = False
    simulator.start()
    return simulator


def logged_at_errors() -> Simulator:
    return _logged("errors")


def logged_not_at_all() -> Simulator:
    return _logged("none")


def _logged(level: str) -> Simulator:
    """Returns an execution whose call is retried and fails, with a log of that level."""
    settings = {"log": level}
    simulator = started(call("c", retry=RETRY), step("w", "wait"), edges="start>c c>w", settings=settings)
    simulator.fail()
    simulator.tick(60)
    simulator.succeed(OK)
    simulator.resume({"n": 1})
    return simulator


ENDS: Final[tuple[Callable[[], Simulator], ...]] = (
    started_by_a_schedule,
    started_with_everything,
    started_with_a_list,
    ended_by_completing_step,
    ended_in_time,
    ended_in_a_back_off,
    ended_with_all_that_can_be_open,
    secret_result_after_the_end,
    failure_after_the_end,
    incident_closed_by_terminate,
    incident_of_a_limit,
    incident_of_time_while_a_call_is_out,
    incident_of_time_with_an_open_card,
    parked_while_calling,
    cut_into_stretches,
    cut_and_not_yet_continued,
    logged_at_errors,
    logged_not_at_all,
)
