"""Approvals over the wire: the content of cards, refusals with reasons, reassignment, and the record of decisions."""

from typing import Any

from server_kit import Caller, definition

from looply.instants import to_ms
from looply.testing.clock import FakeClock

ANN, BOB = "ann@example.com", "bob@example.com"


def approving(**settings: Any) -> dict[str, Any]:
    return definition({"id": "ask", "type": "approval", "settings": {"recipients": [ANN, BOB], **settings}})


async def card(caller: Caller, recipient: str) -> dict[str, Any]:
    items = (await caller.get("getOpenCards", recipient=recipient)).json()["items"]
    found: dict[str, Any] = items[0]
    return found


async def test_the_card_shows_the_terms_of_the_approval_and_the_decisions_so_far(
    mine: Caller, clock: FakeClock
) -> None:
    await mine.trigger(await mine.create(approving(comment_required="reject")), {"po": "4711"})
    anns, bobs = await card(mine, ANN), await card(mine, BOB)
    refused = await mine.client.post(f"/v2/inbox/{anns['token']}", json={"data": {"action": "reject"}})
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"path": "/data/comment", "message": "A comment is required to reject."}]
    body = {"data": {"action": "approve", "comment": "fine"}, "card_revision": 1}
    assert (await mine.client.post(f"/v2/inbox/{anns['token']}", json=body)).json() == {"message": "recorded"}
    shown = (await mine.client.get(f"/v2/inbox/{bobs['token']}")).json()["item"]
    assert (shown["status"], shown["revision"]) == ("OPEN", 1)
    approval = shown["approval"]
    assert (approval["quorum"], approval["recipients"], approval["comment_required"]) == (2, 2, "reject")
    (decision,) = approval["decisions"]
    assert decision == {
        "state": "ask",
        "visit": 1,
        "scope": "",
        "user": ANN,
        "action": "approved",
        "comment": "fine",
        "at": to_ms(clock.now()),
        "via": "INBOX",
        "card_revision": 1,
        "is_final": False,
        "is_override": False,
        "actor": {"kind": "link"},
    }


async def test_an_answer_on_another_revision_records_nothing(mine: Caller) -> None:
    await mine.trigger(await mine.create(approving()))
    token = (await card(mine, ANN))["token"]
    stale = await mine.client.post(f"/v2/inbox/{token}", json={"data": {"action": "approve"}, "card_revision": 9})
    assert (stale.status_code, stale.json()["code"]) == (409, "CARD_CHANGED")
    assert (await mine.client.get(f"/v2/inbox/{token}")).json()["item"]["status"] == "OPEN"


async def test_a_card_is_reassigned_and_both_copies_show_it(mine: Caller, theirs: Caller) -> None:
    execution_id = await mine.trigger(await mine.create(approving(quorum="any")))
    anns = await card(mine, ANN)
    body = {"card_id": anns["card_id"], "to": "boss@example.com", "reason": "on leave"}
    assert (await theirs.post("reassignCard", body)).status_code == 404
    for unknown in ("", "x", "a\0b", "\N{ROMAN NUMERAL ONE}" * 36):
        answer = await mine.post("reassignCard", {**body, "card_id": unknown})
        assert (answer.status_code, answer.json()["code"]) == (404, "CARD_NOT_FOUND")
        message = f"no open card has the id {unknown[:50]!r}; list the open cards for their ids"
        assert answer.json()["message"] == message
    passed = await mine.post("reassignCard", body)
    assert passed.status_code == 200, passed.text
    assert (passed.json()["message"], passed.json()["recipient"]) == ("reassigned", "boss@example.com")
    assert passed.json()["workflow_execution_id"] == execution_id
    former = (await mine.client.get(f"/v2/inbox/{anns['token']}")).json()["item"]
    assert (former["status"], former["closed_reason"], former["passed_to"]) == (
        "CLOSED",
        "REASSIGNED",
        "boss@example.com",
    )
    late = await mine.client.post(f"/v2/inbox/{anns['token']}", json={"data": {"action": "approve"}})
    assert (late.status_code, late.json()["code"]) == (409, "CLOSED")
    assert "passed on to boss@example.com: on leave" in late.json()["message"]
    taken = await mine.post("reassignCard", {**body, "card_id": passed.json()["card_id"], "to": BOB})
    assert (taken.status_code, taken.json()["code"]) == (422, "CANNOT_REASSIGN")
    done = await mine.client.post(f"/v2/inbox/{passed.json()['token']}", json={"data": {"action": "approve"}})
    assert done.json() == {"message": "recorded"}
    gone = await mine.post("reassignCard", {**body, "card_id": passed.json()["card_id"]})
    assert (gone.status_code, gone.json()["code"]) == (404, "CARD_NOT_FOUND")


async def test_a_recipient_is_reminded_now_and_the_card_and_the_log_count_it(mine: Caller, theirs: Caller) -> None:
    workflow_id = await mine.create(approving(quorum="any"))
    execution_id = await mine.trigger(workflow_id)
    anns = await card(mine, ANN)
    body = {"card_id": anns["card_id"]}
    assert (await theirs.post("remindCard", body)).status_code == 404
    for count in (1, 2):
        reminded = await mine.post("remindCard", body)
        assert reminded.status_code == 200, reminded.text
        assert reminded.json() == {
            "message": "reminded",
            "card_id": anns["card_id"],
            "recipient": ANN,
            "workflow_execution_id": execution_id,
            "reminders": count,
        }
    shown = (await mine.client.get(f"/v2/inbox/{anns['token']}")).json()["item"]
    assert (shown["status"], shown["reminders"], shown["revision"]) == ("OPEN", 2, 1)
    log = (await mine.item(workflow_id, execution_id))["workflow_event_log"]["events"]
    sent = [entry for entry in log if entry["type"] == "CARD_SENT" and "reminder" in entry]
    assert [(entry["reminder"], entry["recipients"]) for entry in sent] == [(1, [ANN]), (2, [ANN])]
    records = (await mine.get("getAudit", action="card.remind")).json()["items"]
    assert [record["object_id"] for record in records] == [anns["card_id"]] * 2
    await mine.client.post(f"/v2/inbox/{anns['token']}", json={"data": {"action": "approve"}})
    gone = await mine.post("remindCard", body)
    assert (gone.status_code, gone.json()["code"]) == (404, "CARD_NOT_FOUND")


async def test_an_invalid_reassignment_is_refused_with_its_path(mine: Caller) -> None:
    for body, path in (
        ({"card_id": "x", "to": " "}, "/to"),
        ({"card_id": "x", "to": "a", "reason": "\x00"}, "/reason"),
    ):
        refused = await mine.post("reassignCard", body)
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["path"] == path


async def test_the_decisions_of_an_execution_are_read_by_its_own_organization_only(
    mine: Caller, theirs: Caller
) -> None:
    execution_id = await mine.trigger(await mine.create(approving(quorum="any")))
    token = (await card(mine, BOB))["token"]
    await mine.client.post(f"/v2/inbox/{token}", json={"data": {"action": "approve"}})
    found = (await mine.get("getDecisions", workflow_execution_id=execution_id)).json()
    assert found["count"] == 1
    (decision,) = found["items"]
    assert (decision["user"], decision["action"], decision["is_final"]) == (BOB, "approved", True)
    assert (await theirs.get("getDecisions", workflow_execution_id=execution_id)).status_code == 404
