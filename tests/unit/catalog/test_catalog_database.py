import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from looply.catalog import Catalog
from looply.catalog.authored.workflows import WorkflowDraft
from looply.catalog.storage import database as database_module
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.sqlite import SqliteFile, sqlite_engine, store_error
from looply.errors import (
    BadRequest,
    Conflict,
    EngineError,
    Overloaded,
    RecordDamaged,
    Refused,
    SettingsError,
    ShuttingDown,
    StoreCorrupt,
    StoreFull,
)


def _pragma(name):
    return lambda connection: connection.execute(text(f"PRAGMA {name}")).scalar()


@pytest.mark.parametrize(
    ("name", "value"), [("journal_mode", "delete"), ("synchronous", 3), ("foreign_keys", 1), ("trusted_schema", 0)]
)
async def test_the_connection_is_set_up_for_durability(database: CatalogDatabase, name: str, value: object) -> None:
    assert await database.read(_pragma(name)) == value


async def test_a_file_in_wal_mode_is_taken_out_of_it(database: CatalogDatabase, path: Path) -> None:
    await database.read(_pragma("journal_mode"))

    assert [entry.name for entry in path.parent.iterdir()] == ["catalog.db"]


async def test_the_file_is_made_for_the_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        database = CatalogDatabase(SqliteFile(tmp_path / "new.db"))
        await database.write(lambda connection: connection.execute(text("CREATE TABLE t (a INTEGER)")))
        await database.close()
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


def test_an_open_file_is_closed_to_others_again(path: Path) -> None:
    path.chmod(0o644)
    sqlite_engine(path).dispose()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_missing_folder_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be created"):
        sqlite_engine(tmp_path / "missing" / "catalog.db")


async def test_all_functions_run_on_one_thread_that_is_not_the_loops(database: CatalogDatabase) -> None:
    threads = await asyncio.gather(
        *(database.read(lambda connection: threading.get_ident()) for _ in range(5)),
        *(database.write(lambda connection: threading.get_ident()) for _ in range(5)),
    )

    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


async def test_a_function_that_raises_leaves_nothing_behind(database: CatalogDatabase) -> None:
    def change(connection):
        connection.execute(
            text("INSERT INTO organizations (organization_id, organization_name, created_ms) VALUES ('a', 'a', 1)")
        )
        raise Refused("no")

    with pytest.raises(Refused):
        await database.write(change)

    assert await database.read(lambda connection: connection.execute(text("SELECT * FROM organizations")).all()) == []


async def test_a_damaged_file_is_reported_as_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    path.write_bytes(b"this is not a database" * 1000)
    database = CatalogDatabase(SqliteFile(path))

    with pytest.raises(StoreCorrupt):
        await database.read(_pragma("user_version"))
    await database.close()


async def test_a_full_disk_is_reported_and_stores_nothing(database: CatalogDatabase) -> None:
    def fill(connection):
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.exec_driver_sql("CREATE TABLE filler (content BLOB)")
        connection.exec_driver_sql("INSERT INTO filler VALUES (zeroblob(1000000))")

    with pytest.raises(StoreFull):
        await database.write(fill)

    tables = await database.read(lambda connection: connection.execute(text("SELECT name FROM sqlite_master")).all())
    assert ("filler",) not in tables


async def test_a_row_of_an_unknown_organization_is_refused_by_the_database(database: CatalogDatabase) -> None:
    with pytest.raises(Conflict):
        await database.write(
            lambda connection: connection.execute(
                text("INSERT INTO workspaces VALUES ('w', 'no such organization', 'name', 1)")
            )
        )


async def test_an_unknown_failure_of_the_driver_is_ours_too(database: CatalogDatabase) -> None:
    with pytest.raises(EngineError) as caught:
        await database.read(lambda connection: connection.execute(text("SELECT * FROM nowhere")))

    assert caught.value.code == "STORE_UNAVAILABLE"


async def test_a_value_that_is_no_text_is_a_bad_request(catalog: Catalog, mine) -> None:
    draft = WorkflowDraft(name="a", definition={"a": 1})
    version = await catalog.workflows.create(mine.organization_id, mine.workspace_id, draft)

    with pytest.raises(BadRequest) as caught:
        await catalog.workflows.store_mock(mine.organization_id, (version.workflow_id, 1), "\ud800", {})

    assert caught.value.code == "UNSTORABLE"


