"""A PDF passes from one system to another byte by byte, through a server that is killed in between."""

import threading
from base64 import b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, http, wait
from blackbox.harness.installation import Installation
from blackbox.harness.launcher import Server, doctor, init

PDF_TYPE = "application/pdf"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 2000


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    received: list[tuple[str, bytes]]

    def do_GET(self) -> None:
        self._answer(PDF, PDF_TYPE)

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        self.received.append((self.headers["content-type"], content))
        self._answer(b"{}", "application/json")

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-disposition", 'attachment; filename="order.pdf"')
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Logs nothing."""


@pytest.fixture
def system() -> Iterator[tuple[int, list[tuple[str, bytes]]]]:
    """Starts a system that returns a PDF, and collects what is posted to it."""
    received: list[tuple[str, bytes]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"received": received}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], received
    server.shutdown()
    thread.join()
    server.server_close()


def until_received(org: Organization, workflow_id: str, execution_id: str) -> dict[str, Any]:
    """Waits until the execution has the PDF and waits; returns the reference to it."""
    org.until(workflow_id, execution_id, "WAITING")
    events = org.item(workflow_id, execution_id)["workflow_event_log"]["events"]
    reference: dict[str, Any] = next(entry["output"]["data"] for entry in events if entry["type"] == "STEP_SUCCEEDED")
    return reference


def create(org: Organization, url: str) -> str:
    """Makes the workflow that receives the PDF, waits, and sends it on."""
    send = http(url, "http_2", "POST", body_type="raw", body="${http_1.output.data}")
    return org.create(definition(http(url), wait(), send))


def check_sent_on(org: Organization, workflow_id: str, execution_id: str, reference: dict[str, Any]) -> None:
    """Reads the blob, and lets the execution send it on."""
    assert (reference["type"], reference["name"], reference["size"]) == (PDF_TYPE, "order.pdf", len(PDF))
    query = {"workflow_id": workflow_id, "workflow_execution_id": execution_id, "blob": reference["$blob"]}
    blob = org.get("getBlob", **query).json()["item"]
    assert (b64decode(blob["content"]), blob["name"]) == (PDF, "order.pdf")
    assert org.resume(execution_id).status_code == 200
    assert org.until(workflow_id, execution_id, "COMPLETED", "FAILED")["status"] == "COMPLETED"


@pytest.mark.timeout(300)
def test_a_pdf_survives_a_kill_and_is_sent_on_unchanged(tmp_path: Path, system: Any) -> None:
    port, received = system
    made = init(tmp_path / "data")
    server = Server(tmp_path / "data", [f"127.0.0.1:{port}"])
    server.start()
    url = f"http://127.0.0.1:{port}/orders"
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            org = Organization(client, **made)
            workflow_id = create(org, url)
            execution_id = org.trigger(workflow_id)
            reference = until_received(org, workflow_id, execution_id)
            server.kill()
            server.start()
            check_sent_on(org, workflow_id, execution_id, reference)
        assert received == [(PDF_TYPE, PDF)]
        assert server.stop() == 0
        assert doctor(server.folder)["problems"] == []
    finally:
        server.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", ["postgres", pytest.param("distributed", marks=pytest.mark.distributed)])
def test_a_pdf_passes_through_every_engine_and_kills_of_all_its_processes(
    engine: str, tmp_path: Path, system: Any
) -> None:
    port, received = system
    installation = Installation(tmp_path / "run", [f"127.0.0.1:{port}"], LOOPLY_ENGINE=engine)
    try:
        installation.prepare()
        installation.start(*((1, 0) if engine == "postgres" else (1, 1)))
        with installation.connect(timeout=120) as client:
            org = Organization(client, **installation.made)
            workflow_id = create(org, f"http://127.0.0.1:{port}/orders")
            execution_id = org.trigger(workflow_id)
            reference = until_received(org, workflow_id, execution_id)
            for node in installation.nodes:
                node.kill()
            check_sent_on(org, workflow_id, execution_id, reference)
        assert received == [(PDF_TYPE, PDF)]
        assert installation.stop() == 0
        assert installation.operating.doctor()["problems"] == []
    finally:
        installation.close()
