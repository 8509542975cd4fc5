"""No call but an approver's answer takes an approval's exits; every route that changes something is in the table."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from people_kit import Browser, join
from server_kit import Caller, definition, note_step

from looply.app.bulks.runner import BulkRunner
from looply.app.context.services import Services
from looply.catalog import Catalog
from looply.catalog.tenants.keys import KeyDraft
from looply.execution.facts.commands import FireTimer
from looply.server.application import API_ROUTES
from looply.server.http.call import SESSION_PATH, Route
from looply.testing.clock import FakeClock

ANN, BOB, EVE = "ann@example.com", "bob@example.com", "eve@example.com"
PROCESS: Final = "PO-1"


def asking(*, is_asked: bool = True, **settings: Any) -> dict[str, Any]:
    """Returns a definition with an approval of two people and a release, or with the release alone."""
    ask = {"id": "ask", "type": "approval", "settings": {"recipients": [ANN, BOB], **settings}}
    flow = definition(*([ask] if is_asked else []), note_step("released"))
    for edge in flow["workflow_connections"]:
        if edge["from"] == "ask":
            edge["branch"] = "approved"
    return flow


class Asked:
    """An execution that asks its approvers, and a caller with the scopes `trigger`, `read` and `manage`."""

    def __init__(self, everything: Caller, manager: Caller, services: Services, workflow_id: str, execution_id: str):
        self.everything = everything
        self.manager = manager
        self.services = services
        self.workflow_id = workflow_id
        self.execution_id = execution_id

    async def item(self) -> dict[str, Any]:
        return await self.everything.item(self.workflow_id, self.execution_id)

    async def repair(self, action: str, caller: Caller | None = None, **fields: Any) -> Any:
        body = {"workflow_execution_id": self.execution_id, "action": action, "reason": "why", **fields}
        return await (caller or self.manager).post("repairExecution", body)

    async def second_version(self) -> None:
        """Activates a version without approvals."""
        item = (await self.manager.get("getWorkflowById", workflow_id=self.workflow_id, workflow_version="1")).json()
        made = await self.manager.post(
            "updateWorkflow",
            {
                "workflow_id": self.workflow_id,
                "workflow_version": 1,
                "modified_on": item["item"]["modified_on"],
                "definition": asking(is_asked=False),
            },
        )
        assert made.status_code == 200, made.text
        await self.manager.activate(self.workflow_id, 2)


@pytest.fixture
async def asked(mine: Caller, clock: FakeClock, services: Services) -> Asked:
    """An execution with an open approval, and a letter: a resume that came before the approval was open."""
    workflow_id = await mine.create(asking_late(quorum="any"))
    execution_id = await mine.trigger(workflow_id, process_id=PROCESS)
    await resume_early(mine, execution_id, clock, services)
    return Asked(mine, await mine.key_with("trigger", "read", "manage"), services, workflow_id, execution_id)


def asking_late(**settings: Any) -> dict[str, Any]:
    """Returns a definition that pauses before it asks."""
    flow = asking(**settings)
    flow["workflow_steps"].insert(1, {"id": "pause", "type": "delay", "settings": {"for": "PT1M"}})
    flow["workflow_connections"][0]["to"] = "pause"
    flow["workflow_connections"].append({"from": "pause", "to": "ask"})
    return flow


async def resume_early(mine: Caller, execution_id: str, clock: FakeClock, services: Services) -> None:
    """Sends a resume that would approve, and lets the approval open after it."""
    body = {"payload": {"source": "TEAMS", "outcome": "approved"}}
    assert (await mine.post(f"resumeWorkflow/{execution_id}", body)).json()["buffered"] is True
    clock.advance(timedelta(minutes=2))
    (timer,) = (await services.engine.executions.get(execution_id)).state.timers
    await services.engine.submit(execution_id, FireTimer(at=clock.now(), timer=timer))


async def resumes(asked: Asked) -> None:
    token = (await asked.item())["waits"][0].get("wait_token")
    for path in (f"resumeWorkflow/{PROCESS}", f"resumeWorkflow/{asked.execution_id}?state=ask"):
        for source in ("SAP", "TEAMS"):
            for more in ({}, {"wait_token": token} if token else {}):
                body = {"payload": {"source": source, "outcome": "approved", **more}}
                answer = await asked.manager.post(path, body)
                assert (answer.status_code, answer.json()["code"]) == (409, "SOURCE_NOT_ACCEPTED"), answer.text


async def resumes_the_old_way(asked: Asked) -> None:
    answer = await asked.manager.post(
        f"/v1/workflows/resumeworkflow/{PROCESS}", {"source": "TEAMS", "outcome": "approved"}
    )
    assert answer.status_code == 409, answer.text


async def repairs(asked: Asked) -> None:
    approved = {"outcome": "approved", "decisions": []}
    for fields in (
        {"action": "complete", "branch": "approved", "output": approved},
        {"action": "complete", "branch": "rejected", "output": None},
        {"action": "skip", "branch": "timeout"},
        {"action": "move", "to": "released"},
        {"action": "edit", "document": {"ask": {"output": approved}}},
    ):
        for is_dry in (True, False):
            answer = await asked.repair(**fields, dry_run=is_dry)
            assert (answer.status_code, answer.json()["code"]) == (403, "OVERRIDE_NEEDED"), answer.text
    assert (await asked.repair(action="retry")).status_code == 409


async def redrives(asked: Asked) -> None:
    await asked.second_version()
    for mapping in ({}, {"ask": "released"}):
        body = {"workflow_execution_id": asked.execution_id, "workflow_version": 2, "mapping": mapping}
        answer = await asked.manager.post("redriveExecution", body)
        assert answer.status_code in (403, 409, 422), answer.text


async def redrives_many(asked: Asked) -> None:
    await asked.second_version()
    for which in (
        {"filter": {"workflow_id": asked.workflow_id}},
        {"filter": {"workflow_id": asked.workflow_id, "status": ["WAITING"]}},
        {"workflow_execution_id": [asked.execution_id]},
    ):
        await runs(asked, "bulkRedrive", {**which, "workflow_version": 2, "reason": "why"})


async def repairs_many(asked: Asked) -> None:
    for fields in ({"action": "retry"}, {"action": "skip", "branch": "approved", "state": "ask"}):
        body = {"workflow_execution_id": [asked.execution_id], **fields, "reason": "why"}
        await runs(asked, "bulkRepair", body)


async def runs(asked: Asked, name: str, body: dict[str, Any]) -> None:
    """Starts a bulk and lets it run."""
    started = await asked.manager.post(name, body)
    assert started.status_code == 200, started.text
    await BulkRunner(asked.services, "runner").tick()


async def reruns(asked: Asked) -> None:
    refused = await asked.manager.post("rerunExecution", {"workflow_execution_id": asked.execution_id})
    assert (refused.status_code, refused.json()["code"]) == (409, "PROCESS_ID_IN_USE")
    other = await asked.everything.trigger(asked.workflow_id)
    answer = await asked.manager.post("rerunExecution", {"workflow_execution_id": other})
    assert answer.status_code == 200, answer.text
    again = answer.json()["looply_execution_id"]
    assert again not in (other, asked.execution_id)
    assert (await asked.everything.item(asked.workflow_id, again))["workflow_current_state"] == "pause"


async def settles_letters(asked: Asked) -> None:
    (letter,) = (await asked.manager.get("getLetters")).json()["items"]
    assert letter["workflow_execution_id"] == asked.execution_id
    for action, expected in (("apply", 409), ("discard", 200)):
        answer = await asked.manager.post("settleLetter", {"letter_id": letter["letter_id"], "action": action})
        assert answer.status_code == expected, answer.text


async def passes_cards_on(asked: Asked) -> None:
    cards = (await asked.manager.get("getOpenCards")).json()["items"]
    cards.sort(key=lambda card: [BOB, ANN].index(card["recipient"]))
    assert len(cards) == 2
    passed = {}
    for card in cards:
        assert (card["token"], card["url"]) == (None, None)
        body = {"card_id": card["card_id"], "to": EVE, "reason": "mine"}
        passed[card["recipient"]] = (await asked.manager.post("reassignCard", body)).json()
    # Eve has one card of the step: the other one stays where it is.
    assert (passed[BOB]["message"], passed[BOB]["token"], passed[BOB]["url"]) == ("reassigned", None, None)
    assert passed[ANN]["code"] == "CANNOT_REASSIGN"


async def answers_without_a_link(asked: Asked) -> None:
    for text in (asked.execution_id, "x", str((await asked.item())["waits"][0].get("wait_token"))):
        answer = await asked.manager.post(f"/v2/inbox/{text}", {"data": {"action": "approve"}})
        assert answer.status_code == 404, answer.text


async def tries_the_step(asked: Asked) -> None:
    body = {"workflow_id": asked.workflow_id, "from_execution": asked.execution_id, "step_id": "ask"}
    for more in ({}, {"send": True}, {"send": True, "i_know": True}):
        assert (await asked.manager.post("testStep", {**body, **more})).status_code != 500


TAKES: Final[dict[str, Callable[[Asked], Awaitable[None]]]] = {
    "resumeWorkflow": resumes,
    "resumeworkflow_v1": resumes_the_old_way,
    "repairExecution": repairs,
    "redriveExecution": redrives,
    "bulkRedrive": redrives_many,
    "bulkRepair": repairs_many,
    "rerunExecution": reruns,
    "settleLetter": settles_letters,
    "reassignCard": passes_cards_on,
    "inbox": answers_without_a_link,
    "testStep": tries_the_step,
}
"""Every call that could take the exit, with its arguments."""

ENDS: Final = {"terminateWorkflow", "bulkTerminate"}
"""Calls that end an execution and take no exit of it."""

REMINDS: Final = {"remindCard"}
"""Calls about an open card that give no answer to it."""

BRINGS: Final = {"receive", "inboxCode"}
"""By the first a channel brings what people do in it, whose answers are those of the cards they see; by the second the
recipient of a card gets the code of an answer."""

ELSEWHERE: Final = {
    *("putNotification", "putNotificationSecret", "deleteNotification", "testNotification", "checkTeamsPerson"),
    *("installTeamsApp", "cancelTeamsInstallation"),
    *("activateCard", "activateWorkflow", "cancelBulk", "completeExpression", "createCard"),
    *("createConnection", "createKey", "createProfile", "createWorkflow", "deleteCard"),
    *("deleteConnection", "deleteDatastore", "deleteProfile", "deleteWorkflow", "evaluateExpression"),
    *("importWorkflow", "previewSchedule", "putDatastore", "revokeKey", "setDefaultProfile", "setMockPayload"),
    *(
        "toggleScheduledWorkflow",
        "toggleScheduledWorkflow_v1",
        "triggerworkflow",
        "triggerworkflow_v1",
        "updateCard",
        "updateConnection",
    ),
    *("drainTarget", "pauseTarget", "releaseTarget"),
    *("testConnection", "updateProfile", "updateWorkflow", "validateExpression", "validateWorkflow"),
    *("describeData", "diffVersions", "previewActivation", "putCanvas", "putSamples", "renameStep", "touchPresence"),
}
"""Calls that edit, administer or start: none of them names an open execution."""


def test_every_call_that_changes_something_is_in_the_table() -> None:
    changing = {route.name for route in API_ROUTES if route.method == "POST" and not is_of_people(route)}
    assert changing - {*TAKES, *ENDS, *REMINDS, *BRINGS, *ELSEWHERE} == set()


def is_of_people(route: Route) -> bool:
    """Returns whether a call is one on sessions, or of people on their own cards, whose tests are in their rooms."""
    return route.path.startswith(SESSION_PATH) or route.access in ("own", "members", "organization")


@pytest.mark.parametrize("take", TAKES.values(), ids=TAKES)
async def test_only_an_answer_takes_the_exit_of_an_approval(
    asked: Asked, take: Callable[[Asked], Awaitable[None]]
) -> None:
    before = await asked.item()
    await take(asked)
    after = await asked.item()
    assert after["status"] == "WAITING"
    assert [wait["state"] for wait in after["waits"]] == ["ask"]
    assert (after["waits"], after["workflow_version"]) == (before["waits"], before["workflow_version"])
    decided = (await asked.everything.get("getDecisions", workflow_execution_id=asked.execution_id)).json()["items"]
    assert decided == []


async def test_an_override_needs_a_reason_and_is_not_a_decision_of_an_approver(asked: Asked, mine: Caller) -> None:
    override = await mine.key_with("manage", "override")
    fields = {"action": "complete", "branch": "approved", "output": {"outcome": "approved"}}
    silent = await asked.repair(**fields, caller=override, reason=" ")
    assert silent.status_code == 422, silent.text
    assert [error["path"] for error in silent.json()["errors"]] == ["/reason"]
    done = await asked.repair(**fields, caller=override, reason="the board has decided")
    assert done.status_code == 200, done.text
    item = await asked.item()
    assert (item["status"], item["workflow_output_payload"]["payload"]["output"]["released"]) == ("COMPLETED", "done")
    expected = {"state": "ask", "action": "overridden", "comment": "the board has decided", "is_override": True}
    for path, query in (
        ("getDecisions", {"workflow_execution_id": asked.execution_id}),
        ("getOrganizationDecisions", {"workflow_id": asked.workflow_id}),
    ):
        (entry,) = (await mine.get(path, **query)).json()["items"]
        assert {name: entry[name] for name in expected} == expected
        assert entry["card_revision"] is None
    (record,) = (await mine.get("getAudit", action="execution.skip")).json()["items"]
    assert record["details"]["overrides"] == ["ask"]
    skipped = [entry for entry in _events(item) if entry["type"] == "STEP_SKIPPED"]
    assert [entry["overrides"] for entry in skipped] == [["ask"]]


def _events(item: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = item["workflow_event_log"]["events"]
    return found


async def test_with_api_a_system_decides(mine: Caller) -> None:
    workflow_id = await mine.create(asking(api=True))
    execution_id = await mine.trigger(workflow_id)
    system = await mine.key_with("trigger")
    answer = await system.post(f"resumeWorkflow/{execution_id}", {"payload": {"source": "SAP", "outcome": "approved"}})
    assert answer.json()["message"] == "restarted"
    (entry,) = (await mine.get("getDecisions", workflow_execution_id=execution_id)).json()["items"]
    assert (entry["action"], entry["is_override"]) == ("approved", False)


async def test_an_early_resume_does_not_resume_an_approval_when_it_opens(
    mine: Caller, clock: FakeClock, services: Services
) -> None:
    workflow_id = await mine.create(asking_late())
    execution_id = await mine.trigger(workflow_id)
    await resume_early(mine, execution_id, clock, services)
    assert (await mine.item(workflow_id, execution_id))["status"] == "WAITING"
    (letter,) = (await mine.get("getLetters")).json()["items"]
    manager = await mine.key_with("manage")
    applied = await manager.post("settleLetter", {"letter_id": letter["letter_id"], "action": "apply"})
    assert applied.status_code == 409, applied.text
    assert (await mine.item(workflow_id, execution_id))["status"] == "WAITING"


def calling(child_id: str) -> dict[str, Any]:
    """Returns a definition that calls another workflow, waits for its end, and then releases."""
    call = {"id": "call", "type": "subworkflow", "settings": {"workflow_id": child_id}}
    return definition(call, note_step("released"))


@pytest.mark.parametrize("depth", [1, 2])
async def test_the_approval_of_a_child_is_not_decided_in_its_parent(mine: Caller, depth: int) -> None:
    asks = await mine.create(asking())
    parent = asks
    for _ in range(depth):
        parent = await mine.create(calling(parent))
    execution_id = await mine.trigger(parent)
    manager = await mine.key_with("manage")
    for fields in (
        {"action": "complete", "output": {"status": "COMPLETED", "output": {}}},
        {"action": "move", "to": "released"},
        {"action": "edit", "document": {"call": {"output": {"status": "COMPLETED"}}}},
    ):
        body = {"workflow_execution_id": execution_id, "reason": "why", **fields}
        refused = await manager.post("repairExecution", body)
        assert (refused.status_code, refused.json()["code"]) == (403, "OVERRIDE_NEEDED"), refused.text
    done = await mine.post(
        "repairExecution",
        {
            "workflow_execution_id": execution_id,
            "action": "complete",
            "output": {},
            "reason": "the board has decided",
        },
    )
    assert done.status_code == 200, done.text
    (entry,) = (await mine.get("getDecisions", workflow_execution_id=execution_id)).json()["items"]
    assert (entry["state"], entry["is_override"]) == ("call", True)


async def test_a_child_without_approvals_can_be_completed_in_its_parent(mine: Caller) -> None:
    waits = await mine.create(definition({"id": "w", "type": "wait", "settings": {}}, note_step()))
    execution_id = await mine.trigger(await mine.create(calling(waits)))
    manager = await mine.key_with("manage")
    body = {"workflow_execution_id": execution_id, "action": "complete", "output": {}, "reason": "why"}
    assert (await manager.post("repairExecution", body)).status_code == 200


async def test_an_operator_cannot_pass_a_card_on_to_themselves_nor_by_a_key_that_they_have_made(
    mine: Caller, asked: Asked, catalog: Catalog, browsers: Callable[[], Browser]
) -> None:
    eve = await join(browsers(), catalog, mine.organization_id, EVE, "operator")
    await join(browsers(), catalog, mine.organization_id, "cy@example.com", "operator")
    user_id = (await eve.get("get")).json()["user"]["user_id"]
    owners = (mine.organization_id, mine.workspace_id)
    first = await catalog.keys.create(*owners, KeyDraft("robot", ["manage", "admin"]), actor=user_id)
    second = await catalog.keys.create(*owners, KeyDraft("robot", ["manage"]), actor=first.key.key_id)
    robots = [Caller(mine.client, *owners, made.text) for made in (first, second)]
    (card, _) = (await asked.manager.get("getOpenCards")).json()["items"]
    body = {"card_id": card["card_id"], "reason": "mine"}
    for caller in (eve, *robots):
        for to in (EVE, "EVE@example.com."):
            refused = await caller.post("reassignCard", {**body, "to": to})
            assert (refused.status_code, refused.json()["code"]) == (422, "CANNOT_REASSIGN"), refused.text
    passed = await eve.post("reassignCard", {**body, "to": "cy@example.com"})
    assert passed.status_code == 200, passed.text
