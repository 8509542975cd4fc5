"""Executions that may have brought a process down, in PostgreSQL: who is a suspect, and who tries which of them."""

from collections.abc import Collection, Mapping
from typing import Final

from looply.engine.postgres.connections import Connection, call, rows
from looply.engine.rows import find_id, id_text

_SUSPECTS: Final = (
    "SELECT id, CASE WHEN is_tried(id) THEN 1 ELSE loads END FROM execution WHERE id = ANY (%s::uuid[]) AND loads > 0"
)
_BEGIN: Final = "SELECT begin_trial(%s, %s::uuid)"
_END: Final = "SELECT end_trial(%s, %s::uuid)"


async def suspects(connection: Connection, execution_ids: Collection[str]) -> Mapping[str, int]:
    """Returns those of these executions that are suspects, each with its loads, 1 while somebody tries it."""
    wanted = [execution_id for execution_id in execution_ids if find_id(execution_id) is not None]
    return {id_text(key): loads for key, loads in await rows(connection, _SUSPECTS, (wanted,))}


async def begin_trial(connection: Connection, own: int, execution_id: str) -> bool:
    """Counts a load, unless another process that lives tries the execution."""
    return bool(await call(connection, _BEGIN, (own, execution_id)))


async def end_trial(connection: Connection, own: int, execution_id: str) -> None:
    """Forgets the loads."""
    await call(connection, _END, (own, execution_id))
