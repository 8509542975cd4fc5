"""Following executions: log entries as they are stored, each once, from any cursor that was sent before."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

import msgspec

from looply.app.context.addressing import get_owned
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.store import Position
from looply.engine.processing.feed import Committed
from looply.errors import BadRequest, Conflict
from looply.execution.facts.state import Status
from looply.execution.views.log_entries import LogEntry
from looply.execution.views.logs import event_log
from looply.jsontext import Json
from looply.limits import Limits

_PAGE = 200
_UNCUT = Limits(read_events=1_000_000)
"""Streams have their own page size."""


class LogChunk(msgspec.Struct, frozen=True, kw_only=True):
    """Log entries of the event with the number `seq`, each with its index among the entries of that event."""

    seq: int
    entries: Sequence[tuple[int, LogEntry]]


class ExecutionEnded(msgspec.Struct, frozen=True, kw_only=True):
    """The execution has ended, and all its entries were sent."""

    status: Status


class Subscription:
    """A subscription to the feed, held until it is closed. Closing it twice is harmless."""

    def __init__(self, services: Services, organization_id: str, key: str) -> None:
        """Subscribes an organization to `key`, the id of an execution or its own. Raises: TooManyStreams."""
        self._held: AbstractContextManager[asyncio.Event] | None = services.feed.watch(key, organization_id)
        self.signal = self._held.__enter__()

    def close(self) -> None:
        """Releases the subscription."""
        context, self._held = self._held, None
        if context is not None:
            context.__exit__(None, None, None)


async def find_watchable(services: Services, principal: Principal, execution_id: str) -> str:
    """Returns the id of an execution that may be watched. Raises: NotFound."""
    return (await get_owned(services, principal.organization_id, execution_id)).head.execution_id


async def follow_execution(
    services: Services, watched: Subscription, execution_id: str, after: tuple[int, int]
) -> AsyncIterator[LogChunk | ExecutionEnded]:
    """Yields the entries of an execution after the cursor (event number, index of the entry), then its end.

    An execution with an incident has not ended: it may continue.
    """
    seq, entry = after
    while True:
        watched.signal.clear()
        # The event at the cursor is read again: it may have an entry that was not sent yet.
        events = await services.engine.executions.history(execution_id, max(seq - 1, 0), _PAGE)
        execution = await services.engine.executions.get(execution_id)
        log = event_log(events, _UNCUT, execution.state.active_steps)
        for number, entries in _by_number(log):
            fresh = [(index, each) for index, each in enumerate(entries) if (number, index) > (seq, entry)]
            if fresh:
                yield LogChunk(seq=number, entries=fresh)
                seq, entry = number, len(entries) - 1
        last = events[-1][0] if events else seq
        if last > seq:
            # The events after the last entry have no entries.
            seq, entry = last, 0
        if execution.state.closed is not None and seq >= execution.head.seq:
            yield ExecutionEnded(status=execution.head.status)
            return
        if not events or last >= execution.head.seq:
            await watched.signal.wait()


async def check_cursor(services: Services, organization_id: str, position: Position) -> None:
    """Checks that a stream can continue after a position.

    Raises: BadRequest (code `BAD_CURSOR`) for a position that the store has not reached, which is one of another store;
    Conflict (code `EVENTS_PRUNED`) when later events of the organization have been pruned.
    """
    if position > await services.feed.position():
        message = "the cursor is of another store, or of a restored one; begin without a cursor and list the executions"
        raise BadRequest(message, code="BAD_CURSOR")
    await check_not_pruned(services, organization_id, position)


async def check_not_pruned(services: Services, organization_id: str, position: Position) -> None:
    """Raises: Conflict (code `EVENTS_PRUNED`) when an event that was stored after the position has been pruned."""
    if position < await services.engine.pruning.last_pruned_position(organization_id):
        message = (
            "executions with events after this one have been pruned; begin without a cursor and list the executions"
        )
        raise Conflict(message, code="EVENTS_PRUNED")


async def follow_organization(
    services: Services,
    watched: Subscription,
    organization_id: str,
    after: Position,
    *,
    only: Collection[str] | None = None,
) -> AsyncIterator[Committed]:
    """Yields the batches of an organization's executions after a position, in the order in which they were stored.

    With `only`, those of these workflows. Other batches are yielded now and then without events, to advance the cursor.
    Raises: Conflict (code `EVENTS_PRUNED`) when a next event was pruned before it was read.
    """
    while True:
        watched.signal.clear()
        is_whole = services.feed.keeps(after)
        batches = deque(await services.feed.read(after))
        if not is_whole:
            # Checked after the read: events that are pruned from now on have been read.
            await check_not_pruned(services, organization_id, after)
        if not batches:
            await watched.signal.wait()
        while batches:
            # Removed before it is yielded: a stream whose client does not read must not keep decoded events in memory.
            committed = batches.popleft()
            after = committed.position
            is_shown = only is None or committed.workflow_id in only
            if is_shown and committed.organization_id == organization_id:
                yield committed
            elif not batches:
                yield replace(committed, organization_id=organization_id, load=tuple, frames=())


def entries_of(committed: Committed) -> list[tuple[int, dict[str, Json]]]:
    """Returns the entries of a stored batch as JSON, each with its index."""
    return list(enumerate(msgspec.to_builtins(event_log(committed.events, _UNCUT))))


def _by_number(log: Sequence[LogEntry]) -> list[tuple[int, list[LogEntry]]]:
    by_number: dict[int, list[LogEntry]] = {}
    for entry in log:
        by_number.setdefault(entry.seq, []).append(entry)
    return list(by_number.items())
