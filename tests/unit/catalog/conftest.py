import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from looply.catalog import Catalog
from looply.catalog.database import CatalogDatabase, sqlite_engine
from looply.clock import Ids
from looply.sealing import Sealer
from looply.testing.clock import FakeClock, SerialEntropy


class Tenant(msgspec.Struct, frozen=True):
    """An organization and its workspace."""

    organization_id: str
    workspace_id: str


OpenCatalog = Callable[[Path], Awaitable[Catalog]]


@pytest.fixture
def path(tmp_path: Path, empty_catalog: Path) -> Path:
    return Path(shutil.copy(empty_catalog, tmp_path / "catalog.db"))


@pytest_asyncio.fixture
async def open_catalog(clock: FakeClock, entropy: SerialEntropy) -> AsyncIterator[OpenCatalog]:
    """Opens catalogs as processes of their own would, and closes them after the test."""
    opened: list[Catalog] = []

    async def act(path: Path) -> Catalog:
        sealer = Sealer(bytes(32), entropy)
        catalog = await Catalog.open(path, sealer, clock=clock, ids=Ids(entropy), entropy=entropy)
        opened.append(catalog)
        return catalog

    yield act
    for catalog in opened:
        await catalog.close()


@pytest_asyncio.fixture
async def catalog(open_catalog: OpenCatalog, path: Path) -> Catalog:
    return await open_catalog(path)


@pytest_asyncio.fixture
async def mine(catalog: Catalog) -> Tenant:
    return Tenant(*await catalog.organizations.create("Mine"))


@pytest_asyncio.fixture
async def theirs(catalog: Catalog) -> Tenant:
    return Tenant(*await catalog.organizations.create("Theirs"))


@pytest_asyncio.fixture
async def database(path: Path) -> AsyncIterator[CatalogDatabase]:
    database = CatalogDatabase(sqlite_engine(path))
    yield database
    await database.close()


@pytest.fixture
def stored_bytes(path: Path) -> Callable[[], bytes]:
    """Reads the whole file of the catalog."""
    return path.read_bytes
