"""The audit log: who changed what and when, written in the transaction of the change itself, as a hash chain."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Connection, RowMapping, Select, Text, bindparam, func, insert, select, type_coerce, update

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.pages import make_page, validate_limit
from looply.catalog.storage.schema import HEAD, read_revision
from looply.catalog.storage.tables import api_keys, audit_heads, audit_records, organizations, users
from looply.catalog.trail.chain import EMPTY, ChainCheck, Head, Link
from looply.clock import Clock, from_ms, ms_or_none, to_ms
from looply.errors import BadRequest
from looply.jsontext import Json, encode_json, parse_json

SCANNED: Final = 10_000
"""Records that one page of a filtered list examines at most."""

_LARGEST: Final = 2**63 - 1
# The details as stored text: one record whose JSON is damaged must not hide the others.
_CHAIN: Final = (
    select(
        *(column for column in audit_records.c if column.name != "details"),
        type_coerce(audit_records.c.details, Text).label("text"),
    )
    .where(audit_records.c.organization_id == bindparam("organization"))
    .order_by(audit_records.c.number, audit_records.c.record_id)
)


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One administrative change. `actor` is the API key or the person, None for a change on the data folder.

    `record_id` is its number in the organization's chain, from 1 on without gaps, and `hash` its 32 bytes there.
    `action` is `<noun>.<verb>`, such as `workflow.activate`; `details` never holds a secret or a payload.
    """

    record_id: int
    organization_id: str
    at: datetime
    actor: str | None
    actor_name: str | None
    """The name of the key or of the person."""
    actor_kind: Literal["key", "person", "operator"]
    action: str
    object_id: str
    details: Json
    hash: bytes


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """The filter of a list; empty or None means any. `recorded_from` is included in the range, `recorded_to` is not."""

    actor: str = ""
    action: str = ""
    object_id: str = ""
    recorded_from: datetime | None = None
    recorded_to: datetime | None = None


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of records. `next` is the cursor of the next page, None on the last page.

    `head` is the head of the chain at the same instant: on the last page of `list_after` it is the last record.
    `is_truncated`: the page is short because it has examined `SCANNED` records.
    """

    items: tuple[AuditRecord, ...]
    head: Head
    next: int | None = None
    is_truncated: bool = False


class Change(msgspec.Struct, frozen=True):
    """The context of a change: the organization, the actor (id of a key or person, None for the operator), the time."""

    organization_id: str
    actor: str | None
    at: datetime

    def record(self, connection: Connection, action: str, object_id: str, **details: Json) -> None:
        """Appends this change to the organization's chain, within the transaction of `connection`.

        The row of the chain's head is locked until the transaction ends, so that the records of several processes
        have one order, and a change that is rolled back leaves no gap.
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
            # In the form in which they are read later, so that the hash can be computed again.
            details=parse_json(encode_json(details)),
        )
        digest = link.hash_after(head.hash)
        connection.execute(insert(audit_records).values(**msgspec.structs.asdict(link), hash=digest))
        moved = {"count": link.number, "hash": digest}
        if row is None:
            connection.execute(insert(audit_heads).values(organization_id=self.organization_id, **moved))
        else:
            connection.execute(update(audit_heads).where(owner).values(**moved))


