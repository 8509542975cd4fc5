"""Bodies of requests from JSON values, and step outputs from responses."""

import codecs
from collections.abc import Callable, Mapping
from hashlib import blake2b
from http import HTTPStatus
from typing import Final, Literal, TypeAlias
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET, UnsetType

from looply.connectors.blobs import DEFAULT_TYPE, KEY, Blob, is_reference
from looply.connectors.outbound.urls import plain_text
from looply.connectors.port import HttpResponse
from looply.errors import BadInput, BadRequest, Rejected
from looply.jsontext import Json, check_values, encode_json, parse_json
from looply.limits import DEFAULT_LIMITS, Limits
from looply.rates import offload_if_large

_NO_CHARSETS: Final = ("punycode", "idna", "unicode-escape", "raw-unicode-escape", "utf-7", "utf-32", "undefined")
"""Codecs that are no charsets of bodies (WHATWG Encoding Standard, 4.2); some take very long on crafted input."""

_SET_COOKIE: Final = "set-cookie"
_UNTYPED: Final = ("", "text/plain", "application/octet-stream")
"""The content types of servers that do not say what they send."""

_ONE_BYTE: Final = ("cp125", "cp8", "cp437", "cp7", "iso8859-", "koi8-", "mac-", "hp-roman8", "tis-620")
_EVERY_BYTE: Final = bytes(range(256))

NO_BLOBS: Final[Mapping[str, Blob]] = {}

BodyType: TypeAlias = Literal["json", "multipart", "urlencoded", "xml", "raw"]


class PagesRead(msgspec.Struct, frozen=True, kw_only=True):
    """How many pages were read; `next` is the address of the first one that was left out, null after the last."""

    count: int
    truncated: bool
    next: str | None


class HttpOutput(msgspec.Struct, frozen=True, kw_only=True):
    """The output of a step that calls another system over HTTP."""

    status: str
    """The status code as text: `200`."""
    status_text: str = msgspec.field(name="statusText")
    """The reason phrase of the status."""
    headers: dict[str, str | list[str]]
    """Names in lower case; the values of a repeated header are joined by `, `, but several `set-cookie` are a list."""
    data: Json
    """The JSON value of a JSON body, a reference to a blob for a body that is no text, else the body as text."""
    pages: PagesRead | UnsetType = UNSET
    """How many pages were read, where the call follows them."""


def encode_body(
    body_type: BodyType, body: Json, key: str, blobs: Mapping[str, Blob] = NO_BLOBS
) -> tuple[bytes, str | None]:
    """Returns the bytes of a body and its content type; no bytes and no type for null.

    `json` takes any value. `urlencoded` and `multipart` take an object; a list repeats its name, null leaves it out.
    A part of a `multipart` body may be an object {`filename`, `content`, `content_type`}. `xml` and `raw` take a
    text. A `raw` body, a part of a `multipart` body and its `content` may refer to one of `blobs`, which are by hash.
    Equal arguments give equal bytes; `key` makes the boundary of a multipart body hard to guess.

    Raises: BadInput for a value that the type cannot hold.
    """
    if body is None:
        return b"", None
    if body_type == "json":
        return _json_bytes(body), "application/json"
    if body_type == "urlencoded":
        pairs = [(name, plain_text(_scalar(name, item))) for name, item in _fields(body_type, body)]
        return urlencode(pairs, errors="replace").encode("ascii"), "application/x-www-form-urlencoded"
    if body_type == "multipart":
        return _multipart(_fields(body_type, body), key, blobs)
    if body_type == "raw" and is_reference(body):
        blob = blobs[body[KEY]]
        return blob.content, blob.media_type
    if not isinstance(body, str):
        raise BadInput(f"a body of type {body_type} is a text, not a {_kind(body)}")
    content_type = "application/xml; charset=utf-8" if body_type == "xml" else "text/plain; charset=utf-8"
    return body.encode("utf-8", "replace"), content_type


