"""The bots of Teams as administrators see them: the app package, and whom they can reach."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

from looply.app.context.credentials import values_of
from looply.app.messages.bots import AppDraft, BotSetup, Chosen, Installed, Reach, ReachPage, ReachStatus
from looply.catalog.authored.connections import ResolvedConnection
from looply.channels.teams import installing
from looply.channels.teams.bots import KIND, Bot, Resources, open_bot, open_delivery
from looply.channels.teams.directory import MAX_READ, PAGE
from looply.channels.teams.health import reach_of
from looply.channels.teams.retrying import retry_cards
from looply.connectors.teams.calls.answers import Undelivered
from looply.connectors.teams.calls.people import Person
from looply.connectors.teams.calls.person_check import check_person
from looply.connectors.teams.calls.settings import TeamsConnectionSettings, account_of
from looply.engine.ports.port import Engine
from looply.engine.records.copies import Copies
from looply.errors import BadInput, Conflict, NotFound, Refused

_CALL_TIME: Final = timedelta(seconds=20)
"""The time of all requests of one check."""


class TeamsBots:
    """See `looply.app.messages.bots.Bots`."""

    def __init__(self, resources: Resources, copies: Copies) -> None:
        self._resources = resources
        self._copies = copies

    async def get_setup(self, organization_id: str, connection: str) -> BotSetup:
        """See `Bots.get_setup`."""
        found = await self._find(organization_id, connection)
        account = account_of(values_of(found, self._resources.registry))
        return BotSetup(
            app_id=account.app_id,
            tenant_id=account.tenant_id,
            connection_id=found.connection_id,
            people="graph" if account.has_graph else "events",
            consent_url=account.consent_url,
            admin_url=account.places.admin,
        )

    async def build_package(self, organization_id: str, connection: str, draft: AppDraft) -> bytes:
        """See `Bots.build_package`."""
        from looply.connectors.teams.packaging import archive  # noqa: PLC0415 - slow import: only building the app draws icons
        from looply.connectors.teams.packaging.manifest import App  # noqa: PLC0415 - slow import: only building the app needs its format

        found = await self._find(organization_id, connection)
        settings = values_of(found, self._resources.registry).read("teams", TeamsConnectionSettings, "Teams")
        app = App(
            app_id=settings.app_id,
            public_url=draft.public_url,
            version=draft.version,
            connection_id=found.connection_id if draft.has_tab else "",
            cloud=settings.cloud,
        )
        try:
            # To draw the icons takes a tenth of a second.
            return await asyncio.to_thread(archive.build_package, app)
        except BadInput as error:
            raise Refused.at("/public_url", error.message) from error

    async def list_people(
        self, organization_id: str, connection: str, statuses: Collection[ReachStatus], limit: int, after: str
    ) -> ReachPage:
        """See `Bots.list_people`."""
        bot, now = await self._open(organization_id, connection), self._resources.clock.now()
        found: list[Reach] = []
        read = 0
        while read < MAX_READ:
            page = await bot.directory.list_page(max(limit, PAGE) if statuses else limit, after)
            for person in page.items:
                read, after, reach = read + 1, person.id, reach_of(person, now)
                if not statuses or reach.status in statuses:
                    found.append(reach)
                if len(found) == limit:
                    is_last = not page.has_more and person is page.items[-1]
                    return ReachPage(items=tuple(found), after="" if is_last else after)
            if not page.has_more:
                return ReachPage(items=tuple(found), after="")
        return ReachPage(items=tuple(found), after=after)

    async def check(self, engine: Engine, organization_id: str, connection: str, person: str) -> Reach:
        """See `Bots.check`."""
        bot = await self._open(organization_id, connection)
        before = await self._person(bot, person)
        after = await check_person(open_delivery(self._resources, bot), before)
        now = self._resources.clock.now()
        if before.state == "blocked" and after.state == "reachable":
            await retry_cards(engine, self._copies, bot, (after.id,), now)
        return reach_of(after, now)

    async def choose(
        self, organization_id: str, connection: str, people: Sequence[str] | None, limit: int, after: str
    ) -> Chosen:
        """See `Bots.choose`."""
        bot = await self._open_for_installing(organization_id, connection)
        return await installing.choose(bot, self._resources, people, limit, after)

    async def install(
        self, engine: Engine, organization_id: str, connection: str, people: Sequence[str]
    ) -> Sequence[Installed]:
        """See `Bots.install`."""
        bot = await self._open_for_installing(organization_id, connection)
        return await installing.install(bot, self._resources, engine, self._copies, people)

    async def _open_for_installing(self, organization_id: str, connection: str) -> Bot:
        bot = await self._open(organization_id, connection)
        if not bot.account.has_graph:
            finding = f"is {connection}, which knows people by events alone; set its `people` to graph to install"
            raise Refused.at("/name", finding)
        return bot

    async def _person(self, bot: Bot, person: str) -> Person:
        """Returns a person by id or address; one by address may be news. Raises: NotFound; Conflict."""
        address = person.strip().casefold()
        if "@" not in address:
            found = await bot.directory.find_by_id(address)
        else:
            try:
                found = await open_delivery(self._resources, bot).find_person(address)
            except Undelivered as error:
                message = (
                    f"Microsoft was asked for {address[:100]}, and did not answer as expected: {error.failure.code}"
                )
                raise Conflict(message, code="NOT_DISCOVERED") from error
        if found is None:
            hint = "nor has Graph" if bot.account.has_graph else "people are known once they have installed the app"
            message = f"the directory of {bot.account.name} has no person {person[:100]!r}; {hint}"
            raise NotFound(message, code="PERSON_NOT_FOUND")
        return found

    async def _open(self, organization_id: str, connection: str) -> Bot:
        found = await self._find(organization_id, connection)
        return open_bot(self._resources, organization_id, values_of(found, self._resources.registry), _CALL_TIME)

    async def _find(self, organization_id: str, connection: str) -> ResolvedConnection:
        found = await self._resources.catalog.connections.resolve(organization_id, connection)
        if found.kind != KIND:
            message = f"the connection {found.name} is of kind {found.kind}, expected {KIND}"
            raise NotFound(message, code="CONNECTION_NOT_FOUND")
        return found
