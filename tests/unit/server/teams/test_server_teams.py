"""Cards in Teams from end to end: brought by the bot, answered by an activity, and shown in their new state."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from server_kit import Caller, ScriptedShell, card_step, definition, note_step
from teams_kit import MANAGER, Tenant, texts

from looply.demo.teams.people import User
from looply.demo.teams.wire import Reply, Request
from looply.errors import Overloaded, StoreLost

CARD = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "Release ${payload.output.po}?"}, {"type": "Input.Text", "id": "comment"}],
    "actions": [{"type": "Action.Submit", "title": "Release", "data": {"action": "approve"}}],
}
CHANNEL = "19:plant@thread.tacv2"


async def log_of(caller: Caller, started: tuple[str, str]) -> list[dict[str, Any]]:
    item = await caller.item(*started)
    entries: list[dict[str, Any]] = item["workflow_event_log"]["events"]
    return entries


async def test_a_card_is_brought_answered_and_shown_as_it_is_then(tenant: Tenant, mine: Caller) -> None:
    anna = await tenant.person()
    started = await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    assert "Release 4711?" in texts(message.card)
    assert (await tenant.delivery())["state"] == "SHOWN"
    answer = await tenant.press(anna, message, comment="fine")
    assert (answer["statusCode"], answer["type"]) == (200, "application/vnd.microsoft.card.adaptive")
    assert "Your answer is recorded: approve" in texts(answer["value"])
    assert "actions" not in answer["value"] or answer["value"]["actions"] == []
    assert (await mine.item(*started))["status"] == "COMPLETED"
    (entry,) = [each for each in await log_of(mine, started) if each["type"] == "CARD_ANSWERED"]
    assert (entry["user"], entry["via"]) == (MANAGER, "TEAMS")
    assert (entry["actor"]["user_id"], entry["actor"]["email"]) == (anna.id, MANAGER)
    await tenant.reconciler.tick()
    (after,) = tenant.messages()
    assert (after.id, after.changes) == (message.id, 1)
    assert "You have answered" in texts(after.card) or "Your answer is recorded" in texts(after.card)


async def test_a_second_click_of_the_same_person_is_shown_the_first_answer(tenant: Tenant, mine: Caller) -> None:
    anna = await tenant.person()
    started = await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    answers = await asyncio.gather(*(tenant.press(anna, message, comment=str(n)) for n in range(3)))
    assert all("actions" not in each["value"] or not each["value"]["actions"] for each in answers)
    assert not any("changed nothing" in texts(each["value"]) for each in answers)
    assert len([each for each in await log_of(mine, started) if each["type"] == "CARD_ANSWERED"]) == 1


async def test_the_one_who_is_too_late_is_shown_who_was_faster(tenant: Tenant, mine: Caller) -> None:
    anna, bob = await tenant.person(), await tenant.person("Bob", "bob@contoso.test")
    await tenant.ask(anna.mail, bob.mail, card=CARD)
    first, second = tenant.messages()
    await tenant.press(anna, first)
    late = texts((await tenant.press(bob, second))["value"])
    assert MANAGER in late
    assert "Your click changed nothing." in late


async def test_another_persons_card_takes_no_answer_and_is_not_shown(tenant: Tenant, mine: Caller) -> None:
    await tenant.person()
    bob = await tenant.person("Bob", "bob@contoso.test")
    started = await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    answer = texts((await tenant.press(bob, message))["value"])
    assert MANAGER in answer
    assert "4711" not in answer
    shown = (await tenant.send(tenant.activities.refresh(bob, message))).json()["value"]
    assert "4711" not in texts(shown)
    assert (await mine.item(*started))["status"] == "WAITING"


async def test_in_a_channel_the_one_who_clicks_answers_and_only_those_who_may(tenant: Tenant, mine: Caller) -> None:
    anna, bob = await tenant.person(), await tenant.person("Bob", "bob@contoso.test")
    tenant.microsoft.world.add_conversation(CHANNEL, "channel", anna, bob)
    started = await tenant.ask(f"teams:channel/{CHANNEL}", card=CARD, may_answer=[MANAGER])
    (message,) = tenant.messages()
    refused = texts((await tenant.press(bob, message))["value"])
    assert MANAGER in refused
    assert (await mine.item(*started))["status"] == "WAITING"
    await tenant.press(anna, message)
    (entry,) = [each for each in await log_of(mine, started) if each["type"] == "CARD_ANSWERED"]
    assert entry["user"] == MANAGER


async def test_a_bot_takes_answers_of_its_own_cards_only(tenant: Tenant, mine: Caller, theirs: Caller) -> None:
    """The people of another bot may have any address."""
    anna = await tenant.person()
    asking = definition(card_step(card=CARD, recipients=[MANAGER]), note_step())
    foreign = await theirs.trigger(await theirs.create(asking), {"po": "1"})
    other = await mine.trigger(await mine.create(asking), {"po": "2"})
    await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    for caller, execution_id in ((theirs, foreign), (mine, other)):
        items = (await caller.get("getOpenCards")).json()["items"]
        (token,) = [each["token"] for each in items if each["workflow_execution_id"] == execution_id]
        action = json.loads(json.dumps(message.card["actions"][0]))
        action["data"]["looply"]["t"] = token
        content = tenant.activities.execute(anna, message, action)
        answer = (await tenant.send(content)).json()["value"]
        assert "changed nothing" in texts(answer)
        (item,) = [
            each
            for each in (await caller.get("getOpenCards")).json()["items"]
            if each["workflow_execution_id"] == execution_id
        ]
        assert item["status"] == "OPEN"


async def test_a_refresh_shows_the_present_state_and_decides_nothing(tenant: Tenant, mine: Caller) -> None:
    anna = await tenant.person(locale="de-DE")
    started = await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    answer = (await tenant.send(tenant.activities.refresh(anna, message))).json()
    assert answer["value"]["actions"][0]["title"] == "Release"
    assert (await mine.item(*started))["status"] == "WAITING"
    await tenant.press(anna, message)
    shown = (await tenant.send(tenant.activities.refresh(anna, message))).json()["value"]
    assert "Sie haben geantwortet" in texts(shown) or "Ihre Antwort" in texts(shown)


async def test_a_submit_of_an_old_client_is_answered_by_the_update_of_the_message(tenant: Tenant, mine: Caller) -> None:
    anna = await tenant.person()
    started = await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    fallback = message.card["actions"][0]["fallback"]
    answer = await tenant.send(tenant.activities.submit(anna, message, fallback))
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await mine.item(*started))["status"] == "COMPLETED"


async def test_a_card_of_an_unknown_person_is_sent_once_they_install_the_app(tenant: Tenant) -> None:
    anna = tenant.microsoft.world.add_user("Anna", MANAGER)
    await tenant.ask(card=CARD)
    blocked = await tenant.delivery()
    assert (blocked["state"], blocked["reason"]) == ("BLOCKED", "Teams: PersonNotFound")
    tenant.clock.advance(timedelta(hours=1))
    await tenant.reconciler.tick()
    assert tenant.messages() == []
    await tenant.send(tenant.activities.install(anna))
    await tenant.reconciler.tick()
    assert len(tenant.messages()) == 1
    assert (await tenant.delivery())["state"] == "SHOWN"


async def test_a_message_whose_sending_had_no_answer_is_found_when_it_is_used(tenant: Tenant) -> None:
    anna = await tenant.person()
    cut = [Reply(200, None, is_cut=True)]
    tenant.microsoft.fault_after = lambda request: cut.pop() if cut and "activities" in request.target else None
    await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    assert (await tenant.delivery())["code"] == "SEND_UNKNOWN"
    await tenant.send(tenant.activities.refresh(anna, message))
    assert (await tenant.delivery())["state"] == "SHOWN"
    tenant.clock.advance(timedelta(minutes=5))
    await tenant.reconciler.tick()
    assert [each.id for each in tenant.messages()] == [message.id], "it is not sent again"


async def test_a_connection_that_is_refused_holds_all_its_cards_until_it_is_saved_or_a_minute_is_over(
    tenant: Tenant, mine: Caller
) -> None:
    await tenant.person()
    tenant.microsoft.end_tokens()
    refusal = Reply(401, {"error": {"code": "BotNotRegistered"}})
    tenant.microsoft.fault = lambda request: refusal if _sends(request) else None
    await tenant.ask(card=CARD)
    tried = len(tenant.microsoft.requests)
    assert (await tenant.delivery())["code"] == "CHANNEL_PAUSE"
    await tenant.ask(card=CARD)
    assert len(tenant.microsoft.requests) == tried, "the second card is held too"
    tenant.microsoft.fault = lambda _: None
    draft = {"name": "TEAMS", "kind": "teams", "settings": tenant.microsoft.settings(), "secrets": {}}
    assert (await mine.post("updateConnection", draft)).status_code == 200
    await tenant.ask(card=CARD)
    assert len(tenant.messages()) == 1
    tenant.clock.advance(timedelta(minutes=2))
    await tenant.reconciler.tick()
    assert len(tenant.messages()) == 3


def _sends(request: Request) -> bool:
    return request.method == "POST" and "conversations" in request.target


async def test_a_pause_that_teams_asks_for_is_kept(tenant: Tenant) -> None:
    await tenant.person()
    full = [Reply(429, {"error": {"code": "TooManyRequests"}}, {"Retry-After": "30"})]
    tenant.microsoft.fault = lambda request: full.pop() if full and _sends(request) else None
    await tenant.ask(card=CARD)
    tenant.clock.advance(timedelta(seconds=29))
    assert (await tenant.reconciler.tick(), tenant.messages()) == (0, [])
    tenant.clock.advance(timedelta(seconds=2))
    await tenant.reconciler.tick()
    assert len(tenant.messages()) == 1


async def test_a_reminder_is_a_new_message_and_both_follow_the_answer(tenant: Tenant, mine: Caller) -> None:
    anna = await tenant.person()
    await tenant.ask(card=CARD)
    (item,) = (await mine.get("getOpenCards")).json()["items"]
    assert (await mine.post("remindCard", {"card_id": item["card_id"]})).status_code == 200
    await tenant.reconciler.tick()
    first, second = tenant.messages()
    assert "reminder" in texts(second.card).lower()
    await tenant.press(anna, second)
    await tenant.reconciler.tick()
    assert [bool(each.card.get("actions")) for each in (first, second)] == [False, False]


@pytest.mark.parametrize("claims", [{"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}])
async def test_an_activity_that_is_not_from_microsoft_is_forbidden_and_changes_nothing(
    tenant: Tenant, mine: Caller, claims: dict[str, Any]
) -> None:
    anna = await tenant.person()
    started = await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    content = tenant.activities.execute(anna, message, message.card["actions"][0])
    answer = await tenant.send(content, **claims)
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
    unsigned = await mine.client.post(f"/v2/receive/{tenant.connection_id}/teams", content=content)
    assert unsigned.status_code == 403
    assert (await mine.item(*started))["status"] == "WAITING"


async def test_addresses_that_no_connection_has_are_not_found(tenant: Tenant, mine: Caller) -> None:
    content = tenant.activities.say(User("Anna", MANAGER, "1"))
    other = "01900000-0000-7000-8000-00000000000f"
    draft = {"name": "S4", "kind": "http", "settings": {"base_url": "https://example.com"}, "secrets": {}}
    created = (await mine.post("createConnection", draft)).json()["item"]["connection_id"]
    for answer in (
        await tenant.send(content, connection=other),
        await tenant.send(content, connection=created),
        await tenant.send(content, receiver="slack"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "CONNECTION_NOT_FOUND")


async def test_bodies_that_are_none_are_refused_and_unused_kinds_are_said(tenant: Tenant) -> None:
    anna = tenant.microsoft.world.add_user("Anna", MANAGER)
    assert (await tenant.send(b"{")).status_code == 400
    too_large = await tenant.send(b" " * (256 * 1024 + 1))
    assert (too_large.status_code, too_large.json()["code"]) == (413, "BODY_TOO_LARGE")
    other = json.loads(tenant.activities.say(anna))
    invoke = json.dumps({**other, "type": "invoke", "name": "composeExtension/query"}).encode()
    assert (await tenant.send(invoke)).status_code == 501
    typing = json.dumps({**other, "type": "typing"}).encode()
    assert (await tenant.send(typing)).status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [(StoreLost("gone"), 200, "not known"), (Overloaded("full"), 500, "")],
    ids=["store lost", "overloaded"],
)
async def test_what_cannot_be_recorded_now_is_said_to_the_one_who_clicks(
    tenant: Tenant, shell: ScriptedShell, error: Exception, status: int, says: str
) -> None:
    anna = await tenant.person()
    await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    shell.submit_error = error
    answer = await tenant.press(anna, message)
    assert answer["statusCode"] == status
    assert says in texts(answer["value"])
    shell.submit_error = None
    assert "recorded" in texts((await tenant.press(anna, message))["value"])


@pytest.mark.parametrize("settings", [{"channel": "teams"}, {"fallback": [{"after": "PT1H", "channel": "teams"}]}])
async def test_what_teams_does_not_show_of_a_card_is_a_warning(
    tenant: Tenant, mine: Caller, settings: dict[str, Any]
) -> None:
    card = {**CARD, "body": [{"type": "Image", "url": "http://example.com/a.png"}]}
    step = card_step(card=card, **settings)
    found = (await mine.post("validateWorkflow", {"definition": definition(step, note_step())})).json()
    (warning,) = [each for each in found["warnings"] if "https" in each["message"]]
    assert warning["path"].endswith("/settings/card/body/0/url")
    step["settings"] = {**step["settings"], "channel": "inbox", "fallback": []}
    plain = (await mine.post("validateWorkflow", {"definition": definition(step, note_step())})).json()
    assert not any("https" in each["message"] for each in plain["warnings"])
