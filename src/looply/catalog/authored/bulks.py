"""Bulks: one action on many executions or people, run in slices: a restart loses nothing and repeats almost nothing.

A row stores the request and its progress. A process that works on a bulk holds a lease on it; when the process ends,
the lease expires and another process takes over. The history of each execution records what was done to it; the counts
here only report progress. Bulks on executions and those on people are in one table, and each kind is seen by itself.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec
from sqlalchemy import Connection, insert, or_, select, update

from looply.catalog.storage.damage import AnyRow, is_readable, require_readable
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.pages import Page, make_page, validate_limit
from looply.catalog.storage.tables import bulks
from looply.catalog.tenants.names import not_found_error, validate_id
from looply.catalog.tenants.organizations import require_workspace
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Ids
from looply.errors import Conflict
from looply.instants import from_ms, to_ms

BulkAction: TypeAlias = Literal["redrive", "retry", "skip", "terminate"]
PeopleAction: TypeAlias = Literal["install"]
"""What is done to people: the app of a bot is installed for them."""
BulkStatus: TypeAlias = Literal["RUNNING", "DONE", "CANCELLED"]

ON_EXECUTIONS: Final[frozenset[str]] = frozenset(get_args(BulkAction))
ON_PEOPLE: Final[frozenset[str]] = frozenset(get_args(PeopleAction))

MAX_RUNNING: Final = 10
"""Bulks of one organization and one kind that run at once; each has its own rate."""

MAX_REFUSALS: Final = 1000
"""Refusals that a bulk keeps with their reasons; later ones are only counted. A bulk by ids has no more executions."""

IDS: Final = "workflow_execution_id"
"""The field of `Bulk.criteria` with the ids of a bulk that names its executions; else `criteria` is a filter."""

PEOPLE: Final = "person"
"""The field of `Bulk.criteria` with the people of a bulk on people, each by an id or an address."""

_MAX_TAKEN: Final = 20


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that did not allow the action, or a person for whom it was refused, and why: code and message."""

    execution_id: str = ""
    process_id: str = ""
    person: str = ""
    name: str = ""
    code: str
    message: str


