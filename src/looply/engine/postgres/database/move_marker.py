"""The marker of a move: a database is incomplete until the move that fills it has ended."""

from dataclasses import dataclass
from typing import Final

from looply.engine.postgres.database.connections import Connection, call, row
from looply.errors import EngineError

_IS_THERE: Final = "SELECT to_regclass('move') IS NOT NULL"
_MAKE: Final = (
    "CREATE TABLE IF NOT EXISTS move(installation text PRIMARY KEY,"
    " begun timestamptz NOT NULL DEFAULT clock_timestamp(), finished timestamptz)"
)
_BEGIN: Final = (
    "INSERT INTO move(installation) VALUES (%s)"
    " ON CONFLICT (installation) DO UPDATE SET begun = excluded.begun, finished = NULL RETURNING begun::text"
)
_FINISH: Final = "UPDATE move SET finished = clock_timestamp() WHERE installation = %s AND begun::text = %s RETURNING 1"
_FOUND: Final = "SELECT installation, finished IS NOT NULL, begun::text FROM move ORDER BY begun DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Marker:
    """A move into a database: of which installation, begun when, and whether it has ended."""

    installation: str
    is_finished: bool
    begun: str


async def find_marker(connection: Connection) -> Marker | None:
    """Returns the latest move into the database, None when there was none."""
    if not await call(connection, _IS_THERE):
        return None
    found = await row(connection, _FOUND)
    return Marker(*found) if found is not None else None


async def mark_move_begun(connection: Connection, installation: str) -> Marker:
    """Marks the database as one that is being filled, and returns the marker."""
    await connection.execute(_MAKE)
    return Marker(installation, is_finished=False, begun=await call(connection, _BEGIN, (installation,)))


async def mark_move_finished(connection: Connection, marker: Marker) -> bool:
    """Marks the database as complete; returns false when another move has begun since."""
    return await row(connection, _FINISH, (marker.installation, marker.begun)) is not None


async def check_whole(connection: Connection) -> None:
    """Refuses a database that a move has not filled to its end. Raises: EngineError (code `MOVE_UNFINISHED`)."""
    marker = await find_marker(connection)
    if marker is not None and not marker.is_finished:
        raise EngineError(
            f"a move into this database, begun {marker.begun}, has not ended: repeat 'looply db move', which begins it"
            " again, or drop the schemas looply and looply_catalog",
            code="MOVE_UNFINISHED",
        )
