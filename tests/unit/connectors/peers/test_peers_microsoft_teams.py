"""Microsoft's own SDK for Teams against the simulator, and its models on what we send: both follow the same protocol.

It shows that the simulator is not only what our client expects. The SDK looks at neither endorsements nor tenants.
"""

import asyncio
import json
import warnings
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from microsoft_teams.api import Account, Activity, ConversationClient, CreateConversationParams, MessageActivityInput
from microsoft_teams.api.auth.cloud_environment import PUBLIC
from microsoft_teams.cards import AdaptiveCard
from microsoft_teams.common.http import Client, ClientOptions
from pydantic import TypeAdapter

from kit.servers.teams_server import running_teams
from looply.connectors.teams.calls.messages import card_message
from looply.connectors.teams.cards.outgoing import Tag, for_teams
from looply.connectors.teams.cards.states import Answered, Recorded, link_card, notice_card, open_card, state_card
from looply.demo.teams.activities import Activities
from looply.demo.teams.connector import APP, TENANT
from looply.demo.teams.people import User
from looply.demo.teams.simulator import BOT_SCOPE, SECRET, TeamsSimulator

with warnings.catch_warnings():
    # It warns of its own previews when it is imported.
    warnings.simplefilter("ignore")
    from microsoft_teams.apps.auth.token_validator import TokenValidator

TAG = Tag(token="t-1", revision=1)
CARD: dict[str, Any] = {
    "type": "AdaptiveCard",
    "version": "1.4",
    "body": [
        {"type": "TextBlock", "text": "Order 4711", "wrap": True},
        {"type": "FactSet", "facts": [{"title": "Total", "value": "22,899.42"}]},
        {"type": "Input.Text", "id": "comment", "label": "Comment"},
    ],
    "actions": [
        {"type": "Action.Submit", "title": "Approve", "data": {"action": "approve"}},
        {"type": "Action.OpenUrl", "title": "Open", "url": "https://sap.example"},
    ],
}


@pytest_asyncio.fixture
async def teams() -> AsyncIterator[TeamsSimulator]:
    async with running_teams() as simulator:
        yield simulator


@pytest.fixture
def anna(teams: TeamsSimulator) -> User:
    return teams.world.add_user("Anna", "anna@contoso.test")


@pytest_asyncio.fixture
async def sdk(teams: TeamsSimulator) -> AsyncIterator[ConversationClient]:
    async with httpx.AsyncClient() as plain:
        form = {"grant_type": "client_credentials", "scope": BOT_SCOPE}
        answer = await plain.post(f"{teams.address}/{TENANT}/oauth2/v2.0/token", data=form, auth=(APP, SECRET))
    token = answer.json()["access_token"]
    client = Client(ClientOptions(token=token))
    yield ConversationClient(teams.service_url, client)
    await client.http.aclose()


def now_utc() -> datetime:
    return datetime.now(UTC)


def message(card: dict[str, Any]) -> MessageActivityInput:
    return MessageActivityInput.model_validate(card_message(card, "Order 4711", alerts=True))


async def test_the_sdk_sends_updates_and_deletes_a_card(
    teams: TeamsSimulator, sdk: ConversationClient, anna: User
) -> None:
    created = await sdk.create(CreateConversationParams(members=[Account(id=anna.mri)], tenant_id=TENANT))
    sent = await sdk.create_activity(created.id, message(for_teams(CARD, TAG)))
    (shown,) = teams.world.visible()
    assert (shown.id, shown.conversation) == (sent.id, f"a:{anna.id}")
    assert shown.card["actions"][0]["data"]["looply"] == {"t": "t-1", "r": 1}
    await sdk.update_activity(created.id, sent.id, message(state_card(CARD, [Recorded()], "en")))
    assert shown.changes == 1
    await sdk.delete_activity(created.id, sent.id)
    assert teams.world.visible() == []


async def test_the_sdk_reads_members_page_by_page(teams: TeamsSimulator, sdk: ConversationClient, anna: User) -> None:
    others = [teams.world.add_user(f"P{each}", f"p{each}@contoso.test") for each in range(2)]
    teams.world.add_conversation("19:team@thread.tacv2", "channel", anna, *others)
    team = "19:team@thread.tacv2"
    first = await sdk.get_paged_members(team, page_size=2)
    second = await sdk.get_paged_members(team, page_size=2, continuation_token=first.continuation_token)
    found = [*first.members, *second.members]
    assert [each.email for each in found] == [anna.mail, *(each.mail for each in others)]
    assert second.continuation_token is None


async def test_the_sdk_takes_the_tokens_of_the_simulator_and_refuses_forged_ones(teams: TeamsSimulator) -> None:
    # The SDK reads the keys without leaving the loop, so it gets a thread.
    cloud = replace(PUBLIC, openid_metadata_url=teams.settings()["endpoints"]["openid"])
    validator, activities, now = TokenValidator.for_service(APP, cloud=cloud), Activities(teams, now_utc), now_utc()

    async def validate(**changes: Any) -> dict[str, Any]:
        token = activities.authorization(now, **changes).removeprefix("Bearer ")
        work = validator.validate_token(token, service_url=teams.service_url)
        found: dict[str, Any] = await asyncio.to_thread(asyncio.run, work)
        return found

    assert (await validate())["aud"] == APP
    for forged in ({"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}, {"serviceurl": "https://evil"}):
        with pytest.raises(jwt.InvalidTokenError):
            await validate(**forged)


def test_the_models_of_the_sdk_read_every_activity_of_the_simulator(anna: User, teams: TeamsSimulator) -> None:
    activities, chat = Activities(teams, now_utc), teams.world.open_chat(anna)
    card = for_teams(CARD, TAG, (anna.mri,))
    shown = teams.world.add_message(chat.id, card_message(card, "s", alerts=True))
    contents = {
        "execute": activities.execute(anna, shown, card["actions"][0], comment="fine"),
        # Microsoft's pages say `automatic` of a refresh; the SDK's model has only the other value.
        "refresh": activities.refresh(anna, shown).replace(b'"automatic"', b'"manual"'),
        "submit": activities.submit(anna, shown, card["actions"][0]["fallback"]),
        "install": activities.install(anna),
        "remove": activities.install(anna, action="remove"),
        "joined": activities.join(anna, "19:team@thread.tacv2", anna),
        "said": activities.say(anna),
    }
    adapter: TypeAdapter[Any] = TypeAdapter(Activity)
    found = {name: adapter.validate_python(json.loads(content)).type for name, content in contents.items()}
    assert found == {
        "execute": "invoke",
        "refresh": "invoke",
        "submit": "message",
        "install": "installationUpdate",
        "remove": "installationUpdate",
        "joined": "conversationUpdate",
        "said": "message",
    }


def test_the_models_of_the_sdk_read_every_card_that_we_send() -> None:
    when = datetime(2026, 7, 1, 14, 2, tzinfo=UTC)
    cards = [
        for_teams(CARD, TAG, ("29:anna",)),
        open_card(CARD, TAG, "de", Recorded(decision="approved")),
        state_card(CARD, [Answered(who="ann@example.com", decision="approved", on=when, was_late=True)], "en"),
        link_card("Order 4711", "https://looply.example/inbox/t", "en"),
        notice_card("welcome", "de"),
    ]
    for card in cards:
        read = AdaptiveCard.model_validate(card).model_dump(by_alias=True, exclude_none=True)
        assert read["type"] == "AdaptiveCard"
        assert [each["type"] for each in read.get("actions", [])] == [each["type"] for each in card.get("actions", [])]
