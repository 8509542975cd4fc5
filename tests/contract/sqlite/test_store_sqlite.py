"""The SQLite store keeps what it promises about its folder, the disk and crashes, beside the contract of all stores."""

import asyncio
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace

from contract.store.lists import pages
from contract.store.samples import ORGANIZATION, Samples, effect, working
from looply.clock import SystemClock
from looply.engine.coding.searching import SCAN_BOUNDS, Kind, ScanBounds
from looply.engine.ports.lists import Filter
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.file.opening import check_library
from looply.engine.sqlite.histories import lists as sqlite_lists
from looply.engine.sqlite.histories.fitting import condition
from looply.errors import (
    Conflict,
    DataFolderInUse,
    EngineError,
    SchemaMismatch,
    StoreCorrupt,
    StoreLost,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def bounds(request: pytest.FixtureRequest) -> ScanBounds:
    """Returns what a page of the store may read: the defaults, unless a test is parametrized with others."""
    found: ScanBounds = getattr(request, "param", SCAN_BOUNDS)
    return found


@pytest.fixture
async def store(folder: Path, bounds: ScanBounds) -> AsyncIterator[SqliteStore]:
    class Store(SqliteStore):
        lists = sqlite_lists.LISTS._replace(bounds=bounds)

    store = Store(folder, SystemClock())
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def samples() -> Samples:
    return Samples()


_OWNER = """
import asyncio, sys
from pathlib import Path
from looply.clock import SystemClock
from looply.engine.sqlite import SqliteStore
from contract.store.samples import Samples

async def main():
    store = SqliteStore(Path(sys.argv[1]), SystemClock())
    await store.open()
    samples = Samples()
    print("open", flush=True)
    if sys.argv[2] == "hold":
        await asyncio.Event().wait()
    async def client():
        while True:
            unit = samples.first()
            await store.journal.commit(unit)
            print(unit.execution_id, flush=True)
    await asyncio.gather(*(client() for _ in range(8)))

asyncio.run(main())
"""


def owner(folder: Path, purpose: str) -> "subprocess.Popen[str]":
    """Starts a process that owns the folder and returns it when it does."""
    process = subprocess.Popen([sys.executable, "-c", _OWNER, str(folder), purpose], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def sql(folder: Path, text: str) -> None:
    """Runs a statement on the file of a store that is closed."""
    connection = apsw.Connection(str(folder / "executions.db"))
    connection.execute(text)
    connection.close()


def facts(folder: Path) -> tuple[int, int]:
    """Returns how often the one execution was loaded before a crash, and whether the last worker ended in order."""
    connection = apsw.Connection(str(folder / "executions.db"))
    crash_count: int = connection.execute("SELECT crash_count FROM execution").get
    clean: int = connection.execute("SELECT value FROM meta WHERE key = 'clean'").get
    connection.close()
    return crash_count, clean


def modes_in(folder: Path) -> dict[str, int]:
    """Returns the modes of a folder, as `.`, and of its files."""
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    return {".": stat.S_IMODE(folder.stat().st_mode), **files}


def damage(file: Path) -> None:
    """Overwrites pages in the middle of a file."""
    data = bytearray(file.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 8 * 4096] = b"\xa5" * (8 * 4096)
    file.write_bytes(data)


async def test_a_folder_has_one_owner_and_names_it(folder: Path) -> None:
    with owner(folder, "hold") as process:
        with pytest.raises(DataFolderInUse, match=str(process.pid)):
            await SqliteStore(folder, SystemClock()).open()
        process.kill()
    store = SqliteStore(folder, SystemClock())
    await store.open()
    await store.close()


async def test_killing_the_process_loses_nothing_that_was_answered(folder: Path) -> None:
    with owner(folder, "write") as process:
        assert process.stdout is not None
        answered = [process.stdout.readline().strip() for _ in range(300)]
        os.kill(process.pid, signal.SIGKILL)
        answered += [line.strip() for line in process.stdout if len(line) == 37]
    store = SqliteStore(folder, SystemClock())
    await store.open()
    stored = {head.execution_id for head in await store.reads.scan("", 1_000_000)}
    assert set(answered) <= stored
    assert await store.integrity_check() == []
    await store.close()


async def test_folder_and_files_are_for_their_owner_only(store: SqliteStore, folder: Path, samples: Samples) -> None:
    await store.journal.commit(samples.first())
    modes = modes_in(folder)
    assert {"executions.db", "executions.db-wal", "executions.lock", "reserve"} <= modes.keys()
    assert modes.pop(".") == 0o700
    assert set(modes.values()) == {0o600}


async def test_a_newer_schema_is_refused(store: SqliteStore, folder: Path) -> None:
    await store.close()
    sql(folder, "PRAGMA user_version = 999")
    with pytest.raises(SchemaMismatch, match="999"):
        await SqliteStore(folder, SystemClock()).open()


async def test_a_file_that_is_no_database_is_refused(store: SqliteStore, folder: Path) -> None:
    await store.close()
    (folder / "executions.db").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(StoreCorrupt):
        await SqliteStore(folder, SystemClock()).open()


async def test_damaged_pages_are_found_after_an_unclean_end(store: SqliteStore, folder: Path, samples: Samples) -> None:
    await asyncio.gather(*(store.journal.commit(samples.first()) for _ in range(500)))
    await store.close()
    sql(folder, "UPDATE meta SET value = 0 WHERE key = 'clean'")
    damage(folder / "executions.db")
    with pytest.raises(StoreCorrupt):
        await SqliteStore(folder, SystemClock()).open()


def test_an_sqlite_that_can_corrupt_a_log_is_refused() -> None:
    check_library("3.51.3")
    with pytest.raises(EngineError, match=r"3\.51\.2"):
        check_library("3.51.2")


async def test_a_refused_folder_can_be_opened_once_the_cause_is_gone(folder: Path) -> None:
    refused = SqliteStore(folder, SystemClock())
    await refused.open()
    await refused.close()
    with closing(apsw.Connection(str(folder / "executions.db"))) as connection:
        newest = connection.pragma("user_version")
    sql(folder, "PRAGMA user_version = 999")
    store = SqliteStore(folder, SystemClock())
    with pytest.raises(SchemaMismatch):
        await store.open()
    sql(folder, f"PRAGMA user_version = {newest}")
    await store.open()
    await store.close()


async def test_an_older_owner_stores_nothing_once_the_epoch_has_moved(
    store: SqliteStore, folder: Path, samples: Samples
) -> None:
    sql(folder, "UPDATE meta SET value = value + 1 WHERE key = 'epoch'")
    for _ in range(2):
        with pytest.raises(StoreLost):
            await store.journal.commit(samples.first())
    assert isinstance(store.failure(), StoreLost)
    assert list(await store.reads.scan("", 10)) == []


async def test_the_log_does_not_grow_without_end(store: SqliteStore, folder: Path, samples: Samples) -> None:
    text = bytes(range(256)) * 64
    largest = 0
    for _ in range(120):
        units = [samples.first(current_state=text.hex()) for _ in range(64)]
        await asyncio.gather(*(store.journal.commit(unit) for unit in units))
        largest = max(largest, (folder / "executions.db-wal").stat().st_size)
    # 240 MB are written. The log is restarted past 32 MB when little is left to move, past 128 MB in any case.
    assert largest < 150 * 1024 * 1024


async def test_a_backup_beside_writers_is_whole_and_of_one_instant(
    store: SqliteStore, tmp_path: Path, samples: Samples
) -> None:
    units = [samples.first() for _ in range(300)]
    await asyncio.gather(*(store.journal.commit(unit) for unit in units))
    target = tmp_path / "copy" / "executions.db"
    target.parent.mkdir()
    backup = asyncio.ensure_future(store.backup(target))
    while not backup.done():
        await store.journal.commit(samples.first())
    await backup
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    copy = SqliteStore(target.parent, SystemClock())
    await copy.open()
    heads = await copy.reads.scan("", 100_000)
    assert list(heads)[:300] == [unit.head for unit in units]
    assert await copy.integrity_check() == []
    await copy.close()


async def test_a_backup_never_replaces_a_file(store: SqliteStore, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.write_text("precious")
    with pytest.raises(Conflict):
        await store.backup(target)
    assert target.read_text() == "precious"


async def test_all_writes_that_wait_are_one_transaction(store: SqliteStore, samples: Samples) -> None:
    before = store.groups
    await asyncio.gather(*(store.journal.commit(samples.first()) for _ in range(200)))
    # The first one may leave alone; the others wait for it together.
    assert store.groups - before <= 10


@pytest.mark.parametrize("bounds", [ScanBounds(rows=10)], indirect=True)
async def test_a_scan_that_runs_out_of_budget_returns_where_to_continue(store: SqliteStore, samples: Samples) -> None:
    units = [samples.first(workflow_version=2 if number == 3 else 1) for number in range(35)]
    await asyncio.gather(*(store.journal.commit(unit) for unit in units))
    query = Filter(workflow_versions=(2,))
    heads, floor = await store.reads.list(ORGANIZATION, query, "", 5)
    assert (list(heads), floor) == ([], units[25].execution_id)
    assert [head.execution_id for head in await pages(store, 5, query)] == [units[3].execution_id]
    oldest = Filter(workflow_versions=(3,), is_oldest_first=True)
    assert await store.reads.list(ORGANIZATION, oldest, "", 5) == ([], units[9].execution_id)
    found = await pages(store, 5, Filter(workflow_versions=(2,), is_oldest_first=True))
    assert [head.execution_id for head in found] == [units[3].execution_id]


@pytest.mark.parametrize("bounds", [ScanBounds(rows=4)], indirect=True)
async def test_sources_are_merged_no_deeper_than_the_shallowest_was_read(store: SqliteStore, samples: Samples) -> None:
    units = [
        samples.first(status="FAILED" if number % 2 else "WAITING", workflow_version=2 if number < 9 else 1)
        for number in range(20)
    ]
    await asyncio.gather(*(store.journal.commit(unit) for unit in units))
    query = Filter(statuses=("FAILED", "WAITING"), workflow_versions=(2,))
    found = [head.execution_id for head in await pages(store, 3, query)]
    assert found == [unit.execution_id for unit in reversed(units[:9])]
    oldest = await pages(store, 3, replace(query, is_oldest_first=True))
    assert [head.execution_id for head in oldest] == found[::-1]


_SEARCH = Filter(
    process_ids=("PO-*", "*1"), terms=("a*", "*b"), fields=(("po", ("c",)), ("plant", ("*d*",))), queues=("e", "f")
)


@pytest.mark.parametrize("is_oldest_first", [False, True], ids=["newest", "oldest"])
@pytest.mark.parametrize("query", [Filter(), _SEARCH], ids=["list", "search"])
@pytest.mark.parametrize("kind", ["ORGANIZATION", "WORKFLOW", "STATUS", "PROCESS_ID", "STATE", "VALUE", "PARENT"])
async def test_lists_read_an_index_in_order_and_sort_nothing(
    store: SqliteStore, kind: Kind, query: Filter, is_oldest_first: bool
) -> None:
    fits, facts = condition(query, [1], [2])

    def plan(connection: apsw.Connection) -> str:
        names = ("org", "below", "lowest", "budget", "limit")
        bindings = {**facts, **dict.fromkeys((*names, "status", "span_workflow", "text", "parent"), 1)}
        statement = sqlite_lists.statement(kind, fits, is_oldest_first=is_oldest_first)
        found = connection.execute("EXPLAIN QUERY PLAN " + statement, bindings)
        return "\n".join(str(row[3]) for row in found)

    text = await store._threads.read(plan)
    assert "TEMP B-TREE" not in text
    assert "SCAN execution" not in text


@pytest.mark.parametrize(
    ("kind", "index"),
    [
        ("PREFIX", "INDEX execution_process (org=? AND process_id>? AND process_id<?)"),
        ("ENDING", "INDEX execution_ending (org=? AND reversed>? AND reversed<?)"),
        ("VALUE_PREFIX", "PRIMARY KEY (org=? AND value>? AND value<?)"),
        ("STATE_PREFIX", "INDEX execution_state (org=? AND state>? AND state<?)"),
    ],
)
@pytest.mark.parametrize("query", [Filter(), _SEARCH], ids=["list", "search"])
async def test_parts_of_texts_are_looked_up_in_their_index(
    store: SqliteStore, query: Filter, kind: Kind, index: str
) -> None:
    fits, _ = condition(query, [1], [2])
    statement = sqlite_lists.statement(kind, fits)

    def plan(connection: apsw.Connection) -> str:
        names = re.findall(r":(\w+)", statement)
        rows = connection.execute("EXPLAIN QUERY PLAN " + statement, dict.fromkeys(names, 1))
        return "\n".join(str(row[3]) for row in rows)

    text = await store._threads.read(plan)
    assert index in text
    assert "SCAN execution" not in text


@pytest.mark.parametrize("bounds", [ScanBounds(rows=10, matches=5)], indirect=True)
async def test_a_beginning_with_too_many_matches_is_read_newest_first_and_says_where_it_ends(
    store: SqliteStore, samples: Samples
) -> None:
    names = [f"{'PO' if number % 5 == 0 else 'QA'}-{number}-{'X' if number < 5 else 'Y'}" for number in range(30)]
    units = [samples.first(process_id=name) for name in names]
    await asyncio.gather(*(store.journal.commit(unit) for unit in units))
    for few in ("*-X", "QA-4*"):
        heads, floor = await store.reads.list(ORGANIZATION, Filter(process_ids=(few,)), "", 30)
        assert floor == ""
        assert len(heads) == (5 if few == "*-X" else 1)
    heads, floor = await store.reads.list(ORGANIZATION, Filter(process_ids=("PO-*",)), "", 30)
    assert [head.execution_id for head in heads] == [units[25].execution_id, units[20].execution_id]
    assert floor == units[20].execution_id
    found = await pages(store, 30, Filter(process_ids=("PO-*",)))
    assert [head.execution_id for head in found] == [units[number].execution_id for number in range(25, -1, -5)]


async def test_reads_and_writes_before_opening_are_refused(folder: Path, samples: Samples) -> None:
    store = SqliteStore(folder, SystemClock())
    calls: list[Callable[[], object]] = [
        lambda: store.reads.head(samples.first().execution_id),
        lambda: store.journal.commit(samples.first()),
    ]
    for call in calls:
        with pytest.raises(EngineError):
            await call()  # type: ignore[misc]
    await store.close()


async def test_a_crash_leaves_marked_effects_to_be_found(folder: Path, samples: Samples) -> None:
    store = SqliteStore(folder, SystemClock())
    boot = await store.open()
    unit = samples.first()
    await store.journal.commit(working(unit, effects=(effect(unit.execution_id, 2), effect(unit.execution_id, 3))))
    await store.work.mark_running(unit.execution_id, 3, boot.epoch)
    await store.abandon()
    again = SqliteStore(folder, SystemClock())
    boot = await again.open()
    assert [row.seq for row in await again.work.find_lost_effects(boot.epoch, 10)] == [3]
    assert [row.seq for row in await again.work.find_queued_effects(("", 0), 10)] == [2]
    await again.close()


async def test_an_owner_that_does_not_work_leaves_the_marks_of_a_crash_as_they_are(
    store: SqliteStore, folder: Path, samples: Samples
) -> None:
    unit = samples.first()
    await store.journal.commit(working(unit, effects=(effect(unit.execution_id, 2),)))
    await store.work.mark_running(unit.execution_id, 2, 1)
    await store.abandon()
    for _ in range(5):
        administrator = SqliteStore(folder, SystemClock(), is_working=False)
        assert (await administrator.open()).poisoned == []
        await administrator.close()
    assert facts(folder) == (0, 0)
    worker = SqliteStore(folder, SystemClock())
    await worker.open()
    await worker.close()
    assert facts(folder) == (1, 1)
    await administrator.open()
    await administrator.abandon()
    assert facts(folder) == (1, 1)


async def test_a_row_whose_execution_is_gone_is_reported(store: SqliteStore, folder: Path, samples: Samples) -> None:
    unit = samples.first()
    await store.journal.commit(working(unit, effects=(effect(unit.execution_id, 2),)))
    await store.close()
    sql(folder, "DELETE FROM execution")
    again = SqliteStore(folder, SystemClock())
    await again.open()
    (line,) = await again.reads.dangling_rows()
    assert line == f"effect row of execution {unit.execution_id.replace('-', '')}, which is not stored"
    await again.close()


async def test_observers_get_how_many_writes_share_a_flush(folder: Path, samples: Samples) -> None:
    sizes: list[int] = []
    store = SqliteStore(folder, SystemClock())
    store.on_group(sizes.append)
    await store.open()
    await asyncio.gather(*(store.journal.commit(samples.first()) for _ in range(20)))
    await store.close()
    assert sum(sizes) == 20
    assert len(sizes) == store.groups
