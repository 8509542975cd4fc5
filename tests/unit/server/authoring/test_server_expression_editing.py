"""The calls of editors while an expression is written: completions, errors and warnings."""

from typing import Any

import httpx2
import pytest
from server_kit import START, Caller, card_step, definition, note_step, wait_step

DATA: Any = {"payload": {"output": {"po": "45", "amount": 7, "unit price": 3, "items": [{"name": "Bolt"}]}}}
SCHEMA: Any = {
    "type": "object",
    "properties": {
        "payload": {"type": "object", "properties": {"count": {"type": "integer"}, "text": {"type": "string"}}}
    },
}
WORKFLOW: Any = {
    **definition(wait_step(), card_step(), note_step()),
    "workflow_schema": {"type": "object", "properties": {"po": {"type": "string"}}},
}
UNKNOWN = "01900000-0000-7000-8000-0000000000ff"


async def complete(caller: Caller, **body: Any) -> list[dict[str, Any]]:
    answer = await caller.post("completeExpression", body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["count"] == len(found["items"]) <= 200
    items: list[dict[str, Any]] = found["items"]
    return items


async def labels(caller: Caller, text: str, form: str = "expression", **body: Any) -> list[str]:
    """Returns the labels of the completions at the `|` of a text."""
    position = text.index("|")
    found = await complete(caller, **{form: text.replace("|", "", 1)}, position=position, **body)
    return [item["label"] for item in found]


async def check(caller: Caller, **body: Any) -> dict[str, Any]:
    answer = await caller.post("validateExpression", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def assert_refused(answer: httpx2.Response, path: str | None = None, code: str = "BAD_BODY") -> None:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, code), answer.text
    if path is not None:
        assert [each["path"] for each in body["errors"]] == [path]


async def test_the_fields_of_a_sample_are_completed(mine: Caller) -> None:
    assert await labels(mine, "payload.output.|", data=DATA) == ["po", "amount", "unit price", "items"]
    assert await labels(mine, "payload.output.a|", data=DATA) == ["amount"]
    (item,) = await complete(mine, expression="1 + payload.output.am > 5", position=21, data=DATA)
    assert item["kind"] == "field"
    assert (item["insert"], item["position"], item["length"]) == ("amount", 19, 2)
    assert "number" in item["detail"]


async def test_a_name_that_needs_brackets_replaces_the_dot(mine: Caller) -> None:
    (item,) = await complete(mine, expression="payload.output.un", position=17, data=DATA)
    assert (item["insert"], item["position"], item["length"]) == ("['unit price']", 14, 3)


async def test_functions_and_names_are_completed_without_any_data(mine: Caller) -> None:
    found = await complete(mine, expression="toUp", position=4)
    assert [(item["label"], item["kind"], item["insert"]) for item in found] == [("toUpper", "function", "toUpper(")]
    assert found[0]["detail"].startswith("toUpper(text, [locale])")
    assert "payload" in await labels(mine, "pay|", data=DATA)


async def test_a_text_is_completed_within_its_expressions_only(mine: Caller) -> None:
    for text, expected in (
        ("Order ${payload.output.p|} of ${payload.output.amount}", ["po"]),
        ("Order ${payload.output.po} of ${payload.output.am|", ["amount"]),
        ("Ord|er ${payload.output.po}", []),
        ("Order ${payload.output.po} |", []),
        ("Order |", []),
        ("|", []),
        (r"\${payload.output.p|}", []),
    ):
        assert await labels(mine, text, "template", data=DATA) == expected
    text = "𝄞 ${payload.output.p"
    (item,) = await complete(mine, template=text, position=len(text), data=DATA)
    assert (item["position"], item["length"]) == (19, 1)


async def test_a_text_of_a_card_sees_its_data(mine: Caller) -> None:
    assert await labels(mine, "${$data.payload.output.p|}", "card", data=DATA) == ["po"]
    assert "$index" in await labels(mine, "${$i|}", "card", data=DATA)


async def test_a_schema_and_a_definition_provide_the_fields(mine: Caller) -> None:
    assert await labels(mine, "payload.|", schema=SCHEMA) == ["count", "text"]
    step = {"definition": WORKFLOW, "step_id": "note_1"}
    assert "po" in await labels(mine, "payload.output.|", **step)
    assert {"wait_1", "card_1"} <= {*await labels(mine, "|", **step)}
    assert "card_1" not in await labels(mine, "|", definition=WORKFLOW, step_id="wait_1")


async def test_a_stored_workflow_provides_the_fields_of_its_schema_or_its_mock_payload(mine: Caller) -> None:
    workflow_id = await mine.create(WORKFLOW)
    step = {"workflow_id": workflow_id, "step_id": "note_1"}
    for version in (1, "1", "latest", None):
        assert "po" in await labels(mine, "payload.output.|", workflow_version=version, **step)
    plain = await mine.create({**WORKFLOW, "workflow_schema": {}})
    mocked = await mine.post(f"triggerworkflow/{plain}?test=true", {"vendor": {"city": "Ulm"}})
    assert mocked.status_code == 200
    assert await labels(mine, "payload.output.vendor.|", workflow_id=plain, step_id="note_1") == ["city"]


async def test_the_answers_to_a_card_that_is_named_are_known(mine: Caller) -> None:
    card = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Input.Text", "id": "comment"}]}
    made = await mine.post("createCard", {"card_name": "Ask", "card_payload": card})
    card_id = made.json()["item"]["card_id"]
    workflow = definition(card_step(card_id=card_id, card_version=1), note_step())
    stored = {"workflow_id": await mine.create(workflow), "step_id": "note_1"}
    for known in (stored, {"definition": workflow, "step_id": "note_1"}):
        assert await labels(mine, "card_1.output.response.data.|", **known) == ["comment"]


async def test_a_workflow_of_another_organization_does_not_exist(mine: Caller, theirs: Caller) -> None:
    workflow_id = await theirs.create(WORKFLOW)
    body = {"expression": "a", "position": 1, "step_id": "note_1", "workflow_version": 1}
    answers = []
    for id_ in (workflow_id, UNKNOWN):
        for name in ("completeExpression", "validateExpression"):
            asked = {**body, "workflow_id": id_}
            if name == "validateExpression":
                del asked["position"]
            answers.append(await mine.post(name, asked))
    assert {(answer.status_code, answer.json()["message"]) for answer in answers} == {(404, "workflow not found")}
    draft = await mine.create(WORKFLOW, is_active=False)
    none_active = await mine.post("completeExpression", {**body, "workflow_id": draft, "workflow_version": "latest"})
    assert none_active.status_code == 409


async def test_a_valid_expression_has_no_findings_and_a_type(mine: Caller) -> None:
    found = await check(mine, expression="payload.output.amount * 2", data=DATA)
    assert (found["message"], found["errors"], found["warnings"]) == ("success", [], [])
    assert "number" in found["type"]
    assert (await check(mine, template={"a": "${payload.output.po}"}, data=DATA))["type"] is None


async def test_a_syntax_error_is_an_error_with_its_position(mine: Caller) -> None:
    found = await check(mine, template={"a": "fine ${1}", "b": "x ${1 +}"})
    (error,) = found["errors"]
    assert (error["path"], error["code"], error["position"]) == ("/b", "EXPRESSION_SYNTAX", 7)
    assert (found["warnings"], found["type"]) == ([], None)


async def test_an_unknown_name_is_a_warning_with_a_suggestion(mine: Caller) -> None:
    found = await check(mine, template=["x\n${payload.output.ammount}"], data=DATA)
    (warning,) = found["warnings"]
    assert (warning["path"], warning["code"]) == ("/0", "UNKNOWN")
    assert (warning["line"], warning["position"], warning["length"]) == (2, 19, 7)
    assert "amount" in warning["hint"]
    assert found["errors"] == []


async def test_an_expression_that_fails_for_all_data_is_an_error(mine: Caller) -> None:
    found = await check(mine, expression="payload.output.items - 1", data=DATA)
    assert ([error["code"] for error in found["errors"]], found["type"]) == (["EXPRESSION"], None)
    nothing = await check(mine, expression="payload.output.items - 1")
    assert (nothing["errors"], nothing["warnings"]) == ([], [])


async def test_a_card_is_checked_with_the_values_of_its_names(mine: Caller) -> None:
    card = {
        "type": "AdaptiveCard",
        "body": [
            {"type": "TextBlock", "text": "${payload.output.ammount}"},
            {"type": "TextBlock", "$data": "${payload.output.itens}", "text": "x"},
            {"type": "TextBlock", "$data": "${payload.output.items}", "text": "${name}${nane} ${$root.payload}"},
        ],
    }
    found = await check(mine, card=card, data=DATA)
    assert [(warning["path"], warning["position"]) for warning in found["warnings"]] == [
        ("/body/0/text", 17),
        ("/body/1/$data", 17),
        ("/body/2/text", 9),
    ]
    assert all(warning["code"] == "UNKNOWN" and warning["hint"] for warning in found["warnings"])
    assert found["errors"] == []


async def test_nothing_in_a_card_is_an_error_because_it_is_shown_as_it_is_written(mine: Caller) -> None:
    card = {"a": "${payload.output.missing + 1}", "b": "${payload - 1} x", "$when": "${payload > 1}"}
    assert (await mine.post("evaluateExpression", {"card": card, "data": DATA})).json()["error"] is None
    found = await check(mine, card=card, data=DATA)
    assert found["errors"] == []
    assert {warning["path"] for warning in found["warnings"]} == {"/a", "/b", "/$when"}


async def test_an_expression_that_fails_only_when_evaluated_is_a_warning_of_a_known_kind(mine: Caller) -> None:
    found = await check(mine, expression="payload.output.p ? payload - 1 : 1", data=DATA)
    assert (found["errors"], {warning["code"] for warning in found["warnings"]}) == ([], {"UNKNOWN", "WRONG"})


@pytest.mark.parametrize("name", ["completeExpression", "validateExpression"])
@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, None),
        ({"expression": "a", "template": "b"}, None),
        ({"expression": 1}, "/expression"),
        ({"expression": "a", "unknown": 1}, ""),
        ({"expression": "a", "data": []}, "/data"),
        ({"expression": "a", "schema": []}, "/schema"),
        ({"expression": "a", "schema": True}, "/schema"),
        ({"expression": "a", "definition": []}, "/definition"),
        ({"expression": "a", "definition": {}}, "/step_id"),
        ({"expression": "a", "workflow_id": UNKNOWN}, "/step_id"),
        ({"expression": "a", "step_id": "x"}, "/step_id"),
        ({"expression": "a", "data": {}, "schema": {}}, "/schema"),
        ({"expression": "a", "data": {}, "workflow_version": 1}, "/workflow_version"),
        ({"expression": "a", "workflow_id": 1, "step_id": "x"}, "/workflow_id"),
    ],
)
async def test_a_malformed_call_is_refused(mine: Caller, name: str, body: Any, path: str | None) -> None:
    position = {"position": 0} if name == "completeExpression" else {}
    assert_refused(await mine.post(name, {**position, **body}), path)


