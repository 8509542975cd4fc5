"""What an HTTP answer says about a failure: the error bodies that systems commonly send, in one shape.

JSON: the objects of OData and of Microsoft's and Google's APIs (`{"error": {"code", "message", "target", "details"}}`),
problem details (RFC 9457), OAuth (RFC 6749 §5.2), and objects with `code` and `message`, such as Looply's own. XML: the
faults of SOAP 1.1 and 1.2, and elements named `code` and `message`. HTML: the title of the page.
"""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from looply.connectors.xml_texts import XmlText, xml_texts
from looply.errors import FailureKind
from looply.execution.facts.values.far import MAX_DETAILS, FarDetail, FarError
from looply.jsontext import Json

_MESSAGES: Final = ("message", "detail", "title", "error_description", "errorMessage", "description", "Message")
_CODES: Final = ("code", "error_code", "errorCode", "error", "type", "Code")
_TARGETS: Final = ("target", "path", "field", "pointer", "instance", "propertyref")
_LISTS: Final = ("details", "errors", "errordetails")
_TITLE: Final = re.compile(r"<title[^>]{0,200}>([^<]{1,500})", re.IGNORECASE)
_PAGE_START: Final = 64 * 1024


def read_far_error(kind: FailureKind, headers: Json, data: Json) -> FarError:
    """Returns what an answer says, as far as its body has one of the known forms; else the kind alone."""
    if isinstance(data, dict):
        return read_json_error(kind, data)
    if not isinstance(data, str) or not data:
        return FarError(kind=kind)
    if is_page(headers):
        return FarError(kind=kind, message=page_title(data))
    texts = xml_texts(data)
    return read_fault(kind, texts) or read_xml_error(kind, texts)


def read_json_error(kind: FailureKind, data: Mapping[str, Json]) -> FarError:
    """Returns what a JSON body says."""
    inner = data.get("error")
    body: Mapping[str, Json] = inner if isinstance(inner, dict) else data
    return FarError(
        kind=kind,
        code=first_text(body, _CODES),
        message=first_text(body, _MESSAGES),
        target=first_text(body, _TARGETS),
        details=tuple(json_details(body)),
    )


def json_details(body: Mapping[str, Json]) -> Iterator[FarDetail]:
    """Yields the findings of the first list of a body that is known to hold them, at most `MAX_DETAILS`."""
    found = next((value for name in _LISTS if isinstance(value := body.get(name), list)), [])
    for item in found[:MAX_DETAILS]:
        if isinstance(item, str):
            yield FarDetail(message=item)
        elif isinstance(item, dict):
            yield FarDetail(
                code=first_text(item, _CODES), message=first_text(item, _MESSAGES), target=first_text(item, _TARGETS)
            )


def read_fault(kind: FailureKind, texts: list[XmlText]) -> FarError | None:
    """Returns what a SOAP fault says (SOAP 1.1 §4.4, SOAP 1.2 part 1 §5.4); None when the document is none."""
    within = [(path[path.index("Fault") + 1 :], text) for path, text in texts if "Fault" in path]
    if not within:
        return None
    by_path: dict[tuple[str, ...], str] = {}
    for path, text in within:
        by_path.setdefault(path, text)
    code = by_path.get(("Code", "Subcode", "Value")) or by_path.get(("Code", "Value")) or by_path.get(("faultcode",))
    message = by_path.get(("Reason", "Text")) or by_path.get(("faultstring",))
    target = by_path.get(("Role",)) or by_path.get(("faultactor",))
    details = (FarDetail(code=path[-1], message=text) for path, text in within if path and path[0].lower() == "detail")
    return FarError(
        kind=kind,
        code=(code or "").rpartition(":")[2],
        message=message or "",
        target=target or "",
        details=tuple(details)[:MAX_DETAILS],
    )


def read_xml_error(kind: FailureKind, texts: list[XmlText]) -> FarError:
    """Returns what an XML body says in its first elements named `code`, `message` and `target`, in any letter case."""
    first: dict[str, str] = {}
    for path, text in texts:
        first.setdefault(path[-1].lower(), text)
    return FarError(
        kind=kind, code=first.get("code", ""), message=first.get("message", ""), target=first.get("target", "")
    )


def first_text(body: Mapping[str, Json], names: tuple[str, ...]) -> str:
    """Returns the text of the first of the names that has one; a number counts, and `{"value": text}` (OData V2)."""
    for name in names:
        value: Any = body.get(name)
        if isinstance(value, dict):
            value = value.get("value")
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


def is_page(headers: Json) -> bool:
    """Returns whether an answer is an HTML page, by its content type."""
    content_type = headers.get("content-type", "") if isinstance(headers, dict) else ""
    return isinstance(content_type, str) and "html" in content_type.partition(";")[0].lower()


def page_title(data: str) -> str:
    """Returns the title of a page as one line; empty without one."""
    found = _TITLE.search(data, 0, _PAGE_START)
    return " ".join(html.unescape(found[1]).split()) if found is not None else ""
