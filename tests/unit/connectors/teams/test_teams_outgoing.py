"""Cards on their way to Teams, and answers on their way back."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looply.connectors.teams.cards.findings import find_unfit
from looply.connectors.teams.cards.outgoing import OWN, Tag, for_reading, for_teams, read_data, read_tag
from looply.execution.approvals.card_answers import validate_answer
from looply.execution.approvals.card_form import read_form

TAG = Tag(token="t-1", revision=3)
MARK = {"t": "t-1", "r": 3}

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
data = st.none() | st.text(max_size=5) | st.integers(0, 3) | st.dictionaries(st.text(max_size=5), values, max_size=3)
answering = st.builds(
    lambda kind, given, verb: {"type": kind, "title": "Go", "data": given, **({"verb": verb} if verb else {})},
    st.sampled_from(["Action.Submit", "Action.Execute"]),
    data,
    st.sampled_from(["", "approve"]),
)
plain = st.sampled_from(
    [
        {"type": "TextBlock", "text": "${not.expanded}"},
        {"type": "Input.Text", "id": "comment", "isRequired": True},
        {"type": "Action.OpenUrl", "url": "https://sap.example"},
        {"type": "Action.ToggleVisibility", "targetElements": ["x"]},
    ]
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(lambda items: {"type": "Container", "items": items}, st.lists(inner, max_size=3)),
        st.builds(lambda action: {"type": "Image", "url": "https://x.example", "selectAction": action}, inner),
        st.builds(lambda one: {"type": "Action.ShowCard", "card": {"type": "AdaptiveCard", "actions": [one]}}, inner),
        st.builds(lambda one: {"type": "ColumnSet", "columns": [{"type": "Column", "items": [one]}]}, inner),
    )


elements = st.recursive(answering | plain, nested, max_leaves=8)
cards = st.builds(
    lambda body, actions: {"type": "AdaptiveCard", "version": "1.2", "body": body, "actions": actions},
    st.lists(elements, max_size=4),
    st.lists(answering, max_size=3),
)


def executed(card: Any) -> list[dict[str, Any]]:
    """Returns the actions of a card that answer, but for fallbacks."""
    if isinstance(card, list):
        return [each for one in card for each in executed(one)]
    if not isinstance(card, dict):
        return []
    if card.get("type") in ("Action.Submit", "Action.Execute"):
        return [card]
    return [each for name, value in card.items() if name != "refresh" for each in executed(value)]


@given(cards)
@settings(max_examples=25)
def test_every_action_that_answers_is_executed_with_the_token_and_falls_back_to_a_submit(card: Any) -> None:
    before = copy.deepcopy(card)
    found = executed(for_teams(card, TAG))
    assert card == before
    assert len(found) == len(executed(card))
    for action, given_action in zip(found, executed(card), strict=True):
        static = given_action["data"]
        own = static if isinstance(static, dict) else {} if static is None else {"value": static}
        assert action["type"] == "Action.Execute"
        assert action["data"] == {**own, OWN: MARK}
        assert action["fallback"]["type"] == "Action.Submit"
        assert action["fallback"]["data"][OWN] == MARK
        assert action["title"] == action["fallback"]["title"] == "Go"


@given(cards)
@settings(max_examples=25)
def test_what_does_not_answer_stays_as_it_is(card: Any) -> None:
    def emptied(value: Any) -> Any:
        if isinstance(value, list):
            return [emptied(each) for each in value]
        if not isinstance(value, dict):
            return value
        if value.get("type") in ("Action.Submit", "Action.Execute"):
            return "an action"
        return {name: emptied(each) for name, each in value.items()}

    assert emptied(for_teams(card, TAG)) == emptied({**card, "version": "1.5"})


@given(cards)
@settings(max_examples=25)
def test_an_answer_by_any_action_is_the_answer_of_the_card_as_it_was_written(card: Any) -> None:
    static = [action.data for action in read_form(card).actions]
    sent = [read_data(each["data"], each["verb"]) for each in executed(for_teams(card, TAG))]
    old = [read_data(each["fallback"]["data"]) for each in executed(for_teams(card, TAG))]
    if sent:
        assert [dict(each) for each in static] == [
            {name: value for name, value in each.items() if name != OWN} for each in sent
        ]
    assert sent == old


@given(cards)
@settings(max_examples=25)
def test_a_card_for_reading_takes_no_answer(card: Any) -> None:
    found = for_reading(for_teams(card, TAG, ("29:a",)))
    assert executed(found) == []
    assert "refresh" not in found
    assert "Input." not in str(found)


def test_an_action_within_the_data_of_another_one_is_a_value() -> None:
    inner = {"type": "Action.Submit", "data": {"x": 1}}
    card = {"type": "AdaptiveCard", "actions": [{"type": "Action.Submit", "data": {"kept": inner}}]}
    assert for_teams(card, TAG)["actions"][0]["data"]["kept"] == inner


def test_an_answer_with_inputs_fits_the_card_that_was_written() -> None:
    card = {
        "type": "AdaptiveCard",
        "body": [{"type": "Input.Text", "id": "comment", "isRequired": True}],
        "actions": [
            {"type": "Action.Submit", "title": "Yes", "data": {"action": "approve"}},
            {"type": "Action.Submit", "title": "No", "data": {"action": "reject"}, "associatedInputs": "none"},
        ],
    }
    yes, no = for_teams(card, TAG)["actions"]
    assert (no["associatedInputs"], no["fallback"]["associatedInputs"]) == ("none", "none")
    answer = read_data({**yes["data"], "comment": "fine"}, yes["verb"])
    assert validate_answer(card, answer) == {"action": "approve", "comment": "fine"}


@pytest.mark.parametrize(
    "data", [None, "text", {}, {OWN: "x"}, {OWN: {"t": 1, "r": 1}}, {OWN: {"t": "x", "r": True}}, {OWN: {"t": "x"}}]
)
def test_data_without_a_tag_of_ours_has_none(data: Any) -> None:
    assert read_tag(data) is None


def test_a_tag_is_read_as_it_was_written() -> None:
    assert read_tag({"a": 1, OWN: TAG.data()}) == TAG


def test_a_card_is_refreshed_for_those_who_are_named_and_for_sixty_at_most() -> None:
    assert "refresh" not in for_teams({"type": "AdaptiveCard"}, TAG)
    found = for_teams({"type": "AdaptiveCard"}, TAG, tuple(f"29:{each}" for each in range(100)))["refresh"]
    assert len(found["userIds"]) == 60
    assert found["action"] == {"type": "Action.Execute", "verb": "looply.refresh", "data": {OWN: MARK}}


def test_what_teams_does_not_show_is_found_with_its_place() -> None:
    card = {
        "type": "AdaptiveCard",
        "body": [
            {"type": "Input.Text"},
            {"type": "Input.Date", "id": OWN},
            {"type": "Image", "url": "http://pictures.example/a.png"},
            {"type": "Image", "url": "${payload.output.picture}"},
        ],
        "actions": [
            {"type": "Action.Http", "url": "https://x.example"},
            {"type": "Action.Submit", "data": {"msteams": {"type": "imBack", "value": "x"}}},
            {"type": "Action.Submit", "data": {"kept": {"type": "Action.Http"}}},
        ],
    }
    assert [each.path for each in find_unfit(card)] == [
        "/body/0",
        "/body/1/id",
        "/body/2/url",
        "/actions/0",
        "/actions/1/data/msteams",
    ]
    assert find_unfit({"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "fine"}]}) == ()


def test_a_card_that_is_too_large_is_found() -> None:
    (found,) = find_unfit({"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "x" * 80_000}]})
    assert (found.path, "larger" in found.message) == ("", True)
