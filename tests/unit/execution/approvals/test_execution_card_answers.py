"""An answer is validated against its card: its actions with their own data, its inputs with their types."""

import pytest

from looply.execution.approvals.card_answers import validate_answer
from looply.execution.approvals.card_form import MAX_ELEMENTS

APPROVE = {"type": "Action.Submit", "title": "Approve", "data": {"action": "approve", "limit": 100}}
REJECT = {"type": "Action.Submit", "title": "Reject", "data": {"action": "reject", "limit": 100}}


def card(*body, actions=(APPROVE, REJECT)):
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body), "actions": list(actions)}


def submit(data=None, **more):
    return {"type": "Action.Submit", "title": "Send", **({} if data is None else {"data": data}), **more}


def field(kind, name="value", **more):
    return {"type": f"Input.{kind}", "id": name, **more}


def paths(found):
    assert isinstance(found, tuple), found
    return [problem.path for problem in found]


def sent(one, value):
    """Returns the recorded value of one input, None when the answer is refused, "left out" when it has no value."""
    found = validate_answer(card(one, actions=[submit()]), {one["id"]: value})
    return None if isinstance(found, tuple) else found.get(one["id"], "left out")


def test_an_action_of_the_card_is_recorded_with_its_own_data():
    assert validate_answer(card(), {"action": "approve", "limit": 100}) == {"action": "approve", "limit": 100}


@pytest.mark.parametrize(
    "data",
    [
        {"action": "SUPERAPPROVE", "limit": 100},
        {"action": "approve", "limit": 999_999_999},
        {"action": "approve", "limit": "100"},
        {"action": "approve", "limit": True},
        {"limit": 100},
        {},
    ],
)
def test_data_of_no_action_of_the_card_are_refused(data):
    assert paths(validate_answer(card(), data)) == ["/data"]


def test_static_data_that_the_client_left_out_come_from_the_card():
    assert validate_answer(card(), {"action": "reject"}) == {"action": "reject", "limit": 100}
    only = card(actions=[submit({"kind": "note"})])
    assert validate_answer(only, {}) == {"kind": "note"}


def test_fields_that_the_card_does_not_have_are_refused():
    assert paths(validate_answer(card(), {"action": "approve", "limit": 100, "user": "ceo@x.y"})) == ["/data/user"]
    assert paths(validate_answer(card(), {"action": "approve", "limit": 100, "a/b~": 1})) == ["/data/a~1b~0"]


def test_data_that_are_no_object_are_sent_as_a_value_and_a_verb_distinguishes_universal_actions():
    shown = card(actions=[submit("yes"), submit("no"), {"type": "Action.Execute", "verb": "later", "data": {"n": 1}}])
    assert validate_answer(shown, {"value": "no"}) == {"value": "no"}
    assert validate_answer(shown, {"n": 1, "verb": "later"}) == {"n": 1, "verb": "later"}
    assert paths(validate_answer(shown, {"value": "maybe"})) == ["/data"]


def test_an_input_replaces_static_data_of_its_name():
    shown = card(field("Text", "note"), actions=[submit({"note": "", "action": "send"})])
    assert validate_answer(shown, {"note": "mine", "action": "send"}) == {"note": "mine", "action": "send"}
    assert validate_answer(shown, {"action": "send"}) == {"note": "", "action": "send"}


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        ("12", 12),
        ("-1.5", -1.5),
        (" 7 ", 7),
        ("1e3", 1000.0),
        (3, 3),
        ("", "left out"),
        (None, "left out"),
        ("twelve", None),
        ("12x", None),
        (True, None),
        ([], None),
        ("1e999", None),
        ("9" * 65, None),
        ("NaN", None),
    ],
)
def test_a_number_is_recorded_as_a_number(given, recorded):
    assert sent(field("Number"), given) == recorded


@pytest.mark.parametrize(("given", "is_taken"), [("0", False), ("1", True), ("10", True), ("10.5", False)])
@pytest.mark.parametrize("bounds", [{"min": 1, "max": 10}, {"min": "1", "max": "10"}])
def test_a_number_lies_within_its_bounds(given, is_taken, bounds):
    assert (sent(field("Number", **bounds), given) is not None) is is_taken


def test_a_toggle_is_on_or_off():
    own = field("Toggle", valueOn="yes", valueOff="no")
    assert [sent(own, value) for value in ("yes", "no", True, False, "maybe", 1)] == [
        "yes",
        "no",
        "yes",
        "no",
        None,
        None,
    ]
    assert [sent(field("Toggle"), value) for value in ("true", "false", "yes")] == ["true", "false", None]


