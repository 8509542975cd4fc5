"""The strict JSON door (INP-01 to INP-16, INP-20): what is malformed is refused, what is kept is kept exactly."""

import gzip
import time
from typing import Any

import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import ASKING, COMPUTING

MIB = 1024 * 1024


@pytest.fixture
def workflow_id(org: Organization) -> str:
    return org.create(COMPUTING)


def post(org: Organization, workflow_id: str, content: bytes, **headers: str) -> Any:
    return org.post(f"triggerworkflow/{workflow_id}", content=content, headers=headers)


def refused(answer: Any, status: int = 400) -> bool:
    body = answer.json()
    assert answer.status_code == status, answer.text
    assert set(body) >= {"message", "code", "errors", "request_id"}
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["code"] == body["code"].upper()
    return True


MALFORMED = {
    "duplicate key": b'{"a":1,"a":2}',
    "duplicate key deep": b'{"a":[{"b":{"c":1,"c":1}}]}',
    "duplicate key spelled differently": b'{"a":1,"\\u0061":2}',
    "nan": b'{"a":NaN}',
    "infinity": b'{"a":Infinity}',
    "minus infinity": b"[-Infinity]",
    "number that is infinite": b'{"a":1e400}',
    "minus number that is infinite": b'{"a":-1e400}',
    "integer of 65 digits": b'{"a":' + b"1" * 65 + b"}",
    "integer of 5000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "lone surrogate": b'{"a":"\\ud800"}',
    "lone low surrogate": b'{"a":"\\udc00x"}',
    "lone surrogate as key": b'{"\\ud800":1}',
    "invalid utf-8": b'{"a":"\xff"}',
    "overlong utf-8": b'{"a":"\xc0\xaf"}',
    "surrogate as utf-8": b'{"a":"\xed\xa0\x80"}',
    "utf-16": '{"a":1}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"a":1}',
    "raw control character": b'{"a":"\x01"}',
    "trailing garbage": b'{"a":1} x',
    "two documents": b"{}{}",
    "comment": b'{"a":1 /* x */}',
    "trailing comma": b'{"a":1,}',
    "single quotes": b"{'a':1}",
    "leading zero": b'{"a":01}',
    "plus": b'{"a":+1}',
    "hex": b'{"a":0x1}',
    "unclosed": b'{"a":',
    "201 levels": b"[" * 201 + b"]" * 201,
    "201 levels of objects": b'{"a":' * 201 + b"1" + b"}" * 201,
    "100000 open brackets": b"[" * 100_000,
    "100000 open objects": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=list(MALFORMED))
def test_malformed_json_is_400_quickly_and_starts_nothing(org: Organization, workflow_id: str, content: bytes) -> None:
    begun = time.monotonic()
    assert refused(post(org, workflow_id, content))
    # What looks again and again at what it has seen takes minutes for these.
    assert time.monotonic() - begun < 10
    found = org.get("getOrganizationExecutions")
    assert found.status_code == 200, found.text
    assert found.json()["count"] == 0


def test_a_duplicated_protected_attribute_is_400(org: Organization) -> None:
    workflow_id = org.create(ASKING)
    execution_id = org.trigger(workflow_id)
    for content in (
        b'{"payload":{"source":"SAP","source":"X"}}',
        b'{"payload":{"source":"X","source":"SAP"}}',
        b'{"payload":{"source":"SAP"},"payload":{"source":"TEAMS"}}',
    ):
        assert refused(org.post(f"resumeWorkflow/{execution_id}", content=content))
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"


KEPT: list[Any] = [
    {"a": "\u0000\u2028\u2029"},
    {"a": "\U0001f600"},
    {"": 1, " ": 2, "a/b~c": 3, "a.b": 4},
    {"a": 2**53 + 1, "b": 2**64, "c": -(10**63)},
    {"a": 0.1, "b": 5e-324, "c": 1.7976931348623157e308},
    {"__class__": 1, "constructor": {"prototype": 2}, "$ref": "x"},
    {"a": "é", "b": "e\u0301"},
    {"deep": eval("[" * 190 + "]" * 190)},
]


