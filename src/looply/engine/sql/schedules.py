"""The schedules of a store with tables, and their ledger: one row for each nominal instant with a decision."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from looply.engine.coding.rows import (
    SCHEDULE_STATUSES,
    Row,
    ledger_from,
    misses_by_workflow,
    schedule_from,
)
from looply.engine.ports.port import LedgerRow, MissedFires, Schedule
from looply.engine.sql.dialects import TakeStatement, Variants
from looply.engine.sql.sessions import Session, Sessions
from looply.engine.sql.work import TAKEN_SECONDS
from looply.instants import from_ms, instant_or_none, ms_or_none, to_ms

MILLISECOND: Final = timedelta(milliseconds=1)

_COLUMNS: Final = (
    "o.id, p.id, w.id, s.version, s.definition, s.status, s.anchor_ms, s.next_ms, s.last_ms, s.last_execution,"
    " s.delay_ms"
)
_NAMES: Final = "JOIN name o ON o.n = s.org JOIN name p ON p.n = s.workspace JOIN name w ON w.n = s.workflow"
_SELECT: Final = f"SELECT {_COLUMNS} FROM schedule s {_NAMES}"
_OF_WORKFLOW: Final = f"{_SELECT} WHERE o.id = :organization AND w.id = :workflow"
_OF_ORGANIZATION: Final = f"{_SELECT} WHERE o.id = :organization ORDER BY w.id"
_DUE: Final = TakeStatement(
    f"{_SELECT} WHERE s.status = 1 AND s.next_ms IS NOT NULL AND s.next_ms + s.delay_ms <= :now"
    " ORDER BY s.next_ms + s.delay_ms, w.id LIMIT :limit",
    f"SELECT {_COLUMNS} FROM take_schedules(:own, :now, make_interval(secs => :seconds), :limit) s {_NAMES}",
)
_ACTIVE: Final = "FROM schedule WHERE status = 1 AND next_ms IS NOT NULL"
_NEXT: Final = Variants(
    f"SELECT min(next_ms + delay_ms) {_ACTIVE}",
    f"SELECT min(s.due_ms) FROM (SELECT next_ms + delay_ms AS due_ms {_ACTIVE} AND taken = '-infinity'"
    " ORDER BY next_ms + delay_ms LIMIT 1) s",
)
# Outcomes are the positions of `FIRE_OUTCOMES`: 4 waits, 5 was missed.
_OLDEST_QUEUED: Final = (
    f"SELECT {_COLUMNS}, q.nominal_ms"
    " FROM (SELECT f.workflow, min(f.nominal_ms) AS nominal_ms FROM fire f WHERE f.outcome = 4 GROUP BY f.workflow) q"
    f" JOIN schedule s ON s.workflow = q.workflow {_NAMES} WHERE s.status = 1 ORDER BY w.id LIMIT :limit"
)
_IS_OF_WORKFLOW: Final = "f.workflow = (SELECT n.n FROM name n WHERE n.id = :workflow)"
_COUNT_QUEUED: Final = f"SELECT count(*) FROM fire f WHERE {_IS_OF_WORKFLOW} AND f.outcome = 4"
_FIRES: Final = (
    f"SELECT f.nominal_ms, f.execution_id, f.outcome, f.at_ms, f.count FROM fire f WHERE {_IS_OF_WORKFLOW}"
    " AND f.nominal_ms < :before ORDER BY f.nominal_ms DESC LIMIT :limit"
)
_MISSED: Final = (
    "SELECT w.id, sum(f.count), max(f.nominal_ms) FROM schedule s JOIN name o ON o.n = s.org"
    " JOIN name w ON w.n = s.workflow JOIN fire f ON f.workflow = s.workflow"
    " WHERE o.id = :organization AND f.outcome = 5 GROUP BY w.id"
)
_TRIM: Final = (
    f"DELETE FROM fire AS f USING hold_lease(:own) WHERE {_IS_OF_WORKFLOW} AND f.outcome <> 4 AND f.nominal_ms <="
    f" (SELECT f.nominal_ms FROM fire f WHERE {_IS_OF_WORKFLOW} ORDER BY f.nominal_ms DESC LIMIT 1 OFFSET :keep)"
)
_PUT: Final = (
    "INSERT INTO schedule(workflow, org, workspace, version, definition, status, anchor_ms, next_ms, last_ms,"
    " last_execution, delay_ms) SELECT :workflow, :org, :workspace, :version, :definition, :status, :anchor, :next,"
    " :last, :execution:uuid, :delay FROM hold_lease(:own) ON CONFLICT (workflow) DO UPDATE SET"
    " org = excluded.org, workspace = excluded.workspace, version = excluded.version,"
    " definition = excluded.definition, status = excluded.status, anchor_ms = excluded.anchor_ms,"
    " next_ms = excluded.next_ms, last_ms = excluded.last_ms, last_execution = excluded.last_execution,"
    " delay_ms = excluded.delay_ms"
)
# Not only the version: a fire in between changes other columns.
_REPLACE: Final = (
    "UPDATE schedule SET org = :org, workspace = :workspace, version = :version, definition = :definition,"
    " status = :status, anchor_ms = :anchor, next_ms = :next, last_ms = :last, last_execution = :execution:uuid,"
    " delay_ms = :delay FROM hold_lease(:own) WHERE workflow = :workflow AND (org, workspace, version, definition,"
    " status, anchor_ms, next_ms, last_ms, last_execution, delay_ms) IS NOT DISTINCT FROM (:former_org:integer,"
    " :former_workspace:integer, :former_version:integer, :former_definition, :former_status:smallint, :former_anchor,"
    " :former_next, :former_last, :former_execution:uuid, :former_delay)"
)
_IS_LIVE: Final = (
    "workflow = (SELECT n.n FROM name n WHERE n.id = :workflow) AND org = (SELECT n.n FROM name n WHERE n.id = :org)"
)
_DROP: Final = Variants(
    f"UPDATE fire SET outcome = 5 WHERE outcome = 4 AND workflow IN (SELECT workflow FROM schedule WHERE {_IS_LIVE});"
    f" DELETE FROM schedule WHERE {_IS_LIVE}",
    f"WITH gone AS (DELETE FROM schedule USING hold_lease(:own) WHERE {_IS_LIVE} RETURNING workflow)"
    " UPDATE fire f SET outcome = 5 FROM gone g WHERE f.workflow = g.workflow AND f.outcome = 4",
)
_LAST_MS: Final = 1 << 62


class SqlSchedules:
    """See `looply.engine.ports.schedule_store.Schedules`; each store adds `skip`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def find(self, organization_id: str, workflow_id: str) -> Schedule | None:
        """Returns the schedule of the workflow, or None."""
        parameters = {"organization": organization_id, "workflow": workflow_id}
        return await self._sessions.find(schedule_from, _OF_WORKFLOW, parameters)

    async def list(self, organization_id: str) -> Sequence[Schedule]:
        """Returns the schedules of an organization by workflow id."""
        return await self._sessions.select(schedule_from, _OF_ORGANIZATION, {"organization": organization_id})

    async def put(self, schedule: Schedule, *, former: Schedule | None = None) -> bool:
        """Replaces the schedule of the workflow; with `former`, only while that one is stored."""

        async def write(session: Session) -> bool:
            parameters = await self._parameters(session, schedule)
            if former is None:
                await session.change(_PUT, parameters)
                return True
            expected = await self._parameters(session, former)
            expected = {f"former_{name}": value for name, value in expected.items()}
            return await session.change(_REPLACE, parameters | expected) == 1

        async def look_up(session: Session) -> tuple[bool] | None:
            sought = {"organization": schedule.organization_id, "workflow": schedule.workflow_id}
            stored = [schedule_from(row) for row in await session.rows(_OF_WORKFLOW, sought)]
            return (True,) if stored == [schedule] else None

        return await self._sessions.write(write, [("schedule", schedule.workflow_id)], look_up)

    async def drop(self, organization_id: str, workflow_id: str) -> None:
        """Removes the schedule if there is one."""
        parameters = {"workflow": workflow_id, "org": organization_id}
        await self._sessions.change(_DROP, parameters, [("schedule", workflow_id)])

    async def trim(self, workflow_id: str, keep: int) -> None:
        """Removes all but the newest rows of the ledger of one workflow; starts that wait stay."""
        await self._sessions.change(_TRIM, {"workflow": workflow_id, "keep": keep}, [("schedule", workflow_id)])

    async def due(self, now: datetime, limit: int) -> Sequence[Schedule]:
        """Returns ACTIVE schedules whose next instant has come, earliest first."""
        parameters = {"now": to_ms(now), "seconds": TAKEN_SECONDS, "limit": limit}
        found = await self._sessions.take(schedule_from, _DUE, parameters)
        return sorted(found, key=lambda schedule: (schedule.due, schedule.workflow_id))

    async def next_due(self) -> datetime | None:
        """Returns the earliest next instant of an ACTIVE schedule that no process has taken, or None."""
        return instant_or_none(await self._sessions.value(_NEXT))

    async def list_queued(self, limit: int) -> Sequence[tuple[Schedule, datetime]]:
        """Returns ACTIVE schedules of which starts wait, with the oldest one."""
        return await self._sessions.select(_queued_from, _OLDEST_QUEUED, {"limit": limit})

    async def count_queued(self, workflow_id: str) -> int:
        """Returns how many starts of a workflow's schedule wait."""
        return int(await self._sessions.value(_COUNT_QUEUED, {"workflow": workflow_id}))

    async def fires(self, workflow_id: str, before: datetime | None, limit: int) -> Sequence[LedgerRow]:
        """Returns rows of the ledger of one workflow, newest first."""
        before_ms = to_ms(before) if before is not None else _LAST_MS
        parameters = {"workflow": workflow_id, "before": before_ms, "limit": limit}
        return await self._sessions.select(ledger_from, _FIRES, parameters)

    async def find_missed(self, organization_id: str) -> Mapping[str, MissedFires]:
        """Returns by workflow id what live schedules have missed."""
        return misses_by_workflow(await self._sessions.select(tuple, _MISSED, {"organization": organization_id}))

    async def _parameters(self, session: Session, schedule: Schedule) -> dict[str, Any]:
        """Returns the columns of a schedule, as the parameters of a write."""
        ids = (schedule.workflow_id, schedule.organization_id, schedule.workspace_id)
        workflow, org, workspace = await session.assign_numbers(*ids)
        return {
            "workflow": workflow,
            "org": org,
            "workspace": workspace,
            "version": schedule.workflow_version,
            "definition": schedule.definition,
            "status": SCHEDULE_STATUSES.index(schedule.status),
            "anchor": to_ms(schedule.anchor),
            "next": ms_or_none(schedule.next),
            "last": ms_or_none(schedule.last),
            "execution": self._sessions.key(schedule.last_execution) if schedule.last_execution else None,
            "delay": schedule.delay // MILLISECOND,
        }


def _queued_from(row: Row) -> tuple[Schedule, datetime]:
    return schedule_from(row), from_ms(row[11])
