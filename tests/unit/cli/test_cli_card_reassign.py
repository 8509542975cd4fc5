"""`looply card reassign` against a server."""

from cli_kit import Command, Looply


def test_a_card_is_passed_on_and_its_new_link_is_shown(run: Command, looply: Looply) -> None:
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
