"""The own inbox: a person sees and answers what is theirs, and nothing else."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from people_kit import Browser
from server_kit import Caller, card_step, definition, note_step

from looply.instants import to_ms
from looply.testing.clock import FakeClock

ANN, BOB, CY = "ann@example.com", "bob@example.com", "cy@example.com"
COUNTED = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {"type": "TextBlock", "text": "Count ${payload.output.po}"},
        {"type": "Input.Number", "id": "n", "isRequired": True},
    ],
    "actions": [{"type": "Action.Submit", "data": {"action": "count"}}],
}


def approval(**settings: Any) -> dict[str, Any]:
    return definition(
        {
            "id": "approval_1",
            "type": "approval",
            "description": "Release the order?",
            "settings": {"recipients": [ANN, BOB], "quorum": "any", **settings},
        },
        name="Orders",
    )


async def cards_of(person: Browser, **query: Any) -> list[dict[str, Any]]:
    answer = await person.get("getMyCards", **query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def reply(person: Browser, *cards: dict[str, Any], **data: Any) -> httpx2.Response:
    answers = [
        {"card_id": card["card_id"], "revision": card["revision"], "data": data or {"action": "approve"}}
        for card in cards
    ]
    return await person.post("answerCards", {"answers": answers})


def results(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["result"] for item in answer.json()["items"]]


@pytest.fixture
def ann(sign_in: Any) -> Browser:
    found: Browser = sign_in("Ann@EXAMPLE.com")
    return found


@pytest.fixture
def bob(sign_in: Any) -> Browser:
    found: Browser = sign_in(BOB)
    return found


async def test_a_list_shows_what_a_person_must_know_before_opening_a_card(
    mine: Caller, ann: Browser, clock: FakeClock
) -> None:
    document = approval(requester="${payload.output.buyer}", quorum="all", timeout="P1D")
    workflow_id = await mine.create(document)
    execution_id = await mine.trigger(workflow_id, {"po": "4711", "buyer": CY})
    (card,) = await cards_of(ann)
    assert card.pop("card_id").startswith(execution_id)
    assert (await mine.client.get(f"/v2/inbox/{card.pop('token')}")).json()["item"]["recipient"] == ANN
    assert card.pop("bulk_key").startswith(f"{workflow_id}:approval_1:")
    assert {"label": "Po", "value": "4711"} in card.pop("key_facts")
    assert card == {
        "status": "OPEN",
        "subject": "Release the order?",
        "workflow_id": workflow_id,
        "workflow_name": "Orders",
        "workflow_execution_id": execution_id,
        "state": "approval_1",
        "requester": CY,
        "opened_on": to_ms(clock.now()),
        "due_on": to_ms(clock.now() + timedelta(days=1)),
        "revision": 1,
        "progress": {"done": 0, "needed": 2},
        "is_substitute_for": None,
    }


async def test_pages_show_each_card_once_newest_first_and_only_those_that_are_asked_for(
    mine: Caller, ann: Browser, clock: FakeClock
) -> None:
    soon, late = await mine.create(approval(timeout="P1D")), await mine.create(approval(timeout="P9D", quorum="all"))
    for workflow_id in (soon, late, soon, late, soon):
        await mine.trigger(workflow_id)
        clock.advance(timedelta(minutes=1))
    seen: list[int] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await ann.get("getMyCards", **query)).json()
        seen += [item["opened_on"] for item in page["items"]]
        if "lastKey" not in page:
            break
        query |= page["lastKey"]
    assert (len(seen), seen) == (5, sorted(seen, reverse=True))
    assert {card["workflow_id"] for card in await cards_of(ann, workflow_id=late)} == {late}
    due = await cards_of(ann, due_before=to_ms(clock.now() + timedelta(days=2)))
    assert {card["workflow_id"] for card in due} == {soon}
    assert len(due) == 3
    assert (await ann.get("getMyCards", opened_on=1)).json()["code"] == "BAD_CURSOR"


async def test_a_person_sees_no_card_of_another_person_or_of_another_organization(
    mine: Caller, theirs: Caller, sign_in: Any, ann: Browser
) -> None:
    await mine.trigger(await mine.create(approval()))
    (card,) = await cards_of(ann)
    for stranger in (sign_in(CY), sign_in(ANN, theirs)):
        assert await cards_of(stranger) == []
        answer = await stranger.get("getMyCard", card_id=card["card_id"])
        assert (answer.status_code, answer.json()["code"]) == (404, "CARD_NOT_FOUND")
        (item,) = (await reply(stranger, card)).json()["items"]
        assert (item["result"], item["code"]) == ("refused", "CARD_NOT_FOUND")
        passed = await stranger.post("delegateCard", {"card_id": card["card_id"], "to": BOB})
        assert passed.status_code == 404
    assert len(await cards_of(ann)) == 1


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("getMyCards", {}),
        ("getMyCard", {"card_id": "x"}),
        ("getMyDecisions", {}),
        ("getMyRequests", {}),
        ("explainMyRequest", {"workflow_execution_id": "x"}),
    ],
)
async def test_a_key_has_no_inbox(mine: Caller, name: str, query: dict[str, str]) -> None:
    answer = await mine.get(name, **query)
    assert (answer.status_code, answer.json()["code"]) == (403, "SCOPE")


async def test_an_answer_is_recorded_as_that_of_the_person_and_the_next_one_reads_who_was_first(
    mine: Caller, ann: Browser, bob: Browser, clock: FakeClock
) -> None:
    execution_id = await mine.trigger(await mine.create(approval()))
    (hers,), (his,) = await cards_of(ann), await cards_of(bob)
    assert results(await reply(ann, hers, action="approve", comment="fine")) == ["recorded"]
    user_id = (await ann.get("get")).json()["user"]["user_id"]
    actor = {"kind": "session", "user_id": user_id, "email": "Ann@EXAMPLE.com"}
    late = (await reply(bob, his, action="reject")).json()["items"][0]
    assert late == {
        "card_id": his["card_id"],
        "result": "already answered",
        "answered_by": ANN,
        "answered_on": to_ms(clock.now()),
        "answered_as": actor,
        "decision": "approved",
    }
    shown = (await bob.get("getMyCard", card_id=his["card_id"])).json()["item"]
    by_link = (await mine.client.get(f"/v2/inbox/{his['token']}")).json()["item"]
    assert shown["card_id"] == by_link["card_id"] == his["card_id"]
    assert (shown["status"], shown["answered_by"], shown["answered_as"]) == ("ANSWERED", ANN, actor)
    decided = (await mine.get("getDecisions", workflow_execution_id=execution_id)).json()["items"]
    assert [(one["user"], one["actor"]) for one in decided] == [(ANN, actor)]
    assert await cards_of(ann) == await cards_of(bob) == []


async def test_two_tabs_that_answer_one_card_at_once_make_one_decision(mine: Caller, ann: Browser) -> None:
    execution_id = await mine.trigger(await mine.create(approval()))
    (card,) = await cards_of(ann)
    tabs = await asyncio.gather(reply(ann, card, action="approve"), reply(ann, card, action="reject"))
    assert sorted(result for tab in tabs for result in results(tab)) == ["already answered", "recorded"]
    (decided,) = (await mine.get("getDecisions", workflow_execution_id=execution_id)).json()["items"]
    (lost,) = [item for tab in tabs for item in tab.json()["items"] if item["result"] == "already answered"]
    assert (lost["answered_by"], lost["decision"]) == (ANN, decided["action"])


async def test_each_of_several_answers_counts_by_itself(mine: Caller, ann: Browser) -> None:
    workflow_id = await mine.create(approval(comment_required="reject"))
    for _ in range(3):
        await mine.trigger(workflow_id)
    first, second, third = await cards_of(ann)
    answers = [
        {"card_id": first["card_id"], "revision": 1, "data": {"action": "approve"}},
        {"card_id": second["card_id"], "revision": 9, "data": {"action": "approve"}},
        {"card_id": third["card_id"], "revision": 1, "data": {"action": "reject"}},
        {"card_id": "no id", "revision": 1, "data": {"action": "reject"}},
    ]
    answer = await ann.post("answerCards", {"answers": answers})
    assert results(answer) == ["recorded", "changed", "refused", "refused"]
    _, changed, lacking, unknown = answer.json()["items"]
    assert changed["code"] == "CARD_CHANGED"
    assert (lacking["code"], lacking["errors"][0]["path"]) == ("PAYLOAD_REFUSED", "/data/comment")
    assert unknown["code"] == "CARD_NOT_FOUND"
    assert len(await cards_of(ann)) == 2


async def test_cards_with_one_bulk_key_take_one_answer_and_others_have_none(mine: Caller, ann: Browser) -> None:
    same = await mine.create(approval())
    await mine.trigger(same, {"po": "1"})
    await mine.trigger(same, {"po": "2"})
    await mine.trigger(await mine.create(definition(card_step(card=COUNTED), note_step())), {"po": "3"})
    counted, *alike = sorted(await cards_of(ann), key=lambda card: card["subject"] != "Count 3")
    assert (counted["subject"], counted["bulk_key"]) == ("Count 3", None)
    assert len({card["bulk_key"] for card in alike}) == 1
    assert results(await reply(ann, *alike)) == ["recorded", "recorded"]


async def test_bad_answers_are_refused_as_a_whole(mine: Caller, ann: Browser) -> None:
    await mine.trigger(await mine.create(approval()))
    (card,) = await cards_of(ann)
    for answers, path in (([], "/answers"), ([card] * 51, "/answers")):
        refused = await reply(ann, *answers)
        assert (refused.status_code, refused.json()["errors"][0]["path"]) == (400, path)
    unbound = await reply(ann, {**card, "revision": 0})
    assert (unbound.status_code, unbound.json()["errors"][0]["path"]) == (400, "/answers/0/revision")
    assert len(await cards_of(ann)) == 1


async def test_a_card_is_passed_on_once_and_its_former_holder_reads_to_whom(
    mine: Caller, ann: Browser, sign_in: Any
) -> None:
    await mine.trigger(await mine.create(approval()))
    (card,) = await cards_of(ann)
    body = {"card_id": card["card_id"], "to": f" {CY} ", "reason": "knows more"}
    passed = await ann.post("delegateCard", body)
    assert (passed.status_code, passed.json()) == (200, {"message": "passed on", "recipient": CY})
    again = await ann.post("delegateCard", body)
    assert (again.status_code, again.json()["code"]) == (409, "CLOSED")
    shown = (await ann.get("getMyCard", card_id=card["card_id"])).json()["item"]
    assert (shown["status"], shown["passed_to"]) == ("CLOSED", CY)
    assert "knows more" in shown["closed_text"]
    (item,) = (await reply(ann, card)).json()["items"]
    assert (item["result"], item["code"]) == ("refused", "CLOSED")
    assert {"passed_from", "passed_reason"}.isdisjoint(shown)
    cy = sign_in(CY)
    (theirs,) = await cards_of(cy)
    shown = (await cy.get("getMyCard", card_id=theirs["card_id"])).json()["item"]
    assert (shown["status"], shown["passed_from"], shown["passed_reason"]) == ("OPEN", ANN, "knows more")


@pytest.mark.parametrize(
    ("to", "status", "code"),
    [
        (ANN, 422, "CANNOT_REASSIGN"),
        (BOB, 422, "CANNOT_REASSIGN"),
        (CY, 422, "CANNOT_REASSIGN"),
        ("", 400, "BAD_BODY"),
        ("a\nb", 400, "BAD_BODY"),
    ],
)
async def test_a_card_is_not_passed_on_to_its_holder_a_second_seat_the_requester_or_no_one(
    mine: Caller, ann: Browser, to: str, status: int, code: str
) -> None:
    document = approval(requester="${payload.output.buyer}", self_approval=False)
    await mine.trigger(await mine.create(document), {"buyer": CY})
    (card,) = await cards_of(ann)
    refused = await ann.post("delegateCard", {"card_id": card["card_id"], "to": to})
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert len(await cards_of(ann)) == 1
