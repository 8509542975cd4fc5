"""`looply datastore` on a folder and by a server; what a workflow keeps survives a kill and comes along in a backup."""

import json
from pathlib import Path
from typing import Any

from blackbox.harness.launcher import Server, doctor, document

COUNTING: dict[str, Any] = {
    "workflow_name": "Counting",
    "workflow_steps": [
        {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}},
        {
            "id": "datastore_1",
            "type": "datastore",
            "settings": {
                "operation": "merge",
                "name": "seen",
                "value": {"last": "${payload.output.n}"},
            },
        },
        {
            "id": "datastore_2",
            "type": "datastore",
            "settings": {"operation": "set", "name": "seen", "path": "/by/${payload.output.n}", "value": True},
        },
    ],
    "workflow_connections": [
        {"from": "WorkflowStartState", "to": "datastore_1"},
        {"from": "datastore_1", "to": "datastore_2"},
    ],
}


def test_a_folder_keeps_lists_gives_and_deletes_datastores(data: Path, key: str) -> None:
    assert key
    made = document("datastore", "put", "prices", "--value", '{"bolt": 3}', "--data", data)
    assert (made["revision"], made["value"], made["modified_by"]) == (1, {"bolt": 3}, None)
    refused = document("datastore", "put", "prices", "--value", "1", "--if-revision", "0", "--data", data, status=1)
    assert refused["code"] == "CONFLICT"
    assert document("datastore", "get", "prices", "--data", data) == made
    listed = document("datastore", "list", "--data", data)
    assert [(item["name"], item["revision"]) for item in listed["items"]] == [("prices", 1)]
    document("datastore", "delete", "prices", "--yes", "--data", data)
    assert document("datastore", "get", "prices", "--data", data, status=1)["code"] == "DATASTORE_NOT_FOUND"
    assert document("datastore", "put", "prices", "--value", "1", "--data", data)["revision"] == 3
    assert doctor(data)["problems"] == []


def test_what_workflows_keep_survives_a_kill_and_a_backup(data: Path, key: str, server: Server, tmp_path: Path) -> None:
    server.start()
    there = ("--url", server.address, "--api-key", key)
    file = tmp_path / "counting.json"
    file.write_text(json.dumps(COUNTING))
    workflow_id = document("workflow", "import", file, "--activate", *there)["workflow_id"]
    for n in range(3):
        answers = document(
            "workflow", "trigger", workflow_id, "--payload", json.dumps({"n": n}), "--wait", "PT30S", *there
        )
        assert answers["status"] == "COMPLETED"
    server.kill()
    server.start()
    there = ("--url", server.address, "--api-key", key)
    kept = document("datastore", "get", "seen", *there)
    assert kept["value"] == {"last": 2, "by": {str(n): True for n in range(3)}}
    assert kept["revision"] == 6
    copy = tmp_path / "copy"
    document("db", "backup", copy, "--data", data, "--with-key")
    document("datastore", "delete", "seen", "--yes", *there)
    assert document("datastore", "get", "seen", "--data", copy) == kept
    assert doctor(data)["problems"] == []
