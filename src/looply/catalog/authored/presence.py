"""Presence: which editors have a workflow or a card open at present.

Where several servers share the catalog, it has one row for each editor; else the process remembers them.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, delete, insert, select

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import open_editors as table
from looply.clock import Clock
from looply.instants import to_ms

GONE_AFTER: Final = timedelta(minutes=1)
"""An editor that has not called for this time has been closed."""
MAX_SHOWN: Final = 20
_MAX_EDITORS: Final = 100
"""Editors of one object that are remembered."""
_MAX_OBJECTS: Final = 10_000
"""Objects whose editors a process remembers."""

EditedKind: TypeAlias = Literal["workflow", "card"]


class Editor(msgspec.Struct, frozen=True, kw_only=True):
    """One open editor: the id of its person or key, and what distinguishes several editors of one person."""

    actor: str
    tab: str
    version: int | None = None
    is_dirty: bool = False
    step: str = ""
    since_ms: int = 0
    seen_ms: int = 0


Key: TypeAlias = tuple[str, EditedKind, str]
"""Organization, kind and id of the object."""


class Presence:
    """The open editors of all objects. Methods raise as `CatalogDatabase.write` where the catalog is shared."""

    def __init__(self, database: CatalogDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[Key, dict[tuple[str, str], Editor]] = {}

    async def touch(self, key: Key, editor: Editor) -> tuple[Editor, ...]:
        """Notes that an editor is open, and returns the others of its object, longest open first."""
        now_ms = to_ms(self._clock.now())
        seen = msgspec.structs.replace(editor, since_ms=now_ms, seen_ms=now_ms)
        if self._database.is_shared:
            return await self._database.write(lambda connection: _touch(connection, key, seen))
        open_now = _open(self._known.get(key, {}).values(), now_ms)
        former = next((each for each in open_now if _name(each) == _name(seen)), None)
        if former is not None:
            seen = msgspec.structs.replace(seen, since_ms=former.since_ms)
        others = [each for each in open_now if _name(each) != _name(seen)]
        self._remember(key, [*others[: _MAX_EDITORS - 1], seen])
        return _shown(others)

    async def leave(self, key: Key, editor: Editor) -> tuple[Editor, ...]:
        """Notes that an editor was closed, and returns the others of its object."""
        now_ms = to_ms(self._clock.now())
        if self._database.is_shared:
            return await self._database.write(lambda connection: _leave(connection, key, editor, now_ms))
        open_now = _open(self._known.get(key, {}).values(), now_ms)
        others = [each for each in open_now if _name(each) != _name(editor)]
        self._remember(key, others)
        return _shown(others)

    def _remember(self, key: Key, editors: list[Editor]) -> None:
        self._known.pop(key, None)
        if editors:
            # The object that was edited last is the last one, so that the first one is dropped when there are too many.
            self._known[key] = {_name(each): each for each in editors}
        while len(self._known) > _MAX_OBJECTS:
            self._known.pop(next(iter(self._known)))


def _touch(connection: Connection, key: Key, editor: Editor) -> tuple[Editor, ...]:
    rows = _forget(connection, key, editor, editor.seen_ms)
    former = next((each for each in rows if _name(each) == _name(editor)), None)
    since_ms = former.since_ms if former is not None else editor.since_ms
    others = [each for each in rows if _name(each) != _name(editor)]
    if len(others) < _MAX_EDITORS:
        values = msgspec.structs.asdict(editor) | {"since_ms": since_ms}
        connection.execute(insert(table).values(**values, **_columns(key)))
    return _shown(others)


def _leave(connection: Connection, key: Key, editor: Editor, now_ms: int) -> tuple[Editor, ...]:
    return _shown(each for each in _forget(connection, key, editor, now_ms) if _name(each) != _name(editor))


def _forget(connection: Connection, key: Key, editor: Editor, now_ms: int) -> list[Editor]:
    """Deletes the row of an editor and those of all that are gone, and returns the open editors with this one."""
    gone_ms = now_ms - int(GONE_AFTER.total_seconds() * 1000)
    connection.execute(delete(table).where(table.c.seen_ms <= gone_ms))
    mine = [table.c[name] == value for name, value in _columns(key).items()]
    rows = connection.execute(select(table).where(*mine)).mappings().all()
    names = Editor.__struct_fields__
    connection.execute(delete(table).where(*mine, table.c.actor == editor.actor, table.c.tab == editor.tab))
    return [Editor(**{name: row[name] for name in names}) for row in rows]


def _columns(key: Key) -> dict[str, Any]:
    return dict(zip(("organization_id", "kind", "object_id"), key, strict=True))


def _open(editors: Iterable[Editor], now_ms: int) -> list[Editor]:
    gone_ms = now_ms - int(GONE_AFTER.total_seconds() * 1000)
    return [each for each in editors if each.seen_ms > gone_ms]


def _shown(editors: Iterable[Editor]) -> tuple[Editor, ...]:
    return tuple(sorted(editors, key=lambda each: (each.since_ms, each.actor, each.tab)))[:MAX_SHOWN]


def _name(editor: Editor) -> tuple[str, str]:
    return editor.actor, editor.tab
