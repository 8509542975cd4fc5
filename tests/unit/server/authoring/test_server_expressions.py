"""The calls of editors: expressions and cards evaluated on sample data."""

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from server_kit import Caller

from looply.expressions import FUNCTIONS
from looply.instants import to_ms
from looply.testing.clock import FakeClock

DATA = {"payload": {"output": {"po": 45, "items": ["a", "b"]}}}


async def evaluate(caller: Caller, **body: Any) -> dict[str, Any]:
    answer = await caller.post("evaluateExpression", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def assert_refused(answer: httpx2.Response, code: str = "BAD_BODY", path: str | None = None) -> None:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, code), answer.text
    assert body.keys() == {"message", "code", "errors", "request_id"}
    if path is not None:
        assert [each["path"] for each in body["errors"]] == [path]


async def test_an_expression_is_evaluated(mine: Caller, clock: FakeClock) -> None:
    found = await evaluate(mine, expression="payload.output.po * 2", data=DATA)
    assert found == {
        "message": "success",
        "value": 90,
        "type": "number",
        "is_present": True,
        "error": None,
        "fuel": {"used": found["fuel"]["used"], "limit": 100_000},
        "now": to_ms(clock.now()),
    }


async def test_settings_and_cards_are_evaluated(mine: Caller) -> None:
    settings = await evaluate(mine, template={"a": "${payload.output.po}", "b": "PO ${payload.output.po}"}, data=DATA)
    assert settings["value"] == {"a": 45, "b": "PO 45"}
    card = {"type": "AdaptiveCard", "body": [{"$data": "${payload.output.items}", "text": "${$data} ${missing}"}]}
    shown = await evaluate(mine, card=card, data=DATA)
    assert shown["value"] == {"type": "AdaptiveCard", "body": [{"text": "a ${missing}"}, {"text": "b ${missing}"}]}
    assert 0 < shown["fuel"]["used"] < 100
    assert (await evaluate(mine, card={"text": "${$data}"}, data=[1, 2]))["value"] == {"text": [1, 2]}


@pytest.mark.parametrize(
    "body",
    [
        {"card": {"type": "AdaptiveCard", "body": [{"$data": "${range(0, 1000000)}", "text": "${$data}"}]}},
        {"card": {"body": [{"$data": "${range(0, 999)}", "items": [{"$data": "${range(0, 999)}", "text": "x"}]}]}},
        {"expression": "count(select(range(0, 9999), a, count(select(range(0, 9999), b, a * b))))"},
    ],
    ids=["a million rows", "a thousand in each of a thousand", "a loop in a loop"],
)
async def test_what_would_never_end_is_a_finding(mine: Caller, body: dict[str, Any]) -> None:
    found = await evaluate(mine, **body, data={})
    assert (found["value"], found["is_present"]) == (None, False)
    assert found["error"]["code"] == "EXPRESSION_LIMIT"
    assert found["fuel"]["used"] <= found["fuel"]["limit"]
    assert (await evaluate(mine, expression="1 + 1"))["value"] == 2


async def test_a_card_sees_its_host(mine: Caller) -> None:
    shown = await evaluate(mine, card={"text": "${$host.theme}"}, data={}, host={"theme": "dark"})
    assert shown["value"] == {"text": "dark"}


async def test_an_invalid_expression_is_an_answer_with_its_position(mine: Caller) -> None:
    found = await evaluate(mine, template=["fine", "${a} and\n${nothing(1)}"])
    assert (found["value"], found["type"], found["is_present"]) == (None, None, False)
    error = found["error"]
    assert "nothing" in error.pop("message")
    assert isinstance(error.pop("hint"), str)
    assert error == {
        "path": "/1",
        "code": "EXPRESSION_SYNTAX",
        "position": 11,
        "length": 7,
        "line": 2,
        "column": 3,
    }
    failed = await evaluate(mine, expression="1 / 0")
    assert (failed["error"]["code"], failed["error"]["position"], failed["error"]["length"]) == ("EXPRESSION", 2, 1)


async def test_the_documentation_page_shows_the_actual_answers(mine: Caller) -> None:
    page = (Path(__file__).parents[4] / "docs" / "how-to" / "expressions.md").read_text("utf-8")
    sent = re.search(r"-d '(\{.*?\})'\n```", page, re.DOTALL)
    shown = [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)]
    assert sent is not None
    body = json.loads(sent[1])
    assert {**await evaluate(mine, **body), "now": shown[0]["now"]} == shown[0]
    body["template"]["subject"] = "Order ${lenght(payload.output.po)}"
    assert (await evaluate(mine, **body))["error"] == shown[1]


async def test_positions_count_characters(mine: Caller) -> None:
    found = await evaluate(mine, expression="'𝄞𝄞' + nothing()")
    assert found["error"]["position"] == 7


async def test_time_and_chance_can_be_given(mine: Caller) -> None:
    body = {"expression": "concat(utcNow(), newGuid())", "now": 951_825_600_000, "seed": "a"}
    one, same = [await evaluate(mine, **body) for _ in range(2)]
    assert one == same
    assert one["value"].startswith("2000-02-29T12:00:00.000Z")
    assert (await evaluate(mine, **{**body, "seed": "b"}))["value"] != one["value"]


