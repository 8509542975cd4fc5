"""Presence where several servers share the catalog: one row for each open editor."""

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from looply.catalog.authored.presence import MAX_EDITORS, Editor, Key, first_of, limit_of_closed, others_than, since_of
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import open_editors as table
from looply.clock import Clock
from looply.instants import to_ms


class StoredPresence:
    """The open editors of all servers. Methods raise as `CatalogDatabase.write`."""

    def __init__(self, database: CatalogDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def touch(self, key: Key, editor: Editor) -> tuple[Editor, ...]:
        """See `Presence`."""
        now_ms = to_ms(self._clock.now())
        return await self._database.write(lambda connection: _touch(connection, key, editor, now_ms))

    async def leave(self, key: Key, editor: Editor) -> tuple[Editor, ...]:
        """See `Presence`."""
        now_ms = to_ms(self._clock.now())
        return await self._database.write(
            lambda connection: first_of(others_than(editor, _take_out(connection, key, editor, now_ms)))
        )


def _touch(connection: Connection, key: Key, editor: Editor, now_ms: int) -> tuple[Editor, ...]:
    editors = _take_out(connection, key, editor, now_ms)
    others = others_than(editor, editors)
    if len(others) < MAX_EDITORS:
        since_ms = since_of(editor, editors, now_ms)
        values = msgspec.structs.asdict(editor) | {"since_ms": since_ms, "seen_ms": now_ms}
        connection.execute(insert(table).values(**values, **_columns(key)))
    return first_of(others)


def _take_out(connection: Connection, key: Key, editor: Editor, now_ms: int) -> list[Editor]:
    """Deletes the row of an editor and those of all that are closed, and returns the open editors with this one."""
    connection.execute(delete(table).where(table.c.seen_ms <= limit_of_closed(now_ms)))
    of_object = [table.c[name] == value for name, value in _columns(key).items()]
    rows = connection.execute(select(table).where(*of_object)).mappings().all()
    connection.execute(delete(table).where(*of_object, table.c.actor == editor.actor, table.c.tab == editor.tab))
    return [Editor(**{name: row[name] for name in Editor.__struct_fields__}) for row in rows]


def _columns(key: Key) -> dict[str, Any]:
    return dict(zip(("organization_id", "kind", "object_id"), key, strict=True))
