"""The outbox: sends offers to Temporal from a bounded queue, and survives its outages.

Nothing here is durable and nothing needs to be: the effect table is the true outbox, and its sweep offers again what
remains queued.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from typing import Final

import structlog

from looply.engine.temporal.references import Reference
from looply.errors import EngineError, LooplyError

_log = structlog.get_logger(__name__)

_HELD: Final = 10_000
"""The most offers that are held: those of the last seconds of a busy server, in a few megabytes."""

_SENDERS: Final = 8
_BACK_OFF_SECONDS: Final = (0.2, 1.0, 5.0)


class TemporalUnavailable(EngineError):
    """Temporal cannot be reached, or accepts nothing now; the call can be repeated."""


class OfferRefused(EngineError):
    """Temporal does not accept this offer, and would not accept it later."""


Send = Callable[[str, Sequence[Reference]], Awaitable[None]]
"""Sends the effects of one execution to Temporal. Raises: TemporalUnavailable, OfferRefused."""


Pause = Callable[[float], Awaitable[None]]
"""Waits for a number of seconds. Temporal's time is the real one, also where that of the engine is a test's."""


class Outbox:
    """Sends offers in their order, those of one execution together, a few executions at once.

    While Temporal is unavailable, up to `held` offers are kept and others dropped; the log has its begin and its end.
    """

    def __init__(self, send: Send, *, capacity: int = _HELD, pause: Pause = asyncio.sleep) -> None:
        self._send = send
        self._pause = pause
        self._held = capacity
        self._queue: OrderedDict[str, dict[int, Reference]] = OrderedDict()
        self._count = 0
        self._dropped = 0
        self._sending = 0
        self._is_unavailable = False
        self._is_stopped = False
        self._has_work = asyncio.Event()
        self._progressed = asyncio.Event()
        self._senders: list[asyncio.Task[None]] = []

    @property
    def is_unavailable(self) -> bool:
        """Whether Temporal did not accept the last offer."""
        return self._is_unavailable

    @property
    def dropped(self) -> int:
        """How many offers were dropped since Temporal became unavailable."""
        return self._dropped

    def start(self) -> None:
        """Starts to send."""
        if not self._senders:
            for _ in range(_SENDERS):
                self._add_sender()

    def _add_sender(self) -> None:
        sender = asyncio.get_running_loop().create_task(self._run())
        self._senders.append(sender)
        sender.add_done_callback(self._replace_sender)

    def _replace_sender(self, sender: asyncio.Task[None]) -> None:
        """Starts another sender in place of one that a defect has ended: others wait for it."""
        defect = None if sender.cancelled() else sender.exception()
        if defect is None:
            return
        _log.error("outbox_sender_broke", exc_info=defect)
        if sender in self._senders:
            self._senders.remove(sender)
            self._add_sender()

    def put(self, execution_id: str, references: Iterable[Reference]) -> None:
        """Queues offers, unless the queue is full. Never blocks; one that is queued already is taken once."""
        if self._is_stopped:
            return
        for reference in references:
            own = self._queue.get(execution_id, {})
            if reference.seq in own:
                continue
            if self._count >= self._held:
                self._dropped += 1
                continue
            self._queue.setdefault(execution_id, {})[reference.seq] = reference
            self._count += 1
            self._has_work.set()

    async def wait_until_sent(self, within: timedelta) -> None:
        """Returns when the queue is empty, when Temporal turns out to be unavailable, or after this time."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                while self._senders and (self._queue or self._sending) and not self._is_unavailable:
                    self._progressed.clear()
                    await self._progressed.wait()
        except TimeoutError:
            pass

    async def stop(self, drain: timedelta) -> None:
        """Sends what is queued within `drain`, or until Temporal turns out to be unavailable. Twice is harmless."""
        await self.wait_until_sent(drain)
        self._is_stopped = True
        senders, self._senders = self._senders, []
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            while not self._queue:
                self._has_work.clear()
                await self._has_work.wait()
            execution_id, references = self._queue.popitem(last=False)
            self._sending += 1
            try:
                await self._deliver(execution_id, list(references.values()))
            finally:
                self._count -= len(references)
                self._sending -= 1
                self._progressed.set()

    async def _deliver(self, execution_id: str, references: Sequence[Reference]) -> None:
        tries = 0
        while True:
            try:
                await self._send(execution_id, references)
            except OfferRefused as error:
                _log.error("offer_refused", execution_id=execution_id, error=error.message)
                return
            except TemporalUnavailable as error:
                self._log_unavailable(error)
                await self._pause(_BACK_OFF_SECONDS[min(tries, len(_BACK_OFF_SECONDS) - 1)])
                tries += 1
            except LooplyError as error:
                # What is wrong with one offer must not end its sender: others wait for it, and the sweep repeats this.
                _log.error("offer_failed", execution_id=execution_id, error=error.message)
                return
            else:
                self._log_available()
                return

    def _log_unavailable(self, error: TemporalUnavailable) -> None:
        if not self._is_unavailable:
            _log.error("temporal_away", error=error.message)
            self._is_unavailable = True
        self._progressed.set()

    def _log_available(self) -> None:
        if self._is_unavailable:
            _log.warning("temporal_back", dropped=self._dropped)
            self._is_unavailable = False
            self._dropped = 0
