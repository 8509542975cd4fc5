"""Workflows that call SAP, and data folders that have them with a connection."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.harness.filling import Folder
from bench.harness.in_process import activated, in_process
from bench.harness.scenario import workflow_of
from bench.sap.gateway import SERVICES

CONNECTION: Final = "S4"
USER: Final = "BUYER"
PASSWORD: Final = "bench-password"
MOCK_SERVICE: Final = "/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV"
MOCK_ORDER: Final = {
    "PurchaseOrderType": "NB",
    "CompanyCode": "1710",
    "PurchasingOrganization": "1710",
    "PurchasingGroup": "001",
    "Supplier": "17300001",
    "DocumentCurrency": "EUR",
}


def _step(name: str, settings: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "type": "sapRequest",
        "description": "",
        "settings": {"connection": CONNECTION, "fail_on": ["4xx", "5xx"], **settings},
        **more,
    }


def creating(service: str, entity: str, body: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Returns trigger -> an order is created in SAP -> completed. `more` are fields of the step, such as `retry`."""
    settings = {"service_path": service, "entity": entity, "method": "POST", "body": dict(body)}
    return workflow_of("An order in SAP", [_step("sapRequest_1", settings, **more)])


def copying(version: str) -> dict[str, Any]:
    """Returns trigger -> amounts are read from SAP -> zero is added to each, and they are written back -> completed."""
    first = "${payload.output.first}"
    rows = {"2": "sapRequest_1.output.data.d.results", "4": "sapRequest_1.output.data.value"}[version]
    items = f"${{foreach({rows}, row, setProperty(row, 'Amount', add(row.Amount, 0)))}}"
    service = SERVICES[version]
    read = _step("sapRequest_1", {"service_path": service, "entity": "Items", "params": {"$skip": first}})
    body = {"Order": first, "to_Item": items}
    write = _step("sapRequest_2", {"service_path": service, "entity": "Orders", "method": "POST", "body": body})
    return workflow_of(f"Amounts of OData {version}", [read, write])


def echoing() -> dict[str, Any]:
    """Returns trigger -> a read and a change of a system that answers what it was sent -> completed."""
    settings = {"service_path": SERVICES["2"], "entity": "Echo", "output": "raw"}
    change = {**settings, "method": "POST", "body": {"Order": "1"}}
    return workflow_of("An echo", [_step("sapRequest_1", settings), _step("sapRequest_2", change)])


async def sap_folder(data: Path, port: int, definitions: Mapping[str, dict[str, Any]]) -> Folder:
    """Returns a new data folder with these workflows by kind, active, and a connection to a gateway at the port."""
    async with in_process(data) as held:
        body = {
            "name": CONNECTION,
            "kind": "sap",
            "settings": {"base_url": f"http://127.0.0.1:{port}", "user": USER, "client": "100"},
            "secrets": {"password": PASSWORD},
        }
        await held.call("POST", "/v2/workflows/createConnection", msgspec.json.encode(body))
        for kind, definition in definitions.items():
            held.workflow_ids[kind] = await activated(held, definition)
        return Folder(data, held.api_key, dict(held.workflow_ids))


def environment(port: int) -> dict[str, str]:
    """Returns the settings of a server that may call the port."""
    return {"LOOPLY_EGRESS_ALLOW": f"127.0.0.1:{port}", "LOOPLY_LOG_LEVEL": "error"}
