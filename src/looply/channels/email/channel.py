"""The channel: brings cards to people as mails.

The connection is read for each copy, so that a corrected one is used at once.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, assert_never

from looply.channels.breaker import Breaker
from looply.channels.email.budget import BUDGET
from looply.channels.email.outlets import KINDS, MailResources, Outlet, open_outlet
from looply.connectors.email.cards.delivery import Failure, MailDelivery, Undelivered
from looply.connectors.email.cards.letters import Appearance, Handle, read_handle
from looply.connectors.email.cards.letters import Copy as MailCopy
from looply.engine.ports.card_channel import Blocked, Broken, Budget, Copy, Delivered, TryAgain, Unknown
from looply.errors import BadInput, OperationError, Unavailable
from looply.execution.approvals.card_view import CardView
from looply.execution.facts.values.approval_terms import is_same_person

NAME: Final = "email"
"""The name that `channel` of a step has."""
_WITHIN: Final = timedelta(seconds=30)
"""The time of one mail: shorter than the call, so that its end says whether the mail was sent."""
_SHORTEST: Final = timedelta(seconds=1)
_WITHOUT_LINK: Final = timedelta(minutes=1)


class EmailChannel:
    """See `looply.engine.ports.card_channel.CardChannel`.

    `link` returns the address of a card's page, empty while this process knows no address of its own.
    """

    def __init__(self, resources: MailResources, link: Callable[[str], str]) -> None:
        self._resources = resources
        self._link = link
        self._breaker = Breaker(NAME)

    @property
    def budget(self) -> Budget:
        """What one process may ask of mail servers."""
        return BUDGET

    async def bring(self, copy: Copy, view: CardView) -> Delivered:
        """See `CardChannel.bring`. A connection that is missing or of another kind is an outage until it is there."""
        handle, link = _read(copy.handle), self._link(copy.token)
        if not link:
            raise TryAgain(_WITHOUT_LINK, "a mail needs the address of this installation; set `public_url`")
        outlet = await self._open(copy)
        if wait := self._breaker.wait(outlet.used, self._resources.clock.now()):
            raise TryAgain(wait, f"the connection {outlet.used.connection} cannot be used")
        delivery = MailDelivery(account=outlet.account, limits=self._resources.limits)
        mail = MailCopy(
            card_id=copy.card_id,
            recipient=view.recipient,
            link=link,
            language=outlet.account.language,
            notifies_end=True,
        )
        try:
            after = await delivery.bring(outlet.calls, mail, appearance_of(view), handle)
        except Undelivered as error:
            raise self._outcome(outlet, error.failure) from error
        self._breaker.release(outlet.used)
        return Delivered(handle=after.text or "{}")

    async def _open(self, copy: Copy) -> Outlet:
        values = await self._resources.connections.find_for_channel(copy.organization_id, copy.app, KINDS)
        return open_outlet(self._resources, copy.organization_id, values, _WITHIN, "the channel email")

    def _outcome(self, outlet: Outlet, failure: Failure) -> OperationError:
        """Returns what a mail that was not accepted is for the engine."""
        text = f"mail: {failure.code} {failure.status}".rstrip()
        match failure.meaning:
            case "unusable":
                pause = self._breaker.hold(outlet.used, failure.code, self._resources.clock.now())
                return TryAgain(pause, f"the connection {outlet.used.connection} cannot be used: {failure.code}")
            case "throttled":
                return TryAgain(max(failure.after, _SHORTEST), text)
            case "again":
                # Without a time of the server the engine's own pauses grow.
                return TryAgain(failure.after, text) if failure.after else Unavailable(text)
            case "blocked":
                return Blocked(text)
            case "unknown":
                return Unknown(text)
            case "broken":
                return Broken(text)
            case _:
                assert_never(failure.meaning)


def appearance_of(view: CardView) -> Appearance:
    """Returns a card as the mails of its copy are to say it."""
    has_answered = view.status == "ANSWERED" and is_same_person(view.who, view.recipient)
    return Appearance(
        status=view.status,
        card=view.card,
        revision=view.revision,
        reminder=view.reminder,
        text=view.text,
        has_answered=has_answered,
    )


def _read(text: str) -> Handle:
    try:
        return read_handle(text)
    except BadInput as error:
        raise Broken(error.message) from error