def test_a_required_toggle_must_be_on():
    shown = card(field("Toggle", "seen", isRequired=True), actions=[submit()])
    assert validate_answer(shown, {"seen": "true"}) == {"seen": "true"}
    for data in ({"seen": "false"}, {}):
        assert paths(validate_answer(shown, data)) == ["/data/seen"]


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        ("2026-12-31", "2026-12-31"),
        ("", "left out"),
        ("2026-02-30", None),
        ("31.12.2026", None),
        (20261231, None),
        ("2025-12-31", None),
        ("2027-01-01", None),
    ],
)
def test_a_date_is_one_and_lies_within_its_bounds(given, recorded):
    assert sent(field("Date", min="2026-01-01", max="2026-12-31"), given) == recorded


@pytest.mark.parametrize(
    ("given", "recorded"),
    [("09:30", "09:30"), ("09:30:15", "09:30:15"), ("9:30", None), ("25:00", None), ("07:59", None), ("18:01", None)],
)
def test_a_time_is_one_and_lies_within_its_bounds(given, recorded):
    assert sent(field("Time", min="08:00", max="18:00"), given) == recorded


CHOICES = [{"title": one, "value": one} for one in ("a", "b", "c,d", "e")]


@pytest.mark.parametrize(
    ("given", "one", "several"),
    [
        ("a", "a", "a"),
        ("x", None, None),
        ("a,b", None, "a,b"),
        ("c,d", "c,d", "c,d"),
        ("a,c,d,e", None, "a,c,d,e"),
        ("a,a", None, None),
        ("a,,b", None, None),
        ("", "left out", "left out"),
        (["a", "b"], None, "a,b"),
        (1, None, None),
    ],
)
def test_a_choice_is_one_of_the_cards_or_several_where_several_may_be_taken(given, one, several):
    assert sent(field("ChoiceSet", choices=CHOICES), given) == one
    assert sent(field("ChoiceSet", choices=CHOICES, isMultiSelect=True), given) == several


def test_choices_of_a_search_are_texts():
    assert sent(field("ChoiceSet", **{"choices.data": {"type": "Data.Query", "dataset": "people"}}), "anna") == "anna"


def test_a_text_is_no_longer_than_the_card_says_and_has_its_form():
    assert [sent(field("Text", maxLength=3), text) for text in ("abc", "abcd", "", 5)] == ["abc", None, "", None]
    cost = field("Text", regex="^[0-9]{4}$")
    assert [sent(cost, text) for text in ("4711", "471", "")] == ["4711", None, ""]


def test_a_hostile_or_unreadable_pattern_neither_hangs_nor_locks_the_card():
    assert sent(field("Text", regex="^(a+)+$"), "a" * 5000 + "b") is None
    assert sent(field("Text", regex="(?=x)"), "anything") == "anything"


def test_a_required_input_must_be_filled_in():
    shown = card(field("Text", "why", isRequired=True, errorMessage="Please say why."), actions=[submit()])
    (problem,) = validate_answer(shown, {"why": ""})
    assert (problem.path, problem.message) == ("/data/why", "Please say why.")
    assert validate_answer(shown, {"why": "so"}) == {"why": "so"}


def test_inputs_that_are_hidden_or_not_associated_are_not_required():
    hidden = {"type": "Container", "isVisible": False, "items": [field("Text", "inner", isRequired=True)]}
    own = field("Text", "own", isRequired=True, isVisible=False)
    assert validate_answer(card(hidden, own, actions=[submit()]), {}) == {}
    shown = card(
        field("Text", "why", isRequired=True), actions=[submit({"a": 1}, associatedInputs="None"), submit({"a": 2})]
    )
    assert validate_answer(shown, {"a": 1}) == {"a": 1}
    assert paths(validate_answer(shown, {"a": 2})) == ["/data/why"]


def test_inputs_of_another_show_card_are_not_required_those_around_the_action_are():
    def show(name, *actions):
        inner = {"type": "AdaptiveCard", "body": [field("Text", name, isRequired=True)], "actions": list(actions)}
        return {"type": "Action.ShowCard", "title": name, "card": inner}

    shown = card(
        field("Text", "outer", isRequired=True),
        actions=[show("left", submit({"go": "left"})), show("right", submit({"go": "right"})), submit({"go": "on"})],
    )
    assert validate_answer(shown, {"go": "on", "outer": "x"}) == {"go": "on", "outer": "x"}
    assert paths(validate_answer(shown, {"go": "left", "outer": "x"})) == ["/data/left"]
    assert paths(validate_answer(shown, {"go": "left", "left": "y"})) == ["/data/outer"]
    full = {"go": "left", "outer": "x", "left": "y"}
    assert validate_answer(shown, full) == full