async def test_text_that_is_no_json_is_never_served(catalog: Catalog, mine) -> None:
    draft = WorkflowDraft(name="a", definition={})
    version = await catalog.workflows.create(mine.organization_id, mine.workspace_id, draft)
    await catalog.database.write(
        lambda connection: connection.execute(text("UPDATE workflow_versions SET definition = '{'"))
    )

    with pytest.raises(RecordDamaged):
        await catalog.workflows.get(mine.organization_id, (version.workflow_id, 1))


@pytest.mark.parametrize(
    ("code", "writes", "expected"),
    [
        (sqlite3.SQLITE_IOERR_FSYNC, True, "OUTCOME_UNKNOWN"),
        (sqlite3.SQLITE_IOERR_READ, False, "STORE_UNAVAILABLE"),
        (sqlite3.SQLITE_READONLY, True, "STORE_UNAVAILABLE"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, False, "OVERLOADED"),
        (sqlite3.SQLITE_FULL, True, "STORE_FULL"),
        (sqlite3.SQLITE_CORRUPT_INDEX, False, "STORE_CORRUPT"),
    ],
)
def test_failures_are_distinguished_by_their_code(code: int, writes: bool, expected: str) -> None:
    failure = sqlite3.OperationalError("any text")
    failure.sqlite_errorcode = code

    assert store_error(OperationalError("", None, failure), writes=writes).code == expected


async def test_a_file_that_another_process_locks_is_overloaded(path: Path) -> None:
    holder = sqlite_engine(path)
    database = CatalogDatabase(SqliteFile(path))
    with holder.connect() as connection, connection.begin():
        await database.read(lambda inner: inner.exec_driver_sql("PRAGMA busy_timeout = 1").all())
        with pytest.raises(Overloaded):
            await database.write(lambda inner: None)
    holder.dispose()
    await database.write(lambda inner: None)
    await database.close()


async def test_the_queue_has_a_bound(database: CatalogDatabase) -> None:
    gate = threading.Event()
    waiting = [
        asyncio.ensure_future(database.read(lambda connection: gate.wait())) for _ in range(database_module.MAX_PENDING)
    ]
    await asyncio.sleep(0)

    with pytest.raises(Overloaded):
        await database.read(lambda connection: None)

    gate.set()
    await asyncio.gather(*waiting)
    await database.read(lambda connection: None)


async def test_closing_waits_for_calls_that_were_made_before_and_refuses_later_ones(path: Path) -> None:
    database = CatalogDatabase(SqliteFile(path))
    call = asyncio.ensure_future(database.read(lambda connection: "done"))
    await asyncio.sleep(0)
    await database.close()
    await database.close()

    assert await call == "done"
    with pytest.raises(ShuttingDown):
        await database.read(lambda connection: None)


_WRITER = """
import asyncio, sys
from pathlib import Path
from looply.catalog import Catalog
from looply.catalog.authored.workflows import WorkflowDraft
from looply.clock import Ids, SystemClock, SystemEntropy
from looply.sealing import Sealer

async def main():
    catalog = await Catalog.open(
        Path(sys.argv[1]), Sealer(bytes(32)), clock=SystemClock(), ids=Ids(SystemEntropy()), entropy=SystemEntropy()
    )
    owner = await catalog.organizations.create("Writer")
    print(*owner, flush=True)
    while True:
        version = await catalog.workflows.create(*owner, WorkflowDraft(name="w", definition={"x": "y" * 5000}))
        print(version.workflow_id, flush=True)

asyncio.run(main())
"""


@pytest.fixture
def killed_writer(path: Path) -> list[str]:
    """The changes that a process acknowledged, one per line, before it was killed."""
    source = Path(database_module.__file__).parents[2]
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(source)},
    )
    with writer, writer.stdout as lines:
        acknowledged = [next(lines) for _ in range(20)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += lines
    return [line.strip() for line in acknowledged if line.endswith("\n")]


async def test_what_was_acknowledged_survives_a_killed_process(killed_writer, path: Path, open_catalog) -> None:
    organization_id, _ = killed_writer[0].split()
    catalog = await open_catalog(path)
    page = await catalog.workflows.list_page(organization_id, 1000)

    stored = {item.workflow_id for item in page.items}
    assert set(killed_writer[1:]) <= stored
    assert len(stored) <= len(killed_writer)
    assert await catalog.database.read(_pragma("integrity_check")) == "ok"
