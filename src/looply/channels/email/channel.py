"""The channel: brings cards to people as mails.

The connection is read for each copy, so that a corrected one is used at once.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from looply.channels.breaker import Breaker
from looply.channels.email.budget import BUDGET
from looply.channels.email.outlets import KINDS, MailResources, Outlet, open_outlet
from looply.channels.outcomes import Missed, delivery_error, require_usable
from looply.connectors.blobs import Blob
from looply.connectors.email.cards.delivery import Failure, MailDelivery, Undelivered
from looply.connectors.email.cards.letters import Appearance, Handle, read_handle
from looply.connectors.email.cards.letters import Copy as MailCopy
from looply.engine.ports.blob_rows import BlobReader
from looply.engine.ports.card_channel import Broken, Budget, Copy, Delivered, TryAgain
from looply.errors import BadInput, StoreCorrupt
from looply.execution.approvals.card_view import CardView
from looply.execution.facts.values.approval_terms import is_same_person
from looply.jsontext import Json

_log = structlog.get_logger(__name__)

NAME: Final = "email"
"""The name that `channel` of a step has."""
_DELIVERY_TIME: Final = timedelta(seconds=30)
"""The time of one mail: shorter than the call, so that its end says whether the mail was sent."""
_WITHOUT_LINK: Final = timedelta(minutes=1)


class EmailChannel:
    """See `looply.engine.ports.card_channel.CardChannel`.

    `link` returns the address of a card's page, empty while this process knows no address of its own. `blobs` are
    those that images of cards may be.
    """

    def __init__(self, resources: MailResources, link: Callable[[str], str], blobs: BlobReader) -> None:
        self._resources = resources
        self._blobs = blobs
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
        require_usable(self._breaker, outlet.used, self._resources.clock.now())

        async def open_blob(reference: Json) -> Blob | None:
            return await self._open_blob(copy, reference)

        delivery = MailDelivery(account=outlet.account, limits=self._resources.limits, open_blob=open_blob)
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
            missed, now = classify_failure(error.failure), self._resources.clock.now()
            raise delivery_error(missed, self._breaker, outlet.used, now) from error
        self._breaker.release(outlet.used)
        return Delivered(handle=after.text or "{}")

    async def _open_blob(self, copy: Copy, reference: Json) -> Blob | None:
        """Returns a blob of the execution; None also for one that is damaged, since the card must arrive without it."""
        try:
            return await self._blobs.find(copy.execution_id, copy.organization_id, reference)
        except StoreCorrupt as error:
            _log.exception("image_not_sent", card_id=copy.card_id, execution_id=copy.execution_id, error=error.message)
            return None

    async def _open(self, copy: Copy) -> Outlet:
        values = await self._resources.connections.find_for_channel(copy.organization_id, copy.app, KINDS)
        return open_outlet(self._resources, copy.organization_id, values, _DELIVERY_TIME, "the channel email")


def classify_failure(failure: Failure) -> Missed:
    """Returns what became of the mail of a copy."""
    text = f"mail: {failure.code} {failure.status}".rstrip()
    return Missed(meaning=failure.meaning, code=failure.code, text=text, after=failure.after)


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
