"""What a message that was not delivered is for the engine, whatever the channel: when its card is brought again."""

from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias, assert_never

import msgspec

from looply.channels.breaker import Breaker, Used
from looply.engine.ports.card_channel import Blocked, Broken, TryAgain, Unknown
from looply.errors import OperationError, Unavailable

Meaning: TypeAlias = Literal["again", "throttled", "blocked", "unusable", "unknown", "broken"]
"""What became of a message.

`again`: it was not sent now, and may be soon. `throttled`: not before a delay. `blocked`: the recipient cannot be
reached until something changes on their side. `unusable`: the connection is, for every message. `unknown`: it may have
been sent. `broken`: it cannot be sent, whatever is tried.
"""
_SHORTEST: Final = timedelta(seconds=1)
"""A pause that a system asks for without a length; a shorter one would be none."""


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was not delivered. `code` is of the system or ours, `text` what people read of it."""

    meaning: Meaning
    code: str
    text: str
    after: timedelta = timedelta()
    """How long to wait at least; zero: as long as the engine likes."""


def delivery_error(missed: Missed, breaker: Breaker, used: Used, now: datetime) -> OperationError:
    """Returns the outcome of a copy that was not shown. A connection that cannot be used is held by the breaker."""
    match missed.meaning:
        case "unusable":
            return _unusable(used, breaker.hold(used, missed.code, now), missed.code)
        case "throttled":
            return TryAgain(max(missed.after, _SHORTEST), missed.text)
        case "again":
            # Without a time of the system the engine's own pauses grow.
            return TryAgain(missed.after, missed.text) if missed.after else Unavailable(missed.text)
        case "blocked":
            return Blocked(missed.text)
        case "unknown":
            return Unknown(missed.text)
        case "broken":
            return Broken(missed.text)
        case _:
            assert_never(missed.meaning)


def require_usable(breaker: Breaker, used: Used, now: datetime) -> None:
    """Checks that a connection is not held. Raises: TryAgain."""
    if wait := breaker.wait(used, now):
        raise _unusable(used, wait)


def _unusable(used: Used, pause: timedelta, code: str = "") -> TryAgain:
    """Returns the outcome of every copy whose connection cannot be used."""
    return TryAgain(pause, f"the connection {used.connection} cannot be used{f': {code}' if code else ''}")
