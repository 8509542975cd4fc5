"""`looply card list`, `looply card reassign` and `looply card remind` against a server."""

from cli_kit import Command, Looply


def test_a_card_is_reassigned_and_its_new_link_is_shown(run: Command, looply: Looply) -> None:
    passed = {
        "card_id": "c-2",
        "recipient": "ben@example.com",
        "workflow_execution_id": "e-1",
        "url": "https://x/inbox/t",
    }
    looply.answers["reassignCard"] = {"message": "reassigned", "token": "t", **passed}
    arguments = ("card", "reassign", "c-1", "ben@example.com", "--reason", "on leave")
    assert "https://x/inbox/t" in run(*arguments).out
    assert looply.calls == [("reassignCard", {}, {"card_id": "c-1", "to": "ben@example.com", "reason": "on leave"})]
    assert run(*arguments, "--json").document == passed


def test_the_recipient_of_a_card_is_reminded_and_shown_with_the_number_of_reminders(
    run: Command, looply: Looply
) -> None:
    shown = {"card_id": "c-1", "recipient": "ann@example.com", "workflow_execution_id": "e-1", "reminders": 2}
    looply.answers["remindCard"] = {"message": "reminded", **shown}
    assert "ann@example.com" in run("card", "remind", "c-1").out
    assert looply.calls == [("remindCard", {}, {"card_id": "c-1"})]
    assert run("card", "remind", "c-1", "--json").document == shown


def test_cards_that_take_answers_are_listed_with_their_links(run: Command, looply: Looply) -> None:
    card = {
        "card_id": "c-1",
        "status": "FROZEN",
        "recipient": "ann@example.com",
        "workflow_execution_id": "e-1",
        "state": "approval_1",
        "opened_on": 1_700_000_000_000,
        "url": "https://x/inbox/t",
    }
    looply.answers["getOpenCards"] = {"count": 1, "items": [card]}
    out = run("card", "list").out
    for words in ("c-1", "FROZEN", "ann@example.com", "e-1", "approval_1", "2023-11-14 22:13:20Z", "https://x/inbox/t"):
        assert words in out
    assert run("card", "list", "--recipient", "ann@example.com", "--limit", "1", "--json").document == {
        "count": 1,
        "items": [card],
    }
    assert [query for _, query, _ in looply.calls] == [
        {"limit": "30"},
        {"recipient": "ann@example.com", "limit": "1"},
    ]


def test_more_cards_than_the_server_lists_are_wrong_usage(run: Command, looply: Looply) -> None:
    assert run("card", "list", "--limit", "31").status == 2
    assert looply.calls == []
