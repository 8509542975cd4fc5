"""How commands check the engine of the settings before they open anything."""

import pytest
from cli_kit import Command, Looply

from looply.cli.terminal.failures import REFUSED, USAGE

DATABASE = {"LOOPLY_DATABASE": "host=/nowhere dbname=looply"}
POSTGRES = {"LOOPLY_ENGINE": "postgres", **DATABASE}


def test_a_database_without_its_engine_is_refused_rather_than_left_aside(run: Command) -> None:
    done = run("serve", "--json", env=DATABASE)
    assert done.status == REFUSED
    assert "set engine to 'postgres' or 'distributed'" in done.document["message"]


def test_an_engine_that_lacks_what_it_needs_names_the_variables(run: Command) -> None:
    done = run("serve", "--engine", "distributed", "--json")
    assert done.status == REFUSED
    for variable in ("LOOPLY_DATABASE", "LOOPLY_TEMPORAL_ADDRESS", "LOOPLY_ENCRYPTION_KEY"):
        assert variable in done.document["message"]


@pytest.mark.parametrize("environment", [{}, POSTGRES])
def test_a_worker_belongs_to_a_distributed_installation(run: Command, environment: dict[str, str]) -> None:
    done = run("worker", "--json", env=environment)
    assert done.status == REFUSED
    assert "the server carries out effects itself" in done.document["message"]


@pytest.mark.parametrize("command", [("backup", "copy"), ("check",), ("upgrade",)])
def test_commands_on_files_of_a_folder_refuse_a_database(run: Command, command: tuple[str, ...]) -> None:
    done = run("db", *command, "--json", env=POSTGRES)
    assert done.status == USAGE
    assert "tools of its own" in done.document["message"]


def test_offline_and_a_server_exclude_each_other(run: Command) -> None:
    done = run("key", "list", "--offline", "--url", "http://looply.test", "--json")
    assert (done.status, done.document["code"]) == (USAGE, "USAGE")


def test_a_key_is_not_needed_offline_and_a_wrong_store_is_reported(run: Command, looply: Looply) -> None:
    done = run("key", "list", "--offline", "--json", env={"LOOPLY_DATA": "/nowhere/looply"})
    assert (done.status, done.document["code"]) == (REFUSED, "NO_STORE")
    assert looply.calls == []
