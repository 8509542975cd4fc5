"""`looply key` and `looply schedule` against a server."""

from typing import Any

from cli_kit import WORKFLOW, Command, Looply, refusal

KEY: dict[str, Any] = {
    "key_id": "k-1",
    "name": "Ops",
    "prefix": "abcdefgh",
    "scopes": ["read", "trigger"],
    "permissions": [],
    "workflow_ids": None,
    "created_on": 1_700_000_000_000,
    "expires_on": None,
    "revoked_on": None,
}
SCHEDULE: dict[str, Any] = {
    "workflow_id": WORKFLOW,
    "workflow_version": 2,
    "status": "ACTIVE",
    "next_on": 1_700_000_000_000,
    "last_on": None,
    "last_execution_id": None,
}


def test_a_new_key_is_shown_only_once(run: Command, looply: Looply) -> None:
    looply.answers["createKey"] = {"item": {**KEY, "api_key": "lk_abcdefgh_text"}}
    arguments = ("key", "create", "Ops", "--scope", "trigger", "--scope", "read", "--scope", "read")
    done = run(*arguments, "--expires-on", "2030-01-01T00:00:00+01:00")
    assert "lk_abcdefgh_text" in done.out
    assert "shown only now" in done.err
    body = {"name": "Ops", "scopes": ["read", "trigger"], "expires_on": 1_893_452_400_000}
    assert looply.calls == [("createKey", {}, body)]
    assert run(*arguments, "--json").document["api_key"] == "lk_abcdefgh_text"
    assert looply.calls[1][2] == {"name": "Ops", "scopes": ["read", "trigger"]}


def test_a_key_can_have_single_permissions_with_or_without_a_scope(run: Command, looply: Looply) -> None:
    looply.answers["createKey"] = {"item": {**KEY, "permissions": ["execute"], "api_key": "lk_abcdefgh_text"}}
    assert "execute" in run("key", "create", "CI", "--permission", "execute", "--permission", "execute").out
    assert looply.calls[0][2] == {"name": "CI", "scopes": [], "permissions": ["execute"]}
    run("key", "create", "CI", "--scope", "read", "--permission", "repair")
    assert looply.calls[1][2] == {"name": "CI", "scopes": ["read"], "permissions": ["repair"]}


def test_a_script_gets_the_text_of_a_new_key_and_nothing_else(run: Command, looply: Looply) -> None:
    looply.answers["createKey"] = {"item": {**KEY, "api_key": "lk_abcdefgh_text"}}
    done = run("key", "create", "Ops", "--scope", "read", "--key-only")
    assert (done.status, done.out) == (0, "lk_abcdefgh_text\n")
    assert run("key", "create", "Ops", "--scope", "read", "--key-only", "--json").document["key_id"] == "k-1"


def test_keys_are_listed_over_all_pages(run: Command, looply: Looply) -> None:
    looply.answers["getKeys"] = [{"items": [KEY], "lastKey": {"key_id": "k-1"}}, {"items": [{**KEY, "key_id": "k-0"}]}]
    assert run("key", "list", "--json").document["count"] == 2
    assert looply.calls[1][1] == {"limit": "30", "key_id": "k-1"}
    looply.answers["getKeys"] = {"items": [KEY]}
    assert "read, trigger" in run("key", "list").out


def test_a_key_is_revoked(run: Command, looply: Looply) -> None:
    looply.answers["revokeKey"] = {"item": {**KEY, "revoked_on": 1_700_000_000_000}, "made_by_it": []}
    assert "2023-11-14 22:13:20Z" in run("key", "revoke", "k-1", "--yes").out
    assert looply.calls == [("revokeKey", {}, {"key_id": "k-1"})]
    looply.answers["revokeKey"] = refusal(404, message="key not found", code="KEY_NOT_FOUND")
    assert run("key", "revoke", "k-1", "--yes", "--json").document["code"] == "KEY_NOT_FOUND"


def test_schedules_are_listed(run: Command, looply: Looply) -> None:
    looply.answers["getSchedules"] = {"count": 1, "items": [SCHEDULE]}
    assert run("schedule", "list", "--json").document == {"count": 1, "items": [SCHEDULE]}
    assert "2023-11-14 22:13:20Z" in run("schedule", "list").out


def test_a_paused_schedule_shows_no_next_instant(run: Command, looply: Looply) -> None:
    paused = {**SCHEDULE, "status": "PAUSED", "next_on": 1_700_000_000_000, "workflow_name": "Open orders"}
    looply.answers["getSchedules"] = {"count": 1, "items": [paused]}
    out = run("schedule", "list").out
    assert ("Open orders" in out, "2023-11-14" in out) == (True, False)
    assert run("schedule", "list", "--json").document["items"] == [paused]


def test_a_schedule_is_paused_and_resumed(run: Command, looply: Looply) -> None:
    answer = {
        "message": "success",
        "workflow_id": WORKFLOW,
        "workflow_version": 2,
        "status": "PAUSED",
    }
    looply.answers["toggleScheduledWorkflow"] = answer
    assert run("schedule", "pause", WORKFLOW, "--json").document == answer
    assert "PAUSED" in run("schedule", "play", WORKFLOW, "--version", "2").out
    assert [call[2] for call in looply.calls] == [
        {"workflow_id": WORKFLOW, "action": "PAUSE"},
        {"workflow_id": WORKFLOW, "action": "PLAY", "workflow_version": 2},
    ]
