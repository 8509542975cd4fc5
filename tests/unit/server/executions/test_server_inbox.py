"""The inbox: its page never records a decision, its calls do, once."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from server_kit import CARDING, PUBLIC_URL, Caller, card_step, definition, note_step

from looply.engine.shell.shell import Shell
from looply.execution.facts.commands import FireTimer
from looply.instants import to_ms
from looply.testing.clock import FakeClock

APPROVE = {"data": {"action": "approve"}}
PAIR = definition(card_step(recipients=["ann@example.com", "bob@example.com"]), note_step())


async def token_of(caller: Caller, recipient: str = "ann@example.com") -> str:
    cards = (await caller.get("getOpenCards", recipient=recipient)).json()["items"]
    link: str = cards[0]["url"]
    assert link.startswith(f"{PUBLIC_URL}/inbox/")
    token: str = cards[0]["token"]
    assert link.endswith(token)
    return token


async def decide(client: httpx2.AsyncClient, token: str, body: Any = APPROVE) -> httpx2.Response:
    return await client.post(f"/v2/inbox/{token}", json=body)


async def test_a_card_is_shown_to_the_holder_of_its_token(mine: Caller, clock: FakeClock) -> None:
    await mine.trigger(await mine.create(CARDING), {"po": "4711"})
    token = await token_of(mine)
    answer = await mine.client.get(f"/v2/inbox/{token}")
    assert answer.status_code == 200
    assert answer.json()["message"] == "success"
    item = answer.json()["item"]
    (shown,) = (await mine.get("getOpenCards")).json()["items"]
    assert item["card"]["body"][0]["text"] == "Release 4711?"
    assert {name: item[name] for name in item if name != "card"} == {
        "card_id": f"{shown['workflow_execution_id']}:{shown['card_id']}",
        "confirm": "link",
        "status": "OPEN",
        "workflow_name": "Story",
        "recipient": "ann@example.com",
        "opened_on": to_ms(clock.now()),
        "timeout_on": None,
        "answered_by": None,
        "answered_on": None,
        "decision": None,
        "revision": 1,
        "reminders": 0,
        "closed_reason": None,
        "closed_text": None,
        "passed_to": None,
        "approval": None,
    }


async def test_reading_a_card_decides_nothing(mine: Caller) -> None:
    await mine.trigger(await mine.create(CARDING))
    token = await token_of(mine)
    for path in (f"/v2/inbox/{token}", f"/inbox/{token}"):
        for method in ("GET", "HEAD"):
            assert (await mine.client.request(method, path)).status_code == 200
    assert (await mine.client.get(f"/v2/inbox/{token}")).json()["item"]["status"] == "OPEN"


async def test_an_answer_is_recorded_once_and_later_ones_return_its_author(mine: Caller, clock: FakeClock) -> None:
    workflow_id = await mine.create(CARDING)
    execution_id = await mine.trigger(workflow_id)
    token = await token_of(mine)
    first = await decide(mine.client, token)
    answered_on = to_ms(clock.now())
    clock.advance(timedelta(minutes=5))
    again = await decide(mine.client, token, {"data": {"action": "reject"}})
    assert (first.status_code, first.json()) == (200, {"message": "recorded"})
    assert again.status_code == 200
    assert again.json() == {
        "message": "already answered",
        "answered_by": "ann@example.com",
        "answered_on": answered_on,
        "answered_as": {"kind": "link"},
        "decision": "approve",
    }
    shown = (await mine.client.get(f"/v2/inbox/{token}")).json()["item"]
    assert (shown["status"], shown["answered_by"], shown["answered_on"]) == ("ANSWERED", "ann@example.com", answered_on)
    output = (await mine.item(workflow_id, execution_id))["workflow_output_payload"]["card_1"]["output"]
    assert output["response"] == {"user": "ann@example.com", "data": {"action": "approve"}}


async def test_another_recipient_learns_who_was_first(mine: Caller) -> None:
    await mine.trigger(await mine.create(PAIR))
    ann, bob = await token_of(mine), await token_of(mine, "bob@example.com")
    await decide(mine.client, bob)
    assert (await decide(mine.client, ann)).json()["answered_by"] == "bob@example.com"
    shown = (await mine.client.get(f"/v2/inbox/{ann}")).json()["item"]
    assert (shown["status"], shown["answered_by"]) == ("ANSWERED", "bob@example.com")


async def test_one_of_several_needed_answers_is_kept(mine: Caller) -> None:
    both = definition(card_step(recipients=["ann@example.com", "bob@example.com"], wait={"for": "all"}))
    await mine.trigger(await mine.create(both))
    ann, bob = await token_of(mine), await token_of(mine, "bob@example.com")
    assert (await decide(mine.client, ann)).json() == {"message": "recorded"}
    shown = [(await mine.client.get(f"/v2/inbox/{token}")).json()["item"]["status"] for token in (ann, bob)]
    assert shown == ["ANSWERED", "OPEN"]
    assert (await decide(mine.client, bob)).json() == {"message": "recorded"}


async def test_an_answer_that_is_too_large_is_refused_and_the_card_stays_open(mine: Caller) -> None:
    # The copies count twice, as the output of the step and in the payload: 900 KB become 8.1 MB.
    copies = note_step(value=["${payload.output.text}"] * 4)
    await mine.trigger(await mine.create(definition(copies, card_step())), {"text": "x" * 900_000})
    token = await token_of(mine)
    refused = await decide(mine.client, token, {"data": {"comment": "y" * 300_000}})
    assert (refused.status_code, refused.json()["code"]) == (422, "PAYLOAD_REFUSED")
    assert refused.json()["errors"][0]["path"] == "/data"
    assert (await decide(mine.client, token)).json() == {"message": "recorded"}


async def test_a_closed_card_accepts_no_answer(mine: Caller) -> None:
    execution_id = await mine.trigger(await mine.create(CARDING))
    token = await token_of(mine)
    await mine.post(f"terminateWorkflow/{execution_id}")
    answer = await decide(mine.client, token)
    assert (answer.status_code, answer.json()["code"]) == (409, "CLOSED")
    assert (await mine.client.get(f"/v2/inbox/{token}")).json()["item"]["status"] == "CLOSED"
    assert (await mine.get("getOpenCards")).json()["items"] == []


async def test_a_card_of_an_execution_with_an_incident_is_shown_as_frozen(
    mine: Caller, shell: Shell, clock: FakeClock
) -> None:
    slow = {**CARDING, "workflow_settings": {"timeout": "PT1H"}}
    execution_id = await mine.trigger(await mine.create(slow))
    token = await token_of(mine)
    reader = await mine.key_with("read")
    assert [card["status"] for card in (await mine.get("getOpenCards")).json()["items"]] == ["OPEN"]
    clock.advance(timedelta(hours=2))
    (timer,) = (await shell.executions.get(execution_id)).state.timers
    await shell.submit(execution_id, FireTimer(at=clock.now(), timer=timer))
    for caller in (mine, reader):
        assert [card["status"] for card in (await caller.get("getOpenCards")).json()["items"]] == ["FROZEN"]
    assert (await mine.client.get(f"/v2/inbox/{token}")).json()["item"]["status"] == "FROZEN"
    answer = await decide(mine.client, token)
    assert (answer.status_code, answer.json()["code"]) == (409, "FAILED")
    await mine.post(f"terminateWorkflow/{execution_id}")
    assert (await mine.get("getOpenCards")).json()["items"] == []
    assert (await mine.client.get(f"/v2/inbox/{token}")).json()["item"]["status"] == "CLOSED"


async def test_a_token_that_no_execution_made_is_404(mine: Caller) -> None:
    workflow_id = await mine.create(CARDING)
    execution_id = await mine.trigger(workflow_id)
    token = await token_of(mine)
    wait_token = (await mine.item(workflow_id, execution_id))["waits"][0]["wait_token"]
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    for text in ("x", "made-up", forged, wait_token, token + "A", token[:30]):
        for answer in (await mine.client.get(f"/v2/inbox/{text}"), await decide(mine.client, text)):
            assert answer.status_code == 404
            assert answer.json()["message"].startswith("card not found: no card has the token of this link; ")
            assert text not in answer.json()["message"].split()


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": []}, {"data": {}, "user": "bob"}, [], None])
async def test_an_answer_without_data_or_with_more_is_400(mine: Caller, body: Any) -> None:
    await mine.trigger(await mine.create(CARDING))
    token = await token_of(mine)
    assert (await decide(mine.client, token, body)).status_code == 400
    assert (await mine.client.get(f"/v2/inbox/{token}")).json()["item"]["status"] == "OPEN"


async def test_open_cards_are_those_of_the_organization_and_the_recipient(mine: Caller, theirs: Caller) -> None:
    workflow_id = await mine.create(PAIR)
    execution_id = await mine.trigger(workflow_id)
    assert (await theirs.get("getOpenCards")).json()["items"] == []
    assert (await mine.get("getOpenCards")).json()["count"] == 2
    (card,) = (await mine.get("getOpenCards", recipient="bob@example.com")).json()["items"]
    assert (card["workflow_id"], card["workflow_execution_id"], card["state"]) == (workflow_id, execution_id, "card_1")
    assert (card["recipient"], card["channel"], card["revision"]) == ("bob@example.com", "inbox", 1)


async def test_a_key_that_may_only_read_is_not_shown_the_links(mine: Caller) -> None:
    await mine.trigger(await mine.create(CARDING))
    reader = await mine.key_with("read")
    (card,) = (await reader.get("getOpenCards")).json()["items"]
    assert (card["token"], card["url"]) == (None, None)


async def test_the_page_is_the_same_for_every_token_and_strict(mine: Caller) -> None:
    await mine.trigger(await mine.create(CARDING))
    good = await mine.client.get(f"/inbox/{await token_of(mine)}")
    bad = await mine.client.get("/inbox/made-up")
    assert good.content == bad.content
    for answer in (good, bad):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


CHOOSING = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "Input.Number", "id": "amount", "min": 1, "max": 500}],
    "actions": [
        {"type": "Action.Submit", "title": "Approve", "data": {"action": "approve", "limit": 100}},
        {"type": "Action.Submit", "title": "Reject", "data": {"action": "reject"}},
    ],
}


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"action": "SUPERAPPROVE", "limit": 999_999_999, "user": "ceo@x.y"}, "/data"),
        ({"action": "approve", "limit": 999_999_999}, "/data"),
        ({"action": "reject", "user": "ceo@x.y"}, "/data/user"),
        ({"action": "reject", "amount": "501"}, "/data/amount"),
    ],
)
async def test_an_answer_that_the_card_does_not_offer_is_refused_and_the_card_stays_open(
    mine: Caller, data: dict[str, Any], path: str
) -> None:
    await mine.trigger(await mine.create(definition(card_step(card=CHOOSING), note_step())))
    token = await token_of(mine)
    refused = await decide(mine.client, token, {"data": data})
    assert (refused.status_code, refused.json()["code"]) == (422, "PAYLOAD_REFUSED")
    assert [error["path"] for error in refused.json()["errors"]] == [path]
    assert (await mine.client.get(f"/v2/inbox/{token}")).json()["item"]["status"] == "OPEN"


async def test_what_later_steps_read_has_the_cards_own_data_and_the_types_of_its_inputs(mine: Caller) -> None:
    workflow_id = await mine.create(definition(card_step(card=CHOOSING), note_step()))
    execution_id = await mine.trigger(workflow_id)
    answer = await decide(mine.client, await token_of(mine), {"data": {"action": "approve", "amount": "250"}})
    assert answer.json() == {"message": "recorded"}
    output = (await mine.item(workflow_id, execution_id))["workflow_output_payload"]["card_1"]["output"]
    assert output["response"]["data"] == {"action": "approve", "limit": 100, "amount": 250}


async def content_of(caller: Caller, token: str) -> str:
    """Returns the first text of the card that a link shows."""
    text: str = (await caller.client.get(f"/v2/inbox/{token}")).json()["item"]["card"]["body"][0]["text"]
    return text


async def test_an_answered_card_can_be_read_for_an_hour_and_its_outcome_permanently(
    mine: Caller, clock: FakeClock
) -> None:
    await mine.trigger(await mine.create(CARDING), {"po": "4711"})
    token = await token_of(mine)
    await decide(mine.client, token)
    clock.advance(timedelta(minutes=59))
    assert await content_of(mine, token) == "Release 4711?"
    clock.advance(timedelta(minutes=1))
    item = (await mine.client.get(f"/v2/inbox/{token}")).json()["item"]
    assert "4711" not in str(item)
    assert (item["status"], item["answered_by"], item["decision"]) == ("ANSWERED", "ann@example.com", "approve")


async def test_a_terminated_or_reassigned_card_is_not_shown_any_more(mine: Caller) -> None:
    workflow_id = await mine.create(CARDING)
    first = await mine.trigger(workflow_id, {"po": "4711"})
    token = await token_of(mine)
    await mine.post(f"terminateWorkflow/{first}")
    assert "over" in await content_of(mine, token)
    await mine.trigger(workflow_id, {"po": "4712"})
    token = await token_of(mine)
    (card,) = (await mine.get("getOpenCards")).json()["items"]
    await mine.post("reassignCard", {"card_id": card["card_id"], "to": "bob@example.com", "reason": "on leave"})
    assert "over" in await content_of(mine, token)


async def test_links_are_shown_only_to_keys_that_may_override(mine: Caller) -> None:
    await mine.trigger(await mine.create(CARDING))
    manager, reader = await mine.key_with("manage"), await mine.key_with("read", "override")
    (card,) = (await manager.get("getOpenCards")).json()["items"]
    assert (card["token"], card["url"]) == (None, None)
    passed = (await manager.post("reassignCard", {"card_id": card["card_id"], "to": "bob@example.com"})).json()
    assert (passed["message"], passed["token"], passed["url"]) == ("reassigned", None, None)
    assert (await mine.get("getAudit", action="card.read_links")).json()["items"] == []
    (card,) = (await reader.get("getOpenCards")).json()["items"]
    assert card["url"].endswith(card["token"])
    (entry,) = (await mine.get("getAudit", action="card.read_links")).json()["items"]
    assert (entry["object_id"], entry["details"]) == (card["card_id"], {"cards": [card["card_id"]]})


async def test_a_caller_cannot_reassign_a_card_to_itself(mine: Caller) -> None:
    await mine.trigger(await mine.create(CARDING))
    made = await mine.post("createKey", {"name": "Eve <eve@example.com>", "scopes": ["manage"]})
    eve = Caller(mine.client, mine.organization_id, mine.workspace_id, made.json()["item"]["api_key"])
    (card,) = (await eve.get("getOpenCards")).json()["items"]
    for to in ("eve@example.com", "EVE@example.com.", "Eve <eve@example.com>"):
        refused = await eve.post("reassignCard", {"card_id": card["card_id"], "to": to})
        assert (refused.status_code, refused.json()["code"]) == (422, "CANNOT_REASSIGN")


@pytest.mark.parametrize(
    "spelling",
    [
        "ANN@example.com",
        "Ann <ann@example.com>",
        "ann@example.com.",
        " ann@EXAMPLE.com",
        "\N{FULLWIDTH LATIN SMALL LETTER A}nn@example.com",
        '"ann"@example.com',
        "ann(in the office)@example.com",
        "mailto:ann@example.com",
        "Ann <mailto:ann @ example.com>",
    ],
)
async def test_the_cards_of_a_person_are_found_by_every_spelling_of_the_address(mine: Caller, spelling: str) -> None:
    flow = definition(card_step(recipients=["Ann <Ann@Example.com>", "bob@example.com"]), note_step())
    await mine.trigger(await mine.create(flow))
    (card,) = (await mine.get("getOpenCards", recipient=spelling)).json()["items"]
    assert card["recipient"] == "Ann <Ann@Example.com>"
    assert (await mine.get("getOpenCards", recipient="ann+po@example.com")).json()["items"] == []
    assert (await mine.get("getOpenCards", recipient=" ")).json()["items"] == []


async def test_a_card_that_is_sent_without_a_wait_is_never_open(mine: Caller) -> None:
    notice = {"id": "notice", "type": "adaptiveCard", "settings": {"action": "send", "card": CHOOSING}}
    notice["settings"] = {**notice["settings"], "recipients": ["ann@example.com"]}  # type: ignore[dict-item]
    await mine.trigger(await mine.create(definition(notice, {"id": "w", "type": "wait", "settings": {}})))
    assert (await mine.get("getOpenCards")).json()["items"] == []


async def test_open_cards_come_in_pages_each_once(mine: Caller, clock: FakeClock) -> None:
    workflow_id = await mine.create(PAIR)
    for _ in range(4):
        await mine.trigger(workflow_id)
        clock.advance(timedelta(seconds=1))
    whole = [card["card_id"] for card in (await mine.get("getOpenCards")).json()["items"]]
    assert len(whole) == 8
    for query in ({}, {"recipient": "bob@example.com"}):
        seen: list[str] = []
        key: dict[str, Any] = {}
        while True:
            page = (await mine.get("getOpenCards", limit="3", **query, **key)).json()
            seen += [card["card_id"] for card in page["items"]]
            if "lastKey" not in page:
                break
            key = page["lastKey"]
            assert set(key) == {"opened_on", "card_id"}
        assert seen == [card_id for card_id in whole if not query or card_id in seen]
        assert len(seen) == (4 if query else 8)
    for broken in ({"opened_on": "1"}, {"card_id": whole[0]}, {"opened_on": "x", "card_id": "y"}):
        refused = await mine.get("getOpenCards", **broken)
        assert (refused.status_code, refused.json()["code"]) == (400, "BAD_CURSOR")
        assert refused.json()["message"].endswith("; send all fields of lastKey unchanged")
