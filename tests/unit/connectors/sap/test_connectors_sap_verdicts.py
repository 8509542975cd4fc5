"""The verdict on an answer of SAP: locks, failed parts, BAPI messages, logon pages, and what SAP said of each."""

from datetime import UTC, datetime
from typing import Any

import pytest

from looply.connectors.sap.connector import CONNECTOR
from looply.execution.facts.values.far import FarDetail, FarError, Verdict

NOW = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
JSON = {"content-type": "application/json"}
XML = {"content-type": "application/atom+xml"}
LOCK = "Benutzer MUELLER bearbeitet gerade die Bestellung 4500000101"


def judge(status: int, data: Any = None, headers: Any = None, **more: Any) -> Verdict | None:
    output = {"status": str(status), "statusText": "", "headers": headers or JSON, "data": data, **more}
    return CONNECTOR.operations[0].verdict_on({}, output, NOW)


def failed(status: int, data: Any = None, headers: Any = None, **more: Any) -> Verdict:
    verdict = judge(status, data, headers, **more)
    assert verdict is not None
    return verdict


def v2(code: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    inner = {"application": {"component_id": "MM"}, "errordetails": list(details)}
    return {"error": {"code": code, "message": {"lang": "de", "value": message}, "innererror": inner}}


def test_an_error_of_v2_is_read_with_its_details() -> None:
    own = {"code": "ME/303", "message": "Werk fehlt", "propertyref": "Plant", "severity": "error"}
    body = v2("ME/303", "Werk fehlt", own, {"code": "ME/062", "message": "Menge fehlt", "target": "Quantity"})
    assert failed(400, body).far == FarError(
        kind="rejected",
        code="ME/303",
        message="Werk fehlt",
        details=(FarDetail(code="ME/062", message="Menge fehlt", target="Quantity"),),
    )


def test_an_error_of_v4_is_read_with_its_details() -> None:
    body = {
        "error": {
            "code": "V1/302",
            "message": "Sold-to party missing",
            "target": "SoldToParty",
            "@Common.numericSeverity": 4,
            "details": [{"code": "V1/303", "message": "Plant missing", "target": "Plant"}],
        }
    }
    assert failed(400, body).far == FarError(
        kind="rejected",
        code="V1/302",
        message="Sold-to party missing",
        target="SoldToParty",
        details=(FarDetail(code="V1/303", message="Plant missing", target="Plant"),),
    )


def test_an_error_in_xml_is_read_with_its_details() -> None:
    body = (
        '<?xml version="1.0" encoding="utf-8"?><error xmlns="http://schemas.microsoft.com/ado/2007/08/dataservices/'
        'metadata"><code>005056A509B11EE1B9A8FEC11C21578E</code><message xml:lang="en">Resource not found</message>'
        "<innererror><errordetails><errordetail><code>A/001</code><message>one</message><propertyref>Plant</propertyref>"
        "</errordetail><errordetail><code>A/002</code><message>two</message></errordetail></errordetails></innererror>"
        "</error>"
    )
    assert failed(404, body, XML).far == FarError(
        kind="rejected",
        code="005056A509B11EE1B9A8FEC11C21578E",
        message="Resource not found",
        details=(FarDetail(code="A/001", message="one", target="Plant"), FarDetail(code="A/002", message="two")),
    )


def test_the_message_header_is_read_where_the_body_says_nothing() -> None:
    header = '{"code":"ME/303","message":"Werk fehlt","severity":"error","target":"Plant","details":[{"code":"X/1"}]}'
    assert failed(400, "", {**JSON, "sap-message": header}).far == FarError(
        kind="rejected", code="ME/303", message="Werk fehlt", target="Plant", details=(FarDetail(code="X/1"),)
    )
    body = v2("A/1", "of the body")
    assert failed(400, body, {**JSON, "sap-message": header}).far.message == "of the body"


@pytest.mark.parametrize("header", ["no json", "[]", '"x"', "{", 7])
def test_a_message_header_that_is_none_says_nothing(header: Any) -> None:
    assert failed(400, "", {**JSON, "sap-message": header}).far == FarError(kind="rejected")


@pytest.mark.parametrize(
    ("status", "body", "user"),
    [
        (423, v2("ME/006", LOCK), "MUELLER"),
        (423, "", ""),
        (400, v2("ME/006", LOCK), "MUELLER"),
        (400, v2("SY/530", "Fehler", {"code": "ME/006", "message": LOCK}), "MUELLER"),
        (400, v2("M3/023", "Material 100 is locked by user SMITH"), "SMITH"),
        (400, v2("X/999", "Order 12 is already being processed by user ANNA_B"), "ANNA_B"),
        (400, v2("X/999", "Auftrag 12 ist von Benutzer HUBER gesperrt"), "HUBER"),
        (500, v2("V1/042", "Sales document 12 is currently being processed by WAGNER."), "WAGNER"),
        (409, {"error": {"code": "X", "message": "The object is locked by KLEIN"}}, "KLEIN"),
    ],
)
def test_a_lock_of_another_user_is_recognized_whatever_its_status(status: int, body: Any, user: str) -> None:
    far = failed(status, body).far
    assert (far.kind, far.locked_by) == ("locked", user)


@pytest.mark.parametrize(
    "message",
    ["Lieferant 1000 ist gesperrt", "Vendor is blocked for purchasing", "The account was locked", "Werk fehlt"],
)
def test_a_block_that_no_time_ends_is_no_lock(message: str) -> None:
    assert failed(400, v2("F5/104", message)).far.kind == "rejected"


PARTS = [{"id": "1", "status": 201, "body": {}}, {"id": "2", "status": 404, "body": v2("A/404", "No such order")}]


@pytest.mark.parametrize(
    ("data", "more"),
    [
        ({"responses": PARTS}, {}),
        ("raw", {"parts": [{"id": part["id"], "status": str(part["status"]), "data": part["body"]} for part in PARTS]}),
        ({"parts": PARTS}, {}),
    ],
)
def test_a_failed_part_fails_the_batch(data: Any, more: Any) -> None:
    verdict = failed(200, data, **more)
    assert verdict.failure == "BATCH_PART_FAILED"
    assert (verdict.far.kind, verdict.far.code, verdict.far.target) == ("rejected", "A/404", "2")
    assert "No such order (status 404; 1 of 2 parts of the batch failed)" in verdict.far.message


def multipart(*parts: str) -> str:
    lines = ["--b\r\nContent-Type: application/http\r\nContent-Length: 99\r\ncontent-transfer-encoding: binary\r\n"]
    return "".join(f"{lines[0]}\r\n{part}\r\n" for part in parts) + "--b--"


def test_a_failed_part_of_a_multipart_answer_fails_the_batch() -> None:
    good = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"d":{}}'
    bad = (
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n\r\n"
        '{"error":{"code":"ME/006","message":{"value":"' + LOCK + '"}}}'
    )
    headers = {"content-type": "multipart/mixed; boundary=b"}
    assert judge(202, multipart(good, good), headers) is None
    verdict = failed(202, multipart(good, bad), headers)
    assert (verdict.failure, verdict.far.code, verdict.far.locked_by) == ("BATCH_PART_FAILED", "ME/006", "MUELLER")
    assert verdict.far.kind == "rejected"  # the other part was carried out, and must not be sent again
    assert failed(202, multipart(bad), headers).far.kind == "locked"


