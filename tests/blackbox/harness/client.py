"""The callers' side: a client of one organization, a log of outcomes, and raw bytes on a connection."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

import httpx2

SETTLED = ("WAITING", "COMPLETED", "FAILED", "TERMINATED")
MIN_PAUSE_SECONDS = 0.01
MAX_PAUSE_SECONDS = 0.1
MOST_REPEATS = 5
UNKNOWN_ID = "01900000-0000-7000-8000-0000000000ff"

Outcome: TypeAlias = Literal["ok", "fail", "refused", "unknown"]


class Organization:
    """The client of one organization: an HTTP client with a key, and the calls that most tests begin with."""

    def __init__(
        self, client: httpx2.Client, organization_id: str, workspace_id: str, api_key: str, owner_link: str = ""
    ) -> None:
        self.client = client
        self.organization_id = organization_id
        self.workspace_id = workspace_id
        self.key = api_key
        self.owner_link = owner_link

    def get(self, name: str, /, **query: Any) -> httpx2.Response:
        """Calls a GET route by its last name or its whole path."""
        headers = {"x-api-key": self.key}
        return _patient(lambda: self.client.get(_path(name), params=query or None, headers=headers))

    def post(
        self,
        name: str,
        /,
        body: Any = None,
        *,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx2.Response:
        """Calls a POST route; no body at all for None."""
        sent: dict[str, Any] = {} if body is None else {"json": body}
        if content is not None:
            sent = {"content": content}
        own = {"x-api-key": self.key, **(headers or {})}
        return _patient(lambda: self.client.post(_path(name), params=query, headers=own, **sent))

    def create(self, definition: dict[str, Any], *, is_active: bool = True) -> str:
        """Stores a workflow, activates it if `is_active`, and returns its id."""
        created = self.post("createWorkflow", {"definition": definition})
        assert created.status_code == 200, created.text
        workflow_id: str = created.json()["item"]["workflow_id"]
        if is_active:
            self.activate(workflow_id)
        return workflow_id

    def activate(self, workflow_id: str, version: int = 1) -> None:
        """Activates a version."""
        done = self.post("activateWorkflow", {"workflow_id": workflow_id, "workflow_version": version})
        assert done.status_code == 200, done.text

    def next_draft(self, workflow_id: str, definition: dict[str, Any], version: int = 1) -> int:
        """Stores a definition as the draft after an ACTIVE version and returns its number."""
        item = self.get("getWorkflowById", workflow_id=workflow_id, workflow_version=version).json()["item"]
        body = {"workflow_id": workflow_id, "workflow_version": version, "modified_on": item["modified_on"]}
        done = self.post("updateWorkflow", {**body, "definition": definition})
        assert done.status_code == 200, done.text
        number: int = done.json()["item"]["workflow_version"]
        return number

    def trigger(self, workflow_id: str, body: Any = None, **query: Any) -> str:
        """Triggers the newest ACTIVE version and returns the execution id."""
        answer = self.post(f"triggerworkflow/{workflow_id}", body, query=query)
        assert answer.status_code == 200, answer.text
        execution_id: str = answer.json()["looply_execution_id"]
        return execution_id

    def resume(self, name: str, source: str = "SAP", /, *, query: dict[str, Any] | None = None, **data: Any) -> Any:
        """Resumes by process id or execution id."""
        return self.post(f"resumeWorkflow/{name}", {"payload": {"source": source, **data}}, query=query)

    def terminate(self, name: str, reason: str | None = None) -> httpx2.Response:
        """Terminates by process id or execution id."""
        body = None if reason is None else {"payload": {"termination_reason": reason}}
        return self.post(f"terminateWorkflow/{name}", body)

    def item(self, workflow_id: str, execution_id: str) -> dict[str, Any]:
        """Reads an execution."""
        answer = self.get("getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id)
        assert answer.status_code == 200, answer.text
        item: dict[str, Any] = answer.json()["item"]
        return item

    def until(
        self, workflow_id: str, execution_id: str, *statuses: str, seconds: float = 120, state: str = ""
    ) -> dict[str, Any]:
        """Returns an execution once it has one of the statuses (WAITING or ended), at a step when one is named."""
        expected = statuses or SETTLED
        deadline = time.monotonic() + seconds
        pause = MIN_PAUSE_SECONDS
        while True:
            item = self.item(workflow_id, execution_id)
            if item["status"] in expected and (not state or any(wait["state"] == state for wait in item["waits"])):
                return item
            assert time.monotonic() < deadline, f"{item['status']} at {item['workflow_current_state']}"
            time.sleep(pause)
            # What lasts is read more and more rarely: a read takes milliseconds of the processor.
            pause = min(pause * 1.5, MAX_PAUSE_SECONDS)

    def run(self, definition: dict[str, Any], body: Any = None, *statuses: str, seconds: float = 120) -> dict[str, Any]:
        """Stores, activates and triggers a definition, and returns the execution once it has settled."""
        workflow_id = self.create(definition)
        return self.until(workflow_id, self.trigger(workflow_id, body), *statuses, seconds=seconds)

    def key_with(self, *scopes: str, expires_on: int | None = None) -> "Organization":
        """Returns the same organization behind another key."""
        body: dict[str, Any] = {"name": "part", "scopes": list(scopes)}
        if expires_on is not None:
            body["expires_on"] = expires_on
        made = self.post("createKey", body)
        assert made.status_code == 200, made.text
        return Organization(self.client, self.organization_id, self.workspace_id, made.json()["item"]["api_key"])

    def cards(self, recipient: str = "") -> list[dict[str, Any]]:
        """Returns the open cards, newest first."""
        answer = self.get("getOpenCards", **({"recipient": recipient} if recipient else {}))
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def pages(self, name: str, limit: int = 30, **query: Any) -> list[dict[str, Any]]:
        """Returns all items of a list by following `lastKey`."""
        items: list[dict[str, Any]] = []
        key: dict[str, Any] = {}
        while True:
            answer = self.get(name, **{**query, **key, "limit": limit})
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert page["count"] == len(page["items"]) <= limit
            items += page["items"]
            if "lastKey" not in page:
                return items
            key = page["lastKey"]


def until_event(
    org: Organization, workflow_id: str, execution_id: str, type_: str, seconds: float = 120
) -> dict[str, Any]:
    """Returns an execution once its log has an event of a type."""
    deadline = time.monotonic() + seconds
    while True:
        item = org.item(workflow_id, execution_id)
        if any(entry["type"] == type_ for entry in item["workflow_event_log"]["events"]):
            return item
        assert time.monotonic() < deadline, f"no {type_} in {item['workflow_event_log']}"
        time.sleep(0.01)


def until_counted(org: Organization, workflow_id: str, seconds: float = 120) -> None:
    """Waits until the figures, which are late by about a second, have open executions of a workflow."""
    deadline = time.monotonic() + seconds
    while not any((counts := org.get("getCounts", workflow_id=workflow_id).json()["item"])["open"].values()):
        assert time.monotonic() < deadline, f"nothing is open in {counts}"
        time.sleep(MIN_PAUSE_SECONDS)


class ClientLog:
    """Calls with their outcomes for a checker: done, refused or unknown."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self.counts: Counter[Outcome] = Counter()

    def call(self, client: httpx2.Client, path: str, body: Any, headers: dict[str, str]) -> tuple[Outcome, Any]:
        """Posts once and returns the outcome with the answer's JSON, or with the error's name."""
        begun = time.time_ns()
        outcome, answer = _posted(client, path, body, headers)
        line = {"invoked": begun, "returned": time.time_ns(), "path": path, "outcome": outcome, "answer": answer}
        with self._lock:
            self.counts[outcome] += 1
            self._file.write(json.dumps(line) + "\n")
        return outcome, answer

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def outcome_of(status: int, body: Any) -> Outcome:
    """Returns the outcome that an answer guarantees: done, not done, or neither."""
    if 200 <= status < 300:
        return "ok"
    if status == 500 or (isinstance(body, dict) and body.get("code") == "OUTCOME_UNKNOWN"):
        return "unknown"
    return "fail"


