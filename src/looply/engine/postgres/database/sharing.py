"""What differs between a process that has the database to itself and processes that share it: `ALONE` and `SHARED`.

Theory of operation. Tables, statements, the lease and its renewal are the same. A process alone holds the lock of the
database exclusively, and from that follows all that differs:

- no other process writes, so its memory is current: it answers from memory, and reads due rows instead of claiming
  them. A claim would cost a write, and keep the successor of a killed process waiting until it expires;
- at its start its predecessor has ended, so that it ends the lease of that one, and recovers its work, at once. No row
  says which timers and deliveries the predecessor worked on: those at the front are suspects;
- there is no process whose clock it must agree with, so it has its own.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from looply.clock import Clock, to_ms
from looply.engine.coding.rows import id_text
from looply.engine.postgres.database.clock import DatabaseClock
from looply.engine.postgres.database.connections import Connection
from looply.engine.postgres.database.names import Names
from looply.engine.postgres.database.ownership import end_lost, end_others
from looply.engine.postgres.database.sessions import PostgresSession
from looply.engine.records.trials import MAX_CRASH_COUNT
from looply.engine.sql.work import find_suspects, mark_suspects

Left: TypeAlias = tuple[Collection[str], Sequence[str]]
"""What ended processes left: the suspects, where they are known at the start, and what ended too many processes."""


class Sharing(NamedTuple):
    """How a process works on the database."""

    is_shared: bool
    """Whether other processes may work on it at the same time; then due rows are claimed."""

    lock: str
    """The statement that takes the lock of the database."""

    clock_of: Callable[[Clock], Clock]
    """Returns the clock of the process, of that of its machine."""

    take_over: Callable[[Connection, int, datetime], Awaitable[Left]]
    """Ends the leases of ended processes, as the process of an epoch; returns what they left."""


async def _end_predecessor(connection: Connection, epoch: int, now: datetime) -> Left:
    session = PostgresSession(connection, Names(), epoch)
    if await end_others(connection, epoch):
        await mark_suspects(session, to_ms(now))
    return await find_suspects(session, to_ms(now))


async def _end_expired(connection: Connection, epoch: int, _now: datetime) -> Left:
    _, poisoned = await end_lost(connection, epoch, MAX_CRASH_COUNT)
    # Which executions are suspects may change while the process works: it asks when it is to work on one.
    return (), [id_text(key) for key in poisoned]


def _own_clock(clock: Clock) -> Clock:
    return clock


ALONE: Final = Sharing(
    is_shared=False,
    lock="SELECT pg_advisory_lock(1819242607, 0)",
    clock_of=_own_clock,
    take_over=_end_predecessor,
)
"""One process: the database is refused to every other one while it works."""

SHARED: Final = Sharing(
    is_shared=True,
    lock="SELECT pg_advisory_lock_shared(1819242607, 0)",
    clock_of=DatabaseClock,
    take_over=_end_expired,
)
"""Any number of processes that are all configured so."""
