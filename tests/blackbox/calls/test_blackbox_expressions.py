"""Expressions tried from outside: the calls of editors over HTTP, and the commands, which say the same."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from blackbox.harness.client import Organization

COMMAND = str(Path(sys.executable).with_name("looply"))
DATA = {
    "payload": {"output": {"po": "4500000101", "items": [{"name": "Bolt", "price": 2.5}, {"name": "Nut", "price": 1}]}}
}
EXPRESSIONS = [
    "payload.output.po",
    "sum(foreach(payload.output.items, item, item.price))",
    "payload.output.missing",
    "join(foreach(payload.output.items, item, toUpper(item.name)), ', ')",
    "payload.output.items[5]",
    "payload.output.items[0].name + 1",
    "payload.output.po.length(",
]
CARD = {
    "type": "AdaptiveCard",
    "body": [
        {"type": "TextBlock", "text": "Order ${payload.output.po}"},
        {
            "type": "TextBlock",
            "$data": "${payload.output.items}",
            "$when": "${price > 1}",
            "text": "${$index}: ${name}",
        },
    ],
}
SHOWN = {
    "type": "AdaptiveCard",
    "body": [{"type": "TextBlock", "text": "Order 4500000101"}, {"type": "TextBlock", "text": "0: Bolt"}],
}


def command(*arguments: str, lines: list[Any]) -> list[dict[str, Any]]:
    """Runs a command on lines and returns its answers."""
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    done = subprocess.run([COMMAND, *arguments], input=text, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def evaluated(org: Organization, **body: Any) -> dict[str, Any]:
    answer = org.post("evaluateExpression", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_server_and_the_command_say_the_same_of_expressions(org: Organization) -> None:
    answers = command("expression", "eval", lines=[{"expression": each, "data": DATA} for each in EXPRESSIONS])
    assert ["error" in each for each in answers] == [False, False, False, False, True, False, True]
    for expression, here in zip(EXPRESSIONS, answers, strict=True):
        there = evaluated(org, expression=expression, data=DATA)
        if "value" in here:
            assert (there["value"], there["error"]) == (here["value"], None)
        else:
            assert there["error"]["message"] in here["error"]
            assert f"position {there['error']['position']} " in here["error"]


def test_the_server_and_the_command_say_the_same_of_cards(org: Organization) -> None:
    assert command("card", "render", lines=[{"template": CARD, "data": DATA}]) == [{"value": SHOWN}]
    assert evaluated(org, card=CARD, data=DATA)["value"] == SHOWN


def test_the_list_of_functions_is_sent_once(org: Organization) -> None:
    first = org.get("getExpressionFunctions")
    assert first.status_code == 200
    known = {"x-api-key": org.key, "if-none-match": first.headers["etag"]}
    for _ in range(2):
        again = org.client.get("/v2/workflows/getExpressionFunctions", headers=known)
        assert (again.status_code, again.content) == (304, b"")
    assert org.get("getExpressionFunctions").json() == first.json()


def test_completions_and_warnings_are_returned(org: Organization) -> None:
    asked = {"expression": "payload.output.items[0].pri", "position": 27, "data": DATA}
    completed = org.post("completeExpression", asked).json()
    assert [(item["insert"], item["position"], item["length"]) for item in completed["items"]] == [("price", 24, 3)]
    checked = org.post("validateExpression", {"expression": "payload.output.itens", "data": DATA}).json()
    assert (checked["errors"], [each["position"] for each in checked["warnings"]]) == ([], [15])
