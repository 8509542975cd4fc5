"""Bytes, base64 and percent signs. Texts are UTF-8; bytes that are not are read as one character each (Latin-1).

JSON has no bytes. They are represented as in the workflow languages of Azure: an object with the media type as
`$content-type` and the bytes as base64 in `$content`.
"""

import re
from base64 import b64decode, b64encode
from urllib.parse import quote_from_bytes, unquote_to_bytes

from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import Run
from looply.jsontext import Json

_TYPE = "$content-type"
_CONTENT = "$content"
_BYTES = "application/octet-stream"
_DATA_URI = "data:text/plain;charset=utf-8;base64,"
_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_NO_DIGITS = bytes(set(range(256)) - set(_DIGITS))
_MODERN = bytes.maketrans(b"-_", b"+/")
_BROKEN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
# The characters that ECMA-262 does not escape; they include those of `quote_from_bytes` that are no letters or digits.
_UNRESERVED = b"-_.!~*'()"
_UNTOUCHED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + _UNRESERVED


def bytes_of(run: Run, value: Json) -> bytes | None:
    """Returns the bytes that an object represents, None for any other value."""
    if type(value) is not dict or len(value) != 2:
        return None
    content = value.get(_CONTENT)
    if type(content) is not str or type(value.get(_TYPE)) is not str:
        return None
    run.spend(len(content) >> 6)
    return _decode(content)


def text_of(content: bytes) -> str:
    """Returns the text of bytes: UTF-8, or one character for each byte when they are not."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _decode(value: str) -> bytes:
    """Returns the bytes of a base64 text, in either alphabet, up to its padding; other characters are skipped."""
    digits = value.partition("=")[0].encode("ascii", "ignore").translate(_MODERN, _NO_DIGITS)
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return b64decode(digits + b"=" * (-len(digits) % 4))


def _encode(run: Run, content: bytes) -> str:
    run.check_text((len(content) + 2) // 3 * 4)
    run.spend(len(content) >> 6)
    return b64encode(content).decode()


def _as_value(run: Run, content: bytes) -> Json:
    return {_TYPE: _BYTES, _CONTENT: _encode(run, content)}


def _base64(run: Run, value: Json) -> Json:
    content = value.encode() if type(value) is str else bytes_of(run, value)
    return None if content is None else _encode(run, content)


def _base64_to_binary(run: Run, value: str) -> Json:
    return _as_value(run, _decode(value))


def _base64_to_string(_: Run, value: str) -> str:
    return text_of(_decode(value))


def _binary(run: Run, value: str) -> Json:
    return _as_value(run, value.encode())


def _data_uri(run: Run, value: str) -> str:
    return _DATA_URI + _encode(run, value.encode())


def _data_uri_to_string(_: Run, value: str) -> str:
    return text_of(_decode(value[value.find(",") + 1 :]))


def _uri_component(run: Run, value: str) -> str:
    content = value.encode()
    run.spend(len(content) >> 4)
    run.check_text(len(content) + 2 * len(content.translate(None, _UNTOUCHED)))
    return quote_from_bytes(content, _UNRESERVED)


def _uri_component_to_string(run: Run, value: str) -> str:
    run.spend(value.count("%") >> 2)
    if (broken := _BROKEN_ESCAPE.search(value)) is not None:
        found = value[broken.start() : broken.start() + 3]
        raise ExpressionError(f"uriComponentToString() expects two hexadecimal digits after `%`, found {found!r}")
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError as error:
        raise ExpressionError("uriComponentToString() expects the bytes of a UTF-8 text") from error


_TEXT = (Argument("text", Kind.PRESENT_TEXT, type=Type.ANY),)
_BASE64 = (Argument("base64", Kind.PRESENT_TEXT, type=Type.ANY),)
_URI = (Argument("datauri", Kind.PRESENT_TEXT, type=Type.ANY),)

BINARY_FUNCTIONS = (
    Function(
        "base64",
        "conversion",
        (Argument("value"),),
        Type.TEXT,
        "Converts a text or bytes to base64; returns null for any other value.",
        ("base64('hello')", "aGVsbG8="),
        _base64,
    ),
    Function(
        "base64ToString",
        "conversion",
        _BASE64,
        Type.TEXT,
        "Decodes base64 to a text.",
        ("base64ToString('aGVsbG8=')", "hello"),
        _base64_to_string,
    ),
    Function(
        "base64ToBinary",
        "conversion",
        _BASE64,
        Type.ANY,
        "Decodes base64 to bytes.",
        ("base64ToBinary('aGVsbG8=')", {_TYPE: _BYTES, _CONTENT: "aGVsbG8="}),
        _base64_to_binary,
    ),
    Function(
        "binary",
        "conversion",
        _TEXT,
        Type.ANY,
        "Returns the bytes of a text.",
        ("binary('hello')", {_TYPE: _BYTES, _CONTENT: "aGVsbG8="}),
        _binary,
    ),
    Function(
        "dataUri",
        "conversion",
        _TEXT,
        Type.TEXT,
        "Converts a text to a data URI.",
        ("dataUri('hello')", "data:text/plain;charset=utf-8;base64,aGVsbG8="),
        _data_uri,
    ),
    Function(
        "dataUriToBinary",
        "conversion",
        _URI,
        Type.ANY,
        "Returns the bytes of the text of a data URI, not of its content.",
        ("dataUriToBinary('data:,a')", {_TYPE: _BYTES, _CONTENT: "ZGF0YTosYQ=="}),
        _binary,
    ),
    Function(
        "dataUriToString",
        "conversion",
        _URI,
        Type.TEXT,
        "Decodes the base64 content of a data URI to a text.",
        ("dataUriToString('data:text/plain;base64,aGVsbG8=')", "hello"),
        _data_uri_to_string,
    ),
    Function(
        "uriComponent",
        "conversion",
        _TEXT,
        Type.TEXT,
        "Escapes a text for use within a URI.",
        ("uriComponent('a b&c')", "a%20b%26c"),
        _uri_component,
    ),
    Function(
        "uriComponentToString",
        "conversion",
        _TEXT,
        Type.TEXT,
        "Unescapes a text from a URI.",
        ("uriComponentToString('a%20b')", "a b"),
        _uri_component_to_string,
    ),
)
