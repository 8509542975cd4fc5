"""Two organizations side by side: what is the other's answers exactly as what does not exist (TEN-01 to TEN-07)."""

from typing import Any, NamedTuple

import httpx2
import pytest

from blackbox.harness.client import UNKNOWN_ID, Organization
from blackbox.harness.definitions import ASKING, CARD, CARDING, COMPUTING, SCHEDULED, definition, note


class Theirs(NamedTuple):
    """One of everything that the other organization owns."""

    org: Organization
    workflow_id: str
    schedule_id: str
    execution_id: str
    card_id: str
    key_id: str
    cursor: dict[str, Any]
    workflow_cursor: dict[str, Any]


@pytest.fixture
def theirs(other: Organization) -> Theirs:
    canary = f"CANARY-{other.organization_id}"
    workflow_id = other.create(definition(*ASKING["workflow_steps"][1:], name=canary))
    execution_id = other.trigger(workflow_id, {"secret": canary, "process_id": "SHARED"})
    other.until(workflow_id, execution_id, "WAITING")
    other.trigger(workflow_id, {"secret": canary})
    schedule_id = other.create(SCHEDULED)
    made = other.post("createCard", {"card_name": canary, "card_payload": CARD}).json()["item"]
    other.post("activateCard", {"card_id": made["card_id"], "card_version": 1})
    body = {"name": "Theirs", "kind": "http", "settings": {"base_url": f"https://{canary.lower()}.example.com"}}
    assert other.post("createConnection", body).status_code == 200
    other.post("createProfile", {"workflow_id": workflow_id, "name": "dev", "values": {"x": canary}})
    key_id = other.get("getKeys").json()["items"][0]["key_id"]
    cursor = other.get("getOrganizationExecutions", limit=1).json()["lastKey"]
    workflows = other.get("getOrganizationWorkflows", limit=1).json()["lastKey"]
    return Theirs(other, workflow_id, schedule_id, execution_id, made["card_id"], key_id, cursor, workflows)


def comparable(answer: httpx2.Response, *ids: str) -> tuple[Any, ...]:
    """Returns all of an answer that could tell something, without what differs between any two calls."""
    text = answer.text
    for id_ in ids:
        text = text.replace(id_, "ID")
    if '"request_id"' in text:
        text = text.partition('"request_id"')[0]
    headers = {name for name in answer.headers if name != "date"}
    return answer.status_code, text, frozenset(headers)


def gets(org: Organization, mine: str, workflow: str, execution: str, card: str) -> list[httpx2.Response]:
    return [
        org.get("getWorkflowById", workflow_id=workflow, workflow_version="1"),
        org.get("getWorkflowById", workflow_id=workflow, workflow_version="latest"),
        org.get("getWorkflowSchemaById", workflow_id=workflow, workflow_version="1"),
        org.get("exportWorkflow", workflow_id=workflow, workflow_version="1"),
        org.get("getWorkflowExecutionById", workflow_id=workflow, workflow_execution_id=execution),
        org.get("getWorkflowExecutionById", workflow_id=mine, workflow_execution_id=execution),
        org.get("getWorkflowExecutionHistory", workflow_id=workflow),
        org.get("getProfiles", workflow_id=workflow),
        org.get("searchExecutions", workflow_id=workflow),
        org.get("searchExecutions", workflow_id=workflow, status="COMPLETED"),
        org.get("searchExecutions", workflow_id=workflow, workflow_version="1"),
        org.get("getIncidents", workflow_id=workflow),
        org.get("getLetters", workflow_id=workflow),
        org.get("getOrganizationDecisions", workflow_id=workflow),
        org.get("/v1/adaptive-cards/getCardById", card_id=card, card_version="1"),
        org.get("/v1/adaptive-cards/getLatestActiveCard", card_id=card),
    ]


