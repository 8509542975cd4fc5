"""Makes a PostgreSQL database that every later release loads, upgrades, proves and continues: `record_release.py`."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from golden.recording.record_folder import make, put_left
from golden.recording.sums import add_sums
from golden.stores.database import DATABASES, ENDING, driver_on, dump, load, pack
from golden.stores.folder import Left
from kit.servers.postgres_server import PostgresServer
from looply.testing.clock import FakeTimeLoop

Fill = Callable[[str], Coroutine[Any, Any, Left]]
"""Fills the empty database at an address, and returns its content."""


async def make_database(address: str) -> Left:
    """Fills an empty database and leaves it as a killed process does."""
    return await make(address, driver_on(address))


def recorded(server: PostgresServer, fill: Fill) -> tuple[str, Left]:
    """Returns the statements that make a filled database again, and its content."""
    address = server.new_database("recorded")
    with asyncio.Runner(loop_factory=FakeTimeLoop) as runner:
        left = runner.run(fill(address))
    statements = dump(address)
    copy = server.new_database("copy")
    load(statements, copy)
    if dump(copy) != statements:
        sys.exit("the statements do not make the same database again")
    return statements, left


def record(name: str, fill: Fill) -> None:
    """Records the database that `fill` makes, unless there is one of that name."""
    DATABASES.mkdir(exist_ok=True)
    target = DATABASES / f"{name}{ENDING}"
    if target.exists():
        sys.exit(f"{target} is recorded already and never changes")
    with TemporaryDirectory(prefix="looply-record-") as folder:
        # PostgreSQL does not run as root, and its user must be able to read its folder.
        Path(folder).chmod(0o711)
        with PostgresServer(Path(folder) / "server") as server:
            statements, left = recorded(server, fill)
    pack(statements, target)
    put_left(left, DATABASES / f"{name}.json")
    add_sums()
    sys.stdout.write(f"added {target.name}, {target.stat().st_size} bytes\n")
