"""The reading side of the shell: executions, histories, lists and cards, as of the last stored unit."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from looply.clock import Clock, Entropy
from looply.definition import Workflow
from looply.definition.settings.mail import person_of
from looply.engine.coding.blobs import StoredBlobs
from looply.engine.coding.codec import Codec
from looply.engine.coding.units import head_of
from looply.engine.effects.gate import TargetGate
from looply.engine.effects.gated_dispatcher import GatedDispatcher
from looply.engine.effects.local_first import LocalFirstDispatcher
from looply.engine.effects.outages import BreakerSettings
from looply.engine.effects.worker import Worker
from looply.engine.ports.blob_rows import BlobReader
from looply.engine.ports.dispatch import Dispatcher
from looply.engine.ports.lists import (
    ANY_CARD,
    CardFilter,
    CardKey,
    Execution,
    Filter,
    Head,
    ListedExecution,
    OpenCard,
    Page,
)
from looply.engine.ports.port import ExecutionOverview
from looply.engine.ports.store import Store
from looply.engine.processing.committer import Committer, CommitterHooks
from looply.engine.processing.current import CurrentStates
from looply.engine.processing.feed import DEFAULT_FEED_BOUNDS, Feed, FeedBounds
from looply.engine.processing.loading import Loader
from looply.engine.processing.mailbox import Mailboxes
from looply.engine.processing.observers import Observers
from looply.engine.records.absences import Absences
from looply.engine.records.datastores import Datastores
from looply.engine.records.decisions import Decisions
from looply.engine.records.figures.figures import Figures
from looply.engine.records.letters import Letters
from looply.engine.records.pruning import Pruning
from looply.engine.shell.completion_poller import CompletionPoller
from looply.execution import ExecutionState
from looply.execution.facts.events import Event
from looply.limits import DEFAULT_LIMITS, Limits
from looply.rates import Turns

CACHE_BYTES = 24 * 1024 * 1024
"""Memory of the states that are kept between commands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that a shell is composed of."""

    store: Store
    codec: Codec
    dispatcher: Dispatcher
    worker: Worker
    clock: Clock
    entropy: Entropy
    limits: Limits = DEFAULT_LIMITS
    cache_bytes: int = CACHE_BYTES
    feed_bounds: FeedBounds = DEFAULT_FEED_BOUNDS
    channels: frozenset[str] = frozenset()
    """Channels that keep copies of cards elsewhere and must be updated."""
    observers: Observers = field(default_factory=Observers)
    breaker: BreakerSettings | None = None
    """How systems that are down are found and called again; None: no outage is found."""
    turns: Turns | None = None
    """The turns of the organizations' large histories, long runs and child starts; None: nothing waits for a turn."""


