"""The client of the Bot Connector and of Graph, against the simulator."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from looply.connectors.teams.calls.answers import Undelivered
from looply.connectors.teams.calls.bot import BotClient
from looply.connectors.teams.calls.graph import GraphClient
from looply.connectors.teams.calls.messages import (
    MOST_BYTES,
    Handle,
    card_message,
    is_too_large,
    read_handle,
    with_found,
)
from looply.connectors.teams.calls.settings import Account
from looply.demo.teams.graph import USERS
from looply.demo.teams.simulator import BOT_SCOPE, TeamsSimulator
from looply.demo.teams.wire import Reply, error
from looply.errors import BadInput

CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Order 4711"}]}
MESSAGE = card_message(CARD, "Order 4711 to approve", alerts=True)


async def meaning_of(call: Any) -> tuple[str, str]:
    with pytest.raises(Undelivered) as caught:
        await call
    return caught.value.failure.meaning, caught.value.failure.code


async def test_a_card_is_sent_updated_and_deleted_in_a_personal_chat(teams: TeamsSimulator, bot: BotClient) -> None:
    anna = teams.world.add_user("Anna", "anna@contoso.test")
    chat = await bot.open_conversation(teams.service_url, anna.id)
    assert await bot.open_conversation(teams.service_url, anna.mri) == chat
    sent = await bot.send(teams.service_url, chat, MESSAGE)
    (message,) = teams.world.visible()
    assert (message.id, message.card) == (sent, CARD)
    assert message.body["channelData"] == {"notification": {"alert": True}}
    await bot.update(teams.service_url, chat, sent, card_message({**CARD, "body": []}, "done", alerts=False))
    assert (message.card["body"], message.body["id"], message.changes) == ([], sent, 1)
    await bot.delete(teams.service_url, chat, sent)
    await bot.delete(teams.service_url, chat, sent)
    assert teams.world.visible() == []
    assert await meaning_of(bot.update(teams.service_url, chat, sent, MESSAGE)) == (
        "gone",
        "ActivityNotFoundInConversation",
    )


async def test_a_thread_of_a_channel_begins_with_a_card(teams: TeamsSimulator, bot: BotClient) -> None:
    teams.world.add_conversation("19:buyers@thread.tacv2", "channel")
    thread = await bot.begin_thread(teams.service_url, "19:buyers@thread.tacv2", MESSAGE)
    (message,) = teams.world.visible()
    assert (thread.id, thread.activity_id) == (message.conversation, message.id)
    assert thread.id.startswith("19:buyers@thread.tacv2;messageid=")
    await bot.update(teams.service_url, thread.id, thread.activity_id, MESSAGE)
    assert message.changes == 1


async def test_members_are_read_page_by_page(teams: TeamsSimulator, bot: BotClient) -> None:
    people = [teams.world.add_user(f"P{each}", f"p{each}@contoso.test") for each in range(5)]
    teams.world.add_conversation("19:team@thread.tacv2", "channel", *people)
    found = await bot.members(teams.service_url, "19:team@thread.tacv2")
    assert [(each.id, each.email, each.aad_object_id) for each in found] == [
        (each.mri, each.mail, each.id) for each in people
    ]
    assert teams.count("GET", "pagedmembers") == 3


async def test_pages_that_repeat_their_token_end(teams: TeamsSimulator, bot: BotClient) -> None:
    member = teams.world.add_user("A", "a@contoso.test").member()
    page = Reply(200, {"members": [member], "continuationToken": "same"})
    teams.fault = lambda request: page if "pagedmembers" in request.target else None
    assert len(await bot.members(teams.service_url, "19:x")) == 2


async def test_calls_at_once_share_one_token_and_one_that_ended_is_replaced(
    teams: TeamsSimulator, bot: BotClient
) -> None:
    anna = teams.world.add_user("Anna", "anna@contoso.test")
    chats = await asyncio.gather(*(bot.open_conversation(teams.service_url, anna.id) for _ in range(8)))
    assert (len(set(chats)), teams.issued[BOT_SCOPE]) == (1, 1)
    teams.end_tokens()
    await bot.send(teams.service_url, chats[0], MESSAGE)
    assert (len(teams.world.visible()), teams.issued[BOT_SCOPE]) == (1, 2)


async def test_an_application_that_is_refused_twice_is_unusable(teams: TeamsSimulator, bot: BotClient) -> None:
    teams.fault = lambda request: error(401, "BotNotRegistered") if "v3" in request.target else None
    assert await meaning_of(bot.send(teams.service_url, "a:1", MESSAGE)) == ("unusable", "BotNotRegistered")
    assert teams.count("POST", "/v3/") == 2


async def test_a_wrong_secret_is_unusable_and_stops_after_three_tries(
    teams: TeamsSimulator, caller: Any, account_for: Callable[..., Account]
) -> None:
    bot = BotClient(caller, account_for("not-the-secret"))
    found = [await meaning_of(bot.send(teams.service_url, "a:1", MESSAGE)) for _ in range(4)]
    assert found == [("unusable", "AUTH_FAILED")] * 3 + [("unusable", "LOGON_STOPPED")]
    assert teams.count("POST", "token") == 3


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [(412, "PreconditionFailed", "again"), (429, "", "throttled"), (502, "", "again"), (500, "ServiceError", "again")],
)
async def test_answers_of_the_bot_connector_are_what_they_mean(
    teams: TeamsSimulator, bot: BotClient, status: int, body: str, meaning: str
) -> None:
    teams.fault = lambda request: error(status, body) if "v3" in request.target else None
    assert (await meaning_of(bot.send(teams.service_url, "a:1", MESSAGE)))[0] == meaning


async def test_a_user_who_has_blocked_the_bot_is_named_so(teams: TeamsSimulator, bot: BotClient) -> None:
    anna = teams.world.add_user("Anna", "anna@contoso.test", is_blocked=True)
    chat = await bot.open_conversation(teams.service_url, anna.id)
    assert await meaning_of(bot.send(teams.service_url, chat, MESSAGE)) == ("blocked", "MessageWritesBlocked")
    eve = teams.world.add_user("Eve", "eve@contoso.test", is_installed=False)
    assert (await meaning_of(bot.open_conversation(teams.service_url, eve.id)))[0] == "not_installed"


async def test_an_answer_that_was_cut_is_unknown_for_a_message_and_repeatable_for_all_else(
    teams: TeamsSimulator, bot: BotClient
) -> None:
    anna = teams.world.add_user("Anna", "anna@contoso.test")
    chat = await bot.open_conversation(teams.service_url, anna.id)
    sent = await bot.send(teams.service_url, chat, MESSAGE)
    teams.fault_after = lambda _: Reply(is_cut=True)
    assert (await meaning_of(bot.send(teams.service_url, chat, MESSAGE)))[0] == "unknown"
    assert (await meaning_of(bot.begin_thread(teams.service_url, "19:x", MESSAGE)))[0] == "unknown"
    assert (await meaning_of(bot.update(teams.service_url, chat, sent, MESSAGE)))[0] == "again"
    assert (await meaning_of(bot.open_conversation(teams.service_url, anna.id)))[0] == "again"
    assert len(teams.world.visible()) == 2


async def test_a_success_without_an_id_is_unknown_and_no_error_of_ours(teams: TeamsSimulator, bot: BotClient) -> None:
    teams.fault = lambda request: Reply(201, {"other": 1}) if "v3" in request.target else None
    assert (await meaning_of(bot.send(teams.service_url, "a:1", MESSAGE)))[0] == "unknown"
    assert (await meaning_of(bot.open_conversation(teams.service_url, "29:x")))[0] == "broken"


async def test_the_token_of_the_bot_goes_to_no_address_but_those_of_the_cloud(
    teams: TeamsSimulator, bot: BotClient
) -> None:
    for foreign in ("https://evil.example/teams", "http://127.0.0.1:9/teams", "not an address", ""):
        assert await meaning_of(bot.send(foreign, "a:1", MESSAGE)) == ("broken", "ForeignServiceUrl")
    assert teams.requests == []


async def test_a_message_that_is_too_large_is_not_sent(teams: TeamsSimulator, bot: BotClient) -> None:
    large = card_message({**CARD, "body": [{"type": "TextBlock", "text": "x" * MOST_BYTES}]}, "s", alerts=True)
    assert is_too_large(large)
    assert not is_too_large(MESSAGE)
    for call in (
        bot.send(teams.service_url, "a:1", large),
        bot.update(teams.service_url, "a:1", "1", large),
        bot.begin_thread(teams.service_url, "19:x", large),
    ):
        assert await meaning_of(call) == ("too_large", "MessageSizeTooBig")
    assert teams.requests == []


async def test_ids_of_conversations_are_one_segment_of_the_path(teams: TeamsSimulator, bot: BotClient) -> None:
    name = "19:a/b?c#d;messageid=1@thread.tacv2"
    teams.world.add_conversation(name, "channel")
    assert await bot.send(teams.service_url, name, MESSAGE)
    assert teams.world.visible()[0].conversation == name


async def test_graph_finds_a_person_by_name_mail_and_alias(teams: TeamsSimulator, graph: GraphClient) -> None:
    anna = teams.world.add_user("Anna", "anna@contoso.test", aliases=["o'brien@contoso.test"], locale="de-DE")
    teams.world.add_user("Bob", "bob@contoso.test")
    for mail in (anna.upn, anna.mail, "o'brien@contoso.test"):
        found = await graph.find_user(mail)
        assert found is not None
        assert (found.id, found.mail, found.upn, found.locale) == (anna.id, anna.mail, anna.upn, "de-DE")
    assert await graph.find_user("eve@contoso.test") is None


async def test_an_address_of_two_people_names_none(teams: TeamsSimulator, graph: GraphClient) -> None:
    for name in ("Anna", "Bob"):
        teams.world.add_user(name, f"{name.lower()}@contoso.test", aliases=["sales@contoso.test"])
    assert await graph.find_user("sales@contoso.test") is None


async def test_the_app_is_installed_once_for_a_person_and_in_a_chat(teams: TeamsSimulator, graph: GraphClient) -> None:
    anna = teams.world.add_user("Anna", "anna@contoso.test", is_installed=False)
    chat = teams.world.add_conversation("19:chat@thread.v2", "groupChat", anna)
    chat.has_bot = False
    app = await graph.find_catalog_app("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")
    for _ in range(2):
        await graph.install_for(anna.id, app)
        await graph.install_in_chat(chat.id, app)
    assert (anna.is_installed, chat.has_bot) == (True, True)
    assert (await meaning_of(graph.install_for(anna.id, "another")))[0] == "not_installed"
    assert await graph.find_catalog_app("unknown") == ""


async def test_a_right_that_is_missing_is_no_refusal_of_the_person(teams: TeamsSimulator, graph: GraphClient) -> None:
    teams.graph.rights.discard(USERS)
    assert await meaning_of(graph.find_user("anna@contoso.test")) == ("not_installed", "Authorization_RequestDenied")


def test_a_handle_is_stored_as_one_text_and_read_again() -> None:
    handle = Handle(service_url="https://smba.example", conversation="a:1", activities=("1", "2"), reminders=1)
    assert read_handle(handle.text) == handle
    assert read_handle("") == Handle()
    assert Handle().text == ""
    with pytest.raises(BadInput):
        read_handle("a:1")


def test_a_message_that_is_found_later_is_one_of_the_handle() -> None:
    lost = Handle()
    found = with_found(lost, service_url="https://smba.example", conversation="a:1", activity="7")
    again = with_found(found, service_url="", conversation="a:1", activity="7")
    assert found == again == Handle(service_url="https://smba.example", conversation="a:1", activities=("7",))
    assert with_found(found, service_url="x", conversation="a:2", activity="8") == found
    assert with_found(found, service_url="x", conversation="a:1", activity="") == found
