"""The cards of each state, in both languages."""

import re
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from looply.connectors.teams.cards.answers import channel_actor, is_address_of, state_of, takes_answers
from looply.connectors.teams.cards.outgoing import Tag
from looply.connectors.teams.cards.states import (
    DECLINES,
    ENDINGS,
    Answered,
    Changed,
    Declined,
    Ended,
    Followed,
    NotYours,
    Recorded,
    Reminded,
    State,
    Unfit,
    Unknown,
    line_of,
    link_card,
    notice_card,
    open_card,
    state_card,
)
from looply.connectors.teams.cards.texts import TEXTS, Texts, language_of
from looply.errors import Problem
from looply.execution.facts import commands
from looply.execution.facts.values.actor import Actor

CARD = {
    "type": "AdaptiveCard",
    "body": [{"type": "TextBlock", "text": "Order 4711"}, {"type": "Input.Text", "id": "comment"}],
    "actions": [{"type": "Action.Submit", "title": "Approve", "data": {"action": "approve"}}],
}
ON = datetime(2026, 7, 1, 14, 2, 3, 500_000, tzinfo=UTC)
EVIL = "[click](https://evil.example) {who} {{DATE(x)}}"
STATES: tuple[State, ...] = (
    Recorded(decision="approved", on=ON),
    Recorded(),
    Answered(who="ann@example.com", decision="approved", on=ON),
    Answered(who="ann@example.com", was_late=True),
    Answered(who="ann@example.com", decision="rejected", is_reader=True, was_late=True),
    *(Ended(how=how, who="bob@example.com") for how in ENDINGS.values()),
    Ended(was_late=True),
    *(Declined(why=why) for why in DECLINES.values()),
    NotYours(who="ann@example.com"),
    Changed(),
    Unfit(why="comment must be filled in"),
    Unknown(),
    Followed(what="5000004711"),
    Followed(what="budget exceeded", is_refused=True),
    Reminded(),
)


def runs(value: Any) -> list[str]:
    """Returns the texts that are shown as they are."""
    if isinstance(value, list):
        return [each for one in value for each in runs(one)]
    if not isinstance(value, dict):
        return []
    return [value["text"]] if value.get("type") == "TextRun" else runs(list(value.values()))


@pytest.mark.parametrize("state", STATES, ids=repr)
def test_each_state_says_something_else_in_each_language(state: State) -> None:
    english, german = (line_of(state, TEXTS[language]).text for language in ("en", "de"))
    assert english
    assert german
    assert english != german
    assert "{" not in english + german


def test_both_languages_have_the_same_places_for_values() -> None:
    def places(texts: Texts) -> dict[str, list[str]]:
        return {each.name: sorted(re.findall(r"\{\w+\}", getattr(texts, each.name))) for each in fields(texts)}

    assert places(TEXTS["en"]) == places(TEXTS["de"])


def test_the_states_of_one_language_differ() -> None:
    lines = [line_of(state, TEXTS["en"]) for state in STATES]
    assert len({(line.text, line.hint) for line in lines}) == len(lines)


def test_the_action_of_a_button_stays_as_its_author_named_it() -> None:
    assert line_of(Recorded(decision="ask_legal"), TEXTS["de"]).text == "Ihre Antwort ist gespeichert: ask_legal"


ANN = is_address_of("ann@example.com", "", "ann.upn@example.com")


