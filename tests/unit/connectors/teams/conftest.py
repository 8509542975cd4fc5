"""The simulator of Microsoft's side, and everything that calls it."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from kit.servers.teams_server import running_teams
from looply.connectors.port import ConnectionValues, HttpSender
from looply.connectors.teams.calls.bot import BotClient
from looply.connectors.teams.calls.delivery import Delivery
from looply.connectors.teams.calls.graph import GraphClient
from looply.connectors.teams.calls.pacing import Pacer
from looply.connectors.teams.calls.people import Person, merge
from looply.connectors.teams.calls.settings import Account, account_of
from looply.demo.teams.activities import Activities
from looply.demo.teams.simulator import SECRET, TeamsSimulator
from looply.testing.clock import FakeClock


class FakeDirectory:
    """A directory in memory."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.aliases: dict[str, str] = {}

    async def find(self, mail: str) -> Person | None:
        known = self.aliases.get(mail)
        return next((each for each in self.people.values() if mail in (each.mail, each.upn) or each.id == known), None)

    async def keep(self, person: Person, alias: str = "") -> Person:
        self.people[person.id] = merge(self.people.get(person.id), person)
        if alias:
            self.aliases[alias] = person.id
        return self.people[person.id]


@pytest_asyncio.fixture
async def teams() -> AsyncIterator[TeamsSimulator]:
    async with running_teams() as simulator:
        yield simulator


@pytest.fixture
def activities(teams: TeamsSimulator, clock: FakeClock) -> Activities:
    return Activities(teams, clock.now)


@pytest.fixture
def account_for(teams: TeamsSimulator) -> Callable[..., Account]:
    def build(secret: str = SECRET, **changes: Any) -> Account:
        values = ConnectionValues(
            name="T", kind="teams", settings=teams.settings(**changes), secrets={"client_secret": secret}
        )
        return account_of(values)

    return build


@pytest.fixture
def account(account_for: Callable[..., Account]) -> Account:
    return account_for()


@pytest.fixture
def caller(wiring: Any, open_client: Any) -> Any:
    wiring.use(open_client())
    return wiring.context()


@pytest.fixture
def sender(open_client: Any) -> Callable[[timedelta], HttpSender]:
    client = open_client()

    def build(timeout: timedelta) -> HttpSender:
        found: HttpSender = client.sender(timeout)
        return found

    return build


@pytest.fixture
def bot(caller: Any, account: Account) -> BotClient:
    return BotClient(caller, account)


@pytest.fixture
def graph(caller: Any, account: Account) -> GraphClient:
    return GraphClient(caller, account)


@pytest.fixture
def directory() -> FakeDirectory:
    return FakeDirectory()


@pytest.fixture
def deliver(caller: Any, directory: FakeDirectory) -> Callable[[Account], Delivery]:
    pacer = Pacer()

    def build(account: Account) -> Delivery:
        return Delivery(
            account=account,
            bot=BotClient(caller, account),
            graph=GraphClient(caller, account),
            directory=directory,
            pacer=pacer,
            clock=caller.clock,
        )

    return build
