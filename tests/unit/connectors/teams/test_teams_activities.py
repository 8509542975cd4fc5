"""What activities mean, and how they are answered."""

import json
from typing import Any

import pytest

from looply.connectors.teams.calls.messages import card_message
from looply.connectors.teams.cards.outgoing import Tag, for_teams
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
    read_activity,
    read_event,
)
from looply.connectors.teams.inbound.replies import DONE, card_reply, error_reply, needs_card, reply_to_other
from looply.demo.teams.activities import Activities
from looply.demo.teams.people import Message, User
from looply.demo.teams.simulator import TeamsSimulator
from looply.errors import BadRequest

TAG = Tag(token="t-1", revision=2)
CARD = for_teams(
    {"type": "AdaptiveCard", "actions": [{"type": "Action.Submit", "data": {"action": "approve"}}]}, TAG, ("29:x",)
)


@pytest.fixture
def anna(teams: TeamsSimulator) -> User:
    return teams.world.add_user("Anna", "anna@contoso.test", locale="de-DE")


@pytest.fixture
def message(teams: TeamsSimulator, anna: User) -> Message:
    chat = teams.world.open_chat(anna)
    return teams.world.add_message(chat.id, card_message(CARD, "s", alerts=True))


def event(content: bytes, **changes: Any) -> TeamsEvent:
    return read_event(read_activity(json.dumps({**json.loads(content), **changes}).encode()))


def test_a_press_of_a_button_is_an_answer_with_its_inputs_and_asks_for_a_card(
    activities: Activities, anna: User, message: Message
) -> None:
    found = event(activities.execute(anna, message, CARD["actions"][0], comment="fine"))
    assert isinstance(found, Submitted)
    assert (found.tag, found.data, found.wants_card) == (TAG, {"action": "approve", "comment": "fine"}, True)
    assert (found.sender.id, found.sender.mri, found.sender.locale) == (anna.id, anna.mri, "de-DE")
    assert (found.place.message_id, found.place.conversation, found.place.is_personal) == (
        message.id,
        message.conversation,
        True,
    )
    assert needs_card(found)


def test_an_old_client_submits_and_asks_for_none(activities: Activities, anna: User, message: Message) -> None:
    found = event(activities.submit(anna, message, CARD["actions"][0]["fallback"], comment="fine"))
    assert isinstance(found, Submitted)
    assert (found.tag, found.data, found.wants_card) == (TAG, {"action": "approve", "comment": "fine"}, False)
    assert not needs_card(found)


def test_a_client_that_shows_a_card_asks_for_its_present_state(
    activities: Activities, anna: User, message: Message
) -> None:
    found = event(activities.refresh(anna, message))
    assert isinstance(found, Refreshed)
    assert (found.tag, needs_card(found)) == (TAG, True)


@pytest.mark.parametrize(
    ("action", "kind"),
    [("add", Installed), ("add-upgrade", Installed), ("remove", Removed), ("remove-upgrade", Removed), ("new", Other)],
)
def test_the_app_is_installed_and_removed(activities: Activities, anna: User, action: str, kind: type) -> None:
    assert isinstance(event(activities.install(anna, action=action)), kind)


def test_members_join_and_leave_and_the_bot_is_one(teams: TeamsSimulator, activities: Activities, anna: User) -> None:
    bob = teams.world.add_user("Bob", "bob@contoso.test")
    joined = activities.join(anna, "19:team@thread.tacv2", bob)
    found = event(joined)
    assert isinstance(found, Joined)
    assert [(each.id, each.mri) for each in found.members] == [(bob.id, bob.mri)]
    assert (found.place.conversation, found.place.team_id, found.place.is_personal) == (
        "19:team@thread.tacv2",
        "19:team@thread.tacv2",
        False,
    )
    bot = json.loads(joined)["recipient"]["id"]
    assert isinstance(event(joined, membersAdded=[{"id": bot}]), Installed)
    assert isinstance(event(joined, membersAdded=None, membersRemoved=[{"id": bot}]), Removed)
    assert isinstance(event(joined, membersAdded=[], membersRemoved=[{"id": bob.mri}]), Left)
    assert isinstance(event(joined, membersAdded=[]), Other)


def test_what_a_person_writes_says_where_the_person_is(activities: Activities, anna: User) -> None:
    found = event(activities.say(anna), value={"other": 1})
    assert isinstance(found, Wrote)
    assert found.place.conversation == f"a:{anna.id}"


def test_the_thread_of_a_channel_has_its_root(activities: Activities, anna: User, message: Message) -> None:
    content = activities.submit(anna, message, CARD["actions"][0]["fallback"])
    place = {"id": "19:c@thread.tacv2;messageid=17", "conversationType": "channel"}
    found = event(content, conversation=place)
    assert isinstance(found, Submitted)
    assert (found.place.conversation, found.place.root) == (place["id"], "19:c@thread.tacv2")


def test_an_invoke_of_another_kind_or_without_our_token_is_no_answer(
    activities: Activities, anna: User, message: Message
) -> None:
    other = event(activities.say(anna), type="invoke", name="composeExtension/query")
    foreign = event(activities.execute(anna, message, {"verb": "x", "data": {"action": "approve"}}))
    for found in (other, foreign):
        assert isinstance(found, Other)
        assert reply_to_other(found).status == 501
    assert reply_to_other(Other(kind="typing", is_invoke=False)) == DONE


@pytest.mark.parametrize("value", [None, "text", {}, {"action": []}, {"action": {"verb": 1}}])
def test_an_invoke_without_an_action_is_a_clear_error(activities: Activities, anna: User, value: Any) -> None:
    with pytest.raises(BadRequest, match="does not fit"):
        event(activities.say(anna), type="invoke", name="adaptiveCard/action", value=value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"type": 1}',
        b'{"type": "message", "from": "anna"}',
        b'{"type": "message", "type": "invoke"}',
        b'{"type": "message", "conversation": {"id": 7}}',
        b'{"type": "message", "membersAdded": {}}',
        b"\xff",
    ],
)
def test_what_is_no_activity_is_a_clear_error(content: bytes) -> None:
    with pytest.raises(BadRequest):
        read_activity(content)


def test_members_that_are_null_are_not_set_and_null_in_the_data_of_an_answer_stays() -> None:
    content = {"type": "message", "from": {"id": "29:x", "aadObjectId": None}, "value": {"a": None}, "locale": None}
    found = read_activity(json.dumps(content).encode())
    assert (found.sender.aad_object_id, found.value, found.locale) == ("", {"a": None}, "")


def test_answers_to_invokes_have_the_form_that_clients_read() -> None:
    assert card_reply({"type": "AdaptiveCard"}).body == {
        "statusCode": 200,
        "type": "application/vnd.microsoft.card.adaptive",
        "value": {"type": "AdaptiveCard"},
    }
    assert error_reply(500, "Busy", "try again").body == {
        "statusCode": 500,
        "type": "application/vnd.microsoft.error",
        "value": {"code": "Busy", "message": "try again"},
    }
    assert (DONE.status, DONE.body) == (200, None)
