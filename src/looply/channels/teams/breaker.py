"""The breaker of a process: a connection that cannot be used holds its own cards, with one line in the log."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog

from looply.channels.teams.bots import Bot

_log = structlog.get_logger(__name__)

_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(minutes=15)
_MOST_KEPT: Final = 10_000


class _Key(NamedTuple):
    """A connection as it was saved: one that was corrected is not held."""

    organization_id: str
    connection: str
    revision: int


class _Pause(NamedTuple):
    until: datetime
    pause: timedelta


class Breaker:
    """Holds connections whose secret, application or route is refused."""

    def __init__(self) -> None:
        self._pauses: OrderedDict[_Key, _Pause] = OrderedDict()

    def wait(self, bot: Bot, now: datetime) -> timedelta:
        """Returns how long no call is to be made; zero when one may be."""
        held = self._pauses.get(_key(bot))
        return max(held.until - now, timedelta(0)) if held is not None else timedelta(0)

    def hold(self, bot: Bot, code: str, now: datetime) -> timedelta:
        """Notes that the connection cannot be used, and returns the pause, which grows."""
        key, before = _key(bot), self._pauses.get(_key(bot))
        if before is not None and before.until > now:
            return before.until - now  # calls that began together
        pause = _FIRST_PAUSE if before is None else min(before.pause * 2, _LONGEST_PAUSE)
        self._pauses[key] = _Pause(now + pause, pause)
        if len(self._pauses) > _MOST_KEPT:
            self._pauses.popitem(last=False)
        if before is None:
            _log.warning("teams_unusable", organization_id=key.organization_id, connection=key.connection, code=code)
        return pause

    def release(self, bot: Bot) -> None:
        """Notes that the connection works."""
        self._pauses.pop(_key(bot), None)


def _key(bot: Bot) -> _Key:
    return _Key(bot.organization_id, bot.account.name, bot.revision)
