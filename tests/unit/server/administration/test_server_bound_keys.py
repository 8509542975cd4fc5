"""A key that is bound to workflows: no call shows it anything else."""

from typing import Any

import httpx2
import pytest
from server_kit import ASKING, CARDING, COMPUTING, SCHEDULED, Caller

from looply.catalog.tenants.keys import MAX_BOUND
from looply.catalog.tenants.names import NO_WORKFLOW
from looply.permissions import Scope, permissions_of
from looply.server.http.boundary import Boundary

UNKNOWN = "01900000-0000-7000-8000-0000000000ff"

NARROWED = {
    "GET": {
        "explainExecution",
        "exportWorkflow",
        "getBlob",
        "getCanvas",
        "getCounts",
        "getDecisions",
        "getEventData",
        "getExecutionAt",
        "getExecutionLog",
        "getExecutionRows",
        "getExpressionFunctions",
        "getIncidentGroups",
        "getIncidents",
        "getLetter",
        "getLetters",
        "getOrganizationDecisions",
        "getOrganizationExecutions",
        "getOrganizationExecutions_v1",
        "getOrganizationWorkflows",
        "getOrganizationWorkflows_v1",
        "getPermissions",
        "getProfiles",
        "getScheduleCalendar",
        "getScheduleFires",
        "getSchedules",
        "getStatistics",
        "getStepTypes",
        "getWorkflowById",
        "getWorkflowById_v1",
        "getWorkflowExecutionById",
        "getWorkflowExecutionById_v1",
        "getWorkflowExecutionHistory",
        "getWorkflowExecutionHistory_v1",
        "getWorkflowSchemaById",
        "getWorkflowSchemaById_v1",
        "getWorkflowVersions",
        "getWorkflows",
        "searchExecutions",
        "watchExecution",
        "watchHeads",
        "watchOrganization",
    },
    "POST": {
        "completeExpression",
        "describeData",
        "evaluateExpression",
        "previewSchedule",
        "reassignCard",
        "redriveExecution",
        "remindCard",
        "repairExecution",
        "rerunExecution",
        "resumeWorkflow",
        "resumeworkflow_v1",
        "settleLetter",
        "terminateWorkflow",
        "toggleScheduledWorkflow",
        "toggleScheduledWorkflow_v1",
        "triggerworkflow",
        "triggerworkflow_v1",
        "validateExpression",
    },
}
"""The calls that a bound key may make. A new call must be listed here if it shows nothing of other workflows."""


class Two:
    """Two workflows with an execution each, and a key that is bound to the first."""

    def __init__(self, bound: Caller, own: str, other: str, own_execution: str, other_execution: str) -> None:
        self.bound = bound
        self.own = own
        self.other = other
        self.own_execution = own_execution
        self.other_execution = other_execution


async def bound_key(
    mine: Caller, *workflow_ids: str, scopes: tuple[str, ...] = ("trigger", "read", "manage")
) -> Caller:
    body = {"name": "bound", "scopes": list(scopes), "workflow_ids": list(workflow_ids)}
    made = await mine.post("createKey", body)
    assert made.status_code == 200, made.text
    assert made.json()["item"]["workflow_ids"] == sorted(workflow_ids)
    return Caller(mine.client, mine.organization_id, mine.workspace_id, made.json()["item"]["api_key"])


async def two(mine: Caller, document: dict[str, Any] = ASKING) -> Two:
    own, other = await mine.create(document), await mine.create(document)
    executions = [await mine.trigger(each, {"n": 1}, process_id="PO-1") for each in (own, other)]
    return Two(await bound_key(mine, own), own, other, executions[0], executions[1])


def status_and_body(answer: httpx2.Response) -> tuple[int, dict[str, Any]]:
    body = answer.json()
    return answer.status_code, {name: value for name, value in body.items() if name != "request_id"}


def test_every_call_says_whether_bound_keys_may_make_it(app: Boundary) -> None:
    for method, names in NARROWED.items():
        taken = {route.name for route in app.routes if route.takes_bound_keys and route.method == method}
        assert taken == names


async def test_a_call_about_the_whole_organization_is_refused(app: Boundary, mine: Caller) -> None:
    found = await two(mine)
    scopes: tuple[Scope, ...] = ("trigger", "read", "manage", "override")
    bound = await bound_key(mine, found.own, scopes=scopes)
    for route in app.routes:
        if route.takes_bound_keys or route.access in ("public", "metrics"):
            continue
        answer = await mine.client.request(route.method, route.path, headers=bound.headers())
        lacks = {} if route.access in permissions_of(scopes) else {"permission": route.access}
        assert status_and_body(answer) == (403, {"message": "Forbidden", "code": "SCOPE", **lacks}), route.path


