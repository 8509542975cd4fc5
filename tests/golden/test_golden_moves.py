"""The current release moves every recorded data folder to PostgreSQL, with the same content."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from golden.stores.beside import BESIDE
from golden.stores.database import driver_on, settings_of
from golden.stores.folder import FOLDERS, LEFT_ON, PASSWORD, Left, new_keys, unpack
from golden.stores.left import Opened, check_catalog, check_end, check_plan, check_states
from looply.bootstrap import open_application
from looply.cli.offline.moving import Move, carry_out
from looply.testing.clock import START_TIME, fake_loop

ALL = sorted(path.name.removesuffix(".tar.xz") for path in FOLDERS.glob("*.tar.xz"))
NAMES = [name for name in ALL if not name.endswith(BESIDE)]


def silent(what: str, done: int, total: int) -> None:
    """Ignores progress reports."""


@pytest.mark.parametrize("name", NAMES)
async def test_a_recorded_folder_that_is_moved_folds_to_the_same_states_and_continues(
    name: str, tmp_path: Path, empty_database: str
) -> None:
    folder = unpack(FOLDERS / f"{name}.tar.xz", tmp_path / "data")
    left = msgspec.json.decode((FOLDERS / f"{name}.json").read_bytes(), type=Left)
    clock = fake_loop().clock
    clock.advance(LEFT_ON - START_TIME + timedelta(minutes=1))
    keys = new_keys(folder, clock)
    moved = await carry_out(Move(data=folder, address=empty_database, sealer=keys, clock=clock, progress=silent))
    assert (moved.is_moved, moved.problems) == (True, [])
    async with open_application(settings_of("postgres", empty_database), is_working=False, clock=clock) as application:
        await check_states(application.services.engine, left)
        await check_plan(application.services.engine, left)
        await check_catalog(application.services.catalog, left)
    driver = driver_on(empty_database)
    driver.world.connections.put("shop", {"password": PASSWORD})
    driver.sealers = keys
    await driver.open()
    await driver.settle()
    await check_end(Opened((driver,), driver.settle, driver.advance), left)
    await driver.finish()
