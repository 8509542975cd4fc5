"""`looply db move` as a process, and a server on the database afterwards."""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from blackbox.harness.definitions import definition, http, wait
from blackbox.harness.launcher import Server, document, init, run
from blackbox.harness.sink import Sink
from kit.servers.postgres_server import NoPostgres, PostgresServer


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="looply-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        try:
            server = PostgresServer(Path(folder) / "server")
        except NoPostgres as error:
            pytest.skip(str(error))
        with server:
            server.watch(os.getpid())
            yield server


@pytest.fixture
def address(postgres: PostgresServer, request: pytest.FixtureRequest) -> str:
    return postgres.new_database(f"move_{abs(hash(request.node.name))}")


@pytest.fixture
def server(tmp_path: Path, sink: Sink) -> Iterator[Server]:
    init(tmp_path / "data")
    found = Server(tmp_path / "data", (f"127.0.0.1:{sink.port}",))
    yield found
    found.close()


@pytest.mark.timeout(600)
def test_an_installation_moves_and_continues_in_the_database(
    server: Server, sink: Sink, address: str, tmp_path: Path
) -> None:
    made = document("organization", "create", "Mine", "--data", server.folder)["items"][0]
    file = tmp_path / "definition.json"
    file.write_text(json.dumps(definition(wait(), http(sink.script("/after_the_move")))))
    server.start()
    caller = {"LOOPLY_URL": server.address, "LOOPLY_API_KEY": made["api_key"]}
    workflow = document("workflow", "import", file, "--activate", **caller)["workflow_id"]
    started = document("workflow", "trigger", workflow, "--process-id", "PO-1", "--wait", "PT20S", **caller)
    assert started["status"] == "WAITING"
    in_use = document("db", "move", "--data", server.folder, "--to", address, status=1)
    assert in_use["code"] == "DATA_FOLDER_IN_USE"
    assert server.stop() == 0

    rehearsed = document("db", "move", "--data", server.folder, "--dry-run", LOOPLY_DATABASE=address)
    assert (rehearsed["moved"], rehearsed["dry_run"], rehearsed["problems"]) == (False, True, [])
    moved = document("db", "move", "--data", server.folder, LOOPLY_DATABASE=address)
    assert (moved["moved"], moved["problems"], moved["tables"]) == (True, [], rehearsed["tables"])
    assert moved["audit"] == {"executions": 1, "open": 1, "orphans": 0}

    refused = run("serve", "--data", server.folder, "--port", "0", "--json")
    assert (refused.returncode, json.loads(refused.stdout)["code"]) == (1, "FOLDER_MOVED")
    assert document("db", "move", "--data", server.folder, "--to", address, status=1)["code"] == "ALREADY_MOVED"
    key = (server.folder / "key").read_text().strip()
    there = Server(
        tmp_path / "elsewhere",
        (f"127.0.0.1:{sink.port}",),
        LOOPLY_ENGINE="postgres",
        LOOPLY_DATABASE=address,
        LOOPLY_ENCRYPTION_KEY=key,
    ).start()
    try:
        caller["LOOPLY_URL"] = there.address
        assert document("execution", "resume", "PO-1", **caller)["message"] == "restarted"
        assert run("execution", "watch", "PO-1", "--timeout", "40", **caller).returncode == 0
        assert document("execution", "show", started["looply_execution_id"], **caller)["status"] == "COMPLETED"
        assert there.stop() == 0
    finally:
        there.close()


def test_the_command_shows_what_the_new_installation_needs_and_how_to_undo(server: Server, address: str) -> None:
    done = run("db", "move", "--data", server.folder, "--to", address)
    assert done.returncode == 0, done.stderr
    assert "looply_catalog.organizations" in done.stdout
    assert f"LOOPLY_ENCRYPTION_KEY: the content of {server.folder / 'key'}" in done.stderr
    assert f"remove {server.folder / 'moved.json'}" in done.stderr
    (server.folder / "moved.json").unlink()
    server.start()
    assert server.stop() == 0


def test_an_address_is_needed_and_its_password_is_shown_nowhere(server: Server, postgres: PostgresServer) -> None:
    none = document("db", "move", "--data", server.folder, status=2)
    assert none["code"] == "USAGE"
    wrong = f"postgresql://looply:hidden-word@/nowhere?host={postgres.folder}"
    for address in (wrong, f"password=hidden-word {wrong}"):
        done = run("db", "move", "--data", server.folder, "--to", address)
        assert done.returncode == 1
        assert "hidden-word" not in done.stdout + done.stderr


def test_a_folder_whose_key_is_gone_is_not_moved_and_gets_no_new_one(server: Server, address: str) -> None:
    (server.folder / "key").unlink()
    assert document("db", "move", "--data", server.folder, "--to", address, status=1)["code"] == "KEY_MISSING"
    assert not (server.folder / "key").exists()


def test_nothing_is_written_by_a_role_without_rights(server: Server, postgres: PostgresServer, address: str) -> None:
    postgres.run("CREATE ROLE guest LOGIN")
    answers = document(
        "db", "move", "--data", server.folder, "--to", address.replace("user=looply", "user=guest"), status=1
    )
    assert any("may not make the schema looply" in problem for problem in answers["problems"])
