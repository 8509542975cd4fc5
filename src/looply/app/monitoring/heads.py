"""Live heads: the rows of executions that have changed, at most once a second, for lists that show them.

Theory of operation. The feed says which executions changed; no event is decoded. What changed since the last chunk is
read once as rows, and only so many: a list reads its page again where more have changed.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from typing import NamedTuple

import msgspec

from looply.app.context.services import Services
from looply.app.executions.watching import Subscription, check_not_pruned
from looply.app.monitoring.rows import MonitorRow, rows_of
from looply.engine.ports.store import Position


class HeadPace(NamedTuple):
    """How often a stream sends heads, how many at once, and after how many batches it skips what is older."""

    seconds: float = 1.0
    most: int = 50
    batches: int = 4096


DEFAULT_PACE = HeadPace()


class HeadChunk(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of executions that changed up to a position, and how many others did, at least."""

    position: Position
    rows: Sequence[MonitorRow]
    dropped: int = 0


class _Changes(NamedTuple):
    ids: Sequence[str]
    position: Position
    is_cut: bool


async def follow_heads(
    services: Services,
    watched: Subscription,
    organization_id: str,
    after: Position,
    *,
    only: Collection[str] | None = None,
    pace: HeadPace = DEFAULT_PACE,
) -> AsyncIterator[HeadChunk]:
    """Yields the rows of executions that change after a position, each once in a chunk, with the newest state.

    With `only`, those of these workflows. An execution that was pruned in the meantime has no row.
    Raises: Conflict (code `EVENTS_PRUNED`) when a next event was pruned before it was read.
    """
    while True:
        watched.signal.clear()
        found = await _changes(services, organization_id, after, only, pace)
        if found.position == after:
            await watched.signal.wait()
            continue
        after = found.position
        shown = found.ids[-pace.most :]
        heads = {head.execution_id: head for head in await services.engine.overview.heads(shown)} if shown else {}
        rows = await rows_of(services, organization_id, [heads[each] for each in shown if each in heads])
        dropped = len(found.ids) - len(shown) + found.is_cut
        yield HeadChunk(position=after, rows=rows, dropped=dropped)
        if rows or dropped:
            await asyncio.sleep(pace.seconds)


async def _changes(
    services: Services, organization_id: str, after: Position, only: Collection[str] | None, pace: HeadPace
) -> _Changes:
    """Returns the executions that changed after a position, in the order of their last change.

    `is_cut`: there was more than is read at once, and what lies between was skipped.
    """
    changed: dict[str, None] = {}
    count = 0
    while count < pace.batches:
        is_whole = services.feed.keeps(after)
        found = await services.feed.read(after)
        if not is_whole:
            await check_not_pruned(services, organization_id, after)
        if not found:
            return _Changes(list(changed), after, is_cut=False)
        for committed in found:
            if committed.organization_id == organization_id and (only is None or committed.workflow_id in only):
                changed.pop(committed.execution_id, None)
                changed[committed.execution_id] = None
        after, count = found[-1].position, count + len(found)
    return _Changes(list(changed), max(after, await services.feed.position()), is_cut=True)
