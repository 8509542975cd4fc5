"""The port of channels: a channel shows copies of cards, and each copy is updated to its required appearance."""

from typing import Final, Protocol

import msgspec

from looply.execution.approvals.card_view import CardView

INBOX: Final = "inbox"


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """One copy in a channel. `handle` is what the channel returned when it showed the copy, empty before.

    `token` lets its holder answer; only a channel that reaches the recipient alone may pass it on.
    """

    card_id: str
    execution_id: str
    organization_id: str
    app: str
    token: str
    handle: str = ""


class CardChannel(Protocol):
    """Shows copies of cards in one channel.

    Every call may be repeated and is idempotent (`Copy.card_id` and `CardView.number` identify it); a call with a lower
    number than one that was carried out changes nothing. Raises: OperationError when the result is not known; the
    reconciler then repeats the call later with the newest view of the copy.
    """

    async def show(self, copy: Copy, view: CardView) -> str:
        """Shows a copy for the first time and returns its handle, by which it is found again."""
        ...

    async def update(self, copy: Copy, view: CardView) -> None:
        """Updates a copy to the view; for a new reminder the channel notifies the recipient again."""
        ...

    async def close(self, copy: Copy, view: CardView) -> None:
        """Closes a copy: it takes no more answers and shows the reason."""
        ...
