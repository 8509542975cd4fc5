"""The current release loads, upgrades, proves and continues every recorded PostgreSQL database.

By one process alone, and by two that share it and act by turns.
"""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import msgspec
import psycopg
import pytest

from contract.harness.shared_processes import SWEEP, Processes
from golden.recording.record_history_database import LeftHistories, history_of
from golden.stores.beside import BESIDE
from golden.stores.database import DATABASES, ENDING, OF_HISTORIES, SCHEMAS, driver_on, load, settings_of, unpack
from golden.stores.folder import LEFT_ON, PASSWORD, SLOTS, Left, open_catalog, open_keys
from golden.stores.left import (
    Opened,
    check_calls,
    check_catalog,
    check_decisions,
    check_end,
    check_names,
    check_plan,
    check_schedule,
    check_states,
)
from looply.bootstrap import audit_database, open_application
from looply.clock import SystemEntropy
from looply.server.application import build_app
from looply.settings import EngineKind
from looply.testing.clock import START_TIME, fake_loop

ALL = sorted(path.name.removesuffix(ENDING) for path in DATABASES.glob(f"*{ENDING}"))
NAMES = [name for name in ALL if not name.endswith((OF_HISTORIES, BESIDE))]
WITH_HISTORIES = [name for name in ALL if name.endswith(OF_HISTORIES)]
KINDS: tuple[EngineKind, ...] = ("postgres", "distributed")
OPENED = LEFT_ON - START_TIME + timedelta(minutes=1)

SHAPE = """
SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = ANY (%(schemas)s)
UNION ALL SELECT schemaname, tablename, indexname, indexdef, '', ''
    FROM pg_indexes WHERE schemaname = ANY (%(schemas)s)
UNION ALL SELECT n.nspname, p.proname, '', pg_get_functiondef(p.oid), '', ''
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY (%(schemas)s)
UNION ALL SELECT n.nspname, c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid), '', ''
    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
    WHERE n.nspname = ANY (%(schemas)s) AND c.contype <> 'n'
"""


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database(name: str, empty_database: str) -> str:
    """Yields the address of a database with the recording alone, without younger tables."""
    load(unpack(DATABASES / f"{name}{ENDING}"), empty_database)
    return empty_database


@pytest.fixture
def left(name: str) -> Left:
    return read_left(name)


@pytest.fixture(params=KINDS)
async def opened(database: str, request: pytest.FixtureRequest) -> AsyncIterator[Opened]:
    """The recorded store under engines that open it one minute after its process was killed."""
    fake_loop().clock.advance(OPENED)
    keys = await open_keys(database, fake_loop().clock)
    if request.param == "postgres":
        driver = driver_on(database)
        driver.world.connections.put("shop", {"password": PASSWORD})
        driver.sealers = keys
        await driver.open()
        await driver.settle()
        yield Opened((driver,), driver.settle, driver.advance)
        await driver.finish()
    else:
        processes = Processes(database)
        processes.world.connections.put("shop", {"password": PASSWORD})
        engines = await processes.open(2, per_queue=SLOTS, sealers=keys)
        # The lease of the killed process has expired; the two new processes must first be observed for as long.
        processes.hear()
        await processes.advance(SWEEP)
        yield Opened(engines, processes.settle, processes.advance)
        await processes.finish()


def shape_of(address: str) -> set[tuple[str, ...]]:
    """Returns columns, indexes, functions and rules of the schemas of a database."""
    with psycopg.connect(address) as connection:
        return set(connection.execute(SHAPE.encode(), {"schemas": list(SCHEMAS)}).fetchall())


def read_left(name: str) -> Left:
    """Returns the content of a recorded database."""
    return msgspec.json.decode((DATABASES / f"{name}.json").read_bytes(), type=Left)


def test_there_is_a_recorded_database() -> None:
    assert NAMES
    assert WITH_HISTORIES


