"""JSON texts of too many values are refused before anything is made of them."""

import json

import pytest

from looply.connectors.bodies import read_output, render_output
from looply.connectors.port import HttpResponse
from looply.errors import BadRequest, Rejected
from looply.jsontext import check_values
from looply.limits import Limits


@pytest.mark.parametrize(
    "text", [b"[" + b"[]," * 100 + b"0]", b"[" + b'"",' * 100 + b'""]', b"{" * 100, b'[{"a":1},' * 50, b"," * 100]
)
def test_many_values_are_refused(text: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        check_values(text, 100, name="the body")
    assert (caught.value.code, caught.value.message) == ("TOO_MANY_VALUES", "the body has more than 100 values")


@pytest.mark.parametrize(
    "value",
    [
        ",[{" * 1000,
        {",{[" * 50: '"\\",[' * 100},
        ["a,b,c,d"] * 90,
        '\\"' * 1000 + ",",
        [1] * 99,
    ],
)
def test_commas_and_brackets_within_texts_are_no_values(value: object) -> None:
    check_values(json.dumps(value).encode(), 100)


@pytest.mark.parametrize("text", [b'"' + b",\\" * 501, b'"' + b'\\",' * 500, b'"' * 999 + b"," * 200, b'"\\'])
def test_a_text_that_does_not_end_is_left_to_the_parser(text: bytes) -> None:
    check_values(text, 400)


def response(content: bytes, content_type: str = "application/json") -> HttpResponse:
    return HttpResponse(status=200, reason="", headers=(("content-type", content_type),), content=content)


async def test_a_response_of_too_many_values_fails_its_step_and_says_which_limit() -> None:
    bomb = b"[" + b"[]," * 50_000 + b"0]"
    with pytest.raises(Rejected) as caught:
        await read_output(response(bomb), Limits(json_nodes=1000))
    assert (caught.value.code, caught.value.sent, caught.value.status) == ("RESPONSE_TOO_LARGE", True, "200")
    assert "json_nodes" in caught.value.message


async def test_a_large_response_within_the_limits_is_read_as_a_small_one_is() -> None:
    rows = [{"n": n, "text": "a, b, [c]"} for n in range(5000)]
    assert (await read_output(response(json.dumps(rows).encode()), Limits()))["data"] == rows


def test_a_response_that_is_no_json_may_have_any_commas() -> None:
    content = b"a,b,c\n" * 1000
    assert render_output(response(content, "text/csv"), Limits(json_nodes=100))["data"] == content.decode()
