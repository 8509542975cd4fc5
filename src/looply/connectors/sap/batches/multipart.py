"""Batches as multipart bodies (OData 2.0 "Batch Processing", OData 4.01 Part 1 §11.7.7).

Lines end with CRLF, each part has a `Content-Length`, and changes lie in change sets, as SAP Gateway demands. The parts
of the answer come in the order of the units; a change set that failed is one part, whose error is that of all its
requests.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby
from typing import Final

from looply.connectors.http.bodies import render_output
from looply.connectors.http.redirects import READS
from looply.connectors.port import HttpResponse
from looply.connectors.sap.batches.units import BatchRequest, cut_answer
from looply.jsontext import Json
from looply.limits import Limits

_EMPTY: Final = b"\r\n\r\n"
_OWN: Final = ("content-id", "content-length")


@dataclass(frozen=True, slots=True)
class _Entity:
    """One part of a multipart body."""

    headers: dict[str, str]
    content: bytes


def encode_multipart(requests: Sequence[BatchRequest], key: str) -> tuple[bytes, str]:
    """Returns the body of a batch and its content type. Equal arguments give equal bytes."""
    units = [_unit(unit, key) for unit in units_of(requests)]
    boundary = f"batch_{_digest(key, *units)}"
    return _joined(units, boundary), f"multipart/mixed; boundary={boundary}"


def read_multipart(response: HttpResponse, requests: Sequence[BatchRequest], limits: Limits) -> list[dict[str, Json]]:
    """Returns the answers to the requests of a batch, in their order, each as a step's output with its `id`.

    Raises: Rejected (code `BAD_RESPONSE`) for an answer that was cut or has another number of parts.
    """
    units = units_of(requests)
    entities = _entities(response.content, response.header("content-type") or "")
    if len(entities) != len(units):
        raise cut_answer(f"it has {len(entities)} of {len(units)} parts")
    found: list[dict[str, Json]] = []
    for unit, entity in zip(units, entities, strict=True):
        kind = entity.headers.get("content-type", "")
        if not kind.lower().startswith("multipart/"):
            answer = _answer(entity.content, limits)
            found += [{"id": request.id, **answer} for request in unit]
            continue
        inner = _entities(entity.content, kind)
        if len(inner) != len(unit):
            raise cut_answer(f"a change set has {len(inner)} of {len(unit)} parts")
        found += [
            {"id": request.id, **_answer(each.content, limits)} for request, each in zip(unit, inner, strict=True)
        ]
    return found


def units_of(requests: Sequence[BatchRequest]) -> list[list[BatchRequest]]:
    """Returns the units of a batch: the requests of a group together, every other one alone."""
    grouped = groupby(enumerate(requests), lambda pair: pair[1].group or pair[0])
    return [[request for _, request in unit] for _, unit in grouped]


def _unit(unit: Sequence[BatchRequest], key: str) -> bytes:
    if unit[0].method in READS:
        return _http_part(unit[0])
    parts = [_http_part(request) for request in unit]
    boundary = f"changeset_{_digest(key, *parts)}"
    body = _joined(parts, boundary)
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("ascii") + body


def _http_part(request: BatchRequest) -> bytes:
    content = request.content
    lines = [f"{request.method} {request.url} HTTP/1.1"]
    lines += [f"{name.title()}: {value}" for name, value in request.headers.items()]
    if content or request.method not in READS:
        lines.append(f"Content-Length: {len(content)}")
    inner = "\r\n".join([*lines, "", ""]).encode("utf-8", "replace") + content
    head = [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        f"Content-ID: {request.id}",
        f"Content-Length: {len(inner)}",
    ]
    return "\r\n".join([*head, "", ""]).encode("ascii") + inner


def _joined(parts: Sequence[bytes], boundary: str) -> bytes:
    line = f"--{boundary}".encode("ascii")
    return b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"


def _digest(key: str, *parts: bytes) -> str:
    """Returns a hash of the parts, so that no part can contain the boundary on purpose."""
    return blake2b(b"\0".join([key.encode(), *parts]), digest_size=12).hexdigest()


def _entities(body: bytes, content_type: str) -> list[_Entity]:
    """Returns the parts of a multipart body. Raises: Rejected when it has no boundary or no end."""
    boundary = _boundary(content_type)
    if not boundary:
        raise cut_answer("it is no multipart body")
    # The first boundary may be at the very beginning (RFC 2046 §5.1.1).
    pieces = re.split(rb"\r\n--" + re.escape(boundary) + rb"(?=--|[ \t]*\r\n)", b"\r\n" + body)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise cut_answer("its end is missing")
    return [_entity(piece) for piece in pieces[1:-1]]


def _entity(piece: bytes) -> _Entity:
    # The rest of the line of the boundary is blank.
    head, separator, content = piece.partition(b"\r\n")[2].partition(_EMPTY)
    if not separator:
        raise cut_answer("a part has no end of its headers")
    return _Entity(dict(_headers(head)), content)


def _answer(content: bytes, limits: Limits) -> dict[str, Json]:
    """Returns the response in a part, in the shape of a step's output."""
    head, separator, body = content.partition(_EMPTY)
    if not separator:
        # Without a body some systems leave the empty line out.
        head, body = content.rstrip(b"\r\n"), b""
    line, _, rest = head.partition(b"\r\n")
    version, _, status = line.decode("latin-1").partition(" ")
    code, _, reason = status.partition(" ")
    if not version.startswith("HTTP/") or not (code.isascii() and code.isdigit() and len(code) == 3):
        raise cut_answer("a part has no line with its status")
    headers = tuple(_headers(rest))
    length = dict(headers).get("content-length", "")
    if length.isascii() and length.isdigit():
        if int(length) > len(body):
            raise cut_answer("a part is shorter than it says")
        body = body[: int(length)]
    shown = tuple(header for header in headers if header[0] not in _OWN)
    return render_output(HttpResponse(status=int(code), reason=reason, headers=shown, content=body), limits)


def _headers(head: bytes) -> Iterator[tuple[str, str]]:
    for line in head.split(b"\r\n"):
        name, separator, value = line.decode("utf-8", "replace").partition(":")
        if separator:
            yield name.strip().lower(), value.strip()


def _boundary(content_type: str) -> bytes:
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "boundary":
            return value.strip().strip('"').encode("utf-8", "replace")
    return b""
