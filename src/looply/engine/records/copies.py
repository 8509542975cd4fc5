"""The rows of card copies that a channel keeps elsewhere: the required revision of each, and what became of it there.

`wanted` and `shown` are numbers of events of the execution: a copy is stale while `shown` is below `wanted`. A unit
raises `wanted` together with the events that change the copy, so no update is ever lost.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from looply.execution import ExecutionState
from looply.execution.facts.values.card_copy import CopyState

SURE: Final = 0
"""Every call for the copy has ended."""
UNSURE: Final = 1
"""A call without an answer may still take effect, after a newer one."""
CHECKING: Final = 2
"""The copy is up to date, and is brought once more in case an older call came late, or a message was found."""


class CopyUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A copy must be updated to its appearance after event `wanted`; `due` is when the update may begin."""

    card_id: str
    channel: str
    wanted: int
    due: datetime


class CopyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A copy as it is stored.

    `attempts` counts the failed tries since `wanted` was raised last. `state` holds since `since`; `code` and `reason`
    say why it is not SHOWN, or what became of the last try. `reminded` is the number of the last reminder that was
    shown, `doubt` one of the constants above. `is_reported`: the history says the same. `takes` counts how often it was
    taken since a try was recorded last: above 1 a process died with it, whose call may still take effect.
    """

    card_id: str
    execution_id: str
    channel: str
    wanted: int
    since: datetime
    shown: int = 0
    handle: str = ""
    attempts: int = 0
    state: CopyState = "PENDING"
    code: str = ""
    reason: str = ""
    reminded: int = 0
    doubt: int = SURE
    is_reported: bool = True
    takes: int = 0

    @property
    def is_in_doubt(self) -> bool:
        """Whether a call without an answer may still take effect, after a newer one."""
        return self.doubt == UNSURE or self.takes > 1

    @property
    def is_stale(self) -> bool:
        """Whether the copy does not look as it has to."""
        return self.shown < self.wanted


class CopyMark(msgspec.Struct, frozen=True, kw_only=True):
    """What a try changes in the row of a copy, which is released by it.

    `shown` is the number of the view that was settled, 0 when the copy is still to be brought. It is due again at
    `due`, if it has to be brought or reported then, and not before `held`, whatever changes. The other fields replace
    those of the row.
    """

    handle: str
    due: datetime
    since: datetime
    shown: int = 0
    held: datetime | None = None
    attempts: int = 0
    state: CopyState = "PENDING"
    code: str = ""
    reason: str = ""
    reminded: int = 0
    doubt: int = SURE
    is_reported: bool = True


class CopyDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a copy was delivered, since when, and why not or what became of the last try.

    `is_stale`: it does not look as it has to.
    """

    state: CopyState
    since: datetime
    code: str = ""
    reason: str = ""
    is_stale: bool = False


class Copies(Protocol):
    """The copies of a store. In a shared store a copy is taken by one process until an instant.

    Reads and writes raise as `looply.engine.ports.store.StoreParts` says; a write is durable when it returns.
    """

    async def take(self, now: datetime, until: datetime, limit: int, channels: Collection[str]) -> Sequence[CopyRow]:
        """Takes copies of these channels that are due until an instant, and returns them, the longest due first.

        They are stale, in doubt, or not reported to their execution yet.
        """
        ...

    async def find(self, card_id: str) -> CopyRow | None:
        """Returns a copy, None when no channel keeps it."""
        ...

    async def record(self, card_id: str, known: str, mark: CopyMark) -> bool:
        """Records what became of a try and releases the copy, if its handle is still `known`; returns whether it was.

        When the copy has changed since the settled view, it stays due as the change says.
        """
        ...

    async def put_handle(self, card_id: str, known: str, handle: str, now: datetime) -> bool:
        """Records the handle of a copy that was seen at `now`, if its handle is still `known`; returns whether it was.

        The copy counts as SHOWN and is brought once more, also before the instant that the last mark has `held` it
        until, unless the channel has asked for that pause. A process that has taken it keeps it.
        """
        ...

    async def mark_reported(self, card_id: str, state: CopyState, code: str) -> None:
        """Records that the history says of a copy what its row says, if it is still in this state."""
        ...

    async def retry(self, card_ids: Sequence[str], now: datetime) -> None:
        """Makes those of these copies due that their channel could not deliver: the cause may be gone."""
        ...

    async def count_stale(self) -> int:
        """Returns how many copies are not up to date."""
        ...

    async def next_due(self, channels: Collection[str]) -> datetime | None:
        """Returns when a copy of these channels is due that no process has taken, or None."""
        ...

    async def of_execution(self, execution_id: str) -> Sequence[CopyRow]:
        """Returns the copies of an execution by card id."""
        ...


def copy_updates(
    before: ExecutionState | None, after: ExecutionState, channels: frozenset[str]
) -> tuple[CopyUpdate, ...]:
    """Returns the copies in these channels whose appearance has changed."""
    if not channels or (before is not None and before.cards is after.cards):
        return ()
    former = before.cards if before is not None else {}
    return tuple(
        CopyUpdate(card_id=card.card_id, channel=card.channel, wanted=card.changed, due=after.now)
        for card in sorted(after.cards.values(), key=lambda card: card.card_id)
        if card.channel in channels and (card.card_id not in former or former[card.card_id].changed != card.changed)
    )
