"""What a person decided, and what they asked others to decide."""

from datetime import timedelta
from typing import Any, get_args

from people_kit import Browser
from server_kit import Caller, definition

from looply.app.monitoring.sentences import FOR_REQUESTERS
from looply.engine.shell.shell import Shell
from looply.execution.views.holds import HoldKind
from looply.instants import to_ms
from looply.testing.clock import FakeClock
from looply.testing.world import Answer, World

ANN, BOB, CY = "ann@example.com", "bob@example.com", "cy@example.com"


def approval(**settings: Any) -> dict[str, Any]:
    return definition(
        {
            "id": "approval_1",
            "type": "approval",
            "description": "Release ${payload.output.po}?",
            "settings": {"recipients": [ANN, BOB], "requester": "${payload.output.buyer}", **settings},
        },
        name="Orders",
    )


async def answer(person: Browser, action: str = "approve") -> None:
    (card,) = (await person.get("getMyCards")).json()["items"]
    data = {"action": action, "comment": "because"}
    sent = {"answers": [{"card_id": card["card_id"], "revision": card["revision"], "data": data}]}
    assert (await person.post("answerCards", sent)).json()["items"][0]["result"] == "recorded"


async def requests_of(person: Browser, **query: Any) -> dict[str, Any]:
    answer = await person.get("getMyRequests", **query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_the_own_decisions_are_listed_with_their_subjects(mine: Caller, sign_in: Any, clock: FakeClock) -> None:
    execution_id = await mine.trigger(await mine.create(approval()), {"buyer": CY, "po": "4711"})
    await answer(sign_in(ANN))
    page = (await sign_in("Ann <ANN@example.com>").get("getMyDecisions")).json()
    (item,) = page["items"]
    assert (item["user"], item["action"], item["comment"]) == (ANN, "approved", "because")
    assert (item["workflow_execution_id"], item["workflow_name"]) == (execution_id, "Orders")
    assert (item["actor"]["kind"], item["at"]) == ("session", to_ms(clock.now()))
    assert item["subject"]
    assert (await sign_in(BOB).get("getMyDecisions")).json()["items"] == []


async def test_a_requester_sees_who_has_the_card_what_was_decided_and_how_it_ended(
    mine: Caller, sign_in: Any, clock: FakeClock
) -> None:
    execution_id = await mine.trigger(await mine.create(approval(timeout="P2D")), {"buyer": "Cy <CY@example.com>"})
    cy = sign_in(CY)
    (item,) = (await requests_of(cy))["items"]
    assert (item["workflow_execution_id"], item["status"], item["state"]) == (execution_id, "OPEN", "approval_1")
    assert (item["waiting_for"], item["progress"]) == ([ANN, BOB], {"done": 0, "needed": 2})
    assert (item["opened_on"], item["due_on"]) == (to_ms(clock.now()), to_ms(clock.now() + timedelta(days=2)))
    await answer(sign_in(ANN))
    (item,) = (await requests_of(cy))["items"]
    assert (item["waiting_for"], item["progress"]) == ([BOB], {"done": 1, "needed": 2})
    await answer(sign_in(BOB), "reject")
    (item,) = (await requests_of(cy))["items"]
    assert (item["status"], item["waiting_for"], item["ended_on"]) == ("REJECTED", [], to_ms(clock.now()))
    assert [(one["user"], one["action"]) for one in item["decisions"]] == [(ANN, "approved"), (BOB, "rejected")]


async def test_requests_come_in_pages_and_only_to_their_requester(
    mine: Caller, theirs: Caller, sign_in: Any, clock: FakeClock
) -> None:
    workflow_id = await mine.create(approval(quorum="any"))
    mine_too = []
    for po in range(5):
        mine_too.append(await mine.trigger(workflow_id, {"buyer": CY, "po": po}))
        await mine.trigger(workflow_id, {"buyer": BOB})
        clock.advance(timedelta(minutes=1))
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = await requests_of(sign_in(CY), **query)
        seen += [item["workflow_execution_id"] for item in page["items"]]
        if "lastKey" not in page:
            break
        query |= page["lastKey"]
    assert seen == mine_too[::-1]
    assert (await requests_of(sign_in(CY, theirs)))["items"] == []
    assert (await requests_of(sign_in(ANN)))["items"] == []
    assert (await requests_of(sign_in("*@example.com")))["items"] == []


async def test_a_request_without_an_answer_says_so(mine: Caller, sign_in: Any) -> None:
    execution_id = await mine.trigger(await mine.create(approval()), {"buyer": CY})
    await mine.post(f"terminateworkflow/{execution_id}", {"payload": {"reason": "enough"}})
    (item,) = (await requests_of(sign_in(CY)))["items"]
    assert (item["status"], item["waiting_for"]) == ("CANCELLED", [])


async def reason_of(person: Browser, execution_id: str) -> dict[str, Any]:
    answer = await person.get("explainMyRequest", workflow_execution_id=execution_id)
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    return item


async def test_a_requester_reads_why_a_request_does_not_move_without_its_data(
    mine: Caller, sign_in: Any, world: World, shell: Shell, clock: FakeClock
) -> None:
    world.always("call_1", Answer(status=500, data={"why": "secret 4711"}))
    booking = {"method": "POST", "url": "https://shop.example/orders", "fail_on": ["5xx"]}
    steps = approval(quorum="any", timeout="P2D")
    steps["workflow_steps"].append(
        {"id": "call_1", "type": "httpRequest", "description": "Book the order", "settings": booking}
    )
    steps["workflow_connections"].append({"from": "approval_1", "to": "call_1", "branch": "approved"})
    execution_id = await mine.trigger(await mine.create(steps), {"buyer": CY, "po": "4711"})
    cy = sign_in(CY)
    item = await reason_of(cy, execution_id.upper())
    assert (item["workflow_execution_id"], item["verdict"]) == (execution_id, "WAITS_FOR_PERSON")
    assert (item["step"], item["who"]) == ("Release ${payload.output.po}?", [ANN, BOB])
    assert item["text"] == f"It waits for the decision of {ANN} and {BOB} on Release ${{payload.output.po}}?."
    assert item["expected_until"] > item["since"]
    await answer(sign_in(ANN))
    await shell.executions.wait_until_settled(execution_id, clock.now() + timedelta(minutes=1))
    item = await reason_of(cy, execution_id)
    assert (item["verdict"], item["step"], item["who"]) == ("INCIDENT", None, [])
    assert item["text"] == "It is stopped by a failure, which an operator looks after."
    for hidden in ("4711", "shop.example", "Book"):
        assert hidden not in str(item)


async def test_a_requester_reads_nothing_of_a_request_of_another_person(mine: Caller, sign_in: Any) -> None:
    steps = approval(quorum="any")
    other = {"recipients": [BOB], "requester": "${payload.output.auditor}"}
    steps["workflow_steps"].append(
        {"id": "approval_2", "type": "approval", "description": "Is it a fraud?", "settings": other}
    )
    steps["workflow_connections"].append({"from": "approval_1", "to": "approval_2", "branch": "approved"})
    execution_id = await mine.trigger(await mine.create(steps), {"buyer": CY, "auditor": "dan@example.com"})
    await answer(sign_in(ANN))
    item = await reason_of(sign_in(CY), execution_id)
    assert (item["verdict"], item["step"], item["who"]) == ("WAITS_FOR_PERSON", None, [])
    assert item["text"] == "It waits for an answer to another request."
    theirs = await reason_of(sign_in("dan@example.com"), execution_id)
    assert (theirs["step"], theirs["who"]) == ("Is it a fraud?", [BOB])


def test_every_kind_of_hold_can_be_said_to_a_requester() -> None:
    assert FOR_REQUESTERS.keys() == set(get_args(HoldKind))
    assert not any("{" in text for text in FOR_REQUESTERS.values())


async def test_only_the_requester_reads_why_a_request_does_not_move(mine: Caller, sign_in: Any) -> None:
    execution_id = await mine.trigger(await mine.create(approval()), {"buyer": CY})
    for person in (sign_in(ANN), sign_in("dan@example.com")):
        refused = await person.get("explainMyRequest", workflow_execution_id=execution_id)
        assert (refused.status_code, refused.json()["code"]) == (404, "EXECUTION_NOT_FOUND")
    for text in ("01900000-0000-7000-8000-000000000000", "x", ""):
        refused = await sign_in(CY).get("explainMyRequest", workflow_execution_id=text)
        assert refused.status_code in (400, 404)
