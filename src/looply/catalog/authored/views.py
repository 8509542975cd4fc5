"""Views: filters of a page under a name. Each belongs to a person, who may share it with the organization."""

from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, or_, select, true, update

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import saved_views as table
from looply.catalog.tenants.names import not_found_error, validate_id, validate_name
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Ids
from looply.errors import Conflict, OutOfScope, Refused
from looply.instants import from_ms, to_ms

ViewPage: TypeAlias = Literal["executions"]
"""A page of the web app that has views."""

MAX_OWN: Final = 50
"""Most views of one person for one page."""
MAX_SHARED: Final = 200
"""Most views for one page that are shared within an organization."""
MAX_QUERY_CHARACTERS: Final = 4000


class ViewDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decides about a view. `query` is the query of the page's address, without its question mark."""

    page: ViewPage
    name: str
    query: str
    is_shared: bool = False


class View(ViewDraft, frozen=True, kw_only=True):
    """A stored view. `user_id` is the person to whom it belongs."""

    view_id: str
    user_id: str
    modified_by: str | None
    created_on: datetime
    modified_on: datetime


class ViewChanged(Conflict):
    """The view was changed after the caller read it; nothing was stored. `fields` are those of what is stored now."""

    code = "STALE"

    def __init__(self, view: View) -> None:
        modified_on = to_ms(view.modified_on)
        super().__init__(
            f"view {view.view_id} was changed at {modified_on}; read it again, and repeat with that modified_on"
        )
        self.fields = {"modified_on": modified_on}


