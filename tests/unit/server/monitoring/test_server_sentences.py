"""The sentence of a hold."""

from looply.app.monitoring.sentences import sentence
from looply.execution.views.holds import Hold

VALUES = {"state": "ask", "recipients": 2, "answered": 0, "needed": 1}


def test_cards_that_do_not_arrive_are_said_with_their_reason() -> None:
    hold = Hold(cause="PERSON_CARD", address="ask:1", who=("ann@example.com",), values=VALUES)
    said = "It waits for an answer of ann@example.com to the card of step ask; 0 of 1 have answered."
    assert sentence(hold) == said
    for code, why in (("BLOCKED_BY_USER", "BLOCKED_BY_USER"), ("", "no reason is given")):
        blocked = Hold(
            cause="PERSON_CARD",
            address="ask:1",
            who=("ann@example.com",),
            values={**VALUES, "undelivered": 1, "delivery_code": code},
        )
        assert sentence(blocked) == f"{said} Not delivered: 1 of the cards ({why})."
