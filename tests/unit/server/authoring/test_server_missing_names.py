"""Connections, datastores, cards and workflows that a definition names and its organization does not have."""

import json
from typing import Any

import pytest
from server_kit import CARD, COMPUTING, Caller, card_step, definition

ORDERS = {"service_path": "/sap/opu/odata/sap/ORDERS", "entity": "Order('1')", "fail_on": ["4xx", "5xx"]}
SETTINGS: dict[str, dict[str, Any]] = {
    "sap": {"base_url": "https://erp.example", "system_id": "S4H", "client": "100", "user": "u"},
}
SECRETS: dict[str, Any] = {"sap": {"secrets": {"password": "p"}}}
UNKNOWN = "9b2ff1a2-7b1e-4c0b-8a55-3d6a0c1f2e47"


def step(type_: str, **settings: Any) -> dict[str, Any]:
    return {"id": "step_1", "type": type_, "settings": settings}


def approval(**settings: Any) -> dict[str, Any]:
    return step("approval", **{"recipients": ["ann@example.com"], **settings})


MISSING = [
    (
        step("operation", operation="warehouse.pack"),
        "operation",
        "no installed connector has an operation 'warehouse.pack'",
    ),
    (step("httpRequest", connection="ERP", url="/a", fail_on=["4xx"]), "connection", "there is no connection 'ERP'"),
    (step("sapRequest", connection="ERP", **ORDERS), "connection", "there is no connection 'ERP'"),
    (
        step("email", connection="ERP", to="a@b.example", subject="s", text="t"),
        "connection",
        "there is no connection 'ERP'",
    ),
    (
        step("sapRequest", system_id="S4H", client="100", **ORDERS),
        "system_id",
        "no connections of kind sap have system_id S4H, client 100",
    ),
    (step("datastore", operation="get", name="rates"), "name", "there is no datastore 'rates'"),
    (approval(calendar="factory"), "calendar", "there is no datastore 'factory'"),
    (approval(recipients={"datastore": "people"}), "recipients/datastore", "there is no datastore 'people'"),
    (step("subworkflow", workflow_id=UNKNOWN), "workflow_id", f"there is no workflow {UNKNOWN}"),
    (
        step("subworkflow", workflow_id=UNKNOWN, version=3),
        "workflow_id",
        f"there is no workflow {UNKNOWN} with a version 3",
    ),
    (card_step("step_1", card_id=UNKNOWN), "card_id", f"card {UNKNOWN!r} not found; list the cards for their ids"),
]


