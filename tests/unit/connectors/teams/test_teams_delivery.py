"""One card on its way to its recipient, against the simulator: what is repeated, what is not, and what is kept."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from looply.connectors.teams.calls.answers import Failure, Undelivered
from looply.connectors.teams.calls.delivery import Delivery, Look
from looply.connectors.teams.calls.messages import MOST_BYTES, Handle, card_message, with_found
from looply.connectors.teams.calls.people import Person, Recipient, ToChannel, ToChat, ToPerson
from looply.connectors.teams.calls.settings import Account
from looply.demo.teams.simulator import TeamsSimulator
from looply.demo.teams.wire import Reply, Request, error

ANNA = ToPerson("anna@contoso.test")


def shown(text: str = "open", **switches: Any) -> Look:
    def message(words: str) -> dict[str, Any]:
        card = {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": words}]}
        return card_message(card, "Order 4711", alerts=True)

    return Look(message=message(text), small=message("too large"), **switches)


def texts(teams: TeamsSimulator) -> list[str]:
    return [each.card["body"][0]["text"] for each in teams.world.visible()]


async def failure_of(delivery: Delivery, to: Recipient = ANNA, handle: Handle | None = None) -> Failure:
    with pytest.raises(Undelivered) as caught:
        await delivery.bring(to, handle or Handle(), shown())
    return caught.value.failure


@pytest.fixture
def delivery(deliver: Callable[[Account], Delivery], account: Account) -> Delivery:
    return deliver(account)


@pytest.fixture
def with_graph(deliver: Callable[[Account], Delivery], account_for: Callable[..., Account]) -> Delivery:
    return deliver(account_for(people="graph"))


async def know(directory: Any, user: Any, **values: Any) -> None:
    await directory.keep(Person(id=user.id, mail=user.mail, mri=user.mri, **values))


async def test_a_card_is_sent_once_and_changed_where_it_is(
    teams: TeamsSimulator, delivery: Delivery, directory: Any
) -> None:
    await know(directory, teams.world.add_user("Anna", "anna@contoso.test"))
    handle = await delivery.bring(ANNA, Handle(), shown("open"))
    assert texts(teams) == ["open"]
    assert await delivery.bring(ANNA, handle, shown("open")) == handle
    assert await delivery.bring(ANNA, handle, shown("answered", is_due=False)) == handle
    assert texts(teams) == ["answered"]
    assert teams.count("POST", "activities") == 1


async def test_a_person_who_is_not_known_is_found_installed_and_kept(
    teams: TeamsSimulator, with_graph: Delivery, directory: Any
) -> None:
    anna = teams.world.add_user("Anna", "anna.new@contoso.test", aliases=["anna@contoso.test"], is_installed=False)
    await with_graph.bring(ANNA, Handle(), shown())
    assert (texts(teams), anna.is_installed) == (["open"], True)
    known = await directory.find("anna@contoso.test")
    assert known is not None
    assert (known.id, known.conversation, known.service_url) == (anna.id, f"a:{anna.id}", teams.service_url)
    before = len(teams.requests)
    await with_graph.bring(ANNA, Handle(), shown("another"))
    assert len(teams.requests) == before + 1, "a known person costs one call"


async def test_without_graph_a_person_who_is_not_known_cannot_be_reached(
    teams: TeamsSimulator, delivery: Delivery
) -> None:
    teams.world.add_user("Anna", "anna@contoso.test")
    assert await failure_of(delivery) == Failure(meaning="blocked", code="PersonNotFound")
    assert teams.requests == []


async def test_a_person_who_has_blocked_the_bot_is_asked_no_more_until_an_event_of_theirs(
    teams: TeamsSimulator, delivery: Delivery, directory: Any
) -> None:
    anna = teams.world.add_user("Anna", "anna@contoso.test", is_blocked=True)
    await know(directory, anna)
    assert (await failure_of(delivery)).code == "MessageWritesBlocked"
    before = len(teams.requests)
    assert await failure_of(delivery) == Failure(meaning="blocked", code="MessageWritesBlocked")
    assert len(teams.requests) == before
    anna.is_blocked = False
    await know(directory, anna, state="reachable", seen_on=delivery.clock.now() + timedelta(seconds=1))
    await delivery.bring(ANNA, Handle(), shown())
    assert texts(teams) == ["open"]


async def test_an_app_that_is_not_installed_and_not_in_the_catalog_blocks(
    teams: TeamsSimulator, with_graph: Delivery, directory: Any
) -> None:
    teams.graph.catalog.clear()
    await know(directory, teams.world.add_user("Anna", "anna@contoso.test", is_installed=False))
    assert (await failure_of(with_graph)).code == "AppNotInCatalog"
    assert (await failure_of(with_graph)).meaning == "blocked"


async def test_a_message_that_was_deleted_is_sent_again_while_it_is_due_and_left_when_it_is_not(
    teams: TeamsSimulator, delivery: Delivery, directory: Any
) -> None:
    await know(directory, teams.world.add_user("Anna", "anna@contoso.test"))
    handle = await delivery.bring(ANNA, Handle(), shown())
    teams.world.messages[handle.activities[0]].is_deleted = True
    again = await delivery.bring(ANNA, handle, shown("open again"))
    assert (texts(teams), again.activities != handle.activities) == (["open again"], True)
    teams.world.messages[again.activities[0]].is_deleted = True
    left = await delivery.bring(ANNA, again, shown("answered", is_due=False))
    assert (texts(teams), left.activities) == ([], ())
    assert await delivery.bring(ANNA, Handle(), shown("answered", is_due=False)) == Handle()


async def test_a_conversation_that_is_gone_is_opened_again(
    teams: TeamsSimulator, delivery: Delivery, directory: Any
) -> None:
    anna = teams.world.add_user("Anna", "anna@contoso.test")
    await know(directory, anna, conversation="a:former", service_url=teams.service_url)
    handle = await delivery.bring(ANNA, Handle(), shown())
    assert (texts(teams), handle.conversation) == (["open"], f"a:{anna.id}")


async def test_a_reminder_is_a_new_message_once_and_both_show_what_follows(
    teams: TeamsSimulator, delivery: Delivery, directory: Any
) -> None:
    await know(directory, teams.world.add_user("Anna", "anna@contoso.test"))
    handle = await delivery.bring(ANNA, Handle(), shown())
    reminded = await delivery.bring(ANNA, handle, shown("reminder", reminders=1))
    assert await delivery.bring(ANNA, reminded, shown("reminder", reminders=1)) == reminded
    assert texts(teams) == ["reminder", "reminder"]
    await delivery.bring(ANNA, reminded, shown("answered", is_due=False, reminders=1))
    assert texts(teams) == ["answered", "answered"]


async def test_a_first_message_with_an_unknown_outcome_is_found_by_its_use_and_closed_with_its_double(
    teams: TeamsSimulator, delivery: Delivery, directory: Any
) -> None:
    anna = teams.world.add_user("Anna", "anna@contoso.test")
    await know(directory, anna)
    teams.fault_after = lambda request: Reply(is_cut=True) if "activities" in request.target else None
    assert (await failure_of(delivery)).meaning == "unknown"
    teams.fault_after = lambda _: None
    handle = await delivery.bring(ANNA, Handle(), shown())
    assert texts(teams) == ["open", "open"]
    lost = teams.world.visible()[0]
    known = with_found(handle, service_url=teams.service_url, conversation=lost.conversation, activity=lost.id)
    await delivery.bring(ANNA, known, shown("answered", is_due=False))
    assert texts(teams) == ["answered", "answered"]


async def test_a_card_that_is_too_large_is_sent_as_the_small_one(
    teams: TeamsSimulator, delivery: Delivery, directory: Any
) -> None:
    await know(directory, teams.world.add_user("Anna", "anna@contoso.test"))
    handle = await delivery.bring(ANNA, Handle(), shown("x" * MOST_BYTES))
    assert texts(teams) == ["too large"]
    await delivery.bring(ANNA, handle, shown("small enough"))
    await delivery.bring(ANNA, handle, shown("x" * MOST_BYTES))
    assert texts(teams) == ["too large"]


async def test_channels_get_a_thread_and_chats_a_message(teams: TeamsSimulator, delivery: Delivery) -> None:
    teams.world.add_conversation("19:buyers@thread.tacv2", "channel")
    teams.world.add_conversation("19:chat@thread.v2", "groupChat")
    thread = await delivery.bring(ToChannel("19:buyers@thread.tacv2"), Handle(), shown("in a channel"))
    chat = await delivery.bring(ToChat("19:chat@thread.v2"), Handle(), shown("in a chat"))
    assert texts(teams) == ["in a channel", "in a chat"]
    reminded = await delivery.bring(ToChannel("19:buyers@thread.tacv2"), thread, shown("now", reminders=1))
    assert (reminded.conversation, len(reminded.activities), chat.conversation) == (
        thread.conversation,
        2,
        "19:chat@thread.v2",
    )
    teams.world.add_conversation("19:other@thread.tacv2", "channel").has_bot = False
    assert (await failure_of(delivery, ToChannel("19:other@thread.tacv2"))).meaning == "not_installed"


async def test_the_app_is_installed_in_a_group_chat_that_does_not_have_it(
    teams: TeamsSimulator, with_graph: Delivery
) -> None:
    chat = teams.world.add_conversation("19:chat@thread.v2", "groupChat")
    chat.has_bot = False
    await with_graph.bring(ToChat("19:chat@thread.v2"), Handle(), shown("in a chat"))
    assert (texts(teams), chat.has_bot) == (["in a chat"], True)


async def test_the_delay_that_teams_asks_for_holds_the_other_cards_of_the_conversation(
    teams: TeamsSimulator, delivery: Delivery, directory: Any, clock: Any
) -> None:
    await know(directory, teams.world.add_user("Anna", "anna@contoso.test"))
    throttled = Reply(429, None, {"Retry-After": "20"})
    teams.fault = lambda request: throttled if "activities" in request.target else None
    assert (await failure_of(delivery)).after == timedelta(seconds=20)
    teams.fault = lambda _: None
    before = len(teams.requests)
    held = await failure_of(delivery)
    assert (held.meaning, held.code, held.after) == ("throttled", "OwnPace", timedelta(seconds=20))
    assert len(teams.requests) == before
    clock.seconds += 20
    await delivery.bring(ANNA, Handle(), shown())
    assert texts(teams) == ["open"]


async def test_a_conversation_in_another_cloud_is_found_there(
    teams: TeamsSimulator, deliver: Callable[[Account], Delivery], account: Account, directory: Any
) -> None:
    await know(directory, teams.world.add_user("Anna", "anna@contoso.test"))
    other = teams.address.replace("127.0.0.1", "localhost")
    places = msgspec.structs.replace(account.places, services=(teams.address, other))

    def fault(request: Request) -> Reply | None:
        is_first = "activities" in request.target and request.headers["host"].startswith("127.")
        return error(403, "InvalidBotApiHost") if is_first else None

    teams.fault = fault
    handle = await deliver(msgspec.structs.replace(account, places=places)).bring(ANNA, Handle(), shown())
    assert (handle.service_url, texts(teams)) == (f"{other}/teams", ["open"])
    known = await directory.find(ANNA.mail)
    assert known is not None
    assert known.service_url == f"{other}/teams"


async def test_a_conversation_that_is_in_no_cloud_of_the_connection_is_broken(
    teams: TeamsSimulator, delivery: Delivery, directory: Any
) -> None:
    await know(directory, teams.world.add_user("Anna", "anna@contoso.test"))
    teams.fault = lambda request: error(403, "InvalidBotApiHost") if "activities" in request.target else None
    assert await failure_of(delivery) == Failure(meaning="broken", code="InvalidBotApiHost")


async def bring_all(
    delivery: Delivery, mails: list[str], looks: Callable[[int], Look], handles: list[Handle], clock: Any
) -> None:
    """Brings cards as a reconciler does: what did not succeed is done again, after the delay that it asks for."""
    pending = list(range(len(mails)))
    for _ in range(200):
        again = []
        for index in pending:
            try:
                handles[index] = await delivery.bring(ToPerson(mails[index]), handles[index], looks(index))
            except Undelivered as caught:
                again.append(index)
                clock.seconds += min(caught.failure.after.total_seconds(), 1)
        pending = again
        if not pending:
            return
    raise AssertionError(f"{len(pending)} cards are not shown as they should be")


async def test_faults_leave_no_card_stale_no_conversation_too_fast_and_no_double_open(
    teams: TeamsSimulator, delivery: Delivery, directory: Any, clock: Any
) -> None:
    users = [teams.world.add_user(f"P{each}", f"p{each}@contoso.test") for each in range(4)]
    for user in users:
        await know(directory, user)
    mails = [users[each % 4].mail for each in range(60)]
    handles = [Handle()] * 60
    calls = 0

    def fault(request: Request) -> Reply | None:
        nonlocal calls
        if "activities" not in request.target:
            return None
        calls += 1
        return Reply(429, None, {"Retry-After": "2"}) if calls % 20 == 0 else None

    teams.fault = fault
    teams.fault_after = lambda request: Reply(is_cut=True) if calls % 50 == 7 and request.method == "POST" else None
    teams.connector.seconds = lambda: clock.seconds
    await bring_all(delivery, mails, lambda index: shown(f"open {index}"), handles, clock)
    known = {activity for handle in handles for activity in handle.activities}
    doubles = [each for each in teams.world.visible() if each.id not in known]
    assert doubles, "the faults made no double"
    for each in doubles:  # a person uses it
        index = int(each.card["body"][0]["text"].removeprefix("open "))
        handles[index] = with_found(
            handles[index], service_url=teams.service_url, conversation=each.conversation, activity=each.id
        )
    await bring_all(delivery, mails, lambda index: shown(f"done {index}", is_due=False), handles, clock)
    assert [each for each in texts(teams) if not each.startswith("done")] == []
    assert {text.removeprefix("done ") for text in texts(teams)} == {str(each) for each in range(60)}
    assert teams.connector.fastest <= 7
