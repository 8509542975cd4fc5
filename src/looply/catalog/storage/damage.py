"""Damaged rows of the catalog: reading the object is an error, and lists mark it.

A row is damaged when the text of a JSON column cannot be read, or a definition does not match its stored hash.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import Connection, RowMapping, Table, select

from looply.catalog.storage.json_columns import JsonText, Unreadable
from looply.catalog.storage.tables import metadata
from looply.errors import RecordDamaged
from looply.jsontext import Json, fingerprint

AnyRow: TypeAlias = RowMapping | Mapping[str, Any]
"""A row, as stored or as returned by `mark_damaged`."""

_LABELS: Final[Mapping[str, str]] = {
    "workflow_versions": "workflow {workflow_id} version {workflow_version}",
    "card_versions": "card {card_id} version {card_version}",
    "profiles": "profile {profile_name} of workflow {workflow_id}",
    "connections": "connection {connection_name}",
    "api_keys": "key {key_id}",
    "users": "user {user_id}",
    "members": "member {user_id} of {organization_id}",
    "bulks": "bulk {bulk_id}",
    "workflow_companions": "{kind} of workflow {workflow_id}",
    "workflow_uses": "use of {kind} {name} by workflow {workflow_id} version {workflow_version}",
    "audit_records": "audit record {record_id}",
    "refused_logons": "refused logons of {principal}",
    "channel_people": "person {person_id} of {channel}",
}
"""Table with JSON -> the label of its rows in errors."""

Row = TypeVar("Row", bound=AnyRow)

_HASH: Final = "definition_hash"
_ADVICE: Final = "store it again, delete it, or restore the catalog from a backup"
_PAGE: Final = 100


def definition_hash(definition: Json) -> str:
    """Returns 32 hexadecimal digits that are equal for equal definitions and, for all practical purposes, no others."""
    return fingerprint(definition).hex()


def require_readable(row: Row, table: Table) -> Row:
    """Returns the row if all its values can be read. Raises: RecordDamaged, which names the object."""
    if finding := _finding(row):
        raise RecordDamaged(f"{_label(row, table)} is damaged: {finding}; {_ADVICE}")
    return row


def is_readable(row: RowMapping) -> bool:
    """Returns whether all values of a row can be read."""
    return not _finding(row)


def mark_damaged(row: RowMapping) -> AnyRow:
    """Returns a row for lists: a value that cannot be read is replaced by `{"damaged": "why"}`."""
    if not any(isinstance(value, Unreadable) for value in row.values()):
        return row
    return {name: {"damaged": value.reason} if isinstance(value, Unreadable) else value for name, value in row.items()}


def find_damaged_rows(connection: Connection) -> list[str]:
    """Returns a line for each damaged row of the catalog, sorted as texts. Reads all JSON of the catalog."""
    return sorted(line for table in metadata.sorted_tables for line in _find_damaged(connection, table))


def _find_damaged(connection: Connection, table: Table) -> Iterator[str]:
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
    # A deleted version keeps the hash of its former definition.
    if _HASH in row and not row["deleted"] and definition_hash(row["definition"]) != row[_HASH]:
        return "its definition does not match its hash"
    return ""


def _label(row: AnyRow, table: Table) -> str:
    return _LABELS[table.name].format_map(row)
