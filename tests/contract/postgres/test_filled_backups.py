"""A copy of an installation has every row of every table, whatever there is to copy."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from test_store_postgres_backup import dump, restore

from contract.harness.moving_installation import Installation
from kit.channel import FakeChannel
from kit.driver import Driver
from kit.servers.postgres_server import PostgresServer
from looply.catalog.moving import CATALOG
from looply.cli.offline.copies import make_backup, restore_backup
from looply.cli.offline.moving import TABLES, carry_out
from looply.engine.coding.moving import JOURNAL
from looply.engine.postgres import PostgresStore
from looply.engine.sqlite import SqliteStore

pytestmark = pytest.mark.timeout(600)

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
async def installation(tmp_path: Path) -> Installation:
    found = Installation(tmp_path / "data")
    await found.live()
    return found


@pytest.fixture
def addresses(postgres_server: PostgresServer) -> Iterator[tuple[str, str]]:
    """Gives the addresses of two empty databases."""
    names = [f"filled_{os.getpid()}_{number}" for number in range(2)]
    yield postgres_server.new_database(names[0]), postgres_server.new_database(names[1])
    for name in names:
        postgres_server.drop_database(name)


def rows_of_folder(folder: Path) -> Rows:
    """Returns every row of every table that an installation cannot do without."""
    found: Rows = {}
    for file, tables in (("executions.db", JOURNAL), ("catalog.db", CATALOG)):
        with closing(sqlite3.connect(f"{(folder / file).as_uri()}?mode=ro", uri=True)) as connection:
            for table in tables:
                found[table.full_name] = connection.execute(f'SELECT * FROM "{table.name}"').fetchall()
    return found


def rows_of_database(address: str) -> Rows:
    """Returns the same of a database, in an order of their own."""
    with psycopg.connect(address, autocommit=True) as connection:
        return {
            table.full_name: connection.execute(
                f'SELECT t::text FROM {table.schema}."{table.name}" t ORDER BY 1'.encode()
            ).fetchall()
            for table in TABLES
        }


async def prove(driver: Driver) -> None:
    """Lets an engine recover what is there, and proves that nothing is lost or orphaned."""
    driver.channels = {"inbox": FakeChannel()}
    await driver.open()
    await driver.settle()
    await driver.finish()


async def test_a_backup_of_a_folder_has_every_row_and_is_continued(installation: Installation, tmp_path: Path) -> None:
    before = await installation.states()
    rows = rows_of_folder(installation.folder)
    assert [name for name, found in rows.items() if not found] == []
    make_backup(installation.folder, tmp_path / "backup", installation.clock, with_key=True)
    restore_backup(tmp_path / "backup", tmp_path / "restored", key=None, setting=None)
    assert rows_of_folder(tmp_path / "restored") == rows
    installation.folder = tmp_path / "restored"
    assert await installation.states() == before
    await prove(Driver(lambda: SqliteStore(installation.folder, installation.clock), sealers=installation.sealer))


async def test_a_dump_of_a_database_has_every_row_and_is_continued(
    installation: Installation, addresses: tuple[str, str], tmp_path: Path
) -> None:
    address, copy = addresses
    await carry_out(installation.move(address))
    rows = rows_of_database(address)
    assert [name for name, found in rows.items() if not found] == []
    dump(address, tmp_path / "dump")
    restore(tmp_path / "dump", copy)
    assert rows_of_database(copy) == rows
    await prove(
        Driver(lambda: PostgresStore(copy, installation.clock, writers=4, readers=2), sealers=installation.sealer)
    )
