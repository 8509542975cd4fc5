"""The ids of a result, for `--output ids`: what another command accepts as its argument."""

from collections.abc import Mapping
from typing import Any, Final

from looply.jsontext import Json

_FIELDS: Final = (
    "letter_id",
    "card_id",
    "bulk_id",
    "key_id",
    "record_id",
    "looply_execution_id",
    "workflow_execution_id",
    "name",
    "workflow_id",
    "organization_id",
)
"""The field that identifies an object: the first of these that it has."""


def ids_of(document: Json) -> list[str] | None:
    """Returns the ids of a list's items, each once, or of the one object; None where the result has no ids."""
    if not isinstance(document, dict):
        return None
    items = document.get("items")
    found = [_id_of(item) for item in (items if isinstance(items, list) else [document])]
    return None if None in found else list(dict.fromkeys(filter(None, found)))


def _id_of(item: Any) -> str | None:
    if not isinstance(item, Mapping):
        return None
    return next((str(item[name]) for name in _FIELDS if item.get(name) is not None), None)