class Reader:
    """Reads executions; the shell adds the writing side."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._codec = parts.codec
        self._clock = parts.clock
        self._limits = parts.limits
        self.gate = TargetGate(parts.store.targets, parts.worker.targets, parts.clock, parts.breaker)
        gated = GatedDispatcher(self.gate, parts.dispatcher)
        self.let_go = gated.let_go
        self.dispatcher = LocalFirstDispatcher(gated)
        self.blobs: BlobReader = StoredBlobs(parts.store.journal, parts.codec, parts.limits)
        self.absences: Absences = parts.store.absences
        self.datastores: Datastores = parts.store.datastores
        self.decisions: Decisions = parts.store.decisions
        self.letters: Letters = parts.store.letters
        self.overview: ExecutionOverview = parts.store.overview
        self.figures: Figures = parts.store.figures
        self.pruning: Pruning = parts.store.pruning
        self.observers = parts.observers
        self._channels = parts.channels
        self._boxes = Mailboxes(parts.cache_bytes)
        self._loader = Loader(parts.store, parts.codec, parts.turns)
        self._committer = Committer(
            parts.store,
            parts.codec,
            self.dispatcher,
            parts.clock,
            parts.limits,
            CommitterHooks(
                read=self._loader.load_state,
                channels=parts.channels,
                on_unit=self._on_unit,
                observers=parts.observers,
            ),
        )
        self._watchers = self._committer.watchers
        self._is_shared = parts.store.is_shared
        self._current = CurrentStates(self._loader, self._boxes, is_shared=self._is_shared)
        self._completion_poller = CompletionPoller(
            parts.store.reads, parts.clock, self._watchers.execution_ids, self._watchers.notify
        )
        self.feed = Feed(parts.store.journal, parts.codec, parts.limits.streams, parts.feed_bounds)

    @property
    def in_memory(self) -> int:
        """How many executions are in memory now."""
        return len(self._boxes)

    async def get(self, execution_id: str) -> Execution:
        """Returns the execution as of the last stored unit. Raises: NotFound, StoreCorrupt."""
        found = None if self._is_shared else self._current.in_memory(execution_id)
        state, workflow = found or await self._current.get(execution_id)
        return Execution(head=head_of(state), state=state, workflow=workflow)

    async def get_many(self, execution_ids: Sequence[str]) -> Mapping[str, Execution]:
        """Returns executions by id as `get` does; those that are not stored or are damaged are left out."""
        found = await self._current.get_many(execution_ids)
        return {
            each: Execution(head=head_of(state), state=state, workflow=workflow)
            for each, (state, workflow) in found.items()
        }

    async def labels(self, execution_id: str) -> Mapping[str, str]:
        """Returns the labels by which an execution can be searched elsewhere; empty when it is not stored.

        They never change, so nothing is read for an execution that is in memory.
        """
        known = self._current.in_memory(execution_id)
        head = head_of(known[0]) if known is not None else await self._store.reads.head(execution_id)
        if head is None:
            return {}
        return {"organization": head.organization_id, "workflow": head.workflow_id, "process_id": head.process_id}

    async def history(self, execution_id: str, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, Event]]:
        """Returns up to `limit` events with numbers over `after`, oldest first. Raises: StoreCorrupt.

        It returns fewer, but those of two batches at least, where their values are so large that all would take more
        memory than a reader may have: the head says whether the end is reached.
        """
        batches = await self._store.journal.history(execution_id, after, limit)
        if not batches:
            return ()
        head = await self._store.reads.head(execution_id)
        if head is None:
            return ()
        values = await self._store.journal.values_of(execution_id)
        found: list[tuple[int, Event]] = []
        left = self._limits.read_bytes
        for number, batch in enumerate(batches):
            events, size = await self._loader.decode_in_turn(batch, values, head.organization_id, execution_id)
            found.extend(enumerate(events, batch.first_seq))
            left -= size
            if left < 0 and number:
                break
        return [(seq, event) for seq, event in found if seq > after][:limit]

    async def find(self, organization_id: str, name: str, workflow_id: str = "") -> Sequence[Head]:
        """Returns the executions with this process id or execution id: all open ones, else the newest ended one."""
        return await self._store.reads.heads(organization_id, name, workflow_id)

    async def list(
        self, organization_id: str, query: Filter, after: str = "", limit: int = 20, *, has_events: bool = True
    ) -> Page:
        """Returns executions newest first, those below the id `after`. Costs the same at any depth."""
        heads, scanned_to = await self._store.reads.list(organization_id, query, after, limit + 1)
        shown = heads[:limit]
        ids = [head.execution_id for head in shown] if has_events else []
        tails = await self._store.reads.tails(ids, self._limits.list_events) if ids else {}
        items = []
        for head in shown:
            events: list[Event] = []
            # It may have progressed between the two reads: an item shows one instant.
            batches = (batch for batch in tails.get(head.execution_id, ()) if batch.last_seq <= head.seq)
            for batch in batches:
                # Large values are not read for a list: lists show them trimmed anyway.
                events.extend(self._codec.decode(batch, None, organization_id, head.execution_id))
            items.append(ListedExecution(head=head, events=events[-self._limits.list_events :]))
        more = shown[-1].execution_id if len(heads) > limit else scanned_to
        return Page(items=items, after=more, truncated=bool(scanned_to) and len(heads) <= limit)

    async def wait_until_settled(self, execution_id: str, until: datetime) -> Execution:
        """Returns the execution as soon as it has ended, waits or has an incident, or as it is at `until`."""
        known = self._current.in_memory(execution_id)
        # An execution that this process has just started is polled together with all others, without a read of its own.
        is_polled = self._is_shared and known is not None and known[0].status == "RUNNING"
        execution = None
        with self._watchers.watch(execution_id) as signal:
            while (left := (until - self._clock.now()).total_seconds()) > 0:
                signal.clear()
                if not is_polled:
                    execution = await self.get(execution_id)
                    if execution.head.status != "RUNNING":
                        return execution
                is_polled = False
                if self._is_shared:
                    # No signal comes for what other processes store.
                    self._completion_poller.wake()
                try:
                    await asyncio.wait_for(signal.wait(), left)
                except TimeoutError:
                    break
                # One that has ended is in memory no more: it would be read again, and folded.
                if not self._is_shared and (settled := _settled(execution, signal.state)) is not None:
                    return settled
            return await self.get(execution_id)

    async def open_cards(
        self,
        organization_id: str,
        recipient: str = "",
        limit: int = 100,
        *,
        card_id: str = "",
        criteria: CardFilter = ANY_CARD,
        after: CardKey | None = None,
    ) -> Sequence[OpenCard]:
        """Returns cards that take answers, newest first; with `card_id` that one only, if it is the organization's.

        `recipient` is a person by any spelling of the address. A page begins behind the card `after`.
        """
        if card_id:
            card = await self._store.reads.find_card(card_id)
            head = await self._store.reads.head(card.execution_id) if card is not None else None
            return [card] if card is not None and head is not None and head.organization_id == organization_id else []
        person = person_of(recipient) if recipient else ""
        if recipient and not person:
            return []
        return await self._store.reads.open_cards(organization_id, person, after, limit, criteria)

    async def load_state(self, execution_id: str) -> ExecutionState:
        """Returns the stored state, also where memory does not have its end yet.

        Raises: NotFound, StoreCorrupt.
        """
        return await self._loader.load_state(execution_id)

    async def workflow(self, definition_hash: str) -> Workflow:
        """Returns a compiled definition by its hash. Raises: StoreCorrupt when it is not stored."""
        return await self._loader.workflow(definition_hash)

    def _on_unit(self, before: ExecutionState | None, after: ExecutionState) -> None:  # noqa: ARG002 - the shell's
        """Follows up on a durable unit of this process."""
        self.feed.wake()


def _settled(before: Execution | None, state: ExecutionState | None) -> Execution | None:
    """Returns an execution in a newer state that was stored; None where it runs, or its definition is not known."""
    if before is None or state is None or state.status == "RUNNING" or state.definition != before.state.definition:
        return None
    return Execution(head=head_of(state), state=state, workflow=before.workflow)
