"""Scenarios of calls and computing steps: attempts, exits, and unknown outcomes."""

from collections.abc import Callable
from typing import Final

from golden.scenarios.tools import BROKEN, OK, RETRY, Simulator, call, started, step
from kit.execution.driver import park
from looply.execution.facts.commands import GiveUpEffect, Outage
from looply.jsontext import Json
from looply.limits import Limits

SAP: Final = {"connection": "S4", "service_path": "/sap/opu/odata/sap/X", "entity": "A('1')"}


def retries_used_up() -> Simulator:
    simulator = started(call("c", retry=RETRY), edges="start>c")
    for seconds in (10, 60, 60):
        simulator.fail()
        simulator.tick(seconds)
    return simulator


def retries_used_up_then_error_exit() -> Simulator:
    simulator = started(call("c", retry={**RETRY, "max_attempts": 2}), call("d"), edges="start>c c:error>d")
    simulator.fail("RATE_LIMITED", was_sent=True, status="429", retry_after_seconds=120)
    simulator.tick(119)
    simulator.tick(1)
    simulator.fail("UNAVAILABLE", status="503")
    simulator.succeed(OK)
    return simulator


def status_after_the_last_attempt_is_data() -> Simulator:
    simulator = started(call("c", retry=RETRY), edges="start>c")
    for _ in range(3):
        simulator.succeed({**OK, "status": "503", "headers": {"retry-after": "30"}})
        simulator.tick(60)
    return simulator


def waiting_for_a_retry() -> Simulator:
    simulator = started(call("c", "POST", retry=RETRY), edges="start>c")
    simulator.fail()
    return simulator


def sap_error_exit() -> Simulator:
    settings = {**SAP, "fail_on": ["4xx"]}
    simulator = started(step("c", "sapRequest", settings), call("d"), edges="start>c c:error>d")
    simulator.succeed({**OK, "status": "404"})
    return simulator


def unknown_by_crash() -> Simulator:
    simulator = started(call("c", "POST"), edges="start>c")
    simulator.lose()
    return simulator


def unknown_by_connection() -> Simulator:
    simulator = started(call("c", on_unknown="incident"), call("d"), edges="start>c c:error>d")
    simulator.fail("CONNECTION", was_sent=True)
    return simulator


def unknown_after_the_call_could_not_find_out() -> Simulator:
    settings = {**SAP, "entity": "A_Order", "method": "POST"}
    simulator = started(step("c", "sapRequest", settings), edges="start>c")
    simulator.fail("CONNECTION", was_sent=True)
    simulator.fail("UNSETTLED")
    return simulator


def unknown_and_repeated() -> Simulator:
    simulator = started(call("c", "POST", on_unknown="retry", retry=RETRY), edges="start>c")
    simulator.lose()
    simulator.fail("TIMEOUT", was_sent=True)
    simulator.tick(10)
    simulator.succeed(OK)
    return simulator


def parked_and_made_again() -> Simulator:
    simulator = started(call("c", "POST", retry=RETRY), call("d"), edges="start>c c>d")
    outage = Outage("https://shop.example:443", "down since 2026-01-01T00:00:00Z: CONNECTION: it failed")
    simulator.fail(outage=outage)
    simulator.succeed({**OK, "status": "503"}, outage=outage)
    simulator.succeed(OK)
    park(simulator, outage)
    return simulator


def given_up_after_a_wait_for_its_system() -> Simulator:
    simulator = started(call("c", "POST", retry=RETRY, park="PT4H"), call("d"), edges="start>c c:error>d")
    park(simulator, Outage("https://shop.example:443", "down since 2026-01-01T00:00:00Z: CONNECTION: it failed"))
    simulator.tick(4 * 3600)
    (effect,) = simulator.effects
    simulator.submit(GiveUpEffect(at=simulator.now, address=effect.address, attempt=effect.attempt))
    simulator.succeed(OK)
    return simulator


def answer_too_large() -> Simulator:
    simulator = started(call("c"), edges="start>c", limits=Limits(document_bytes=2000))
    simulator.succeed({**OK, "data": "x" * 3000})
    return simulator


def answer_that_is_large() -> Simulator:
    simulator = started(call("c"), call("d", "PUT"), edges="start>c c>d", body={"text": "y" * 20_000})
    simulator.succeed({**OK, "data": ["x" * 17_000, "x" * 17_000]})
    return simulator


