"""The schedules of a store with tables and the ledger of their fires, but for their changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from looply.clock import from_ms, ms_or_none, to_ms
from looply.engine.coding.rows import (
    SCHEDULE_STATUSES,
    Row,
    ledger_from,
    missed_from,
    optional_instant,
    schedule_from,
)
from looply.engine.ports.port import LedgerRow, MissedFires, Schedule
from looply.engine.sql.sessions import Sessions

SCHEDULE_COLUMNS: Final = (
    "o.id, p.id, w.id, s.version, s.definition, s.status, s.anchor_ms, s.next_ms, s.last_ms, s.last_execution,"
    " s.delay_ms"
)
"""Of a schedule `s`, with the names of its organization `o`, its workspace `p` and its workflow `w`."""

NAMES_OF_SCHEDULE: Final = "JOIN name o ON o.n = s.org JOIN name p ON p.n = s.workspace JOIN name w ON w.n = s.workflow"
_SELECT: Final = f"SELECT {SCHEDULE_COLUMNS} FROM schedule s {NAMES_OF_SCHEDULE}"
OF_WORKFLOW: Final = f"{_SELECT} WHERE o.id = :organization AND w.id = :workflow"
_OF_ORGANIZATION: Final = f"{_SELECT} WHERE o.id = :organization ORDER BY w.id"
_DUE: Final = (
    f"{_SELECT} WHERE s.status = 1 AND s.next_ms IS NOT NULL AND s.next_ms + s.delay_ms <= :now"
    " ORDER BY s.next_ms + s.delay_ms, w.id LIMIT :limit"
)
_NEXT: Final = "SELECT min(next_ms + delay_ms) FROM schedule WHERE status = 1 AND next_ms IS NOT NULL"
# Outcomes are the positions of `FIRE_OUTCOMES`: 4 waits, 5 was missed.
_OLDEST_QUEUED: Final = (
    f"SELECT {SCHEDULE_COLUMNS}, q.nominal_ms"
    " FROM (SELECT f.workflow, min(f.nominal_ms) AS nominal_ms FROM fire f WHERE f.outcome = 4 GROUP BY f.workflow) q"
    f" JOIN schedule s ON s.workflow = q.workflow {NAMES_OF_SCHEDULE} WHERE s.status = 1 ORDER BY w.id LIMIT :limit"
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
_LAST_MS: Final = 1 << 62


class SqlSchedules:
    """See `looply.engine.ports.store.Schedules`; each store adds `put`, `drop`, `skip` and `trim`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def find(self, organization_id: str, workflow_id: str) -> Schedule | None:
        """Returns the schedule of the workflow, or None."""
        facts = {"organization": organization_id, "workflow": workflow_id}
        return await self._sessions.find(schedule_from, OF_WORKFLOW, facts)

    async def list(self, organization_id: str) -> Sequence[Schedule]:
        """Returns the schedules of an organization by workflow id."""
        return await self._sessions.select(schedule_from, _OF_ORGANIZATION, {"organization": organization_id})

    async def due(self, now: datetime, limit: int) -> Sequence[Schedule]:
        """Returns ACTIVE schedules whose next instant has come, earliest first."""
        return await self._sessions.select(schedule_from, _DUE, {"now": to_ms(now), "limit": limit})

    async def next_due(self) -> datetime | None:
        """Returns the earliest next instant of an ACTIVE schedule, or None."""
        return optional_instant(await self._sessions.value(_NEXT))

    async def list_queued(self, limit: int) -> Sequence[tuple[Schedule, datetime]]:
        """Returns ACTIVE schedules of which starts wait, with the oldest one."""
        return await self._sessions.select(_queued_from, _OLDEST_QUEUED, {"limit": limit})

    async def count_queued(self, workflow_id: str) -> int:
        """Returns how many starts of a workflow's schedule wait."""
        return int(await self._sessions.value(_COUNT_QUEUED, {"workflow": workflow_id}))

    async def fires(self, workflow_id: str, before: datetime | None, limit: int) -> Sequence[LedgerRow]:
        """Returns rows of the ledger of one workflow, newest first."""
        before_ms = to_ms(before) if before is not None else _LAST_MS
        facts = {"workflow": workflow_id, "before": before_ms, "limit": limit}
        return await self._sessions.select(ledger_from, _FIRES, facts)

    async def find_missed(self, organization_id: str) -> Mapping[str, MissedFires]:
        """Returns by workflow id what live schedules have missed."""
        return missed_from(await self._sessions.select(tuple, _MISSED, {"organization": organization_id}))


def schedule_facts(schedule: Schedule, last_execution: Any) -> tuple[Any, ...]:
    """Returns the columns of a schedule behind its workflow, its organization and its workspace."""
    return (
        schedule.workflow_version,
        schedule.definition,
        SCHEDULE_STATUSES.index(schedule.status),
        to_ms(schedule.anchor),
        ms_or_none(schedule.next),
        ms_or_none(schedule.last),
        last_execution,
        schedule.delay // timedelta(milliseconds=1),
    )


def _queued_from(row: Row) -> tuple[Schedule, datetime]:
    return schedule_from(row), from_ms(row[11])