@pytest.mark.parametrize("value", KEPT, ids=lambda value: ascii(value)[:30])
def test_accepted_json_is_returned_identically(org: Organization, workflow_id: str, value: Any) -> None:
    item = org.until(workflow_id, org.trigger(workflow_id, value))
    payload = item["workflow_input_payload"]
    assert {name: payload[name] for name in value} == value


def test_a_body_has_at_most_one_mebibyte(org: Organization, workflow_id: str) -> None:
    def body(size: int) -> bytes:
        return b'{"a":"' + b"x" * (size - 8) + b'"}'

    assert post(org, workflow_id, body(MIB)).status_code == 200
    for sent in (body(MIB + 1), body(3 * MIB)):
        assert refused(post(org, workflow_id, sent), 413)

    def chunks() -> Any:
        for _ in range(20):
            yield b"x" * 100_000

    answer = org.client.post(
        f"/v2/workflows/triggerworkflow/{workflow_id}", content=chunks(), headers={"x-api-key": org.key}
    )
    assert refused(answer, 413)
    assert org.get("getOrganizationExecutions").json()["count"] == 1


def test_a_body_in_chunks_is_read_as_one(org: Organization, workflow_id: str) -> None:
    parts = [b'{"a"', b':"', b"x" * 70_000, b'"', b"}"]
    answer = org.client.post(
        f"/v2/workflows/triggerworkflow/{workflow_id}", content=iter(parts), headers={"x-api-key": org.key}
    )
    assert answer.status_code == 200


WIDE = {
    "a million items": b"[" + b"1," * 400_000 + b"1]",
    "a hundred thousand keys": b"{" + b",".join(b'"%d":1' % n for n in range(90_000)) + b"}",
    "keys with one beginning": b"{" + b",".join(b'"%s%d":1' % (b"k" * 40, n) for n in range(18_000)) + b"}",
}


@pytest.mark.parametrize("content", WIDE.values(), ids=list(WIDE))
def test_a_wide_body_takes_bounded_time(org: Organization, workflow_id: str, content: bytes) -> None:
    begun = time.monotonic()
    assert post(org, workflow_id, content).status_code in (200, 400, 413)
    assert time.monotonic() - begun < 20


TYPES = ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/problem+json"]
TEXT_TYPES = ["text/plain", "text/json"]
"""A call that a key makes may declare its JSON so."""
WRONG_TYPES = [
    "text/html",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/json; charset=latin-1",
    "application/json, text/html",
    "application/jsonp",
    "application/xml",
    "*/*",
]


@pytest.mark.parametrize("text", TYPES)
def test_a_content_type_is_absent_or_json(org: Organization, workflow_id: str, text: str) -> None:
    assert post(org, workflow_id, b"{}", **{"content-type": text}).status_code == 200
    assert post(org, workflow_id, b"{}").status_code == 200


@pytest.mark.parametrize("text", TEXT_TYPES)
def test_a_trigger_with_a_key_takes_json_that_is_declared_as_text_and_other_calls_do_not(
    org: Organization, text: str
) -> None:
    workflow_id = org.create(ASKING)
    execution_id = org.trigger(workflow_id)
    headers = {"content-type": text}
    assert post(org, workflow_id, b"{}", **headers).status_code == 200
    assert refused(post(org, workflow_id, b"{", **headers))
    assert refused(org.post("createWorkflow", content=b'{"definition":{}}', headers=headers), 415)
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"


