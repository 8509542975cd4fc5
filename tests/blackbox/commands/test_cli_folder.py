"""Commands on a data folder: made, used, examined, copied; while a server has it, and while none has."""

import json
import shutil
import sqlite3
import stat
from pathlib import Path
from typing import Any

from blackbox.harness.launcher import Server, doctor, document, init, run
from looply.master_keys import MasterKeys

WAITING: dict[str, Any] = {
    "workflow_name": "Waiting",
    "workflow_steps": [
        {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}},
        {"id": "wait_1", "type": "wait", "settings": {}},
    ],
    "workflow_connections": [{"from": "WorkflowStartState", "to": "wait_1"}],
}
SCHEDULED: dict[str, Any] = {
    "workflow_name": "Scheduled",
    "workflow_steps": [
        {
            "id": "WorkflowStartState",
            "type": "trigger",
            "settings": {"trigger_type": "SCHEDULED", "schedule": {"every": "P1D"}},
        },
        {"id": "terminate_1", "type": "terminate", "settings": {}},
    ],
    "workflow_connections": [{"from": "WorkflowStartState", "to": "terminate_1"}],
}


def written(folder: Path, definition: dict[str, Any]) -> Path:
    file = folder / "definition.json"
    file.write_text(json.dumps(definition))
    return file


def test_init_gives_ids_and_a_key_and_keeps_the_folder_private(data: Path) -> None:
    made = init(data)
    assert sorted(made) == ["api_key", "organization_id", "owner_link", "workspace_id"]
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in data.iterdir()} == {0o600}


def test_a_second_init_is_refused_and_changes_nothing(data: Path, key: str) -> None:
    refused = document("init", "--data", data, status=1)
    assert (refused["code"], refused["errors"]) == ("ALREADY_INITIALIZED", [])
    assert len(document("key", "list", "--data", data)["items"]) == 1


def test_keys_are_made_listed_and_revoked_without_a_server(data: Path, key: str) -> None:
    made = document("key", "create", "Ops", "--scope", "read", "--data", data)
    assert made["api_key"].startswith(f"lk_{made['prefix']}_")
    assert document("key", "revoke", made["key_id"], "--yes", "--data", data)["revoked_on"] is not None
    listed = document("key", "list", "--data", data)["items"]
    assert [each["name"] for each in listed] == ["Ops", "First key"]
    assert listed[0]["created_by"] is None


def test_organizations_are_made_and_listed_without_a_server(data: Path, key: str) -> None:
    made = document("organization", "create", "Acme", "Acme North", "--data", data)
    assert [each["organization_name"] for each in made["items"]] == ["Acme", "Acme North"]
    assert all(
        sorted(each) == ["api_key", "organization_id", "organization_name", "owner_link", "workspace_id"]
        for each in made["items"]
    )
    listed = document("organization", "list", "--data", data)
    assert [each["organization_name"] for each in listed["items"]] == ["Default", "Acme", "Acme North"]
    assert [each["organization_id"] for each in listed["items"]][1:] == [
        each["organization_id"] for each in made["items"]
    ]


def test_the_list_of_organizations_shows_the_usage_of_each(data: Path, key: str) -> None:
    listed = document("organization", "list", "--usage", "--data", data)
    assert [(each["open_executions"], each["stored_bytes"]) for each in listed["items"]] == [(0, 0)]


def test_no_organization_is_made_when_a_name_is_refused(data: Path, key: str) -> None:
    assert document("organization", "create", "Good", " bad", "--data", data, status=1)["code"] == "INVALID_NAME"
    assert document("organization", "create", "--data", data, status=2)["message"] == "name the organization"
    assert document("organization", "list", "--data", data)["count"] == 1


def test_commands_on_a_folder_work_for_the_organization_that_is_named(data: Path, key: str, tmp_path: Path) -> None:
    (other,) = document("organization", "create", "Other", "--data", data)["items"]
    there = ("--data", data, "--organization", other["organization_id"])
    made = document("key", "create", "Ops", "--scope", "read", *there)
    assert made["organization_id"] == other["organization_id"]
    assert [each["name"] for each in document("key", "list", *there)["items"]] == ["Ops", "First key"]
    assert [each["name"] for each in document("key", "list", "--data", data)["items"]] == ["First key"]
    document("workflow", "import", written(tmp_path, WAITING), *there)
    assert document("workflow", "list", *there)["count"] == 1
    assert document("workflow", "list", "--data", data)["count"] == 0
    unknown = document("key", "list", "--data", data, "--organization", "nobody", status=1)
    assert unknown["code"] == "ORGANIZATION_NOT_FOUND"
    assert document("key", "list", "--organization", other["organization_id"], status=2)["code"] == "USAGE"


