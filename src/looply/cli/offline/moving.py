"""A data folder into a PostgreSQL database: what `looply db move` does.

Theory of operation. The folder is owned, so that nothing changes in it, and examined: every row is read, chains and
sums are proved, every history is folded. Then the database is marked as unfinished, filled in one transaction, and
added up there; what differs is undone. The engine's audit reads it as a server would. Only then the folder is labelled
and the marker taken away. Whatever stops this on the way leaves the folder as it was and a database that no server
starts on; the same command begins anew.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from looply.bootstrap import CATALOG_FILE
from looply.catalog import Catalog
from looply.catalog.moving import CATALOG, SCHEMA_NAME, CatalogExport, find_unopenable_secrets
from looply.clock import Clock, Ids, SystemEntropy, rfc3339
from looply.connectors.registry import load_connectors
from looply.engine.coding.codec import Codec
from looply.engine.coding.moving import JOURNAL, Checksum, MovedTable, Progress, RowExaminer, Tally, report_progress
from looply.engine.coding.rows import Row
from looply.engine.ports.port import Audit
from looply.engine.postgres import PostgresStore
from looply.engine.postgres.database.connections import SCHEMA_NAME as JOURNAL_SCHEMA
from looply.engine.postgres.database.move_marker import Marker
from looply.engine.postgres.database.receiving import Receiver, open_receiver, server_of
from looply.engine.processing.loading import Loader
from looply.engine.shell.audit import audit_store
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.file.export import Export
from looply.engine.sqlite.file.moved import LABEL_NAME, MovedLabel, find_label, put_label
from looply.engine.sqlite.file.opening import FILE_NAME
from looply.engine.sqlite.file.seal import Seal
from looply.errors import Conflict, EngineError, StoreCorrupt
from looply.sealing import Sealers

TABLES = (*JOURNAL, *CATALOG)
_OWN = frozenset({"looply.dictionary"})
"""Tables that are filled as soon as a server has looked at a database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One move. `sealer` has the keys of the stored secrets; `audits`: every history is folded, here and there."""

    data: Path
    address: str
    sealer: Sealers
    clock: Clock
    progress: Progress
    audits: bool = True


@dataclass(slots=True, kw_only=True)
class Moved:
    """What a move has found and done. `problems` are what keeps it from being done; `audit` is of the database, or of
    the folder when nothing was moved; None when none was wanted."""

    to: str
    is_moved: bool = False
    sums: dict[str, Checksum] = field(default_factory=dict)
    audit: Audit | None = None
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Folder:
    """An owned folder: its store and catalog as they are read, and the rows of both."""

    store: SqliteStore
    catalog: Catalog
    codec: Codec
    journal: Export
    catalog_rows: CatalogExport
    installation: str

    def rows(self, table: MovedTable) -> Any:
        """Returns the rows of a table."""
        return self._side(table).rows(table)

    def count(self, table: MovedTable) -> int:
        """Returns how many rows a table has."""
        return self._side(table).count(table)

    def _side(self, table: MovedTable) -> Export | CatalogExport:
        return self.catalog_rows if table.schema == SCHEMA_NAME else self.journal


async def rehearse(move: Move) -> Moved:
    """Returns what a move would find; nothing is written. Raises: as `carry_out`, but for `TARGET_NOT_EMPTY`."""
    found = Moved(to=server_of(move.address))
    async with _owned(move) as folder:
        async with open_receiver(move.address) as target:
            if await _has_ended(move, target, folder):
                found.problems.append(
                    "an earlier move has ended in the database; repeated in earnest, it labels the folder"
                )
                return found
            found.problems += await target.faults((JOURNAL_SCHEMA, SCHEMA_NAME))
            found.problems += await _obstacles(target, folder)
        await _examine(move, folder, found)
    return found


async def carry_out(move: Move) -> Moved:
    """Moves the folder, unless it finds a problem.

    Raises: DataFolderInUse when a server works on the folder or on the database; Conflict (codes `ALREADY_MOVED`,
    `TARGET_NOT_EMPTY`); StoreCorrupt, SchemaMismatch, StoreFull, StoreUnreachable, EngineError.
    """
    found = Moved(to=server_of(move.address))
    async with _owned(move) as folder:
        async with open_receiver(move.address) as target:
            if await _has_ended(move, target, folder):
                _label(move, found)
                return found
            found.problems += await target.faults((JOURNAL_SCHEMA, SCHEMA_NAME))
            await _check_free(target, folder)
        # It may take long, and roads forget sessions that rest.
        await _examine(move, folder, found)
        if found.problems:
            return found
        async with open_receiver(move.address) as target:
            await _check_free(target, folder)
            marker = await _begin(move, target, folder)
            await _fill(move, target, folder, found)
        if move.audits:
            found.audit = await _audit_target(move)
            found.problems += _told(found.audit)
        if not found.problems:
            await _end(move, marker, found)
    return found


@asynccontextmanager
async def _owned(move: Move) -> AsyncIterator[_Folder]:
    """Owns the folder to the end of the block; its stores are proved and brought to today's form."""
    seal = Seal(move.data, (CATALOG_FILE, FILE_NAME))
    store = SqliteStore(move.data, move.clock, seal=seal, is_working=False)
    entropy = SystemEntropy()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        boot = await store.open()
        path = move.data / CATALOG_FILE
        try:
            catalog = await Catalog.open(
                path,
                move.sealer,
                clock=move.clock,
                ids=Ids(entropy),
                entropy=entropy,
                binding=load_connectors().binding,
            )
        except StoreCorrupt:
            seal.withhold()
            raise
        stack.push_async_callback(catalog.close)
        codec = Codec(move.sealer)
        codec.add_dictionaries(boot.dictionaries)
        journal, catalog_rows = Export(move.data / FILE_NAME), CatalogExport(path)
        stack.callback(journal.close)
        stack.callback(catalog_rows.close)
        first = await catalog.organizations.find_first()
        if first is None:
            raise Conflict("the data folder has no organization: there is nothing to move", code="NO_ORGANIZATION")
        yield _Folder(store, catalog, codec, journal, catalog_rows, first.organization_id)


