"""The side of a store that forgets: ended executions past their time go, with everything that belongs to them.

Theory of operation. What goes is found by a read, and goes in slices small enough to stand between other units: one
slice is one transaction, in which nothing has moved since it was found. An execution goes whole. It stays, past its
time, as long as something may still ask for it:

- its parent or one of its children is open, or something is on its way from it or to it;
- an idempotency key names it whose time is not over;
- one of its dead letters waits to be settled, or a copy of one of its cards to be brought up to date;
- its events are the last ones that were stored: the places of streams are counted on from them.

What was decided in an execution stays when it goes, as long as the record of decisions is kept.

A `round_of` slices goes once over all that may be spent.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol, TypeAlias

import msgspec

from looply.clock import to_ms
from looply.engine.records.spans import HIGHEST_ID, first_id

SLICE: Final = 200
SLICE_BYTES: Final = 4 * 1024 * 1024
"""So many executions go in one transaction, or so much of what they hold; one that is larger goes alone."""

LOOKED_AT: Final = 2000
"""So many rows one slice looks at."""

KEYS: Final = 1000
"""So many idempotency keys go in one transaction."""

FIRES_KEPT: Final = timedelta(days=31)
"""The ledger of a schedule tells of its instants at least so long: they must not fire again where a clock is wrong."""

Cursor: TypeAlias = tuple[int, str]
"""How far a round is: an instant in milliseconds and an execution id, each where the order goes by it."""

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
    """What one slice found: how many executions went, or would go, and the bytes of their histories and large values.

    `held` are those past their time that must stay, `keys` idempotency keys that went, `decisions` recorded decisions.
    `after` is where the next slice goes on, None at the end. `is_elsewhere`: another process prunes the store at the
    moment, and nothing went.
    """

    executions: int = 0
    size: int = 0
    held: int = 0
    keys: int = 0
    decisions: int = 0
    after: Cursor | None = None
    is_elsewhere: bool = False


class Candidate(NamedTuple):
    """An execution that a slice looks at. `held` and `size` count only where it `is_spent`."""

    due_ms: int
    execution_id: str
    seq: int
    is_spent: bool
    is_held: bool
    size: int


class Choice(NamedTuple):
    """What goes in one slice, and what the slice tells of it."""

    gone: Sequence[Candidate]
    told: Slice


class Pruning(Protocol):
    """What may be forgotten, and what was. Nothing but this removes an execution."""

    async def is_busy(self) -> bool:
        """Whether units wait, or the disk is behind: who prunes gives way."""
        ...

    async def prune(self, spent: RetentionFilter, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes one slice of what is spent, from `after` on in the order of expiries or ids; durable when it returns.

        Guarantees: an execution goes whole, with its batches, snapshot, search values, settled letters, card copies,
        expired keys and the large values that nobody else uses; rows of schedules that name it do so no longer.
        With `is_dry` nothing goes and the slice tells what would.
        Raises: StoreFull, StoreUnreachable, StoreLost.
        """
        ...

    async def drop_keys(self, now: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes idempotency keys whose time is over and whose execution is not open; durable when it returns."""
        ...

    async def drop_decisions(self, before: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes recorded decisions that were taken before an instant and whose execution is not stored any more.

        Goes by their instants; durable when it returns.
        """
        ...

    async def give_back(self) -> bool:
        """Gives space that is free within the store back to the disk, a little; returns whether there is more."""
        ...

    async def pruned_to(self, organization_id: str) -> tuple[int, int]:
        """Returns the last place in the order of units of what went of an organization, (0, 0) when nothing has."""
        ...


async def round_of(
    pruning: Pruning, wanted: Sequence[RetentionFilter], *, decided_before: datetime | None = None, is_dry: bool = False
) -> AsyncIterator[Slice]:
    """Goes once over everything that may be spent, and yields each slice; the caller gives way between them.

    Recorded decisions of before `decided_before` go too, none when it is None.
    Ends at once where another process prunes. Space is given back at the end, one slice that tells nothing at a time.
    """
    for spent in wanted:
        after: Cursor | None = BEGIN
        while after is not None:
            told = await pruning.prune(spent, after, is_dry=is_dry)
            yield told
            if told.is_elsewhere:
                return
            after = told.after
    after = BEGIN
    while after is not None:
        told = await pruning.drop_keys(wanted[0].now, after, is_dry=is_dry)
        yield told
        after = told.after
    after = BEGIN if decided_before is not None else None
    while decided_before is not None and after is not None:
        told = await pruning.drop_decisions(decided_before, after, is_dry=is_dry)
        yield told
        after = told.after
    while not is_dry and await pruning.give_back():
        yield Slice()


def plan(now: datetime, retention: timedelta | None) -> tuple[RetentionFilter, ...]:
    """Returns what is spent where executions without an expiry of their own are kept so long (None: for ever)."""
    own = RetentionFilter(now=now)
    return (own,) if retention is None else (own, RetentionFilter(now=now, ended_before=now - retention))


def chosen(candidates: Iterable[Candidate], *, has_more: bool) -> Choice:
    """Returns what goes of the candidates, in their order; `has_more` says whether others come behind them."""
    gone: list[Candidate] = []
    held = size = 0
    after: Cursor | None = None
    for candidate in candidates:
        if candidate.is_spent and not candidate.is_held:
            if gone and (len(gone) == SLICE or size + candidate.size > SLICE_BYTES):
                break
            gone.append(candidate)
            size += candidate.size
        held += candidate.is_spent and candidate.is_held
        after = (candidate.due_ms, candidate.execution_id)
    else:
        after = after if has_more else None
    return Choice(gone, Slice(executions=len(gone), size=size, held=held, after=after))


def highest_id(spent: RetentionFilter) -> bytes:
    """Returns the id below which executions may have ended before `ended_before`: nothing ends before it starts."""
    return first_id(spent.ended_before) if spent.ended_before is not None else HIGHEST_ID


def fires_before(spent: RetentionFilter) -> int:
    """Returns the instant before which the ledger's rows may go, in milliseconds."""
    return to_ms(spent.now - FIRES_KEPT)
