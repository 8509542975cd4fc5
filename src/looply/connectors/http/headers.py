"""Headers that a workflow's author may set, and those that every call sends."""

import re
from collections.abc import Iterable, Mapping

from looply.connectors.outbound.urls import plain_text
from looply.connectors.port import CallContext
from looply.errors import BadInput
from looply.jsontext import Json

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# They frame the message or belong to the connection; only the client sets them (RFC 9110 §7.6.1).
FORBIDDEN = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect"}
    | {"proxy-authorization", "proxy-connection"}
)
DEPTH = "x-looply-depth"
"""How many executions called each other down to the one that a request would start."""
# Names whose values are credentials by convention.
_CREDENTIALS = frozenset({"authorization", "x-api-key", "api-key", "apikey", "x-auth-token", "cookie"})


def check_headers(headers: Mapping[str, Json], reserved: Iterable[str] = ()) -> dict[str, str]:
    """Returns an author's headers with names in lower case and values as texts; null leaves a header out.

    Raises: BadInput for a name that is none or is given twice, a name that the client or (`reserved`) the connector
    sets itself, a value with control characters, and a value that is an object or a list.
    """
    checked: dict[str, str] = {}
    own = FORBIDDEN | frozenset(reserved)
    for name, value in headers.items():
        lower = name.lower()
        if _NAME.fullmatch(name) is None:
            raise BadInput(f"the header name {name!r} has characters that no header name may have")
        if lower in own:
            raise BadInput(f"the header {name} is set by the connector and cannot be given")
        if lower in checked:
            raise BadInput(f"the header {name} is given twice")
        if value is not None:
            checked[lower] = _header_text(name, value)
    return checked


def tracing_headers(ctx: CallContext) -> dict[str, str]:
    """Returns the headers that identify the calling step and its attempt to the other system.

    `x-looply-depth` ends loops: the trigger of any installation refuses a call that is too deep (`limits.child_depth`).
    """
    return {
        "x-execution-id": ctx.execution_id,
        "x-step": ctx.step,
        "x-attempt": str(ctx.attempt),
        DEPTH: str(ctx.depth + 1),
    }


def credentials_in(headers: Mapping[str, str]) -> list[str]:
    """Returns the values of headers that are credentials by convention, also without their scheme."""
    values = [value for name, value in headers.items() if name in _CREDENTIALS]
    return values + [value.partition(" ")[2] for value in values if " " in value]


def _header_text(name: str, value: Json) -> str:
    if isinstance(value, dict | list):
        raise BadInput(f"the header {name} is an object or a list; a header is a text, a number or a boolean")
    text = plain_text(value).strip(" ")
    if _CONTROL.search(text):
        raise BadInput(f"the value of the header {name} has a line break or another control character")
    return text
