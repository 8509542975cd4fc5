"""A folder that is moved to PostgreSQL goes on there with all that it had, or nothing has happened."""

import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import psycopg
import pytest
from moving_installation import CALLEE, HIDDEN, LARGE, ORDER, PASSWORD, THEIRS, Installation, Told, folded
from postgres_cuts import Cut, Road

from looply.catalog import Catalog
from looply.cli.moving import TABLES, carry_out, rehearse
from looply.clock import Ids
from looply.engine.moving import JOURNAL
from looply.engine.port import Started
from looply.engine.postgres import PostgresStore
from looply.engine.postgres.receiving import place_of
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.moved import LABEL_NAME, find_label
from looply.engine.sqlite.opening import open_database
from looply.errors import Conflict, DataFolderInUse, EngineError, SettingsError, StoreUnreachable
from looply.execution.commands import Recorded, Restarted
from looply.execution.events import IncidentOpened
from looply.sealing import Sealer
from looply.testing.channel import FakeChannel
from looply.testing.clock import SerialEntropy
from looply.testing.definitions import asking, chain, datastore, every
from looply.testing.driver import ORGANIZATION, Driver, id_of
from looply.testing.engine_contract.children import child_of
from looply.testing.postgres_server import PostgresServer

_numbers = itertools.count()


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[str]:
    """Gives the name of an empty database."""
    name = f"moving_{os.getpid()}_{next(_numbers)}"
    postgres_server.new_database(name)
    yield name
    postgres_server.drop_database(name)


@pytest.fixture
def address(postgres_server: PostgresServer, database: str) -> str:
    return postgres_server.address(database)


@pytest.fixture
async def road(postgres_server: PostgresServer) -> AsyncIterator[Road]:
    with tempfile.TemporaryDirectory(prefix="looply-road-") as folder:
        async with Road(postgres_server, Path(folder)) as road:
            yield road


@pytest.fixture
async def installation(tmp_path: Path) -> Installation:
    found = Installation(tmp_path / "data")
    await found.live()
    return found


@pytest.fixture
def new_store(installation: Installation, address: str) -> Callable[[], PostgresStore]:
    return lambda: PostgresStore(address, installation.clock, writers=4, readers=2)


