"""A PostgreSQL server of our own in a folder that is thrown away."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.harness.load import pinned
from bench.harness.servers import all_cores
from kit.servers.postgres_server import NoPostgres, PostgresServer, find_binaries


def is_installed() -> bool:
    """Returns whether there is a PostgreSQL server to run."""
    try:
        find_binaries()
    except NoPostgres:
        return False
    return True


@contextmanager
def serve(place: Path | None) -> Iterator[PostgresServer]:
    """Runs a server until the end of the block, in a new folder in `place` (None: the folder of temporary files).

    Raises: LooplyError when it is not installed, or does not start.
    """
    # Its own folder beside ours: another user does not come into a private one. Short: it is the name of a socket.
    with tempfile.TemporaryDirectory(prefix="looply-pg-", dir=place) as name:
        server = PostgresServer(Path(name))
        server.make()
        with pinned(all_cores()):
            server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
