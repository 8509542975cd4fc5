"""The systems of a store with tables that are not called as usual."""

from collections.abc import Sequence
from typing import Final

import msgspec

from looply.engine.coding.rows import Row
from looply.engine.records.targets import TargetRow
from looply.engine.sql.sessions import Session, Sessions
from looply.jsontext import encode_json
from looply.slots import Lane

_ALL: Final = "SELECT t.body FROM target t JOIN name n ON n.n = t.org ORDER BY n.id, t.target"
_FIND: Final = (
    "SELECT t.body FROM target t JOIN name n ON n.n = t.org WHERE n.id = :organization AND t.target = :target"
)
_INSERT: Final = (
    "INSERT INTO target(org, target, revision, body) SELECT :org, :target, :revision, :body FROM hold_lease(:own)"
    " ON CONFLICT (org, target) DO NOTHING"
)
_UPDATE: Final = (
    "UPDATE target SET revision = :revision, body = :body FROM hold_lease(:own) WHERE org = :org"
    " AND target = :target AND revision = :revision - 1"
)
_DROP: Final = (
    "DELETE FROM target USING hold_lease(:own) WHERE org = :org AND target = :target AND revision = :revision"
)
_QUEUED: Final = (
    "SELECT e.queue, count(*) FROM effect e JOIN name n ON n.n = e.org WHERE n.id = :organization AND e.state = 0"
    " GROUP BY e.queue ORDER BY e.queue"
)
# One look-up for each effect, in the month of its id: a join would read the partitions of all months.
_QUEUED_OF_WORKFLOW: Final = (
    "SELECT e.queue, count(*) FROM effect e JOIN name n ON n.n = e.org WHERE n.id = :organization AND e.state = 0"
    " AND (SELECT x.workflow FROM execution x WHERE x.id = e.execution_id)"
    " = (SELECT w.n FROM name w WHERE w.id = :workflow)"
    " GROUP BY e.queue ORDER BY e.queue"
)


class SqlTargets:
    """See `looply.engine.records.targets.Targets`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def all(self) -> Sequence[TargetRow]:
        """Returns all rows, by organization and target."""
        return await self._sessions.select(_row_from, _ALL)

    async def put(self, row: TargetRow) -> bool:
        """Stores a row in place of the one of the revision before, or as the first one."""
        body = encode_json(row).decode()
        statement = _INSERT if row.revision == 1 else _UPDATE

        async def write(session: Session) -> bool:
            (org,) = await session.assign_numbers(row.organization_id)
            return await session.change(statement, {**_key(row, org), "body": body}) > 0

        async def is_stored(session: Session) -> tuple[bool] | None:
            found = await session.rows(_FIND, {"organization": row.organization_id, "target": row.target})
            return (True,) if found and _row_from(found[0]) == row else None

        return await self._sessions.write(write, [("target", row.organization_id, row.target)], is_stored)

    async def drop(self, row: TargetRow) -> bool:
        """Removes a row of this revision."""

        async def write(session: Session) -> bool:
            (org,) = await session.assign_numbers(row.organization_id)
            return await session.change(_DROP, _key(row, org)) > 0

        return await self._sessions.write(write, [("target", row.organization_id, row.target)])

    async def count_queued(self, organization_id: str, workflow_id: str = "") -> Sequence[tuple[Lane, int]]:
        """Returns how many effects of each lane of an organization are QUEUED; with a workflow, of its executions."""
        statement, parameters = _QUEUED, {"organization": organization_id}
        if workflow_id:
            statement, parameters = _QUEUED_OF_WORKFLOW, {**parameters, "workflow": workflow_id}
        return await self._sessions.select(lambda row: (Lane(organization_id, row[0]), row[1]), statement, parameters)


def _key(row: TargetRow, org: int) -> dict[str, object]:
    return {"org": org, "target": row.target, "revision": row.revision}


def _row_from(row: Row) -> TargetRow:
    return msgspec.json.decode(row[0], type=TargetRow)
