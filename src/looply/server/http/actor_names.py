"""The names of actors beside their ids in lists."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from looply.jsontext import Json
from looply.server.http.call import Call

_FIELDS: Final = ("created_by", "modified_by", "settled_by", "by")
"""Fields of rows that hold the id of a key or a person. The name is in a field of the same name with `_name`."""

_PARTS: Final = ("draft",)
"""Fields of rows that hold a row of their own with such fields."""

_Row = TypeVar("_Row", bound=msgspec.Struct)


async def name_actors(call: Call, rows: Sequence[_Row]) -> list[_Row]:
    """Returns rows with the names of the keys and members whose ids they hold; ids of anything else have no name."""
    ids = {value for row in rows for value in _ids(row)}
    if not ids:
        return list(rows)
    names = await call.services.catalog.people.actors.names(call.organization_id, ids)
    return [_with_names(row, names) for row in rows]


async def name_entries(call: Call, entries: Sequence[tuple[int, dict[str, Json]]]) -> list[tuple[int, dict[str, Json]]]:
    """Returns numbered entries of a log, as JSON, with the names of those whose ids their `by` is."""
    ids = {by for _, entry in entries if isinstance(by := entry.get("by"), str)}
    names: Mapping[Json, str] = await call.services.catalog.people.actors.names(call.organization_id, ids)
    return [
        (number, {**entry, "by_name": names[entry["by"]]} if entry.get("by") in names else entry)
        for number, entry in entries
    ]


def _with_names(row: _Row, names: Mapping[str, str]) -> _Row:
    fields: dict[str, Any] = {f"{field}_name": names[value] for field, value in _actors(row).items() if value in names}
    fields |= {field: _with_names(part, names) for field, part in _parts(row).items()}
    return msgspec.structs.replace(row, **fields) if fields else row


def _ids(row: msgspec.Struct) -> set[str]:
    """Returns the ids of actors that a row and its parts hold."""
    return {*_actors(row).values(), *(value for part in _parts(row).values() for value in _ids(part))}


def _parts(row: msgspec.Struct) -> dict[str, msgspec.Struct]:
    """Returns the rows that a row holds."""
    return {field: part for field in _PARTS if isinstance(part := getattr(row, field, None), msgspec.Struct)}


def _actors(row: msgspec.Struct) -> dict[str, str]:
    """Returns the fields of a row that hold the id of an actor."""
    return {field: value for field in _FIELDS if (value := getattr(row, field, None))}
