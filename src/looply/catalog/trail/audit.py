"""The audit: who changed what and when, in the same transaction as the change itself, as a chain of hashes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, RowMapping, Select, Text, bindparam, insert, select, type_coerce, update

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.pages import cut, validate_limit
from looply.catalog.storage.schema import HEAD, read_revision
from looply.catalog.storage.tables import api_keys, audit_heads, audit_records, organizations
from looply.catalog.trail.chain import EMPTY, ChainCheck, Head, Link
from looply.clock import Clock, from_ms, ms_or_none, to_ms
from looply.errors import BadRequest
from looply.jsontext import Json, encode_json, parse_json

SCANNED: Final = 10_000
"""So many records one page of a filtered list looks at."""

_LARGEST: Final = 2**63 - 1
# The details as they are stored: one record that is no JSON any more must not hide the others.
_CHAIN: Final = (
    select(
        *(column for column in audit_records.c if column.name != "details"),
        type_coerce(audit_records.c.details, Text).label("text"),
    )
    .where(audit_records.c.organization_id == bindparam("organization"))
    .order_by(audit_records.c.number, audit_records.c.record_id)
)


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One administrative change. `actor` is the key that made it, None when it was made on the data folder.

    `record_id` is its number in the organization's chain, from 1 on without gaps, and `hash` its 32 bytes there.
    `action` is `<noun>.<verb>`, such as `workflow.activate`; `details` never holds a secret or a payload.
    """

    record_id: int
    organization_id: str
    at: datetime
    actor: str | None
    actor_name: str | None
    """What the key is called."""
    action: str
    object_id: str
    details: Json
    hash: bytes


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which records a list shows; empty or None means any. `recorded_from` belongs to the span, `recorded_to` not."""

    actor: str = ""
    action: str = ""
    object_id: str = ""
    recorded_from: datetime | None = None
    recorded_to: datetime | None = None


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of records. `next` is the number to go on from, None on the last page.

    `head` is that of the chain at the same instant: on the last page of `list_after` it is that of the last record.
    `is_truncated`: the page is short because it has looked at `SCANNED` records.
    """

    items: tuple[AuditRecord, ...]
    head: Head
    next: int | None = None
    is_truncated: bool = False


class Change(msgspec.Struct, frozen=True):
    """One change in the making: whose object, who changes it (a key id, None for the operator) and when."""

    organization_id: str
    actor: str | None
    at: datetime

    def record(self, connection: Connection, action: str, object_id: str, **details: Json) -> None:
        """Appends this change to the organization's chain, within the transaction of `connection`.

        The head of the chain is a row that stays locked until the transaction ends, so that the records of several
        processes have one order, and a change that is rolled back leaves no gap.
        """
        owner = audit_heads.c.organization_id == self.organization_id
        row = connection.execute(select(audit_heads).where(owner).with_for_update()).mappings().first()
        head = EMPTY if row is None else _head(row)
        link = Link(
            organization_id=self.organization_id,
            number=head.count + 1,
            at_ms=to_ms(self.at),
            actor=self.actor,
            action=action,
            object_id=object_id,
            # As it is read later: what is hashed must not depend on how it was made.
            details=parse_json(encode_json(details)),
        )
        digest = link.hash_after(head.hash)
        connection.execute(insert(audit_records).values(**msgspec.structs.asdict(link), hash=digest))
        moved = {"count": link.number, "hash": digest}
        if row is None:
            connection.execute(insert(audit_heads).values(organization_id=self.organization_id, **moved))
        else:
            connection.execute(update(audit_heads).where(owner).values(**moved))


