"""`looply decision` against a server."""

from typing import Any

from cli_kit import WORKFLOW, Command, Looply

ITEM: dict[str, Any] = {
    "decision_id": "e-1:7",
    "workflow_execution_id": "e-1",
    "workflow_id": WORKFLOW,
    "workflow_version": 2,
    "process_id": "PO-1",
    "state": "approve_order",
    "visit": 1,
    "scope": "",
    "user": "ann@example.com",
    "action": "approved",
    "comment": "fine",
    "at": 1_700_000_000_000,
    "via": "TEAMS",
    "card_revision": None,
    "is_final": True,
}
NEXT: dict[str, Any] = {"at": ITEM["at"], "decision_id": "e-1:7"}


def test_decisions_are_listed_over_all_pages(run: Command, looply: Looply) -> None:
    looply.answers["getOrganizationDecisions"] = [{"items": [ITEM], "lastKey": NEXT}, {"items": [ITEM]}]
    assert run("decision", "list", "--json").document == {"count": 2, "items": [ITEM, ITEM]}
    assert looply.calls[1][1] == {"limit": "30", "at": "1700000000000", "decision_id": "e-1:7"}


def test_the_list_shows_who_decided_when_what_and_why(run: Command, looply: Looply) -> None:
    looply.answers["getOrganizationDecisions"] = {"items": [ITEM]}
    out = run("decision", "list").out
    for shown in ("2023-11-14", "ann@", "approved", "fine", "TEAMS", "PO-1"):
        assert shown in out


def test_the_list_is_narrowed_by_workflow_step_user_and_period(run: Command, looply: Looply) -> None:
    looply.answers["getOrganizationDecisions"] = {"items": []}
    run(
        *(
            "decision",
            "list",
            "--workflow-id",
            WORKFLOW,
            "--state",
            "approve_order",
            "--user",
            "ann@example.com",
        ),
        *("--process-id", "PO-1", "--execution", "e-1"),
        *("--from", "2023-01-01T00:00:00Z", "--to", "2024-01-01T00:00:00Z"),
    )
    assert looply.calls[0][1] == {
        "limit": "30",
        "workflow_id": WORKFLOW,
        "state": "approve_order",
        "user": "ann@example.com",
        "process_id": "PO-1",
        "workflow_execution_id": "e-1",
        "from": "1672531200000",
        "to": "1704067200000",
    }


def test_an_instant_that_is_none_is_refused(run: Command) -> None:
    refused = run("decision", "list", "--from", "yesterday")
    assert refused.status == 2
    assert "--from" in refused.err