def test_a_second_organization_is_served_and_sees_its_own_only(server: Server, key: str, tmp_path: Path) -> None:
    (other,) = document("organization", "create", "Other", "--data", server.folder)["items"]
    server.start()
    first = {"LOOPLY_URL": server.address, "LOOPLY_API_KEY": key}
    second = {**first, "LOOPLY_API_KEY": other["api_key"]}
    document("workflow", "import", written(tmp_path, WAITING), **second)
    assert document("workflow", "list", **second)["count"] == 1
    assert document("workflow", "list", **first)["count"] == 0


def test_a_workflow_is_imported_and_activated_without_a_server(data: Path, key: str, tmp_path: Path) -> None:
    file = written(tmp_path, SCHEDULED)
    made = document("workflow", "import", file, "--data", data, "--activate")
    assert (made["workflow_version"], made["workflow_status"]) == (1, "ACTIVE")
    (listed,) = document("workflow", "list", "--data", data)["items"]
    assert listed["workflow_id"] == made["workflow_id"]
    (schedule,) = document("schedule", "list", "--data", data)["items"]
    assert (schedule["status"], schedule["last_on"]) == ("ACTIVE", None)
    assert schedule["workflow_name"] == listed["workflow_name"]
    same = run("workflow", "import", file, "--data", data, "--workflow-id", made["workflow_id"], "--json")
    assert json.loads(same.stdout) == made
    assert "already stored" in same.stderr


def test_executions_and_names_of_workflows_are_found_without_a_server(
    data: Path, key: str, server: Server, tmp_path: Path
) -> None:
    made = document("workflow", "import", written(tmp_path, WAITING), "--data", data, "--activate")
    server.start()
    with server.connect(headers={"x-api-key": key}) as client:
        for _ in range(3):
            assert client.post(f"/v2/workflows/triggerworkflow/{made['workflow_id']}/latest").status_code == 200
    assert server.stop() == 0

    def listed(*options: str) -> int:
        return int(document("execution", "list", "--data", data, *options)["count"])

    assert (listed(), listed("--limit", "2"), listed("--status", "WAITING")) == (3, 2, 3)
    assert (listed("--workflow-id", "Waiting"), listed("--status", "FAILED")) == (3, 0)
    unknown = run("execution", "list", "--data", data, "--workflow-id", "Wating")
    assert (unknown.returncode, "did you mean 'Waiting'" in unknown.stderr) == (1, True)
    bound = document("key", "create", "Shop", "--scope", "trigger", "--workflow-id", "Waiting", "--data", data)
    assert bound["workflow_ids"] == [made["workflow_id"]]


def test_a_refused_file_is_reported_as_by_a_server(data: Path, key: str, tmp_path: Path) -> None:
    file = written(tmp_path, {**WAITING, "workflow_connections": [{"from": "WorkflowStartState", "to": "nowhere"}]})
    refused = document("workflow", "import", file, "--data", data, status=1)
    assert refused["code"] == "INVALID_DEFINITION"
    assert all(each["path"].startswith("/workflow_") for each in refused["errors"])


def test_a_folder_that_is_none_is_refused_and_not_made(data: Path) -> None:
    for command in (("doctor",), ("serve", "--port", "0"), ("key", "list"), ("db", "check"), ("db", "upgrade")):
        assert document(*command, "--data", data, status=1)["code"] == "NO_STORE"
    assert not data.exists()


def test_the_folder_comes_from_the_environment_too(data: Path, key: str) -> None:
    assert document("doctor", LOOPLY_DATA=str(data))["problems"] == []


def test_a_wrong_setting_is_refused_with_its_name(data: Path, key: str) -> None:
    refused = document("doctor", "--data", data, status=1, LOOPLY_DTA="x")
    assert refused["code"] == "SETTINGS"
    assert "LOOPLY_DTA" in refused["errors"][0]["message"]


def test_a_folder_in_use_is_refused_with_the_process_and_the_way_out(server: Server, tmp_path: Path) -> None:
    server.start()
    file = written(tmp_path, WAITING)
    for command in (("init",), ("key", "list"), ("workflow", "import", file), ("db", "upgrade")):
        refused = document(*command, "--data", server.folder, status=1)
        assert refused["code"] == "DATA_FOLDER_IN_USE"
        assert f"process {server.pid};" in refused["message"]
        assert "--url" in refused["message"]


def test_doctor_proves_the_folder_of_a_running_server_and_leaves_it_alone(server: Server) -> None:
    server.start()
    before = sorted(path.name for path in server.folder.iterdir())
    report = document("doctor", "--data", server.folder)
    assert (report["orphans"], report["problems"]) == (0, [])
    assert sorted(path.name for path in server.folder.iterdir()) == before


def test_doctor_after_a_crash_leaves_it_to_the_server_to_count_it(server: Server, key: str, tmp_path: Path) -> None:
    server.start()
    server.kill()
    for _ in range(2):
        assert document("doctor", "--data", server.folder)["problems"] == []
        with sqlite3.connect(server.folder / "executions.db") as executions:
            assert executions.execute("SELECT value FROM meta WHERE key = 'clean'").fetchone() == (0,)
        executions.close()