@pytest.mark.parametrize("version", [0, -1, "x", "1.0", "²"])
async def test_a_version_that_is_no_number_is_refused(mine: Caller, version: Any) -> None:
    body = {"expression": "a", "position": 0, "workflow_id": UNKNOWN, "step_id": "x", "workflow_version": version}
    assert_refused(await mine.post("completeExpression", body), code="BAD_NUMBER")


@pytest.mark.parametrize("position", [-1, 5, 10**30, 1.5, "0", None, True])
async def test_a_position_outside_of_the_text_is_refused(mine: Caller, position: Any) -> None:
    for text in ("𝄞 ab", "1234"):
        body = {"expression": text, "position": position}
        assert_refused(await mine.post("completeExpression", body), "/position")
    end = {"expression": "𝄞 ab", "position": 4}
    assert (await mine.post("completeExpression", end)).status_code == 200


async def test_huge_and_deep_bodies_are_answered(mine: Caller) -> None:
    deep: Any = 1
    for _ in range(125):
        deep = [{"a": deep}] if isinstance(deep, dict) else {"a": deep}
    long = "payload." * 20_000
    nested = {**WORKFLOW, "workflow_schema": deep}
    for known in (
        {"data": {"payload": deep}},
        {"schema": deep},
        {"schema": {"$ref": "#"}},
        {"schema": {"allOf": [{"$ref": "#"}, {"$ref": "#/allOf/0"}]}},
        {"definition": nested, "step_id": "note_1"},
        {"definition": {"workflow_steps": [START, 1, [], None], "workflow_connections": {}}, "step_id": "x"},
        {"data": {f"n{i}": i for i in range(50_000)}},
    ):
        assert isinstance(await complete(mine, expression="payload.", position=8, **known), list)
        assert "errors" in await check(mine, expression="payload.a", **known)
    assert await complete(mine, expression=long, position=len(long), data=DATA) == []
    (error,) = (await check(mine, expression=long))["errors"]
    assert "expression_characters" in error["message"]
    many = [f"${{a{i}}}" for i in range(20_000)]
    for body in ({"card": {"t": many}}, {"template": many}):
        (error,) = (await check(mine, **body))["errors"]
        assert (error["code"], "editor_characters" in error["message"]) == ("EXPRESSION_LIMIT", True)
    assert await complete(mine, template="${a} " * 1000, position=4998, data={"a": 1}) != []
    assert await complete(mine, template="${a} " * 2000, position=9998, data={"a": 1}) == []


async def test_a_key_that_may_read_is_enough_and_needed(mine: Caller) -> None:
    reader, starter = await mine.key_with("read"), await mine.key_with("trigger")
    assert await labels(reader, "toUppe|") == ["toUpper"]
    assert (await check(reader, expression="1"))["errors"] == []
    for name in ("completeExpression", "validateExpression"):
        answer = await starter.post(name, {"expression": "1", "position": 0})
        assert (answer.status_code, answer.json()["code"]) == (403, "SCOPE")
