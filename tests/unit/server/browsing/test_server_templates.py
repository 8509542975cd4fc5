"""Each template of the gallery: stored, activated, and run to its end; people answer, the other systems are fakes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

import pytest
from server_kit import Caller, ScriptedShell

from looply.app.templates.gallery import ORDER, get_template
from looply.catalog import Catalog
from looply.jsontext import Json
from looply.testing.clock import FakeClock
from looply.testing.world import Answer, Outcome, Output, World

S4: Final = {
    "name": "S4",
    "kind": "sap",
    "settings": {"base_url": "https://sap.example", "client": "100", "user": "LOOPLY"},
    "secrets": {"password": "canary"},
}
MAIL: Final = {
    "name": "MAIL",
    "kind": "smtp",
    "settings": {"host": "mail.example", "port": 587, "from": "looply@example.com"},
    "secrets": {},
}
SENT: Final = Output({"message_id": "<1@example.com>", "accepted": [], "refused": []})
ITEM: Final = {
    "PurchaseOrderItemText": "Pump",
    "OrderQuantity": "2.000",
    "PurchaseOrderQuantityUnit": "PC",
    "NetPriceAmount": "8505.00",
    "NetAmount": "17010.00",
    "to_AccountAssignment": {"results": [{"CostCenter": "17101301"}]},
}


def fields(amount: str) -> dict[str, Json]:
    return {
        "PurchaseOrder": "4500000101",
        "Supplier": "1000201",
        "PurchaseOrderNetAmount": amount,
        "DocumentCurrency": "EUR",
        "PurchaseOrderDate": "2026-12-01T00:00:00.000Z",
        "CompanyCode": "1710",
        "PurchasingGroup": "002",
        "ReleaseCode": "E1",
        "NetPaymentDays": 30,
        "to_PurchaseOrderItem": {"results": [ITEM]},
    }


def order(amount: str) -> Answer:
    return Answer(data={"d": fields(amount)}, headers={"etag": 'W/"1"'})


LARGE: Final = order("17010.00")
SMALL: Final = order("249.00")
SUPPLIER: Final = Answer(data={"d": {"BusinessPartnerFullName": "Pump works"}})
NO_CONTENT: Final = Answer(status=204, text="No Content")
WAITING: Final = Answer(data={"d": {"results": [fields("17010.00"), fields("249.00")]}})
NONE_WAITING: Final = Answer(data={"d": {"results": []}})
CREATED: Final = Answer(status=201, text="Created", data={"d": {"BusinessPartner": "1000300"}})


class Run(NamedTuple):
    """One run of a template: with which sample, what the calls of steps return, who answers what, where it ends."""

    template_id: str
    sample: int | None
    outcomes: Mapping[str, Outcome]
    answers: tuple[tuple[str, str], ...]
    last_step: str


RUNS: Final = (
    Run(
        "purchase-order",
        0,
        {"sapRequest_1": LARGE, "sapRequest_2": SUPPLIER, "sapRequest_3": NO_CONTENT},
        (("manager@example.com", "approve"),),
        "sapRequest_3",
    ),
    Run(
        "purchase-order",
        0,
        {"sapRequest_1": LARGE, "sapRequest_2": SUPPLIER},
        (("manager@example.com", "reject"),),
        "terminate_1",
    ),
    Run(
        "purchase-order",
        1,
        {"sapRequest_1": SMALL, "sapRequest_2": SUPPLIER, "sapRequest_3": NO_CONTENT},
        (),
        "sapRequest_3",
    ),
    Run(
        "invoice-exception",
        0,
        {"sapRequest_1": Answer()},
        (("buyer@example.com", "approve"),),
        "sapRequest_1",
    ),
    Run("invoice-exception", 0, {"email_1": SENT}, (("buyer@example.com", "reject"),), "terminate_1"),
    Run("invoice-exception", 1, {"sapRequest_1": Answer()}, (), "sapRequest_1"),
    Run(
        "invoice-exception",
        2,
        {"sapRequest_1": Answer()},
        (("buyer@example.com", "approve"), ("accounts@example.com", "approve")),
        "sapRequest_1",
    ),
    Run(
        "vendor-onboarding",
        0,
        {"sapRequest_1": CREATED, "email_1": SENT},
        (("purchasing@example.com", "approve"), ("compliance@example.com", "approve")),
        "email_1",
    ),
    Run(
        "vendor-onboarding",
        0,
        {"email_2": SENT},
        (("purchasing@example.com", "approve"), ("compliance@example.com", "reject")),
        "terminate_1",
    ),
    Run("leave-request", 0, {"email_1": SENT}, (("manager@example.com", "approve"),), "email_1"),
    Run("leave-request", 0, {"email_2": SENT}, (("manager@example.com", "reject"),), "terminate_1"),
    Run("scheduled-report", None, {"sapRequest_1": WAITING, "email_1": SENT}, (), "email_1"),
    Run("scheduled-report", None, {"sapRequest_1": NONE_WAITING}, (), "terminate_1"),
)


async def connect(caller: Caller, world: World) -> None:
    for connection in (S4, MAIL):
        stored = await caller.post("createConnection", connection)
        assert stored.status_code == 200, stored.text
        world.connections.put(connection["name"], {}, connection["kind"], connection["settings"])


async def make(caller: Caller, template_id: str, **more: Json) -> dict[str, Any]:
    made = await caller.post("createWorkflow", {"template": template_id, **more})
    assert made.status_code == 200, made.text
    found: dict[str, Any] = made.json()
    return found


async def answer(caller: Caller, recipient: str, action: str) -> None:
    (card,) = (await caller.get("getOpenCards", recipient=recipient)).json()["items"]
    shown = (await caller.client.get(f"/v2/inbox/{card['token']}")).json()["item"]
    assert "$" not in shown["card"]["fallbackText"]
    data = {"action": action, "comment": "too expensive" if action == "reject" else ""}
    given = await caller.client.post(f"/v2/inbox/{card['token']}", json={"data": data})
    assert given.json() == {"message": "recorded"}, given.text


@pytest.mark.parametrize("template_id", ORDER)
async def test_a_template_has_no_findings_once_its_connections_exist(
    mine: Caller, world: World, template_id: str
) -> None:
    without = await make(mine, template_id)
    needs = {need.name for need in get_template(template_id).needs}
    missing = {finding["message"].split("'")[1] for finding in without["warnings"]}
    assert missing == needs
    await connect(mine, world)
    made = await make(mine, template_id)
    assert made["warnings"] == made["item"]["workflow_findings"] == []
    definition = (
        await mine.get("exportWorkflow", workflow_id=made["item"]["workflow_id"], workflow_version="1")
    ).json()["definition"]
    checked = (await mine.post("validateWorkflow", {"definition": definition})).json()
    assert (checked["errors"], checked["warnings"]) == ([], [])


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.template_id}-{run.last_step}")
async def test_a_template_runs_to_its_end(
    mine: Caller, world: World, shell: ScriptedShell, clock: FakeClock, run: Run
) -> None:
    await connect(mine, world)
    workflow_id = (await make(mine, run.template_id))["item"]["workflow_id"]
    await mine.activate(workflow_id, 1)
    for step, outcome in run.outcomes.items():
        world.script(step, outcome)
    body = None if run.sample is None else get_template(run.template_id).samples[run.sample].body
    execution_id = await mine.trigger(workflow_id, body)
    await shell.executions.wait_until_settled(execution_id, clock.now() + timedelta(minutes=1))
    for recipient, action in run.answers:
        await answer(mine, recipient, action)
        await shell.executions.wait_until_settled(execution_id, clock.now() + timedelta(minutes=1))
    item = await mine.item(workflow_id, execution_id)
    assert (item["status"], item["workflow_current_state"]) == ("COMPLETED", run.last_step)
    assert {call.step for call in world.calls} == set(run.outcomes)


async def test_a_workflow_from_a_template_has_its_cards_its_sample_and_the_connections_of_the_caller(
    mine: Caller, catalog: Catalog
) -> None:
    await mine.post("createConnection", {**S4, "name": "QAS"})
    made = await make(mine, "purchase-order", workflow_name="Orders of Dublin", connections={"S4": "QAS"})
    assert made["warnings"] == []
    item = made["item"]
    assert (item["workflow_name"], item["workflow_version"], item["workflow_status"]) == (
        "Orders of Dublin",
        1,
        "DRAFT",
    )
    named = {step["settings"].get("connection") for step in item["workflow_steps"]}
    assert named == {None, "QAS"}
    (card,) = (await mine.get("getCards")).json()["items"]
    assert (card["card_name"], card["used_by"], card["draft"]["version"]) == ("Purchase order approval", 1, 1)
    approval = next(step for step in item["workflow_steps"] if step["type"] == "approval")
    assert approval["settings"]["card_id"] == card["card_id"]
    stored = await catalog.cards.get(mine.organization_id, (card["card_id"], 1))
    assert (stored.workflow_id, stored.workflow_version) == (item["workflow_id"], 1)
    schema = (await mine.get("getWorkflowSchemaById", workflow_id=item["workflow_id"], workflow_version="1")).json()
    assert schema["item"]["workflow_mock_payload"]["po"] == "4500000101"
    samples = (await mine.get("getSamples", workflow_id=item["workflow_id"])).json()["item"]
    assert [each["name"] for each in samples["payloads"]] == ["Over the limit", "Under the limit"]
    assert samples["revision"] == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"template": "nothing"}, 404, "TEMPLATE_NOT_FOUND"),
        ({"template": "leave-request", "connections": {"S4": "QAS"}}, 422, "INVALID_NAME"),
        ({"template": "leave-request", "workflow_name": " x "}, 422, "INVALID_NAME"),
        ({"template": "leave-request", "definition": {}}, 400, "BAD_BODY"),
        ({"connections": {"S4": "QAS"}, "definition": {}}, 400, "BAD_BODY"),
        ({}, 400, "BAD_BODY"),
    ],
)
async def test_a_wrong_request_stores_neither_cards_nor_a_workflow(
    mine: Caller, body: dict[str, Any], status: int, code: str
) -> None:
    refused = await mine.post("createWorkflow", body)
    assert refused.status_code == status, refused.text
    assert refused.json()["code"] == code or status == 400
    assert (await mine.get("getCards")).json()["items"] == []
    assert (await mine.get("getWorkflows")).json()["items"] == []


async def test_the_gallery_shows_every_template(mine: Caller) -> None:
    items = (await mine.get("getTemplates")).json()["items"]
    assert [item["id"] for item in items] == list(ORDER)
    for item in items:
        assert item["title"]
        assert item["summary"].endswith(".")
        cards = {card["card_id"] for card in item["cards"]}
        named = {step["settings"].get("card_id") for step in item["definition"]["workflow_steps"]}
        assert cards == named - {None}
