"""A release with one more migration upgrades recorded stores: whole, once, and again after it was killed.

The later release is a copy of this tree (`blackbox/harness/releases.py`) with a migration of its own for the executions
of a folder, for those of a database, and for the catalog of both.
"""

import base64
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from blackbox.harness.launcher import environment_with, run
from blackbox.harness.releases import Release, next_release
from golden.stores.database import DATABASES, ENDING, SCHEMAS, load
from golden.stores.database import unpack as statements_of
from golden.stores.folder import FOLDERS, SEALING_KEY, unpack

RECORDED: Final = "0.1.0"
NEW: Final = "of_the_next"
"""The name of the tables and columns that the later release adds."""
NEWER: Final = 78
"""The exit of a command that finds tables of a newer release."""
FILES: Final = ("executions.db", "catalog.db")
UPKEEP: Final = {"alembic_version", "table_sums", "meta", "sqlite_sequence", "schema_version", "lease"}
"""Tables about the store itself, which an upgrade or an opening changes."""
_TABLES: Final = b"""
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""

_DIES: Final = f"""
import os, signal, sys
import apsw, sqlalchemy
from sqlalchemy import event
from looply.cli import main

left = int(sys.argv.pop(1))


def count(statement):
    global left
    if "{NEW}" in statement or statement.startswith(("COMMIT", "UPDATE alembic_version")):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return True


