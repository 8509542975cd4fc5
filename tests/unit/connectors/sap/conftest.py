"""A connection to the strict gateway."""

from collections.abc import Callable
from typing import Any

import pytest

from kit.servers.sap_gateway import SERVICE_2, StrictGateway
from looply.connectors.sap.connector import CONNECTOR

OPERATION = CONNECTOR.operations[0]
Perform = Callable[..., Any]


@pytest.fixture
def strict(gateway: StrictGateway, base_url: str, wiring: Any, open_client: Any) -> Any:
    """The wiring with a connection `S4` to the gateway."""
    settings = {"base_url": base_url, "user": gateway.user, "client": "100"}
    wiring.add("S4", "sap", settings, {"password": gateway.password})
    wiring.use(open_client())
    return wiring


@pytest.fixture
def perform(strict: Any) -> Perform:
    """Calls the operation through the connection `S4`; `context` replaces fields of the call's context."""

    async def call(context: Any = None, **input_: Any) -> dict[str, Any]:
        given = {"connection": "S4", "service_path": SERVICE_2, **input_}
        output: dict[str, Any] = await OPERATION.perform(context or strict.context(), given)
        return output

    return call
