"""Receivers of other distributions: what was sent is verified by the rules of its system, and the rest is ours.

A receiver says who sent something, what a press of a button says, and in which form its system is answered. Which card
that is, whether the person may answer it, and that a repetition changes nothing, is decided here and by the engine.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from looply.app.context.services import Received, Services
from looply.app.executions import sent_cards
from looply.app.executions.sent_cards import Sender
from looply.channels.installed import is_sound
from looply.channels.port import DeclaredReceiver, Inbound, NotGenuine, Outcome, Pressed, ReceiverReply
from looply.channels.replays import ReplayWindow
from looply.channels.resources import ChannelResources
from looply.connectors.foreign import ConnectorDefect, guard_foreign
from looply.connectors.port import ConnectionValues
from looply.errors import EngineError, NotFound, Overloaded
from looply.execution.facts import commands
from looply.execution.facts.values.actor import Actor
from looply.jsontext import encode_json, parse_json

_log = structlog.get_logger(__name__)

DEADLINE_SECONDS: Final = 8.0
"""Within so many seconds a sender is answered; what is decided later is shown by the card."""
MAX_WINDOW: Final = timedelta(hours=1)
"""The longest time for which a receiver may take the same message."""
MAX_REPLY_BYTES: Final = 64 * 1024
_MOST_REASON: Final = 200
"""The most characters of a reason in the log: it may repeat what was sent, which is not verified."""
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}(; ?charset=[\w-]{1,20})?", re.ASCII)
_STATUSES: Final = range(200, 600)
_NO_CARD: Final = Outcome(state="refused", message="this connection has brought no such card, or it has ended")
_LATER: Final = Outcome(state="busy", message="the answer could not be recorded yet; send it again")
_NOT_KEPT: Final = Outcome(
    state="refused", message="it was sent before, and is not taken again; the card shows what became of it"
)


class SignedReceiver:
    """See `looply.app.context.services.Receiver`. A bug of its distribution's code fails that call only."""

    def __init__(self, name: str, declared: DeclaredReceiver, resources: ChannelResources) -> None:
        self._name = name
        self._declared = declared
        self._resources = resources
        self._window: ReplayWindow[Outcome] = ReplayWindow(resources.clock)
        self._headers = tuple(each.lower().encode("ascii") for each in declared.headers)

    @property
    def headers(self) -> tuple[bytes, ...]:
        """The names of the headers that it reads."""
        return self._headers

    async def check(self, connection_id: str) -> None:
        """Raises: NotFound when there is no such connection, or it is of another kind."""
        await self._resources.find_receiving(connection_id, self._declared.kind)

    async def receive(
        self, services: Services, connection_id: str, headers: Mapping[str, str], content: bytes
    ) -> Received:
        """See `Receiver.receive`. Raises also: RuntimeError for a bug of the receiver, which is in the log."""
        organization_id, values = await self._resources.find_receiving(connection_id, self._declared.kind)
        try:
            return await self._take(services, organization_id, values, Inbound(headers=headers, content=content))
        except ConnectorDefect as error:
            raise RuntimeError(f"the receiver of the channel {self._name} broke") from error

    async def _take(
        self, services: Services, organization_id: str, values: ConnectionValues, sent: Inbound
    ) -> Received:
        try:
            until = self._verify(sent, values)
        except NotGenuine as error:
            reason = str(error)[:_MOST_REASON]
            _log.warning("message_refused", organization_id=organization_id, channel=self._name, reason=reason)
            return Received(status=403, body={})
        pressed = self._read(sent)
        if pressed is None:
            return self._reply(None)
        digest = _digest(organization_id, values.name, pressed, sent.content)

        async def carry_out() -> Outcome:
            return await self._carry_out(services, organization_id, values, pressed)

        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                work = self._window.once(digest, until, carry_out, lambda done: done is not _LATER, organization_id)
                outcome = await work
        except TimeoutError:
            return self._reply(_LATER)
        if outcome is None:
            _log.warning("message_repeated", organization_id=organization_id, channel=self._name)
        return self._reply(outcome or _NOT_KEPT)

    def _verify(self, sent: Inbound, values: ConnectionValues) -> datetime:
        """Returns until when what was sent would be taken. Raises: NotGenuine, ConnectorDefect."""
        now = self._resources.clock.now()
        with self._guarding(NotGenuine):
            until = self._declared.verify(sent, values, now)
            if not now <= until <= now + MAX_WINDOW:
                raise TypeError(f"`verify` returned {until}; expected an instant within {MAX_WINDOW} from {now}")
            return until

    def _read(self, sent: Inbound) -> Pressed | None:
        """Returns the answer in what was sent; its data as JSON of a request would be. Raises: BadRequest."""
        with self._guarding():
            pressed = self._declared.read(sent)
            if pressed is None:
                return None
            if not is_sound(pressed, Pressed) or "@" not in pressed.mail:
                raise TypeError("`read` must return a Pressed whose fields have their types and `mail` is an address")
            data = parse_json(encode_json(pressed.data))
            assert isinstance(data, dict)
            return msgspec.structs.replace(pressed, data=data)

    async def _carry_out(
        self, services: Services, organization_id: str, values: ConnectionValues, pressed: Pressed
    ) -> Outcome:
        """Records an answer. What it changes is durable when it returns."""
        try:
            return await self._submit(services, organization_id, values, pressed)
        except (Overloaded, EngineError):
            return _LATER

    async def _submit(
        self, services: Services, organization_id: str, values: ConnectionValues, pressed: Pressed
    ) -> Outcome:
        try:
            execution, card = await sent_cards.find_by_token(services, pressed.token)
        except NotFound:
            return _NO_CARD
        # Another connection has people of another system, whose addresses say nothing of the recipients of this card.
        is_own = execution.state.started.organization_id == organization_id and card.app in ("", values.name)
        if not is_own or card.channel != self._name:
            return _NO_CARD
        actor = Actor(kind="channel", user_id=pressed.mail, email=pressed.mail)
        sender = Sender(actor=actor, addresses=(pressed.mail,), via=self._name.upper())
        reply = await sent_cards.submit(
            services, execution, pressed.token, pressed.data, revision=pressed.revision, sender=sender
        )
        return _outcome_of(reply)

    def _reply(self, outcome: Outcome | None) -> Received:
        with self._guarding():
            reply = self._declared.reply(outcome)
            is_fit = is_sound(reply, ReceiverReply) and len(reply.content) <= MAX_REPLY_BYTES
            if not is_fit or reply.status not in _STATUSES or not _MEDIA_TYPE.fullmatch(reply.media_type):
                raise TypeError(
                    "`reply` must return a ReceiverReply with a status of 200 to 599, a media type, and at most "
                    f"{MAX_REPLY_BYTES} bytes"
                )
            return Received(status=reply.status, content=reply.content, media_type=reply.media_type)

    def _guarding(self, *passes: type[Exception]) -> AbstractContextManager[None]:
        """Turns bugs of the receiver's code into ConnectorDefect."""
        return guard_foreign("receiver_broke", passes=passes, channel=self._name)


def _digest(organization_id: str, connection: str, pressed: Pressed, content: bytes) -> bytes:
    """Returns by what a message is known again. `pressed` may be read from its headers too, `content` is its body."""
    read = [organization_id, connection, pressed.token, pressed.mail, pressed.revision, pressed.data]
    return hashlib.sha256(encode_json(read) + b"\0" + content).digest()


def _outcome_of(reply: commands.Reply) -> Outcome:
    match reply:
        case commands.Recorded():
            return Outcome(state="recorded")
        case commands.AlreadyAnswered(answered_by=who):
            return Outcome(state="answered", answered_by=who)
        case commands.Declined(message=message):
            return Outcome(state="refused", message=message)
        case commands.Unfit(problems=problems):
            return Outcome(state="refused", message=problems[0].message if problems else "")
        case _:
            return _NO_CARD
