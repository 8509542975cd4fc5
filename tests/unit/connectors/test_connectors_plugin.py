"""A connector of another distribution, called with the test kit as the page about connectors shows it.

It is loaded from its file: its folder in the path would install it for all tests.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from looply.connectors.port import Connector, HttpResponse, Operation
from looply.errors import BadInput, Rejected, Unavailable
from looply.testing.calls import ScriptedHttp, call_context
from looply.testing.connector_contract import Case, find_breaches
from looply.testing.world import FakeConnections, World

MODULE = Path(__file__).parents[2] / "plugins" / "looply_warehouse.py"
JSON = (("content-type", "application/json"),)
GOODS = {"connection": "WAREHOUSE", "sku": "A-1", "quantity": 2}


def _load() -> Connector:
    spec = spec_from_file_location("looply_warehouse", MODULE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.CONNECTOR


CONNECTOR = _load()


async def test_goods_are_reserved_under_the_key_of_the_visit() -> None:
    http = ScriptedHttp(HttpResponse(status=201, reason="Created", headers=JSON, content=b'{"number": 7}'))
    connections = FakeConnections()
    connections.put("WAREHOUSE", {"token": "sesame"}, "warehouse", {"base_url": "https://warehouse.example.com"})
    _, reserve, _ = CONNECTOR.operations
    goods = {"connection": "WAREHOUSE", "sku": "A-1", "quantity": 2}
    context = call_context(http, connections)
    assert await reserve.perform(context, goods) == {"status": "201", "data": {"number": 7}}
    assert http.requests[0].url == "https://warehouse.example.com/reservations"
    assert http.requests[0].headers["idempotency-key"] == context.idempotency_key


async def test_the_connector_keeps_the_contract() -> None:
    settings, secrets = {"base_url": "https://warehouse.example.com"}, {"token": "sesame-sesame"}
    goods = {"connection": "X", "sku": "A-1", "quantity": 2}
    inputs = {
        "warehouse.stock": {"connection": "X", "sku": "A-1"},
        "warehouse.reserve": goods,
        "warehouse.ship": goods,
    }
    cases = [Case(operation=name, input=each, settings=settings, secrets=secrets) for name, each in inputs.items()]
    assert await find_breaches(CONNECTOR, cases) == []


def warehouse() -> FakeConnections:
    found = FakeConnections()
    found.put("WAREHOUSE", {"token": "sesame"}, "warehouse", {"base_url": "https://warehouse.example.com"})
    return found


def reserve() -> Operation:
    return next(each for each in CONNECTOR.operations if each.name == "warehouse.reserve")


@pytest.mark.parametrize(("status", "error"), [(503, Unavailable), (409, Rejected)])
async def test_a_refused_reservation_is_an_error_after_a_sent_call(status: int, error: type[Exception]) -> None:
    http = ScriptedHttp(HttpResponse(status=status, reason="No", headers=JSON, content=b'"closed"'))
    with pytest.raises(error) as raised:
        await reserve().perform(call_context(http, warehouse()), GOODS)
    assert raised.value.sent is True


async def test_a_scripted_error_reaches_the_connector() -> None:
    http = ScriptedHttp(Unavailable("the network is down", sent=False))
    with pytest.raises(Unavailable, match="the network is down"):
        await reserve().perform(call_context(http, warehouse()), GOODS)
    with pytest.raises(AssertionError, match="no outcome is left for POST https://warehouse"):
        await reserve().perform(call_context(http, warehouse()), GOODS)


async def test_a_connection_of_another_kind_is_refused_with_the_operation_that_needs_it() -> None:
    found = FakeConnections()
    found.put("WAREHOUSE", {"token": "sesame"}, "http", {"base_url": "https://warehouse.example.com"})
    message = "connection WAREHOUSE is of kind http; warehouse.reserve needs one of kind warehouse"
    with pytest.raises(BadInput, match=message):
        await reserve().perform(call_context(ScriptedHttp(), found), GOODS)


async def test_settings_that_do_not_fit_their_kind_are_refused_with_the_name_of_the_connection() -> None:
    found = FakeConnections()
    found.put("WAREHOUSE", {"token": "sesame"}, "warehouse", {"base_url": 7})
    with pytest.raises(BadInput, match=r"the settings of connection WAREHOUSE do not fit: .*`\$\.base_url`"):
        await reserve().perform(call_context(ScriptedHttp(), found), GOODS)


def test_a_world_has_the_operations_that_it_is_given() -> None:
    assert list(World(["warehouse.reserve"]).registry.operations) == ["warehouse.reserve"]
