"""What attackers send to the receiver of Teams: it is refused, or changes nothing that is not theirs to change."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from server_kit import Caller
from teams_kit import MANAGER, Tenant, texts

from looply.demo.teams.people import Message, User
from looply.demo.teams.signing import Key, without_signature
from looply.demo.teams.simulator import SECRET
from looply.demo.teams.wire import Reply

CARD = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "Release ${payload.output.po}?"}],
    "actions": [{"type": "Action.Submit", "title": "Release", "data": {"action": "approve"}}],
}
CHAT = "19:buyers@thread.v2"
ELSEWHERE = "99999999-2222-3333-4444-555555555555"
FORGERIES: dict[str, Callable[[Tenant, dict[str, Any]], str]] = {
    "another issuer": lambda tenant, claims: tenant.microsoft.keys[0].sign({**claims, "iss": "https://evil.example"}),
    "another audience": lambda tenant, claims: tenant.microsoft.keys[0].sign({**claims, "aud": "another"}),
    "another service": lambda tenant, claims: tenant.microsoft.keys[0].sign({**claims, "serviceurl": "https://evil"}),
    "expired": lambda tenant, claims: tenant.microsoft.keys[0].sign({**claims, "exp": claims["nbf"] - 301}),
    "another key": lambda tenant, claims: tenant.microsoft.keys[0].sign(claims, by="thief"),
    "an unknown key": lambda _, claims: Key("thief").sign(claims),
    "a key for another channel": lambda tenant, claims: tenant.microsoft.keys[1].sign(claims),
    "none": lambda _, claims: without_signature(claims, "main"),
    "a shared secret": lambda tenant, claims: tenant.microsoft.keys[0].sign_with_public_part(claims),
}


async def answers_of(caller: Caller, started: tuple[str, str]) -> list[dict[str, Any]]:
    item = await caller.item(*started)
    return [each for each in item["workflow_event_log"]["events"] if each["type"] == "CARD_ANSWERED"]


async def raw(tenant: Tenant, content: bytes, authorization: str) -> tuple[int, Any]:
    path = f"/v2/receive/{tenant.connection_id}/teams"
    answer = await tenant.caller.client.post(path, content=content, headers={"authorization": authorization})
    return answer.status_code, answer.json() if answer.content else None


def execute(tenant: Tenant, user: User, message: Message, **members: Any) -> bytes:
    activity = json.loads(tenant.activities.execute(user, message, message.card["actions"][0]))
    return json.dumps({**activity, **members}).encode()


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_token_of_any_kind_is_forbidden_and_decides_nothing(
    tenant: Tenant, mine: Caller, forgery: str
) -> None:
    anna = await tenant.person()
    started = await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    token = FORGERIES[forgery](tenant, tenant.activities.claims(tenant.clock.now()))
    assert await raw(tenant, execute(tenant, anna, message), f"Bearer {token}") == (403, {"message": "Forbidden"})
    assert (await mine.item(*started))["status"] == "WAITING"


async def test_an_invoke_of_another_tenant_is_forbidden_and_decides_nothing(tenant: Tenant, mine: Caller) -> None:
    anna = await tenant.person()
    started = await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    place = {"id": message.conversation, "conversationType": "personal", "tenantId": ELSEWHERE}
    for members in (
        {"conversation": place},
        {"channelData": {"tenant": {"id": ELSEWHERE}}},
        {"conversation": place, "channelData": {"tenant": {"id": ELSEWHERE}}},
    ):
        answer = await tenant.send(execute(tenant, anna, message, **members))
        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
    assert (await mine.item(*started))["status"] == "WAITING"


async def test_an_invoke_that_is_sent_again_is_answered_as_the_first_one_and_expires_with_its_token(
    tenant: Tenant, mine: Caller
) -> None:
    anna = await tenant.person()
    started = await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    content, token = execute(tenant, anna, message), tenant.activities.authorization(tenant.clock.now())
    first = await raw(tenant, content, token)
    assert "Your answer is recorded" in texts(first[1]["value"])
    again = await raw(tenant, content, token)
    assert (again[0], again[1]["statusCode"], again[1]["value"].get("actions", [])) == (200, 200, [])
    assert "changed nothing" not in texts(again[1]["value"])
    tenant.clock.advance(timedelta(hours=2))
    assert await raw(tenant, content, token) == (403, {"message": "Forbidden"})
    assert len(await answers_of(mine, started)) == 1


async def test_an_outsider_of_a_group_chat_decides_nothing_and_is_shown_whose_card_it_is(
    tenant: Tenant, mine: Caller
) -> None:
    anna = await tenant.person()
    guest = tenant.microsoft.world.add_user("Guest", "guest@elsewhere.test")
    tenant.microsoft.world.add_conversation(CHAT, "groupChat", anna, guest)
    started = await tenant.ask(f"teams:chat/{CHAT}", card=CARD, may_answer=[MANAGER])
    (message,) = tenant.messages()
    disguised = {"id": guest.mri, "aadObjectId": guest.id, "name": MANAGER}
    for content in (execute(tenant, guest, message), execute(tenant, guest, message, **{"from": disguised})):
        answer = texts((await tenant.send(content)).json()["value"])
        assert f"This card is for {MANAGER}" in answer
        assert "changed nothing" in answer
    assert (await mine.item(*started))["status"] == "WAITING"
    await tenant.press(anna, message)
    (entry,) = await answers_of(mine, started)
    assert (entry["user"], entry["actor"]["user_id"]) == (MANAGER, anna.id)


@pytest.mark.parametrize("clicks", [50, pytest.param(10_000, marks=pytest.mark.proof)])
async def test_of_many_clicks_at_once_one_counts_and_each_gets_the_card_of_the_decision(
    tenant: Tenant, mine: Caller, clicks: int
) -> None:
    anna, bob = await tenant.person(), await tenant.person("Bob", "bob@contoso.test")
    started = await tenant.ask(anna.mail, bob.mail, card=CARD)
    shown = {message.conversation: message for message in tenant.messages()}
    seats = [(person, shown[tenant.microsoft.world.open_chat(person).id]) for person in (anna, bob)]
    token = tenant.activities.authorization(tenant.clock.now())
    room = asyncio.Semaphore(50)

    async def click(number: int) -> str:
        async with room:
            status, answer = await raw(tenant, execute(tenant, *seats[number % 2]), token)
            while answer["statusCode"] == 500:  # a server that is busy says so, and the person clicks once more
                status, answer = await raw(tenant, execute(tenant, *seats[number % 2]), token)
        assert (status, answer["statusCode"], answer["value"].get("actions", [])) == (200, 200, [])
        return texts(answer["value"])

    seen = await asyncio.gather(*(click(number) for number in range(clicks)))
    (entry,) = await answers_of(mine, started)
    loser = 1 if entry["user"] == MANAGER else 0
    assert all("changed nothing" in text and entry["user"] in text for text in seen[loser::2])
    assert not any("changed nothing" in text for text in seen[1 - loser :: 2])


async def test_a_card_over_the_limit_of_teams_is_sent_as_a_link_to_the_inbox(tenant: Tenant, mine: Caller) -> None:
    await tenant.person()
    large = {**CARD, "body": [{"type": "TextBlock", "text": "x" * 30_000} for _ in range(3)]}
    await tenant.ask(card=large)
    (message,) = tenant.messages()
    (item,) = (await mine.get("getOpenCards")).json()["items"]
    assert item["delivery"]["state"] == "SHOWN"
    (action,) = message.card["actions"]
    assert (action["type"], action["url"]) == ("Action.OpenUrl", f"https://looply.example/inbox/{item['token']}")
    assert len(json.dumps(message.body)) < 5_000


async def test_while_the_keys_of_the_issuer_hang_other_calls_are_answered(tenant: Tenant, mine: Caller) -> None:
    """A token whose key is not known waits for the keys; nothing else does."""
    anna = await tenant.person()
    await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    asked = asyncio.Event()

    def hang(request: Any) -> Reply | None:
        if ".well-known" not in request.target:
            return None
        asked.set()
        return Reply(hangs=True)

    tenant.microsoft.fault = hang
    tenant.clock.advance(timedelta(minutes=6))
    claims = tenant.activities.claims(tenant.clock.now())
    forged = asyncio.create_task(raw(tenant, execute(tenant, anna, message), f"Bearer {Key('new').sign(claims)}"))
    await asked.wait()
    assert "recorded" in texts((await tenant.press(anna, message))["value"])
    assert (await mine.get("getOpenCards")).json()["items"] == []
    assert not forged.done()
    forged.cancel()
    await asyncio.gather(forged, return_exceptions=True)


async def test_what_was_recorded_shows_nothing_that_has_come_since_and_is_refused_when_it_is_old(
    tenant: Tenant, mine: Caller
) -> None:
    anna = await tenant.person()
    await tenant.ask(card=CARD)
    (message,) = tenant.messages()
    content, token = tenant.activities.refresh(anna, message), tenant.activities.authorization(tenant.clock.now())
    first = await raw(tenant, content, token)
    await tenant.press(anna, message)
    assert await raw(tenant, content, token) == first, "it is the answer of then, not the card of now"
    now = await raw(tenant, tenant.activities.refresh(anna, message), token)
    assert now != first
    tenant.clock.advance(timedelta(minutes=15, seconds=1))
    assert await raw(tenant, content, token) == (403, {"message": "Forbidden"})
    renewed = tenant.activities.authorization(tenant.clock.now())
    assert await raw(tenant, content, renewed) == (403, {"message": "Forbidden"}), "also with another token"


async def test_an_event_that_is_sent_again_changes_nothing(tenant: Tenant) -> None:
    anna = await tenant.person()
    token = tenant.activities.authorization(tenant.clock.now())
    removed = tenant.activities.install(anna, action="remove")
    assert await raw(tenant, removed, token) == (200, None)
    await tenant.send(tenant.activities.install(anna))
    assert await raw(tenant, removed, token) == (200, None)
    await tenant.ask(card=CARD)
    assert (await tenant.delivery())["state"] == "SHOWN", "the recorded removal did not block her"


async def test_the_same_bytes_at_another_connection_are_not_a_repetition(tenant: Tenant, mine: Caller) -> None:
    anna = await tenant.person()
    await tenant.ask(card=CARD, app="TEAMS")
    (message,) = tenant.messages()
    draft = {"name": "SECOND", "kind": "teams", "settings": tenant.microsoft.settings()}
    draft["secrets"] = {"client_secret": SECRET}
    second = (await mine.post("createConnection", draft)).json()["item"]["connection_id"]
    content = execute(tenant, anna, message)
    assert "changed nothing" in texts((await tenant.send(content, connection=second)).json()["value"])
    assert "recorded" in texts((await tenant.send(content)).json()["value"])