def posts(org: Organization, workflow: str, execution: str, card: str, key: str) -> list[httpx2.Response]:
    version = {"workflow_id": workflow, "workflow_version": 1}
    profile = {"workflow_id": workflow, "name": "dev"}
    linked = {"card_name": "x", "card_payload": CARD, **version}
    return [
        org.post(f"triggerworkflow/{workflow}"),
        org.post(f"triggerworkflow/{workflow}/1", {"a": 1}),
        org.post(f"triggerworkflow/{workflow}", {"a": 1}, query={"test": "true"}),
        org.resume(execution),
        org.terminate(execution),
        org.resume(execution, query={"workflow_id": workflow}),
        org.post("toggleScheduledWorkflow", {"workflow_id": workflow, "action": "PAUSE"}),
        org.post("updateWorkflow", {**version, "modified_on": 1, "definition": COMPUTING}),
        org.post("activateWorkflow", version),
        org.post("deleteWorkflow", {"workflow_id": workflow}),
        org.post("rerunExecution", {"workflow_execution_id": execution}),
        org.post("createProfile", {**profile, "values": {}}),
        org.post("updateProfile", {**profile, "values": {}}),
        org.post("setDefaultProfile", profile),
        org.post("deleteProfile", profile),
        org.post("createCard", linked),
        org.post("updateCard", {"card_id": card, "card_version": 1, "modified_on": 1, "card_payload": CARD}),
        org.post("activateCard", {"card_id": card, "card_version": 1}),
        org.post("deleteCard", {"card_id": card}),
        org.post("revokeKey", {"key_id": key}),
    ]


def test_ids_of_another_organization_answer_like_random_ids(org: Organization, theirs: Theirs) -> None:
    # A store answers an organization of which it has nothing without a look at its lists.
    mine = org.run(COMPUTING)["workflow_id"]

    foreign = [
        *gets(org, mine, theirs.workflow_id, theirs.execution_id, theirs.card_id),
        *posts(org, theirs.workflow_id, theirs.execution_id, theirs.card_id, theirs.key_id),
        org.post("toggleScheduledWorkflow", {"workflow_id": theirs.schedule_id, "action": "PAUSE"}),
        org.get("getConnection", name="Theirs"),
        org.post("deleteConnection", {"name": "Theirs"}),
        org.resume("SHARED"),
        org.terminate("SHARED"),
    ]
    unknown = [
        *gets(org, mine, UNKNOWN_ID, UNKNOWN_ID, UNKNOWN_ID),
        *posts(org, UNKNOWN_ID, UNKNOWN_ID, UNKNOWN_ID, UNKNOWN_ID),
        org.post("toggleScheduledWorkflow", {"workflow_id": UNKNOWN_ID, "action": "PAUSE"}),
        org.get("getConnection", name="Nobody"),
        org.post("deleteConnection", {"name": "Nobody"}),
        org.resume("NOBODY"),
        org.terminate("NOBODY"),
    ]
    ids = (theirs.workflow_id, theirs.execution_id, theirs.card_id, theirs.key_id, theirs.schedule_id, UNKNOWN_ID)
    for theirs_answer, unknown_answer in zip(foreign, unknown, strict=True):
        shown, expected = (
            comparable(each, *ids, "Theirs", "Nobody", "SHARED", "NOBODY") for each in (theirs_answer, unknown_answer)
        )
        assert shown == expected
        assert shown[0] in (200, 404), theirs_answer.request.url
        assert "CANARY" not in theirs_answer.text
    assert theirs.org.item(theirs.workflow_id, theirs.execution_id)["status"] == "WAITING"