@pytest.mark.parametrize("kind", KINDS)
async def test_a_recorded_database_is_opened_as_the_server_opens_it_and_nothing_is_orphaned(
    kind: EngineKind, database: str, left: Left
) -> None:
    settings = settings_of(kind, database)
    async with open_application(settings, is_working=False, clock=fake_loop().clock) as application:
        await check_states(application.services.engine, left)
        await check_plan(application.services.engine, left)
    audit = await audit_database(settings, fake_loop().clock)
    assert (audit.executions, audit.orphans, list(audit.problems)) == (len(left.executions), 0, [])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", WITH_HISTORIES)
async def test_each_history_in_a_recorded_database_is_read_as_it_was_and_folds_to_its_state(
    kind: EngineKind, name: str, empty_database: str
) -> None:
    load(unpack(DATABASES / f"{name}{ENDING}"), empty_database)
    left = msgspec.json.decode((DATABASES / f"{name}.json").read_bytes(), type=LeftHistories)
    async with open_application(
        settings_of(kind, empty_database), is_working=False, clock=fake_loop().clock
    ) as application:
        engine = application.services.engine
        await check_states(engine, left)
        for story, execution_id in left.executions.items():
            page = await engine.executions.history(execution_id, 0, 1000)
            assert [event for _, event in page] == history_of(story, execution_id, left.restated.get(story, {})), story


async def test_the_catalog_of_a_recorded_database_returns_its_content(database: str, left: Left) -> None:
    catalog = await open_catalog(database, fake_loop().clock)
    await check_catalog(catalog, left)
    await catalog.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_the_key_of_a_recorded_database_opens_the_doors_of_the_api(
    kind: EngineKind, database: str, left: Left
) -> None:
    async with open_application(settings_of(kind, database), is_working=False, clock=fake_loop().clock) as application:
        app = build_app(application.services, SystemEntropy())
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="https://looply.example") as client:
            path = "/v2/workflows/getWorkflowExecutionById"
            completed = left.executions["completed"]
            query = {"workflow_id": left.catalog["workflow_id"], "workflow_execution_id": completed}
            shown = await client.get(path, params=query, headers={"x-api-key": left.api_key})
            refused = await client.get(path, params=query, headers={"x-api-key": f"{left.api_key}x"})
    assert (shown.status_code, refused.status_code) == (200, 403)
    assert shown.json()["item"]["workflow_execution_id"] == completed


async def test_a_recorded_database_has_the_tables_of_a_new_one_once_it_was_opened(
    database: str, fresh_database: str
) -> None:
    for address in (database, fresh_database):
        async with open_application(settings_of("postgres", address), is_working=False, clock=fake_loop().clock):
            pass
    assert shape_of(database) == shape_of(fresh_database)


async def test_decisions_in_a_recorded_database_are_in_the_record(opened: Opened, left: Left) -> None:
    await check_decisions(opened, left)


async def test_executions_of_a_recorded_database_continue_and_end(opened: Opened, left: Left) -> None:
    await check_end(opened, left)


async def test_calls_that_were_left_are_made_again_lost_or_made_as_their_histories_say(
    opened: Opened, left: Left
) -> None:
    await check_calls(opened, left)


async def test_names_of_a_recorded_database_are_still_taken(opened: Opened, left: Left) -> None:
    await check_names(opened, left)


async def test_the_schedule_of_a_recorded_database_fires(opened: Opened, left: Left) -> None:
    await check_schedule(opened, left)


async def test_a_recorded_database_that_is_damaged_is_not_taken_for_a_sound_one(name: str, empty_database: str) -> None:
    statements = unpack(DATABASES / f"{name}{ENDING}")
    assert "PO-waiting" in statements
    load(statements.replace("PO-waiting", "PO-wAiting"), empty_database)
    settings = settings_of("postgres", empty_database)
    async with open_application(settings, is_working=False, clock=fake_loop().clock) as application:
        problems = (await application.services.engine.audit()).problems
    assert "HEAD" in {problem["kind"] for problem in problems}
