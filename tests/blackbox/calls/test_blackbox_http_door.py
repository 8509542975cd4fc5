"""Below JSON: heads, lengths and connections (INP-17 to INP-19, DOS-01), and what every answer has."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from blackbox.harness.client import Organization, parsed, raw, received, request_bytes
from blackbox.harness.definitions import ASKING, COMPUTING
from blackbox.harness.launcher import Server


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=45)


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_an_unfinished_head_is_closed_after_ten_seconds_and_others_are_served(
    server: Server, org: Organization
) -> None:
    begun = time.monotonic()
    with connected(server) as slow, ThreadPoolExecutor(1) as pool:
        slow.sendall(b"GET /healthz/live HTTP/1.1\r\nhost: x\r\nx-a: ")
        closing = pool.submit(received, slow)
        while not closing.done():
            assert time.monotonic() - begun < 40, "the connection is still open"
            assert org.get("getOrganizationExecutions").status_code == 200
            if time.monotonic() - begun < 8:
                slow.sendall(b"a")
            time.sleep(0.25)
    assert time.monotonic() - begun > 9
    assert parsed(closing.result())[0] == 408


@pytest.mark.parametrize(
    "data",
    [
        request_bytes("GET", "/healthz/live", {"x-a": "a" * 70_000}),
        request_bytes("GET", "/healthz/live", {f"x-{n}": "a" for n in range(250)}),
        request_bytes("GET", "/healthz/live?" + "a" * 65_536),
        request_bytes("GET", "/healthz/live", {"x-a" * 20_000: "a"}),
    ],
    ids=["70 KB", "250 headers", "64 KB URL", "60 KB name"],
)
def test_a_head_that_is_too_large_is_refused(server: Server, data: bytes) -> None:
    status, headers, body = parsed(raw(server.address, data))
    assert status in (400, 414, 431)
    assert headers["connection"] == "close"
    assert b'"code"' in body


def smuggled(server: Server, org: Organization, head: str, body: bytes) -> tuple[bytes, bool]:
    """Sends a request that hides a second one, and returns the answer and whether the hidden one was performed."""
    workflow_id = org.create(ASKING)
    execution_id = org.trigger(workflow_id)
    org.until(workflow_id, execution_id, "WAITING")
    hidden = (
        f"POST /v2/workflows/terminateWorkflow/{execution_id} HTTP/1.1\r\nhost: x\r\nx-api-key: {org.key}\r\n"
        "content-length: 0\r\n\r\n"
    ).encode()
    first = f"POST /v2/workflows/resumeWorkflow/nobody HTTP/1.1\r\nhost: x\r\nx-api-key: {org.key}\r\n{head}\r\n\r\n"
    with connected(server) as connection:
        connection.sendall(first.replace("{length}", str(len(body) + len(hidden))).encode() + body + hidden)
        connection.shutdown(socket.SHUT_WR)
        answer = received(connection)
    return answer, org.item(workflow_id, execution_id)["status"] == "TERMINATED"


BOTH = {
    "CL and TE": "content-length: {length}\r\ntransfer-encoding: chunked",
    "TE and CL": "transfer-encoding: chunked\r\ncontent-length: {length}",
    "two CL": "content-length: 5\r\ncontent-length: {length}",
    "CL list": "content-length: 5, {length}",
    "TE with a space": "transfer-encoding : chunked\r\ncontent-length: {length}",
    "TE unknown": "transfer-encoding: xchunked\r\ncontent-length: {length}",
    "TE identity": "transfer-encoding: chunked, identity\r\ncontent-length: {length}",
    "CL plus": "content-length: +5",
    "CL hex": "content-length: 0x5",
    "CL negative": "content-length: -1",
    "folded": "content-length: 5\r\nx-a: b\r\n transfer-encoding: chunked",
    "two TE": "transfer-encoding: chunked\r\ntransfer-encoding: identity",
}


@pytest.mark.parametrize("head", BOTH.values(), ids=list(BOTH))
def test_lengths_that_contradict_each_other_are_refused_and_hide_nothing(
    server: Server, org: Organization, head: str
) -> None:
    answer, was_performed = smuggled(server, org, head, b"0\r\n\r\n")
    status = parsed(answer)[0]
    if head == BOTH["folded"]:
        # A folded line is the value of the header before it: then the five bytes are the body, and the rest a request.
        assert status in (400, 404)
        return
    assert status == 400
    assert not was_performed


@pytest.mark.parametrize("size", [b"0x5", b"+5", b"-1", b"5 ", b"g", b"f" * 20, b" 5", b""])
def test_a_chunk_size_that_is_no_hexadecimal_number_is_refused(server: Server, org: Organization, size: bytes) -> None:
    head = f"POST /v2/workflows/resumeWorkflow/nobody HTTP/1.1\r\nhost: x\r\nx-api-key: {org.key}\r\n"
    data = head.encode() + b"transfer-encoding: chunked\r\n\r\n" + size + b"\r\nhello\r\n0\r\n\r\n"
    answer = raw(server.address, data.replace(b"host: x\r\n", b"host: x\r\nconnection: close\r\n"))
    assert parsed(answer)[0] == 400


@pytest.mark.parametrize(
    "data",
    [
        b"GET /healthz/live\r\n\r\n",
        b"GET /healthz/live HTTP/9.9\r\nhost: x\r\n\r\n",
        b"GET /healthz/live HTTP/1.1\r\nhost x\r\n\r\n",
        b"GET /healthz/live HTTP/1.1\r\n: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00" * 100,
        b"GET /a b HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
    ids=lambda data: repr(data)[2:22],
)
def test_what_is_not_http_is_refused_in_our_shape(server: Server, data: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = received(connection)
    assert b"Traceback" not in answer
    if answer:
        assert answer.startswith(b"HTTP/1.1 4")


def test_a_caller_that_leaves_in_the_middle_of_a_body_starts_nothing(server: Server, org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    head = request_bytes("POST", f"/v2/workflows/triggerworkflow/{workflow_id}", {"x-api-key": org.key})
    with connected(server) as connection:
        connection.sendall(head[:-2] + b"content-length: 100\r\n\r\n" + b'{"a": 1}')
    assert org.get("getOrganizationExecutions").json()["count"] == 0
    assert "request_broke" not in server.log_text()


def test_many_requests_in_one_go_are_answered_in_order(server: Server, org: Organization) -> None:
    one = request_bytes("GET", "/v2/workflows/getOrganizationExecutions?limit=1", {"x-api-key": org.key}, is_last=False)
    bad = request_bytes("GET", "/v2/workflows/getOrganizationExecutions?limit=x", {"x-api-key": org.key}, is_last=False)
    last = request_bytes("GET", "/healthz/live")
    answers = raw(server.address, (one + bad) * 20 + last)
    assert [answers.count(b"HTTP/1.1 200 OK"), answers.count(b"HTTP/1.1 400 ")] == [21, 20]
    assert answers.index(b"HTTP/1.1 200") < answers.index(b"HTTP/1.1 400") < answers.rindex(b"HTTP/1.1 200")


def test_every_answer_may_not_be_cached_nor_guessed_at_and_names_its_request(org: Organization) -> None:
    ids = set()
    answers: list[Any] = [org.get("getOrganizationExecutions"), org.get("/nothing"), org.get("/openapi.json")]
    answers += [org.client.get("/healthz/live"), org.client.get("/v2/workflows/getKeys"), org.post("createKey", {})]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers
        ids.add(answer.headers["x-request-id"])
    assert len(ids) == len(answers)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
def test_no_other_site_may_read_answers(org: Organization, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = org.client.request(
            method,
            "/v2/workflows/getOrganizationExecutions",
            headers={"x-api-key": org.key, "origin": origin, "access-control-request-method": "GET"},
        )
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_pages_have_a_policy_that_allows_our_own_scripts_only(org: Organization) -> None:
    for path in ("/inbox/nothing", "/docs"):
        answer = org.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert answer.status_code == 200
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_head_answers_as_get_without_a_body(server: Server, org: Organization) -> None:
    data = request_bytes("HEAD", "/v2/workflows/getOrganizationExecutions", {"x-api-key": org.key})
    status, headers, body = parsed(raw(server.address, data))
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 0


@pytest.mark.parametrize("is_split", [False, True])
def test_a_key_in_a_trailer_opens_nothing(server: Server, org: Organization, is_split: bool) -> None:
    path = f"/v2/workflows/triggerworkflow/{org.create(COMPUTING)}"
    head = request_bytes("POST", path, {"transfer-encoding": "chunked"}, is_last=False)
    rest = f"2\r\n{{}}\r\n0\r\nx-api-key: {org.key}\r\n\r\n".encode() + request_bytes("GET", "/healthz/live")
    with connected(server) as connection:
        answers = b""
        if is_split:
            connection.sendall(head)
            answers = connection.recv(65_536)
            connection.sendall(rest)
        else:
            connection.sendall(head + rest)
        answers += received(connection)
    assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == [b"403", b"200"]
    assert org.get("getOrganizationExecutions").json()["count"] == 0


@pytest.mark.parametrize("more", [b"X: y\r\n" * 10_000, b"y" * 60_000], ids=["many", "one without end"])
def test_trailers_without_end_close_the_connection_and_start_nothing(
    server: Server, org: Organization, more: bytes
) -> None:
    workflow_id = org.create(COMPUTING)
    head = f"POST /v2/workflows/triggerworkflow/{workflow_id} HTTP/1.1\r\nhost: x\r\nx-api-key: {org.key}\r\n"
    sent, most = 0, 50_000_000
    with connected(server) as connection:
        connection.sendall(head.encode() + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
        with suppress(OSError):
            while sent < most:
                connection.sendall(more)
                sent += len(more)
    assert sent < most
    assert org.get("getWorkflowExecutionHistory", workflow_id=workflow_id).json()["items"] == []


def test_a_call_is_answered_before_the_garbage_behind_it_is_refused(server: Server, org: Organization) -> None:
    path = f"/v2/workflows/triggerworkflow/{org.create(COMPUTING)}"
    call = request_bytes("POST", path, {"x-api-key": org.key, "content-length": "0"}, is_last=False)
    answers = raw(server.address, call + b"NONSENSE\r\n\r\n")
    assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == [b"200", b"400"]
    assert org.get("getOrganizationExecutions").json()["count"] == 1
    assert "request_broke" not in server.log_text()