class AuditLog:
    """The audit records of organizations, which are append-only."""

    def __init__(self, database: CatalogDatabase, clock: Clock, *, scanned: int = SCANNED) -> None:
        """`scanned` is the number of records that one page of a filtered list examines at most."""
        self._database = database
        self._clock = clock
        self._scanned = scanned

    async def record(
        self, organization_id: str, actor: str | None, action: str, object_id: str, **details: Json
    ) -> None:
        """Appends a record of an action outside of the catalog. Durable when it returns. Raises: as a write."""
        change = Change(organization_id, actor, self._clock.now())
        await self._database.write(lambda connection: change.record(connection, action, object_id, **details))

    async def list_page(
        self,
        organization_id: str,
        limit: int,
        before: int | None = None,
        *,
        criteria: AuditFilter = AuditFilter(),  # noqa: B008 - frozen
    ) -> AuditPage:
        """Returns records, newest first, with numbers below `before` if it is given.

        Raises: BadRequest when the limit is not positive.
        """
        size = validate_limit(limit)

        def read(connection: Connection) -> AuditPage:
            newest = _stored_head(connection, organization_id) or EMPTY
            end = newest.count + 1 if before is None else min(max(before, 0), newest.count + 1)
            begin = max(end - self._scanned, 1)
            query = _filter_query(organization_id, criteria).where(
                audit_records.c.number >= begin, audit_records.c.number < end
            )
            query = query.order_by(audit_records.c.number.desc()).limit(size + 1)
            page = make_page(connection.execute(query).mappings().all(), size, _record)
            if page.has_more:
                return AuditPage(items=page.items, head=newest, next=page.items[-1].record_id)
            return AuditPage(items=page.items, head=newest, next=begin if begin > 1 else None, is_truncated=begin > 1)

        return await self._database.read(read)

    async def list_after(self, organization_id: str, after: int, limit: int) -> AuditPage:
        """Returns records with numbers above `after`, oldest first. Raises: BadRequest, as `list_page`."""
        size = validate_limit(limit)
        query = _filter_query(organization_id, AuditFilter()).where(audit_records.c.number > min(after, _LARGEST))
        query = query.order_by(audit_records.c.number).limit(size + 1)

        def read(connection: Connection) -> AuditPage:
            page = make_page(connection.execute(query).mappings().all(), size, _record)
            head = _stored_head(connection, organization_id) or EMPTY
            return AuditPage(items=page.items, head=head, next=page.items[-1].record_id if page.has_more else None)

        return await self._database.read(read)

    async def head(self, organization_id: str) -> Head | None:
        """Returns the number and hash of the newest record, None without records."""
        return await self._database.read(lambda connection: _stored_head(connection, organization_id))

    async def find_breaks(self) -> Sequence[str]:
        """Returns the breaks of the chains of all organizations, none when all are intact. Reads them completely."""
        return await self._database.read(find_breaks)


def find_breaks(connection: Connection) -> list[str]:
    """Returns the breaks of the chains of all organizations, one line for each, with the id of the organization.

    A catalog with an earlier schema is not checked before its upgrade.
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


def _filter_query(organization_id: str, criteria: AuditFilter) -> Select[Any]:
    columns = audit_records.c
    names = api_keys.c.key_name, users.c.user_name
    query = (
        select(audit_records, func.coalesce(*names).label("actor_name"), users.c.user_id.label("person_id"))
        .outerjoin(api_keys, api_keys.c.key_id == columns.actor)
        .outerjoin(users, users.c.user_id == columns.actor)
    )
    query = query.where(columns.organization_id == organization_id)
    for column, text in ((columns.actor, criteria.actor), (columns.object_id, criteria.object_id)):
        if text:
            query = query.where(column == text)
    if criteria.action:
        query = query.where(columns.action == criteria.action)
    if (since := ms_or_none(criteria.recorded_from)) is not None:
        query = query.where(columns.at_ms >= since)
    if (until := ms_or_none(criteria.recorded_to)) is not None:
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
        # A record that was inserted by hand may have no number; 0 is no number of the chain.
        number=row["number"] or 0,
        at_ms=row["at_ms"],
        actor=row["actor"],
        action=row["action"],
        object_id=row["object_id"],
        details=_parse_details(row["text"]),
    )


def _parse_details(text: str) -> Json:
    """Returns the details of a record; a damaged JSON text is returned as the text itself."""
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
        actor_kind="operator" if row["actor"] is None else "key" if row["person_id"] is None else "person",
        action=row["action"],
        object_id=row["object_id"],
        details=row["details"],
        hash=bytes(row["hash"]),
    )
