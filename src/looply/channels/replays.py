"""The replay window of a receiver: what was taken is carried out once, and a repetition gets the answer of the first.

It is the memory of one process, for as long as the time of a message lets it be taken at all. It is bounded, and others
that share the store do not have it, so nothing may rest on it alone: a decision is made once by the engine.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from looply.clock import Clock

Answer = TypeVar("Answer")

MAX_SEEN: Final = 20_000
"""Messages that are known again; the oldest are forgotten first."""
MAX_ANSWERS: Final = 200
"""Answers of one owner that are kept for repetitions: a card has up to 80 KB."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Seen:
    owner: str
    until: datetime
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class ReplayWindow(Generic[Answer]):
    """Knows messages again by a digest of all of their bytes."""

    def __init__(self, clock: Clock, most_seen: int = MAX_SEEN, most_answers: int = MAX_ANSWERS) -> None:
        self._clock = clock
        self._most_seen = most_seen
        self._most_answers = most_answers
        self._seen: OrderedDict[bytes, _Seen] = OrderedDict()
        self._answers: dict[str, OrderedDict[bytes, Answer]] = {}
        """The kept answers of each owner who has some."""

    def __len__(self) -> int:
        """Returns how many messages are known again."""
        return len(self._seen)

    async def once(
        self,
        digest: bytes,
        until: datetime,
        carry_out: Callable[[], Awaitable[Answer]],
        is_settled: Callable[[Answer], bool],
        owner: str = "",
    ) -> Answer | None:
        """Returns the answer to a message, which is carried out unless it was before; known again until an instant.

        A repetition waits for the first one, and returns None when its answer is no longer kept, as those of an `owner`
        are whose later messages have taken all places. One that failed, or whose answer is not settled, is carried out
        again by its repetition.
        """
        while (before := self._find(digest)) is not None:
            if before.ended.is_set():
                kept = self._answers.get(before.owner)
                return kept.get(digest) if kept is not None else None
            await before.ended.wait()
        seen = self._seen[digest] = _Seen(owner=owner, until=until)
        self._trim()
        is_done = False
        try:
            answer = await carry_out()
            is_done = is_settled(answer)
        finally:
            seen.ended.set()
            if not is_done:
                self._forget(digest, seen)
        if is_done and self._seen.get(digest) is seen:
            answers = self._answers.setdefault(owner, OrderedDict())
            answers[digest] = answer
            if len(answers) > self._most_answers:
                answers.popitem(last=False)
        return answer

    def _find(self, digest: bytes) -> _Seen | None:
        seen = self._seen.get(digest)
        if seen is not None and seen.until < self._clock.now():
            self._forget(digest, seen)
            return None
        return seen

    def _trim(self) -> None:
        """Forgets what is over, from the oldest on, and what is more than may be kept."""
        now = self._clock.now()
        while self._seen:
            digest, oldest = next(iter(self._seen.items()))
            if oldest.until >= now and len(self._seen) <= self._most_seen:
                return
            self._forget(digest, oldest)

    def _forget(self, digest: bytes, entry: _Seen) -> None:
        if self._seen.get(digest) is entry:
            del self._seen[digest]
            kept = self._answers.get(entry.owner, OrderedDict())
            kept.pop(digest, None)
            if not kept:
                self._answers.pop(entry.owner, None)
