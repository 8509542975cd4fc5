"""Parsing of requests: bodies, query parameters and headers are checked before a handler sees them."""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import msgspec

from looply.errors import BadRequest, BodyTooLarge, Problem, UnsupportedMediaType, did_you_mean
from looply.jsontext import Json, check_values, parse_json, work_units
from looply.limits import Limits
from looply.rates import HEAVY_BYTES, Turns, offload_if_large
from looply.server.http.call import NO_QUERY, Query, Route
from looply.server.http.request_pace import check_turn

_JSON_TYPE: Final = re.compile(
    r"""application/(?:[a-z0-9!#$&^_.-]+\+)?json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?""", re.IGNORECASE
)
_TEXT_TYPE: Final = re.compile(
    r"""text/(?:plain|json)[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?""", re.IGNORECASE
)
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_TEXT: Final = re.compile(rb"[\x20-\x7e]+")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_MAX_PARAMETERS: Final = 1000
_MAX_QUOTED: Final = 300
"""Characters of a message that quotes the request; the caller knows the rest."""

_MAX_NAME: Final = 100
_IGNORED_OF_LAST_KEY: Final = ("organization_id",)
"""Fields of a `lastKey` that callers send back and that are ignored: the organization comes from the key."""


class ClientDisconnected(Exception):
    """The caller closed the connection before the body was complete. No answer can be sent."""


async def read_json(
    scope: Any, receive: Any, limits: Limits, *, takes_text: bool = False, turns: tuple[Turns, str] | None = None
) -> tuple[Json, int]:
    """Returns the JSON value of a call's body and its size in bytes; None and 0 for an empty body.

    With `takes_text` the JSON may be declared as `text/plain` or `text/json`. With `turns` and the organization, a
    large body waits for its turn. A large one is parsed in a thread: of those that take long, most is done in Python.

    Raises: UnsupportedMediaType, BodyTooLarge, QuotaReached, BadRequest (codes `MALFORMED_JSON`, `TOO_MANY_VALUES`),
    ClientDisconnected.
    """
    declared = _check_headers(scope["headers"], takes_text=takes_text)
    if turns is not None and declared > HEAVY_BYTES:
        _check_turn(*turns)
    try:
        text = await _read(receive, declared, limits.body_bytes)
    except BodyTooLarge as error:
        raise BodyTooLarge(f"{error.message} (setting limits.body_bytes)") from error
    if not text:
        return None, 0
    if turns is not None and len(text) > HEAVY_BYTES:
        _check_turn(*turns)
        await turns[0].wait(turns[1], work_units(text))
    return await offload_if_large(len(text), lambda: _parse(text, limits)), len(text)


async def read_bytes(scope: Any, receive: Any, limit: int) -> bytes:
    """Returns the body of a call as it is. Raises: BodyTooLarge, ClientDisconnected."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    declared = int(lengths[0]) if len(lengths) == 1 and _LENGTH.fullmatch(lengths[0]) is not None else -1
    return await _read(receive, declared, limit)


def _parse(text: bytes, limits: Limits) -> Json:
    check_values(text, limits.body_nodes, name="the body")
    return parse_json(text, limits, name="the body")


def _check_turn(turns: Turns, owner: str) -> None:
    """Refuses a large body when those of the organization wait for too long already. Raises: QuotaReached."""
    reason = "large bodies of the organization are waiting already, while other organizations use the server"
    check_turn(turns, owner, reason, ", or send smaller ones")


def _check_headers(headers: list[tuple[bytes, bytes]], *, takes_text: bool) -> int:
    """Returns the declared content length, -1 when there is none."""
    length, media_type = -1, None
    for name, value in headers:
        if name == b"content-length":
            length = int(value) if _LENGTH.fullmatch(value) is not None else -1
        elif name == b"content-type":
            if media_type is not None:
                raise UnsupportedMediaType("the call has two content types; send one: application/json")
            media_type = value
        elif name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise UnsupportedMediaType("the body is compressed; send it as it is, without Content-Encoding")
    if media_type is not None:
        _check_type(media_type.decode("latin-1").strip(), takes_text=takes_text)
    return length


def _check_type(media_type: str, *, takes_text: bool) -> None:
    if _JSON_TYPE.fullmatch(media_type) or (takes_text and _TEXT_TYPE.fullmatch(media_type)):
        return
    name = media_type.partition(";")[0].strip().lower()
    if name in _FORMS:
        message = (
            f"the body is a form ({name}); send its values as one JSON object and name the type, with curl: "
            "-H 'Content-Type: application/json' -d '{\"name\": \"value\"}'"
        )
        raise UnsupportedMediaType(message)
    raise UnsupportedMediaType("the body must be application/json in UTF-8")


async def _read(receive: Any, declared: int, limit: int) -> bytes:
    if declared > limit:
        raise _too_large(limit)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnected
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        if len(body) > limit:
            raise _too_large(limit)
        return body
    parts = [body]
    size = len(body)
    while message.get("more_body", False):
        if size > limit:
            raise _too_large(limit)
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    if size > limit:
        raise _too_large(limit)
    return b"".join(parts)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body is larger than {limit} bytes")


def convert_body(value: Json, shape: type[msgspec.Struct]) -> Any:
    """Converts a body to its wire type. Unknown fields are refused if the type forbids them.

    Raises: BadRequest (code `BAD_BODY`) with the JSON Pointer of the value that does not fit.
    """
    if not isinstance(value, dict):
        raise BadRequest.at("", "must be a JSON object")
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        message, pointer = _parse_validation_error(str(error))
        hint = ""
        if len(message) > _MAX_QUOTED:
            message = f"{message[:_MAX_QUOTED]}..."
        if (unknown := re.search(r"unknown field `(.*)`", message)) is not None:
            hint = did_you_mean(unknown[1], [field.encode_name for field in msgspec.structs.fields(shape)])
        problem = Problem(path=pointer, message=message, hint=hint)
        where = f" at {pointer}" if pointer else ""
        raise BadRequest(f"the body does not fit{where}: {message}", code="BAD_BODY", problems=(problem,)) from error


def _parse_validation_error(text: str) -> tuple[str, str]:
    """Splits msgspec's `... - at `$.name[0]`` into message and JSON Pointer."""
    message, _, place = text.partition(" - at `$")
    pointer = "".join(
        f"/{(name or index).replace('~', '~0').replace('/', '~1')}"
        for name, index in re.findall(r"\.([^.\[\]`]+)|\[(\d+|\.\.\.)\]", place.rstrip("`"))
    )
    missing = re.search(r"missing required field `(.*)`", message)
    return message[0].lower() + message[1:], f"{pointer}/{missing[1]}" if missing is not None else pointer


