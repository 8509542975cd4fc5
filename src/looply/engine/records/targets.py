"""The systems that are not called as usual: after an outage, until one is over, or for maintenance.

A connection whose own way to its system is closed, by its certificate, its proxy or its token server, has such a row
too, under a name of its own (`way_name`): other connections call the system all the same.

A system that is called as usual has no row. Rows are changed by comparing their revision, so of several processes that
see one outage exactly one opens it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from looply.slots import Lane

TargetState: TypeAlias = Literal["CLOSED", "OPEN", "HALF"]
"""`CLOSED`: called as usual, but for maintenance; `OPEN`: not called, but for a probe from time to time; `HALF`: the
attempts that waited are let go at a limited rate."""

TargetCallState: TypeAlias = Literal["DOWN", "DRAINING", "PAUSED", "UP"]
"""How a system is called now: not, but for probes; at a limited rate; not, in its maintenance; as usual until its
maintenance begins."""

WAY: Final = " by connection "
"""Separates the name of a system from that of a connection in the name of a way."""


def way_name(target: str, connection: str) -> str:
    """Returns the name of a connection's own way to a system: `https://s4.example.com:44300#100 by connection S4`."""
    return f"{target}{WAY}{connection}"


class Maintenance(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which a system is not called, as an operator has decided. `until` is exclusive."""

    begins_on: datetime
    until: datetime
    reason: str = ""
    by: str = ""


class TargetRow(msgspec.Struct, frozen=True, kw_only=True):
    """A system that is not called as usual.

    `since` and `reason` are those of the outage, `changed_on` is when `state` changed last. `next_on` is when the next
    probe may be made (OPEN), or the next attempt let go (HALF). `probe_seconds` is the interval of probes, `rate` how
    many attempts a second are let go; with `is_ramped` it doubles from time to time.
    """

    organization_id: str
    target: str
    revision: int
    state: TargetState
    since: datetime
    changed_on: datetime
    next_on: datetime
    reason: str = ""
    probe_seconds: float = 0
    rate: float = 0
    is_ramped: bool = True
    maintenance: Maintenance | None = None

    def is_paused(self, now: datetime) -> bool:
        """Returns whether maintenance has begun and is not over."""
        window = self.maintenance
        return window is not None and window.begins_on <= now < window.until

    def call_state(self, now: datetime) -> TargetCallState:
        """Returns how the system is called."""
        return "PAUSED" if self.is_paused(now) else _CALL_STATES[self.state]


_CALL_STATES: Final[Mapping[TargetState, TargetCallState]] = {"OPEN": "DOWN", "HALF": "DRAINING", "CLOSED": "UP"}


class TargetCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many systems of all organizations are not called as usual, and how many effects are queued for them."""

    states: Mapping[TargetCallState, int]
    parked: int = 0


class Targets(Protocol):
    """The rows of systems of all organizations. Few: only systems that are not called as usual have one."""

    async def all(self) -> Sequence[TargetRow]:
        """Returns all rows, by organization and target."""
        ...

    async def put(self, row: TargetRow) -> bool:
        """Stores a row in place of the one of the revision before, or as the first one (revision 1).

        False when the stored revision is another one: then nothing is stored. Durable when it returns. Raises:
        StoreFull, StoreUnreachable, StoreLost.
        """
        ...

    async def drop(self, row: TargetRow) -> bool:
        """Removes a row of this revision; false when there is none. Durable when it returns. Raises: as `put`."""
        ...

    async def count_queued(self, organization_id: str, workflow_id: str = "") -> Sequence[tuple[Lane, int]]:
        """Returns how many effects of each lane of an organization are QUEUED, by the name of the lane.

        With `workflow_id` only those of executions of that workflow.
        """
        ...


class KeepsTargets(Protocol):
    """A store that keeps the rows of systems."""

    @property
    def targets(self) -> Targets:
        """Systems that are not called as usual."""
        ...


class TargetReport(msgspec.Struct, frozen=True, kw_only=True):
    """A system that is not called as usual, and how many effects are queued for it."""

    row: TargetRow
    waiting: int


class TargetControl(Protocol):
    """What operators see of systems, and what they decide. Raises: as reads and writes of stores; Conflict (code
    `TARGET_CHANGED`) where others change the same row at the same time, again and again."""

    async def list(self, organization_id: str, workflow_id: str = "") -> Sequence[TargetReport]:
        """Returns the systems of an organization that are not called as usual, by name, with what waits for them.

        With `workflow_id` only what its executions wait for is counted.
        """
        ...

    async def count(self) -> TargetCounts:
        """Returns how many systems of all organizations are not called as usual, and how many effects wait for them."""
        ...

    async def queues(self, organization_id: str, targets: Collection[str]) -> Mapping[str, int]:
        """Returns the queues whose effects wait for one of these systems, or ways, now, with how many these are."""
        ...

    async def find(self, organization_id: str, target: str) -> TargetRow | None:
        """Returns the row of a system as it is stored now; None when the system is called as usual."""
        ...

    async def pause(self, organization_id: str, target: str, window: Maintenance) -> TargetRow:
        """Stores a time in which a system is not called, in place of a former one. Durable when it returns."""
        ...

    async def drain(self, organization_id: str, target: str, rate: float) -> TargetRow | None:
        """Lets what waits for a system go at a fixed rate, and ends its maintenance; None when it has no row."""
        ...

    async def release(self, organization_id: str, target: str) -> bool:
        """Calls a system as usual again, at once; returns whether it had a row. Durable when it returns."""
        ...
