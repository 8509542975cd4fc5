"""Calls by SOAP: the envelope, the headers of each version, and what is refused before anything is sent."""

from typing import Any

import httpx2
import pytest

from looply.connectors.http.connector import CONNECTOR
from looply.errors import BadInput

OPERATION = CONNECTOR.operations[0]
BODY = "<m:Get xmlns:m='urn:m'><m:po>4711</m:po></m:Get>"


async def call(wiring: Any, **input_: Any) -> dict[str, Any]:
    given = {"method": "POST", "url": "https://soap.example/orders", "body": BODY, **input_}
    output: dict[str, Any] = await OPERATION.perform(wiring.context(), given)
    return output


async def test_version_11_sends_the_action_in_a_header(wiring: Any) -> None:
    wiring.answer(httpx2.Response(200, text="<ok/>", headers={"content-type": "text/xml"}))
    output = await call(wiring, soap={"action": "urn:m/Get", "header": "<a/>"})
    (sent,) = wiring.requests
    assert sent.headers["content-type"] == "text/xml; charset=utf-8"
    assert sent.headers["soapaction"] == '"urn:m/Get"'
    assert sent.content.decode() == (
        '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<soap:Header><a/></soap:Header><soap:Body>{BODY}</soap:Body></soap:Envelope>"
    )
    assert output["data"] == "<ok/>"


async def test_version_12_sends_the_action_in_the_content_type(wiring: Any) -> None:
    wiring.answer(httpx2.Response(200), httpx2.Response(200))
    await call(wiring, soap={"action": "urn:m/Get", "version": "1.2"})
    await call(wiring, soap={"version": "1.2"})
    first, second = wiring.requests
    assert first.headers["content-type"] == 'application/soap+xml; charset=utf-8; action="urn:m/Get"'
    assert second.headers["content-type"] == "application/soap+xml; charset=utf-8"
    assert "soapaction" not in first.headers
    assert b"http://www.w3.org/2003/05/soap-envelope" in first.content
    assert b"soap:Header" not in first.content


@pytest.mark.parametrize(
    "input_",
    [
        {"method": "GET"},
        {"body": {"a": 1}},
        {"body": None},
        {"body": '<?xml version="1.0"?><a/>'},
        {"body": "<!DOCTYPE a><a/>"},
        {"soap": {"header": " <?xml version='1.0'?><a/>"}},
        {"soap": {"action": 'a"b'}},
        {"soap": {"action": "a\r\nb"}},
        {"soap": {"version": "2.0"}},
        {"soap": {"unknown": 1}},
        {"headers": {"SOAPAction": "mine"}},
        {"headers": {"Content-Type": "text/plain"}},
    ],
)
async def test_what_cannot_be_sent_is_bad_input(input_: Any, wiring: Any) -> None:
    wiring.answer(httpx2.Response(200))
    with pytest.raises(BadInput):
        await call(wiring, **{"soap": {}, **input_})
    assert wiring.requests == []
