"""Presence: which editors have a workflow or a card open at present.

`Presence` is what use cases see of it. Where several servers share the catalog, it has one row for each editor
(`stored_presence.py`); else the process remembers them, in `RememberedPresence`.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from looply.clock import Clock
from looply.instants import to_ms

GONE_AFTER: Final = timedelta(minutes=1)
"""An editor that has not called for this time has been closed."""
MAX_SHOWN: Final = 20
MAX_EDITORS: Final = 100
"""Editors of one object that are known."""
_MAX_OBJECTS: Final = 10_000
"""Objects whose editors a process remembers."""

EditedKind: TypeAlias = Literal["workflow", "card"]
Key: TypeAlias = tuple[str, EditedKind, str]
"""Organization, kind and id of the object."""


class Editor(msgspec.Struct, frozen=True, kw_only=True):
    """One open editor: the id of its person or key, and what distinguishes several editors of one person."""

    actor: str
    tab: str
    version: int | None = None
    is_dirty: bool = False
    step: str = ""
    since_ms: int = 0
    seen_ms: int = 0

    @property
    def identity(self) -> tuple[str, str]:
        """What is the same in all calls of one editor."""
        return self.actor, self.tab


class Presence(Protocol):
    """The open editors of all objects."""

    async def touch(self, key: Key, editor: Editor) -> tuple[Editor, ...]:
        """Notes that an editor is open, and returns the others of its object, longest open first, at most `MAX_SHOWN`.

        Raises: as `CatalogDatabase.write`, where it is stored.
        """
        ...

    async def leave(self, key: Key, editor: Editor) -> tuple[Editor, ...]:
        """Notes that an editor was closed, and returns the others as `touch` does. Raises: as `touch`."""
        ...


class RememberedPresence:
    """The open editors as this process remembers them: those that called it. It raises nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._editors: dict[Key, dict[tuple[str, str], Editor]] = {}

    async def touch(self, key: Key, editor: Editor) -> tuple[Editor, ...]:
        """See `Presence`."""
        now_ms = to_ms(self._clock.now())
        editors = self._open_editors(key, now_ms)
        since_ms = since_of(editor, editors, now_ms)
        others = others_than(editor, editors)
        touched = msgspec.structs.replace(editor, since_ms=since_ms, seen_ms=now_ms)
        self._remember(key, [*others[: MAX_EDITORS - 1], touched])
        return first_of(others)

    async def leave(self, key: Key, editor: Editor) -> tuple[Editor, ...]:
        """See `Presence`."""
        others = others_than(editor, self._open_editors(key, to_ms(self._clock.now())))
        self._remember(key, others)
        return first_of(others)

    def _open_editors(self, key: Key, now_ms: int) -> list[Editor]:
        return [each for each in self._editors.get(key, {}).values() if each.seen_ms > limit_of_closed(now_ms)]

    def _remember(self, key: Key, editors: list[Editor]) -> None:
        self._editors.pop(key, None)
        if editors:
            # The object that was edited last is the last one, so that the first one is dropped when there are too many.
            self._editors[key] = {each.identity: each for each in editors}
        while len(self._editors) > _MAX_OBJECTS:
            self._editors.pop(next(iter(self._editors)))


def limit_of_closed(now_ms: int) -> int:
    """Returns the instant, in ms since the epoch, of the last call of editors that count as closed now."""
    return now_ms - int(GONE_AFTER.total_seconds() * 1000)


def since_of(editor: Editor, editors: Iterable[Editor], now_ms: int) -> int:
    """Returns since when an editor is open, in ms since the epoch: as `editors` say, else since now."""
    return next((each.since_ms for each in editors if each.identity == editor.identity), now_ms)


def others_than(editor: Editor, editors: Iterable[Editor]) -> list[Editor]:
    """Returns the editors without this one."""
    return [each for each in editors if each.identity != editor.identity]


def first_of(editors: Iterable[Editor]) -> tuple[Editor, ...]:
    """Returns the editors that are longest open, at most `MAX_SHOWN`."""
    return tuple(sorted(editors, key=lambda each: (each.since_ms, each.actor, each.tab)))[:MAX_SHOWN]
