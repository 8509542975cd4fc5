"""What SAP says about a failure: the error bodies of OData V2 and V4 in JSON and XML, and the header `sap-message`.

Sources: OData V2 JSON format and SAP Gateway's `innererror` (`errordetails`, `propertyref`); OData JSON Format 4.01
§21.1; SAP Gateway Foundation, "Message container" for `sap-message`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from looply.connectors.http.far_errors import (
    first_text,
    is_page,
    json_details,
    page_title,
    read_fault,
    read_json_error,
    read_xml_error,
)
from looply.connectors.xml_texts import XmlText, xml_texts
from looply.errors import BadRequest, FailureKind
from looply.execution.facts.values.far import MAX_DETAILS, FarDetail, FarError
from looply.jsontext import Json, parse_json

MESSAGE_HEADER: Final = "sap-message"

LOCK_CODES: Final = frozenset({"ME/006", "MEPO/006", "M3/023", "M3/024", "V1/042", "MC/601", "MC/602"})
"""Messages that report an enqueue lock: class and number as in table T100."""

_LOCK_TEXT: Final = re.compile(
    r"\blocked by\b|\bis already (?:being )?process|\bbearbeitet bereits\b"
    r"|\b(?:von|durch)\s+(?:benutzer\s+|anwender\s+)?[\w.$-]{1,40}\s+gesperrt\b"
    r"|\bgesperrt (?:von|durch)\b",
    re.IGNORECASE,
)
_HOLDERS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\blocked by (?:user )?(?P<user>[\w.$-]{1,40})",
        r"\b(?:benutzer|anwender|user)\s+(?P<user>[\w.$-]{1,40})\s+(?:bearbeitet|is|has|processes|sperrt)\b",
        r"\b(?:von|durch)\s+(?:benutzer\s+|anwender\s+)?(?P<user>[\w.$-]{1,40})\s+gesperrt\b",
        r"\bgesperrt\s+(?:von|durch)\s+(?:benutzer\s+|anwender\s+)?(?P<user>[\w.$-]{1,40})",
        r"\bprocessed by (?:user )?(?P<user>[\w.$-]{1,40})",
    )
)


def read_sap_error(kind: FailureKind, headers: Json, data: Json) -> FarError:
    """Returns what an answer says; of kind `locked` when it reports the lock of another user."""
    said = _of_body(kind, headers, data)
    noted = _of_header(kind, headers)
    if noted is not None:
        said = replace(
            said,
            code=said.code or noted.code,
            message=said.message or noted.message,
            target=said.target or noted.target,
            details=said.details or noted.details,
        )
    return with_lock(said)


def with_lock(error: FarError) -> FarError:
    """Returns a far error of kind `locked` with the holder of the lock, when it reports one; else unchanged."""
    messages = [(error.code, error.message), *((detail.code, detail.message) for detail in error.details)]
    lock = next((text for code, text in messages if _is_lock(code, text)), None)
    if lock is None:
        return replace(error, locked_by=_holder([error.message])) if error.kind == "locked" else error
    return replace(error, kind="locked", locked_by=_holder([lock, *(text for _, text in messages)]))


def _is_lock(code: str, text: str) -> bool:
    return code.upper().replace(" ", "/") in LOCK_CODES or _LOCK_TEXT.search(text[:1000]) is not None


def _holder(texts: Iterable[str]) -> str:
    for text in texts:
        for pattern in _HOLDERS:
            if (found := pattern.search(text[:1000])) is not None:
                return found["user"].rstrip(".-")
    return ""


def _of_body(kind: FailureKind, headers: Json, data: Json) -> FarError:
    if isinstance(data, dict):
        said = read_json_error(kind, data)
        error = data.get("error")
        inner = error.get("innererror") if isinstance(error, dict) else None
        if isinstance(inner, dict) and not said.details:
            said = replace(said, details=_inner_details(inner, said))
        return said
    if not isinstance(data, str) or not data:
        return FarError(kind=kind)
    if is_page(headers):
        return FarError(kind=kind, message=page_title(data))
    texts = xml_texts(data)
    fault = read_fault(kind, texts)
    return fault if fault is not None else replace(read_xml_error(kind, texts), details=_xml_details(texts))


def _inner_details(inner: Mapping[str, Json], error: FarError) -> tuple[FarDetail, ...]:
    """Returns the findings of V2 without the one that repeats the error itself."""
    return tuple(one for one in json_details(inner) if (one.code, one.message) != (error.code, error.message))


def _xml_details(texts: list[XmlText]) -> tuple[FarDetail, ...]:
    found: list[dict[str, str]] = []
    for path, text in texts:
        if "errordetail" not in path[:-1]:
            continue
        name = path[-1].lower()
        if not found or name in found[-1]:
            found.append({})
        found[-1][name] = text
    return tuple(
        FarDetail(
            code=one.get("code", ""),
            message=one.get("message", ""),
            target=one.get("target", "") or one.get("propertyref", ""),
        )
        for one in found[:MAX_DETAILS]
    )


def _of_header(kind: FailureKind, headers: Json) -> FarError | None:
    """Returns what the header `sap-message` says; None without one that is JSON."""
    text = headers.get(MESSAGE_HEADER) if isinstance(headers, dict) else None
    if not isinstance(text, str):
        return None
    try:
        noted = parse_json(text.encode("utf-8", "replace"))
    except BadRequest:
        return None
    if not isinstance(noted, dict):
        return None
    return FarError(
        kind=kind,
        code=first_text(noted, ("code",)),
        message=first_text(noted, ("message",)),
        target=first_text(noted, ("target",)),
        details=tuple(json_details(noted)),
    )