def calls(workflow_id: str, execution_id: str) -> list[tuple[str, str, dict[str, Any], Any]]:
    """Returns a call of every kind about a workflow and an execution of it: method, name, query, body."""
    version = {"workflow_id": workflow_id, "workflow_version": "1"}
    both = {"workflow_id": workflow_id, "workflow_execution_id": execution_id}
    execution = {"workflow_execution_id": execution_id}
    step = {"expression": "pay", "position": 3}
    return [
        ("GET", "exportWorkflow", version, None),
        ("GET", "getBlob", {**both, "blob": "0" * 64}, None),
        ("GET", "getCanvas", {"workflow_id": workflow_id}, None),
        ("GET", "getDecisions", execution, None),
        ("GET", "getLetter", {"letter_id": f"{execution_id}:3"}, None),
        ("GET", "getProfiles", {"workflow_id": workflow_id}, None),
        ("GET", "getScheduleFires", {"workflow_id": workflow_id}, None),
        ("GET", "getWorkflowById", version, None),
        ("GET", "getWorkflowExecutionById", both, None),
        ("GET", "getWorkflowExecutionHistory", {"workflow_id": workflow_id}, None),
        ("GET", "getWorkflowSchemaById", version, None),
        ("GET", "watchExecution", execution, None),
        ("GET", "searchExecutions", {"workflow_id": workflow_id}, None),
        ("GET", "getIncidents", {"workflow_id": workflow_id}, None),
        ("GET", "getLetters", {"workflow_id": workflow_id}, None),
        ("GET", "getOrganizationDecisions", {"workflow_id": workflow_id}, None),
        ("POST", "completeExpression", {}, {"workflow_id": workflow_id, "step_id": "note_1", **step}),
        ("POST", "describeData", {}, {"workflow_id": workflow_id, "step_id": "note_1"}),
        ("POST", "previewSchedule", {}, {"workflow_id": workflow_id}),
        ("POST", "redriveExecution", {}, execution),
        ("POST", "repairExecution", {}, {**execution, "action": "retry"}),
        ("POST", "rerunExecution", {}, execution),
        ("POST", f"resumeWorkflow/{execution_id}", {}, {"payload": {"source": "SAP"}}),
        ("POST", f"resumeWorkflow/{execution_id}", {"workflow_id": workflow_id}, {"payload": {"source": "SAP"}}),
        ("POST", f"/v1/workflows/resumeworkflow/{execution_id}", {}, {"source": "SAP"}),
        ("POST", "settleLetter", {}, {"letter_id": f"{execution_id}:3", "action": "discard"}),
        ("POST", f"terminateWorkflow/{execution_id}", {}, None),
        ("POST", "toggleScheduledWorkflow", {}, {**version, "action": "PAUSE"}),
        ("POST", f"triggerworkflow/{workflow_id}", {}, {"n": 1}),
        ("POST", f"triggerworkflow/{workflow_id}/1", {}, {"n": 1}),
        ("POST", f"/v1/workflows/triggerworkflow/{workflow_id}", {}, {"n": 1}),
    ]


async def test_objects_of_another_workflow_are_answered_exactly_like_unknown_ones(mine: Caller) -> None:
    found = await two(mine)
    foreign, unknown = calls(found.other, found.other_execution), calls(NO_WORKFLOW, UNKNOWN)
    for (method, name, query, body), (_, same, other_query, other_body) in zip(foreign, unknown, strict=True):
        answers = []
        for path, params, content in ((name, query, body), (same, other_query, other_body)):
            url = path if path.startswith("/") else f"/v2/workflows/{path}"
            answers.append(
                await mine.client.request(method, url, params=params, json=content, headers=found.bound.headers())
            )
        status, answered = status_and_body(answers[0])
        # An answer may repeat the id that it was asked for.
        for shown in (answered, *answered.get("errors", ())):
            shown["message"] = shown["message"].replace(found.other_execution, UNKNOWN)
        assert (status, answered) == status_and_body(answers[1]), name
        assert found.other not in answers[0].text
        assert answers[0].status_code in (400, 404) or answers[0].json()["items"] == [], (name, answers[0].text)
    item = await mine.item(found.other, found.other_execution)
    assert item["status"] == "WAITING"


async def test_each_of_these_calls_is_answered_for_the_own_workflow(mine: Caller) -> None:
    found = await two(mine)
    for method, name, query, body in calls(found.own, found.own_execution):
        if name in ("watchExecution", "getBlob", "getLetter", "settleLetter"):
            continue
        url = name if name.startswith("/") else f"/v2/workflows/{name}"
        answer = await mine.client.request(method, url, params=query, json=body, headers=found.bound.headers())
        assert answer.status_code in (200, 409), (name, answer.text)