async def _has_ended(move: Move, target: Receiver, folder: _Folder) -> bool:
    """Returns whether an earlier move has ended in the database, and only the folder does not know it.

    Raises: Conflict (code `ALREADY_MOVED`).
    """
    label = find_label(move.data)
    if label is None:
        return False
    if label.state == "MOVED":
        raise Conflict(
            f"{move.data} was moved to {label.to} on {label.on} already; to move it again, remove"
            f" {move.data / LABEL_NAME}, and what is in that database",
            code="ALREADY_MOVED",
        )
    marker = await target.marker()
    return marker is not None and marker.is_finished and marker.installation == folder.installation


async def _check_free(target: Receiver, folder: _Folder) -> None:
    """Refuses a database that holds anything else. Raises: Conflict (code `TARGET_NOT_EMPTY`)."""
    if obstacles := await _obstacles(target, folder):
        raise Conflict("; ".join(obstacles), code="TARGET_NOT_EMPTY")


async def _obstacles(target: Receiver, folder: _Folder) -> list[str]:
    """Returns what stands in the way in the database: nothing when it is empty, or half filled with this folder."""
    marker = await target.marker()
    if marker is not None and not marker.is_finished:
        if marker.installation == folder.installation:
            return []
        other = f"the database holds an unfinished move of another installation, begun {marker.begun}"
        return [f"{other}; name another database, or drop its schemas looply and looply_catalog"]
    contents = await target.contents(table for table in TABLES if table.full_name not in _OWN)
    if not contents:
        return []
    return [f"the database is in use already: {', '.join(contents)}; name an empty one"]


async def _examine(move: Move, folder: _Folder, found: Moved) -> None:
    """Adds up all rows of the folder, and what is wrong with them."""
    examiner = RowExaminer(folder.codec)
    for table in TABLES:
        tally = Tally()
        rows = report_progress(folder.rows(table), f"reading {table.full_name}", folder.count(table), move.progress)
        for row in rows:
            examiner.examine(table, row)
            tally.add(row)
        found.sums[table.full_name] = tally.sum
        await asyncio.sleep(0)
    found.problems += examiner.problems
    found.problems += await find_unopenable_secrets(folder.catalog)
    if move.audits:
        found.audit = await audit_store(folder.store, Loader(folder.store, folder.codec).fold_history)
        found.problems += _told(found.audit)


async def _begin(move: Move, target: Receiver, folder: _Folder) -> Marker:
    marker = await target.begin(folder.installation)
    # Opening is what makes its tables.
    await Catalog.make_tables(move.address)
    return marker


async def _fill(move: Move, target: Receiver, folder: _Folder, found: Moved) -> None:
    """Brings all rows in, and keeps them only when they add up to what they did in the folder."""
    async with target.filling(TABLES):
        await target.add_months(folder.journal.first_id)
        for table in TABLES:
            total = found.sums[table.full_name].rows
            await target.put(
                table, report_progress(folder.rows(table), f"moving {table.full_name}", total, move.progress)
            )
        await target.set_counters(folder.journal.counters(), CATALOG)
        for table in TABLES:
            await _compare(move, target, table, found.sums[table.full_name])
        await target.learn(TABLES)


async def _compare(move: Move, target: Receiver, table: MovedTable, wanted: Checksum) -> None:
    what = f"comparing {table.full_name}"
    there = await target.sum(table, lambda done: move.progress(what, done, wanted.rows))
    move.progress(what, there.rows, wanted.rows)
    if there != wanted:
        raise EngineError(
            f"{table.full_name} came in with {there.rows} rows of sum {there.digest}, and left with {wanted.rows} of"
            f" {wanted.digest}; nothing was moved"
        )


async def _audit_target(move: Move) -> Audit:
    store = PostgresStore(move.address, move.clock)
    boot = await store.open_unfinished()
    try:
        codec = Codec(move.sealer)
        codec.add_dictionaries(boot.dictionaries)
        return await audit_store(store, Loader(store, codec).fold_history)
    finally:
        await store.close()


async def _end(move: Move, marker: Marker, found: Moved) -> None:
    """Ends the move in the database, then in the folder. From the first label on, the folder is not served."""
    put_label(move.data, MovedLabel("ENDING", found.to, rfc3339(move.clock.now())))
    async with open_receiver(move.address) as target:
        await target.finish(marker)
    _label(move, found)


def _label(move: Move, found: Moved) -> None:
    put_label(move.data, MovedLabel("MOVED", found.to, rfc3339(move.clock.now())))
    found.is_moved = True


def _told(audit: Audit) -> Sequence[str]:
    """Returns the problems of an audit as lines."""
    return [": ".join(filter(None, map(str, problem.values()))) for problem in audit.problems]


def rows_of(sums: dict[str, Checksum]) -> list[Row]:
    """Returns (table, rows, digest) of each table."""
    return [(name, each.rows, each.digest) for name, each in sums.items()]