async def save(caller: Caller, document: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.post("createWorkflow", {"definition": document})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def activation(caller: Caller, document: dict[str, Any]) -> Any:
    item = (await save(caller, document))["item"]
    named = {name: item[name] for name in ("workflow_id", "workflow_version")}
    return await caller.post("activateWorkflow", named)


async def connect(caller: Caller, name: str, kind: str) -> None:
    made = await caller.post(
        "createConnection", {"name": name, "kind": kind, "settings": SETTINGS[kind], **SECRETS[kind]}
    )
    assert made.status_code == 200, made.text


@pytest.mark.parametrize(("named", "field", "message"), MISSING)
async def test_a_missing_name_is_a_warning_when_the_definition_is_saved(
    mine: Caller, named: dict[str, Any], field: str, message: str
) -> None:
    warnings = (await save(mine, definition(named)))["warnings"]
    found = {each["path"]: each["message"] for each in warnings}
    assert found[f"/workflow_steps/1/settings/{field}"] == message


@pytest.mark.parametrize(("named", "field", "message"), MISSING)
async def test_a_missing_name_is_an_error_when_the_definition_is_activated(
    mine: Caller, named: dict[str, Any], field: str, message: str
) -> None:
    answer = await activation(mine, definition(named))
    assert answer.status_code == 422
    found = {each["path"]: each["message"] for each in answer.json()["errors"]}
    assert [path.endswith(f"/workflow_steps/1/settings/{field}") for path in found] == [True]
    assert list(found.values()) == [message]


async def test_the_workflow_of_failures_is_looked_up(mine: Caller) -> None:
    document = {**COMPUTING, "workflow_settings": {"on_failure": UNKNOWN}}
    answer = await activation(mine, document)
    assert answer.status_code == 422
    assert [each["message"] for each in answer.json()["errors"]] == [f"there is no workflow {UNKNOWN}"]


async def test_objects_of_another_organization_are_answered_like_missing_ones(mine: Caller, theirs: Caller) -> None:
    await connect(theirs, "ERP", "sap")
    child = await theirs.create(COMPUTING)
    calling = definition(step("httpRequest", connection="ERP", url="/a", fail_on=["4xx"]))
    assert await _answers(mine, calling, "ERP") == await _answers(mine, _rename(calling, "ERP", "ERX"), "ERX")
    starting = definition(step("subworkflow", workflow_id=child))
    assert await _answers(mine, starting, child) == await _answers(mine, _rename(starting, child, UNKNOWN), UNKNOWN)


@pytest.mark.parametrize(
    "named",
    [
        step("datastore", operation="get", name="rates"),
        approval(calendar="rates"),
        approval(recipients={"datastore": "rates"}),
        step("sapRequest", connection="rates", **ORDERS),
        step("sapRequest", system_id="S4H", client="100", **ORDERS),
    ],
)
async def test_what_only_another_organization_has_is_an_error_at_activation(
    mine: Caller, theirs: Caller, named: dict[str, Any]
) -> None:
    await connect(theirs, "rates", "sap")
    assert (await theirs.post("putDatastore", {"name": "rates", "value": {}})).status_code == 200
    refused = await activation(mine, definition(named))
    assert (refused.status_code, "there is no" in refused.text or "no connections" in refused.text) == (422, True)
    assert (await activation(theirs, definition(named))).status_code == 200


async def test_a_card_and_a_workflow_of_failures_of_another_organization_are_missing(
    mine: Caller, theirs: Caller
) -> None:
    made = await theirs.post("createCard", {"card_name": "Card", "card_payload": CARD})
    card_id = made.json()["item"]["card_id"]
    refused = await activation(mine, definition(card_step("step_1", card_id=card_id)))
    assert (refused.status_code, f"card {card_id!r} not found" in refused.text) == (422, True)
    workflow_id = await theirs.create(COMPUTING)
    refused = await activation(mine, {**COMPUTING, "workflow_settings": {"on_failure": workflow_id}})
    assert (refused.status_code, f"there is no workflow {workflow_id}" in refused.text) == (422, True)


async def test_an_existing_name_is_not_a_finding(mine: Caller) -> None:
    await connect(mine, "ERP", "sap")
    await mine.post("putDatastore", {"name": "rates", "value": {}})
    child = await mine.create(COMPUTING)
    steps = (
        {**step("sapRequest", connection="ERP", **ORDERS), "id": "step_1"},
        {**step("sapRequest", system_id="S4H", client=100, **ORDERS), "id": "step_2"},
        {**step("datastore", operation="get", name="rates"), "id": "step_3"},
        {**step("subworkflow", workflow_id=child, version="latest"), "id": "step_4"},
        {**approval(calendar="rates"), "id": "step_5"},
    )
    answer = await activation(mine, {**definition(*steps), "workflow_settings": {"on_failure": child}})
    assert answer.status_code == 200, answer.text


async def test_a_connection_of_another_kind_is_a_finding(mine: Caller) -> None:
    await connect(mine, "ERP", "sap")
    answer = await activation(mine, definition(step("httpRequest", connection="ERP", url="/a", fail_on=["4xx"])))
    message = "the connection 'ERP' is of kind sap; the step needs one of kind http"
    assert [each["message"] for each in answer.json()["errors"]] == [message]


async def test_a_mail_may_go_through_a_connection_of_either_kind_and_of_no_other(mine: Caller) -> None:
    settings = {
        "tenant_id": "11111111-2222-3333-4444-555555555555",
        "client_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "from": "orders@example.com",
    }
    made = await mine.post(
        "createConnection",
        {"name": "MAIL", "kind": "graph_mail", "settings": settings, "secrets": {"client_secret": "s3cret-of-mail"}},
    )
    assert made.status_code == 200, made.text
    mail = {"to": "ann@example.com", "subject": "Hi", "text": "Hi"}
    assert (await save(mine, definition(step("email", connection="MAIL", **mail))))["warnings"] == []
    await connect(mine, "ERP", "sap")
    warnings = (await save(mine, definition(step("email", connection="ERP", **mail))))["warnings"]
    message = "the connection 'ERP' is of kind sap; the step needs one of kind smtp or graph_mail"
    assert [each["message"] for each in warnings] == [message]


async def test_the_finding_suggests_a_similar_name_of_the_own_organization(mine: Caller, theirs: Caller) -> None:
    await connect(mine, "ERP_PROD", "sap")
    await connect(theirs, "ERP_PRD", "sap")
    warnings = (await save(mine, definition(step("sapRequest", connection="ERP_PRDO", **ORDERS))))["warnings"]
    assert [each["hint"] for each in warnings] == ["did you mean 'ERP_PROD'?"]


@pytest.mark.parametrize(
    "named",
    [
        step("sapRequest", connection="${payload.output.system}", **ORDERS),
        step("datastore", operation="set", name="rates", value=1),
        step("subworkflow", workflow_id="${payload.output.id}"),
    ],
)
async def test_a_name_that_an_expression_gives_or_that_the_step_makes_is_not_looked_up(
    mine: Caller, named: dict[str, Any]
) -> None:
    assert (await activation(mine, definition(named))).status_code == 200


async def test_a_datastore_that_the_definition_itself_makes_may_be_read(mine: Caller) -> None:
    reading = {**step("datastore", operation="get", name="rates"), "id": "step_1"}
    writing = {**step("datastore", operation="merge", name="rates", value={}), "id": "step_2"}
    assert (await activation(mine, definition(reading, writing))).status_code == 200


async def test_a_workflow_may_start_itself(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING, is_active=False)
    item = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version="1")).json()["item"]
    document = definition(step("subworkflow", workflow_id=workflow_id, version=2))
    body = {
        "workflow_id": workflow_id,
        "workflow_version": 1,
        "modified_on": item["modified_on"],
        "definition": document,
    }
    answer = await mine.post("updateWorkflow", body)
    assert answer.json()["warnings"] == []
    await mine.activate(workflow_id, 1)


async def test_validation_and_import_have_the_same_warnings(mine: Caller) -> None:
    document = definition(step("sapRequest", connection="ERP", **ORDERS))
    warned = (await save(mine, document))["warnings"]
    for name in ("validateWorkflow", "importWorkflow"):
        answer = await mine.post(name, {"definition": document})
        assert answer.status_code == 200
        assert answer.json()["warnings"] == warned


async def test_missing_objects_may_be_created_before_the_activation(mine: Caller) -> None:
    document = definition(step("sapRequest", connection="ERP", **ORDERS))
    workflow_id = await mine.create(document, is_active=False)
    await connect(mine, "ERP", "sap")
    await mine.activate(workflow_id, 1)


async def _answers(caller: Caller, document: dict[str, Any], name: str) -> str:
    """Returns the warnings of a save and the answer to an activation, without the name itself."""
    warnings = (await save(caller, document))["warnings"]
    answer = (await activation(caller, document)).json()
    shown = {key: value for key, value in answer.items() if key != "request_id"}
    return f"{warnings} {shown}".replace(name, "NAME")


def _rename(document: dict[str, Any], before: str, after: str) -> dict[str, Any]:
    renamed: dict[str, Any] = json.loads(json.dumps(document).replace(before, after))
    return renamed
