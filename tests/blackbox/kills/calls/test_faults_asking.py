"""A server is killed while SAP carries out a change: the change happens once, and no person is asked."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, sap
from blackbox.harness.launcher import Server, init
from kit.servers.sap_gateway import SERVICE_2, Request, StrictGateway

REFERENCE = "${payload.output.workflow_execution_id}"
CREATE: dict[str, Any] = {
    "service_path": SERVICE_2,
    "entity": "Orders",
    "method": "POST",
    "body": {"Reference": REFERENCE},
}
PROBE = {"entity": "Orders", "params": {"$filter": f"Reference eq '{REFERENCE}'"}}


class Running:
    """A gateway in a thread, which outlives the server; its first change is not answered."""

    def __init__(self) -> None:
        self.gateway = StrictGateway(hangs=self._hangs)
        self.seen = threading.Event()
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._end = asyncio.Event()

    def _hangs(self, request: Request) -> bool:
        is_first = request.method == "POST" and not self.seen.is_set()
        if is_first:
            self.seen.set()
        return is_first

    async def _run(self) -> None:
        server = await asyncio.start_server(self.gateway.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        await self.gateway.close()

    def __enter__(self) -> "Running":
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def running() -> Iterator[Running]:
    with Running() as gateway:
        yield gateway


@pytest.mark.timeout(600)
@pytest.mark.parametrize("means", ["repeatable", "probe", "neither"])
def test_a_change_that_is_cut_off_by_a_kill_happens_once(tmp_path: Path, running: Running, means: str) -> None:
    made = init(tmp_path / "data")
    server = Server(tmp_path / "data", [f"127.0.0.1:{running.port}"])
    server.start()
    gateway = running.gateway
    gateway.is_idempotent = means == "repeatable"
    settings = {"base_url": f"http://127.0.0.1:{running.port}", "user": gateway.user}
    settings |= {"repeatable": True} if means == "repeatable" else {}
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            org = Organization(client, **made)
            created = {"name": "S4", "kind": "sap", "settings": settings, "secrets": {"password": gateway.password}}
            assert org.post("createConnection", created).status_code == 200
            workflow = org.create(definition(sap(**CREATE, **({"probe": PROBE} if means == "probe" else {}))))
            execution = org.trigger(workflow)
            assert running.seen.wait(60)
            server.kill()
            server.start()
            item = org.until(workflow, execution, "FAILED" if means == "neither" else "COMPLETED")
            assert dict(gateway.created) == {execution: 1}
            if means == "neither":
                (incident,) = item["workflow_incidents"]
                assert incident["code"] == "OUTCOME_UNKNOWN"
                assert "does not say `repeatable`" in incident["message"]
            else:
                output = item["workflow_output_payload"]["sap_1"]["output"]
                assert output["data"]["d"]["Reference"] == execution
                assert item["workflow_incidents"] == []
    finally:
        server.close()