def answer_with_secrets_that_fails() -> Simulator:
    login = call("c", fail_on=["4xx"], secret=["/output/data/token"])
    simulator = started(login, call("d"), edges="start>c c:error>d")
    simulator.succeed({**OK, "status": "401", "data": {"token": "t0ken", "user": "u"}})
    return simulator


def expression_fails() -> Simulator:
    return started(step("set", "overridePayload", {"payload": {"x": BROKEN}}), edges="start>set")


def branches_are_taken() -> Simulator:
    rule = {"variable": "${payload.output.po}", "operator": "StringEquals", "value": "x"}
    by = {"variable": "${payload.output.po}", "operator": "StringEquals"}
    group = {"id": "any", "conditions": [{"join": "simple", **rule}]}
    return started(
        step("if", "conditional", {"rules": [{**rule, "value": "y"}]}),
        step(
            "by", "branchConditional", {**by, "branches": [{"id": "other", "value": "z"}, {"id": "ok", "value": "x"}]}
        ),
        step("adv", "advancedConditional", {"branches": [group]}),
        step("go", "redirect", {"target": "end"}),
        step("end", "delay", {"until": "2031-01-01T00:00:00Z"}),
        edges="start>if if:no>by by:ok>adv adv:any>go",
        body={"po": "x"},
    )


def no_branch_fits() -> Simulator:
    rule = {"variable": "${payload.output.po}", "operator": "StringEquals", "value": "x"}
    group = {"id": "any", "conditions": [{"join": "simple", **rule}]}
    return started(
        step("adv", "advancedConditional", {"branches": [group]}),
        call("c", "POST"),
        edges="start>adv adv:else>c",
        body={"po": "y"},
    )


def error_exits_of_computing_steps() -> Simulator:
    rule: dict[str, Json] = {"variable": BROKEN, "operator": "StringEquals", "value": "x"}
    group: dict[str, Json] = {"id": "any", "conditions": [{"join": "simple", **rule}]}
    by: dict[str, Json] = {"variable": BROKEN, "operator": "StringEquals"}
    return started(
        step("if", "conditional", {"rules": [rule]}),
        step("by", "branchConditional", {**by, "branches": [{"id": "ok", "value": "x"}]}),
        step("adv", "advancedConditional", {"branches": [group]}),
        step("set", "overridePayload", {"parameters": [{"name": "a", "value": BROKEN}]}),
        step("late", "delay", {"for": "${payload.output.nothing}"}),
        step("ask", "wait", {"timeout": "${payload.output.nothing}"}),
        step("card", "adaptiveCard", {"card": {"type": "AdaptiveCard"}, "recipients": "${payload.output.nothing}"}),
        step("back", "redirect", {"target": "card", "max_visits": 2}),
        call("c", "POST"),
        edges="start>if if:error>by by:error>adv adv:error>set set:error>late late:error>ask ask:error>card"
        " card:error>back back:error>c",
    )


def operation_of_a_connector() -> Simulator:
    reserve = {
        "operation": "warehouse.reserve",
        "connection": "WAREHOUSE",
        "input": {"sku": "${payload.output.sku}", "quantity": 2, "pin": "${payload.output.pin}"},
        "fail_on": ["4xx"],
        "repeat": "with_key",
    }
    simulator = started(
        step("reserve", "operation", reserve, secret=["/input/pin"]),
        step("ship", "operation", {"operation": "warehouse.ship", "repeat": "never"}),
        call("c", "POST"),
        edges="start>reserve reserve>ship ship:error>c",
        body={"sku": "A-1", "pin": "0815-4711"},
    )
    simulator.lose()
    simulator.succeed({"reservation": "R-1", "status": "booked"})
    simulator.fail("REJECTED", was_sent=True, status="409")
    return simulator


CALLS: Final[tuple[Callable[[], Simulator], ...]] = (
    retries_used_up,
    retries_used_up_then_error_exit,
    status_after_the_last_attempt_is_data,
    waiting_for_a_retry,
    sap_error_exit,
    operation_of_a_connector,
    unknown_by_crash,
    unknown_by_connection,
    unknown_after_the_call_could_not_find_out,
    unknown_and_repeated,
    parked_and_made_again,
    given_up_after_a_wait_for_its_system,
    answer_too_large,
    answer_that_is_large,
    answer_with_secrets_that_fails,
    expression_fails,
    branches_are_taken,
    no_branch_fits,
    error_exits_of_computing_steps,
)
