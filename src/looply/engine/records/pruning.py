"""Pruning: the retention of a store removes ended executions past their time, with everything that belongs to them.

Theory of operation. A read finds what to remove, and it is removed in slices small enough to run between other units:
one slice is one transaction, in which nothing has changed since it was found. An execution is removed whole. It is held
past its time as long as something may still refer to it:

- its parent or one of its children is open, or a delivery from it or to it is pending;
- an idempotency key that has not expired names it;
- one of its dead letters is not settled, or a copy of one of its cards is not up to date;
- its events are the last ones that were stored: the positions of streams continue from them.

The decisions of an execution stay when it is removed, as long as the record of decisions is kept.

A round (`prune_round`) goes once over everything that may have expired.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol, TypeAlias

import msgspec

from looply.engine.records.spans import HIGHEST_ID, first_id
from looply.instants import to_ms

SLICE: Final = 200
SLICE_BYTES: Final = 4 * 1024 * 1024
"""The most executions, and bytes of them, that one transaction removes; a larger execution is removed alone."""

SLICE_ROWS: Final = 2000
"""The most rows that one slice reads."""

SLICE_KEYS: Final = 1000
"""The most idempotency keys that one transaction removes."""

FIRES_KEPT: Final = timedelta(days=31)
"""The shortest time that a ledger keeps the instants of a schedule: none may fire again where a clock is wrong."""

Cursor: TypeAlias = tuple[int, str]
"""The position of a round: an instant in milliseconds and an execution id, each where the order uses it."""

BEGIN: Final[Cursor] = (0, "")


class RetentionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which ended executions are past their time at the instant `now`.

    Without `ended_before` those whose own expiry has come; with it those that ended before that instant and have no
    expiry of their own, or, where it `overrides`, all that did. `workflow_id` is empty for those of all workflows.
    """

    now: datetime
    ended_before: datetime | None = None
    overrides: bool = False
    workflow_id: str = ""


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one slice: executions removed, or to be removed, and the bytes of their histories and values.

    `held` counts those past their time that must stay, `keys` idempotency keys removed, `decisions` recorded decisions
    removed. `after` is where the next slice continues, None at the end. `is_elsewhere`: another process prunes the
    store at the moment, and nothing was removed.
    """

    executions: int = 0
    size: int = 0
    held: int = 0
    keys: int = 0
    decisions: int = 0
    after: Cursor | None = None
    is_elsewhere: bool = False


class Candidate(NamedTuple):
    """An execution that a slice examines. `is_held` and `size` count only where it `is_expired`."""

    due_ms: int
    execution_id: str
    seq: int
    is_expired: bool
    is_held: bool
    size: int


class PrunePlan(NamedTuple):
    """The executions to remove in one slice, and the result of the slice."""

    removed: Sequence[Candidate]
    report: Slice


class Pruning(Protocol):
    """Retention: what may be removed, and what was removed. Nothing but this removes an execution."""

    async def is_busy(self) -> bool:
        """Returns whether units wait, or the disk is behind: then the pruner pauses."""
        ...

    async def prune(self, expired: RetentionFilter, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes one slice of expired executions after `after`, ordered by expiry or id; durable when it returns.

        Guarantees: an execution is removed whole, with its batches, snapshot, search values, settled letters, card
        copies, expired keys and the large values that no other execution uses; rows of schedules that named it name it
        no longer. With `is_dry` nothing is removed and the slice reports what would be.
        Raises: StoreFull, StoreUnreachable, StoreLost.
        """
        ...

    async def drop_keys(self, now: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes idempotency keys that have expired and whose execution is not open; durable when it returns."""
        ...

    async def drop_decisions(self, before: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes recorded decisions that were made before an instant and whose execution is not stored any more.

        The order is that of their instants; durable when it returns.
        """
        ...

    async def release_space(self) -> bool:
        """Releases a little of the space that is free within the store to the disk; returns whether there is more."""
        ...

    async def last_pruned_position(self, organization_id: str) -> tuple[int, int]:
        """Returns the last position at which something of an organization was pruned, (0, 0) for nothing."""
        ...


async def prune_round(
    pruning: Pruning,
    filters: Sequence[RetentionFilter],
    *,
    decided_before: datetime | None = None,
    is_dry: bool = False,
) -> AsyncIterator[Slice]:
    """Goes once over everything that may have expired, and yields each slice; the caller pauses between them.

    Recorded decisions from before `decided_before` are removed too, none when it is None. The round ends at once where
    another process prunes. Space is released at the end, with one empty slice at a time.
    """
    for expired in filters:
        after: Cursor | None = BEGIN
        while after is not None:
            report = await pruning.prune(expired, after, is_dry=is_dry)
            yield report
            if report.is_elsewhere:
                return
            after = report.after
    after = BEGIN
    while after is not None:
        report = await pruning.drop_keys(filters[0].now, after, is_dry=is_dry)
        yield report
        after = report.after
    after = BEGIN if decided_before is not None else None
    while decided_before is not None and after is not None:
        report = await pruning.drop_decisions(decided_before, after, is_dry=is_dry)
        yield report
        after = report.after
    while not is_dry and await pruning.release_space():
        yield Slice()


def plan(now: datetime, retention: timedelta | None) -> tuple[RetentionFilter, ...]:
    """Returns the filters of a round; `retention` is for executions without an expiry of their own (None: for ever)."""
    own = RetentionFilter(now=now)
    return (own,) if retention is None else (own, RetentionFilter(now=now, ended_before=now - retention))


def plan_removals(candidates: Iterable[Candidate], *, has_more: bool) -> PrunePlan:
    """Returns which of the candidates to remove, in their order; `has_more` says whether others follow them."""
    removed: list[Candidate] = []
    held = size = 0
    after: Cursor | None = None
    for candidate in candidates:
        if candidate.is_expired and not candidate.is_held:
            if removed and (len(removed) == SLICE or size + candidate.size > SLICE_BYTES):
                break
            removed.append(candidate)
            size += candidate.size
        held += candidate.is_expired and candidate.is_held
        after = (candidate.due_ms, candidate.execution_id)
    else:
        after = after if has_more else None
    return PrunePlan(removed, Slice(executions=len(removed), size=size, held=held, after=after))


def highest_id(expired: RetentionFilter) -> bytes:
    """Returns the id below which executions may have ended before `ended_before`: nothing ends before it starts."""
    return first_id(expired.ended_before) if expired.ended_before is not None else HIGHEST_ID


def fires_before(expired: RetentionFilter) -> int:
    """Returns the instant before which the ledger's rows may go, in milliseconds."""
    return to_ms(expired.now - FIRES_KEPT)
