"""The overview of a store: what lists and monitors show beside heads, of a bounded cost each.

Nothing here loads a history. What an execution waits for is read from its rows of open work.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from looply.engine.records.copies import CopyDelivery
from looply.execution.document.searching import SearchValues
from looply.execution.facts.events import IncidentKind, TimerKind


class IncidentSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The oldest open incident of an execution, and how many are open."""

    kind: IncidentKind
    code: str
    step: str
    opened_on: datetime
    count: int = 1


class OpenCardFact(msgspec.Struct, frozen=True, kw_only=True):
    """A card copy that takes answers."""

    step: str
    recipient: str
    opened_on: datetime


class RowFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the stored rows say of one execution.

    `cards` are oldest first, `waits` the steps that wait, `timers` when each falls due, earliest first, `calls` how
    many calls are queued or in flight. `queued_on` is since when it is queued for a concurrency slot.
    """

    incident: IncidentSummary | None = None
    cards: tuple[OpenCardFact, ...] = ()
    waits: tuple[str, ...] = ()
    timers: tuple[tuple[TimerKind, datetime], ...] = ()
    calls: int = 0
    queued_on: datetime | None = None
    search: SearchValues = ()


NO_FACTS = RowFacts()


class IncidentGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Open incidents of one cause: how many, of how many executions, and the newest of these.

    `first_on` and `last_on` are when the first and the last of them were opened.
    """

    workflow_id: str
    step: str
    kind: IncidentKind
    code: str
    executions: int
    incidents: int
    first_on: datetime
    last_on: datetime
    execution_id: str


class EffectFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The row of an effect.

    `is_lost`: the process that makes the call has ended, and no other one has recovered the call yet.
    """

    queue: str
    is_running: bool
    is_lost: bool = False


class Obstacles(msgspec.Struct, frozen=True, kw_only=True):
    """What only the store knows of what holds an execution.

    `effects` are by the numbers of their events. `ahead` is how many executions of the workflow are queued before it
    for a concurrency slot, `holders` are some of those that hold one. `crash_count` counts the processes that ended
    while they worked on it, `deliveries` what waits to be applied to it.
    """

    effects: Mapping[int, EffectFacts] = {}
    ahead: int = 0
    holders: tuple[str, ...] = ()
    crash_count: int = 0
    deliveries: int = 0


NO_OBSTACLES = Obstacles()


class Overview(Protocol):
    """The part of a store that lists and monitors read. All raise StoreCorrupt, StoreUnreachable, EngineError."""

    async def facts(self, execution_ids: Sequence[str]) -> Mapping[str, RowFacts]:
        """Returns what the rows of these executions say; one without any rows has no entry."""
        ...

    async def incident_groups(
        self, organization_id: str, workflow_ids: Sequence[str], kinds: Sequence[IncidentKind], limit: int
    ) -> Sequence[IncidentGroup]:
        """Returns the open incidents of an organization by workflow, step, kind and code, the largest groups first.

        Empty `workflow_ids` and `kinds` mean all.
        """
        ...

    async def obstacles(self, execution_id: str) -> Obstacles:
        """Returns what holds an execution."""
        ...

    async def deliveries(self, card_ids: Sequence[str]) -> Mapping[str, CopyDelivery]:
        """Returns what became of those of these cards of which their channel keeps a copy."""
        ...
