"""The SAP-like system, over a real loopback connection."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

import looply
from looply.demo import sap
from looply.demo.orders import IN_RELEASE, LARGE_ORDER, RELEASED, SMALL_ORDER
from looply.errors import SettingsError

ORDER = f"{sap.SERVICE_PATH}/A_PurchaseOrder('{LARGE_ORDER}')"
RELEASE = {"PurchasingProcessingStatus": RELEASED}


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    with sap.serving() as url, httpx2.Client(base_url=url, auth=(sap.USER, sap.PASSWORD), timeout=60) as client:
        yield client


def _token(client: httpx2.Client) -> dict[str, str]:
    response = client.get(f"{sap.SERVICE_PATH}/", headers={"x-csrf-token": "Fetch"})
    return {"x-csrf-token": response.headers["x-csrf-token"]}


def _etag(client: httpx2.Client) -> str:
    return str(client.get(ORDER).headers["etag"])


def test_an_order_is_read_with_its_items_and_cost_centers(client: httpx2.Client) -> None:
    expand = "to_PurchaseOrderItem,to_PurchaseOrderItem/to_AccountAssignment"
    order = client.get(ORDER, params={"$expand": expand}).json()["d"]
    items = order["to_PurchaseOrderItem"]["results"]
    assert (order["PurchasingProcessingStatus"], order["ReleaseCode"]) == (IN_RELEASE, "E1")
    assert [item["PurchaseOrderItem"] for item in items] == ["10", "20", "30"]
    assert order["PurchaseOrderNetAmount"] == "17010.00"
    assert [item["NetAmount"] for item in items] == ["12480.00", "2226.00", "2304.00"]
    charges = [item["to_AccountAssignment"]["results"][0]["CostCenter"] for item in items]
    assert len(set(charges)) == 2


def test_the_small_order_and_the_suppliers_are_there(client: httpx2.Client) -> None:
    for number, name in ((SMALL_ORDER, "Handfast"), (LARGE_ORDER, "Northwater")):
        supplier = client.get(f"{sap.SERVICE_PATH}/A_PurchaseOrder('{number}')").json()["d"]["Supplier"]
        partner = client.get(f"/sap/opu/odata/sap/API_BUSINESS_PARTNER_SRV/A_BusinessPartner('{supplier}')").json()["d"]
        assert partner["BusinessPartnerFullName"].startswith(name)


def test_account_assignments_are_an_entity_set_of_their_own(client: httpx2.Client) -> None:
    found = client.get(
        f"{sap.SERVICE_PATH}/A_PurOrdAccountAssignment", params={"$filter": f"PurchaseOrder eq '{LARGE_ORDER}'"}
    )
    assert len(found.json()["d"]["results"]) == 3
    assert "A_PurOrdAccountAssignment" in client.get(f"{sap.SERVICE_PATH}/$metadata").text


def test_calls_without_a_password_are_refused(client: httpx2.Client) -> None:
    assert client.get(ORDER, auth=("LOOPLY", "wrong")).status_code == 401


def test_a_change_without_a_csrf_token_is_refused(client: httpx2.Client) -> None:
    response = client.patch(ORDER, json=RELEASE, headers={"if-match": _etag(client)})
    assert response.status_code == 403
    assert response.headers["x-csrf-token"] == "Required"


def test_a_release_with_the_etag_that_was_read_is_done(client: httpx2.Client) -> None:
    before = _etag(client)
    response = client.patch(ORDER, json=RELEASE, headers={**_token(client), "if-match": before})
    assert response.status_code == 204
    assert client.get(ORDER).json()["d"]["PurchasingProcessingStatus"] == RELEASED
    assert _etag(client) != before


def test_a_release_without_an_etag_is_refused(client: httpx2.Client) -> None:
    assert client.patch(ORDER, json=RELEASE, headers=_token(client)).status_code == 428


def test_a_release_with_a_stale_etag_is_refused(client: httpx2.Client) -> None:
    headers = {**_token(client), "if-match": _etag(client)}
    assert client.patch(ORDER, json=RELEASE, headers=headers).status_code == 204
    assert client.patch(ORDER, json=RELEASE, headers=headers).status_code == 412


def test_each_system_starts_with_fresh_data() -> None:
    for _ in range(2):
        with sap.serving() as url, httpx2.Client(base_url=url, auth=(sap.USER, sap.PASSWORD), timeout=60) as client:
            assert client.get(ORDER).json()["d"]["PurchasingProcessingStatus"] == IN_RELEASE
            client.patch(ORDER, json=RELEASE, headers={**_token(client), "if-match": _etag(client)})


def test_a_taken_port_is_reported() -> None:
    with sap.serving() as url, pytest.raises(SettingsError, match=r"cannot listen on 127\.0\.0\.1"):
        sap.make_system(int(url.rsplit(":", 1)[1]))


def test_the_process_writes_its_address_and_ends_on_sigterm(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    command = [sys.executable, "-m", "looply.demo.sap", "--port", "0", "--ready-file", str(ready)]
    source = str(Path(looply.__file__).parent.parent)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": source}
    ) as process:
        try:
            assert process.stdout is not None
            shown = process.stdout.readline()
            url = ready.read_text(encoding="utf-8").strip()
            assert url in shown
            assert httpx2.get(f"{url}{ORDER}", auth=(sap.USER, sap.PASSWORD), timeout=60).status_code == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=120) == 0
        finally:
            process.kill()


def test_the_workflow_fits_the_catalog_path_of_the_service() -> None:
    file = Path(sap.__file__).with_name("purchase_order_approval.json")
    steps = json.loads(file.read_text(encoding="utf-8"))["workflow_steps"]
    paths = {step["settings"]["service_path"] for step in steps if step["type"] == "sapRequest"}
    assert sap.SERVICE_PATH in paths
