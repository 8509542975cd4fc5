"""What SAP notes beside its answer: success texts, warnings and errors, as a list of a step's output.

Sources: SAP Gateway Foundation, "Message container", for the header `sap-message` of OData V2, one object whose
`details` are further messages; the same of `sap-messages` of V4, a list whose members have a `numericSeverity`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from looply.connectors.http.far_errors import first_text
from looply.connectors.sap.far_errors import MESSAGE_HEADER
from looply.errors import BadRequest
from looply.jsontext import Json, parse_json

MOST_MESSAGES: Final = 50
"""The most messages of one answer that are shown."""

_HEADERS: Final = (MESSAGE_HEADER, "sap-messages")
_SEVERITIES: Final = {"1": "success", "2": "info", "3": "warning", "4": "error"}


def with_messages(output: dict[str, Json]) -> dict[str, Json]:
    """Returns an output with `messages` where the headers of the answer have some; else unchanged."""
    messages = read_messages(output["headers"])
    return {**output, "messages": messages} if messages else output


def read_messages(headers: Mapping[str, Json]) -> list[Json]:
    """Returns the messages in the headers of an answer, each with `severity`, `code`, `message` and `target`."""
    found: list[Json] = []
    for name in _HEADERS:
        for each in _noted(headers.get(name)):
            if len(found) < MOST_MESSAGES:
                found.append(_message(each))
    return found


def _noted(text: Json) -> Iterator[Mapping[str, Json]]:
    """Yields each message in a header, with its details after it; nothing of a header that is no JSON."""
    if not isinstance(text, str):
        return
    try:
        noted = parse_json(text.encode("utf-8", "replace"))
    except BadRequest:
        return
    for each in noted if isinstance(noted, list) else [noted]:
        if isinstance(each, dict):
            yield each
            details = each.get("details")
            yield from (detail for detail in (details if isinstance(details, list) else ()) if isinstance(detail, dict))


def _message(noted: Mapping[str, Json]) -> dict[str, Json]:
    number = first_text(noted, ("numericSeverity",))
    return {
        "severity": first_text(noted, ("severity",)) or _SEVERITIES.get(number, ""),
        "code": first_text(noted, ("code",)),
        "message": first_text(noted, ("message",)),
        "target": first_text(noted, ("target",)),
    }
