"""The verdict on an HTTP answer: its kind, what the system said, and the failures that look like successes."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from looply.connectors.http.connector import CONNECTOR
from looply.connectors.verdicts import judge_status, kind_of_status, retry_after_seconds
from looply.connectors.xml_texts import xml_texts
from looply.execution.facts.values.far import FarDetail, FarError, Verdict

NOW = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html; charset=utf-8"}
XML = {"content-type": "text/xml"}
LOGON = '<html><title> Log on &amp; go </title><form><input name="u"><input type="password" name="p"></form></html>'
SAML = '<form method="post"><input type="hidden" name="SAMLRequest" value="PHNhbWw"></form>'


def judge(status: int, data: Any = None, answered: Any = None, **input_: Any) -> Verdict | None:
    output = {"status": str(status), "statusText": "", "headers": answered or {}, "data": data}
    return CONNECTOR.operations[0].verdict_on(input_, output, NOW)


def said(status: int, data: Any, headers: Any = None) -> FarError:
    verdict = judge(status, data, headers)
    assert verdict is not None
    return verdict.far


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("200", None),
        ("204", None),
        ("400", "rejected"),
        ("401", "auth"),
        ("403", "auth"),
        ("404", "rejected"),
        ("407", "down"),
        ("408", "transient"),
        ("409", "conflict"),
        ("412", "conflict"),
        ("423", "locked"),
        ("429", "throttled"),
        ("500", "transient"),
        ("501", "rejected"),
        ("502", "down"),
        ("503", "down"),
        ("504", "down"),
    ],
)
def test_a_status_has_a_kind(status: str, kind: str | None) -> None:
    assert kind_of_status(status) == kind
    verdict = judge(int(status))
    assert (verdict.far.kind if verdict is not None else None) == kind
    assert verdict is None or verdict.failure == ""


@pytest.mark.parametrize("output", [None, "text", {}, {"status": 200}, {"status": "200"}, {"status": "done"}, []])
def test_an_output_without_an_http_failure_has_no_verdict(output: Any) -> None:
    assert judge_status({}, output, NOW) is None
    assert CONNECTOR.operations[0].verdict_on({}, output, NOW) is None


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("30", None, 30),
        (" 30 ", None, 30),
        ("0", None, 0),
        ("9" * 400, None, 999_999_999),
        ("Fri, 27 Nov 2026 10:00:04 GMT", None, 4),
        ("Fri, 27 Nov 2026 12:00:00 GMT", None, 7200),
        ("Fri, 27 Nov 2026 09:00:00 GMT", None, 0),
        ("Friday, 27-Nov-26 10:00:09 GMT", None, 9),
        ("Fri, 27 Nov 2026 10:00:04 -0000", None, 4),
        # The clock of the other system is an hour late: only the difference counts.
        ("Fri, 27 Nov 2026 09:00:30 GMT", "Fri, 27 Nov 2026 09:00:00 GMT", 30),
        ("soon", None, 0),
        ("", None, 0),
        ("-5", None, 0),
        ("\u0663", None, 0),
        ("Fri, 99 Nov 2026 10:00:04 GMT", None, 0),
        ("x" * 100_000, None, 0),
        (5, None, 0),
        (None, None, 0),
    ],
)
def test_a_delay_is_read_in_seconds_or_as_a_date(value: Any, date: str | None, seconds: float) -> None:
    headers = {"retry-after": value, **({"date": date} if date is not None else {})}
    assert retry_after_seconds(headers, NOW) == seconds
    verdict = judge(503, answered=headers)
    assert verdict is not None
    assert verdict.retry_after_seconds == seconds


def test_without_headers_there_is_no_delay() -> None:
    assert retry_after_seconds(None, NOW) == 0


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {
                "error": {
                    "code": "E1",
                    "message": "No plant",
                    "target": "Plant",
                    "details": [{"code": "D", "target": "x"}],
                }
            },
            {"code": "E1", "message": "No plant", "target": "Plant", "details": (FarDetail(code="D", target="x"),)},
        ),
        (
            {"type": "https://x/out-of-stock", "title": "Out of stock", "detail": "0 left", "instance": "/a/1"},
            {"code": "https://x/out-of-stock", "message": "0 left", "target": "/a/1"},
        ),
        (
            {"error": "invalid_grant", "error_description": "the token has expired"},
            {"code": "invalid_grant", "message": "the token has expired"},
        ),
        (
            {"message": "no", "code": "BAD_BODY", "errors": [{"path": "/po", "message": "is missing"}, "and more", 7]},
            {
                "code": "BAD_BODY",
                "message": "no",
                "details": (FarDetail(message="is missing", target="/po"), FarDetail(message="and more")),
            },
        ),
        ({"code": 17, "message": "seventeen"}, {"code": "17", "message": "seventeen"}),
        ({"error": {"message": {"lang": "de", "value": "Nein"}}}, {"message": "Nein"}),
        ({"code": True, "message": ["x"], "errors": {}}, {}),
        ([1, 2], {}),
        (None, {}),
        ("plain words", {}),
    ],
)
def test_the_usual_error_bodies_of_json_are_read(data: Any, expected: dict[str, Any]) -> None:
    assert said(400, data, JSON) == FarError(kind="rejected", **expected)


def test_a_page_says_its_title() -> None:
    assert said(502, "<html><head><title>502\n Bad  Gateway</title>", HTML) == FarError(
        kind="down", message="502 Bad Gateway"
    )


def test_an_xml_error_says_code_and_message() -> None:
    data = '<?xml version="1.0"?><m:error xmlns:m="urn:m"><m:code>E/1</m:code><m:message>No</m:message></m:error>'
    assert said(400, data, XML) == FarError(kind="rejected", code="E/1", message="No")


SOAP_11 = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode>'
    "<faultstring>No such order</faultstring><faultactor>urn:a</faultactor>"
    "<detail><e:number xmlns:e='urn:e'>4711</e:number></detail></s:Fault></s:Body></s:Envelope>"
)
SOAP_12 = (
    '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value>'
    "<e:Subcode><e:Value>m:Busy</e:Value></e:Subcode></e:Code><e:Reason><e:Text xml:lang='en'>Try later</e:Text>"
    "</e:Reason></e:Fault></e:Body></e:Envelope>"
)


def test_a_fault_of_soap_is_read_in_both_versions() -> None:
    assert said(500, SOAP_11, XML) == FarError(
        kind="transient",
        code="Client",
        message="No such order",
        target="urn:a",
        details=(FarDetail(code="number", message="4711"),),
    )
    assert said(500, SOAP_12, XML) == FarError(kind="transient", code="Busy", message="Try later")


def test_a_fault_with_status_200_fails_a_soap_call_and_no_other() -> None:
    assert judge(200, SOAP_11, XML) is None
    verdict = judge(200, SOAP_11, XML, soap={"action": "x"})
    assert verdict is not None
    assert (verdict.failure, verdict.far.kind, verdict.far.message) == ("REJECTED", "rejected", "No such order")
    assert judge(200, "<Envelope><Body><ok/></Body></Envelope>", XML, soap={}) is None


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        "<a>" * 200,
        "<a><b></a>",
        "no xml",
        "",
        "<a>" + "x" * 300_000 + "</a>",
        "\ud800<a/>",
    ],
)
def test_xml_that_is_unsafe_or_none_says_nothing(text: str) -> None:
    assert xml_texts(text) == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_a_redirect_that_was_not_followed_is_a_failure(status: int, method: str) -> None:
    verdict = judge(status, "", {"location": "https://other.example/a?token=x"}, method=method)
    assert verdict is not None
    assert (verdict.failure, verdict.far.kind) == ("REDIRECT_REFUSED", "rejected")
    assert verdict.far.target == "https://other.example/a"
    assert "ok_on" in verdict.far.message


@pytest.mark.parametrize(
    "location",
    [
        "https://idp.example/saml2/idp/sso?SAMLRequest=abc",
        "https://login.example/tenant/oauth2/v2.0/authorize?client_id=1&response_type=code",
        "/login?next=/orders",
    ],
)
def test_a_redirect_to_a_logon_is_one_of_authentication(location: str) -> None:
    verdict = judge(302, "", {"location": location})
    assert verdict is not None
    assert (verdict.failure, verdict.far.kind) == ("AUTH_FAILED", "auth")
    assert "browser logon" in verdict.far.message


@pytest.mark.parametrize("status", [300, 304])
def test_other_answers_of_the_three_hundreds_are_data(status: int) -> None:
    verdict = judge(status)
    assert verdict is not None
    assert verdict.failure == ""


@pytest.mark.parametrize("page", [LOGON, SAML])
@pytest.mark.parametrize(
    "call",
    [{"connection": "CRM"}, {"auth": {"type": "bearer", "token": "t"}}, {"headers": {"Accept": "application/json"}}],
)
def test_a_logon_page_is_a_failure_of_authentication_also_with_status_200(page: str, call: Any) -> None:
    verdict = judge(200, page, HTML, **call)
    assert verdict is not None
    assert (verdict.failure, verdict.far.kind) == ("AUTH_FAILED", "auth")
    assert ("Log on & go" in verdict.far.message) == (page is LOGON)


@pytest.mark.parametrize(
    ("page", "headers", "call"),
    [
        (LOGON, HTML, {}),  # an author may read a page
        ("<html><form><input name='q'></form></html>", HTML, {"connection": "CRM"}),
        (LOGON, JSON, {"connection": "CRM"}),
        ("", HTML, {"connection": "CRM"}),
    ],
)
def test_other_pages_are_data(page: str, headers: Any, call: Any) -> None:
    assert judge(200, page, headers, **call) is None


def test_a_judge_that_breaks_loses_no_answer() -> None:
    def broken(*_: Any) -> Verdict | None:
        raise KeyError("x")

    operation = replace(CONNECTOR.operations[0], judge=broken)
    assert operation.verdict_on({}, {"status": "423"}, NOW) == Verdict(far=FarError(kind="locked"))
