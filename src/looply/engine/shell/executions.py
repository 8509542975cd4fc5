"""The executions of the shell: single ones, histories, lists and cards, as of the last stored unit."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from looply.definition import Workflow
from looply.definition.settings.mail import person_of
from looply.engine.coding.units import head_of
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
from looply.engine.processing.current import CurrentStates
from looply.engine.processing.loading import Loader
from looply.engine.processing.watchers import Watchers
from looply.engine.shell.completion_poller import CompletionPoller
from looply.engine.shell.parts import Parts
from looply.execution import ExecutionState
from looply.execution.facts.events import Event


class StoredExecutions:
    """See `looply.engine.ports.port.Executions`."""

    def __init__(
        self,
        *,
        parts: Parts,
        loader: Loader,
        current: CurrentStates,
        watchers: Watchers,
        completion_poller: CompletionPoller,
    ) -> None:
        self._store = parts.store
        self._codec = parts.codec
        self._clock = parts.clock
        self._limits = parts.limits
        self._is_shared = parts.store.is_shared
        self._loader = loader
        self._current = current
        self._watchers = watchers
        self._completion_poller = completion_poller

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
        """Returns executions in the order of the filter, those behind the id `after`. Costs the same at any depth."""
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
        self, organization_id: str, criteria: CardFilter = ANY_CARD, after: CardKey | None = None, limit: int = 100
    ) -> Sequence[OpenCard]:
        """Returns cards that take answers, newest first, those behind the card `after`."""
        if criteria.recipient:
            person = person_of(criteria.recipient)
            if not person:
                return []
            criteria = replace(criteria, recipient=person)
        return await self._store.reads.open_cards(organization_id, criteria, after, limit)

    async def find_card(self, organization_id: str, card_id: str) -> OpenCard | None:
        """Returns a card that takes answers, None when it is not one of the organization."""
        card = await self._store.reads.find_card(card_id)
        head = await self._store.reads.head(card.execution_id) if card is not None else None
        return card if head is not None and head.organization_id == organization_id else None

    async def workflow(self, definition_hash: str) -> Workflow:
        """Returns a compiled definition by its hash. Raises: StoreCorrupt when it is not stored."""
        return await self._loader.workflow(definition_hash)


def _settled(before: Execution | None, state: ExecutionState | None) -> Execution | None:
    """Returns an execution in a newer state that was stored; None where it runs, or its definition is not known."""
    if before is None or state is None or state.status == "RUNNING" or state.definition != before.state.definition:
        return None
    return Execution(head=head_of(state), state=state, workflow=before.workflow)
