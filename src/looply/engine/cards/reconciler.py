"""The reconciler: brings every copy of a card up to date, through the channel that keeps it.

Theory of operation. A unit that changes a card records the required revision of each copy. The reconciler leases stale
copies of its channels, reads from the state how they must look now (not how they had to look when the row was written),
calls the channel, and records what became of it. A call that fails, hangs or is lost leaves the copy stale: it is
repeated after a pause, and then shows the newest revision (`marks` has the rules). Whether a copy was delivered is then
reported to its execution, whose fallbacks decide by that; the row remembers until the history says the same. Several
processes share the work, since a leased copy is given to no other process; the lease of a process that dies expires.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import structlog
from msgspec.structs import replace

from looply.clock import Clock
from looply.engine.cards.budgets import Allowance
from looply.engine.cards.handles import is_handle, message_ids
from looply.engine.cards.marks import (
    is_over,
    is_reminder,
    mark_failed,
    mark_learned,
    mark_never_shown,
    mark_reported,
    mark_shown,
)
from looply.engine.ports.card_channel import Broken, CardChannel, Copy, TryAgain
from looply.engine.ports.lists import Execution
from looply.engine.ports.port import Engine
from looply.engine.records.copies import SURE, Copies, CopyMark, CopyRow
from looply.engine.upkeep.loop import Loop
from looply.errors import LooplyError, NotFound
from looply.execution.approvals.card_view import CardView, view_of
from looply.execution.facts.address import card_token, parse_address
from looply.execution.facts.commands import CopyReported

_log = structlog.get_logger(__name__)

_MARGIN: Final = timedelta(seconds=20)
"""A lease is longer than a call by this time, in which marks and reports are stored."""
_BUSY_PAUSE_SECONDS: Final = 0.25
"""Between two rounds while there are copies to bring; how many may be brought is said by the budget."""
_SHORTEST_PAUSE_SECONDS: Final = 1.0
"""Between two rounds at least when nothing was due."""
_LONGEST_SLEEP_SECONDS: Final = 10.0
"""Between two rounds at most: work of other processes, and messages that were found, are seen by then."""


class Reconciler(Loop):
    """The reconciler of some channels in one process; see the module."""

    failed_event = "reconciler_failed"

    def __init__(self, engine: Engine, copies: Copies, channels: Mapping[str, CardChannel], clock: Clock) -> None:
        super().__init__()
        self._engine = engine
        self._copies = copies
        self._channels = channels
        self._clock = clock
        self._allowances = {name: Allowance(channel.budget) for name, channel in channels.items()}

    async def tick(self) -> int:
        """Brings the due copies of each channel up to date, and returns how many there were."""
        return sum(await asyncio.gather(*(self._bring_due(name) for name in self._channels)))

    async def round(self) -> float:
        """Brings what is due, and returns the seconds until more may be."""
        if not self._channels:
            return _LONGEST_SLEEP_SECONDS
        if await self.tick():
            return _BUSY_PAUSE_SECONDS
        await self._log_stale()
        return await self._pause()

    async def _bring_due(self, name: str) -> int:
        """Brings the due copies of a channel, as many as it may be asked for, and returns how many there were.

        They are taken in batches that are brought at the same time, so that a lease is not much longer than a call: the
        copies of a process that dies are free soon.
        """
        budget, allowance, count = self._channels[name].budget, self._allowances[name], 0
        lease = timedelta(seconds=budget.call_seconds) + _MARGIN
        while limit := min(allowance.available(now := self._clock.now()), budget.at_once):
            taken = await self._copies.take(now, now + lease, limit, (name,))
            allowance.spend(len(taken))
            await asyncio.gather(*(self._reconcile(row) for row in taken))
            count += len(taken)
            if len(taken) < limit or self.is_stopping:
                break
        return count

    async def _reconcile(self, row: CopyRow) -> None:
        if not row.is_stale and row.doubt == SURE:
            is_reported = await self._report(row)
            await self._record(row, mark_reported(row, self._clock.now(), is_reported=is_reported))
            return
        mark = await self._mark_of(row)
        await self._record(row, mark)
        if not mark.is_reported:
            shown = replace(row, state=mark.state, code=mark.code, reason=mark.reason)
            if await self._report(shown):
                await self._copies.mark_reported(row.card_id, mark.state, mark.code)

    async def _mark_of(self, row: CopyRow) -> CopyMark:
        """Brings a copy, and returns what that changes in its row."""
        view: CardView | None = None
        try:
            execution = await self._engine.executions.get(row.execution_id)
            view = view_of(execution.workflow, execution.state, row.card_id)
            if view is None or (is_over(view) and not message_ids(row.handle)):
                number = view.number if view is not None else row.wanted
                return mark_never_shown(row, number, self._clock.now())
            handle = await self._bring(row, _copy(execution, row, view), view)
        except (LooplyError, TimeoutError) as error:
            now = self._clock.now()
            mark = mark_failed(row, view, error, now)
            if isinstance(error, TryAgain) and error.is_for_all:
                self._allowances[row.channel].pause(now, mark.due - now)
            _log_failure(row, mark)
            return mark
        return mark_shown(row, view, handle, self._clock.now())

    async def _bring(self, row: CopyRow, copy: Copy, view: CardView) -> str:
        channel = self._channels[row.channel]
        shown = await asyncio.wait_for(channel.bring(copy, view), channel.budget.call_seconds)
        if not is_handle(shown.handle):
            raise Broken("the channel returned no handle: a JSON object whose member `a` is a list of message ids")
        return shown.handle

    async def _record(self, row: CopyRow, mark: CopyMark) -> None:
        """Stores the mark, with the messages that were found since the copy was taken."""
        known = row.handle
        while not await self._copies.record(row.card_id, known, mark):
            stored = await self._copies.find(row.card_id)
            if stored is None:
                return  # the execution was pruned
            mark, known = mark_learned(mark, stored, row.handle, self._clock.now()), stored.handle

    async def _report(self, row: CopyRow) -> bool:
        """Adds the state of a copy to the history, and returns whether it says the same now."""
        if row.state == "PENDING":
            return True
        command = CopyReported(
            at=self._clock.now(), card_id=row.card_id, state=row.state, code=row.code, message=row.reason
        )
        try:
            await self._engine.submit(row.execution_id, command)
        except NotFound:
            return True  # it was pruned: there is no history any more
        except LooplyError as error:
            _log.warning("card_not_reported", card_id=row.card_id, error=error.message)
            return False  # the row remembers it
        return True

    async def _pause(self) -> float:
        due = await self._copies.next_due(self._channels.keys())
        if due is None:
            return _LONGEST_SLEEP_SECONDS
        left = (due - self._clock.now()).total_seconds()
        return min(max(left, _SHORTEST_PAUSE_SECONDS), _LONGEST_SLEEP_SECONDS)

    async def _log_stale(self) -> None:
        if stale := await self._copies.count_stale():
            _log.info("stale_cards", count=stale)


def make_reconcilers(
    engine: Engine, copies: Copies, channels: Mapping[str, CardChannel], clock: Clock
) -> Sequence[Reconciler]:
    """Returns one reconciler for each channel, so that none waits for another channel's calls."""
    return tuple(Reconciler(engine, copies, {name: channel}, clock) for name, channel in channels.items())


def _log_failure(row: CopyRow, mark: CopyMark) -> None:
    _log.warning(
        "card_not_shown",
        card_id=row.card_id,
        execution_id=row.execution_id,
        channel=row.channel,
        attempt=row.attempts + 1,
        state=mark.state,
        code=mark.code,
        error=mark.reason,
    )


def _copy(execution: Execution, row: CopyRow, view: CardView) -> Copy:
    started = execution.state.started
    card = execution.state.cards[row.card_id]
    return Copy(
        card_id=row.card_id,
        execution_id=row.execution_id,
        organization_id=started.organization_id,
        app=card.app,
        token=card_token(row.execution_id, started.seed, parse_address(card.sent_as or card.address), card.part),
        handle=row.handle,
        is_reminder=is_reminder(row, view),
        tries=row.attempts,
    )
