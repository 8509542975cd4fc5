"""What `docs/how-to/backup.md` says of PostgreSQL: its own tools copy an installation beside the running engine."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from kit.catalog import opening
from kit.definitions import asking, computing, delaying
from kit.driver import Driver
from kit.servers.postgres_server import PostgresServer, find_binaries
from kit.servers.postgres_stores import PostgresStores
from looply.engine.postgres import PostgresStore
from looply.execution.facts.commands import AlreadyReleased, Released
from looply.testing.clock import FakeClock, SerialEntropy

pytestmark = pytest.mark.timeout(600)

LARGE = {"po": "4500000101", "text": "all of it " * 20_000}


def dump(address: str, file: Path) -> None:
    """Does what the page says, while others work on the database."""
    run("pg_dump", "--format=custom", f"--file={file}", f"--dbname={address}")


def restore(file: Path, address: str) -> None:
    run("pg_restore", "--no-owner", "--role=looply", "--exit-on-error", f"--dbname={address}", str(file))


def run(program: str, *arguments: str) -> None:
    command = [find_binaries() / program, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def restored(postgres_server: PostgresServer) -> Iterator[str]:
    """Gives the address of an empty database to restore into."""
    name = f"restored_{os.getpid()}"
    yield postgres_server.new_database(name)
    postgres_server.drop_database(name)


@pytest.fixture
async def engine(postgres_stores: PostgresStores) -> AsyncIterator[Driver]:
    driver = Driver(lambda: postgres_stores.make(driver.clock))
    await driver.open()
    yield driver
    await driver.finish()


async def test_an_engine_continues_from_a_dump_that_was_made_while_it_ran(
    engine: Driver, postgres_stores: PostgresStores, restored: str, tmp_path: Path
) -> None:
    waiting = await engine.trigger(asking(), LARGE, process_id="PO-4500000101")
    ended = await engine.trigger(computing())
    delayed = await engine.trigger(delaying("PT1H"))
    before = {each: await engine.events(each) for each in (waiting, ended, delayed)}
    dump(postgres_stores.address, tmp_path / "dump")
    # What comes after the dump is not in it.
    assert isinstance(await engine.resume(waiting, {"by": "the old one"}), Released)

    copies = PostgresStores(restored)
    restore(tmp_path / "dump", restored)
    copy = Driver(lambda: copies.make(copy.clock))
    await copy.open()
    assert {each: await copy.events(each) for each in before} == before
    audit = await copy.prove()
    assert (audit.executions, audit.open, audit.orphans) == (3, 2, 0)
    assert [head.execution_id for head in await copy.find("PO-4500000101")] == [waiting]
    assert isinstance(await copy.resume(waiting, {"by": "the new one"}), Released)
    assert isinstance(await copy.resume(waiting, {"by": "another"}), AlreadyReleased)
    await copy.advance(timedelta(hours=1))
    assert await copy.status(delayed) == "COMPLETED"
    await copy.finish()
    await copies.drop()


def test_one_dump_holds_the_catalog_as_well(postgres_server: PostgresServer, restored: str, tmp_path: Path) -> None:
    address = postgres_server.new_database(f"whole_{os.getpid()}")

    async def make() -> str:
        store = PostgresStore(address, FakeClock())
        await store.open()
        await store.close()
        async with opening(FakeClock(), SerialEntropy()) as opened:
            catalog = await opened(address)
            made, _ = await catalog.organizations.create("Acme")
            return made

    async def first() -> str | None:
        async with opening(FakeClock(), SerialEntropy()) as opened:
            found = await (await opened(restored)).organizations.find_first()
            return found.organization_id if found is not None else None

    made = asyncio.run(make())
    dump(address, tmp_path / "dump")
    restore(tmp_path / "dump", restored)
    assert asyncio.run(first()) == made
    assert tables_of(restored) == tables_of(address) != []


def tables_of(address: str) -> list[tuple[str, str]]:
    with psycopg.connect(address) as connection:
        query = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema LIKE 'looply%'"
        return sorted(connection.execute(query).fetchall())
