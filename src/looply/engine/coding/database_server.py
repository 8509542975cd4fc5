"""Requirements of a PostgreSQL server, connection options, its errors: the same for catalog and executions."""

import select
from collections.abc import Mapping, Sequence
from typing import Final

OLDEST: Final = 15
"""The oldest major version against which the contract tests of journal and catalog are run."""

CONNECT_OPTIONS: Final[Mapping[str, str | int]] = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "target_session_attrs": "primary",
    "client_encoding": "UTF8",
}
"""The options of libpq, where the address gives no others. A network that drops everything must not block a call for
hours; and a standby may lag behind what was answered, so of several servers the primary is used. Without an encoding a
database in SQL_ASCII answers in bytes, even to a query for its encoding."""

ENCODING: Final = "UTF8"
"""The encoding of the database: in any other one, some texts could not be stored, or would be cut amid a character."""

# SQLSTATEs, and classes of them by their first characters. Source: PostgreSQL, "PostgreSQL Error Codes".
DISK_FULL: Final = "53100"
CONFLICTS: Final = ("40001", "40P01")
"""Two transactions were in each other's way (serialization failure, deadlock): nothing is stored; one that is repeated
at once mostly succeeds."""
HELD_BACK: Final = ("55P03", "57014")
"""A lock or the statement took longer than it may (lock not available, query canceled): nothing is stored."""
SESSION_ENDED: Final = "57P"
"""The server has ended the session, or takes none (shutdown, crash, start): nothing of the transaction is stored."""
NO_SESSION: Final = ("08", SESSION_ENDED, "53300", "25P03", "25P04", "25006", "55000")
"""There is no session that could store something: the connection broke or is refused, too many are open, it was idle or
in a transaction for too long, or it leads to a server that only reads. Nothing of the transaction is stored."""
PASSING: Final = ("08", "25", "53", "55", "57")
"""Classes of what passes without a change of the statement: the connection, the state of the transaction, resources,
the state of an object, an operator's intervention."""
DAMAGED: Final = "XX00"
"""Data or an index is corrupted; with the ending 0 it is any other internal error."""
BAD_DATA: Final = "22"
"""A value that the database cannot store."""


def unfit_reasons(version: int, encoding: str | None) -> Sequence[str]:
    """Returns the reasons why a database cannot be used, a sentence for each.

    `version` is libpq's number, 180004 for 18.4; `encoding` is what the server calls `server_encoding`.
    """
    reasons = []
    major, minor = divmod(version, 10_000)
    if major < OLDEST:
        reasons.append(
            f"the server of the database is PostgreSQL {major}.{minor}, and {OLDEST} is the oldest that can be used;"
            " upgrade it, or name another database"
        )
    if encoding != ENCODING:
        reasons.append(f"the encoding of the database is {encoding}; make one with the encoding {ENCODING}")
    return reasons


def one_line(error: BaseException | None) -> str:
    """Returns the message of the database or its library on one line; the name of the error if there is none."""
    return " ".join(str(error).split()) or type(error).__name__


def has_pending_input(socket: int) -> bool:
    """Returns whether the server has sent something to an idle session: mostly that it has ended it."""
    watch = select.poll()
    watch.register(socket, select.POLLIN)
    return bool(watch.poll(0))
