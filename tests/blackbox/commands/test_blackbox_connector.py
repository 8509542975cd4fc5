"""A connector of another distribution, on the path of a server: its operations are called by workflows.

Its code is `tests/plugins/looply_warehouse.py`, which `docs/how-to/write-a-connector.md` shows.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, graph, note
from blackbox.harness.installation import Installation
from blackbox.harness.launcher import Server, new_folder
from blackbox.harness.sink import Sink

PLUGINS = Path(__file__).parents[2] / "plugins"
TOKEN = "canary-warehouse-3b91"
GOODS = {"sku": "${payload.output.sku}", "quantity": 2}


def operation(verb: str, id_: str = "goods", *, step: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """A step that calls an operation of the connector."""
    shown = {"operation": f"warehouse.{verb}", "connection": "WAREHOUSE", "input": GOODS, **settings}
    return {"id": id_, "type": "operation", "settings": shown, **(step or {})}


def connect(org: Organization, name: str, base_url: str) -> None:
    """Makes a connection of the connector's kind."""
    settings = {"base_url": base_url}
    body = {"name": name, "kind": "warehouse", "settings": settings, "secrets": {"token": TOKEN}}
    done = org.post("createConnection", body)
    assert done.status_code == 200, done.text


class Plugged:
    """A server with the connector, and an organization with a connection to the warehouse."""

    def __init__(self, folder: Path, sink: Sink) -> None:
        self.made = new_folder(folder)
        self.sink = sink
        self.server = Server(folder, [f"127.0.0.1:{sink.port}"], PYTHONPATH=str(PLUGINS)).start()
        self.client = self.server.connect()
        self.org = Organization(self.client, **self.made)
        connect(self.org, "WAREHOUSE", f"{sink.address}/warehouse")

    def close(self) -> None:
        """Ends client and server."""
        self.client.close()
        self.server.close()


@pytest.fixture(scope="module")
def plugged(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Plugged]:
    found = Plugged(tmp_path_factory.mktemp("plugged") / "data", sink)
    yield found
    found.close()


def logged(org: Organization, execution_id: str, workflow_id: str) -> str:
    """Returns all that can be read of an execution, as text."""
    query = {"workflow_id": workflow_id, "workflow_execution_id": execution_id}
    return org.get("getWorkflowExecutionById", **query).text + org.get("getWorkflowExecutionLogs", **query).text


def test_an_operation_is_called_and_its_output_is_read_by_later_steps(plugged: Plugged) -> None:
    plugged.sink.script("/warehouse/reservations", {"body": {"reservation": "R-1"}})
    flow = definition(operation("reserve"), note("done", "${goods.output.data.reservation}"))
    item = plugged.org.run(flow, {"sku": "A-7"}, "COMPLETED")
    assert item["workflow_output_payload"]["payload"]["output"]["done"] == "R-1"
    line = plugged.sink.lines("/warehouse/reservations")[-1]
    assert json.loads(line["body"]) == {"sku": "A-7", "quantity": 2, "note": ""}
    assert line["key"].endswith(":goods:1")


def test_a_refused_call_takes_the_error_exit(plugged: Plugged) -> None:
    plugged.sink.script("/warehouse/shipments", {"status": 409, "body": {"error": "sold out"}})
    steps = [operation("ship"), note("failed", "${error.code} ${error.status}")]
    flow = graph(steps, ("WorkflowStartState", "goods"), ("goods", "failed", "error"))
    item = plugged.org.run(flow, {"sku": "A-8"}, "COMPLETED")
    assert item["workflow_output_payload"]["payload"]["output"]["failed"] == "REJECTED 409"


def test_the_secret_of_its_connection_is_masked_where_it_comes_back(plugged: Plugged) -> None:
    plugged.sink.script("/warehouse/stock/A-9", {"body": {"seen": f"Bearer {TOKEN}"}})
    workflow_id = plugged.org.create(definition(operation("stock", input={"sku": "A-9"})))
    execution_id = plugged.org.trigger(workflow_id, {})
    plugged.org.until(workflow_id, execution_id, "COMPLETED")
    read = logged(plugged.org, execution_id, workflow_id)
    assert TOKEN not in read
    assert "***" in read


def test_what_a_step_marks_as_secret_in_its_input_is_sent_and_not_shown(plugged: Plugged) -> None:
    plugged.sink.script("/warehouse/shipments", {"body": {}})
    marked = operation(
        "ship", input={**GOODS, "note": "${concat('pin-40771-', 'note')}"}, step={"secret": ["/input/note"]}
    )
    workflow_id = plugged.org.create(definition(marked))
    execution_id = plugged.org.trigger(workflow_id, {"sku": "A-10"})
    plugged.org.until(workflow_id, execution_id, "COMPLETED")
    assert "pin-40771-note" in plugged.sink.lines("/warehouse/shipments")[-1]["body"]
    assert "pin-40771-note" not in logged(plugged.org, execution_id, workflow_id)


def test_it_reaches_no_address_that_the_egress_rules_forbid(plugged: Plugged) -> None:
    connect(plugged.org, "INSIDE", "http://169.254.169.254")
    flow = definition(operation("stock", connection="INSIDE", input={"sku": "A"}))
    item = plugged.org.run(flow, {}, "FAILED")
    assert item["workflow_incidents"][0]["code"] == "EGRESS_DENIED"