class Audit:
    """The records of an organization. They are only ever added, by the changes themselves."""

    def __init__(self, database: CatalogDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def record(
        self, organization_id: str, actor: str | None, action: str, object_id: str, **details: Json
    ) -> None:
        """Records what was done outside of the catalog. Durable when it returns. Raises: as a write."""
        change = Change(organization_id, actor, self._clock.now())
        await self._database.write(lambda connection: change.record(connection, action, object_id, **details))

    async def list_page(
        self,
        organization_id: str,
        limit: int,
        before: int | None = None,
        *,
        wanted: AuditFilter = AuditFilter(),  # noqa: B008 - frozen
    ) -> AuditPage:
        """Returns records, newest first, those with numbers under `before` when it is given.

        Raises: BadRequest when the limit is not positive.
        """
        size = validate_limit(limit)

        def read(connection: Connection) -> AuditPage:
            newest = _stored_head(connection, organization_id) or EMPTY
            end = newest.count + 1 if before is None else min(max(before, 0), newest.count + 1)
            begin = max(end - SCANNED, 1)
            query = _filtered(organization_id, wanted).where(
                audit_records.c.number >= begin, audit_records.c.number < end
            )
            query = query.order_by(audit_records.c.number.desc()).limit(size + 1)
            page = cut(connection.execute(query).mappings().all(), size, _record)
            if page.has_more:
                return AuditPage(items=page.items, head=newest, next=page.items[-1].record_id)
            return AuditPage(items=page.items, head=newest, next=begin if begin > 1 else None, is_truncated=begin > 1)

        return await self._database.read(read)

    async def list_after(self, organization_id: str, after: int, limit: int) -> AuditPage:
        """Returns records in their order, those with numbers over `after`. Raises: BadRequest, as `list_page`."""
        size = validate_limit(limit)
        query = _filtered(organization_id, AuditFilter()).where(audit_records.c.number > min(after, _LARGEST))
        query = query.order_by(audit_records.c.number).limit(size + 1)

        def read(connection: Connection) -> AuditPage:
            page = cut(connection.execute(query).mappings().all(), size, _record)
            head = _stored_head(connection, organization_id) or EMPTY
            return AuditPage(items=page.items, head=head, next=page.items[-1].record_id if page.has_more else None)

        return await self._database.read(read)

    async def head(self, organization_id: str) -> Head | None:
        """Returns the number and hash of the newest record, None when there is no record."""
        return await self._database.read(lambda connection: _stored_head(connection, organization_id))

    async def find_breaks(self) -> Sequence[str]:
        """Returns what is wrong with the chains of all organizations, nothing when all are whole. Reads them whole."""
        return await self._database.read(find_breaks)


def find_breaks(connection: Connection) -> list[str]:
    """Returns what is wrong with the chains of all organizations, each line with the organization that it is of.

    A catalog of an earlier form is left to its upgrade.
    """
    if read_revision(connection) != HEAD:
        return []
    found = []
    for organization_id in connection.execute(select(organizations.c.organization_id)).scalars().all():
        check = ChainCheck()
        for row in connection.execute(_CHAIN, {"organization": organization_id}).mappings():
            check.add(_link(row), row["hash"] or b"")
        lines = check.breaks(_stored_head(connection, organization_id))
        found += [f"the audit of organization {organization_id}: {line}" for line in lines]
    return found


def _filtered(organization_id: str, wanted: AuditFilter) -> Select[Any]:
    columns = audit_records.c
    query = select(audit_records, api_keys.c.key_name.label("actor_name")).outerjoin(
        api_keys, api_keys.c.key_id == columns.actor
    )
    query = query.where(columns.organization_id == organization_id)
    for column, text in ((columns.actor, wanted.actor), (columns.object_id, wanted.object_id)):
        if text:
            query = query.where(column == text)
    if wanted.action:
        query = query.where(columns.action == wanted.action)
    if (since := ms_or_none(wanted.recorded_from)) is not None:
        query = query.where(columns.at_ms >= since)
    if (until := ms_or_none(wanted.recorded_to)) is not None:
        query = query.where(columns.at_ms < until)
    return query


def _stored_head(connection: Connection, organization_id: str) -> Head | None:
    query = select(audit_heads).where(audit_heads.c.organization_id == organization_id)
    row = connection.execute(query).mappings().first()
    return None if row is None else _head(row)


def _head(row: RowMapping) -> Head:
    return Head(count=row["count"], hash=bytes(row["hash"]))


def _link(row: RowMapping) -> Link:
    return Link(
        organization_id=row["organization_id"],
        # A record that was put there by hand may have none, which is no number of the chain.
        number=row["number"] or 0,
        at_ms=row["at_ms"],
        actor=row["actor"],
        action=row["action"],
        object_id=row["object_id"],
        details=_parsed(row["text"]),
    )


def _parsed(text: str) -> Json:
    """Returns the details of a record; what is no JSON any more is shown as the text that it is."""
    try:
        return parse_json(text.encode())
    except BadRequest:
        return text


def _record(row: RowMapping) -> AuditRecord:
    return AuditRecord(
        record_id=row["number"],
        organization_id=row["organization_id"],
        at=from_ms(row["at_ms"]),
        actor=row["actor"],
        actor_name=row["actor_name"],
        action=row["action"],
        object_id=row["object_id"],
        details=row["details"],
        hash=bytes(row["hash"]),
    )