class Views:
    """The views of an organization. A person sees the own ones and those that are shared; others are not found.

    Only the person to whom a shared view belongs changes it, or one who `may_manage`. What is shared is audited.
    Methods raise BadRequest for an id that is no UUID, NotFound (code `VIEW_NOT_FOUND`), Forbidden (code `SCOPE`) for a
    shared view of another person, Conflict (codes `VIEW_EXISTS`, `TOO_MANY_VIEWS`, `STALE`), and Refused (codes
    `INVALID_NAME`, `BAD_VIEW`).
    """

    def __init__(self, database: CatalogDatabase, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    async def list_all(self, organization_id: str, user_id: str, page: ViewPage) -> tuple[View, ...]:
        """Returns the person's views and the shared ones of a page, by name; at most `MAX_OWN` and `MAX_SHARED`."""
        visible = or_(table.c.user_id == user_id, table.c.is_shared == true())
        query = (
            select(table).where(*_of_page(organization_id, page), visible).order_by(table.c.view_name, table.c.view_id)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(_view(row) for row in rows)

    async def create(self, organization_id: str, user_id: str, draft: ViewDraft) -> View:
        """Stores a new view of a person and returns it."""
        change = Change(organization_id, user_id, self._clock.now())
        checked = _check(draft)
        view_id = str(self._ids.next(change.at))

        def store(connection: Connection) -> View:
            mine = (*_of_page(organization_id, checked.page), table.c.user_id == user_id)
            _check_free(connection, mine, checked.name)
            if _count(connection, mine) >= MAX_OWN:
                raise _too_many(f"you have {MAX_OWN} views of this page")
            if checked.is_shared:
                _check_room(connection, organization_id, checked.page)
            connection.execute(
                insert(table).values(
                    view_id=view_id,
                    organization_id=organization_id,
                    user_id=user_id,
                    page=checked.page,
                    **_values(checked),
                    created_by=user_id,
                    created_ms=to_ms(change.at),
                    modified_ms=to_ms(change.at),
                )
            )
            if checked.is_shared:
                change.record(connection, "view.put", view_id, name=checked.name, is_shared=True)
            return _get(connection, organization_id, user_id, view_id)

        return await self._database.write(store)

    async def update(
        self,
        organization_id: str,
        user_id: str,
        view_id: str,
        draft: ViewDraft,
        *,
        modified_on: datetime,
        may_manage: bool = False,
    ) -> View:
        """Replaces a view that was not changed after `modified_on`, and returns it; its person and page stay."""
        change = Change(organization_id, user_id, self._clock.now())
        checked = _check(draft)

        def store(connection: Connection) -> View:
            former = _get_own(connection, organization_id, user_id, view_id, may_manage=may_manage)
            if former.page != checked.page:
                raise not_found_error("view", view_id)
            if former.modified_on != modified_on:
                raise ViewChanged(former)
            if checked.name != former.name:
                page = _of_page(organization_id, former.page)
                _check_free(connection, (*page, table.c.user_id == former.user_id), checked.name)
            if checked.is_shared and not former.is_shared:
                _check_room(connection, organization_id, former.page)
            # A clock that was set back does not make two versions look the same.
            at_ms = max(to_ms(change.at), to_ms(former.modified_on) + 1)
            connection.execute(
                update(table)
                .where(table.c.view_id == former.view_id)
                .values(**_values(checked), modified_by=user_id, modified_ms=at_ms)
            )
            if checked.is_shared or former.is_shared:
                change.record(connection, "view.put", former.view_id, name=checked.name, is_shared=checked.is_shared)
            return _get(connection, organization_id, former.user_id, former.view_id)

        return await self._database.write(store)

    async def delete(
        self,
        organization_id: str,
        user_id: str,
        view_id: str,
        *,
        modified_on: datetime,
        may_manage: bool = False,
    ) -> None:
        """Deletes a view that was not changed after `modified_on`."""
        change = Change(organization_id, user_id, self._clock.now())

        def store(connection: Connection) -> None:
            former = _get_own(connection, organization_id, user_id, view_id, may_manage=may_manage)
            if former.modified_on != modified_on:
                raise ViewChanged(former)
            connection.execute(delete(table).where(table.c.view_id == former.view_id))
            if former.is_shared:
                change.record(connection, "view.delete", former.view_id, name=former.name)

        await self._database.write(store)


def _check(draft: ViewDraft) -> ViewDraft:
    if len(draft.query) > MAX_QUERY_CHARACTERS:
        raise Refused.at("/query", f"has more than {MAX_QUERY_CHARACTERS} characters", code="BAD_VIEW")
    if not draft.query.isprintable():
        raise Refused.at("/query", "has characters that no address has", code="BAD_VIEW")
    return msgspec.structs.replace(draft, name=validate_name(draft.name, "name"))


def _values(draft: ViewDraft) -> dict[str, str | bool]:
    return {"view_name": draft.name, "query": draft.query, "is_shared": draft.is_shared}


def _of_page(organization_id: str, page: str) -> tuple[ColumnElement[bool], ...]:
    return table.c.organization_id == organization_id, table.c.page == page


def _count(connection: Connection, which: tuple[ColumnElement[bool], ...]) -> int:
    count: int = connection.execute(select(func.count()).select_from(table).where(*which)).scalar_one()
    return count


def _check_free(connection: Connection, mine: tuple[ColumnElement[bool], ...], name: str) -> None:
    if connection.execute(select(table.c.view_id).where(*mine, table.c.view_name == name)).first():
        raise Conflict(f"the person has a view {name!r} of this page; choose another name", code="VIEW_EXISTS")


def _check_room(connection: Connection, organization_id: str, page: str) -> None:
    if _count(connection, (*_of_page(organization_id, page), table.c.is_shared == true())) >= MAX_SHARED:
        raise _too_many(f"the organization shares {MAX_SHARED} views of this page")


def _too_many(finding: str) -> Conflict:
    return Conflict(f"{finding}, the most allowed; delete one first", code="TOO_MANY_VIEWS")


def _get(connection: Connection, organization_id: str, user_id: str, view_id: str) -> View:
    """Returns a view that the person sees. Raises: BadRequest; NotFound."""
    query = select(table).where(
        table.c.organization_id == organization_id,
        table.c.view_id == validate_id(view_id, "view"),
        or_(table.c.user_id == user_id, table.c.is_shared == true()),
    )
    row = connection.execute(query.with_for_update()).mappings().first()
    if row is None:
        raise not_found_error("view", view_id)
    return _view(row)


def _get_own(connection: Connection, organization_id: str, user_id: str, view_id: str, *, may_manage: bool) -> View:
    """Returns a view that the person may change. Raises: as `_get`; Forbidden (code `SCOPE`)."""
    view = _get(connection, organization_id, user_id, view_id)
    if view.user_id != user_id and not may_manage:
        raise OutOfScope("members")
    return view


def _view(row: RowMapping) -> View:
    return View(
        view_id=row["view_id"],
        user_id=row["user_id"],
        page=row["page"],
        name=row["view_name"],
        query=row["query"],
        is_shared=bool(row["is_shared"]),
        modified_by=row["modified_by"],
        created_on=from_ms(row["created_ms"]),
        modified_on=from_ms(row["modified_ms"]),
    )
