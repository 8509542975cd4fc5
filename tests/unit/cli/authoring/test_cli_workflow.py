"""`looply workflow` against a server."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cli_kit import Command, Looply, refusal

from blackbox.harness.definitions import COMPUTING

ID = "01a20e65-a0ff-7d22-b3cd-096c128b7bea"
START = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}
END = {"id": "terminate_1", "type": "terminate", "settings": {}}
DEFINITION: dict[str, Any] = {
    "workflow_name": "Test",
    "workflow_steps": [START, END],
    "workflow_connections": [{"from": "WorkflowStartState", "to": "terminate_1"}],
}


def item(version: int = 1, status: str = "DRAFT") -> dict[str, Any]:
    return {
        "workflow_id": ID,
        "workflow_version": version,
        "workflow_status": status,
        "workflow_name": "Test",
        "modified_on": 1_700_000_000_000,
        "workflow_steps": DEFINITION["workflow_steps"],
    }


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "definition.json"
    path.write_text(json.dumps(DEFINITION))
    return str(path)


def test_a_list_follows_the_pages_up_to_its_limit(run: Command, looply: Looply) -> None:
    key = {"organization_id": "o", "workflow_id": ID, "workflow_version": 2}
    looply.answers["getOrganizationWorkflows"] = [
        {"items": [item(3, "ACTIVE"), item(2, "ACTIVE")], "lastKey": key},
        {"items": [item(1, "ACTIVE")]},
    ]
    done = run("workflow", "list", "--limit", "50", "--json")
    assert [each["workflow_version"] for each in done.document["items"]] == [3, 2, 1]
    assert looply.calls[0][1] == {"limit": "30"}
    assert looply.calls[1][1] == {"limit": "30", **{name: str(value) for name, value in key.items()}}


def test_a_list_ends_at_its_limit(run: Command, looply: Looply) -> None:
    looply.answers["getOrganizationWorkflows"] = {"items": [item(2), item(1)], "lastKey": {"workflow_id": ID}}
    assert run("workflow", "list", "--limit", "2", "--json").document["count"] == 2
    assert len(looply.calls) == 1


def test_people_are_shown_a_table(run: Command, looply: Looply) -> None:
    looply.answers["getOrganizationWorkflows"] = {"items": [item(2, "ACTIVE")]}
    line = next(line for line in run("workflow", "list").out.splitlines() if ID in line)
    assert line.split() == [ID, "2", "ACTIVE", "Test", "2023-11-14", "22:13:20Z"]


def test_a_version_is_shown_with_its_steps(run: Command, looply: Looply) -> None:
    looply.answers["getWorkflowById"] = {"message": "success", "item": item()}
    done = run("workflow", "show", ID, "--version", "1")
    assert looply.calls == [("getWorkflowById", {"workflow_id": ID, "workflow_version": "1"}, None)]
    assert f"Test, version 1 (DRAFT), {ID}" in done.out
    assert "terminate_1" in done.out
    assert looply.requests[0].headers["x-api-key"] == "lk_test_key"
    assert run("workflow", "show", ID, "--json").document == item()
    assert looply.calls[1][1]["workflow_version"] == "latest"


def test_an_import_shows_where_the_definition_is_stored(run: Command, looply: Looply, file: str) -> None:
    warning = {"path": "/definition/workflow_steps/1", "message": "is unreachable", "hint": "add an edge"}
    looply.answers["importWorkflow"] = {"message": "success", "item": item(), "warnings": [warning]}
    done = run("workflow", "import", file, "--json")
    assert done.document == {"workflow_id": ID, "workflow_version": 1, "workflow_status": "DRAFT"}
    assert looply.calls == [("importWorkflow", {}, {"definition": DEFINITION})]
    assert done.err == "warning: /workflow_steps/1: is unreachable (add an edge)\n"


def test_an_import_can_activate(run: Command, looply: Looply) -> None:
    looply.answers["importWorkflow"] = {"item": item(2), "warnings": []}
    looply.answers["activateWorkflow"] = {"item": item(2, "ACTIVE")}
    arguments = ("workflow", "import", "-", "--activate", "--workflow-id", ID, "--json")
    done = run(*arguments, stdin=b"\xef\xbb\xbf" + json.dumps(DEFINITION).encode())
    assert done.document == {"workflow_id": ID, "workflow_version": 2, "workflow_status": "ACTIVE"}
    assert looply.calls[0][2] == {"definition": DEFINITION, "workflow_id": ID}
    assert looply.calls[1] == ("activateWorkflow", {}, {"workflow_id": ID, "workflow_version": 2})


def test_an_import_of_a_stored_definition_is_reported(run: Command, looply: Looply, file: str) -> None:
    looply.answers["importWorkflow"] = {"item": item(), "warnings": [], "unchanged": True}
    assert "already stored" in run("workflow", "import", file).err


def test_a_refused_file_is_reported_with_paths_into_the_file(run: Command, looply: Looply, file: str) -> None:
    errors = [{"path": "/definition/workflow_steps/0/id", "message": "is no id"}]
    message = "the definition has a problem; the first: /definition/workflow_steps/0/id is no id"
    looply.answers["importWorkflow"] = refusal(422, message=message, code="INVALID_DEFINITION", errors=errors)
    done = run("workflow", "import", file, "--json")
    assert done.status == 1
    assert done.document["errors"] == [{"path": "/workflow_steps/0/id", "message": "is no id"}]
    assert "/definition" not in done.document["message"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{\n  "a": ]', "line 2 column 8"),
        (b"", "line 1 column 0"),
        (b'{"a": 1, "a": 2}', "uplicate"),
        (b'{"a": "\xff"}', "line 1"),
    ],
)
def test_a_file_that_is_no_json_is_refused_with_the_position(
    run: Command, looply: Looply, tmp_path: Path, text: bytes, words: str
) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(text)
    done = run("workflow", "import", str(path), "--json")
    assert (done.status, looply.calls) == (1, [])
    (error,) = done.document["errors"]
    assert error["path"] == ""
    assert error["message"].startswith(str(path))
    assert words in error["message"]


def test_a_file_that_cannot_be_read_is_refused(run: Command, tmp_path: Path) -> None:
    for name, words in ((tmp_path / "missing.json", "No such file"), (tmp_path, "Is a directory")):
        done = run("workflow", "import", str(name), "--json")
        assert (done.status, done.document["code"]) == (1, "UNREADABLE_FILE")
        assert words in done.document["errors"][0]["message"]
        assert run("workflow", "validate", str(name)).err.count(words) == 1


def test_an_export_can_be_imported_again(run: Command, looply: Looply, tmp_path: Path) -> None:
    exported = {"workflow_id": ID, "workflow_version": 3, **DEFINITION}
    looply.answers["exportWorkflow"] = {"message": "success", "definition": exported}
    assert json.loads(run("workflow", "export", ID).out) == exported
    assert run("workflow", "export", ID, "--json").document == exported
    path = tmp_path / "exported.json"
    done = run("workflow", "export", ID, "--version", "3", "--file", str(path), "--json")
    assert done.document == {"workflow_id": ID, "workflow_version": 3, "file": str(path)}
    written = json.loads(path.read_text())
    assert {name: value for name, value in written.items() if name != "$schema"} == exported
    assert run("workflow", "validate", str(path)).status == 0


def test_an_export_to_where_nothing_can_be_written_is_refused(run: Command, looply: Looply, tmp_path: Path) -> None:
    looply.answers["exportWorkflow"] = {"definition": {"workflow_id": ID, "workflow_version": 1}}
    (tmp_path / "file").touch()
    done = run("workflow", "export", ID, "--file", str(tmp_path / "file" / "f.json"), "--json")
    assert (done.status, done.document["code"]) == (1, "UNWRITABLE_FILE")


def test_a_definition_is_validated_without_a_server(run: Command, file: str) -> None:
    done = run("workflow", "validate", file, "--json", env={})
    assert done.status == 0
    assert done.document == {"message": "the definition is valid", "errors": [], "warnings": []}
    assert "valid" in run("workflow", "validate", file, env={}).out


def test_one_error_is_counted_as_one(run: Command, tmp_path: Path) -> None:
    file = tmp_path / "definition.json"
    file.write_text(json.dumps({**COMPUTING, "more": 1}))
    done = run("workflow", "validate", str(file))
    errors = run("workflow", "validate", str(file), "--json").document["errors"]
    assert (done.status, len(errors)) == (1, 1)
    assert "1 error, 0 warnings" in done.out


def test_every_finding_of_a_wrong_definition_is_shown(run: Command) -> None:
    wrong = json.dumps({**DEFINITION, "workflow_steps": [START, {**END, "id": "1"}], "extra": 1}).encode()
    done = run("workflow", "validate", "-", "--json", stdin=wrong)
    assert done.status == 1
    assert len(done.document["errors"]) > 1
    assert all(each["message"] for each in done.document["errors"])
    done = run("workflow", "validate", "-", stdin=wrong)
    assert (done.status, done.err) == (1, "")
    assert "/workflow_steps/1/id" in done.out
    assert run("workflow", "validate", "-", stdin=b"[]").status == 1


def test_a_version_is_activated(run: Command, looply: Looply) -> None:
    looply.answers["activateWorkflow"] = {"item": item(4, "ACTIVE")}
    done = run("workflow", "activate", ID, "4", "--json")
    assert done.document == {"workflow_id": ID, "workflow_version": 4, "workflow_status": "ACTIVE"}


def test_a_trigger_sends_its_payload_and_options(run: Command, looply: Looply) -> None:
    path = f"triggerworkflow/{ID}/latest"
    looply.answers[path] = {"message": "success", "looply_execution_id": "x", "status": "COMPLETED", "output": {"a": 1}}
    options = ("--process-id", "PO/1", "--profile", "test", "--wait", "PT5S", "--idempotency-key", "k-1")
    done = run("workflow", "trigger", ID, "-", *options, stdin=b'{"po": 1.0}')
    assert looply.calls == [(path, {"process_id": "PO/1", "profile": "test", "wait": "PT5S"}, {"po": 1.0})]
    assert looply.requests[0].headers["idempotency-key"] == "k-1"
    assert "COMPLETED" in done.out
    assert '"a": 1' in done.out


def test_a_trigger_without_payload_sends_no_body(run: Command, looply: Looply) -> None:
    looply.answers[f"triggerworkflow/{ID}/2"] = {"message": "success", "looply_execution_id": "x"}
    done = run("workflow", "trigger", ID, "--version", "2", "--json")
    assert done.document == {"message": "success", "looply_execution_id": "x"}
    assert looply.requests[0].content == b""
    assert "content-type" not in looply.requests[0].headers
    run("workflow", "trigger", ID, "--version", "2", "--payload", "null")
    assert looply.requests[1].content == b"null"


def test_an_id_cannot_lead_to_another_call(run: Command, looply: Looply) -> None:
    def missing(request: httpx2.Request) -> httpx2.Response:
        assert request.url.raw_path == b"/v2/workflows/triggerworkflow/..%2FcreateKey/latest"
        return refusal(400, message="incorrect workflow id")

    assert run("workflow", "trigger", "../createKey", answer=missing).status == 1


def open_draft() -> httpx2.Response:
    fields = {"workflow_version": 1, "modified_on": 1_700_000_000_000}
    return refusal(409, message="version 1 is an open draft", code="DRAFT_OPEN", **fields)


def test_an_import_that_would_overwrite_a_draft_says_what_to_do(run: Command, looply: Looply, file: str) -> None:
    looply.answers["importWorkflow"] = open_draft()
    done = run("workflow", "import", file)
    assert done.status == 1
    assert "--modified-on" in done.err
    assert "--force" in done.err
    assert len(looply.calls) == 1


def test_an_import_with_force_overwrites_the_draft_that_was_reported(run: Command, looply: Looply, file: str) -> None:
    looply.answers["importWorkflow"] = [open_draft(), {"item": item(), "warnings": []}]
    assert run("workflow", "import", file, "--force", "--json").document["workflow_version"] == 1
    assert [body.get("modified_on") for _, _, body in looply.calls] == [None, 1_700_000_000_000]


def test_an_import_may_name_the_state_that_it_overwrites(run: Command, looply: Looply, file: str) -> None:
    looply.answers["importWorkflow"] = {"item": item(), "warnings": []}
    assert run("workflow", "import", file, "--modified-on", "1700000000000", "--json").status == 0
    assert looply.calls[0][2]["modified_on"] == 1_700_000_000_000
