"""The channel: brings cards to people, chats and channels of Teams.

The connection is read for each copy, so that a corrected one is used at once.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from looply.channels.breaker import Breaker
from looply.channels.outcomes import delivery_error, require_usable
from looply.channels.teams.bots import KIND, Bot, Resources, open_bot, open_delivery
from looply.channels.teams.looks import look_of
from looply.channels.teams.outcomes import classify_failure
from looply.connectors.teams.calls.answers import Undelivered
from looply.connectors.teams.calls.messages import Handle, read_handle
from looply.connectors.teams.calls.people import Person, Recipient, ToPerson, read_recipient
from looply.engine.ports.card_channel import Broken, Budget, Copy, Delivered
from looply.errors import BadInput
from looply.execution.approvals.card_view import CardView

BUDGET: Final = Budget(per_second=30.0, at_once=8, call_seconds=25.0)
"""A first message takes four calls: of Graph for the person, to install the app, to open the chat, to send."""
_DELIVERY_TIME: Final = timedelta(seconds=20)
"""The time of all requests for one copy: shorter than the call, so that its end says whether they were sent."""


class TeamsChannel:
    """See `looply.engine.ports.card_channel.CardChannel`. `link` returns the address of a card in the inbox."""

    def __init__(self, resources: Resources, link: Callable[[str], str]) -> None:
        self._resources = resources
        self._link = link
        self._breaker = Breaker(KIND)

    @property
    def budget(self) -> Budget:
        """What one process may ask of Teams; the pace of each conversation is kept beside it."""
        return BUDGET

    async def bring(self, copy: Copy, view: CardView) -> Delivered:
        """See `CardChannel.bring`. A connection that is missing or of another kind is an outage until it is there."""
        recipient, handle = _read(copy, view)
        bot = await self._open(copy)
        require_usable(self._breaker, bot.used, self._resources.clock.now())
        look = look_of(copy, view, await _reader(bot, recipient), self._link(copy.token))
        try:
            after = await open_delivery(self._resources, bot).bring(recipient, handle, look)
        except Undelivered as error:
            missed, now = classify_failure(error.failure, copy.tries), self._resources.clock.now()
            raise delivery_error(missed, self._breaker, bot.used, now) from error
        self._breaker.release(bot.used)
        return Delivered(handle=after.text)

    async def _open(self, copy: Copy) -> Bot:
        values = await self._resources.connections.find_for_channel(copy.organization_id, copy.app, (KIND,))
        return open_bot(self._resources, copy.organization_id, values, _DELIVERY_TIME)


def _read(copy: Copy, view: CardView) -> tuple[Recipient, Handle]:
    try:
        return read_recipient(view.recipient), read_handle(copy.handle)
    except BadInput as error:
        raise Broken(error.message) from error


async def _reader(bot: Bot, recipient: Recipient) -> Person | None:
    """Returns who reads a copy, as far as they are known; None in a conversation of several people."""
    return await bot.directory.find(recipient.mail) if isinstance(recipient, ToPerson) else None
