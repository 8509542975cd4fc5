"""Every data folder ever recorded is opened, proved and continued by today's release."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from golden_folder import (
    FOLDERS,
    LEFT_ON,
    PASSWORD,
    PEOPLE,
    PIN,
    Left,
    body_of,
    driver_of,
    open_catalog,
    unpack,
)
from record import summary

from looply.bootstrap import running
from looply.definition import compile_definition
from looply.engine.port import Started
from looply.execution import Status
from looply.execution.address import card_token, parse_address
from looply.execution.commands import AlreadyTerminated, Recorded, Restarted
from looply.execution.events import ExecutionStarted, IncidentOpened, StepUnknown
from looply.settings import Settings
from looply.testing.clock import START_TIME, fake_loop
from looply.testing.driver import ORGANIZATION, WORKSPACE, Driver, id_of

NAMES = sorted(path.name.removesuffix(".tar.xz") for path in FOLDERS.glob("*.tar.xz"))
HOUR = timedelta(hours=1)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(name: str, tmp_path: Path) -> Path:
    return unpack(FOLDERS / f"{name}.tar.xz", tmp_path / "data")


@pytest.fixture
def left(name: str) -> Left:
    return msgspec.json.decode((FOLDERS / f"{name}.json").read_bytes(), type=Left)


@pytest.fixture
async def engine(folder: Path) -> AsyncIterator[Driver]:
    """The recorded store under a driver, opened one minute after the process that left it was killed."""
    driver = driver_of(folder)
    driver.clock.advance(LEFT_ON - START_TIME + timedelta(minutes=1))
    driver.world.connections.put("shop", {"password": PASSWORD})
    await driver.open()
    await driver.settle()
    yield driver
    await driver.finish()


def test_there_is_a_recorded_folder() -> None:
    assert NAMES


async def test_a_recorded_folder_is_opened_as_the_server_opens_it_and_nothing_is_orphaned(
    folder: Path, left: Left
) -> None:
    async with running(Settings(data=folder), is_working=False, clock=fake_loop().clock) as application:
        audit = await application.services.engine.audit()
        assert list(audit.problems) == []
        assert (audit.executions, audit.open, audit.orphans) == (len(left.executions), left.open, 0)
        for name, execution_id in left.executions.items():
            execution = await application.services.engine.get(execution_id)
            assert summary(execution.state) == left.summaries[name], name
            assert execution.workflow.hash.hex() == left.definitions[name]
        (schedule,) = await application.services.engine.list_schedules(ORGANIZATION)
        assert (schedule.workflow_id, schedule.next) == (left.catalog["scheduled_id"], START_TIME + HOUR)


async def test_the_catalog_of_a_recorded_folder_tells_what_was_put_into_it(folder: Path, left: Left) -> None:
    catalog = await open_catalog(folder, fake_loop().clock)
    (organization,) = await catalog.organizations.list_all()
    assert (organization.organization_id, organization.workspace_id) == (ORGANIZATION, WORKSPACE)
    workflow = await catalog.workflows.newest_active(ORGANIZATION, left.catalog["workflow_id"])
    assert compile_definition(workflow.definition).hash.hex() == left.definitions["completed"]
    profile = await catalog.profiles.get(ORGANIZATION, left.catalog["workflow_id"], "test")
    assert profile.values == {"url": "https://test.example"}
    assert (await catalog.connections.resolve(ORGANIZATION, "shop")).secrets == {"token": PASSWORD}
    principal = await catalog.keys.authenticate(left.api_key, fake_loop().clock.now())
    assert principal is not None
    assert (principal.key_id, principal.scopes) == (left.catalog["key_id"], frozenset({"trigger", "read"}))
    assert (await catalog.cards.get(ORGANIZATION, (left.catalog["card_id"], 1))).card_payload["type"] == "AdaptiveCard"
    await catalog.close()


async def test_a_recorded_folder_has_the_tables_of_a_new_one_once_it_was_opened(folder: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    for each in (folder, fresh):
        async with running(Settings(data=each), is_working=False, clock=fake_loop().clock):
            pass
    for file in ("executions.db", "catalog.db"):
        assert shape_of(folder / file) == shape_of(fresh / file)


def shape_of(file: Path) -> set[tuple[object, ...]]:
    """Returns the tables, columns and indexes of a database."""
    columns = "SELECT m.type, m.name, c.name, c.type, c.pk FROM sqlite_master m, pragma_table_info(m.name) c"
    with closing(sqlite3.connect(file)) as connection:
        indexes = connection.execute("SELECT type, name, tbl_name FROM sqlite_master WHERE sql IS NOT NULL")
        return {*indexes.fetchall(), *connection.execute(columns).fetchall()}


async def test_what_was_left_in_a_recorded_folder_goes_on_and_ends(engine: Driver, left: Left) -> None:
    ids = left.executions
    assert await engine.resume(ids["waiting"], {"n": 1}) == Restarted()
    for name in ("large", "long", "secret"):
        assert await engine.resume(ids[name], {"n": 1}) == Restarted()
    seed = (await engine.state(ids["carded"])).started.seed
    second = card_token(ids["carded"], seed, parse_address("card_1:1"), 1)
    assert await engine.answer(ids["carded"], second) == Recorded()
    assert await engine.terminate(ids["incident"]) != AlreadyTerminated()
    assert await engine.terminate(ids["terminated"]) == AlreadyTerminated()
    await engine.settle()
    await engine.advance(HOUR)
    await engine.advance(24 * HOUR)
    failed: dict[str, Status] = {"out_post": "FAILED", "incident": "TERMINATED", "terminated": "TERMINATED"}
    for name, execution_id in ids.items():
        assert await engine.status(execution_id) == failed.get(name, "COMPLETED"), name
    state = await engine.state(ids["carded"])
    assert [answer["user"] for answer in state.outputs["card_1"]["responses"]] == PEOPLE
    assert (await engine.state(ids["kept"])).outputs["wait_1"]["n"] == 1
    assert (await engine.state(ids["cut"])).payload["count"] == 60
    assert (await engine.state(ids["large"])).payload["text"] == body_of("large")["text"]


async def test_calls_that_were_left_are_made_again_lost_or_made_as_their_histories_say(
    engine: Driver, left: Left
) -> None:
    ids = left.executions
    (incident,) = await engine.events(ids["out_post"], IncidentOpened)
    assert incident.kind == "UNKNOWN"
    for name in ("out_get", "out_post", "kept"):
        assert [event.cause for event in await engine.events(ids[name], StepUnknown)] == ["CRASH"]
    assert {seen.step: seen.attempt for seen in engine.world.calls} == {"out_get": 2, "kept": 2, "queued": 1}
    await engine.resume(ids["secret"])
    await engine.advance(HOUR)
    assert engine.world.of("secret")[0].input["body"] == PIN
    (retried,) = engine.world.of("retried")
    assert (retried.attempt, retried.key, retried.input["body"]) == (2, f"{ids['retried']}:retried:1", "retried")


async def test_names_of_a_recorded_folder_are_still_taken(engine: Driver, left: Left) -> None:
    waiting = await engine.shell.get(left.executions["waiting"])
    workflow = waiting.workflow
    assert waiting.head.workflow_id == id_of(workflow)
    for named in ({"process_id": "PO-waiting"}, {"key": "key-waiting"}):
        again = await engine.start(workflow, body_of("waiting"), **named)
        assert again == Started(execution_id=left.executions["waiting"], replayed=True)
    fresh = await engine.started(workflow, {"po": "new"})
    assert fresh > max(left.executions.values())


async def test_the_schedule_of_a_recorded_folder_fires(engine: Driver, left: Left) -> None:
    await engine.advance(HOUR)
    (item,) = await engine.newest(1)
    assert item.head.execution_id not in left.executions.values()
    (start,) = await engine.events(item.head.execution_id, ExecutionStarted)
    assert (start.trigger_type, start.workflow_id) == ("SCHEDULED", left.catalog["scheduled_id"])


async def test_a_recorded_folder_that_is_damaged_is_not_taken_for_a_sound_one(folder: Path) -> None:
    file = folder / "executions.db"
    data = await asyncio.to_thread(file.read_bytes)
    assert b"PO-waiting" in data
    await asyncio.to_thread(file.write_bytes, data.replace(b"PO-waiting", b"PO-wAiting"))
    async with running(Settings(data=folder), is_working=False, clock=fake_loop().clock) as application:
        problems = (await application.services.engine.audit()).problems
    assert "HEAD" in {problem["kind"] for problem in problems}