async def test_null_counts_as_absent(mine: Caller) -> None:
    body = {"expression": "1", "template": None, "card": None, "data": None, "host": None, "now": None}
    assert (await evaluate(mine, **body))["value"] == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, None),
        ({"data": {}}, None),
        ({"expression": None}, None),
        ({"expression": "1", "card": {}}, None),
        ({"expression": 1}, "/expression"),
        ({"expression": ["1"]}, "/expression"),
        ({"expression": "1", "dta": {}}, ""),
        ({"expression": "1", "data": []}, "/data"),
        ({"template": "${a}", "data": "x"}, "/data"),
        ({"expression": "1", "host": {}}, "/host"),
        ({"expression": "1", "now": "2020-01-01"}, "/now"),
        ({"expression": "1", "now": True}, "/now"),
        ({"expression": "1", "now": 1.5}, "/now"),
        ({"expression": "1", "seed": 1}, "/seed"),
        ({"expression": "1", "seed": "x" * 129}, "/seed"),
        ([], ""),
        ("1", ""),
    ],
)
async def test_a_malformed_call_is_refused(mine: Caller, body: Any, path: str | None) -> None:
    assert_refused(await mine.post("evaluateExpression", body), path=path)


@pytest.mark.parametrize("now", [-1, 253_402_300_800_000, 10**30])
async def test_a_time_that_no_calendar_has_is_refused(mine: Caller, now: int) -> None:
    assert_refused(await mine.post("evaluateExpression", {"expression": "1", "now": now}), "BAD_TIME")


async def test_values_that_json_does_not_have_are_refused_by_the_parser(mine: Caller) -> None:
    for text in (
        '{"expression": "\\ud800"}',
        '{"expression": "1", "expression": "2"}',
        '{"expression": "1", "data": NaN}',
    ):
        assert_refused(await mine.post("evaluateExpression", content=text.encode()), "MALFORMED_JSON")


async def test_the_deepest_documents_and_cards_that_the_parser_accepts_are_evaluated(mine: Caller) -> None:
    data: Any = 1
    for _ in range(198):
        data = [data]
    deep = await evaluate(mine, expression="a", data={"a": data})
    assert deep["value"] == data
    over = await evaluate(mine, expression="createArray(createArray(createArray(a)))", data={"a": data})
    assert over["error"]["code"] == "EXPRESSION_LIMIT"
    card: Any = None
    for part in ({}, {"$data": "${$root}", "$when": "${a == 1}"}, {"$data": "${$root.one}"}):
        card = "${a}"
        for _ in range(199):
            card = {**part, "x": card}
        shown = await evaluate(mine, card=card, data={"a": 1, "one": [{"a": 1}]})
        assert shown["error"] is None
    assert_refused(await mine.post("evaluateExpression", {"card": [card]}), "MALFORMED_JSON")


async def test_a_text_over_the_limit_and_a_value_over_the_limit_are_answers(mine: Caller) -> None:
    long = await evaluate(mine, expression="a" * 8193)
    assert (long["error"]["code"], long["error"]["position"]) == ("EXPRESSION_SYNTAX", 8192)
    large = await evaluate(mine, expression="foreach(range(0, 20000), x, a)", data={"a": "x" * 500_000})
    assert large["error"]["code"] == "EXPRESSION_LIMIT"


async def test_a_key_that_may_read_is_enough_and_needed(mine: Caller) -> None:
    reader, starter = await mine.key_with("read"), await mine.key_with("trigger")
    assert (await evaluate(reader, expression="1"))["value"] == 1
    for answer in (
        await starter.post("evaluateExpression", {"expression": "1"}),
        await starter.get("getExpressionFunctions"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "SCOPE")


async def test_all_functions_are_listed(mine: Caller) -> None:
    answer = await mine.get("getExpressionFunctions")
    found = answer.json()
    assert [item["name"] for item in found["items"]] == list(FUNCTIONS)
    assert found["count"] == len(FUNCTIONS)
    join = next(item for item in found["items"] if item["name"] == "join")
    assert join["signature"] == "join(list, separator, [last])"
    assert [(each["name"], each["is_optional"]) for each in join["arguments"]] == [
        ("list", False),
        ("separator", False),
        ("last", True),
    ]
    assert (join["result"], join["example"]["value"]) == ("text", "a, b and c")
    assert all(item["family"] and item["summary"] and item["example"]["expression"] for item in found["items"])


async def test_a_list_that_the_caller_has_is_not_sent_again(mine: Caller) -> None:
    first = await mine.get("getExpressionFunctions")
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    path = "/v2/workflows/getExpressionFunctions"
    again = await mine.client.get(path, headers=mine.headers({"if-none-match": etag}))
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert "content-type" not in again.headers
    for other in ('"other"', "*x", etag + "x"):
        full = await mine.client.get(path, headers=mine.headers({"if-none-match": other}))
        assert (full.status_code, full.json()) == (200, first.json())
    for several in (f'"other", {etag}', f"W/{etag}", "*"):
        known = await mine.client.get(path, headers=mine.headers({"if-none-match": several}))
        assert known.status_code == 304
