"""A request as a command line: it sends what the call sends, without the credentials of the connection."""

import shlex
from itertools import pairwise
from typing import Any

import httpx2
import pytest

from looply.connectors.http.bodies import encode_body
from looply.connectors.http.connector import CONNECTOR

OPERATION = CONNECTOR.operations[0]
URL = "https://api.example/orders"


def command(settings: dict[str, Any] | None = None, /, **input_: Any) -> str:
    return OPERATION.command_of({"url": URL, **input_}, settings or {})


@pytest.mark.parametrize(
    "input_",
    [
        {"method": "GET", "params": {"a": [1, 2], "none": None, "b": "x y"}},
        {"method": "POST", "body": {"po": "1", "at": [1.5, None]}},
        {"method": "POST", "body": "a text", "headers": {"content-type": "application/merge-patch+json"}},
        {"method": "PUT", "body_type": "urlencoded", "body": {"a": [1, "x y"], "none": None, "b": True}},
        {"method": "POST", "body_type": "xml", "body": "<a>it's</a>"},
        {"method": "POST", "body_type": "raw", "body": "@file\nof two lines"},
        {"method": "POST", "body": "<m:Get/>", "soap": {"action": "urn:m/Get"}},
    ],
)
async def test_a_command_sends_what_the_call_sends(wiring: Any, input_: dict[str, Any]) -> None:
    wiring.answer(httpx2.Response(200))
    await OPERATION.perform(wiring.context(), {"url": URL, **input_})
    (sent,) = wiring.requests
    words = shlex.split(command(**input_))
    assert words[:4] == ["curl", "-X", sent.method, str(sent.url)]
    headers = dict(word.split(": ", 1) for before, word in pairwise(words) if before == "-H")
    assert {name: sent.headers[name] for name in headers} == headers
    assert headers.get("content-type") == sent.headers.get("content-type")
    assert (words[-1].encode() if "--data-raw" in words else b"") == sent.content


def test_a_multipart_body_has_its_content_type_and_its_line_ends() -> None:
    body = {"a": ["1", "2"], "none": None, "file": {"content": "it's", "filename": "a.txt"}}
    line = command(method="POST", body_type="multipart", body=body)
    content, content_type = encode_body("multipart", body, "")
    assert f"-H 'content-type: {content_type}'" in line
    text = content.decode().replace("'", "\\'").replace("\r", "\\015").replace("\n", "\\012")
    assert line.endswith(f"--data-raw $'{text}'")


def test_a_path_is_below_the_address_of_its_connection() -> None:
    settings = {"base_url": "https://api.example/v1", "auth": "bearer"}
    assert command(settings, url="/rates", connection="SYSTEM") == "curl -X GET https://api.example/v1/rates"
    assert command(url="/rates", connection="SYSTEM") == ""


def test_masks_and_brackets_stay_as_they_are_and_credentials_are_left_out() -> None:
    line = command(url=f"{URL}/[1]", params={"key": "***"}, auth="***", headers={"x-token": "***"})
    assert line == f"curl --globoff -X GET '{URL}/[1]?key=***' -H 'x-token: ***'"


def test_a_head_waits_for_no_body() -> None:
    assert command(method="head") == f"curl --head {URL}"


@pytest.mark.parametrize(
    "input_",
    [
        {"url": "nowhere"},
        {"method": "POST", "body_type": "xml", "body": {"no": "text"}},
        {"method": "POST", "body_type": "raw", "body": "a\0b"},
        {"method": "POST", "body": "x" * 20_000},
        {"headers": "***"},
    ],
)
def test_what_cannot_be_sent_or_typed_has_no_command(input_: dict[str, Any]) -> None:
    assert command(**input_) == ""
