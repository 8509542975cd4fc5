"""The port of channels: a channel shows copies of cards, and each copy is brought to its required appearance.

A channel raises one of the outcomes below when it did not show a copy. Any other `OperationError` is an outage of a
moment, and the copy is brought again after a growing pause.
"""

from datetime import timedelta
from typing import Final, Protocol

import msgspec

from looply.errors import OperationError
from looply.execution.approvals.card_view import CardView

INBOX: Final = "inbox"
"""The channel that keeps no copies: it renders each card when a person opens it."""


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """One copy in a channel.

    `token` lets its holder answer; only a channel that reaches the recipient alone may pass it on. `handle` is what the
    channel returned last, by which it finds the copy, empty before. `is_reminder`: a message of its own is to remind
    the recipient, because a change of the old one notifies no person. `tries` counts the failed ones since the copy
    changed.
    """

    card_id: str
    execution_id: str
    organization_id: str
    app: str
    token: str
    handle: str = ""
    is_reminder: bool = False
    tries: int = 0


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """The copy looks as the view says. `handle` is the channel's own JSON, an object.

    Its member `a` is the list of ids of all messages that show the copy, for the engine joins handles by it
    (`looply.engine.cards.handles`); a message that is gone is left out.
    """

    handle: str


class TryAgain(OperationError):
    """The channel cannot show the copy now; it is brought again, not before `after`.

    `handle` keeps the parts that are finished, such as a conversation, in the form of `Delivered.handle`; empty: none.
    `is_for_all`: the whole channel takes no call of this process before that.
    """

    code = "CHANNEL_PAUSE"

    def __init__(self, after: timedelta, message: str = "", *, handle: str = "", is_for_all: bool = False) -> None:
        super().__init__(message or f"the channel asks for a pause of {after.total_seconds():g} seconds")
        self.after = after
        self.handle = handle
        self.is_for_all = is_for_all


class Blocked(OperationError):
    """The recipient cannot be reached there until something changes on their side. It is not tried again by itself."""

    code = "RECIPIENT_BLOCKED"


class Broken(OperationError):
    """The channel cannot show this card, whatever is tried."""

    code = "CARD_BROKEN"


class Unknown(OperationError):
    """It is not known whether a message was sent: the call was cut, and the channel cannot find out."""

    code = "SEND_UNKNOWN"


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What one process asks of a channel: how many copies it brings in a second, and how many at the same time.

    A call that takes longer than `call_seconds` is ended; its outcome is unknown.
    """

    per_second: float = 40.0
    at_once: int = 8
    call_seconds: float = 10.0


class CardChannel(Protocol):
    """Shows copies of cards in one channel."""

    @property
    def budget(self) -> Budget:
        """What one process may ask of the channel."""
        ...

    async def bring(self, copy: Copy, view: CardView) -> Delivered:
        """Brings every message of a copy to the view, and returns the handle of the copy.

        The first call has no messages in its handle: it sends one. A later one updates all of them. `ANSWERED` and
        `CLOSED` take no more answers. A call with the same view may come again. No two calls for one copy are made at
        the same time, but for one that was ended at its time limit.
        Raises: TryAgain, Blocked, Broken, Unknown; any other OperationError is an outage of a moment, and one that was
        `sent` has an unknown outcome.
        """
        ...
