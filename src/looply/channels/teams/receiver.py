"""The receiver: verified activities of Microsoft become news of people, and answers of cards."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never

import structlog

from looply.app.context.services import Received, Services
from looply.channels.replays import ReplayWindow
from looply.channels.teams.answers import answer, busy, refresh
from looply.channels.teams.bots import KIND, Bot, Resources, open_bot, open_sender
from looply.channels.teams.kept import KeptVerifiers, Verifying
from looply.channels.teams.looks import language_of
from looply.channels.teams.retrying import retry_cards
from looply.connectors.port import ConnectionValues, HttpSender
from looply.connectors.teams.calls.answers import Undelivered
from looply.connectors.teams.calls.people import Person
from looply.connectors.teams.calls.settings import account_of
from looply.connectors.teams.inbound.activities import (
    Installed,
    Joined,
    Left,
    Other,
    Refreshed,
    Removed,
    Submitted,
    TeamsEvent,
    Wrote,
)
from looply.connectors.teams.inbound.directory import lists_members, people_of, people_of_members
from looply.connectors.teams.inbound.keys import KeyRing
from looply.connectors.teams.inbound.receiving import receive
from looply.connectors.teams.inbound.replies import (
    DEADLINE_SECONDS,
    DONE,
    NOT_VERIFIED,
    Reply,
    needs_card,
    reply_to_other,
)
from looply.connectors.teams.inbound.verifying import NotVerified, Verifier
from looply.engine.records.copies import Copies

_log = structlog.get_logger(__name__)

_DEADLINE: Final = timedelta(seconds=DEADLINE_SECONDS)
_AUTHORIZATION: Final = "authorization"


class TeamsReceiver:
    """See `looply.app.context.services.Receiver`."""

    def __init__(self, resources: Resources, copies: Copies) -> None:
        self._resources = resources
        self._copies = copies
        self._kept: KeptVerifiers[Verifier] = KeptVerifiers()
        self._window: ReplayWindow[Reply] = ReplayWindow(resources.clock)

    @property
    def headers(self) -> tuple[bytes, ...]:
        """The header with the token of the sender."""
        return (_AUTHORIZATION.encode(),)

    async def check(self, connection_id: str) -> None:
        """Raises: NotFound when there is no such connection, or it is of another kind."""
        await self._resources.find_receiving(connection_id, KIND)

    async def receive(
        self, services: Services, connection_id: str, headers: Mapping[str, str], content: bytes
    ) -> Received:
        """See `Receiver.receive`. Answers within the time that Teams waits; the same bytes are carried out once."""
        organization_id, values = await self._resources.find_receiving(connection_id, KIND)
        verifier = await self._verifier(connection_id, organization_id, values)
        try:
            taken = await receive(verifier, headers.get(_AUTHORIZATION, ""), content)
        except NotVerified as error:
            _log.warning("activity_refused", organization_id=organization_id, reason=error.reason)
            return _received(NOT_VERIFIED)
        bot, event = open_bot(self._resources, organization_id, values, _DEADLINE), taken.event
        digest = hashlib.sha256(connection_id.lower().encode() + b"\0" + content).digest()

        def is_settled(reply: Reply) -> bool:
            return reply.is_settled

        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                work = self._window.once(digest, taken.until, lambda: self._handle(services, bot, event), is_settled)
                reply = await work
        except TimeoutError:
            # What is decided by then is shown by the next refresh, or when the card is updated.
            return _received(busy("TIMEOUT", language_of(None)) if needs_card(event) else DONE)
        if reply is None:
            _log.warning("activity_repeated", organization_id=organization_id)
            return _received(NOT_VERIFIED if needs_card(event) else DONE)
        return _received(reply)

    async def close(self) -> None:
        """Ends the reads of keys that run; closing twice is legal."""
        await self._kept.close()

    async def _verifier(self, connection_id: str, organization_id: str, values: ConnectionValues) -> Verifier:
        def sender(within: timedelta) -> HttpSender:
            return open_sender(self._resources, organization_id, values, within)

        def build() -> Verifying[Verifier]:
            account = account_of(values)
            keys = KeyRing(account.places.openid, sender, self._resources.clock, account.route)
            return Verifying(Verifier(account, keys, self._resources.clock), keys)

        return await self._kept.get(connection_id, values.revision, build)

    async def _handle(self, services: Services, bot: Bot, event: TeamsEvent) -> Reply:
        now = self._resources.clock.now()
        reached = await self._note_people(bot, people_of(event, now), is_new=isinstance(event, Installed))
        if lists_members(event):
            reached = (*reached, *await self._note_members(bot, event, now))
        await retry_cards(services.engine, self._copies, bot, [person.id for person in reached], now)
        match event:
            case Submitted():
                reply = await answer(services, self._copies, bot, event, now)
                return reply if event.wants_card else DONE
            case Refreshed():
                return await refresh(services, self._copies, bot, event, now)
            case Other():
                return reply_to_other(event)
            case Installed() | Removed() | Joined() | Left() | Wrote():
                return DONE
            case _:
                assert_never(event)

    async def _note_people(self, bot: Bot, people: Sequence[Person], *, is_new: bool = False) -> tuple[Person, ...]:
        """Notes news of people, and returns those whom the bot can reach since then."""
        reached = []
        for person in people:
            before = await bot.directory.find_by_id(person.id)
            after = await bot.directory.keep(person)
            was_reachable = before is not None and before.state == "reachable" and not is_new
            if after.state == "reachable" and not was_reachable:
                reached.append(after)
        return tuple(reached)

    async def _note_members(self, bot: Bot, event: TeamsEvent, now: datetime) -> tuple[Person, ...]:
        """Notes who is in the conversation of an event, with their addresses, which only lists of members have."""
        assert not isinstance(event, Other)
        place = event.place
        try:
            members = await bot.client.members(place.service_url, place.root)
        except Undelivered as error:
            _log.warning("teams_members_not_read", organization_id=bot.organization_id, code=error.failure.code)
            return ()
        kept = [await bot.directory.keep(person) for person in people_of_members(members, place.service_url, now)]
        return tuple(person for person in kept if place.is_personal and person.state == "reachable")


def _received(reply: Reply) -> Received:
    return Received(status=reply.status, body=reply.body)
