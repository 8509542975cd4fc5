"""Brings one card to its recipient: finds the person, opens the conversation, sends or updates.

Each part that succeeded is noted in the directory or in the handle, so that a later call does not repeat it. Nothing
waits here: without room in the pace of Teams the call ends as `throttled`, and is made again later.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol, TypeVar, assert_never

import msgspec

from looply.clock import Clock
from looply.connectors.teams.calls.answers import Failure, Undelivered
from looply.connectors.teams.calls.bot import BotClient
from looply.connectors.teams.calls.graph import GraphClient
from looply.connectors.teams.calls.messages import Handle
from looply.connectors.teams.calls.pacing import Pacer
from looply.connectors.teams.calls.people import Checked, Person, Recipient, ToChannel, ToChat, ToPerson
from looply.connectors.teams.calls.settings import Account
from looply.jsontext import Json

Result = TypeVar("Result")

NOT_FOUND: Final = "PersonNotFound"
"""Why a person cannot be reached whom neither the directory nor Graph has."""
NOT_IN_CATALOG: Final = "AppNotInCatalog"
"""Why an app cannot be installed for any person: the organization's catalog does not have it."""
_OWN_PACE: Final = "OwnPace"
_BLOCKING: Final = frozenset({"blocked", "not_installed"})


class Directory(Protocol):
    """What is known of people, of one organization and one connection. What was kept is durable when it returns."""

    async def find(self, mail: str) -> Person | None:
        """Returns the person of an address (mail, user principal name or alias, in lower case), None without one."""
        ...

    async def keep(self, person: Person, alias: str = "") -> Person:
        """Stores and returns what is known of a person, by `merge` with what was known of the same id.

        `alias` is a further address by which the person is found from then on.
        """
        ...


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a recipient is to see. `small` is sent in the place of a message that is too large.

    `is_due`: the card is to be seen, so that one which no message shows is sent; others are updated where they are
    look. `reminders` counts them: a higher number than that of the handle is sent as a new message, because an update
    notifies no person.
    """

    message: dict[str, Json]
    small: dict[str, Json]
    is_due: bool = True
    reminders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Brings cards of one account. `pacer` is shared by all of the process.

    `lane`: what is no card has a pace of its own, so that a pause that is asked for there holds no card.
    """

    account: Account
    bot: BotClient
    graph: GraphClient
    directory: Directory
    pacer: Pacer
    clock: Clock
    lane: str = ""

    async def bring(self, recipient: Recipient, handle: Handle, look: Look) -> Handle:
        """Returns the handle of a card after its messages show it as it is to be seen.

        Guarantees: calling it again with the handle that it returned sends no further message, unless the one that is
        due was deleted.
        Raises: Undelivered; `unknown` when a new message may have been sent, with whose id nothing is known.
        """
        left = [each for each in handle.activities if await self._update(handle, each, look)]
        kept = msgspec.structs.replace(handle, activities=tuple(left))
        if not look.is_due or (left and look.reminders <= handle.reminders):
            return kept
        sent = await self._send(recipient, kept, look)
        return msgspec.structs.replace(sent, reminders=look.reminders)

    async def _update(self, handle: Handle, activity: str, look: Look) -> bool:
        """Updates one message; returns False when it was deleted, or its conversation was."""

        async def put(message: dict[str, Json]) -> None:
            await self.bot.update(handle.service_url, handle.conversation, activity, message)

        try:
            await self.within_pace(handle.conversation, lambda: _fitting(put, look))
        except Undelivered as error:
            if error.failure.meaning not in ("gone", "no_conversation"):
                raise
            return False
        return True

    async def _send(self, recipient: Recipient, handle: Handle, look: Look) -> Handle:
        match recipient:
            case ToPerson(mail=mail):
                return await self._send_to_person(await self._person(mail), handle, look)
            case ToChannel(id=channel):
                return await self._send_to_channel(channel, handle, look)
            case ToChat(id=chat):
                return await self._send_to_chat(chat, handle, look)
            case _:
                assert_never(recipient)

    async def find_person(self, mail: str) -> Person | None:
        """Returns the person of an address, None without one. Raises: Undelivered."""
        known = await self.directory.find(mail)
        if known is None and self.account.has_graph:
            found = await self.within_pace("", lambda: self.graph.find_user(mail))
            known = None if found is None else await self.directory.keep(found, mail)
        return known

    async def _person(self, mail: str) -> Person:
        known = await self.find_person(mail)
        if known is None:
            raise Undelivered(Failure(meaning="blocked", code=NOT_FOUND))
        if known.state == "blocked":
            raise Undelivered(Failure(meaning="blocked", code=known.reason or "Blocked"))
        return known

    async def _send_to_person(self, person: Person, handle: Handle, look: Look) -> Handle:
        try:
            return await self._try_person(person, handle, look)
        except Undelivered as error:
            if error.failure.meaning != "not_installed" or not self.account.has_graph:
                await self._note_blocked(person, error.failure)
                raise
        try:
            app = await self.find_catalog_app()
            await self.within_pace("", lambda: self.graph.install_for(person.id, app))
            checked = Checked(on=self.clock.now(), is_installed=True)
            installed = await self.directory.keep(Person(id=person.id, checked=checked))
            return await self._try_person(installed, handle, look)
        except Undelivered as error:
            await self._note_blocked(person, error.failure)
            raise

    async def _try_person(self, person: Person, handle: Handle, look: Look) -> Handle:
        """Sends to a person; in another cloud, or in a new conversation, when the first answer says so."""
        reached = await self._with_conversation(person)
        try:
            return await self._send_into(reached.service_url, reached.conversation, handle, look)
        except Undelivered as error:
            if error.failure.meaning == "elsewhere":
                reached = await self._move(reached)
            elif error.failure.meaning == "no_conversation" and person.conversation:
                reached = await self._with_conversation(msgspec.structs.replace(reached, conversation=""))
            else:
                raise
        return await self._send_into(reached.service_url, reached.conversation, handle, look)

    async def _with_conversation(self, person: Person) -> Person:
        if person.conversation and person.service_url:
            return person
        service = person.service_url or self.account.places.service
        member = person.mri or person.id
        opened = await self.within_pace("", lambda: self.bot.open_conversation(service, member))
        reached = msgspec.structs.replace(person, conversation=opened, service_url=service, lost="")
        return await self.directory.keep(reached)

    async def _move(self, person: Person) -> Person:
        """Takes the next address of the cloud's Bot Connectors."""
        services = [each for each in self.account.places.services if not person.service_url.startswith(each)]
        if not services:
            raise Undelivered(Failure(meaning="broken", code="InvalidBotApiHost"))
        return await self.directory.keep(msgspec.structs.replace(person, service_url=f"{services[0]}/teams"))

    async def find_catalog_app(self) -> str:
        """Returns the id of the app in the catalog of the organization. Raises: Undelivered (`AppNotInCatalog`)."""
        app = self.account.catalog_app_id or await self.within_pace(
            "", lambda: self.graph.find_catalog_app(self.account.app_id)
        )
        if not app:
            raise Undelivered(Failure(meaning="not_installed", code=NOT_IN_CATALOG))
        return app

    async def _note_blocked(self, person: Person, failure: Failure) -> None:
        if failure.meaning in _BLOCKING:
            await self.directory.keep(
                Person(id=person.id, state="blocked", reason=failure.code, seen_on=self.clock.now())
            )

    async def _send_to_chat(self, chat: str, handle: Handle, look: Look) -> Handle:
        service = handle.service_url or self.account.places.service
        try:
            return await self._send_into(service, chat, handle, look)
        except Undelivered as error:
            if error.failure.meaning != "not_installed" or not self.account.has_graph:
                raise
        app = await self.find_catalog_app()
        await self.within_pace("", lambda: self.graph.install_in_chat(chat, app))
        return await self._send_into(service, chat, handle, look)

    async def _send_to_channel(self, channel: str, handle: Handle, look: Look) -> Handle:
        service = handle.service_url or self.account.places.service
        if handle.conversation:
            return await self._send_into(service, handle.conversation, handle, look)
        began = await self.within_pace(
            channel,
            lambda: _fitting(lambda message: self.bot.begin_thread(service, channel, message), look),
        )
        return Handle(service_url=service, conversation=began.id, activities=(began.activity_id,))

    async def _send_into(self, service: str, conversation: str, handle: Handle, look: Look) -> Handle:
        sent = await self.within_pace(
            conversation,
            lambda: _fitting(lambda message: self.bot.send(service, conversation, message), look),
        )
        before = handle.activities if handle.conversation in ("", conversation) else ()
        return Handle(service_url=service, conversation=conversation, activities=(*before, sent))

    async def within_pace(self, conversation: str, call: Callable[[], Awaitable[Result]]) -> Result:
        """Makes a call within the pace of Teams. Raises: Undelivered (`throttled`) before it when there is no room."""
        bot = f"{self.lane}{self.account.tenant_id}/{self.account.app_id}"
        if wait := self.pacer.take(bot, conversation, self.clock.monotonic()):
            after = timedelta(seconds=wait)
            raise Undelivered(Failure(meaning="throttled", code=_OWN_PACE, after=after))
        try:
            return await call()
        except Undelivered as error:
            if error.failure.meaning == "throttled":
                until = self.clock.monotonic() + error.failure.after.total_seconds()
                self.pacer.hold(bot, conversation, until)
            raise


async def _fitting(send: Callable[[dict[str, Json]], Awaitable[Result]], look: Look) -> Result:
    """Sends a message, or the small one in its place when it is too large."""
    try:
        return await send(look.message)
    except Undelivered as error:
        if error.failure.meaning != "too_large":
            raise
        return await send(look.small)
