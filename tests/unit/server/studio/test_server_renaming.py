"""`renameStep`: every reference follows, by its syntax."""

from typing import Any

import pytest
from server_kit import Caller, card_step, definition, note_step, wait_step


async def rename(mine: Caller, document: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    answer = await mine.post("renameStep", {"definition": document, "from": old, "to": new})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_edges_settings_expressions_cards_and_search_fields_follow(mine: Caller) -> None:
    card = {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [
            {"type": "TextBlock", "text": "${wait_1.output.source}"},
            {"type": "TextBlock", "$data": "${wait_1.output.list}", "text": "${wait_1.x} ${$root.wait_1.output.y}"},
        ],
    }
    document = {
        **definition(
            wait_step(),
            note_step("note_1", "${wait_1.output.a} and wait_1"),
            card_step(card=card),
            {"id": "again", "type": "redirect", "settings": {"target": "wait_1"}},
        ),
        "workflow_settings": {"search_fields": ["/wait_1/output/source", "/wait_10/output"]},
    }
    found = await rename(mine, document, "wait_1", "goods")
    made = found["definition"]
    assert [step["id"] for step in made["workflow_steps"]] == [
        "WorkflowStartState",
        "goods",
        "note_1",
        "card_1",
        "again",
    ]
    assert made["workflow_steps"][2]["settings"]["parameters"][0]["value"] == "${goods.output.a} and wait_1"
    texts = [part["text"] for part in made["workflow_steps"][3]["settings"]["card"]["body"]]
    assert texts == ["${goods.output.source}", "${wait_1.x} ${$root.goods.output.y}"]
    assert made["workflow_steps"][4]["settings"]["target"] == "goods"
    assert made["workflow_settings"]["search_fields"] == ["/goods/output/source", "/wait_10/output"]
    assert [(edge["from"], edge["to"]) for edge in made["workflow_connections"][:2]] == [
        ("WorkflowStartState", "goods"),
        ("goods", "note_1"),
    ]
    assert set(found["changed"]) == {
        "/workflow_steps/1/id",
        "/workflow_steps/2/settings/parameters/0/value",
        "/workflow_steps/3/settings/card/body/0/text",
        "/workflow_steps/3/settings/card/body/1/$data",
        "/workflow_steps/3/settings/card/body/1/text",
        "/workflow_steps/4/settings/target",
        "/workflow_connections/0/to",
        "/workflow_connections/1/from",
        "/workflow_settings/search_fields/0",
    }
    assert found["unread"] == []
    assert (await rename(mine, made, "goods", "wait_1"))["definition"] == document


async def test_a_text_that_cannot_be_read_stays_and_is_listed(mine: Caller) -> None:
    document = definition(wait_step(), note_step("note_1", "${wait_1.output.}"))
    found = await rename(mine, document, "wait_1", "goods")
    assert found["unread"] == ["/workflow_steps/2/settings/parameters/0/value"]
    assert found["definition"]["workflow_steps"][2] == document["workflow_steps"][2]


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("wait_1", "payload", "/to"),
        ("wait_1", "1st", "/to"),
        ("wait_1", "NOTE_1", "/to"),
        ("wait_1", "WorkflowStartState", "/to"),
        ("nowhere", "x", "/from"),
        ("WorkflowStartState", "x", "/to"),
    ],
)
async def test_an_id_that_is_not_possible_is_refused(mine: Caller, old: str, new: str, path: str) -> None:
    body = {"definition": definition(wait_step(), note_step()), "from": old, "to": new}
    answer = await mine.post("renameStep", body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, path)


async def test_a_change_of_letter_case_alone_is_possible(mine: Caller) -> None:
    found = await rename(mine, definition(wait_step(), note_step("n", "${wait_1.output}")), "wait_1", "Wait_1")
    assert found["definition"]["workflow_steps"][2]["settings"]["parameters"][0]["value"] == "${Wait_1.output}"