@pytest.mark.parametrize(
    "data", [{"responses": "x"}, {"responses": [7, {"status": None}, {"status": True}]}, {"parts": []}]
)
def test_what_is_no_list_of_parts_is_data(data: Any) -> None:
    assert judge(200, data) is None


ROW = {"TYPE": "E", "ID": "ME", "NUMBER": "303", "MESSAGE": "Werk fehlt", "FIELD": "PLANT"}


@pytest.mark.parametrize(
    "data",
    [
        {"RETURN": ROW},
        {"RETURN": [{"TYPE": "S", "ID": "ME", "NUMBER": "1", "MESSAGE": "ok"}, ROW]},
        {"RETURN": {"item": [ROW]}},
        {"d": {"RETURN": {"results": [ROW]}}},
        {"RETURN": {**ROW, "TYPE": "A", "NUMBER": 303}},
    ],
)
def test_a_message_of_type_e_or_a_fails_a_bapi(data: Any) -> None:
    verdict = failed(200, data)
    assert verdict.failure == "REJECTED"
    assert verdict.far == FarError(kind="rejected", code="ME/303", message="Werk fehlt", target="PLANT")


def test_a_lock_that_a_bapi_reports_is_one() -> None:
    verdict = failed(200, {"RETURN": [{"TYPE": "E", "ID": "ME", "NUMBER": "006", "MESSAGE": LOCK}, ROW]})
    assert (verdict.far.kind, verdict.far.locked_by) == ("locked", "MUELLER")
    assert verdict.far.details == (FarDetail(code="ME/303", message="Werk fehlt", target="PLANT"),)


@pytest.mark.parametrize(
    "data",
    [
        {"RETURN": {**ROW, "TYPE": "S"}},
        {"RETURN": {**ROW, "TYPE": "W"}},
        {"RETURN": []},
        {"RETURN": "E"},
        {"RETURN": {"TYPE": "E"}},  # a field of that name in an entity
        {"d": {"results": [{"TYPE": "E"}]}},
        {"Return": ROW},
    ],
)
def test_other_answers_are_no_failed_bapi(data: Any) -> None:
    assert judge(200, data) is None


@pytest.mark.parametrize(
    ("status", "data", "headers"),
    [
        (200, '<form><input type="password" name="sap-password"></form>', {"content-type": "text/html"}),
        (200, '<form><input type="hidden" name="SAMLRequest" value="x"/></form>', {"content-type": "text/html"}),
        (302, "", {"location": "https://idp.example/saml2/sso?SAMLRequest=x"}),
    ],
)
def test_a_logon_page_is_a_failure_of_authentication(status: int, data: str, headers: Any) -> None:
    verdict = failed(status, data, headers)
    assert (verdict.failure, verdict.far.kind) == ("AUTH_FAILED", "auth")


def test_a_redirect_elsewhere_is_a_failure() -> None:
    assert failed(307, "", {"location": "/other"}).failure == "REDIRECT_REFUSED"


def test_a_delay_that_sap_asks_for_is_kept() -> None:
    assert failed(503, "", {"retry-after": "Fri, 27 Nov 2026 12:00:00 GMT"}).retry_after_seconds == 7200
