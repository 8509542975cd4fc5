import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from kit.catalog import Opened, Tenant, opening
from looply.catalog import Catalog
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.sqlite import SqliteFile
from looply.testing.clock import FakeClock, SerialEntropy


@pytest.fixture
def path(tmp_path: Path, empty_catalog: Path) -> Path:
    return Path(shutil.copy(empty_catalog, tmp_path / "catalog.db"))


@pytest_asyncio.fixture
async def open_catalog(clock: FakeClock, entropy: SerialEntropy) -> AsyncIterator[Opened]:
    """Opens catalogs as separate processes would, and closes them after the test."""
    async with opening(clock, entropy) as opened:
        yield opened


@pytest_asyncio.fixture
async def catalog(open_catalog: Opened, path: Path) -> Catalog:
    return await open_catalog(path)


@pytest_asyncio.fixture
async def mine(catalog: Catalog) -> Tenant:
    return Tenant(*await catalog.organizations.create("Mine"))


@pytest_asyncio.fixture
async def database(path: Path) -> AsyncIterator[CatalogDatabase]:
    database = CatalogDatabase(SqliteFile(path))
    yield database
    await database.close()
