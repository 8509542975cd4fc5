"""`looply connection` and `looply profile` against a server."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli_kit import WORKFLOW, Command, Looply

CONNECTION: dict[str, Any] = {
    "connection_id": "c-1",
    "name": "ERP",
    "kind": "http",
    "settings": {"base_url": "https://erp.example.com"},
    "secret_names": ["token"],
    "modified_on": 1_700_000_000_000,
}
DRAFT = {"kind": "http", "settings": {"base_url": "https://erp.example.com"}, "secrets": {"token": "t-secret"}}
PROFILE: dict[str, Any] = {
    "workflow_id": WORKFLOW,
    "name": "test",
    "values": {"limit": 10},
    "is_default": True,
    "modified_on": 1_700_000_000_000,
}


def test_connections_are_listed_and_shown_with_the_names_of_their_secrets(run: Command, looply: Looply) -> None:
    looply.answers["getConnections"] = {"items": [CONNECTION]}
    looply.answers["getConnection"] = {"item": CONNECTION}
    assert run("connection", "list").out == "ERP\thttp\ttoken\t2023-11-14 22:13:20Z\n"
    assert run("connection", "list", "-o", "ids").out == "ERP\n"
    assert run("connection", "show", "ERP", "--json").document == CONNECTION


def test_a_connection_is_created_and_changed_from_a_file_or_standard_input(
    run: Command, looply: Looply, tmp_path: Path
) -> None:
    looply.answers["createConnection"] = looply.answers["updateConnection"] = {"item": CONNECTION}
    (file := tmp_path / "erp.json").write_text(json.dumps(DRAFT))
    done = run("connection", "create", "ERP", str(file))
    assert (done.status, "t-secret" in done.out + done.err) == (0, False)
    run("connection", "update", "ERP", "-", "--new-name", "Books", stdin=json.dumps(DRAFT).encode())
    assert [call[2] for call in looply.calls] == [
        {"name": "ERP", **DRAFT},
        {"name": "ERP", **DRAFT, "new_name": "Books"},
    ]


@pytest.mark.parametrize("text", ["[]", "{}", '{"kind": "http"}', '{"kind": "http", "settings": {}, "secret": {}}'])
def test_a_file_that_is_no_connection_is_wrong_usage(run: Command, looply: Looply, text: str) -> None:
    done = run("connection", "create", "ERP", "-", stdin=text.encode())
    assert (done.status, looply.calls, "the file must be an object" in done.err) == (2, [], True)


def test_a_connection_or_a_profile_is_deleted_when_it_was_confirmed(run: Command, looply: Looply) -> None:
    looply.answers["deleteConnection"] = looply.answers["deleteProfile"] = {"message": "success"}
    assert run("connection", "delete", "ERP").status == run("profile", "delete", WORKFLOW, "test").status == 2
    assert looply.calls == []
    assert run("connection", "delete", "ERP", "--yes").status == 0
    assert run("profile", "delete", WORKFLOW, "test", columns=80, stdin=b"y\n").status == 0
    assert [call[2] for call in looply.calls] == [{"name": "ERP"}, {"workflow_id": WORKFLOW, "name": "test"}]


CHECK = {"name": "logon", "state": "ok", "ms": 12, "text": "accepted", "fix": ""}


def test_a_connection_is_tested_and_the_exit_status_says_whether_it_works(
    run: Command, looply: Looply, tmp_path: Path
) -> None:
    failed = {**CHECK, "name": "tls", "state": "failed", "fix": "renew it"}
    looply.answers["testConnection"] = [
        {"item": {"is_ok": True, "checks": [CHECK]}},
        {"item": {"is_ok": False, "checks": [failed]}},
    ]
    done = run("connection", "test", "ERP", "--path", "/orders")
    assert (done.status, "logon\tok\t12 ms\taccepted" in done.out) == (0, True)
    (file := tmp_path / "erp.json").write_text(json.dumps(DRAFT))
    done = run("connection", "test", "ERP", str(file), "--json")
    assert (done.status, done.document["checks"]) == (1, [failed])
    assert [call[2] for call in looply.calls] == [
        {"name": "ERP", "path": "/orders"},
        {"name": "ERP", "draft": DRAFT, "path": ""},
    ]


def test_what_a_system_offers_is_shown(run: Command, looply: Looply) -> None:
    looply.answers["discoverConnection"] = [
        {"item": {"services": [{"path": "/sap/x", "version": "2", "title": "Orders"}]}},
        {
            "item": {
                "entity_sets": [{"name": "Orders", "keys": ["Order"]}],
                "operations": [{"name": "Release", "kind": "action", "parameters": [{"name": "Order"}]}],
            }
        },
    ]
    assert run("connection", "discover", "S4").out == "/sap/x\t2\tOrders\n"
    shown = run("connection", "discover", "S4", "--service", "/sap/x").out
    assert shown == "Orders\tentity set\tOrder\nRelease\taction\tOrder\n"
    assert looply.calls[-1][1] == {"name": "S4", "service": "/sap/x"}


def test_the_steps_of_a_connection_are_checked_and_the_exit_status_says_whether_they_fit(
    run: Command, looply: Looply
) -> None:
    finding = {"path": "/workflow_steps/1/settings/entity", "message": "no entity set 'Order'", "hint": "Orders?"}
    unread = {"path": "/a", "message": "/sap/x was not read: 503"}
    use = {"workflow_name": "Release", "version": 3, "status": "ACTIVE", "step": "sapRequest_1"}
    good: dict[str, Any] = {"is_ok": True, "checked": 2, "skipped": 0, "unchecked": 1, "further": 0, "truncated": False}
    good["steps"] = []
    steps = [
        {**use, "findings": [finding], "failure": None},
        {
            **use,
            "step": "sapRequest_2",
            "findings": [],
            "failure": unread,
        },
    ]
    looply.answers["checkConnectionUses"] = [
        {"item": good},
        {"item": {**good, "is_ok": False, "skipped": 3, "further": 4, "truncated": True, "steps": steps}},
    ]
    done = run("connection", "check", "S4")
    compared = "steps compared: 2; places in them that an expression gives: 1"
    assert (done.status, done.out) == (0, f"{compared}\n")
    done = run("connection", "check", "S4")
    assert done.status == 1
    assert done.out.splitlines() == [
        "Release\t3 ACTIVE\tsapRequest_1\t/workflow_steps/1/settings/entity\tno entity set 'Order'\tOrders?",
        "Release\t3 ACTIVE\tsapRequest_2\t/a\t/sap/x was not read: 503\t",
        f"{compared}; steps that were not compared: 3; further findings: 4; further steps were not compared",
    ]
    assert looply.calls[-1] == ("checkConnectionUses", {"name": "S4"}, None)


def test_profiles_are_listed_and_shown(run: Command, looply: Looply) -> None:
    looply.answers["getProfiles"] = {"items": [PROFILE]}
    assert run("profile", "list", WORKFLOW).out == "test\tyes\tlimit\t2023-11-14 22:13:20Z\n"
    assert run("profile", "list", WORKFLOW, "-o", "ids").out == "test\n"
    assert run("profile", "show", WORKFLOW, "test", "--json").document == PROFILE
    done = run("profile", "show", WORKFLOW, "tst")
    assert (done.status, "did you mean 'test'?" in done.err) == (1, True)


def test_a_profile_is_created_changed_and_made_the_default(run: Command, looply: Looply) -> None:
    for call in ("createProfile", "updateProfile", "setDefaultProfile"):
        looply.answers[call] = {"item": PROFILE}
    assert run("profile", "create", WORKFLOW, "test", "--values", '{"limit": 10}').status == 0
    run("profile", "update", WORKFLOW, "test", "--new-name", "trial")
    run("profile", "set-default", WORKFLOW, "trial")
    assert [call[2] for call in looply.calls] == [
        {"workflow_id": WORKFLOW, "name": "test", "values": {"limit": 10}},
        {"workflow_id": WORKFLOW, "name": "test", "new_name": "trial"},
        {"workflow_id": WORKFLOW, "name": "trial"},
    ]
    assert run("profile", "create", WORKFLOW, "test").status == 2
    assert run("profile", "create", WORKFLOW, "test", "--values", "{").status == 2