def test_inputs_and_actions_are_found_wherever_a_card_may_have_them():
    shown = card(
        {"type": "ColumnSet", "columns": [{"type": "Column", "items": [field("Text", "column")]}]},
        {
            "type": "Table",
            "rows": [{"type": "TableRow", "cells": [{"type": "TableCell", "items": [field("Text", "cell")]}]}],
        },
        {"type": "Container", "items": [], "selectAction": submit({"go": "container"})},
        {"type": "ActionSet", "actions": [submit({"go": "set"})]},
        field("Text", "asks", inlineAction=submit({"go": "inline"})),
        {"type": "Rating", "fallback": field("Text", "rating", isRequired=True)},
        actions=[],
    )
    for go in ("container", "set", "inline"):
        answer = {"go": go, "column": "1", "cell": "2", "asks": "3", "rating": "4"}
        assert validate_answer(shown, answer) == answer
    assert validate_answer(shown, {"go": "set"}) == {"go": "set"}


def test_data_of_an_action_are_no_part_of_the_form():
    shown = card(actions=[submit({"body": [field("Text", "hidden")], "type": "Input.Text", "id": "x"})])
    assert paths(validate_answer(shown, {"hidden": "x"})) == ["/data/hidden"]


def test_of_actions_with_equal_data_the_one_counts_whose_inputs_fit():
    first = submit({"go": 1})
    inner = {"type": "AdaptiveCard", "body": [field("Text", "why", isRequired=True)], "actions": [submit({"go": 1})]}
    shown = card(field("Text", "must", isRequired=True), actions=[submit({"go": 1}, associatedInputs="none"), first])
    assert validate_answer(shown, {"go": 1}) == {"go": 1}
    shown = card(actions=[{"type": "Action.ShowCard", "card": inner}, first])
    assert validate_answer(shown, {"go": 1}) == {"go": 1}


def test_a_card_without_an_action_takes_an_action_and_a_comment_as_texts():
    bare = card(actions=[{"type": "Action.OpenUrl", "url": "https://example.com"}])
    said = {"action": "approve", "comment": "fine"}
    assert validate_answer(bare, said) == said
    assert validate_answer(bare, {}) == {}
    for data in ({"limit": 5}, {"action": {"deep": 1}}, {"action": "x" * 4001}, {"comment": "x" * 4001}):
        assert isinstance(validate_answer(bare, data), tuple)


def test_inputs_of_a_kind_that_is_not_known_take_one_plain_value():
    assert [sent(field("Rating"), value) for value in (4, "4", {"a": 1}, [1])] == [4, "4", None, None]


def test_a_card_of_more_elements_than_are_read_takes_no_answer():
    full = card(*({"type": "TextBlock"} for _ in range(MAX_ELEMENTS - 3)))
    assert validate_answer(full, {"action": "approve"}) == {"action": "approve", "limit": 100}
    over = card(*({"type": "TextBlock"} for _ in range(MAX_ELEMENTS)))
    assert paths(validate_answer(over, {"action": "approve"})) == ["/data"]


@pytest.mark.parametrize(
    "broken", [None, [], "card", {}, {"body": "x", "actions": {"type": 5}}, {"body": [[[]], None, 5]}]
)
def test_a_broken_card_is_one_without_actions(broken):
    assert validate_answer(broken, {"action": "ok"}) == {"action": "ok"}


def test_a_deep_card_is_read_without_recursion():
    inner = field("Text", "deep")
    for _ in range(3000):
        inner = {"type": "Container", "items": [inner]}
    assert validate_answer(card(inner, actions=[submit()]), {"deep": "x"}) == {"deep": "x"}


def test_at_most_twenty_problems_are_named():
    assert len(paths(validate_answer(card(), {"action": "approve", **{f"x{n}": 1 for n in range(100)}}))) == 20


def test_a_text_without_a_value_is_left_out():
    assert sent(field("Text"), None) == "left out"


def test_an_invalid_bound_of_an_input_is_ignored():
    assert sent(field("Date", min="soon", max="2026-12-31"), "2026-11-28") == "2026-11-28"
    assert sent(field("Date", min="soon", max="2026-12-31"), "2027-01-01") is None


def test_choices_without_a_text_as_value_cannot_be_chosen():
    choices = [{"title": "One", "value": 1}, "two", {"title": "A", "value": "a"}]
    assert sent(field("ChoiceSet", choices=choices), "a") == "a"
    assert sent(field("ChoiceSet", choices=choices), "1") is None