@pytest.mark.parametrize(
    ("reply", "state", "takes"),
    [
        (commands.Recorded(), Recorded(decision="approved", on=ON), False),
        (
            commands.AlreadyAnswered(answered_by="Ann@Example.com", answered_on=ON, decision="approved"),
            Answered(who="Ann@Example.com", decision="approved", on=ON, is_reader=True, was_late=True),
            False,
        ),
        (
            commands.AlreadyAnswered(answered_by="bob@example.com", answered_on=ON),
            Answered(who="bob@example.com", on=ON, was_late=True),
            False,
        ),
        (commands.Declined(code="CARD_CHANGED", message="x"), Changed(), True),
        (commands.Declined(code="FAILED", message="x"), Declined(why="frozen"), True),
        (commands.Declined(code="SELF_APPROVAL", message="x"), Declined(why="self_approval"), True),
        (commands.Declined(code="DECIDED_ALREADY", message="x"), Declined(why="decided_already"), True),
        (commands.Declined(code="CLOSED", message="x"), Ended(was_late=True), False),
        (commands.Declined(code="TERMINATED", message="x"), Ended(was_late=True), False),
        (commands.UnknownToken(), Ended(was_late=True), False),
        (commands.Unfit(problems=(Problem(path="/x", message="is missing"),)), Unfit(why="is missing"), True),
    ],
)
def test_each_reply_of_the_core_is_a_state_of_the_card(reply: commands.Reply, state: State, takes: bool) -> None:
    found = state_of(reply, decision="approved", now=ON, is_reader=ANN)
    assert (found, takes_answers(found)) == (state, takes)


def test_the_one_who_answers_in_teams_is_recorded_by_the_id_of_entra() -> None:
    assert channel_actor("id-1", "ann@example.com") == Actor(kind="channel", user_id="id-1", email="ann@example.com")


def test_a_card_of_a_state_shows_who_decided_when_and_takes_no_answer() -> None:
    found = state_card(CARD, [Answered(who="ann@example.com", decision="approved", on=ON, was_late=True)], "en")
    assert runs(found) == ["ann@example.com has answered: approved", "Your click changed nothing."]
    assert "{{DATE(2026-07-01T14:02:03Z, SHORT)}} {{TIME(2026-07-01T14:02:03Z)}}" in str(found)
    assert "Order 4711" in str(found)
    assert "Action.Submit" not in str(found)
    assert "Input.Text" not in str(found)


def test_what_became_of_an_answer_is_shown_below_it() -> None:
    found = state_card(CARD, [Recorded(decision="approved"), Followed(what="5000004711")], "de")
    assert [each for each in runs(found) if "Was daraus" not in each] == [
        "Ihre Antwort ist gespeichert: genehmigt",
        "Erledigt: 5000004711",
    ]


def test_values_of_people_are_shown_as_they_are_and_are_no_text_of_the_card() -> None:
    found = state_card(CARD, [Answered(who=EVIL, decision=EVIL)], "en")
    assert runs(found) == [f"{EVIL} has answered: {EVIL}"]
    assert "evil" not in str([each for each in found["body"] if each["type"] == "TextBlock"])


def test_a_value_without_end_is_cut() -> None:
    assert len(line_of(Unfit(why="x" * 100_000), TEXTS["en"]).text) < 400


def test_a_card_that_has_changed_is_shown_as_it_is_now_and_can_be_answered() -> None:
    found = open_card(CARD, Tag(token="t", revision=4), "en", Changed())
    assert runs(found)[0] == "The card has changed since it was shown to you"
    assert found["actions"][0]["data"]["looply"] == {"t": "t", "r": 4}
    assert open_card(CARD, Tag(token="t", revision=4), "en")["body"] == CARD["body"]


def test_a_card_that_is_too_large_becomes_a_link() -> None:
    found = link_card("Order 4711 " + "x" * 1000, "https://looply.example/inbox/t", "de")
    assert found["actions"] == [
        {"type": "Action.OpenUrl", "title": "In Looply öffnen", "url": "https://looply.example/inbox/t"}
    ]
    assert len(str(found)) < 1500


def test_a_notice_is_about_no_request() -> None:
    assert runs(notice_card("welcome", "en")) == [
        "Looply brings requests to you here",
        "Nothing is waiting for you at present.",
    ]
    assert len(runs(notice_card("try_again", "de"))) == 1


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de", "de"), ("de-AT", "de"), ("DE_de", "de"), ("en-US", "en"), ("fr-FR", "en"), ("", "en"), ("den", "en")],
)
def test_the_language_is_that_of_the_reader_and_english_where_there_are_no_texts(locale: str, language: str) -> None:
    assert language_of(locale) == language
