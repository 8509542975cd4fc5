"""What a list shows of a card, and which cards one answer fits."""

from typing import Any

import pytest

from looply.execution.approvals.card_form import MAX_ELEMENTS
from looply.execution.approvals.card_summary import CardSummary, Fact, summarize
from looply.jsontext import Json

APPROVE = {"type": "Action.Submit", "title": "Approve", "data": {"action": "approve"}}
COMMENT = {"type": "Input.Text", "id": "comment", "isRequired": True}


def card(*body: Any, actions: Any = (APPROVE,)) -> Json:
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body), "actions": list(actions)}


def text(value: str, **more: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": value, **more}


def test_the_subject_is_the_first_text_on_one_line_without_the_escapes_of_markdown() -> None:
    nested = {"type": "Container", "items": [text(""), text("Release\n order \\_4711\\_?"), text("more")]}
    assert summarize(card(nested)).subject == "Release order _4711_?"
    assert summarize(card(text("x" * 300))).subject == "x" * 199 + "…"


def test_what_may_not_be_seen_is_no_subject() -> None:
    hidden = {"type": "Container", "isVisible": False, "items": [text("hidden")]}
    assert summarize(card(hidden, text("shown", fallback=text("old")))).subject == "shown"


def test_the_first_amount_that_is_a_text_of_its_own_is_the_first_fact() -> None:
    texts = [{"type": "TextBlock", "text": text} for text in ("Order 7", "17,010.00 EUR", "per 1 USD", "2.00 USD")]
    facts = {"type": "FactSet", "facts": [{"title": "Group", "value": "002"}]}
    assert summarize(card(*texts, facts)).facts == (Fact("", "17,010.00 EUR"), Fact("Group", "002"))


def test_facts_are_those_of_fact_sets_in_their_order_and_at_most_eight() -> None:
    sets = [{"type": "FactSet", "facts": [{"title": f"f{n}", "value": str(n)}]} for n in range(9)]
    facts = summarize(card(*sets)).facts
    assert facts == tuple(Fact(f"f{n}", str(n)) for n in range(8))


def test_cards_with_the_same_buttons_and_inputs_have_the_same_form_whatever_they_show() -> None:
    one, other = (summarize(card(text(shown), COMMENT)) for shown in ("PO 1", "PO 2"))
    assert one.form
    assert one.form == other.form


@pytest.mark.parametrize(
    "different",
    [
        card(COMMENT, actions=[{**APPROVE, "data": {"action": "approve", "po": "2"}}]),
        card(COMMENT, {"type": "Input.Number", "id": "amount"}),
        card(actions=[APPROVE]),
    ],
)
def test_cards_with_other_buttons_or_inputs_have_another_form(different: Json) -> None:
    assert summarize(different).form not in ("", summarize(card(COMMENT)).form)


def test_a_card_that_requires_more_than_a_comment_has_no_form() -> None:
    assert summarize(card({"type": "Input.Number", "id": "amount", "isRequired": True})).form == ""


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        {"type": "AdaptiveCard"},
        card({"type": "FactSet", "facts": "none"}, {"type": "FactSet", "facts": [1, {}, {"title": 1}]}),
        card({"type": "TextBlock", "text": 7}),
    ],
)
def test_a_card_without_texts_has_no_subject_and_no_facts(broken: Json) -> None:
    found = summarize(broken)
    assert (found.subject, found.facts) == ("", ())


def test_a_card_with_too_many_elements_has_an_empty_summary() -> None:
    assert summarize(card(*[text("x")] * MAX_ELEMENTS)) == CardSummary(subject="")