def _unchanged(output: dict[str, Json]) -> dict[str, Json]:
    return output


async def read_output(
    response: HttpResponse,
    limits: Limits,
    finish: Callable[[dict[str, Json]], dict[str, Json]] = _unchanged,
    *,
    asks_json: bool = False,
) -> dict[str, Json]:
    """Returns `finish(render_output(response))`, computed in a thread when the response is large.

    Raises: Rejected (code `RESPONSE_TOO_LARGE`) for JSON of more values than `limits.json_nodes`, (code `BAD_RESPONSE`)
    for a success that says that it is JSON and cannot be read as such.
    """
    size = len(response.content)
    return await offload_if_large(size, lambda: finish(render_output(response, limits, asks_json=asks_json)))


def render_output(
    response: HttpResponse, limits: Limits = DEFAULT_LIMITS, *, asks_json: bool = False
) -> dict[str, Json]:
    """Returns a response as a step's output, in the shape of `HttpOutput`.

    A body whose content type is JSON (`application/json`, `text/json`, `+json`) is a JSON value; every other body is a
    text in the charset of its content type, else UTF-8; what cannot be decoded is replaced by U+FFFD. With `asks_json`,
    because the call accepts JSON, a body without a content type, or with `text/plain`, is a JSON value if it parses.
    The body of a failure, such as the page of a proxy, is a text if it does not parse.

    Raises: as `read_output`.
    """
    content_type = response.header("content-type") or ""
    return {
        "status": str(response.status),
        "statusText": response.reason or standard_reason(response.status),
        "headers": _headers(response),
        "data": _data(response, content_type, limits, asks_json=asks_json),
    }


def _headers(response: HttpResponse) -> dict[str, Json]:
    headers: dict[str, Json] = {}
    for name, value in response.headers:
        if name not in headers:
            headers[name] = value
        elif name == _SET_COOKIE:
            # The one header whose values cannot be joined: dates in them have commas (RFC 9110 §5.3).
            known = headers[name]
            headers[name] = [*known, value] if isinstance(known, list) else [known, value]
        else:
            headers[name] = f"{headers[name]}, {value}"
    return headers


def _json_bytes(body: Json) -> bytes:
    try:
        return encode_json(body)
    except (UnicodeEncodeError, TypeError, ValueError) as error:
        raise BadInput("the body is not a JSON value") from error


def _fields(body_type: BodyType, body: Json) -> list[tuple[str, Json]]:
    if not isinstance(body, dict):
        raise BadInput(f"a body of type {body_type} is an object of names and values, not a {_kind(body)}")
    return [
        (name, item)
        for name, value in body.items()
        for item in (value if isinstance(value, list) else [value])
        if item is not None
    ]


def _scalar(name: str, value: Json) -> Json:
    if isinstance(value, dict | list):
        raise BadInput(f"the field {name!r} of the body is a {_kind(value)}; it must be a text, a number or a boolean")
    return value


def _multipart(fields: list[tuple[str, Json]], key: str, blobs: Mapping[str, Blob]) -> tuple[bytes, str]:
    """Returns a body by RFC 7578. Its boundary is a hash of the parts, so that no part can contain it on purpose."""
    parts = [_part(name, value, blobs) for name, value in fields]
    boundary = blake2b(b"\0".join([key.encode(), *parts]), digest_size=16).hexdigest().encode()
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return body + b"--" + boundary + b"--\r\n", f"multipart/form-data; boundary={boundary.decode()}"


