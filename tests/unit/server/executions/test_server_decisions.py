"""The record of decisions over HTTP: of one execution and of the organization, also after it was pruned."""

from datetime import timedelta
from typing import Any

import pytest
from server_kit import Caller, definition

from looply.engine.records.pruning import RetentionFilter
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.pruner import prune_now
from looply.errors import NotFound
from looply.instants import to_ms
from looply.testing.clock import FakeClock

ANN, BOB, CY = "ann@example.com", "bob@example.com", "cy@example.com"
DAY = timedelta(days=1)


def approving(step: str = "ask", *recipients: str, **beside: Any) -> dict[str, Any]:
    asking = {"id": step, "type": "approval", "settings": {"recipients": list(recipients) or [ANN, BOB]}, **beside}
    return definition(asking)


class Desk:
    """Approvers of an organization, and a clock that advances."""

    def __init__(self, mine: Caller, shell: Shell, clock: FakeClock) -> None:
        self.mine = mine
        self._shell = shell
        self.clock = clock

    async def decide(self, document: dict[str, Any], process_id: str, *users: str, comment: str = "fine") -> str:
        """Returns an execution with decisions of these people, a second apart."""
        execution_id = await self.mine.trigger(await self.mine.create(document), {}, process_id=process_id)
        for user in users:
            self.clock.advance(timedelta(seconds=1))
            (card,) = (await self.mine.get("getOpenCards", recipient=user)).json()["items"]
            data = {"action": "approve", "comment": comment}
            answer = await self.mine.client.post(f"/v2/inbox/{card['token']}", json={"data": data, "card_revision": 1})
            assert answer.json() == {"message": "recorded"}, answer.text
        return execution_id

    async def prune(self) -> None:
        """Prunes all executions that have ended; the newest one waits and stays."""
        await self.mine.trigger(await self.mine.create(approving("later", "later@example.com")))
        self.clock.advance(2 * DAY)
        now = self.clock.now()
        report = await prune_now(self._shell.pruning, [RetentionFilter(now=now, ended_before=now, overrides=True)])
        assert report.executions > 0

    async def list_decisions(self, **query: Any) -> Any:
        answer = await self.mine.get("getOrganizationDecisions", **query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def desk(mine: Caller, shell: Shell, clock: FakeClock) -> Desk:
    return Desk(mine, shell, clock)


async def test_the_decisions_of_an_execution_that_was_pruned_are_those_that_it_had(
    desk: Desk, mine: Caller, theirs: Caller, shell: Shell
) -> None:
    execution_id = await desk.decide(approving(), "PO-1", ANN, BOB)
    before = (await mine.get("getDecisions", workflow_execution_id=execution_id)).json()
    assert [item["user"] for item in before["items"]] == [ANN, BOB]
    await desk.prune()
    with pytest.raises(NotFound):
        await shell.executions.get(execution_id)
    for written in (execution_id, execution_id.upper()):
        assert (await mine.get("getDecisions", workflow_execution_id=written)).json() == before
    refused = await theirs.get("getDecisions", workflow_execution_id=execution_id)
    assert (refused.status_code, refused.json()["code"]) == (404, "EXECUTION_NOT_FOUND")
    assert (await theirs.get("getOrganizationDecisions")).json()["items"] == []


async def test_the_list_names_the_execution_of_each_decision_and_masks_secrets(desk: Desk, mine: Caller) -> None:
    execution_id = await desk.decide(approving(), "PO-1", ANN)
    secret = await desk.decide(approving("pin", CY, secret=["/output/decisions"]), "PO-2", CY, comment="it is 4711")
    body = await desk.list_decisions()
    masked, shown = body["items"]
    assert (body["count"], masked["workflow_execution_id"], masked["comment"]) == (2, secret, "***")
    execution = await desk.mine.get("getDecisions", workflow_execution_id=execution_id)
    (decision,) = execution.json()["items"]
    assert shown == {
        **decision,
        "decision_id": shown["decision_id"],
        "workflow_execution_id": execution_id,
        "workflow_id": shown["workflow_id"],
        "workflow_version": 1,
        "process_id": "PO-1",
    }
    assert (await mine.item(shown["workflow_id"], execution_id))["status"] == "WAITING"


async def test_pages_continue_after_pruned_executions(desk: Desk) -> None:
    made = [await desk.decide(approving("ask", ANN), f"PO-{n}", ANN) for n in range(4)]
    first = await desk.list_decisions(limit=2)
    assert [item["workflow_execution_id"] for item in first["items"]] == [made[3], made[2]]
    assert first["lastKey"] == {name: first["items"][1][name] for name in ("at", "decision_id")}
    await desk.prune()
    rest = await desk.list_decisions(limit=2, **first["lastKey"])
    assert [item["workflow_execution_id"] for item in rest["items"]] == [made[1], made[0]]
    assert "lastKey" not in rest


async def test_the_list_is_narrowed_by_workflow_step_user_process_and_period(desk: Desk) -> None:
    one = await desk.decide(approving(), "PO-1", ANN, BOB)
    between = to_ms(desk.clock.now()) + 1
    two = await desk.decide(approving("sign", ANN), "PO-2", ANN)
    workflow_id = (await desk.list_decisions(process_id="PO-2"))["items"][0]["workflow_id"]
    for query, found in (
        ({"user": ANN.upper()}, [two, one]),
        ({"process_id": "PO-1"}, [one, one]),
        ({"workflow_execution_id": two.upper()}, [two]),
        ({"workflow_id": workflow_id}, [two]),
        ({"workflow_id": workflow_id, "state": "sign"}, [two]),
        ({"workflow_id": workflow_id, "state": "ask"}, []),
        ({"from": between}, [two]),
        ({"to": between}, [one, one]),
    ):
        items = (await desk.list_decisions(**query))["items"]
        assert [item["workflow_execution_id"] for item in items] == found, query


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"state": "ask"}, "BAD_FILTER"),
        ({"user": "\0"}, "MALFORMED_QUERY"),
        ({"workflow_id": "orders"}, "INCORRECT_WORKFLOW_ID"),
        ({"workflow_execution_id": "4711"}, "INCORRECT_EXECUTION_ID"),
        ({"process_id": "a/b"}, "BAD_PROCESS_ID"),
        ({"from": "yesterday"}, "BAD_TIME"),
        ({"to": "-1"}, "BAD_TIME"),
        ({"limit": "0"}, "BAD_LIMIT"),
        ({"at": "1"}, "BAD_CURSOR"),
        ({"at": "1", "decision_id": "4711"}, "BAD_CURSOR"),
    ],
)
async def test_an_invalid_filter_is_refused(mine: Caller, query: dict[str, str], code: str) -> None:
    refused = await mine.get("getOrganizationDecisions", **query)
    assert refused.status_code == 400, refused.text
    assert refused.json()["code"] == code
    assert code != "BAD_CURSOR" or refused.json()["message"].endswith("; send all fields of lastKey unchanged")


async def test_a_key_that_may_not_read_sees_no_decision(mine: Caller) -> None:
    sender = await mine.key_with("trigger")
    assert (await sender.get("getOrganizationDecisions")).status_code == 403
    reader = await mine.key_with("read")
    assert (await reader.get("getOrganizationDecisions")).status_code == 200