def asked(address: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(address, autocommit=True) as connection:
        return connection.execute(statement.encode()).fetchall()


async def test_every_history_folds_to_the_state_that_it_folded_to_in_the_folder(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    before = await installation.states()
    moved = await carry_out(installation.move(address))
    assert (moved.is_moved, moved.problems) == (True, [])
    assert moved.audit is not None
    assert (moved.audit.executions, moved.audit.orphans) == (len(before), 0)
    store = new_store()
    boot = await store.open()
    try:
        assert await folded(store, boot, installation.sealer) == before
        assert boot.highest_id == max(before)
    finally:
        await store.close()


async def test_executions_go_on_where_the_folder_left_them(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    await carry_out(installation.move(address))
    driver = Driver(new_store, per_queue=4)
    driver.channels = {"inbox": FakeChannel()}
    await driver.open()
    await driver.settle()
    ids = installation.ids
    # A call that was on its way is made again when it may be, and one that stood in line is made once.
    calls = {(seen.execution_id, seen.attempt) for seen in driver.world.of("call_1")}
    assert calls == {(ids["in_line"], 1), (ids["sending"], 2)}
    assert {await driver.status(ids[name]) for name in ("in_line", "sending", "completed")} == {"COMPLETED"}
    assert [each.kind for each in await driver.events(ids["failed"], IncidentOpened)] == ["FAILED"]
    assert await driver.resume(ids["waiting"], {"n": 1}) == Restarted()
    assert await driver.status(ids["theirs"]) == "WAITING"
    assert await driver.resume(ids["theirs"]) == Restarted()
    assert await driver.resume(ids["long"]) == Restarted()
    assert await driver.status(ids["cut_short"]) == "WAITING"
    assert await driver.resume(ids["cut_short"]) == Restarted()
    assert await driver.answer(ids["asked"], installation.token) == Recorded()
    assert await driver.status(ids["asked"]) == "COMPLETED"
    assert await driver.status(ids["delayed"]) == "WAITING"
    await driver.advance(timedelta(hours=3))
    assert await driver.status(ids["delayed"]) == "COMPLETED"
    await driver.finish()


async def test_copies_of_cards_that_were_shown_are_found_again_and_others_are_shown(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    await carry_out(installation.move(address))
    driver, channel = Driver(new_store), FakeChannel()
    driver.channels = {"inbox": channel}
    await driver.open()
    asked_of_two, not_shown = installation.ids["asked"], installation.ids["not_shown"]
    shown = await driver.store.copies.of_execution(asked_of_two)
    assert [row.handle for row in shown] == [f"message of {row.card_id}" for row in shown]
    assert len(shown) == 2
    await driver.reconciler.tick()
    later = await driver.store.copies.of_execution(not_shown)
    assert [(name, card_id) for name, card_id, _ in channel.calls] == [("show", row.card_id) for row in later]
    await driver.answer(asked_of_two, installation.token)
    await driver.reconciler.tick()
    assert {(name, card_id) for name, card_id, _ in channel.calls[1:]} == {("close", row.card_id) for row in shown}
    assert await driver.store.copies.stale() == 0
    await driver.finish()


async def test_bulks_go_on_where_they_were_once_the_process_that_held_them_has_ended(
    installation: Installation, address: str
) -> None:
    await carry_out(installation.move(address))
    clock, entropy = installation.clock, SerialEntropy()
    catalog = await Catalog.connect(address, installation.sealer, clock=clock, ids=Ids(entropy), entropy=entropy)
    try:
        claimed = await catalog.bulks.claim("another process", timedelta(seconds=30))
        assert [(bulk.organization_id, bulk.done, bulk.refused) for bulk in claimed] == [
            (installation.organizations[0], 3, 1),
            (installation.organizations[1], 0, 0),
        ]
        assert [(bulk.wanted, bulk.options) for bulk in claimed] == [({"status": "FAILED"}, {"reason": "ü"})] * 2
        assert claimed[0].place
    finally:
        await catalog.close()


async def test_those_in_line_and_those_with_children_go_on_with_each_other(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    await carry_out(installation.move(address))
    driver = Driver(new_store)
    driver.callees.put(CALLEE, asking())
    await driver.open()
    await driver.deliver()
    ids = installation.ids
    assert (await driver.state(ids["second_in_line"])).waits == {}
    assert await driver.resume(ids["first_in_line"]) == Restarted()
    await driver.deliver()
    assert await driver.resume(ids["second_in_line"]) == Restarted()
    for name in ("parent", "parent_to_be"):
        assert await driver.resume(await child_of(driver, ids[name])) == Restarted()
        await driver.deliver()
        assert await driver.status(ids[name]) == "COMPLETED"
    await driver.finish()


async def test_secrets_open_with_the_same_key_and_are_nowhere_in_clear(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    await carry_out(installation.move(address))
    for table in TABLES:
        text = str(asked(address, f'SELECT t::text FROM {table.schema}."{table.name}" t'))
        for secret in (HIDDEN, PASSWORD):
            assert secret not in text
            assert secret.encode().hex() not in text
    driver = Driver(new_store)
    await driver.open()
    await driver.resume(installation.ids["secret"])
    await driver.settle()
    (told,) = driver.world.of("told")
    assert told.input["body"] == HIDDEN
    state = await driver.state(installation.ids["completed"])
    assert state.payload["text"] == LARGE["text"]
    await driver.finish()


async def test_the_same_trigger_is_answered_with_the_execution_that_was_moved(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    await carry_out(installation.move(address))
    driver = Driver(new_store)
    await driver.open()
    ids = installation.ids
    for fields, name in (
        ({"key": "key-1"}, "keyed"),
        ({"process_id": "PO-1"}, "waiting"),
        ({"process_id": "PO-1", **THEIRS}, "theirs"),
    ):
        assert await driver.start(asking(), ORDER, **fields) == Started(execution_id=ids[name], replayed=True)
    fresh = await driver.started(asking(), ORDER)
    assert fresh > max(ids.values())
    await driver.finish()


async def test_schedules_fire_next_when_they_would_have_fired_in_the_folder(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    await carry_out(installation.move(address))
    driver = Driver(new_store)
    await driver.open()
    hourly = every("PT1H")
    before = await driver.schedule(hourly)
    assert (before.last, before.status) == (installation.clock.now(), "ACTIVE")
    fired = len(await driver.newest(workflow_ids=(id_of(hourly),)))
    await driver.advance(timedelta(minutes=59))
    assert len(await driver.newest(workflow_ids=(id_of(hourly),))) == fired
    await driver.advance(timedelta(minutes=1))
    assert len(await driver.newest(workflow_ids=(id_of(hourly),))) == fired + 1
    await driver.finish()


async def test_numbers_that_are_given_later_are_above_those_that_came(installation: Installation, address: str) -> None:
    await carry_out(installation.move(address))
    with closing(apsw.Connection(str(installation.folder / "executions.db"))) as folder:
        epoch = folder.execute("SELECT max(epoch) FROM effect").get
        newest = folder.execute("SELECT max(n) FROM batch").get
        names = folder.execute("SELECT max(n) FROM name").get
    assert asked(address, "SELECT nextval('looply.epoch')")[0][0] > epoch > 0
    assert asked(address, "SELECT nextval('looply.batch_n')")[0][0] > newest
    assert asked(address, "SELECT n > %d FROM looply.number_names(ARRAY['new'])" % names) == [(True,)]  # noqa: UP031
    (record,) = asked(
        address,
        "INSERT INTO looply_catalog.audit_records(organization_id, at_ms, action, object_id, details)"
        " SELECT organization_id, at_ms, action, object_id, details FROM looply_catalog.audit_records LIMIT 1"
        " RETURNING record_id, (SELECT max(record_id) FROM looply_catalog.audit_records)",
    )
    assert record[0] == record[1] + 1


async def test_each_month_that_occurs_has_its_partitions(installation: Installation, address: str) -> None:
    await carry_out(installation.move(address))
    parts = asked(
        address,
        "SELECT DISTINCT relname FROM looply.execution e JOIN pg_class c ON c.oid = e.tableoid ORDER BY relname",
    )
    assert parts == [(f"execution_2030_0{month}",) for month in (1, 2, 3)]


async def test_what_is_told_of_the_tables_is_what_is_in_them_on_both_sides(
    installation: Installation, address: str
) -> None:
    moved = await carry_out(installation.move(address))
    for table in TABLES:
        ((count,),) = asked(address, f'SELECT count(*) FROM {table.schema}."{table.name}"')
        assert moved.sums[table.full_name].rows == count
        assert installation.told.last[f"comparing {table.full_name}"] == (count, count)
    assert [name for name, each in moved.sums.items() if each.rows == 0] == []


def test_all_columns_of_the_store_move(tmp_path: Path) -> None:
    """A column that is added to the store must be added to what moves."""
    with closing(open_database(tmp_path / "executions.db")) as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        stored = {name: {row[1] for row in store.execute(f"PRAGMA table_info({name})")} for name in tables}
    moved = {table.name: set(table.columns) for table in JOURNAL}
    moved["batch"].discard("epoch")
    # A process id read backwards: PostgreSQL has an index of it.
    stored["execution"].discard("reversed")
    stored.pop("meta")
    assert moved == stored


async def test_a_rehearsal_finds_what_a_move_would_find_and_writes_nothing(
    installation: Installation, address: str
) -> None:
    rehearsed = await rehearse(installation.move(address))
    assert (rehearsed.is_moved, rehearsed.problems) == (False, [])
    assert asked(address, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'looply%'") == [(0,)]
    assert find_label(installation.folder) is None
    assert (await carry_out(installation.move(address))).sums == rehearsed.sums


COMPARED = f"comparing {TABLES[-1].full_name}"
INSTALLATION = b"<the installation>"
"""Stands for the name of the installation: it is said when the marker is set, and when it is taken away."""


class Cutting(Told):
    """Cuts the session that says a word, once so much of the move is told; from the beginning when that is empty."""

    def __init__(self, installation: Installation, road: Road, after: str, word: bytes, cut: Cut) -> None:
        super().__init__()
        self._after = after
        self._road = road
        self._cut: Cut = cut
        self._road.marker = word.replace(INSTALLATION, min(installation.organizations).encode())
        self("", 0, 0)

    def __call__(self, what: str, done: int, total: int) -> None:
        super().__call__(what, done, total)
        if what == self._after:
            self._road.cut_next(self._cut)


@pytest.mark.parametrize(
    "cuts",
    [
        ("", b"CREATE FUNCTION store_unit", "UNHEARD"),
        ("", INSTALLATION, "AFTER"),
        ("", b"CREATE TABLE workflow_versions", "UNHEARD"),
        ("", b"TRUNCATE", "BEFORE"),
        ("", b'COPY "looply"."batch"', "UNHEARD"),
        ("", b'COPY "looply_catalog"."api_keys"', "BEFORE"),
        ("", b"ANALYZE", "UNHEARD"),
        (COMPARED, b"COMMIT", "BEFORE"),
        (COMPARED, b"COMMIT", "UNHEARD"),
        (COMPARED, b"COMMIT", "AFTER"),
        ("", b"nextval('epoch')", "UNHEARD"),
        (COMPARED, INSTALLATION, "BEFORE"),
        (COMPARED, INSTALLATION, "AFTER"),
    ],
)
async def test_a_move_that_is_cut_off_is_repeated_and_ends(
    installation: Installation, road: Road, database: str, address: str, cuts: tuple[str, bytes, Cut]
) -> None:
    before = await installation.states()
    with pytest.raises(EngineError):
        await carry_out(installation.move(road.address(database), progress=Cutting(installation, road, *cuts)))
    assert road.made == 1
    moved = await carry_out(installation.move(address))
    assert (moved.is_moved, moved.problems) == (True, [])
    store = PostgresStore(address, installation.clock)
    boot = await store.open()
    try:
        assert await folded(store, boot, installation.sealer) == before
    finally:
        await store.close()


async def test_no_server_starts_on_a_database_that_is_not_filled_to_its_end(
    installation: Installation, road: Road, database: str, new_store: Callable[[], PostgresStore]
) -> None:
    road.marker = b"UPDATE move SET finished"
    road.cut_next("BEFORE")
    with pytest.raises(StoreUnreachable):
        await carry_out(installation.move(road.address(database)))
    with pytest.raises(EngineError, match="has not ended") as refused:
        await new_store().open()
    assert refused.value.code == "MOVE_UNFINISHED"


async def test_a_folder_whose_move_failed_early_is_served_as_before(
    installation: Installation, road: Road, database: str
) -> None:
    road.marker = b"TRUNCATE"
    road.cut_next("BEFORE")
    with pytest.raises(StoreUnreachable):
        await carry_out(installation.move(road.address(database)))
    store = SqliteStore(installation.folder, installation.clock)
    await store.open()
    await store.close()


@pytest.mark.parametrize("cut", ["BEFORE", "AFTER"])
async def test_a_folder_is_not_served_while_nobody_knows_whether_its_move_has_ended(
    installation: Installation, road: Road, database: str, address: str, cut: Cut
) -> None:
    cutting = Cutting(installation, road, COMPARED, INSTALLATION, cut)
    with pytest.raises(StoreUnreachable):
        await carry_out(installation.move(road.address(database), progress=cutting))
    with pytest.raises(EngineError, match="cut off just as it ended") as refused:
        await SqliteStore(installation.folder, installation.clock).open()
    assert refused.value.code == "FOLDER_MOVED"
    rehearsed = await rehearse(installation.move(address))
    assert any("has ended" in problem for problem in rehearsed.problems) == (cut == "AFTER")


async def test_a_moved_folder_is_not_served_until_its_label_is_removed(
    installation: Installation, address: str
) -> None:
    await carry_out(installation.move(address))
    with pytest.raises(EngineError, match=r"goes on there; .* remove .*moved\.json") as refused:
        await SqliteStore(installation.folder, installation.clock).open()
    assert refused.value.code == "FOLDER_MOVED"
    with pytest.raises(Conflict, match="already") as twice:
        await carry_out(installation.move(address))
    assert twice.value.code == "ALREADY_MOVED"
    (installation.folder / LABEL_NAME).unlink()
    store = SqliteStore(installation.folder, installation.clock)
    await store.open()
    await store.close()


async def test_a_database_in_use_is_refused_with_what_is_there(installation: Installation, address: str) -> None:
    await carry_out(installation.move(address))
    (installation.folder / LABEL_NAME).unlink()
    with pytest.raises(Conflict, match=r"looply\.execution has \d+ rows.*organizations has 2 rows") as refused:
        await carry_out(installation.move(address))
    assert refused.value.code == "TARGET_NOT_EMPTY"
    assert "in use already" in (await rehearse(installation.move(address))).problems[0]


async def test_a_half_filled_database_of_another_installation_is_refused(
    installation: Installation, road: Road, database: str, address: str, tmp_path: Path
) -> None:
    road.marker = b"TRUNCATE"
    road.cut_next("BEFORE")
    with pytest.raises(StoreUnreachable):
        await carry_out(installation.move(road.address(database)))
    installation.clock.advance(timedelta(days=1))
    other = Installation(tmp_path / "other")
    await other.live()
    with pytest.raises(Conflict, match="another installation"):
        await carry_out(other.move(address))


async def test_a_database_that_a_server_works_on_is_refused(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    store = new_store()
    await store.open()
    with pytest.raises(DataFolderInUse):
        await carry_out(installation.move(address))
    await store.close()
    assert (await carry_out(installation.move(address))).is_moved


async def test_a_folder_that_a_server_works_on_is_refused(installation: Installation, address: str) -> None:
    store = SqliteStore(installation.folder, installation.clock)
    await store.open()
    with pytest.raises(DataFolderInUse):
        await carry_out(installation.move(address))
    await store.close()


async def test_another_key_than_the_one_of_the_folder_is_found_before_anything_moves(
    installation: Installation, address: str
) -> None:
    moved = await carry_out(installation.move(address, sealer=Sealer(b"k" * 32)))
    assert not moved.is_moved
    assert sum("connection shop" in problem for problem in moved.problems) == 2
    assert any(installation.ids["secret"] in problem for problem in moved.problems)
    assert asked(address, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'looply%'") == [(0,)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("postgresql://ann:word@db.example:5433/looply", "db.example:5433/looply"),
        ("host=/run/postgresql user=ann password=word", "/run/postgresql/ann"),
        ("dbname=looply", "localhost/looply"),
    ],
)
def test_a_place_is_told_without_user_and_password(text: str, place: str) -> None:
    assert place_of(text) == place


def test_what_is_no_address_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingsError) as refused:
        place_of("postgresql://ann:word@db.example:port of ours/looply word=word")
    assert "word" not in refused.value.message


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE batch SET chain = zeroblob(32) WHERE n = 3", "does not follow the batch before"),
        ("UPDATE value SET bytes = zeroblob(100)", "the store is damaged"),
        ("UPDATE execution SET state = 'a' || char(0) || 'b' WHERE status = 2", "character 0"),
        ("DELETE FROM wait", "stored waits are"),
    ],
    ids=["chain", "value", "character", "work"],
)
async def test_damage_is_told_and_nothing_moves(
    installation: Installation, address: str, statement: str, told: str
) -> None:
    with closing(apsw.Connection(str(installation.folder / "executions.db"))) as folder:
        folder.execute(statement)
    for act in (rehearse, carry_out):
        found = await act(installation.move(address))
        assert not found.is_moved
        assert any(told in problem for problem in found.problems)
    assert asked(address, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'looply%'") == [(0,)]


async def test_datastores_are_the_same_on_the_other_side_and_go_on_above_what_was(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    await carry_out(installation.move(address))
    driver = Driver(new_store)
    await driver.open()
    names = [line.name for line in await driver.shell.datastores.list(ORGANIZATION, "", 10)]
    assert names == ["prices", "ä b"]
    known = (await driver.shell.datastores.find(ORGANIZATION, "ä b")).known
    assert (known.value, known.revision) == ({"big": 10**40, "text": "ü😀"}, 1)
    assert (await driver.shell.datastores.find(ORGANIZATION, "gone")).next_revision == 3
    execution_id = await driver.started(chain(datastore("set", path="/big", value=1)))
    await driver.settle()
    assert (await driver.state(execution_id)).outputs["set_1"] == {"value": 1, "revision": 2}
    await driver.finish()
