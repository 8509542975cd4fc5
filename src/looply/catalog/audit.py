"""The audit: who changed what and when, written in the same transaction as the change itself."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, RowMapping, insert, select

from looply.catalog.database import CatalogDatabase
from looply.catalog.pages import Page, checked_limit, cut
from looply.catalog.tables import audit_records
from looply.clock import from_ms, to_ms
from looply.jsontext import Json


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One administrative change. `actor` is the key that made it, None when it was made on the data folder.

    `action` is `<noun>.<verb>`, such as `workflow.activate`; `details` never holds a secret or a payload.
    """

    record_id: int
    at: datetime
    actor: str | None
    action: str
    object_id: str
    details: Json


class Change(msgspec.Struct, frozen=True):
    """One change in the making: whose object, who changes it (a key id, None for the operator) and when."""

    organization_id: str
    actor: str | None
    at: datetime

    def record(self, connection: Connection, action: str, object_id: str, **details: Json) -> None:
        """Appends this change to the audit, within the transaction of `connection`."""
        connection.execute(
            insert(audit_records).values(
                organization_id=self.organization_id,
                at_ms=to_ms(self.at),
                actor=self.actor,
                action=action,
                object_id=object_id,
                details=details,
            )
        )


class Audit:
    """The records of an organization. They are only ever added, by the changes themselves."""

    def __init__(self, database: CatalogDatabase) -> None:
        self._database = database

    async def list_page(self, organization_id: str, limit: int, before: int | None = None) -> Page[AuditRecord]:
        """Returns records, newest first, those older than the record `before` when it is given.

        Raises: BadRequest when the limit is not positive.
        """
        size = checked_limit(limit)
        query = select(audit_records).where(audit_records.c.organization_id == organization_id)
        if before is not None:
            # A number over the column's range stands after every record.
            query = query.where(audit_records.c.record_id < min(max(before, 0), 2**63 - 1))
        query = query.order_by(audit_records.c.record_id.desc()).limit(size + 1)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return cut(rows, size, _record)


def _record(row: RowMapping) -> AuditRecord:
    return AuditRecord(
        record_id=row["record_id"],
        at=from_ms(row["at_ms"]),
        actor=row["actor"],
        action=row["action"],
        object_id=row["object_id"],
        details=row["details"],
    )