@pytest.mark.parametrize("text", WRONG_TYPES)
def test_any_other_content_type_is_415_also_where_the_body_is_json(org: Organization, text: str) -> None:
    workflow_id = org.create(ASKING)
    execution_id = org.trigger(workflow_id)
    headers = {"content-type": text}
    assert refused(post(org, workflow_id, b"{}", **headers), 415)
    body = b'{"payload":{"source":"SAP"}}'
    assert refused(org.post(f"resumeWorkflow/{execution_id}", content=body, headers=headers), 415)
    assert refused(org.post("createWorkflow", content=b'{"definition":{}}', headers=headers), 415)
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-gzip"])
def test_a_compressed_body_is_415(org: Organization, workflow_id: str, coding: str) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    assert refused(post(org, workflow_id, bomb, **{"content-encoding": coding}), 415)


@pytest.mark.parametrize("content", [b"[]", b'"x"', b"1", b"null", b"", b"{} {}"])
def test_a_body_that_must_be_an_object_and_is_none_is_400(org: Organization, content: bytes) -> None:
    for name in ("createWorkflow", "createKey", "activateWorkflow", "resumeWorkflow/x", "toggleScheduledWorkflow"):
        answer = org.post(name, content=content)
        assert answer.status_code == 400, (name, answer.text)


QUERIES = ["limit=%FF", "limit=%", "limit=%zz", "limit=1&limit=1", "&" * 5000, "limit=%d9%a3", "limit=1%00"]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:20])
def test_a_query_that_cannot_be_read_is_400(org: Organization, query: str) -> None:
    answer = org.get(f"/v2/workflows/getOrganizationExecutions?{query}")
    assert answer.status_code in ((200, 400) if query.startswith("&") else (400,))


IDS = ["%0d%0aSet-Cookie:%20x=1", "%0aX: y", "%1b[31m", "%00", "%252e%252e%252f", "%25" * 300, "%E2%80%AE", "%ff%fe"]


@pytest.mark.parametrize("text", IDS, ids=lambda text: text[:20])
def test_control_characters_in_ids_split_neither_answers_nor_log_lines(
    org: Organization, server: Any, text: str
) -> None:
    for name in (f"resumeWorkflow/{text}", f"terminateWorkflow/{text}", f"triggerworkflow/{text}"):
        answer = org.post(name, {"payload": {"source": "SAP"}})
        assert answer.status_code in (400, 404), (name, answer.text)
        assert "set-cookie" not in answer.headers
    for name in ("getWorkflowById", "getWorkflowExecutionHistory"):
        assert org.get(f"/v2/workflows/{name}?workflow_id={text}&workflow_version=1").status_code == 400
    server.log_lines()


SQL = ["' OR '1'='1", '"; DROP TABLE execution; --', "%", "_", "\\", "/*", "1;SELECT 1", "a' UNION SELECT 1--"]


@pytest.mark.parametrize("text", SQL)
def test_sql_in_names_has_no_effect(org: Organization, text: str) -> None:
    assert org.get("getOpenCards", recipient=text).json()["count"] == 0
    assert org.get("searchExecutions", process_id=text).json()["count"] == 0
    assert org.get("getConnection", name=text).status_code in (400, 404, 422)
    name = text.replace("/", "")
    workflow_id = org.create(ASKING)
    execution_id = org.trigger(workflow_id, process_id=name)
    found = org.get("searchExecutions", process_id=name).json()["items"]
    assert [row["workflow_execution_id"] for row in found] == [execution_id]


def test_an_error_is_json_with_message_code_errors_and_request_id(org: Organization) -> None:
    for answer in (
        org.get("getWorkflowById"),
        org.get("getOrganizationExecutions", limit="x"),
        org.get("/nothing"),
        org.get("/v2/workflows/nothing"),
        org.post("getWorkflowById"),
        org.post("createWorkflow", {}),
        org.resume("nobody"),
        org.post("triggerworkflow/x"),
    ):
        body = answer.json()
        assert answer.headers["content-type"] == "application/json"
        assert set(body) >= {"message", "code", "errors", "request_id"}, answer.request.url
        assert isinstance(body["errors"], list)
        assert all(set(problem) >= {"path", "message"} for problem in body["errors"])
        assert "Traceback" not in answer.text
