"""The tables of a catalog on PostgreSQL: their creation, the rights that it needs, and what it does not touch."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import looply
from kit.catalog import Opened
from kit.servers.postgres_server import PostgresServer
from looply.catalog.storage import schema
from looply.catalog.storage.postgres import SCHEMA_NAME, PostgresDatabase, store_error, upgrade
from looply.catalog.storage.tables import change_count, metadata
from looply.errors import SchemaMismatch, SettingsError

_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'looply%'"
_OTHERS_ORDER = (
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'looply_catalog'"
    " AND data_type = 'character varying' AND table_name <> 'alembic_version'"
    " AND collation_name IS DISTINCT FROM 'C'"
)
_LENGTHS = (
    "SELECT table_name, column_name, character_maximum_length FROM information_schema.columns"
    " WHERE table_schema = 'looply_catalog' AND data_type = 'character varying' AND table_name <> 'alembic_version'"
)
_OPENS = """
import sys
from looply.catalog.storage.postgres import PostgresDatabase

print("ready", flush=True)
sys.stdin.readline()
PostgresDatabase(sys.argv[1]).open()
print("done")
"""

NewDatabase = Callable[[str], str]


@pytest.fixture
def new_database(postgres_server: PostgresServer, request: pytest.FixtureRequest) -> NewDatabase:
    """Creates an empty database for this test only."""
    return lambda name: postgres_server.new_database(f"{name}_{os.getpid()}")


def asked(address: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description is not None else []


def test_the_migrations_give_exactly_the_tables_of_the_metadata(address: str) -> None:
    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection), [metadata, change_count.metadata])

    backend = PostgresDatabase(address)
    assert backend.read(differences) == []
    backend.dispose()


def test_every_text_is_ordered_by_its_code_points_and_has_its_length(address: str) -> None:
    assert asked(address, _OTHERS_ORDER) == []
    expected = {
        (table.name, column.name, length)
        for table in metadata.sorted_tables
        for column in table.columns
        if (length := getattr(column.type, "length", None)) is not None and column.type.python_type is str
    }
    assert set(asked(address, _LENGTHS)) == expected


def opened_at_once(address: str) -> list[str]:
    """Opens the catalog in three processes at the same moment; returns their last outputs."""
    environment = {**os.environ, "PYTHONPATH": str(Path(looply.__file__).parents[1])}
    command = [sys.executable, "-c", _OPENS, address]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    processes = [subprocess.Popen(command, text=True, env=environment, **pipes) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate()[0] for process in processes]


@pytest.mark.timeout(600)
async def test_processes_that_make_the_tables_at_once_do_not_collide(
    new_database: NewDatabase, open_catalog: Opened
) -> None:
    address = new_database("at_once")
    assert await asyncio.to_thread(opened_at_once, address) == ["done\n"] * 3
    catalog = await open_catalog(address)
    assert await catalog.organizations.find_first() is None
    assert asked(address, f"SELECT changes FROM {SCHEMA_NAME}.change_count") == [(0,)]


async def test_opening_again_keeps_what_is_there(open_catalog: Opened, address: str) -> None:
    first = await open_catalog(address)
    await first.organizations.create("Mine")
    found = await (await open_catalog(address)).organizations.list_all()
    assert [organization.organization_name for organization in found] == ["Mine"]


async def test_a_catalog_of_a_newer_release_is_not_opened(new_database: NewDatabase, open_catalog: Opened) -> None:
    address = new_database("newer")
    await open_catalog(address)
    asked(address, f"UPDATE {SCHEMA_NAME}.alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaMismatch, match="9999"):
        await open_catalog(address)


async def test_a_schema_of_another_application_is_not_touched(new_database: NewDatabase, open_catalog: Opened) -> None:
    address = new_database("taken")
    asked(address, f"CREATE SCHEMA {SCHEMA_NAME} CREATE TABLE invoices (number int)")
    with pytest.raises(SchemaMismatch, match="tables of another application"):
        await open_catalog(address)


async def test_tables_of_other_schemas_are_no_hindrance(new_database: NewDatabase, open_catalog: Opened) -> None:
    address = new_database("shared")
    asked(address, "CREATE TABLE public.organizations (number int)")
    catalog = await open_catalog(address)
    await catalog.organizations.create("Mine")
    assert asked(address, "SELECT * FROM public.organizations") == []


def test_an_upgrade_that_is_rolled_back_leaves_nothing(new_database: NewDatabase) -> None:
    address = new_database("rolled_back")
    backend = PostgresDatabase(address)

    def interrupted(connection):
        upgrade(connection)
        raise SchemaMismatch("interrupted")

    with pytest.raises(SchemaMismatch), backend._writer.connect() as connection, connection.begin():
        interrupted(connection)
    backend.dispose()
    assert asked(address, _SCHEMAS) == []


async def test_a_user_without_the_right_to_create_schemas_works_in_an_existing_one(
    new_database: NewDatabase, open_catalog: Opened
) -> None:
    address = new_database("narrow")
    role = f"narrow_{os.getpid()}"
    asked(address, f"CREATE ROLE {role} LOGIN; CREATE SCHEMA {SCHEMA_NAME} AUTHORIZATION {role}")
    for _ in range(2):
        catalog = await open_catalog(address.replace("user=looply", f"user={role}"))
    await catalog.organizations.create("Mine")


async def test_the_address_may_be_a_url_and_its_options_do_not_weaken_a_promise(
    postgres_server: PostgresServer, open_catalog: Opened, address: str
) -> None:
    database = address.rpartition("dbname=")[2]
    url = f"postgresql://looply@/{database}?host={postgres_server.folder}&options=-csynchronous_commit%3Doff"
    catalog = await open_catalog(url)
    shown = await catalog.database.write(
        lambda connection: connection.exec_driver_sql("SHOW synchronous_commit").scalar()
    )
    assert shown == "on"


def test_an_address_that_is_none_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError):
        PostgresDatabase("host=a unknown_word=b")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("08006", "STORE_UNREACHABLE"),
        ("57P01", "STORE_UNREACHABLE"),
        ("57P03", "STORE_UNREACHABLE"),
        ("53300", "STORE_UNREACHABLE"),
        ("25006", "STORE_UNREACHABLE"),
        ("53100", "STORE_FULL"),
        ("53200", "STORE_UNAVAILABLE"),
        ("55P03", "OVERLOADED"),
        ("40P01", "OVERLOADED"),
        ("23505", "STALE"),
        ("23503", "STALE"),
        ("XX000", "STORE_UNAVAILABLE"),
        ("XX001", "STORE_CORRUPT"),
        ("22021", "UNSTORABLE"),
        ("42P01", "STORE_UNAVAILABLE"),
    ],
)
def test_failures_are_distinguished_by_their_code(code: str, expected: str) -> None:
    assert store_error(psycopg.errors.lookup(code)("any text")).code == expected


def test_what_the_driver_says_without_a_code_is_a_database_that_is_away() -> None:
    assert store_error(psycopg.OperationalError("any text")).code == "STORE_UNREACHABLE"


def test_an_up_to_date_catalog_is_opened_as_it_is(address: str) -> None:
    backend = PostgresDatabase(address)
    assert backend.read(schema.read_revision) == schema.HEAD
    backend.open()
    backend.dispose()
    assert asked(address, f"SELECT version_num FROM {SCHEMA_NAME}.alembic_version") == [(schema.HEAD,)]
