"""Rows of the catalog that cannot be read: each is an error of its own object, and a mark in lists.

A row is damaged when the text of a JSON column cannot be read, or a definition is not the one whose hash is stored.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import Connection, RowMapping, Table, select

from looply.catalog.storage.tables import JsonText, Unreadable, metadata
from looply.errors import RecordDamaged
from looply.jsontext import Json, fingerprint

AnyRow: TypeAlias = RowMapping | Mapping[str, Any]
"""A row, as it is stored or as `shown` gives it."""

_LABELS: Final[Mapping[str, str]] = {
    "workflow_versions": "workflow {workflow_id} version {workflow_version}",
    "card_versions": "card {card_id} version {card_version}",
    "profiles": "profile {profile_name} of workflow {workflow_id}",
    "connections": "connection {connection_name}",
    "api_keys": "key {key_id}",
    "bulks": "bulk {bulk_id}",
    "audit_records": "audit record {record_id}",
}
"""Table -> what errors call a row of it."""

Row = TypeVar("Row", bound=AnyRow)

_HASH: Final = "definition_hash"
_ADVICE: Final = "store it again, delete it, or restore the catalog from a backup"
_PAGE: Final = 100


def definition_hash(definition: Json) -> str:
    """Returns 32 hexadecimal digits that are equal for equal definitions and for no others."""
    return fingerprint(definition).hex()


def readable(row: Row, table: Table) -> Row:
    """Returns a row of a table whose values can all be read. Raises: RecordDamaged, which names the object."""
    if finding := _finding(row):
        raise RecordDamaged(f"{_label(row, table)} is damaged: {finding}; {_ADVICE}")
    return row


def is_readable(row: RowMapping) -> bool:
    """Tells whether all values of a row can be read."""
    return not _finding(row)


def shown(row: RowMapping) -> AnyRow:
    """Returns a row as lists show it: a value that cannot be read is `{"damaged": "why"}`."""
    if not any(isinstance(value, Unreadable) for value in row.values()):
        return row
    return {name: {"damaged": value.reason} if isinstance(value, Unreadable) else value for name, value in row.items()}


def find_damaged_rows(connection: Connection) -> list[str]:
    """Returns a line for each damaged row of the catalog, in their order as texts. Reads all JSON of the catalog."""
    return sorted(line for table in metadata.sorted_tables for line in _damaged(connection, table))


def _damaged(connection: Connection, table: Table) -> Iterator[str]:
    if table.name not in _LABELS:
        return
    columns = [column for column in table.columns if isinstance(column.type, JsonText) or _is_named(column.name, table)]
    rows = connection.execute(select(*columns).order_by(*table.primary_key), execution_options={"yield_per": _PAGE})
    for row in rows.mappings():
        if finding := _finding(row):
            yield f"{_label(row, table)} is damaged: {finding}"


def _is_named(column: str, table: Table) -> bool:
    return f"{{{column}}}" in _LABELS[table.name] or column in (_HASH, "deleted")


def _finding(row: AnyRow) -> str:
    for name, value in row.items():
        if isinstance(value, Unreadable):
            return f"its {name} cannot be read: {value.reason}"
    # A version that was deleted keeps the hash of what it was.
    if _HASH in row and not row["deleted"] and definition_hash(row["definition"]) != row[_HASH]:
        return "its definition is not the one that was stored"
    return ""


def _label(row: AnyRow, table: Table) -> str:
    return _LABELS[table.name].format_map(row)
