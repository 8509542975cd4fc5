"""The current release opens, proves and continues every recorded data folder."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from golden.stores.beside import BESIDE
from golden.stores.folder import FOLDERS, LEFT_ON, PASSWORD, Left, driver_of, open_catalog, open_keys, unpack
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
from looply.bootstrap import open_application
from looply.settings import Settings
from looply.testing.clock import START_TIME, fake_loop

ALL = sorted(path.name.removesuffix(".tar.xz") for path in FOLDERS.glob("*.tar.xz"))
NAMES = [name for name in ALL if not name.endswith(BESIDE)]


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
async def opened(folder: Path) -> AsyncIterator[Opened]:
    """The recorded store under an engine, opened one minute after its process was killed."""
    driver = driver_of(folder)
    driver.clock.advance(LEFT_ON - START_TIME + timedelta(minutes=1))
    driver.world.connections.put("shop", {"password": PASSWORD})
    driver.sealers = await open_keys(folder, driver.clock)
    await driver.open()
    await driver.settle()
    yield Opened((driver,), driver.settle, driver.advance)
    await driver.finish()


def test_there_is_a_recorded_folder() -> None:
    assert NAMES


async def test_a_recorded_folder_is_opened_as_the_server_opens_it_and_nothing_is_orphaned(
    folder: Path, left: Left
) -> None:
    async with open_application(Settings(data=folder), is_working=False, clock=fake_loop().clock) as application:
        await check_states(application.services.engine, left)
        await check_plan(application.services.engine, left)


async def test_the_catalog_of_a_recorded_folder_returns_its_content(folder: Path, left: Left) -> None:
    catalog = await open_catalog(folder, fake_loop().clock)
    await check_catalog(catalog, left)
    await catalog.close()


async def test_a_recorded_folder_has_the_tables_of_a_new_one_once_it_was_opened(folder: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    for each in (folder, fresh):
        async with open_application(Settings(data=each), is_working=False, clock=fake_loop().clock):
            pass
    for file in ("executions.db", "catalog.db"):
        assert shape_of(folder / file) == shape_of(fresh / file)


def shape_of(file: Path) -> set[tuple[object, ...]]:
    """Returns the tables, columns and indexes of a database."""
    columns = "SELECT m.type, m.name, c.name, c.type, c.pk FROM sqlite_master m, pragma_table_info(m.name) c"
    with closing(sqlite3.connect(file)) as connection:
        indexes = connection.execute("SELECT type, name, tbl_name FROM sqlite_master WHERE sql IS NOT NULL")
        return {*indexes.fetchall(), *connection.execute(columns).fetchall()}


async def test_decisions_in_a_recorded_folder_are_in_the_record(opened: Opened, left: Left) -> None:
    await check_decisions(opened, left)


async def test_executions_of_a_recorded_folder_continue_and_end(opened: Opened, left: Left) -> None:
    await check_end(opened, left)


async def test_calls_that_were_left_are_made_again_lost_or_made_as_their_histories_say(
    opened: Opened, left: Left
) -> None:
    await check_calls(opened, left)


async def test_names_of_a_recorded_folder_are_still_taken(opened: Opened, left: Left) -> None:
    await check_names(opened, left)


async def test_the_schedule_of_a_recorded_folder_fires(opened: Opened, left: Left) -> None:
    await check_schedule(opened, left)


async def test_a_recorded_folder_that_is_damaged_is_not_taken_for_a_sound_one(folder: Path) -> None:
    file = folder / "executions.db"
    data = await asyncio.to_thread(file.read_bytes)
    assert b"PO-waiting" in data
    await asyncio.to_thread(file.write_bytes, data.replace(b"PO-waiting", b"PO-wAiting"))
    async with open_application(Settings(data=folder), is_working=False, clock=fake_loop().clock) as application:
        problems = (await application.services.engine.audit()).problems
    assert "HEAD" in {problem["kind"] for problem in problems}
