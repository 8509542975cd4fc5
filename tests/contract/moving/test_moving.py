"""A folder that is moved to PostgreSQL continues there with everything that it had."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import psycopg

from contract.engine.steps.children import child_of
from contract.harness.moving_installation import CALLEE, HIDDEN, LARGE, ORDER, PASSWORD, THEIRS, Installation, folded
from kit.channel import FakeChannel
from kit.definitions import asking, chain, datastore, every
from kit.driver import ORGANIZATION, Driver, id_of
from looply.catalog import Catalog
from looply.cli.offline.moving import TABLES, carry_out
from looply.clock import Ids
from looply.engine.coding.moving import JOURNAL
from looply.engine.postgres import PostgresStore
from looply.engine.sqlite.file.opening import open_database
from looply.execution.answering.starting import Started
from looply.execution.facts.commands import Recorded, Released
from looply.execution.facts.events import IncidentOpened
from looply.testing.clock import SerialEntropy


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


async def test_executions_continue_where_the_folder_left_them(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    await carry_out(installation.move(address))
    driver = Driver(new_store, per_queue=4, sealers=installation.sealer)
    driver.channels = {"inbox": FakeChannel()}
    await driver.open()
    await driver.settle()
    ids = installation.ids
    # A call that was on its way is made again when it may be, and one that was queued is made once.
    calls = {(seen.execution_id, seen.attempt) for seen in driver.world.calls_of("call_1")}
    assert calls == {(ids["in_line"], 1), (ids["sending"], 2)}
    assert {await driver.status(ids[name]) for name in ("in_line", "sending", "completed")} == {"COMPLETED"}
    assert [each.kind for each in await driver.events(ids["failed"], IncidentOpened)] == ["FAILED"]
    assert await driver.resume(ids["waiting"], {"n": 1}) == Released()
    assert await driver.status(ids["theirs"]) == "WAITING"
    assert await driver.resume(ids["theirs"]) == Released()
    assert await driver.resume(ids["long"]) == Released()
    assert await driver.status(ids["cut_short"]) == "WAITING"
    assert await driver.resume(ids["cut_short"]) == Released()
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
    driver, channel = Driver(new_store, sealers=installation.sealer), FakeChannel()
    driver.channels = {"inbox": channel}
    await driver.open()
    asked_of_two, not_shown = installation.ids["asked"], installation.ids["not_shown"]
    shown = await driver.store.copies.of_execution(asked_of_two)
    assert [row.handle for row in shown] == [channel.handle_of(f"{row.card_id}/0") for row in shown]
    assert len(shown) == 2
    await driver.reconciler.tick()
    later = await driver.store.copies.of_execution(not_shown)
    assert [card_id for card_id, _ in channel.calls] == [row.card_id for row in later]
    await driver.answer(asked_of_two, installation.token)
    await driver.reconciler.tick()
    assert {card_id for card_id, _ in channel.calls[1:]} == {row.card_id for row in shown}
    assert {channel.seen[row.card_id].status for row in shown} == {"ANSWERED"}
    assert await driver.store.copies.count_stale() == 0
    await driver.finish()


async def test_bulks_continue_where_they_were_once_the_process_that_held_them_has_ended(
    installation: Installation, address: str
) -> None:
    await carry_out(installation.move(address))
    clock, entropy = installation.clock, SerialEntropy()
    catalog = await Catalog.connect(address, installation.sealer, clock=clock, ids=Ids(entropy), entropy=entropy)
    try:
        taken = await catalog.bulks.take("another process", timedelta(seconds=30))
        assert [(bulk.organization_id, bulk.done, bulk.refused) for bulk in taken] == [
            (installation.organizations[0], 3, 1),
            (installation.organizations[1], 0, 0),
        ]
        assert [(bulk.criteria, bulk.options) for bulk in taken] == [({"status": "FAILED"}, {"reason": "ü"})] * 2
        assert taken[0].cursor
    finally:
        await catalog.close()


async def test_queued_executions_and_those_with_children_continue_with_each_other(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    await carry_out(installation.move(address))
    driver = Driver(new_store, sealers=installation.sealer)
    driver.callees.put(CALLEE, asking())
    await driver.open()
    await driver.deliver()
    ids = installation.ids
    assert (await driver.state(ids["second_in_line"])).waits == {}
    assert await driver.resume(ids["first_in_line"]) == Released()
    await driver.deliver()
    assert await driver.resume(ids["second_in_line"]) == Released()
    for name in ("parent", "parent_to_be"):
        assert await driver.resume(await child_of(driver, ids[name])) == Released()
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
    driver = Driver(new_store, sealers=installation.sealer)
    await driver.open()
    await driver.resume(installation.ids["secret"])
    await driver.settle()
    (request,) = driver.world.calls_of("notify")
    assert request.input["body"] == HIDDEN
    state = await driver.state(installation.ids["completed"])
    assert state.payload["text"] == LARGE["text"]
    await driver.finish()


async def test_the_same_trigger_is_answered_with_the_execution_that_was_moved(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    await carry_out(installation.move(address))
    driver = Driver(new_store, sealers=installation.sealer)
    await driver.open()
    ids = installation.ids
    for fields, name in (
        ({"key": "key-1"}, "keyed"),
        ({"process_id": "PO-1"}, "waiting"),
        ({"process_id": "PO-1", **THEIRS}, "theirs"),
    ):
        assert await driver.start(asking(), ORDER, **fields) == Started(execution_id=ids[name], replayed=True)
    fresh = await driver.trigger(asking(), ORDER)
    assert fresh > max(ids.values())
    await driver.finish()


async def test_schedules_fire_next_when_they_would_have_fired_in_the_folder(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    await carry_out(installation.move(address))
    driver = Driver(new_store, sealers=installation.sealer)
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


async def test_the_progress_of_the_tables_is_what_is_in_them_on_both_sides(
    installation: Installation, address: str
) -> None:
    moved = await carry_out(installation.move(address))
    for table in TABLES:
        ((count,),) = asked(address, f'SELECT count(*) FROM {table.schema}."{table.name}"')
        assert moved.sums[table.full_name].rows == count
        assert installation.progress.last[f"comparing {table.full_name}"] == (count, count)
    assert [name for name, each in moved.sums.items() if each.rows == 0] == []


def test_all_columns_of_the_store_move(tmp_path: Path) -> None:
    """A column that is added to the store must be added to what moves."""
    with closing(open_database(tmp_path / "executions.db")) as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        stored = {name: {row[1] for row in store.execute(f"PRAGMA table_info({name})")} for name in tables}
    moved = {table.name: set(table.columns) for table in JOURNAL}
    moved["batch"].discard("epoch")
    # Changes of figures are numbered again; they are sums, whose order does not matter.
    stored["figure_change"].discard("n")
    # A process id read backwards: PostgreSQL has an index of it.
    stored["execution"].discard("reversed")
    stored.pop("meta")
    assert moved == stored


async def test_datastores_are_the_same_on_the_other_side_and_revisions_continue(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    await carry_out(installation.move(address))
    driver = Driver(new_store, sealers=installation.sealer)
    await driver.open()
    names = [line.name for line in await driver.shell.datastores.list(ORGANIZATION, "", 10)]
    assert names == ["prices", "ä b"]
    known = (await driver.shell.datastores.find(ORGANIZATION, "ä b")).known
    assert (known.value, known.revision) == ({"big": 10**40, "text": "ü😀"}, 1)
    assert (await driver.shell.datastores.find(ORGANIZATION, "gone")).next_revision == 3
    execution_id = await driver.trigger(chain(datastore("set", path="/big", value=1)))
    await driver.settle()
    assert (await driver.state(execution_id)).outputs["set_1"] == {"value": 1, "revision": 2}
    await driver.finish()
