"""`looply letter` against a server."""

from typing import Any

from cli_kit import WORKFLOW, Command, Looply, refusal

ITEM: dict[str, Any] = {
    "letter_id": "e-1:7",
    "workflow_execution_id": "e-1",
    "workflow_id": WORKFLOW,
    "process_id": "PO-1",
    "reason": "UNFIT",
    "source": "SAP",
    "by": "k-1",
    "kept_on": 1_700_000_000_000,
    "action": None,
    "settled_by": None,
    "settled_on": None,
    "settled_reason": None,
}
RECORD: dict[str, Any] = {**ITEM, "why": "the wait takes TEAMS, not SAP", "payload": {"po": "4711"}}
SETTLED: dict[str, Any] = {
    "message": "settled",
    "letter_id": "e-1:7",
    "action": "APPLIED",
    "settled_by": "k-2",
    "settled_on": 1_700_000_000_000,
}


def test_open_letters_are_listed_over_all_pages(run: Command, looply: Looply) -> None:
    looply.answers["getLetters"] = [{"items": [ITEM], "lastKey": {"letter_id": "e-1:7"}}, {"items": []}]
    assert run("letter", "list", "--json").document == {"count": 1, "items": [ITEM]}
    assert looply.calls[1][1] == {"limit": "30", "settled": "false", "letter_id": "e-1:7"}


def test_the_list_is_narrowed(run: Command, looply: Looply) -> None:
    looply.answers["getLetters"] = {"items": [ITEM]}
    done = run(
        "letter",
        "list",
        "--all",
        "--process-id",
        "PO-1",
        "--reason",
        "UNFIT",
        "--workflow-id",
        WORKFLOW,
    )
    assert "e-1:7" in done.out
    assert looply.calls[0][1] == {
        "limit": "30",
        "process_id": "PO-1",
        "reason": "UNFIT",
        "workflow_id": WORKFLOW,
    }


def test_a_letter_is_shown_with_its_payload(run: Command, looply: Looply) -> None:
    looply.answers["getLetter"] = {"item": RECORD}
    assert run("letter", "show", "e-1:7", "--json").document == RECORD
    assert looply.calls == [("getLetter", {"letter_id": "e-1:7"}, None)]
    assert '"po": "4711"' in run("letter", "show", "e-1:7").out


def test_a_letter_is_applied_and_discarded(run: Command, looply: Looply) -> None:
    looply.answers["settleLetter"] = SETTLED
    assert run("letter", "apply", "e-1:7", "--state", "wait_2", "--reason", "by phone", "--json").document == SETTLED
    assert "k-2" in run("letter", "discard", "e-1:7", "--yes").out
    assert [call[2] for call in looply.calls] == [
        {"letter_id": "e-1:7", "action": "apply", "state": "wait_2", "reason": "by phone"},
        {"letter_id": "e-1:7", "action": "discard", "reason": ""},
    ]


def test_a_letter_that_is_already_settled_otherwise_is_refused(run: Command, looply: Looply) -> None:
    looply.answers["settleLetter"] = refusal(409, message="the letter was discarded", code="LETTER_SETTLED")
    done = run("letter", "apply", "e-1:7", "--json")
    assert (done.status, done.document["code"]) == (1, "LETTER_SETTLED")