async def test_lists_and_searches_show_the_workflows_of_the_key_only(mine: Caller) -> None:
    found = await two(mine)
    for name in ("getOrganizationExecutions", "searchExecutions", "getOrganizationWorkflows"):
        items = (await found.bound.get(name)).json()["items"]
        assert {item["workflow_id"] for item in items} == {found.own}, name
        assert len((await mine.get(name)).json()["items"]) == 2
    terms = (await found.bound.get("searchExecutions", term="PO-1")).json()["items"]
    assert [item["workflow_execution_id"] for item in terms] == [found.own_execution]


async def test_a_process_id_that_others_use_too_names_the_own_execution(mine: Caller) -> None:
    found = await two(mine)
    answer = await found.bound.post("resumeWorkflow/PO-1", {"payload": {"source": "SAP"}})
    assert answer.json()["data"]["workflow_identifier"]["workflow_execution_id"] == found.own_execution
    assert (await mine.item(found.other, found.other_execution))["status"] == "WAITING"
    # The other execution is still open, and the own one has ended.
    again = await found.bound.post("resumeWorkflow/PO-1", {"payload": {"source": "SAP"}})
    assert again.json()["message"] == "already restarted"


async def test_schedules_show_the_workflows_of_the_key_only(mine: Caller) -> None:
    own, other = await mine.create(SCHEDULED), await mine.create(SCHEDULED)
    bound = await bound_key(mine, own)
    assert [item["workflow_id"] for item in (await bound.get("getSchedules")).json()["items"]] == [own]
    body = {"workflow_id": own, "workflow_version": "1", "action": "PAUSE"}
    assert (await bound.post("toggleScheduledWorkflow", body)).status_code == 200
    assert (await bound.post("toggleScheduledWorkflow", {**body, "workflow_id": other})).status_code == 404


async def test_a_card_of_another_workflow_cannot_be_reassigned(mine: Caller) -> None:
    found = await two(mine, CARDING)
    cards = {card["workflow_id"]: card["card_id"] for card in (await mine.get("getOpenCards")).json()["items"]}
    body = {"to": "ben@example.com", "reason": "on leave"}
    foreign = await found.bound.post("reassignCard", {**body, "card_id": cards[found.other]})
    unknown = await found.bound.post("reassignCard", {**body, "card_id": UNKNOWN})
    status, answered = status_and_body(foreign)
    # An answer may repeat the id that it was asked for.
    answered["message"] = answered["message"].replace(cards[found.other], UNKNOWN)
    assert (status, answered) == status_and_body(unknown)
    assert foreign.status_code == 404
    assert (await found.bound.post("reassignCard", {**body, "card_id": cards[found.own]})).status_code == 200


async def test_a_key_is_bound_to_workflows_that_exist_and_never_to_none(mine: Caller, theirs: Caller) -> None:
    own, foreign = await mine.create(COMPUTING), await theirs.create(COMPUTING)
    for ids in ([], ["x"], [UNKNOWN], [foreign], [own, foreign], [own] * (MAX_BOUND + 1)):
        answer = await mine.post("createKey", {"name": "k", "scopes": ["read"], "workflow_ids": ids})
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "/workflow_ids"), ids
    answer = await mine.post("createKey", {"name": "k", "scopes": ["read", "admin"], "workflow_ids": [own]})
    assert answer.status_code == 422
    listed = (await mine.get("getKeys")).json()["items"]
    assert [key["workflow_ids"] for key in listed] == [None]


@pytest.mark.parametrize("cascade", [False, True])
async def test_the_revocation_of_a_key_lists_the_keys_that_were_made_with_it(mine: Caller, cascade: bool) -> None:
    first = await mine.key_with("admin")
    second = await first.key_with("admin", "read")
    third = await second.key_with("read")
    keys = {key["prefix"]: key["key_id"] for key in (await mine.get("getKeys")).json()["items"]}
    ids = [keys[each.key.split("_")[1]] for each in (first, second, third)]
    body = {"key_id": ids[0], **({"cascade": True} if cascade else {})}
    answer = (await mine.post("revokeKey", body)).json()
    assert [key["key_id"] for key in answer["made_by_it"]] == [ids[2], ids[1]]
    assert all((key["revoked_on"] is not None) == cascade for key in answer["made_by_it"])
    assert (await third.get("getSchedules")).status_code == (403 if cascade else 200)
    again = (await mine.post("revokeKey", body)).json()["made_by_it"]
    assert len(again) == (0 if cascade else 2)
