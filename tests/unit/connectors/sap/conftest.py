"""The strict gateway on loopback, with a connection to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from kit.servers.sap_gateway import SERVICE_2, StrictGateway
from looply.connectors.sap.connector import CONNECTOR

OPERATION = CONNECTOR.operations[0]
Perform = Callable[..., Any]


@pytest.fixture
def gateway() -> StrictGateway:
    return StrictGateway()


@pytest_asyncio.fixture
async def base_url(gateway: StrictGateway) -> AsyncIterator[str]:
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await gateway.close()


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