def _part(name: str, value: Json, blobs: Mapping[str, Blob]) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{_quote_name(name)}"'
    if not isinstance(value, dict):
        return f"{disposition}\r\n\r\n{plain_text(_scalar(name, value))}".encode("utf-8", "replace")
    given: Mapping[str, Json] = {"content": value} if is_reference(value) else value
    content = given.get("content")
    kind, filename = given.get("content_type"), given.get("filename")
    if is_reference(content):
        blob = blobs[content[KEY]]
        body, kind, filename = blob.content, kind or blob.media_type, filename or blob.name or "file"
    elif isinstance(content, str):
        body = content.encode("utf-8", "replace")
    else:
        raise BadInput(f"the part {name!r} of the body is an object without a text or a blob as `content`")
    content_type = str(kind or DEFAULT_TYPE)
    if not content_type.isascii() or not content_type.isprintable():
        raise BadInput(f"the part {name!r} of the body has a content type that is none")
    named = f'; filename="{_quote_name(str(filename))}"' if filename is not None else ""
    return f"{disposition}{named}\r\nContent-Type: {content_type}\r\n\r\n".encode("utf-8", "replace") + body


def _quote_name(text: str) -> str:
    """Returns a name as the HTML standard writes it in multipart bodies, so that it cannot start a header."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def is_json(content_type: str) -> bool:
    """Returns whether a content type is JSON: `application/json`, `text/json`, `+json`."""
    media_type = media_type_of(content_type)
    return media_type in ("application/json", "text/json") or media_type.endswith("+json")


def media_type_of(content_type: str) -> str:
    """Returns the media type of a `Content-Type` in lower case, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def _check_values(response: HttpResponse, limits: Limits) -> None:
    try:
        check_values(response.content, limits.json_nodes, name="the response")
    except BadRequest as error:
        message = f"{error.message} (limit json_nodes); request less, or raise the limit"
        raise Rejected(message, code="RESPONSE_TOO_LARGE", sent=True, status=str(response.status)) from error


def _data(response: HttpResponse, content_type: str, limits: Limits, *, asks_json: bool) -> Json:
    content = response.content
    if content and is_json(content_type):
        _check_values(response, limits)
        try:
            return parse_json(content.removeprefix(codecs.BOM_UTF8))
        except BadRequest as error:
            if 200 <= response.status < 300:
                raise _unreadable(response, error) from error
    elif content and asks_json and media_type_of(content_type) in _UNTYPED:
        try:
            check_values(content, limits.json_nodes, name="the response")
            return parse_json(content.removeprefix(codecs.BOM_UTF8))
        except BadRequest:
            pass  # it did not claim to be JSON
    return _text(content, content_type.partition(";")[2])


def _unreadable(response: HttpResponse, error: BadRequest) -> Rejected:
    return Rejected(
        f"the response, with status {response.status}, says that it is JSON and cannot be read: {error.message}",
        code="BAD_RESPONSE",
        sent=True,
        status=str(response.status),
    )


def _text(content: bytes, parameters: str) -> str:
    charset = "utf-8"
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"') or charset
    text = _decode(content, charset)
    # Some codecs produce lone surrogates, which a JSON document cannot contain.
    return text.encode("utf-8", "replace").decode("utf-8")


def _decode(content: bytes, charset: str) -> str:
    """Decodes any bytes in linear time; UTF-8 replaces a charset that does not exist."""
    try:
        name = codecs.lookup(charset).name
        if name.startswith(_NO_CHARSETS):
            return content.decode("utf-8", "replace")
        if name.startswith(_ONE_BYTE):
            # A table maps all bytes, also the undefined ones: replacing these one by one takes seconds.
            return codecs.charmap_decode(content, "strict", _EVERY_BYTE.decode(name, "replace"))[0]
        return content.decode(name, "replace")
    except (LookupError, UnicodeError, ValueError):  # an unknown charset, or one without a replacement character
        return content.decode("utf-8", "replace")


def standard_reason(status: int) -> str:
    """Returns the usual reason phrase of a status, empty for one that is not registered."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _kind(value: Json) -> str:
    if isinstance(value, Mapping):
        return "object"
    if isinstance(value, list):
        return "list"
    return "text" if isinstance(value, str) else "number or boolean"
