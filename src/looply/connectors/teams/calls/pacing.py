"""The pace of messages: never more than Teams takes, counted by the windows of its own limits.

Time is an argument, so nothing here waits: who finds no room comes again later. Windows are exact: a bucket of tokens
that is full after a pause would let through twice its rate within one second.

Source: Microsoft's page on rate limits of bots: per app and conversation 7 messages in a second, 8 in two, 60 in 30
seconds, 1,800 in an hour; per app and tenant 50 calls in a second.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Final, TypeAlias

Window: TypeAlias = tuple[int, float]
"""The most calls, and the seconds within which they count."""

CONVERSATION: Final[Sequence[Window]] = ((7, 1.0), (8, 2.0), (60, 30.0), (1800, 3600.0))
TENANT: Final[Sequence[Window]] = ((30, 1.0),)
"""Below the limit, which Microsoft counts on its own clock."""

_MARGIN_SECONDS: Final = 0.05
"""A window counts a little longer: calls may arrive closer together than they were sent."""
_MOST_KEYS: Final = 20_000


class Windows:
    """Counts calls by key, and says when the next one has room in all windows."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = windows
        self._longest = max(count for count, _ in windows)
        self._taken: OrderedDict[str, deque[float]] = OrderedDict()
        self._held: dict[str, float] = {}

    def wait_seconds(self, key: str, now: float) -> float:
        """Returns the seconds until the next call of a key has room; 0 when it has some now."""
        taken = self._taken.get(key, ())
        free_at = [taken[-count] + seconds + _MARGIN_SECONDS for count, seconds in self._windows if len(taken) >= count]
        return max(self._held.get(key, now) - now, *(at - now for at in free_at), 0.0)

    def take(self, key: str, now: float) -> None:
        """Notes a call."""
        taken = self._taken.pop(key, None)
        if taken is None:
            taken = deque(maxlen=self._longest)
        taken.append(now)
        self._taken[key] = taken
        if len(self._taken) > _MOST_KEYS:
            forgotten, _ = self._taken.popitem(last=False)
            self._held.pop(forgotten, None)

    def hold(self, key: str, until: float) -> None:
        """Lets no call of a key have room before an instant, as the other side has asked."""
        self._held[key] = max(until, self._held.get(key, until))
        while len(self._held) > _MOST_KEYS:
            self._held.pop(next(iter(self._held)))


class Pacer:
    """The pace of all bots of the process. Of the rate of a tenant each of several processes takes its share."""

    def __init__(self, processes: int = 1) -> None:
        """`processes`: how many bring cards to the same tenants."""
        self._conversations = Windows(CONVERSATION)
        self._tenants = Windows([(max(count // max(processes, 1), 1), seconds) for count, seconds in TENANT])

    def take(self, bot: str, conversation: str, now: float) -> float:
        """Takes room for one call and returns 0; without room takes none and returns the seconds until there is some.

        `bot` is the application with its tenant. Calls that are of no conversation have an empty one.
        """
        one = f"{bot}/{conversation}"
        waits = [self._tenants.wait_seconds(bot, now)]
        if conversation:
            waits.append(self._conversations.wait_seconds(one, now))
        if (wait := max(waits)) > 0:
            return wait
        self._tenants.take(bot, now)
        if conversation:
            self._conversations.take(one, now)
        return 0.0

    def hold(self, bot: str, conversation: str, until: float) -> None:
        """Lets no call of a conversation have room before an instant; those of no conversation hold all of the bot."""
        if conversation:
            self._conversations.hold(f"{bot}/{conversation}", until)
        else:
            self._tenants.hold(bot, until)
