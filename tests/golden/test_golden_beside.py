"""All recorded rows beside histories are opened, proved and continued by the current release, as a folder and as a
database: by one process alone, and by two that share it and act by turns."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from contract.harness.shared_processes import SWEEP, Processes
from golden.stores.beside import (
    BESIDE,
    CALLEE,
    LEFT_AFTER,
    SETTINGS,
    LeftBeside,
    driver_of_database,
    driver_of_folder,
    rows_of_database,
    rows_of_folder,
    workflows,
)
from golden.stores.beside_left import CHECKS, check_bulks
from golden.stores.database import DATABASES, ENDING, load, settings_of
from golden.stores.database import unpack as statements_of
from golden.stores.folder import FOLDERS, new_keys, open_catalog, unpack
from golden.stores.left import Opened, check_states
from kit.channel import FakeChannel
from kit.definitions import asking
from kit.driver import Driver
from looply.bootstrap import open_application
from looply.cli.offline.moving import Move, carry_out
from looply.settings import Settings
from looply.testing.clock import fake_loop

NAMES = sorted(path.name.removesuffix(".json") for path in FOLDERS.glob(f"*{BESIDE}.json"))
OPENED = LEFT_AFTER + timedelta(minutes=1)
Check = Callable[[Opened, LeftBeside], Awaitable[None]]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def left_in(folder: Path, name: str) -> LeftBeside:
    return msgspec.json.decode((folder / f"{name}.json").read_bytes(), type=LeftBeside)


def silent(what: str, done: int, total: int) -> None:
    """Ignores progress reports."""


@asynccontextmanager
async def opened_by(driver: Driver) -> AsyncIterator[Opened]:
    """Opens the recorded store by one process, one minute after its former process was killed."""
    driver.clock.advance(OPENED)
    await driver.open()
    await driver.settle()
    yield Opened((driver,), driver.settle, driver.advance)
    await driver.finish()


@asynccontextmanager
async def opened_by_two(address: str) -> AsyncIterator[Opened]:
    """Opens the recorded store by two processes that share it, one minute after its former process was killed."""
    fake_loop().clock.advance(OPENED)
    processes = Processes(address)
    channels = {"inbox": FakeChannel()}
    engines = await processes.open(2, channels=channels, callees={CALLEE: asking()}, **SETTINGS)
    # The lease of the killed process has expired; the two new processes must first be observed for as long.
    processes.hear()
    await processes.advance(SWEEP)
    yield Opened(engines, processes.settle, processes.advance)
    await processes.finish()


def test_there_is_a_folder_and_a_database_of_each_name() -> None:
    assert NAMES
    assert sorted(path.name.removesuffix(ENDING) for path in DATABASES.glob(f"*{BESIDE}{ENDING}")) == NAMES


def test_the_newest_one_has_every_story_of_today() -> None:
    assert set(workflows()) <= set(left_in(FOLDERS, NAMES[-1]).executions)
    assert set(workflows()) <= set(left_in(DATABASES, NAMES[-1]).executions)


def test_each_table_beside_histories_has_rows_in_a_recorded_folder(name: str, tmp_path: Path) -> None:
    rows = rows_of_folder(unpack(FOLDERS / f"{name}.tar.xz", tmp_path / "data"))
    assert rows == left_in(FOLDERS, name).rows
    assert [table for table, count in rows.items() if not count] == []


def test_each_table_beside_histories_has_rows_in_a_recorded_database(name: str, empty_database: str) -> None:
    load(statements_of(DATABASES / f"{name}{ENDING}"), empty_database)
    rows = rows_of_database(empty_database)
    assert rows == left_in(DATABASES, name).rows
    assert [table for table, count in rows.items() if not count] == []


async def test_a_recorded_folder_is_opened_as_the_server_opens_it(name: str, tmp_path: Path) -> None:
    folder = unpack(FOLDERS / f"{name}.tar.xz", tmp_path / "data")
    left = left_in(FOLDERS, name)
    clock = fake_loop().clock
    clock.advance(OPENED)
    async with open_application(Settings(data=folder), is_working=False, clock=clock) as application:
        await check_states(application.services.engine, left)


@pytest.mark.parametrize("kind", ["postgres", "distributed"])
async def test_a_recorded_database_is_opened_as_the_server_opens_it(kind: str, name: str, empty_database: str) -> None:
    load(statements_of(DATABASES / f"{name}{ENDING}"), empty_database)
    left = left_in(DATABASES, name)
    clock = fake_loop().clock
    clock.advance(OPENED)
    async with open_application(settings_of(kind, empty_database), is_working=False, clock=clock) as application:
        await check_states(application.services.engine, left)


@pytest.mark.parametrize("place", ["folder", "database"])
async def test_bulks_continue_at_their_cursor(place: str, name: str, tmp_path: Path, empty_database: str) -> None:
    fake_loop().clock.advance(OPENED)
    if place == "folder":
        folder = unpack(FOLDERS / f"{name}.tar.xz", tmp_path / "data")
        catalog, left = await open_catalog(folder, fake_loop().clock), left_in(FOLDERS, name)
    else:
        load(statements_of(DATABASES / f"{name}{ENDING}"), empty_database)
        catalog, left = await open_catalog(empty_database, fake_loop().clock), left_in(DATABASES, name)
    await check_bulks(catalog, left)
    await catalog.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_a_recorded_folder_with_rows_beside_histories_continues(name: str, check: Check, tmp_path: Path) -> None:
    folder = unpack(FOLDERS / f"{name}.tar.xz", tmp_path / "data")
    async with opened_by(driver_of_folder(folder)) as opened:
        await check(opened, left_in(FOLDERS, name))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_a_recorded_database_with_rows_beside_histories_continues(
    name: str, check: Check, empty_database: str
) -> None:
    load(statements_of(DATABASES / f"{name}{ENDING}"), empty_database)
    async with opened_by(driver_of_database(empty_database)) as opened:
        await check(opened, left_in(DATABASES, name))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_a_recorded_database_with_rows_beside_histories_continues_in_two_processes(
    name: str, check: Check, empty_database: str
) -> None:
    load(statements_of(DATABASES / f"{name}{ENDING}"), empty_database)
    async with opened_by_two(empty_database) as opened:
        await check(opened, left_in(DATABASES, name))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_a_recorded_folder_with_rows_beside_histories_continues_after_a_move(
    name: str, check: Check, tmp_path: Path, empty_database: str
) -> None:
    folder = unpack(FOLDERS / f"{name}.tar.xz", tmp_path / "data")
    clock = fake_loop().clock
    move = Move(data=folder, address=empty_database, sealer=new_keys(folder, clock), clock=clock, progress=silent)
    moved = await carry_out(move)
    assert (moved.is_moved, moved.problems) == (True, [])
    async with opened_by(driver_of_database(empty_database)) as opened:
        await check(opened, left_in(FOLDERS, name))
