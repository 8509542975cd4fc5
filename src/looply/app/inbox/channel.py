"""The channel of the web inbox."""

from looply.engine.ports.card_channel import Copy
from looply.execution.approvals.card_view import CardView


class InboxChannel:
    """The web inbox: it renders each copy when a person opens it, so no copy is ever stale."""

    async def show(self, copy: Copy, view: CardView) -> str:  # noqa: ARG002 - the port's
        """Returns the handle; there is nothing to do."""
        return copy.card_id

    async def update(self, copy: Copy, view: CardView) -> None:
        """Does nothing."""

    async def close(self, copy: Copy, view: CardView) -> None:
        """Does nothing."""