apsw.connection_hooks.append(lambda one: setattr(one, "exec_trace", lambda _cursor, sql, _bindings: count(sql)))
event.listen(sqlalchemy.Engine, "before_cursor_execute", lambda *facts: count(facts[2]) and None)
main()
"""
"""Runs the command and kills it before a statement of the upgrade, or before its end: the one of this number."""

Repetitions = Callable[..., int]


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Yields a release with one more migration of each kind."""
    return next_release(tmp_path_factory.mktemp("later"), has_more_tables=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return unpack(FOLDERS / f"{RECORDED}.tar.xz", tmp_path / "data")


@pytest.fixture
def database(empty_database: str) -> str:
    load(statements_of(DATABASES / f"{RECORDED}{ENDING}"), empty_database)
    return empty_database


def executions() -> int:
    """Returns how many executions were recorded."""
    return len(json.loads((FOLDERS / f"{RECORDED}.json").read_bytes())["executions"])


def in_folder(folder: Path) -> dict[str, Any]:
    """Returns the rows of all tables of a folder, without what later migrations add, which has no data."""
    found = {}
    for name in FILES:
        with closing(sqlite3.connect(folder / name)) as file:
            tables = [table for (table,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            for table in set(tables) - UPKEEP - {NEW}:
                columns = [each[1] for each in file.execute(f"PRAGMA table_info({table})") if each[1] != NEW]
                rows = file.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
                given = ({n: v for n, v in zip(columns, row, strict=True) if v is not None} for row in rows)
                found[f"{name}.{table}"] = sorted(map(repr, given))
    return {name: rows for name, rows in found.items() if rows}


def is_upgraded(folder: Path) -> bool:
    """Returns whether both files of a folder have what the later release adds."""
    found = []
    for name, table in zip(FILES, ("effect", "api_keys"), strict=True):
        with closing(sqlite3.connect(folder / name)) as file:
            found.append(NEW in {each[1] for each in file.execute(f"PRAGMA table_info({table})")})
    return all(found)


def upgrade(folder: Path, release: Release) -> subprocess.CompletedProcess[str]:
    return run("db", "upgrade", "--data", folder, "--json", **release.environment)


def test_a_folder_is_upgraded_keeps_its_data_and_is_refused_to_the_older_release(folder: Path, later: Release) -> None:
    before = in_folder(folder)
    done = upgrade(folder, later)
    assert done.returncode == 0, done.stderr
    assert all(each["from"] != each["to"] for each in json.loads(done.stdout)["files"]), done.stdout
    assert is_upgraded(folder)
    assert in_folder(folder) == before
    again = json.loads(upgrade(folder, later).stdout)["files"]
    assert all(each["from"] == each["to"] for each in again), again
    audit = json.loads(run("doctor", "--data", folder, "--json", **later.environment).stdout)
    assert (audit["executions"], audit["orphans"], audit["problems"]) == (executions(), 0, [])
    refused = run("serve", "--data", folder)
    assert (refused.returncode, "Traceback" in refused.stderr) == (NEWER, False), refused.stderr


def test_an_upgrade_of_a_folder_that_is_killed_midway_is_repeated(
    tmp_path: Path, later: Release, repetitions: Repetitions
) -> None:
    for number in killed_at(repetitions(1, 3, 100)):
        folder = unpack(FOLDERS / f"{RECORDED}.tar.xz", tmp_path / f"data-{number}")
        before = in_folder(folder)
        killed = subprocess.run(
            [sys.executable, "-c", _DIES, str(number), "db", "upgrade", "--data", folder],
            env=environment_with(later.environment),
            capture_output=True,
            timeout=300,
            check=False,
        )
        if killed.returncode == 0:
            assert number > len(FILES), "no statement of the upgrade was seen"
            return
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
        assert in_folder(folder) == before
        done = upgrade(folder, later)
        assert done.returncode == 0, done.stderr
        assert is_upgraded(folder)
        assert in_folder(folder) == before


def killed_at(rounds: int) -> Iterator[int]:
    """Yields the statements before which the upgrade is killed: some of both files, or each up to the last one."""
    yield from (5, 0, 9)[:rounds] if rounds <= 3 else range(rounds)


def in_database(address: str) -> dict[str, Any]:
    """Returns the rows of all tables of a database, without what later migrations add, and what an opening counts."""
    found = {}
    with psycopg.connect(address) as connection:
        for schema, table in connection.execute(_TABLES, (list(SCHEMAS),)).fetchall():
            if table not in UPKEEP | {NEW}:
                rows = connection.execute(
                    f"SELECT jsonb_strip_nulls(to_jsonb(t) - '{NEW}' - 'crash_count') FROM {schema}.{table} t".encode()
                ).fetchall()
                found[f"{schema}.{table}"] = sorted(map(repr, rows))
    return {name: rows for name, rows in found.items() if rows}


def has_column(address: str, table: str) -> bool:
    """Returns whether a table has the column that the later release adds."""
    query = b"SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = %s"
    with psycopg.connect(address) as connection:
        return connection.execute(query, (table, NEW)).fetchone() is not None


def run_on(address: str, environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command on a database."""
    key = base64.b64encode(SEALING_KEY).decode()
    place = {"LOOPLY_ENGINE": "postgres", "LOOPLY_DATABASE": address, "LOOPLY_ENCRYPTION_KEY": key}
    return run(*command, **place, **environment)


def open_with(address: str, release: Release) -> int:
    """Opens a database by a command of a release, which upgrades it; returns how it ended."""
    return run_on(address, release.environment, "organization", "list", "--json").returncode


def test_a_database_is_upgraded_keeps_its_data_and_is_refused_to_the_older_release(
    database: str, later: Release
) -> None:
    before = in_database(database)
    assert open_with(database, later) == 0
    assert [has_column(database, table) for table in ("effect", "api_keys")] == [True, True]
    assert in_database(database) == before
    refused = run_on(database, {}, "serve")
    assert (refused.returncode, "Traceback" in refused.stderr) == (NEWER, False), refused.stderr


def test_an_upgrade_of_a_database_whose_session_ends_midway_is_repeated(database: str, later: Release) -> None:
    before = in_database(database)
    with psycopg.connect(database, autocommit=True) as beside:
        beside.execute(b"CREATE TABLE public.ends_upgrades()")
        assert open_with(database, later) != 0
        assert not has_column(database, "effect")
        assert in_database(database) == before
        beside.execute(b"DROP TABLE public.ends_upgrades")
    assert open_with(database, later) == 0
    assert has_column(database, "effect")
    assert in_database(database) == before
