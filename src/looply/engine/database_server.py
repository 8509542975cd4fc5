"""What a PostgreSQL server must be, how it is reached, and how it is quoted: the same for catalog and executions."""

from collections.abc import Mapping
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
}
"""How libpq connects, where the address says nothing else. A road that swallows everything must not hold a call for
hours; and what a standby shows may be older than what was answered, so of several servers the primary is taken."""


def too_old(version: int) -> str:
    """Returns why a server cannot be used, empty when it can; `version` is libpq's number, 180004 for 18.4."""
    major, minor = divmod(version, 10_000)
    if major >= OLDEST:
        return ""
    return (
        f"the server of the database is PostgreSQL {major}.{minor}, and {OLDEST} is the oldest that can be used;"
        " upgrade it, or name another database"
    )


def one_line(error: BaseException | None) -> str:
    """Returns what the database or its library said of an error, on one line; the name of the error if nothing."""
    return " ".join(str(error).split()) or type(error).__name__
