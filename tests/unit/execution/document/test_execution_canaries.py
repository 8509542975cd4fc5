"""No failure of a step quotes a value that is marked secret: every function, every setting that takes an expression."""

from collections.abc import Iterator

import pytest

from kit.execution.driver import Simulator
from kit.execution.workflows import CARD, step, workflow
from looply.execution.facts.events import IncidentOpened, StepFailed
from looply.expressions import ExpressionSyntaxError, parse_template
from looply.expressions.functions.declaring.declaration import Function
from looply.expressions.functions.table import FUNCTIONS
from looply.jsontext import Json, encode_json

CANARY = "zqx/CaNaRy'7"
"""No function reads it as a number, a time or a document."""

TRIGGER = {"secret": ["/output/pin", "/output/list", "/output/tiny"]}
BODY: dict[str, Json] = {"pin": CANARY, "list": [CANARY], "tiny": "q~", "open": "o"}
PIN = "payload.output.pin"
FILLERS = ("1", "'x'", "createArray(1)", PIN, "payload.output.list")


def arguments_of(function: Function) -> Iterator[str]:
    """Yields the calls of a function that have the secret as one argument, and a filler as the others."""
    for count in range(max(function.min_arguments, 1), min(function.max_arguments or 4, 4) + 1):
        for position in range(count):
            for secret in (PIN, "payload.output.list"):
                for filler in FILLERS:
                    yield ", ".join(secret if index == position else filler for index in range(count))


def failure_of(settings: dict[str, Json], type_: str = "overridePayload", **beside: Json) -> StepFailed | None:
    simulator = Simulator(workflow(step("s", type_, settings, **beside), edges="start>s", trigger=TRIGGER))
    simulator.start(BODY)
    text = encode_json([event.message for event in simulator.history if isinstance(event, StepFailed | IncidentOpened)])
    assert b"canary" not in text.lower(), text
    assert b"q~" not in text, text
    return next((event for event in simulator.history if isinstance(event, StepFailed)), None)


def test_no_function_quotes_a_secret_argument() -> None:
    failed = 0
    for function in FUNCTIONS.values():
        for arguments in arguments_of(function):
            expression = f"${{{function.name}({arguments})}}"
            if is_refused_at_save(expression):
                continue
            failure = failure_of({"parameters": [{"name": "a", "value": expression}]})
            failed += failure is not None
    assert failed > 200


def is_refused_at_save(expression: str) -> bool:
    try:
        parse_template(expression)
    except ExpressionSyntaxError:
        return True
    return False


@pytest.mark.parametrize("value", [f"${{int({PIN})}}", "${int(payload.output.tiny)}"])
@pytest.mark.parametrize(
    ("type_", "setting"),
    [
        ("overridePayload", lambda value: {"payload": {"a": value}}),
        ("httpRequest", lambda value: {"url": "https://example.com/", "method": value}),
        ("httpRequest", lambda value: {"url": f"https://example.com/{value}"}),
        ("httpRequest", lambda value: {"url": "https://example.com/", "params": {"a": value}}),
        ("httpRequest", lambda value: {"url": "https://example.com/", "headers": {"a": value}}),
        ("httpRequest", lambda value: {"url": "https://example.com/", "headers": value}),
        ("httpRequest", lambda value: {"url": "https://example.com/", "method": "POST", "body": value}),
        ("httpRequest", lambda value: {"url": "https://example.com/", "auth": {"type": "bearer", "token": value}}),
        ("httpRequest", lambda value: {"url": "/a", "connection": value}),
        ("sapRequest", lambda value: {"connection": value, "service_path": "/a"}),
        ("sapRequest", lambda value: {"connection": "S4", "service_path": value}),
        ("sapRequest", lambda value: {"connection": "S4", "service_path": "/a", "entity": value}),
        ("sapRequest", lambda value: {"connection": "S4", "service_path": "/a", "params": {"b": value}}),
        ("sapRequest", lambda value: {"system_id": value, "client": "1", "service_path": "/a"}),
        ("email", lambda value: {"connection": "M", "to": value, "subject": "s", "text": "t"}),
        ("email", lambda value: {"connection": "M", "to": "a@example.com", "subject": value, "text": "t"}),
        ("email", lambda value: {"connection": "M", "to": "a@example.com", "subject": "s", "text": value}),
        ("function", lambda value: {"language": "python", "code": "1", "input": value}),
        ("delay", lambda value: {"for": value}),
        ("delay", lambda value: {"until": value}),
        ("delay", lambda value: {"until": value.replace("int(", "(")}),
        ("wait", lambda value: {"sources": ["SAP"], "timeout": value.replace("int(", "(")}),
        ("datastore", lambda value: {"operation": "get", "name": value}),
        ("datastore", lambda value: {"operation": "get", "name": value.replace("int(", "(")}),
        ("subworkflow", lambda value: {"workflow_id": value}),
        ("subworkflow", lambda value: {"workflow_id": value.replace("int(", "(")}),
        ("subworkflow", lambda value: {"workflow_id": "${payload.output.open}", "payload": {"a": value}}),
        ("subworkflow", lambda value: {"workflow_id": "${payload.output.open}", "version": value}),
        ("adaptiveCard", lambda value: {"recipients": [value], "card": CARD}),
        ("adaptiveCard", lambda value: {"recipients": ["a@example.com"], "card": {**CARD, "body": [{"a": value}]}}),
        ("approval", lambda value: {"recipients": [value.replace("int(", "(")]}),
        ("approval", lambda value: {"recipients": ["a@example.com"], "requester": value, "self_approval": False}),
        ("approval", lambda value: {"recipients": ["a@example.com"], "timeout": value.replace("int(", "(")}),
        ("approval", lambda value: {"recipients": ["a@example.com"], "reminders": [value.replace("int(", "(")]}),
        ("approval", lambda value: {"recipients": {"datastore": value.replace("int(", "(")}}),
        ("conditional", lambda value: {"rules": [{"variable": value, "operator": "IsNull"}]}),
        (
            "conditional",
            lambda value: {"rules": [{"variable": "${index}", "operator": "StringEquals", "value": value}]},
        ),
    ],
)
def test_no_setting_quotes_a_secret_value(type_, setting, value) -> None:
    assert failure_of(setting(value), type_) is not None


def test_a_setting_that_is_marked_by_its_step_is_not_quoted_either() -> None:
    failure = failure_of({"parameters": [{"name": "a", "value": "${int(payload.output.open)}"}]})
    assert failure is not None
    assert "found 'o'" in failure.message
    settings = {"url": "https://example.com/", "headers": {"a": "${int(payload.output.open)}"}}
    failure = failure_of(settings, "httpRequest", secret=["/headers/a"])
    assert failure is not None
    assert "'o'" not in failure.message
    assert failure.message.startswith(
        "step 's': /headers/a: the expression cannot be evaluated (at position 0 of: int("
    )
