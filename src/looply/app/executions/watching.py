"""Following executions: log entries as they are stored, each once, from any place that was told before."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

import msgspec

from looply.app.context.addressing import get_owned
from looply.app.context.services import Services
from looply.catalog.tenants.keys import Principal
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
"""Pages of a stream are cut by its own measure."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of one execution that have the number `seq` and the places of the entries among those of that number."""

    seq: int
    entries: Sequence[tuple[int, LogEntry]]


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The execution has ended, and everything was told."""

    status: Status


class Subscription:
    """A place among those who watch, taken until it is closed. Closing it twice is harmless."""

    def __init__(self, services: Services, organization_id: str, key: str) -> None:
        """Takes a place of an organization that watches `key`, an execution or itself. Raises: TooManyStreams."""
        self._held: AbstractContextManager[asyncio.Event] | None = services.feed.watch(key, organization_id)
        self.signal = self._held.__enter__()

    def close(self) -> None:
        """Gives the place back."""
        held, self._held = self._held, None
        if held is not None:
            held.__exit__(None, None, None)


async def check_watched(services: Services, principal: Principal, execution_id: str) -> str:
    """Returns the id of an execution that may be watched. Raises: NotFound."""
    return (await get_owned(services, principal.organization_id, execution_id)).head.execution_id


async def follow_execution(
    services: Services, watched: Subscription, execution_id: str, after: tuple[int, int]
) -> AsyncIterator[Told | Ended]:
    """Yields the entries of an execution behind the place (number of the event, entry of it), then its end.

    One with an incident has not ended: it goes on when it is redriven.
    """
    seq, entry = after
    while True:
        watched.signal.clear()
        # The event of the place is read again: it may have an entry that was not told yet.
        events = await services.engine.history(execution_id, max(seq - 1, 0), _PAGE)
        execution = await services.engine.get(execution_id)
        log = event_log(events, _UNCUT, execution.state.active_steps)
        for number, entries in _by_number(log):
            fresh = [(place, each) for place, each in enumerate(entries) if (number, place) > (seq, entry)]
            if fresh:
                yield Told(seq=number, entries=fresh)
                seq, entry = number, len(entries) - 1
        last = events[-1][0] if events else seq
        if last > seq:
            # What follows the last entry has none of its own.
            seq, entry = last, 0
        if execution.state.closed is not None and seq >= execution.head.seq:
            yield Ended(status=execution.head.status)
            return
        if not events or last >= execution.head.seq:
            await watched.signal.wait()


async def check_place(services: Services, organization_id: str, place: Position) -> None:
    """Raises: BadRequest (code `BAD_CURSOR`) for a place that the store has not reached: another one has told it;
    Conflict (code `EVENTS_PRUNED`) for one behind which events of the organization have been pruned."""
    if place > await services.feed.position():
        message = (
            "the cursor is of another store, or of one that was put back; begin without one, and read what is there"
        )
        raise BadRequest(message, code="BAD_CURSOR")
    await _check_kept(services, organization_id, place)


async def _check_kept(services: Services, organization_id: str, place: Position) -> None:
    """Raises: Conflict (code `EVENTS_PRUNED`) when something was pruned that was stored behind a place."""
    if place < await services.engine.pruning.pruned_position(organization_id):
        message = (
            "executions with events behind this one have been pruned; begin without a cursor, and read what is there"
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
    """Yields what is stored of an organization's executions behind a place, in the order in which it was stored.

    With `only` those of these workflows. What is stored of others is yielded without events now and then: it moves the
    place on.
    Raises: Conflict (code `EVENTS_PRUNED`) when something that comes next was pruned before it was read.
    """
    while True:
        watched.signal.clear()
        is_whole = services.feed.keeps(after)
        found = deque(await services.feed.read(after))
        if not is_whole:
            # Looked at after the read: what is pruned from now on has been read.
            await _check_kept(services, organization_id, after)
        if not found:
            await watched.signal.wait()
        while found:
            # Let go of before it is told: whoever does not read must hold nothing that was decoded.
            committed = found.popleft()
            after = committed.position
            is_shown = only is None or committed.workflow_id in only
            if is_shown and committed.organization_id == organization_id:
                yield committed
            elif not found:
                yield replace(committed, organization_id=organization_id, load=tuple, frames=())


def entries_of(committed: Committed) -> list[tuple[int, dict[str, Json]]]:
    """Returns the entries of a stored batch, each with its place among them and the execution that it is of.

    The start of a child names the workflow of the child as its `workflow_id`.
    """
    named = {"workflow_id": committed.workflow_id, "workflow_execution_id": committed.execution_id}
    entries = msgspec.to_builtins(event_log(committed.events, _UNCUT))
    return [(place, {**named, **entry}) for place, entry in enumerate(entries)]


def _by_number(log: Sequence[LogEntry]) -> list[tuple[int, list[LogEntry]]]:
    found: dict[int, list[LogEntry]] = {}
    for entry in log:
        found.setdefault(entry.seq, []).append(entry)
    return list(found.items())
