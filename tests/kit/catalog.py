"""What tests of the catalog share, whichever database it lies on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine, event

from looply.catalog import Catalog
from looply.catalog.storage.schema import upgrade
from looply.catalog.storage.sqlite import sqlite_engine
from looply.clock import Clock, Entropy, Ids
from looply.sealing import Sealer
from looply.testing.clock import FakeClock, SerialEntropy


@contextmanager
def statements_on(table: str) -> Iterator[list[str]]:
    """Yields the statements that name a table within the block."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if table in statement:
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


class Tenant(msgspec.Struct, frozen=True):
    """An organization and its workspace."""

    organization_id: str
    workspace_id: str


def make_empty(path: Path) -> Path:
    """Makes an empty, migrated catalog file."""
    engine = sqlite_engine(path)
    with engine.begin() as connection:
        upgrade(connection)
    engine.dispose()
    return path


class Opened:
    """Opens catalogs as processes of their own would."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy
        self._catalogs: list[Catalog] = []

    async def __call__(self, place: Path | str, *, key: bytes = bytes(32)) -> Catalog:
        """Opens the catalog in a file, or in the database at an address."""
        sealer = Sealer(key, self._entropy)
        facts: Any = {"clock": self._clock, "ids": Ids(self._entropy), "entropy": self._entropy}
        if isinstance(place, Path):
            catalog = await Catalog.open(place, sealer, **facts)
        else:
            catalog = await Catalog.connect(place, sealer, **facts)
        self._catalogs.append(catalog)
        return catalog

    async def close(self) -> None:
        """Closes all that were opened."""
        for catalog in self._catalogs:
            await catalog.close()


@asynccontextmanager
async def opening(clock: FakeClock, entropy: SerialEntropy) -> AsyncIterator[Opened]:
    """Gives the way to open catalogs, and closes them after the block."""
    opened = Opened(clock, entropy)
    try:
        yield opened
    finally:
        await opened.close()
