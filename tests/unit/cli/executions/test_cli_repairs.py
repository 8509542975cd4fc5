"""`looply execution redrive | repair | rerun | incidents` against a server."""

from typing import Any

import pytest
from cli_kit import ID, WORKFLOW, Command, Looply, refusal, row

OUTCOME = {
    "message": "success",
    "workflow_execution_id": ID,
    "status": "RUNNING",
    "workflow_current_state": "call_1",
    "workflow_version": 2,
    "incidents": ["i-1"],
}
EFFECT = {
    "state": "call_1",
    "visit": 1,
    "attempt": 2,
    "operation": "http.request",
    "idempotency_key": f"{ID}:call_1:1",
    "is_repeated": True,
    "keeps_key": True,
    "on_unknown": "incident",
}
FORECAST = {
    "status": "RUNNING",
    "workflow_current_state": "call_1",
    "workflow_version": 2,
    "effects": [EFFECT],
    "visits": [],
    "waiting": [],
    "timers_due": 0,
    "cards_closed": 0,
    "incident": None,
    "workflow_event_log": {"events": []},
}


@pytest.fixture
def known(looply: Looply) -> Looply:
    looply.answers["searchExecutions"] = {"items": [row(status="FAILED")]}
    return looply


def body_of(looply: Looply, name: str) -> Any:
    (body,) = [body for called, _, body in looply.calls if called == name]
    return body


def test_a_redrive_sends_version_names_and_reason(run: Command, known: Looply) -> None:
    known.answers["redriveExecution"] = OUTCOME
    done = run("execution", "redrive", ID, "--version", "latest", "--rename", "a=b", "--reason", "corrected")
    assert (done.status, "RUNNING" in done.out, "i-1" in done.out) == (0, True, True)
    assert body_of(known, "redriveExecution") == {
        "workflow_execution_id": ID,
        "workflow_version": "latest",
        "mapping": {"a": "b"},
        "reason": "corrected",
        "dry_run": False,
    }


def test_a_dry_run_shows_which_call_would_be_repeated_under_which_key(run: Command, known: Looply) -> None:
    known.answers["redriveExecution"] = {**OUTCOME, "message": "forecast", "forecast": FORECAST}
    done = run("execution", "redrive", ID, "--dry-run")
    assert "REPEATED" in done.out
    assert f"same: {ID}:call_1:1" in done.out
    assert "nothing was stored" in done.out
    assert body_of(known, "redriveExecution")["dry_run"] is True


def test_a_dry_run_shows_the_next_failure(run: Command, known: Looply) -> None:
    incident = {"state": "o", "kind": "FAILED", "code": "EXPRESSION", "message": "divided by zero"}
    forecast = {**FORECAST, "effects": [], "incident": incident}
    known.answers["repairExecution"] = {**OUTCOME, "message": "forecast", "forecast": forecast}
    assert "divided by zero" in run("execution", "repair", ID, "retry", "--dry-run").out


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (("retry",), {}),
        (("retry", "--incident", "i-1"), {"incident_id": "i-1"}),
        (("complete", "--step-output", '{"n":1}', "--state", "c"), {"output": {"n": 1}, "state": "c"}),
        (("skip", "--branch", "yes"), {"branch": "yes"}),
        (
            ("edit", "--document", '{"payload":{"output":{}}}', "--replace"),
            {"document": {"payload": {"output": {}}}, "replace": True},
        ),
        (
            ("edit", "--document", '{"read":{"output":{}}}', "--scope", "each[2]"),
            {"document": {"read": {"output": {}}}, "scope": "each[2]"},
        ),
        (("move", "--to", "d"), {"to": "d"}),
    ],
)
def test_each_action_sends_what_it_needs(
    run: Command, known: Looply, words: tuple[str, ...], fields: dict[str, Any]
) -> None:
    known.answers["repairExecution"] = OUTCOME
    assert run("execution", "repair", ID, *words, "--json").document == OUTCOME
    common = {"workflow_execution_id": ID, "action": words[0], "reason": "", "dry_run": False}
    assert body_of(known, "repairExecution") == {**common, **fields}


def test_a_refusal_is_reported_in_the_servers_words(run: Command, known: Looply) -> None:
    known.answers["repairExecution"] = refusal(409, message="the execution has no open incident", code="NO_INCIDENT")
    done = run("execution", "repair", ID, "retry")
    assert (done.status, "no open incident" in done.err) == (1, True)


def test_an_invalid_name_or_value_is_wrong_usage(run: Command, known: Looply) -> None:
    assert run("execution", "redrive", ID, "--rename", "a").status == 2
    assert run("execution", "repair", ID, "fix").status == 2
    assert run("execution", "repair", ID, "complete", "--step-output", "{").status == 2
    assert known.calls == []


def test_a_rerun_names_both_executions(run: Command, known: Looply) -> None:
    known.answers["rerunExecution"] = {"message": "success", "looply_execution_id": "new"}
    done = run("execution", "rerun", ID, "--version", "2", "--profile", "qa")
    assert ("new" in done.out, ID in done.out) == (True, True)
    assert body_of(known, "rerunExecution") == {
        "workflow_execution_id": ID,
        "workflow_version": "2",
        "profile": "qa",
    }


def test_incidents_are_listed_with_their_messages(run: Command, looply: Looply) -> None:
    item = {
        "incident_id": "i-1",
        "workflow_execution_id": ID,
        "workflow_name": "Orders",
        "state": "call_1",
        "kind": "FAILED",
        "code": "STATUS",
        "message": "the other system answered 500",
        "opened_on": 1_700_000_000_000,
    }
    looply.answers["getIncidents"] = {"items": [item]}
    done = run("execution", "incidents", "--workflow-id", WORKFLOW, "--kind", "FAILED", "--code", "STATUS")
    assert looply.calls[0][1] == {"workflow_id": WORKFLOW, "kind": "FAILED", "code": "STATUS", "limit": "20"}
    assert ("answered 500" in done.out, "2023-11-14" in done.out) == (True, True)
