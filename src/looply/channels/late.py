"""What is loaded with the first card or mail: an installation that sends none pays nothing for it."""

from collections.abc import Callable
from functools import cached_property

from looply.app.messages.mailing import Mailed, Mailer, Message
from looply.engine.ports.card_channel import Budget, CardChannel, Copy, Delivered
from looply.execution.approvals.card_view import CardView


class LateChannel:
    """See `looply.engine.ports.card_channel.CardChannel`. `open_channel` is called once, with the first card."""

    def __init__(self, budget: Budget, open_channel: Callable[[], CardChannel]) -> None:
        self._budget = budget
        self._open_channel = open_channel

    @property
    def budget(self) -> Budget:
        """What one process may ask of the channel."""
        return self._budget

    async def bring(self, copy: Copy, view: CardView) -> Delivered:
        """See `CardChannel.bring`."""
        return await self._channel.bring(copy, view)

    @cached_property
    def _channel(self) -> CardChannel:
        return self._open_channel()


class LateMailer:
    """See `looply.app.messages.mailing.Mailer`. `open_mailer` is called once, with the first mail."""

    def __init__(self, open_mailer: Callable[[], Mailer], *, has_server: bool) -> None:
        self._open_mailer = open_mailer
        self._has_server = has_server

    @property
    def has_server(self) -> bool:
        """Whether this installation has a mail server of its own."""
        return self._has_server

    async def send(self, message: Message) -> Mailed:
        """See `Mailer.send`."""
        return await self._mailer.send(message)

    async def send_for(self, organization_id: str, app: str, message: Message) -> Mailed:
        """See `Mailer.send_for`."""
        return await self._mailer.send_for(organization_id, app, message)

    @cached_property
    def _mailer(self) -> Mailer:
        return self._open_mailer()