class Bulk(msgspec.Struct, frozen=True, kw_only=True):
    """One action on many executions. `criteria` and `options` are the caller's, `cursor` is the last execution that was
    processed. `criteria` is a filter, or has the ids of the executions (`IDS`), newest first. `begun` are the
    executions of a slice whose progress was not recorded, because its process has ended.

    A bulk on people has them in `criteria` (`PEOPLE`), and in `cursor` how many of them were processed.

    `done` counts the executions that were changed, `refused` those that did not allow it; `refusals` are the first of
    these, at most `MAX_REFUSALS`.
    """

    bulk_id: str
    organization_id: str
    workspace_id: str
    action: BulkAction | PeopleAction
    criteria: dict[str, Any]
    options: dict[str, Any]
    status: BulkStatus
    cursor: str
    begun: tuple[str, ...] = ()
    done: int
    refused: int
    refusals: tuple[Refusal, ...] = ()
    created_by: str | None
    created_on: datetime
    modified_on: datetime
    ended_on: datetime | None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one slice, and whether it was the last. `refusals` are those that `refused` counts.

    `held_until`: the holder pauses, and no other process takes the bulk over before; None: the lease stays as it is.
    """

    cursor: str
    done: int
    refused: int
    refusals: tuple[Refusal, ...] = ()
    held_until: datetime | None = None
    is_last: bool


class Bulks:
    """The bulks of an organization with one of `actions`; others are not found.

    `noun` is what one of them is called; codes have it too (`BULK_NOT_FOUND`, `APP_INSTALLATION_NOT_FOUND`).
    """

    def __init__(self, database: CatalogDatabase, clock: Clock, ids: Ids, actions: Collection[str], noun: str) -> None:
        self._noun = noun
        self._mine = bulks.c.action.in_(sorted(actions))
        self._database = database
        self._clock = clock
        self._ids = ids

    async def start(
        self,
        owner: tuple[str, str],
        action: BulkAction | PeopleAction,
        criteria: dict[str, Any],
        options: dict[str, Any],
        *,
        actor: str | None = None,
    ) -> Bulk:
        """Starts a bulk of an organization and workspace, and returns it.

        Raises: Conflict (code `TOO_MANY_BULKS` or `TOO_MANY_APP_INSTALLATIONS`) when `MAX_RUNNING` of them run already.
        """
        organization_id, workspace_id = owner
        change = Change(organization_id, actor, self._clock.now())
        bulk_id = str(self._ids.next(change.at))
        now_ms = to_ms(change.at)

        def store(connection: Connection) -> Bulk:
            require_workspace(connection, organization_id, workspace_id)
            running = select(bulks.c.bulk_id).where(self._mine, bulks.c.organization_id == organization_id)
            if len(connection.execute(running.where(bulks.c.status == "RUNNING")).all()) >= MAX_RUNNING:
                raise _too_many(action)
            connection.execute(
                insert(bulks).values(
                    bulk_id=bulk_id,
                    organization_id=organization_id,
                    workspace_id=workspace_id,
                    action=action,
                    criteria=criteria,
                    options=options,
                    status="RUNNING",
                    cursor="",
                    begun=[],
                    done=0,
                    refused=0,
                    refusals=[],
                    holder="",
                    held_until_ms=0,
                    created_by=actor,
                    modified_by=actor,
                    created_ms=now_ms,
                    modified_ms=now_ms,
                )
            )
            change.record(connection, f"bulk.{action}", bulk_id, wanted=_audit_details(criteria))
            return self._get(connection, organization_id, bulk_id)

        return await self._database.write(store)

    async def get(self, organization_id: str, bulk_id: str) -> Bulk:
        """Returns a bulk. Raises: BadRequest, NotFound."""
        key = validate_id(bulk_id, self._noun)
        return await self._database.read(lambda connection: self._get(connection, organization_id, key))

    async def list_page(self, organization_id: str, limit: int, before: str | None = None) -> Page[Bulk]:
        """Returns bulks, newest first, older than the id `before` if it is given, without their refusals.

        Raises: BadRequest.
        """
        size = validate_limit(limit)
        columns = (column for column in bulks.columns if column is not bulks.c.refusals)
        query = select(*columns).where(self._mine, bulks.c.organization_id == organization_id)
        if before is not None:
            query = query.where(bulks.c.bulk_id < validate_id(before, self._noun))
        query = query.order_by(bulks.c.bulk_id.desc()).limit(size + 1)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return make_page(rows, size, _bulk)

    async def cancel(self, organization_id: str, bulk_id: str, *, actor: str | None = None) -> Bulk:
        """Cancels a bulk and returns it; what it has done is not undone. A bulk that has ended is not changed."""
        key = validate_id(bulk_id, self._noun)
        change = Change(organization_id, actor, self._clock.now())

        def store(connection: Connection) -> Bulk:
            found = self._get(connection, organization_id, key)
            if found.status != "RUNNING":
                return found
            now_ms = to_ms(change.at)
            values = {"status": "CANCELLED", "modified_by": actor, "modified_ms": now_ms, "ended_ms": now_ms}
            connection.execute(update(bulks).where(bulks.c.bulk_id == key).values(**values))
            change.record(connection, "bulk.cancel", key)
            return self._get(connection, organization_id, key)

        return await self._database.write(store)

    async def is_terminating(self, organization_id: str, workflow_id: str) -> bool:
        """Returns whether a running bulk terminates all executions of a workflow that match a filter."""
        query = select(bulks.c.criteria).where(
            bulks.c.organization_id == organization_id, bulks.c.status == "RUNNING", bulks.c.action == "terminate"
        )
        found = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        # Executions that are named by their ids start no more of these.
        filters = (criteria for criteria in found if IDS not in criteria)
        return any(criteria.get("workflow_id", workflow_id) == workflow_id for criteria in filters)

    async def take(self, holder: str, span: timedelta, besides: Collection[str] = ()) -> tuple[Bulk, ...]:
        """Leases running bulks of all organizations to `holder` for `span`, its own and abandoned ones; returns them.

        Those with the ids `besides` are left out, and delay no others. A bulk with a damaged row is skipped: its
        request is unknown.
        The bulks that have waited longest come first, so that many bulks of some organizations do not delay others.
        Writes nothing while there are none.
        """
        now_ms = to_ms(self._clock.now())
        free = or_(bulks.c.holder == holder, bulks.c.held_until_ms <= now_ms)
        query = select(bulks).where(self._mine, bulks.c.status == "RUNNING", free)
        if besides:
            query = query.where(bulks.c.bulk_id.not_in(sorted(besides)))
        query = query.order_by(bulks.c.modified_ms, bulks.c.bulk_id).limit(_MAX_TAKEN)
        if not await self._database.read(lambda connection: connection.execute(query).first()):
            return ()

        def store(connection: Connection) -> tuple[Bulk, ...]:
            found = tuple(_bulk(row) for row in connection.execute(query).mappings() if is_readable(row))
            held = {"holder": holder, "held_until_ms": now_ms + int(span.total_seconds() * 1000)}
            connection.execute(
                update(bulks).where(bulks.c.bulk_id.in_([bulk.bulk_id for bulk in found])).values(**held)
            )
            return found

        return await self._database.write(store)

    async def begin(self, bulk_id: str, holder: str, execution_ids: Sequence[str]) -> bool:
        """Stores which executions are processed next; false when the bulk was cancelled or another process has it."""
        mine = (bulks.c.bulk_id == bulk_id, bulks.c.holder == holder, bulks.c.status == "RUNNING")
        begun = update(bulks).where(*mine).values(begun=list(execution_ids))
        return await self._database.write(lambda connection: connection.execute(begun).rowcount == 1)

    async def record(self, bulk_id: str, holder: str, progress: Progress) -> bool:
        """Stores the progress of a bulk; false when it was cancelled or another process has taken it over."""
        now_ms = to_ms(self._clock.now())

        def store(connection: Connection) -> bool:
            values: dict[str, Any] = {
                "cursor": progress.cursor,
                "begun": [],
                "done": bulks.c.done + progress.done,
                "refused": bulks.c.refused + progress.refused,
                "modified_ms": now_ms,
            }
            if progress.held_until is not None:
                values["held_until_ms"] = to_ms(progress.held_until)
            if progress.is_last:
                values |= {"status": "DONE", "ended_ms": now_ms}
            mine = (bulks.c.bulk_id == bulk_id, bulks.c.holder == holder, bulks.c.status == "RUNNING")
            if progress.refusals:
                kept = connection.execute(select(bulks.c.refusals).where(*mine)).scalar() or []
                more = [msgspec.to_builtins(each) for each in progress.refusals]
                values["refusals"] = [*kept, *more][:MAX_REFUSALS]
            return connection.execute(update(bulks).where(*mine).values(**values)).rowcount == 1

        return await self._database.write(store)

    def _get(self, connection: Connection, organization_id: str, bulk_id: str) -> Bulk:
        query = select(bulks).where(self._mine, bulks.c.organization_id == organization_id, bulks.c.bulk_id == bulk_id)
        row = connection.execute(query).mappings().first()
        if row is None:
            raise not_found_error(self._noun, bulk_id)
        return _bulk(require_readable(row, bulks))


def _too_many(action: BulkAction | PeopleAction) -> Conflict:
    is_on_people = action in ON_PEOPLE
    what = "installations of the app" if is_on_people else "bulks"
    message = f"{MAX_RUNNING} {what} run already; wait for the end of one, or cancel it"
    return Conflict(message, code="TOO_MANY_APP_INSTALLATIONS" if is_on_people else "TOO_MANY_BULKS")


def _audit_details(criteria: dict[str, Any]) -> dict[str, Any]:
    """Returns what the audit says of a selection: of ids their number; the history of each execution has the bulk."""
    return {name: len(value) if name in (IDS, PEOPLE) else value for name, value in criteria.items()}


def _bulk(row: AnyRow) -> Bulk:
    begun, refusals = row["begun"], row.get("refusals")
    return Bulk(
        bulk_id=row["bulk_id"],
        organization_id=row["organization_id"],
        workspace_id=row["workspace_id"],
        action=row["action"],
        criteria=row["criteria"],
        options=row["options"],
        status=row["status"],
        cursor=row["cursor"],
        begun=tuple(begun) if isinstance(begun, list) else (),
        done=row["done"],
        refused=row["refused"],
        # A damaged value of a row in a list is no list.
        refusals=msgspec.convert(refusals, tuple[Refusal, ...]) if isinstance(refusals, list) else (),
        created_by=row["created_by"],
        created_on=from_ms(row["created_ms"]),
        modified_on=from_ms(row["modified_ms"]),
        ended_on=from_ms(row["ended_ms"]) if row["ended_ms"] is not None else None,
    )
