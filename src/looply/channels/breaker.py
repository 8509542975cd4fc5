"""The breaker of a process: a connection that cannot be used holds its own cards, with one line in the log."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog

from looply.rates import growing_pause

_log = structlog.get_logger(__name__)

_FIRST_PAUSE: Final = timedelta(minutes=1)
"""The pause after the first refusal; it doubles with each one that follows."""
_MAX_PAUSE: Final = timedelta(minutes=15)
"""A connection that was corrected elsewhere, such as by Microsoft, is used again within this time."""
_MAX_KEPT: Final = 10_000


class Used(NamedTuple):
    """A connection as it was saved: one that was corrected is not held."""

    organization_id: str
    connection: str
    revision: int


class _Pause(NamedTuple):
    until: datetime
    refusals: int


class Breaker:
    """Holds connections of one channel whose secret, application or route is refused."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._pauses: OrderedDict[Used, _Pause] = OrderedDict()

    def wait(self, used: Used, now: datetime) -> timedelta:
        """Returns how long no call is to be made; zero when one may be."""
        held = self._pauses.get(used)
        return max(held.until - now, timedelta(0)) if held is not None else timedelta(0)

    def hold(self, used: Used, code: str, now: datetime) -> timedelta:
        """Notes that the connection cannot be used, and returns the pause, which grows."""
        before = self._pauses.get(used)
        if before is not None and before.until > now:
            return before.until - now  # calls that began together
        refusals = before.refusals if before is not None else 0
        pause = growing_pause(_FIRST_PAUSE, _MAX_PAUSE, refusals)
        self._pauses[used] = _Pause(now + pause, refusals + 1)
        if len(self._pauses) > _MAX_KEPT:
            self._pauses.popitem(last=False)
        if before is None:
            _log.warning(
                "channel_unusable",
                channel=self._channel,
                organization_id=used.organization_id,
                connection=used.connection,
                code=code,
            )
        return pause

    def release(self, used: Used) -> None:
        """Notes that the connection works."""
        self._pauses.pop(used, None)
