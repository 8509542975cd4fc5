"""What an execution writes in PostgreSQL: bytes of its log (WAL), and bytes of disk that stay."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg

from bench.speed import Figures

_STORED: Final = "SELECT pg_current_wal_lsn() - '0/0', pg_database_size(current_database())"


@dataclass(slots=True)
class Written:
    """The bytes that were written in a block; filled at its end."""

    log_bytes: int = 0
    disk_bytes: int = 0

    def figures(self, calls: int) -> Figures:
        """Returns the bytes of each call, none where nothing is known of a database."""
        if not self.log_bytes:
            return {}
        return {"log_bytes": round(self.log_bytes / calls), "disk_bytes": round(self.disk_bytes / calls)}


@contextmanager
def writing(address: str | None) -> Iterator[Written]:
    """Yields what is written in the database of this address, and in its server's log, until the end of the block."""
    written = Written()
    if address is None:
        yield written
        return
    log_before, disk_before = _stored(address)
    yield written
    log_after, disk_after = _stored(address)
    written.log_bytes, written.disk_bytes = log_after - log_before, disk_after - disk_before


def _stored(address: str) -> tuple[int, int]:
    with psycopg.connect(address, autocommit=True) as connection:
        found = connection.execute(_STORED).fetchone()
    assert found is not None
    return int(found[0]), int(found[1])
