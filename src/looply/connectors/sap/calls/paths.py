"""Paths of OData resources, from an author's text in which expressions are already evaluated."""

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote

from looply.errors import BadInput

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_SAFE = "$'(),;=:@!*&+~"
_SET = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_SHORT = 256
_KEPT = 1024
"""So many short paths are kept as they are sent."""


def service_path(text: str) -> str:
    """Returns a service's path with one `/` at its start and none at its end: `/sap/opu/odata/sap/API_PO_SRV`.

    Raises: BadInput for an empty one, and as `entity_path`.
    """
    path = "/".join(part for part in text.split("/") if part)
    if not path:
        raise BadInput("`service_path` is empty; it is like /sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV")
    return "/" + _check_path(path, "service_path")


def entity_path(text: str) -> str:
    """Returns a resource's path below its service, encoded: `A_PurchaseOrder('4500000101')/to_Item`.

    Within quotes everything is part of the key, so `/`, `?` and `#` are encoded there; a quote in a key is written
    twice (OData V2 URI conventions, OData 4.01 URL conventions §4.3.1). Existing escapes are kept.

    Raises: BadInput for a query or fragment outside quotes, for `.` and `..` as segments, for quotes that do not
    close, for backslashes outside quotes and for control characters.
    """
    return _check_path(text.strip(" ").strip("/"), "entity")


def entity_set(text: str) -> str:
    """Returns the name of the entity set that a resource's path begins with; empty where it begins otherwise."""
    found = _SET.match(text.strip(" ").lstrip("/"))
    return found[0] if found is not None else ""


def _check_path(text: str, field: str) -> str:
    return _check_short(text, field) if len(text) <= _SHORT else _checked(text, field)


def _checked(text: str, field: str) -> str:
    if not text.isprintable():
        raise BadInput(f"`{field}` has a control character")
    if text.count("'") % 2:
        raise BadInput(f"`{field}` has a quote that does not close; a quote within a key is written twice")
    encoded = "".join(_pieces(text, field))
    if any(segment in (".", "..") for segment in re.sub("%2e", ".", encoded, flags=re.IGNORECASE).split("/")):
        raise BadInput(f"`{field}` has . or .. as a part of its path")
    return encoded


# The calls of a workflow have few paths.
_check_short = lru_cache(maxsize=_KEPT)(_checked)


def _pieces(text: str, field: str) -> Iterator[str]:
    for index, part in enumerate(text.split("'")):
        if index:
            yield "'"
        if index % 2:
            yield _encode(part, _SAFE)
            continue
        if re.search(r"[?#\\]", part):
            raise BadInput(f"`{field}` has ?, # or \\ outside quotes; query options belong in `params`")
        yield _encode(part, _SAFE + "/")


def _encode(part: str, safe: str) -> str:
    """Percent-encodes a part; a `%` that starts no escape is encoded too."""
    kept = iter(_ESCAPE.findall(part))
    return "".join(quote(piece, safe=safe) + next(kept, "") for piece in _ESCAPE.split(part))