def test_a_right_workflow_with_a_foreign_execution_is_404(org: Organization, theirs: Theirs) -> None:
    mine = org.run(COMPUTING)
    for workflow_id, execution_id in (
        (mine["workflow_id"], theirs.execution_id),
        (theirs.workflow_id, mine["workflow_execution_id"]),
    ):
        answer = org.get("getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id)
        assert answer.status_code == 404


def test_a_foreign_cursor_is_a_position_and_shows_nothing_foreign(org: Organization, theirs: Theirs) -> None:
    before = org.run(COMPUTING)
    for name, cursor in (
        ("getOrganizationExecutions", theirs.cursor),
        ("getWorkflowExecutionHistory", {**theirs.cursor, "workflow_id": before["workflow_id"]}),
        ("getOrganizationWorkflows", theirs.workflow_cursor),
        ("searchExecutions", {"workflow_execution_id": theirs.cursor["workflow_execution_id"]}),
    ):
        answer = org.get(name, **cursor)
        assert answer.status_code in (200, 400)
        assert "CANARY" not in answer.text
        assert theirs.org.organization_id not in answer.text
        for item in answer.json().get("items", []):
            assert item["organization_id"] == org.organization_id


def test_a_forged_organization_in_a_cursor_or_a_body_is_ignored_or_refused(org: Organization, theirs: Theirs) -> None:
    org.run(COMPUTING)
    foreign = theirs.org.organization_id
    for name in ("getOrganizationExecutions", "getOrganizationWorkflows", "getOpenCards", "getKeys", "getConnections"):
        answer = org.get(name, organization_id=foreign)
        assert answer.status_code in (200, 400)
        assert foreign not in answer.text
        assert "CANARY" not in answer.text
    for value in ("[]", "{}", "x" * 8000, "' OR 1=1 --"):
        assert org.get("getOrganizationExecutions", organization_id=value).status_code in (200, 400)


def test_the_same_process_id_in_two_organizations_is_two_executions(org: Organization, theirs: Theirs) -> None:
    workflow_id = org.create(ASKING)
    execution_id = org.trigger(workflow_id, process_id="SHARED")
    org.until(workflow_id, execution_id, "WAITING")
    answer = org.resume("SHARED", x=1)
    assert answer.json()["data"]["workflow_identifier"]["workflow_execution_id"] == execution_id
    assert org.terminate("SHARED").status_code == 409
    assert theirs.org.item(theirs.workflow_id, theirs.execution_id)["status"] == "WAITING"


def test_a_process_id_that_is_a_foreign_execution_id_makes_no_link(org: Organization, theirs: Theirs) -> None:
    workflow_id = org.create(ASKING)
    execution_id = org.trigger(workflow_id, process_id=theirs.execution_id)
    org.until(workflow_id, execution_id, "WAITING")
    assert org.terminate(theirs.execution_id).json() == {"message": "terminated"}
    assert org.item(workflow_id, execution_id)["status"] == "TERMINATED"
    assert theirs.org.item(theirs.workflow_id, theirs.execution_id)["status"] == "WAITING"


def test_lists_and_pages_show_nothing_of_another_organization(org: Organization, theirs: Theirs) -> None:
    for name in (
        "getOrganizationExecutions",
        "getOrganizationWorkflows",
        "searchExecutions",
        "getConnections",
        "getOpenCards",
        "/v1/adaptive-cards/getOrganizationCards",
    ):
        assert org.get(name).json()["count"] == 0, name
    assert org.get("getKeys").json()["count"] == 1


def test_alternating_callers_on_one_connection_never_see_each_other(org: Organization, other: Organization) -> None:
    made = {each.organization_id: each.run(COMPUTING, {"who": each.organization_id}) for each in (org, other)}
    for _ in range(100):
        for each in (org, other):
            answer = each.get("getOrganizationExecutions")
            assert answer.headers["cache-control"] == "no-store"
            ids = [row["workflow_execution_id"] for row in answer.json()["items"]]
            assert ids == [made[each.organization_id]["workflow_execution_id"]]


def test_an_expression_sees_its_own_execution_only(org: Organization, theirs: Theirs) -> None:
    tries = ["${workflow}", "${executions}", "${env}", "${organizations[0]}", "${$root.organizations}", "${config}"]
    tries += [f"${{payload['{theirs.execution_id}']}}", "${environment.PATH}", "${__class__}", "${payload.__class__}"]
    flow = definition(*(note(f"try_{number}", text) for number, text in enumerate(tries)))
    saved = org.post("createWorkflow", {"definition": flow})
    if saved.status_code == 422:
        pytest.fail(f"plain paths are refused: {saved.text}")
    workflow_id = saved.json()["item"]["workflow_id"]
    org.activate(workflow_id)
    output = org.until(workflow_id, org.trigger(workflow_id))["workflow_output_payload"]["payload"]["output"]
    assert [output[f"try_{number}"] for number in range(len(tries))] == [None] * len(tries)


def test_an_inbox_link_opens_its_own_card_only(org: Organization, other: Organization) -> None:
    for each in (org, other):
        workflow_id = each.create(CARDING)
        each.until(workflow_id, each.trigger(workflow_id, {"po": each.organization_id}), "WAITING")
    (mine,), (foreign,) = org.cards(), other.cards()
    assert org.organization_id in org.client.get(f"/v2/inbox/{mine['token']}").text
    assert org.organization_id not in org.client.get(f"/v2/inbox/{foreign['token']}").text