def _posted(client: httpx2.Client, path: str, body: Any, headers: dict[str, str]) -> tuple[Outcome, Any]:
    try:
        response = client.post(path, json=body, headers=headers)
    except httpx2.ConnectError as error:
        return "refused", type(error).__name__
    except httpx2.TransportError as error:
        return "unknown", type(error).__name__
    answer = response.json()
    return outcome_of(response.status_code, answer), {**answer, "status_code": response.status_code}


def _patient(send: Callable[[], httpx2.Response]) -> httpx2.Response:
    """Returns the answer of a call, which is repeated as the server asks where an organization has used its share.

    Such a call had no effect. Organizations of tests that run at the same time share the server of an installation.
    """
    answer = send()
    for _ in range(MOST_REPEATS):
        if answer.status_code != 429 or answer.json()["code"] != "QUOTA":
            break
        time.sleep(int(answer.headers["retry-after"]))
        answer = send()
    return answer


def _path(name: str) -> str:
    return name if name.startswith("/") else f"/v2/workflows/{name}"


def raw(address: str, data: bytes, seconds: float = 120) -> bytes:
    """Returns the response of a server to these bytes until it closes the connection."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        connection.sendall(data)
        return received(connection)


def received(connection: socket.socket) -> bytes:
    """Returns the bytes that arrive until the other side closes; a reset counts as a close."""
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def request_bytes(
    method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"", *, is_last: bool = True
) -> bytes:
    """Returns the bytes of a request exactly as named; nothing is normalized."""
    lines = [f"{method} {target} HTTP/1.1", "host: server"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"content-length: {len(body)}")
    if is_last:
        lines.append("connection: close")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def parsed(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """Returns status, headers and body of one answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, body
