"""The check of one person, against the simulator."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from looply.channels.teams.health import status_of
from looply.connectors.teams.calls.delivery import NOT_FOUND, Delivery
from looply.connectors.teams.calls.people import REMOVED, Person
from looply.connectors.teams.calls.person_check import check_person
from looply.connectors.teams.calls.settings import Account
from looply.demo.teams.graph import INSTALL
from looply.demo.teams.people import User
from looply.demo.teams.simulator import TeamsSimulator
from looply.demo.teams.wire import error

Check = Callable[[Person], Any]


@pytest.fixture
def events(deliver: Callable[[Account], Delivery], account: Account) -> Delivery:
    return deliver(account)


@pytest.fixture
def by_graph(deliver: Callable[[Account], Delivery], account_for: Callable[..., Account]) -> Delivery:
    return deliver(account_for(people="graph"))


@pytest.fixture
def anna(teams: TeamsSimulator) -> User:
    return teams.world.add_user("Anna", "anna@contoso.test")


def in_chat(teams: TeamsSimulator, user: User, **known: Any) -> Person:
    """Returns what events said of a person, with whom the bot has a chat."""
    chat = teams.world.open_chat(user).id
    return Person(id=user.id, conversation=chat, service_url=teams.service_url, **known)


async def test_the_chat_brings_the_profile_and_nothing_is_sent(
    teams: TeamsSimulator, anna: User, events: Delivery
) -> None:
    found = await check_person(events, in_chat(teams, anna, state="reachable"))
    assert (found.name, found.mail, found.upn, found.mri) == ("Anna", anna.mail, anna.upn, anna.mri)
    assert status_of(found, events.clock.now()) == "HEALTHY"
    assert (teams.count("GET", "graph"), len(teams.world.messages)) == (0, 0)
    assert teams.count("POST", "v3/conversations") == 0


async def test_graph_brings_a_changed_profile_and_the_installation(
    teams: TeamsSimulator, anna: User, by_graph: Delivery
) -> None:
    anna.mail, anna.locale = "anna.new@contoso.test", "de-DE"
    found = await check_person(by_graph, in_chat(teams, anna, mail="anna@contoso.test"))
    assert (found.mail, found.locale) == ("anna.new@contoso.test", "de-DE")
    assert found.checked is not None
    assert (found.checked.is_installed, found.checked.failure) == (True, "")


async def test_without_a_chat_a_person_is_installed_not_installed_or_only_known(
    teams: TeamsSimulator, anna: User, by_graph: Delivery, events: Delivery
) -> None:
    now = by_graph.clock.now()
    assert status_of(await check_person(by_graph, Person(id=anna.id)), now) == "PROVISIONING"
    anna.is_installed = False
    assert status_of(await check_person(by_graph, Person(id=anna.id)), now) == "NOT_INSTALLED"
    bob = teams.world.add_user("Bob", "bob@contoso.test")
    assert status_of(await check_person(events, Person(id=bob.id)), now) == "NO_CONTEXT"


async def test_that_the_app_is_missing_keeps_no_card_from_a_person(
    teams: TeamsSimulator, anna: User, by_graph: Delivery, events: Delivery
) -> None:
    anna.is_installed = False
    for delivery in (by_graph, events):
        found = await check_person(delivery, in_chat(teams, anna))
        assert (status_of(found, delivery.clock.now()), found.state) == ("NOT_INSTALLED", "unknown")


async def test_a_chat_that_is_gone_is_stale(teams: TeamsSimulator, anna: User, events: Delivery) -> None:
    known = in_chat(teams, anna)
    del teams.world.conversations[known.conversation]
    assert status_of(await check_person(events, known), events.clock.now()) == "STALE_CONTEXT"


async def test_the_app_that_is_back_makes_a_person_reachable_and_a_block_stays(
    teams: TeamsSimulator, anna: User, events: Delivery
) -> None:
    before = events.clock.now() - timedelta(hours=1)
    for reason, status in ((REMOVED, "RECOVERED"), ("MessageWritesBlocked", "BLOCKED")):
        known = in_chat(teams, anna, state="blocked", reason=reason, seen_on=before)
        events.directory.people.clear()  # type: ignore[attr-defined]
        await events.directory.keep(known)
        assert status_of(await check_person(events, known), events.clock.now()) == status


async def test_a_chat_that_refuses_the_bot_blocks_the_person(
    teams: TeamsSimulator, anna: User, events: Delivery
) -> None:
    teams.fault = lambda request: error(403, "ConversationBlockedByUser") if "pagedmembers" in request.target else None
    found = await check_person(events, in_chat(teams, anna))
    assert (status_of(found, events.clock.now()), found.reason) == ("BLOCKED", "ConversationBlockedByUser")


async def test_a_check_that_ends_early_leaves_its_code_and_what_was_known(
    teams: TeamsSimulator, anna: User, by_graph: Delivery, events: Delivery
) -> None:
    known = await check_person(by_graph, await by_graph.directory.keep(in_chat(teams, anna)))
    teams.graph.rights.discard(INSTALL)
    found = await check_person(by_graph, known)
    assert found.checked is not None
    assert (found.checked.failure, found.checked.is_installed) == ("Authorization_RequestDenied", True)
    teams.fault = lambda request: error(502, "BadGateway") if "pagedmembers" in request.target else None
    broken = await check_person(events, known)
    assert broken.checked is not None
    assert broken.checked.failure == "BadGateway"


async def test_a_person_whom_the_tenant_no_longer_has_is_said(by_graph: Delivery) -> None:
    found = await check_person(by_graph, Person(id="00000000-0000-0000-0000-000000000099"))
    assert found.checked is not None
    assert (found.checked.failure, status_of(found, by_graph.clock.now())) == (NOT_FOUND, "FAILED")
