"""A PostgreSQL database as a killed process leaves it: how it is recorded, and how it is restored.

It has the content of a recorded folder (`folder.py`), in the schemas `looply` and `looply_catalog`, and is recorded
as the statements that make it again. `record_release.py` makes it; later releases load, upgrade and continue it.
"""

import base64
import lzma
import re
import subprocess
from pathlib import Path
from typing import Final

import psycopg

from golden.stores.folder import SEALING_KEY, SLOTS
from kit.driver import Driver
from kit.servers.postgres_server import find_binaries
from looply.clock import Clock
from looply.engine.postgres import PostgresStore
from looply.settings import EngineKind, Secret, Settings

DATABASES: Final = Path(__file__).parents[1] / "databases"
ENDING: Final = ".sql.xz"
OF_HISTORIES: Final = "_histories"
"""The suffix of the names of databases with all recorded histories of their release, without a catalog."""
SCHEMAS: Final = ("looply", "looply_catalog")

# Settings of the session that restores, some of them younger than the oldest server; comments, one of which says which
# server it was; and commands to psql.
_LEFT_OUT: Final = re.compile(r"^(SET .*|--.*|\\(un)?restrict .*)$\n", re.MULTILINE)
_ROWS: Final = "--rows-per-insert=100"


def dump(address: str) -> str:
    """Returns the statements that make the schemas of a database again, without names of users or hosts."""
    command = [find_binaries() / "pg_dump", "--no-owner", "--no-privileges", "--inserts", _ROWS, f"--dbname={address}"]
    schemas = [f"--schema={name}" for name in SCHEMAS]
    done = subprocess.run([*command, *schemas], check=True, capture_output=True, text=True, timeout=300)
    return _LEFT_OUT.sub("", done.stdout)


def pack(statements: str, target: Path) -> None:
    """Writes statements into a file whose bytes depend on the statements alone."""
    target.write_bytes(lzma.compress(statements.encode(), preset=9 | lzma.PRESET_EXTREME))


def unpack(source: Path) -> str:
    """Returns the statements in a file."""
    return lzma.decompress(source.read_bytes()).decode()


def load(statements: str, address: str) -> None:
    """Makes all schemas in an empty database, in one transaction."""
    with psycopg.connect(address) as connection:
        connection.execute(b"SET LOCAL check_function_bodies = off")
        connection.execute(statements.encode())


def store_on(address: str, clock: Clock) -> PostgresStore:
    """Returns the store of a database with one process. It is not open yet."""
    return PostgresStore(address, clock, writers=4, readers=2)


def driver_on(address: str) -> Driver:
    """Returns a driver on the store of a database with one process. It is not open yet."""
    driver = Driver(lambda: store_on(address, driver.clock), per_queue=SLOTS)
    return driver


def settings_of(kind: EngineKind, address: str) -> Settings:
    """Returns the settings of a server on a database. It does not connect to Temporal at its start."""
    key = Secret(base64.b64encode(SEALING_KEY).decode())
    return Settings(engine=kind, database=Secret(address), encryption_key=key, temporal_address="127.0.0.1:1")
