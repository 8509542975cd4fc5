"""The rows of card copies that a channel keeps elsewhere: the required revision of each, and the one that it shows.

`wanted` and `shown` are numbers of events of the execution: a copy is stale while `shown` is below `wanted`. A unit
raises `wanted` together with the events that change the copy, so no update is ever lost.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from looply.execution import ExecutionState


class CopyUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A copy must be updated to its appearance after event `wanted`; `due` is when the update may begin."""

    card_id: str
    channel: str
    wanted: int
    due: datetime


class CopyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A copy as it is stored. `attempts` counts the failed tries since `wanted` was raised last."""

    card_id: str
    execution_id: str
    channel: str
    wanted: int
    shown: int = 0
    handle: str = ""
    attempts: int = 0


class Copies(Protocol):
    """The stale copies of a store. In a shared store a copy is taken by one process until an instant.

    Reads and writes raise as `looply.engine.ports.store.StoreParts` says; a write is durable when it returns.
    """

    async def take(self, now: datetime, until: datetime, limit: int) -> Sequence[CopyRow]:
        """Takes stale copies that are due, until an instant, and returns them, those that are due longest first."""
        ...

    async def mark_shown(self, card_id: str, shown: int, handle: str) -> None:
        """Records that a copy shows its appearance after event `shown`, and releases it."""
        ...

    async def postpone(self, card_id: str, due: datetime) -> None:
        """Releases a copy after a failed try; it is due again at an instant."""
        ...

    async def count_stale(self) -> int:
        """Returns how many copies are not up to date."""
        ...

    async def next_due(self) -> datetime | None:
        """Returns when a stale copy that no process has taken is due, or None."""
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
