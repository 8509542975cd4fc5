"""Connections are tested, saved or not, and their systems are asked what they offer."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from server_kit import Caller, definition

from kit.servers.sap_gateway import METADATA, SERVICE_2, SERVICE_4, StrictGateway
from looply.app.browsing import connection_uses
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.errors import Conflict
from looply.permissions import ALL
from looply.testing.clock import FakeClock


@pytest_asyncio.fixture
async def gateway() -> AsyncIterator[StrictGateway]:
    gateway = StrictGateway()
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    gateway.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield gateway
    server.close()
    await gateway.close()


def draft(gateway: StrictGateway, **settings: Any) -> dict[str, Any]:
    given = {"base_url": gateway.address, "user": gateway.user, **settings}
    return {"kind": "sap", "settings": given, "secrets": {"password": gateway.password}}


async def states(caller: Caller, **body: Any) -> dict[str, str]:
    answer = await caller.post("testConnection", body)
    assert answer.status_code == 200, answer.text
    item = answer.json()["item"]
    found = {check["name"]: check["state"] for check in item["checks"]}
    assert item["is_ok"] == ("failed" not in found.values())
    return found


async def test_a_saved_connection_and_a_draft_are_tested_and_the_audit_says_so(
    mine: Caller, gateway: StrictGateway
) -> None:
    assert (await mine.post("createConnection", {"name": "S4", **draft(gateway)})).status_code == 200
    assert (await states(mine, name="S4", path=SERVICE_2))["service"] == "ok"
    unsaved = draft(gateway)
    unsaved["secrets"]["password"] = "another password"
    assert (await states(mine, draft=unsaved))["logon"] == "failed"
    # A draft with the name of a saved connection keeps its secrets.
    kept = {**draft(gateway, language="DE"), "secrets": {}}
    assert (await states(mine, name="S4", draft=kept, path=SERVICE_2))["logon"] == "ok"
    records = (await mine.get("getAudit", limit=30)).json()["items"]
    tests = [record["details"] for record in records if record["action"] == "connection.test"]
    assert [(each["name"], each["failed"], each["is_draft"]) for each in tests] == [
        ("S4", [], True),
        ("draft", ["logon"], True),
        ("S4", [], False),
    ]
    assert gateway.password not in str(records)


async def test_a_draft_never_takes_a_saved_secret_elsewhere(mine: Caller, gateway: StrictGateway) -> None:
    await mine.post("createConnection", {"name": "S4", **draft(gateway)})
    moved = {**draft(gateway, base_url="https://evil.example"), "secrets": {}}
    refused = await mine.post("testConnection", {"name": "S4", "draft": moved})
    assert (refused.status_code, refused.json()["code"]) == (422, "SECRETS_NEEDED")
    assert gateway.requests == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "BAD_BODY"),
        ({"name": "missing"}, 404, "CONNECTION_NOT_FOUND"),
        ({"draft": {"kind": "none", "settings": {}}}, 422, "INVALID_CONNECTION"),
        ({"draft": {"kind": "sap", "settings": {"base_url": "x"}}}, 422, "INVALID_CONNECTION"),
        ({"name": "S4", "unknown": 1}, 400, "BAD_BODY"),
    ],
)
async def test_what_cannot_be_tested_is_refused(body: Any, status: int, code: str, mine: Caller) -> None:
    refused = await mine.post("testConnection", body)
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text


async def test_a_connection_of_another_organization_is_not_tested(
    mine: Caller, theirs: Caller, gateway: StrictGateway
) -> None:
    await theirs.post("createConnection", {"name": "S4", **draft(gateway)})
    assert (await mine.post("testConnection", {"name": "S4"})).status_code == 404
    assert (await mine.get("discoverConnection", name="S4")).status_code == 404
    assert gateway.requests == []


async def test_a_system_says_what_a_service_offers(mine: Caller, gateway: StrictGateway) -> None:
    await mine.post("createConnection", {"name": "S4", **draft(gateway)})
    item = (await mine.get("discoverConnection", name="S4", service=SERVICE_2)).json()["item"]
    assert ([each["name"] for each in item["entity_sets"]], item["version"]) == (["Orders"], "2")
    closed = await mine.get("discoverConnection", name="S4")
    assert (closed.status_code, closed.json()["code"]) == (409, "NOT_DISCOVERED")
    http = {"name": "H", "kind": "http", "settings": {"base_url": gateway.address}}
    await mine.post("createConnection", http)
    refused = await mine.get("discoverConnection", name="H")
    assert (refused.status_code, refused.json()["code"]) == (422, "NOT_DISCOVERABLE")


def sap_step(id_: str, entity: str, **settings: Any) -> dict[str, Any]:
    given = {"connection": "S4", "service_path": SERVICE_2, "entity": entity, **settings}
    return {"id": id_, "type": "sapRequest", "description": f"Read by {id_}", "settings": given}


async def check_uses(caller: Caller, name: str = "S4") -> dict[str, Any]:
    answer = await caller.get("checkConnectionUses", name=name)
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    return item


async def test_steps_that_name_what_their_system_no_longer_has_are_listed(mine: Caller, gateway: StrictGateway) -> None:
    await mine.post("createConnection", {"name": "S4", **draft(gateway)})
    counts = {"checked": 0, "skipped": 0, "unchecked": 0, "further": 0}
    assert await check_uses(mine) == {"is_ok": True, **counts, "truncated": False, "steps": []}
    by_operation = {"connection": "S4", "operation": "sap.odata"}
    given = {"service_path": SERVICE_4, "entity": "Orders", "params": {"$orderby": "Gone"}}
    steps = (
        sap_step("sapRequest_1", "Orders('${payload.output.po}')", params={"$select": "Order,Reference"}),
        sap_step("sapRequest_2", "${payload.output.entity}"),
        sap_step("sapRequest_3", "Gone", connection="OTHER"),
        {"id": "operation_1", "type": "operation", "settings": {**by_operation, "input": given}},
    )
    workflow_id = await mine.create(definition(*steps), is_active=False)
    (step,) = (await check_uses(mine))["steps"]
    assert (step["workflow_id"], step["version"], step["status"]) == (workflow_id, 1, "DRAFT")
    assert (step["step"], [each["path"] for each in step["findings"]]) == (
        "operation_1",
        ["/workflow_steps/4/settings/input/params/$orderby"],
    )
    gateway.metadata = METADATA.replace('"Reference"', '"ExternalReference"')
    found = await check_uses(mine)
    assert (found["is_ok"], found["checked"], found["unchecked"], found["truncated"]) == (False, 3, 1, False)
    changed = found["steps"][0]
    assert (changed["step"], changed["label"], changed["failure"]) == ("sapRequest_1", "Read by sapRequest_1", None)
    (finding,) = changed["findings"]
    assert finding["path"] == "/workflow_steps/1/settings/params/$select"
    assert (finding["code"], finding["hint"]) == ("SAP_FIELD_UNKNOWN", "did you mean 'ExternalReference'?")
    gateway.password = "another password"
    refused = await check_uses(mine)
    assert (refused["is_ok"], refused["checked"]) == (False, 0)
    assert all(each["failure"] and not each["findings"] for each in refused["steps"])


async def test_steps_that_cannot_be_compared_do_not_count_as_fitting(mine: Caller, gateway: StrictGateway) -> None:
    await mine.post("createConnection", {"name": "S4", **draft(gateway)})
    http = {"connection": "S4", "url": "/Gone"}
    steps = (
        sap_step("sapRequest_1", "Orders"),
        sap_step("sapRequest_2", "Gone", service_path="${profile.service}"),
        {"id": "httpRequest_1", "type": "httpRequest", "settings": http},
    )
    await mine.create(definition(*steps), is_active=False)
    found = await check_uses(mine)
    counts = {name: found[name] for name in ("is_ok", "checked", "skipped", "unchecked", "steps")}
    assert counts == {"is_ok": True, "checked": 1, "skipped": 2, "unchecked": 1, "steps": []}


async def test_findings_that_are_not_listed_are_counted(mine: Caller, gateway: StrictGateway) -> None:
    await mine.post("createConnection", {"name": "S4", **draft(gateway)})
    body = {f"Gone{number}": 1 for number in range(100)}
    for _ in range(3):
        steps = [sap_step(f"sapRequest_{number}", "Orders", method="POST", body=body) for number in range(1, 8)]
        await mine.create(definition(*steps), is_active=False)
    found = await check_uses(mine)
    assert (found["is_ok"], found["checked"], found["further"]) == (False, 21, 100)
    assert sum(len(step["findings"]) for step in found["steps"]) == 2000


async def test_a_check_that_does_not_end_in_time_is_refused_with_the_reason(
    mine: Caller, services: Services, gateway: StrictGateway
) -> None:
    await mine.post("createConnection", {"name": "S4", **draft(gateway)})
    await mine.create(definition(sap_step("sapRequest_1", "Orders")), is_active=False)
    gateway.hangs = lambda _: True
    with pytest.raises(Conflict, match=r"a check has 0\.5 s") as caught:
        await connection_uses.check_uses(services, principal_of(mine), "S4", seconds=0.5)
    assert caught.value.code == "NOT_DISCOVERED"


async def test_steps_that_are_not_found_in_time_are_said_to_be_left_out(
    mine: Caller, services: Services, gateway: StrictGateway
) -> None:
    class PassingClock(FakeClock):
        def monotonic(self) -> float:
            self.advance(timedelta(seconds=connection_uses.READING_SECONDS / 2.5))
            return super().monotonic()

    await mine.post("createConnection", {"name": "S4", **draft(gateway)})
    for _ in range(3):
        await mine.create(definition(sap_step("sapRequest_1", "Orders")), is_active=False)
    slow = dataclasses.replace(services, clock=PassingClock())
    found = await connection_uses.check_uses(slow, principal_of(mine), "S4")
    assert (len(found.uses), found.is_cut) == (2, True)


def principal_of(caller: Caller) -> Principal:
    return Principal(
        organization_id=caller.organization_id, workspace_id=caller.workspace_id, key_id=None, name="", permissions=ALL
    )


async def test_uses_of_connections_that_cannot_be_checked_are_refused(
    mine: Caller, theirs: Caller, gateway: StrictGateway
) -> None:
    await theirs.post("createConnection", {"name": "S4", **draft(gateway)})
    missing = await mine.get("checkConnectionUses", name="S4")
    assert (missing.status_code, missing.json()["code"]) == (404, "CONNECTION_NOT_FOUND")
    await mine.post("createConnection", {"name": "H", "kind": "http", "settings": {"base_url": gateway.address}})
    refused = await mine.get("checkConnectionUses", name="H")
    assert (refused.status_code, refused.json()["code"]) == (422, "NOT_DISCOVERABLE")
    assert gateway.requests == []


async def test_steps_of_many_versions_are_checked_up_to_a_limit(
    mine: Caller, services: Services, gateway: StrictGateway
) -> None:
    await mine.post("createConnection", {"name": "S4", **draft(gateway)})
    for _ in range(101):  # more than a page of uses
        await mine.create(definition(sap_step("sapRequest_1", "Gone")), is_active=False)
    found = await check_uses(mine)
    assert (len(found["steps"]), found["checked"], found["truncated"]) == (101, 101, False)
    cut = await connection_uses.check_uses(services, principal_of(mine), "S4", most_steps=2)
    assert (len(cut.uses), cut.is_cut) == (2, True)


async def test_connections_over_http_and_to_mail_servers_are_tested_too(mine: Caller, gateway: StrictGateway) -> None:
    refused = {"kind": "http", "settings": {"base_url": gateway.address}}
    assert (await states(mine, draft=refused))["logon"] == "failed"
    http = {"base_url": gateway.address, "auth": "basic", "user": gateway.user}
    accepted = {"kind": "http", "settings": http, "secrets": {"password": gateway.password}}
    assert (await states(mine, draft=accepted, path=f"{SERVICE_2}/Orders"))["service"] == "ok"
    mail = {"kind": "smtp", "settings": {"host": "127.0.0.1", "port": 2525, "from": "a@b.example"}}
    assert (await states(mine, draft=mail))["dns"] in ("ok", "failed")
