"""Scenarios of functions and mails: outputs, failures, crashes, and propagation of secrets."""

from collections.abc import Callable
from typing import Final

from golden.scenarios.tools import Simulator, call, started, step

CODE = {"language": "javascript", "code": "return `${input.a}`", "input": {"a": "${payload.output.a}"}}
MAIL = {"connection": "MAIL", "to": ["${payload.output.to}"], "subject": "Order ${payload.output.a}", "text": "Hi"}
SENT = {"message_id": "<1@example.com>", "accepted": ["ann@example.com"], "refused": []}
BODY = {"a": 7, "to": "ann@example.com"}


def function_then_mail() -> Simulator:
    simulator = started(step("f", "function", CODE), step("m", "email", MAIL), edges="start>f f>m", body=BODY)
    simulator.succeed(["7", None])
    simulator.succeed(SENT)
    return simulator


def function_lost_and_repeated() -> Simulator:
    simulator = started(step("f", "function", CODE), edges="start>f", body=BODY)
    simulator.lose()
    simulator.succeed("7")
    return simulator


def function_of_a_secret() -> Simulator:
    simulator = started(step("f", "function", CODE, secret=["/input/a"]), edges="start>f", body=BODY)
    simulator.succeed({"token": "s3cr3t"}, secret=("/output",))
    return simulator


def function_that_failed_handled() -> Simulator:
    simulator = started(step("f", "function", CODE), call("c"), edges="start>f f:error>c", body=BODY)
    simulator.fail("FUNCTION_FAILED", is_transient=False)
    return simulator


def mail_refused_handled() -> Simulator:
    simulator = started(step("m", "email", MAIL), call("c"), edges="start>m m:error>c", body=BODY)
    simulator.fail("MAIL_REFUSED", is_transient=False, status="550", was_sent=False)
    return simulator


def mail_that_may_have_left() -> Simulator:
    simulator = started(step("m", "email", MAIL), edges="start>m", body=BODY)
    simulator.fail("CONNECTION", was_sent=True)
    return simulator


COMPUTING: Final[tuple[Callable[[], Simulator], ...]] = (
    function_then_mail,
    function_lost_and_repeated,
    function_of_a_secret,
    function_that_failed_handled,
    mail_refused_handled,
    mail_that_may_have_left,
)
