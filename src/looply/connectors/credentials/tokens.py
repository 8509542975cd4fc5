"""Access tokens, in memory: each is fetched once, used by all calls, and replaced before it ends."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from looply.clock import Clock
from looply.connectors.credentials.single_flight import SingleFlight
from looply.errors import OperationError

MAX_TOKENS: Final = 1000
REFRESH_SHARE: Final = 0.8
"""The share of its life after which a token is replaced."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A token as its server issued it; `seconds` is its whole life. `repr` does not show it."""

    value: str = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class _Kept:
    value: str = field(repr=False)
    refresh_at: float
    ends_at: float


class TokenCache:
    """Keeps the most recently used tokens of the process, at most `MAX_TOKENS`.

    A key is made of the token's server and of the credentials, so that changed credentials fetch a new token.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: OrderedDict[bytes, _Kept] = OrderedDict()
        self._flights: SingleFlight[str] = SingleFlight()

    async def get(self, key: bytes, fetch: Callable[[], Awaitable[Issued]]) -> str:
        """Returns the token of a key, fetched when there is none or it has lived for `REFRESH_SHARE` of its life.

        While a token still lives, a server that does not issue the next one fails no call.

        Raises: what `fetch` raises.
        """
        kept = self._tokens.get(key)
        now = self._clock.monotonic()
        if kept is not None and now < kept.refresh_at:
            self._tokens.move_to_end(key)
            return kept.value

        async def renew() -> str:
            begun = self._clock.monotonic()
            issued = await fetch()
            self._tokens[key] = _Kept(issued.value, begun + issued.seconds * REFRESH_SHARE, begun + issued.seconds)
            self._tokens.move_to_end(key)
            while len(self._tokens) > MAX_TOKENS:
                self._tokens.popitem(last=False)
            return issued.value

        try:
            return await self._flights.share(key, renew)
        except OperationError as error:
            if kept is None or not error.is_transient or self._clock.monotonic() >= kept.ends_at:
                raise
            return kept.value

    def drop(self, key: bytes, value: str) -> None:
        """Forgets a token that was refused, unless another one has replaced it already."""
        kept = self._tokens.get(key)
        if kept is not None and kept.value == value:
            del self._tokens[key]
