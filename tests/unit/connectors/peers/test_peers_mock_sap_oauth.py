"""`sap.odata` with client credentials, against mock-sap, which issues the tokens itself and ends them."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from mocksap import Config, make_server

from looply.connectors.sap.connector import CONNECTOR
from looply.errors import AuthFailed

OPERATION = CONNECTOR.operations[0]
SERVICE = "/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV"
CLIENT, SECRET = "SAP_CLIENT", "s3cret-s3cret"


@pytest.fixture
def server() -> Iterator[Any]:
    """Starts a gateway in a thread that takes bearer tokens alone."""
    found = make_server(Config(port=0, oauth=f"{CLIENT}:{SECRET}", quiet=True))
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()
    found.mock.close()


@pytest.fixture
def sap(server: Any, wiring: Any, open_client: Any) -> Any:
    url = f"http://127.0.0.1:{server.server_address[1]}"
    settings = {
        "base_url": url,
        "client": "100",
        "auth": "oauth_client",
        "token_url": f"{url}/sap/bc/sec/oauth2/token",
        "client_id": CLIENT,
    }
    wiring.add("S4", "sap", settings, {"client_secret": SECRET})
    wiring.add("S4-wrong", "sap", settings, {"client_secret": "not-the-secret"})
    wiring.use(open_client())
    return wiring


async def call(wiring: Any, **input_: Any) -> dict[str, Any]:
    given = {"connection": "S4", "service_path": SERVICE, "entity": "A_PurchaseOrder", **input_}
    return await OPERATION.perform(wiring.context(), given)


def issued(server: Any) -> int:
    return len(server.mock.oauth.listing())


async def test_calls_at_once_share_one_token_and_one_session(server: Any, sap: Any) -> None:
    body = {"PurchaseOrderType": "NB", "CompanyCode": "1710", "Supplier": "17300001", "DocumentCurrency": "EUR"}
    more = {"PurchasingOrganization": "1710", "PurchasingGroup": "001"}
    change = {"method": "POST", "body": {**body, **more}}
    answers = await asyncio.gather(*[call(sap, params={"$top": 1}) for _ in range(4)], call(sap, **change))
    assert [answer["status"] for answer in answers] == ["200"] * 4 + ["201"]
    assert issued(server) == 1


async def test_a_token_that_the_system_has_ended_is_replaced_once(server: Any, sap: Any) -> None:
    assert (await call(sap, params={"$top": 1}))["status"] == "200"
    server.mock.oauth.revoke_all()
    answers = await asyncio.gather(*[call(sap, params={"$top": 1}) for _ in range(4)])
    assert {answer["status"] for answer in answers} == {"200"}
    assert issued(server) == 1


async def test_a_wrong_secret_stops_after_three_tries(server: Any, sap: Any) -> None:
    codes = []
    for _ in range(4):
        with pytest.raises(AuthFailed) as caught:
            await call(sap, connection="S4-wrong")
        codes.append(caught.value.code)
        assert not caught.value.sent
    assert codes == ["AUTH_FAILED"] * 3 + ["LOGON_STOPPED"]
    assert issued(server) == 0
