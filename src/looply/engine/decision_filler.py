"""The decisions of executions that an earlier release has left: read from their histories once, and recorded."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

import structlog

from looply.engine.codec import Codec
from looply.engine.decision_rows import rows_of
from looply.engine.decisions import DecisionRow
from looply.engine.loading import Loader
from looply.engine.port import Head
from looply.engine.store import Store
from looply.errors import StoreCorrupt
from looply.execution.decisions import decisions_in, is_decision
from looply.execution.events import Event, ExecutionStarted, Migrated

_log = structlog.get_logger(__name__)

SLICE: Final = 50
"""So many executions are read in one go."""
_EVENTS: Final = 500
"""So many events of one are decoded before others get their turn."""


class DecisionFiller:
    """Fills the gap of a store; see `looply.engine.decisions`. Several at once are harmless."""

    def __init__(self, store: Store, codec: Codec, loader: Loader) -> None:
        self._store = store
        self._codec = codec
        self._loader = loader

    async def fill(self) -> bool:
        """Records the decisions of the next executions in the gap; returns whether there may be more to do now.

        The decisions of a history that cannot be read are not recorded, and the log says so.
        Raises: StoreFull, StoreUnreachable, StoreLost.
        """
        gap = await self._store.decisions.gap()
        if gap is None:
            return False
        heads = await self._store.reads.scan(gap.after, SLICE)
        within = [head for head in heads if head.execution_id <= gap.last]
        rows: list[DecisionRow] = []
        for head in within:
            try:
                rows.extend(await self._rows(head))
            except StoreCorrupt as error:
                _log.error("decisions_unreadable", execution_id=head.execution_id, error=error.message)
        is_last = len(within) < SLICE
        await self._store.decisions.fill(rows, gap.last if is_last else within[-1].execution_id)
        return not is_last

    async def _rows(self, head: Head) -> Sequence[DecisionRow]:
        definition, found = "", []
        async for seq, event in self._events(head):
            if isinstance(event, ExecutionStarted | Migrated):
                definition = event.definition
            elif is_decision(event):
                found.append((seq, event))
        if not found:
            return ()
        return rows_of(head, decisions_in(await self._loader.workflow(definition), found))

    async def _events(self, head: Head) -> AsyncIterator[tuple[int, Event]]:
        """Yields the history as it was when the head was read: what comes later is recorded by its own unit."""
        after = 0
        while after < head.seq:
            batches = await self._store.journal.history(head.execution_id, after, _EVENTS)
            if not batches:
                return  # it was pruned meanwhile, by a process that has filled the gap here
            values = await self._store.journal.values_of(head.execution_id)
            for batch in batches:
                events = self._codec.decode(batch, values, head.organization_id, head.execution_id)
                for seq, event in enumerate(events, batch.first_seq):
                    yield seq, event
            after = batches[-1].last_seq
