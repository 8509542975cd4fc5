"""The rarer ends of a step that is tried: calls that break, cards that ask for no answer, places within regions."""

import asyncio
from typing import Any

import pytest
from server_kit import START, Caller, definition, note_step
from test_server_step_tries import DATA, System, attempt, calling, connect, system

__all__ = ["system"]

CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "For your information"}]}


async def test_a_card_that_asks_for_no_answer_is_shown_and_not_sent(mine: Caller) -> None:
    settings = {"card": CARD, "recipients": ["ann@example.com"]}
    item = await attempt(mine, definition({"id": "card_1", "type": "adaptiveCard", "settings": settings}), "card_1")
    assert (item["state"], item["exit"]) == ("NOT_SENT", "next")
    assert item["input"]["card"] == CARD


@pytest.mark.parametrize("action", ["update", "delete"])
async def test_cards_of_another_step_are_neither_changed_nor_withdrawn(mine: Caller, action: str) -> None:
    sending = {"card": CARD, "recipients": ["ann@example.com"]}
    card = {"id": "card_1", "type": "adaptiveCard", "settings": sending}
    changing = {"action": action, "target": "card_1", **({"card": CARD} if action == "update" else {})}
    change = {"id": "card_2", "type": "adaptiveCard", "settings": changing}
    item = await attempt(mine, definition(card, change), "card_2", data=DATA)
    assert (item["state"], "card_1" in item["error"]["message"]) == ("FAILED", True), item


async def test_a_system_that_is_not_there_fails_the_step(mine: Caller, system: System) -> None:
    gone = await asyncio.start_server(system.serve, "127.0.0.1", 0)
    system.address = f"http://127.0.0.1:{gone.sockets[0].getsockname()[1]}"
    gone.close()
    await connect(mine, system)
    item = await attempt(mine, calling(system, url="/rates"), "call", data=DATA, send=True)
    assert (item["state"], item["error"]["code"]) == ("FAILED", "CONNECTION")


async def test_an_answer_that_is_cut_leaves_the_outcome_of_a_change_unknown(mine: Caller, system: System) -> None:
    system.answer = system.body = b""
    await connect(mine, system)
    body = {"send": True, "i_know": True, "data": DATA}
    item = await attempt(mine, calling(system, "POST", url="/orders"), "call", **body)
    assert (item["state"], item["error"]["code"]) == ("UNKNOWN", "OUTCOME_UNKNOWN")


async def test_a_calendar_that_is_none_fails_the_approval_that_reads_it(mine: Caller) -> None:
    await mine.post("putDatastore", {"name": "office", "value": {"zone": 7}})
    settings = {"recipients": ["ann@example.com"], "timeout": "P1D", "calendar": "office"}
    approval = {"id": "approval_1", "type": "approval", "description": "Release?", "settings": settings}
    item = await attempt(mine, definition(approval, note_step()), "approval_1", data=DATA)
    assert item["state"] == "FAILED", item
    assert item["error"]["message"]


@pytest.mark.parametrize("settings", [{"items": "${div(1, 0)}"}, {"items": "${payload.output.nothing}"}, {}])
async def test_a_body_whose_list_cannot_be_computed_has_an_item_that_is_null(mine: Caller, settings: Any) -> None:
    document = within({"id": "around", "type": "forEach", "settings": settings}, "each")
    assert (await attempt(mine, document, "inner", data=DATA))["output"] == {"inner": 0}


async def test_a_step_of_a_branch_is_tried_in_its_branch(mine: Caller) -> None:
    parallel = {"id": "around", "type": "parallel", "settings": {"branches": [{"id": "left"}, {"id": "right"}]}}
    inner = {"id": "inner", "type": "overridePayload", "settings": {"parameters": [{"name": "inner", "value": "here"}]}}
    document = within(parallel, "left", inner)
    item = await attempt(mine, document, "inner", data=DATA)
    assert (item["state"], item["output"]) == ("DONE", {"inner": "here"})


def within(around: dict[str, Any], exit_: str, inner: dict[str, Any] | None = None) -> dict[str, Any]:
    """Returns a definition with a step `inner` behind an exit of the step `around`."""
    return {
        "workflow_name": "x",
        "workflow_steps": [START, around, inner or note_step("inner", "${index}")],
        "workflow_connections": [
            {"from": "WorkflowStartState", "to": "around"},
            {"from": "around", "to": "inner", "branch": exit_},
        ],
    }
