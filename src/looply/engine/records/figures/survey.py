"""The survey of a store: how much of each kind is open, and which open executions nothing will move.

Every result is a scan of the rows of open work, never of what has ended well. So one process at a time asks for it, in
a round of its own, and no call of the API waits for it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from looply.execution.facts.events import IncidentKind
from looply.execution.facts.state import Status
from looply.execution.facts.values.card_copy import CopyState


class Usage(NamedTuple):
    """What one organization uses, in the units of the limits of the same names."""

    open_executions: int = 0
    stored_bytes: int = 0


class EffectCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many effects of one operation are queued, and how many are in flight."""

    queued: int = 0
    running: int = 0


class Census(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of everything that is open, of all organizations.

    `executions` are those that run, wait, or (FAILED) have an open incident; `effects` go by operation. `timer_due` and
    `schedule_due` are the earliest instants, also those in the future. `awaiting_slot` counts executions that are
    queued for a concurrency slot, `holding_slot` those that hold one, `missed_starts` instants of live schedules,
    `stale_copies` copies of cards that are not up to date in their channel, `undelivered` those of open cards that are
    not SHOWN, by channel and state.
    """

    executions: Mapping[Status, int]
    incidents: Mapping[IncidentKind, int]
    effects: Mapping[str, EffectCount]
    timers: int
    timer_due: datetime | None
    schedule_due: datetime | None
    waits: int
    cards: int
    stale_copies: int
    undelivered: Mapping[tuple[str, CopyState], int]
    deliveries: int
    continuations: int
    awaiting_slot: int
    holding_slot: int
    letters: int
    missed_starts: int


class Survey(Protocol):
    """The part of a store that examines everything that is open.

    Reads and writes raise as `looply.engine.ports.store.StoreParts` says; a write is durable when it returns.
    """

    async def acquire_auditor_role(self) -> bool:
        """Returns whether this process is the auditor: it remains so as long as it may write.

        Where several processes share the store, at most one of them is the auditor at a time; when it has ended, the
        next process that asks acquires the role.
        """
        ...

    async def count(self) -> Census:
        """Returns how much is open. Its numbers may be of different instants where units are stored concurrently."""
        ...

    async def find_orphans(self, limit: int) -> Sequence[str]:
        """Returns ids of executions that run or wait, and for which no row is stored that will move them.

        That is: no effect, no wait, no timer of a delay or a retry, no cut stretch, no queue entry for a concurrency
        slot, no delivery to or from them, and no open execution that they have started.
        """
        ...

    async def open_counts(self) -> Mapping[str, int]:
        """Returns how many executions of each organization run or wait; an organization without any has no entry."""
        ...

    async def measure_bytes(self, after: str, limit: int) -> tuple[Mapping[str, int], str]:
        """Returns the stored bytes of one slice by organization, and where the next slice begins.

        They count the histories of executions and their large values, compressed. `after` is "" for the first slice,
        and the returned text is "" with the last one. A slice reads `limit` rows at most.
        """
        ...


def effect_counts(rows: Mapping[tuple[str, bool], int]) -> dict[str, EffectCount]:
    """Returns the counts by operation, from counts by (operation, whether it is in flight)."""
    operations = sorted({operation for operation, _ in rows})
    return {
        operation: EffectCount(queued=rows.get((operation, False), 0), running=rows.get((operation, True), 0))
        for operation in operations
    }
