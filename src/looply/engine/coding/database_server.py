"""Requirements of a PostgreSQL server, connection options, error texts: the same for catalog and executions."""

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