def test_doctor_reports_a_store_that_cannot_be_read(data: Path, key: str) -> None:
    (data / "executions.db").write_bytes(b"no database" * 1000)
    report = document("doctor", "--data", data, status=1)
    assert [problem["kind"] for problem in report["problems"]] == ["STORE"]
    assert (report["executions"], report["open"], report["orphans"]) == (0, 0, 0)


def test_check_reads_both_databases(data: Path, key: str) -> None:
    sound = document("db", "check", "--data", data)
    assert [each["file"] for each in sound["files"]] == ["catalog.db", "executions.db"]
    assert sound["problems"] == []
    (data / "catalog.db").write_bytes(b"no database" * 1000)
    damaged = document("db", "check", "--data", data, status=1)
    assert damaged["problems"] == ["catalog.db: file is not a database"]


def test_upgrade_of_what_is_new_changes_nothing(data: Path, key: str) -> None:
    files = document("db", "upgrade", "--data", data)["files"]
    assert all(each["from"] == each["to"] != "" for each in files)


def test_a_backup_beside_a_running_server_continues_from_its_snapshot(server: Server, key: str, tmp_path: Path) -> None:
    server.start()
    caller = {"LOOPLY_URL": server.address, "LOOPLY_API_KEY": key}
    workflow = document("workflow", "import", written(tmp_path, WAITING), "--activate", **caller)["workflow_id"]
    started = document("workflow", "trigger", workflow, "--process-id", "PO-1", "--wait", "PT5S", **caller)
    assert started["status"] == "WAITING"
    target = tmp_path / "backups" / "one"
    made = document("db", "backup", target, "--data", server.folder, "--with-key")
    assert made == {"backup": str(target), "files": ["catalog.db", "executions.db", "key"]}
    assert document("db", "backup", target, "--data", server.folder, status=1)["code"] == "TARGET_EXISTS"
    assert {stat.S_IMODE((target / name).stat().st_mode) for name in made["files"]} == {0o600}
    assert document("execution", "terminate", "PO-1", **caller)["message"] == "terminated"
    assert server.stop() == 0

    restored = tmp_path / "restored"
    assert document("db", "restore", target, "--data", restored)["files"] == made["files"]
    assert document("db", "restore", target, "--data", restored, status=1)["code"] == "FOLDER_NOT_EMPTY"
    assert doctor(restored) == {"executions": 1, "open": 1, "orphans": 0, "problems": []}
    second = Server(restored).start()
    try:
        there = {"LOOPLY_URL": second.address, "LOOPLY_API_KEY": key}
        assert document("execution", "resume", "PO-1", **there)["message"] == "restarted"
        assert run("execution", "watch", "PO-1", "--timeout", "20", **there).returncode == 0
    finally:
        second.close()


def test_a_backup_without_the_key_needs_it_for_the_restore(data: Path, key: str, tmp_path: Path) -> None:
    target, restored = tmp_path / "backup", tmp_path / "restored"
    assert document("db", "backup", target, "--data", data)["files"] == ["catalog.db", "executions.db"]
    refused = document("db", "restore", target, "--data", restored, status=1)
    assert refused["code"] == "KEY_MISSING"
    assert "lacks the key" in refused["message"]
    other = tmp_path / "other"
    MasterKeys(other).create()
    assert document("db", "restore", target, "--data", restored, "--key-file", other, status=1)["code"] == "KEY_WRONG"
    assert not restored.exists()
    document("db", "restore", target, "--data", restored, "--key-file", data / "key")
    assert (restored / "key").read_bytes() == (data / "key").read_bytes()


def test_what_is_no_sound_backup_is_not_restored(data: Path, key: str, tmp_path: Path) -> None:
    restored = tmp_path / "restored"
    assert document("db", "restore", tmp_path, "--data", restored, status=1)["code"] == "NO_BACKUP"
    raw = tmp_path / "raw"
    shutil.copytree(data, raw)
    (raw / "executions.db-wal").write_bytes(b"rest of a log")
    assert document("db", "restore", raw, "--data", restored, status=1)["code"] == "RAW_COPY"
    (raw / "executions.db-wal").unlink()
    (raw / "executions.db").write_bytes(b"no database" * 1000)
    assert document("db", "restore", raw, "--data", restored, status=1)["code"] == "STORE_CORRUPT"
    assert list(tmp_path.glob("*restored*")) == []


def test_a_catalog_of_a_newer_release_is_left_alone(data: Path, key: str) -> None:
    with sqlite3.connect(data / "catalog.db") as catalog:
        catalog.execute("UPDATE alembic_version SET version_num = '9999'")
        catalog.execute("DELETE FROM table_sums")
    catalog.close()
    # A newer release would have sealed what it left.
    (data / "seal").unlink()
    assert document("key", "list", "--data", data, status=1)["code"] == "SCHEMA_MISMATCH"
    assert run("serve", "--data", data, "--port", "0").returncode == 78