def test_an_input_that_does_not_fit_is_found_at_save_and_before_the_call(plugged: Plugged) -> None:
    flow = definition(operation("ship", input={"sku": 7, "quantity": "many"}))
    refused = plugged.org.post("createWorkflow", {"definition": flow})
    assert refused.status_code == 422
    found = {each["path"] for each in refused.json()["errors"]}
    assert found == {f"/workflow_steps/1/settings/input/{name}" for name in ("sku", "quantity")}

    calls = len(plugged.sink.lines("/warehouse/shipments"))
    late = definition(operation("ship", input={"sku": "A", "quantity": "${payload.output.many}"}))
    item = plugged.org.run(late, {"many": "many"}, "FAILED")
    assert item["workflow_incidents"][0]["code"] == "BAD_INPUT"
    assert len(plugged.sink.lines("/warehouse/shipments")) == calls


def test_what_an_operation_declares_is_kept_with_the_saved_definition(plugged: Plugged) -> None:
    workflow_id = plugged.org.create(definition(operation("reserve", repeat="always")))
    exported = plugged.org.get("exportWorkflow", workflow_id=workflow_id, workflow_version=1).json()
    document = exported.get("definition", exported)
    assert document["workflow_steps"][1]["settings"]["repeat"] == "with_key"
    again = plugged.org.post("importWorkflow", {"definition": document})
    assert again.status_code == 200, again.text
    assert again.json()["item"]["workflow_version"] == 1


@pytest.mark.timeout(300)
def test_after_a_crash_only_what_may_be_repeated_is_called_again(tmp_path: Path, sink: Sink) -> None:
    plugged = Plugged(tmp_path / "data", sink)
    try:
        before = {path: len(sink.lines(path)) for path in ("/warehouse/reservations", "/warehouse/shipments")}
        for path in before:
            sink.script(path, {"hang": True}, {"body": {"ok": True}})
        reserving, shipping = (plugged.org.create(definition(operation(verb))) for verb in ("reserve", "ship"))
        reserved, shipped = (plugged.org.trigger(each, {"sku": "A-11"}) for each in (reserving, shipping))
        for path, count in before.items():
            sink.wait_for(path, count + 1)
        plugged.server.kill()
        plugged.server.start()
        assert plugged.org.until(reserving, reserved, "COMPLETED")
        stopped = plugged.org.until(shipping, shipped, "FAILED")
        assert stopped["workflow_incidents"][0]["code"] == "OUTCOME_UNKNOWN"
        keys = [line["key"] for line in sink.lines("/warehouse/reservations")[before["/warehouse/reservations"] :]]
        assert len(keys) == 2
        assert len(set(keys)) == 1
        assert len(sink.lines("/warehouse/shipments")) == before["/warehouse/shipments"] + 1
    finally:
        plugged.close()


def test_without_the_connector_activation_is_refused_and_a_step_fails_with_a_code_of_its_own(
    tmp_path: Path, sink: Sink
) -> None:
    plugged = Plugged(tmp_path / "data", sink)
    try:
        workflow_id = plugged.org.create(definition(operation("stock", input={"sku": "A-12"})))
        plugged.server.stop()
        bare = Server(plugged.server.folder, [f"127.0.0.1:{sink.port}"]).start()
        try:
            with httpx2.Client(base_url=bare.address, timeout=120) as client:
                org = Organization(client, **plugged.made)
                item = org.until(workflow_id, org.trigger(workflow_id, {}), "FAILED")
                assert item["workflow_incidents"][0]["code"] == "OPERATION_NOT_INSTALLED"
                made = org.post("createWorkflow", {"definition": definition(operation("stock"))})
                paths = [each["path"] for each in made.json()["warnings"]]
                assert "/workflow_steps/1/settings/operation" in paths
                version = {"workflow_id": made.json()["item"]["workflow_id"], "workflow_version": 1}
                assert org.post("activateWorkflow", version).status_code == 422
        finally:
            bare.close()
    finally:
        plugged.close()


@pytest.mark.distributed
@pytest.mark.timeout(600)
def test_a_worker_of_an_installation_makes_its_calls(tmp_path: Path, sink: Sink) -> None:
    installation = Installation(tmp_path / "data", [f"127.0.0.1:{sink.port}"], PYTHONPATH=str(PLUGINS))
    try:
        installation.prepare()
        installation.start(1, 1)
        with installation.connect() as client:
            kept = ("organization_id", "workspace_id", "api_key")
            org = Organization(client, **{name: installation.made[name] for name in kept})
            connect(org, "WAREHOUSE", f"{sink.address}/distributed")
            sink.script("/distributed/reservations", {"body": {"reservation": "R-2"}})
            flow = definition(operation("reserve"), note("done", "${goods.output.data.reservation}"))
            item = org.run(flow, {"sku": "A-7"}, "COMPLETED")
            assert item["workflow_output_payload"]["payload"]["output"]["done"] == "R-2"
    finally:
        installation.close()
