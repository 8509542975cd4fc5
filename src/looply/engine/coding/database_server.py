"""What a PostgreSQL server must be, how it is reached, and how it is quoted: the same for catalog and executions."""

from collections.abc import Mapping, Sequence
from typing import Final

OLDEST: Final = 15
"""The oldest major version that the contracts of journal and catalog were run on."""

REACHED_BY: Final[Mapping[str, str | int]] = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "target_session_attrs": "primary",
    "client_encoding": "UTF8",
}
"""How libpq connects, where the address says nothing else. A road that swallows everything must not hold a call for
hours; and what a standby shows may be older than what was answered, so of several servers the primary is taken. Without
an encoding a database in SQL_ASCII answers in bytes, even to those who only ask it what it is."""

ENCODING: Final = "UTF8"
"""Of the database: in any other one, some texts could not be stored, or would be cut amid a letter."""


def unfit(version: int, encoding: str | None) -> Sequence[str]:
    """Returns why a database cannot be used, a sentence for each reason.

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
    """Returns what the database or its library said of an error, on one line; the name of the error if nothing."""
    return " ".join(str(error).split()) or type(error).__name__
