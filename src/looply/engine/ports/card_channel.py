"""The port of channels: where copies of cards are shown, and how one copy is brought to what it has to look like."""

from typing import Final, Protocol

import msgspec

from looply.execution.approvals.card_view import CardView

INBOX: Final = "inbox"


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """One copy in a channel. `handle` is what the channel gave when it was shown, empty before.

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

    Every call may come again: what it does is the same when it is done twice (`Copy.card_id` and `CardView.number`
    name it), and a call with a lower number than one that was carried out changes nothing. Raises: OperationError when
    it is not known that the copy looks so; then it is called again later, with what the copy has to look like by then.
    """

    async def show(self, copy: Copy, view: CardView) -> str:
        """Shows a copy for the first time and returns its handle, by which it is found again."""
        ...

    async def update(self, copy: Copy, view: CardView) -> None:
        """Lets a copy look like the view; with a new reminder its recipient is told again."""
        ...

    async def close(self, copy: Copy, view: CardView) -> None:
        """Lets a copy take no more answers and say why."""
        ...


class InboxChannel:
    """The web inbox: it renders each copy when somebody looks at it, so nothing is ever behind."""

    async def show(self, copy: Copy, view: CardView) -> str:  # noqa: ARG002 - the port's
        """Returns the handle; there is nothing to do."""
        return copy.card_id

    async def update(self, copy: Copy, view: CardView) -> None:
        """Does nothing."""

    async def close(self, copy: Copy, view: CardView) -> None:
        """Does nothing."""
