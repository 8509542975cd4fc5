"""What stands open in a whole store: how much of each kind, and what stands there without an owner.

Every answer is a scan of the rows of open work, never of what has ended well. So it is asked for by one process at a
time, in a round of its own, and by nobody who waits for an answer.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from looply.execution.facts.events import IncidentKind
from looply.execution.facts.state import Status


class Usage(NamedTuple):
    """What one organization has, in the units of the limits of the same names."""

    open_executions: int = 0
    stored_bytes: int = 0


class EffectCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many effects of one operation stand in line, and how many are in flight."""

    queued: int = 0
    running: int = 0


class Census(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what is open, of all organizations.

    `executions` are those that run, wait, or (FAILED) have an open incident; `effects` go by operation. `timer_due` and
    `schedule_due` are the earliest instants, also where they are to come. `in_line` and `in_slots` are executions of
    workflows with `max_concurrency`, `missed_starts` instants of live schedules. `stale_copies` of cards have to look
    otherwise in their channel.
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
    deliveries: int
    continuations: int
    in_line: int
    in_slots: int
    letters: int
    missed_starts: int


class Survey(Protocol):
    """The side of a store that looks at all that is open."""

    async def take_duty(self) -> bool:
        """Returns whether this process is the one that audits: it stays so as long as it may write.

        Where several processes share the store, one at most is told so at a time; the duty of one that has ended falls
        to who asks next.
        """
        ...

    async def count(self) -> Census:
        """Returns how much is open. Its numbers may be of different instants where units are stored meanwhile."""
        ...

    async def ownerless(self, limit: int) -> Sequence[str]:
        """Returns ids of executions that run or wait, and for which no row is there that will move them.

        That is: no effect, no wait, no timer of a delay or a retry, no cut stretch, no place in line, nothing on its
        way to or from them, and no open execution that they have started.
        """
        ...

    async def open_counts(self) -> Mapping[str, int]:
        """Returns how many executions of each organization run or wait; organizations without any are not there."""
        ...

    async def stored_bytes(self, after: str, limit: int) -> tuple[Mapping[str, int], str]:
        """Returns the bytes of a slice of what is stored, by organization, and where the next slice begins.

        These are the histories of executions and their large values, as they are compressed. `after` is "" for the
        first slice, and so is what is returned with the last one. A slice reads `limit` rows at most.
        """
        ...


def effect_counts(rows: Mapping[tuple[str, bool], int]) -> dict[str, EffectCount]:
    """Returns the counts by operation, of counts by (operation, whether it is in flight)."""
    operations = sorted({operation for operation, _ in rows})
    return {
        operation: EffectCount(queued=rows.get((operation, False), 0), running=rows.get((operation, True), 0))
        for operation in operations
    }