def read_query(text: bytes, route: Route) -> Query:
    """Parses a query string into the parameters that a route declares.

    Parameters that begin with the route's prefix may be given several times.

    Raises: BadRequest (codes `UNKNOWN_PARAMETER`, `DUPLICATE_PARAMETER`, `MISSING_PARAMETER`, `MALFORMED_QUERY`).
    """
    declared = route.parameters
    if not text and not route.required:
        return NO_QUERY
    known = {parameter.name: parameter for parameter in declared}
    values: dict[str, tuple[str, ...]] = {}
    pairs = text.split(b"&") if text else []
    if len(pairs) > _MAX_PARAMETERS:
        raise BadRequest(f"the query has more than {_MAX_PARAMETERS} parameters", code="MALFORMED_QUERY")
    for pair in pairs:
        if not pair:
            continue
        raw_name, _, raw_value = pair.partition(b"=")
        name = _decode(raw_name)
        if name not in known and not (route.prefix and name.startswith(route.prefix)):
            _check_ignored(name, route)
            continue
        if name in values and name in known and not known[name].repeats:
            raise BadRequest(f"the query parameter {name} is given twice; give it once", code="DUPLICATE_PARAMETER")
        values[name] = (*values.get(name, ()), _decode(raw_value))
    for parameter in route.required:
        if not values.get(parameter.name, ("",))[0]:
            message = f"the query parameter {parameter.name} is missing; add ?{parameter.name}=... to the address"
            raise BadRequest(message, code="MISSING_PARAMETER")
    return Query(values)


def _check_ignored(name: str, route: Route) -> None:
    """Raises: BadRequest (code `UNKNOWN_PARAMETER`) for a parameter that the route neither declares nor ignores."""
    if not route.has_strict_query or (name in _IGNORED_OF_LAST_KEY and route.is_list):
        return
    names = [parameter.name for parameter in route.parameters]
    known = ", ".join([*names, *([f"{route.prefix}NAME"] if route.prefix else [])]) or "none"
    shown = name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}..."
    problem = Problem(path="", message=f"{shown!r} is no query parameter of this call", hint=did_you_mean(name, names))
    message = f"{problem.message}; {problem.hint or f'it accepts {known}'}"
    raise BadRequest(message, code="UNKNOWN_PARAMETER", problems=(problem,))


def _decode(text: bytes) -> str:
    try:
        found = unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest("the query is not UTF-8", code="MALFORMED_QUERY") from error
    if "\0" in found:
        # No stored name contains it, and not every store accepts it in a query.
        raise BadRequest("the query has a character 0 (%00)", code="MALFORMED_QUERY")
    return found


def read_headers(
    headers: Iterable[tuple[bytes, bytes]], names: tuple[bytes, ...], longest: int = 255
) -> dict[bytes, str]:
    """Returns the values of those of the headers `names` that are present.

    Raises: BadRequest (code `BAD_HEADER`) when one is given twice, is empty, longer than `longest` characters or not
    printable ASCII.
    """
    values: dict[bytes, str] = {}
    for name, value in headers:
        if name in names:
            if name in values or len(value) > longest or _TEXT.fullmatch(value) is None:
                message = f"the header {name.decode()} must be given once, with 1 to {longest} printable characters"
                raise BadRequest(message, code="BAD_HEADER")
            values[name] = value.decode("ascii")
    return values
