"""What another system says of a failure reaches expressions, the log, the incident and the forecast of a repair."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, graph, http, note, sap
from blackbox.harness.sink import Sink

MESSAGE = "Order 4500000101 is locked by user MUELLER"
LOCK = {"error": {"code": "ME/006", "message": {"lang": "en", "value": MESSAGE}}}
FAR = {"kind": "locked", "code": "ME/006", "message": MESSAGE, "locked_by": "MUELLER"}
LOGON = {"text": '<form><input type="password" name="sap-password"></form>', "headers": {"content-type": "text/html"}}
RETRY = {"retry": {"max_attempts": 2, "interval": "PT0.1S"}}

Script = Callable[..., str]


@pytest.fixture
def system(org: Organization, sink: Sink) -> Script:
    """Makes the connection S4 of this test's organization, and sets the answers of its one order."""
    body = {
        "name": "S4",
        "kind": "sap",
        "settings": {"base_url": sink.address, "user": "looply"},
        "secrets": {"password": "secret-password"},
    }
    assert org.post("createConnection", body).status_code == 200

    def script(*replies: dict[str, Any]) -> str:
        path = f"/{org.organization_id}/orders"
        sink.script(f"{path}/Order('1')", *replies)
        return path

    return script


def said(item: dict[str, Any], step: str) -> list[dict[str, Any]]:
    """Returns what the other system said of each failed attempt, as the event log shows it."""
    events = item["workflow_event_log"]["events"]
    return [entry["far"] for entry in events if entry["type"] == "STEP_FAILED" and entry["state"] == step]


def test_a_lock_of_sap_is_retried_by_default(org: Organization, system: Script) -> None:
    path = system({"status": 400, "body": LOCK}, {"status": 200, "body": {"d": {"Order": "1"}}})
    item = org.run(definition(sap(service_path=path, step=RETRY, output="raw")))
    assert item["status"] == "COMPLETED"
    assert said(item, "sap_1") == [FAR]


def test_what_sap_said_is_read_by_expressions_and_shown_everywhere(org: Organization, system: Script) -> None:
    path = system({"status": 400, "body": LOCK})
    step = sap(service_path=path, fail_on=["4xx"], output="raw")
    value = "${error.far.code} ${error.far.locked_by}"
    steps = [step, note("past"), note("handled", value)]
    handled = graph(steps, ("WorkflowStartState", step["id"]), (step["id"], "past"), (step["id"], "handled", "error"))
    item = org.run(handled)
    assert item["workflow_output_payload"]["payload"]["output"]["handled"] == "ME/006 MUELLER"
    assert item["condensed_logs"]["sap_1"][0]["error"]["far"] == FAR

    workflow_id = org.create(definition(step))
    execution_id = org.trigger(workflow_id)
    failed = org.until(workflow_id, execution_id, "FAILED")
    assert said(failed, "sap_1") == [FAR]
    assert f"ME/006: {MESSAGE}" in failed["workflow_incidents"][0]["message"]
    asked = {"workflow_execution_id": execution_id, "action": "retry", "dry_run": True}
    forecast = org.post("repairExecution", asked).json()["forecast"]
    assert forecast["effects"][0]["far"] == FAR


def test_a_logon_page_with_status_200_fails_the_step(org: Organization, system: Script) -> None:
    item = org.run(definition(sap(service_path=system(LOGON))), None, "FAILED")
    (found,) = item["workflow_incidents"]
    assert found["code"] == "AUTH_FAILED"
    assert said(item, "sap_1")[0]["kind"] == "auth"


def test_a_redirected_post_fails_unless_the_step_takes_it_as_data(
    org: Organization, sink: Sink, system: Script
) -> None:
    path = f"/{org.organization_id}/moved"
    address = sink.script(path, {"status": 307, "headers": {"location": f"{path}/elsewhere"}})
    item = org.run(definition(http(address, method="POST", body={})), None, "FAILED")
    assert item["workflow_incidents"][0]["code"] == "REDIRECT_REFUSED"
    assert json.dumps(sink.lines(f"{path}/elsewhere")) == "[]"
    item = org.run(definition(http(address, method="POST", body={}, ok_on=["307"])))
    assert item["workflow_output_payload"]["http_1"]["output"]["status"] == "307"
