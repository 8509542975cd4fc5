"""The reconciler: brings every copy of a card up to date, through the channel that keeps it.

Theory of operation. A unit that changes a card records the required revision of each copy. The reconciler leases stale
copies, reads from the state how they must look now (not how they had to look when the row was written), calls the
channel, and records what was shown. A call that fails, hangs or is lost leaves the copy stale: it is repeated after a
growing pause, and then shows the newest revision. Several processes share the work, since a leased copy is given to no
other process; the lease of a process that dies expires.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Protocol

import structlog
from msgspec.structs import replace

from looply.clock import Clock
from looply.engine.ports.card_channel import CardChannel, Copy
from looply.engine.ports.lists import Execution
from looply.engine.records.copies import Copies, CopyRow
from looply.engine.upkeep.loop import Loop
from looply.errors import LooplyError, NotFound
from looply.execution.approvals.card_view import CardView, card_view_of
from looply.execution.facts.address import card_token, parse_address

_log = structlog.get_logger(__name__)

CALL_SECONDS: Final = 10.0
"""The time limit of one call of a channel."""
TAKEN: Final = timedelta(seconds=30)
"""The lease of a copy: longer than a call, so that two processes never show one copy."""
_AT_ONCE: Final = 8
_BATCH: Final = 40
_ROUND_SECONDS: Final = 1.0
"""A process takes at most one batch in this time, whatever is stale: channels throttle faster senders."""
_FIRST_PAUSE: Final = timedelta(seconds=2)
_LONGEST_PAUSE: Final = timedelta(minutes=5)
_LONGEST_SLEEP_SECONDS: Final = 30.0


class Executions(Protocol):
    """The source of the current state of executions."""

    async def get(self, execution_id: str) -> Execution:
        """Returns an execution as of its last stored unit. Raises: NotFound, StoreCorrupt."""
        ...


class Reconciler(Loop):
    """The reconciler of one process; see the module."""

    failed_event = "reconciler_failed"

    def __init__(
        self, executions: Executions, copies: Copies, channels: Mapping[str, CardChannel], clock: Clock
    ) -> None:
        super().__init__()
        self._executions = executions
        self._copies = copies
        self._channels = channels
        self._clock = clock
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def tick(self) -> int:
        """Brings one batch of due copies up to date and returns how many there were."""
        now = self._clock.now()
        taken = await self._copies.take(now, now + TAKEN, _BATCH)
        await asyncio.gather(*(self._reconcile(row) for row in taken))
        return len(taken)

    async def round(self) -> float:
        """Updates a batch, and returns the seconds until the next one may be taken."""
        if await self.tick():
            return _ROUND_SECONDS
        await self._log_stale()
        return await self._pause()

    async def _reconcile(self, row: CopyRow) -> None:
        async with self._free:
            try:
                shown, handle = await asyncio.wait_for(self._update(row), CALL_SECONDS)
            except (LooplyError, TimeoutError) as error:
                # A call that timed out may have been carried out: it is repeated, which is harmless.
                pause = min(_FIRST_PAUSE * 2 ** min(row.attempts, 20), _LONGEST_PAUSE)
                reason = error.message if isinstance(error, LooplyError) else "no answer in time"
                _log.warning(
                    "card_not_shown",
                    card_id=row.card_id,
                    execution_id=row.execution_id,
                    channel=row.channel,
                    attempt=row.attempts + 1,
                    error=reason,
                )
                await self._copies.postpone(row.card_id, self._clock.now() + pause)
            else:
                await self._copies.mark_shown(row.card_id, shown, handle)

    async def _update(self, row: CopyRow) -> tuple[int, str]:
        """Updates a copy; returns the number of the view that the channel shows now, and the handle of the copy."""
        channel = self._channels.get(row.channel)
        if channel is None:
            raise NotFound(f"this process has no channel {row.channel!r}", code="NO_CHANNEL")
        execution = await self._executions.get(row.execution_id)
        view = card_view_of(execution.workflow, execution.state, row.card_id)
        if view is None:
            return row.wanted, row.handle  # there is no such copy any more: nothing is to be shown
        copy = _copy(execution, row)
        if not row.handle and not row.shown:
            if view.status in ("ANSWERED", "CLOSED"):
                return view.number, ""  # it was closed before it was ever shown
            return view.number, await channel.show(copy, view)
        await _update_or_close(channel, replace(copy, handle=row.handle), view)
        return view.number, row.handle

    async def _pause(self) -> float:
        due = await self._copies.next_due()
        if due is None:
            return _LONGEST_SLEEP_SECONDS
        left = (due - self._clock.now()).total_seconds()
        return min(max(left, _ROUND_SECONDS), _LONGEST_SLEEP_SECONDS)

    async def _log_stale(self) -> None:
        if stale := await self._copies.count_stale():
            _log.info("stale_cards", count=stale)


async def _update_or_close(channel: CardChannel, copy: Copy, view: CardView) -> None:
    if view.status in ("ANSWERED", "CLOSED"):
        await channel.close(copy, view)
    else:
        await channel.update(copy, view)


def _copy(execution: Execution, row: CopyRow) -> Copy:
    started = execution.state.started
    card = execution.state.cards[row.card_id]
    return Copy(
        card_id=row.card_id,
        execution_id=row.execution_id,
        organization_id=started.organization_id,
        app=card.app,
        token=card_token(row.execution_id, started.seed, parse_address(card.address), card.part),
    )
