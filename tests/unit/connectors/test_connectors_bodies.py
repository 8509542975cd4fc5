"""Request bodies and step outputs."""

import pytest

from looply.connectors.http.bodies import encode_body, render_output
from looply.connectors.port import HttpResponse
from looply.errors import BadInput, Rejected


def response(content: bytes, content_type: str = "application/json", **more: str) -> HttpResponse:
    headers = (("content-type", content_type), *more.items())
    return HttpResponse(status=200, reason="OK", headers=headers, content=content)


@pytest.mark.parametrize(
    ("body_type", "body", "content", "content_type"),
    [
        ("json", {"a": [1, None]}, b'{"a":[1,null]}', "application/json"),
        ("json", "text", b'"text"', "application/json"),
        ("json", 10**30, b"1" + b"0" * 30, "application/json"),
        (
            "urlencoded",
            {"a": [1, "x y&"], "b": None, "c": True},
            b"a=1&a=x+y%26&c=true",
            "application/x-www-form-urlencoded",
        ),
        ("xml", "<a>\u00e4</a>", "<a>\u00e4</a>".encode(), "application/xml; charset=utf-8"),
        ("raw", "hello", b"hello", "text/plain; charset=utf-8"),
        ("json", None, b"", None),
        ("raw", None, b"", None),
    ],
)
def test_bodies_are_encoded_by_their_type(body_type: str, body: object, content: bytes, content_type: str) -> None:
    assert encode_body(body_type, body, "key") == (content, content_type)


@pytest.mark.parametrize(
    ("body_type", "body"),
    [
        ("urlencoded", "a=1"),
        ("urlencoded", {"a": {"b": 1}}),
        ("multipart", [1]),
        ("multipart", {"a": {"content": 1}}),
        ("multipart", {"a": {"content": "x", "content_type": "text/plain\r\nX-Evil: 1"}}),
        ("xml", {"a": 1}),
        ("raw", 1),
        ("json", "\ud800"),
    ],
)
def test_values_that_a_type_cannot_hold_are_refused(body_type: str, body: object) -> None:
    with pytest.raises(BadInput):
        encode_body(body_type, body, "key")


def test_a_multipart_body_has_its_parts_and_is_the_same_every_time() -> None:
    body = {
        "a": 1,
        "f": {"filename": 'x"\r\n.txt', "content": "data", "content_type": "text/plain"},
        "g": {"content": "h"},
    }
    content, content_type = encode_body("multipart", body, "key")
    assert (content, content_type) == encode_body("multipart", body, "key")
    boundary = content_type.partition("boundary=")[2].encode()
    parts = content.split(b"--" + boundary)
    assert parts[0] == b""
    assert parts[-1] == b"--\r\n"
    assert parts[1] == b'\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    assert b'filename="x%22%0D%0A.txt"\r\nContent-Type: text/plain\r\n\r\ndata' in parts[2]
    assert b"Content-Type: application/octet-stream\r\n\r\nh" in parts[3]


def test_an_output_has_the_documented_shape() -> None:
    answer = HttpResponse(
        status=201,
        reason="Created",
        headers=(("content-type", "application/json"), ("set-cookie", "a=1"), ("set-cookie", "b=2; path=/")),
        content=b'{"x":1}',
    )
    assert render_output(answer) == {
        "status": "201",
        "statusText": "Created",
        "headers": {"content-type": "application/json", "set-cookie": ["a=1", "b=2; path=/"]},
        "data": {"x": 1},
    }


@pytest.mark.parametrize(
    ("content", "content_type", "data"),
    [
        (b'{"a":1}', "application/problem+json; charset=utf-8", {"a": 1}),
        (b'\xef\xbb\xbf{"a":1}', "Application/JSON", {"a": 1}),
        (b'{"a":1}', "text/json; charset=utf-8", {"a": 1}),
        (b"", "application/json", ""),
        (b'{"a":1}', "text/plain", '{"a":1}'),
        ("\u00e4".encode("latin-1"), "text/plain; charset=ISO-8859-1", "\u00e4"),
        (b"\xff\xfe", "text/plain", "\ufffd\ufffd"),
        (b"a", "text/plain; charset=no-such-charset", "a"),
        (b"a", "text/plain; charset=hex", "a"),
        (b"\\ud800", "text/plain; charset=unicode_escape", "\\ud800"),
        (b"a9-", "text/plain; charset=punycode", "a9-"),
        (b"a\x81\x80", "text/plain; charset=windows-1252", "a\N{REPLACEMENT CHARACTER}\N{EURO SIGN}"),
        (b"\xa4", "text/plain; charset=ISO-8859-15", "\N{EURO SIGN}"),
        ("\u65e5".encode("shift_jis") + b"\xff", "text/plain; charset=Shift_JIS", "\u65e5\N{REPLACEMENT CHARACTER}"),
        (b"<a/>", "", "<a/>"),
    ],
)
def test_data_is_json_where_it_is_json_and_text_elsewhere(content: bytes, content_type: str, data: object) -> None:
    assert render_output(response(content, content_type))["data"] == data


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b'{"a":1', ""),
        (b'{"a":NaN}', ""),
        (b'{"a":1,"a":2}', "duplicate"),
        (b"[" * 300 + b"]" * 300, ""),
        (b"<html>", ""),
        pytest.param(b'{"a":0.%s}' % (b"7" * 10_000), "decimal_digits", id="a decimal of 10,000 digits"),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/json", "application/vnd.x+json"])
def test_a_success_that_is_no_json_and_says_so_is_a_bad_response(content: bytes, text: str, content_type: str) -> None:
    with pytest.raises(Rejected, match="says that it is JSON") as caught:
        render_output(response(content, content_type))
    assert (caught.value.code, caught.value.sent, caught.value.status) == ("BAD_RESPONSE", True, "200")
    assert text in caught.value.message
    failed = HttpResponse(status=502, reason="", headers=(("content-type", content_type),), content=content)
    assert render_output(failed)["data"] == content.decode()


@pytest.mark.parametrize(
    ("content", "content_type", "data"),
    [
        (b'{"a":1}', "", {"a": 1}),
        (b"\xef\xbb\xbf[1]", "text/plain", [1]),
        (b"12", "application/octet-stream", 12),
        (b"plain words", "text/plain", "plain words"),
        (b'{"a":1,"a":2}', "", '{"a":1,"a":2}'),
        (b'{"a":1}', "text/html", '{"a":1}'),
        (b"", "", ""),
    ],
)
def test_a_body_of_no_stated_type_is_json_where_json_was_asked_for(
    content: bytes, content_type: str, data: object
) -> None:
    assert render_output(response(content, content_type), asks_json=True)["data"] == data


def test_one_cookie_is_a_text_and_other_repeated_headers_are_joined() -> None:
    headers = (("set-cookie", "a=1"), ("x-a", "1"), ("x-a", "2"))
    answer = HttpResponse(status=200, reason="OK", headers=headers)
    assert render_output(answer)["headers"] == {"set-cookie": "a=1", "x-a": "1, 2"}


def test_a_missing_reason_is_the_standard_one() -> None:
    assert render_output(HttpResponse(status=404, reason=""))["statusText"] == "Not Found"
    assert render_output(HttpResponse(status=799, reason=""))["statusText"] == ""
