"""The overview of a store with tables: one statement for each kind of row, whatever the number of executions."""

from collections.abc import Mapping, Sequence
from typing import Final

from looply.engine.coding.rows import EFFECT_STATES, INCIDENT_KINDS, TIMER_KINDS, Row, head_from, id_text
from looply.engine.ports.lists import Head
from looply.engine.records.copies import CopyDelivery
from looply.engine.records.figures.overview import (
    NO_OBSTACLES,
    EffectFacts,
    IncidentGroup,
    IncidentSummary,
    Obstacles,
    OpenCardFact,
    RowFacts,
)
from looply.engine.sql.dialects import Variants
from looply.engine.sql.sessions import Session, Sessions
from looply.execution.facts.events import IncidentKind
from looply.instants import from_ms

_HOLDERS: Final = 5
_RUNNING: Final = EFFECT_STATES.index("RUNNING")


def _of_these(text: str) -> Variants:
    """Returns a statement on the rows `t` of the executions `:ids`, at import, from constants."""
    sqlite = "t.execution_id IN (SELECT unhex(value, '-') FROM json_each(:ids))"
    return Variants(text.replace(":these:", sqlite), text.replace(":these:", "t.execution_id = ANY (:ids:uuid[])"))


_FACTS: Final = (
    _of_these(
        "SELECT t.execution_id, t.kind, t.code, t.step, t.opened_ms FROM incident t WHERE :these: ORDER BY t.seq"
    ),
    _of_these(
        "SELECT t.execution_id, t.step, t.recipient, t.opened_ms FROM card t WHERE :these: ORDER BY t.opened_ms, t.id"
    ),
    _of_these("SELECT t.execution_id, t.step FROM wait t WHERE :these: ORDER BY t.seq"),
    _of_these("SELECT t.execution_id, t.kind, t.due_ms FROM timer t WHERE :these: ORDER BY t.due_ms, t.seq"),
    _of_these("SELECT t.execution_id, count(*) FROM effect t WHERE :these: GROUP BY t.execution_id"),
    _of_these("SELECT t.execution_id, t.since_ms FROM concurrency_slot t WHERE :these: AND t.is_held = 0"),
    _of_these("SELECT t.execution_id, t.name, t.value FROM search_field t WHERE :these: ORDER BY t.name, t.value"),
)
# One look-up for each in the month of its id, as in the tails of lists.
_HEADS: Final = Variants(
    "SELECT h.* FROM json_each(:ids) w CROSS JOIN head h ON h.id = unhex(w.value, '-')",
    "SELECT h.* FROM unnest(:ids:uuid[]) w(id) CROSS JOIN LATERAL (SELECT k.* FROM head k WHERE k.id = w.id LIMIT 1) h",
)
_NEWEST: Final = Variants("max(g.id)", "max(g.id::text)::uuid")


def _groups_text(newest: str) -> str:
    # The index has the organization first: what other organizations have is not read.
    return f"""
  SELECT (SELECT w.id FROM name w WHERE w.n = g.workflow), g.step, g.kind, g.code, count(DISTINCT g.id), count(*),
      min(g.opened_ms), max(g.opened_ms), {newest}
    FROM (SELECT i.execution_id AS id, i.step, i.kind, i.code, i.opened_ms,
        (SELECT e.workflow FROM execution e WHERE e.id = i.execution_id LIMIT 1) AS workflow
      FROM incident i WHERE i.org = :org) g
    GROUP BY g.workflow, g.step, g.kind, g.code
    ORDER BY 5 DESC, 8 DESC, 2, 4
"""


_GROUPS: Final = Variants(_groups_text(_NEWEST.sqlite), _groups_text(_NEWEST.postgres))
_EFFECTS: Final = Variants(
    "SELECT seq, queue, state, 0 FROM effect WHERE execution_id = :execution",
    "SELECT e.seq, e.queue, e.state, CASE WHEN e.state = 1 AND NOT EXISTS"
    " (SELECT 1 FROM lease l WHERE l.epoch = e.epoch) THEN 1 ELSE 0 END FROM effect e"
    " WHERE e.execution_id = :execution:uuid",
)
_AHEAD: Final = (
    "SELECT count(*) FROM concurrency_slot q JOIN concurrency_slot p ON p.is_held = 0 AND p.workflow = q.workflow"
    " WHERE q.execution_id = :execution:uuid AND q.is_held = 0"
    " AND (p.since_ms, p.execution_id) < (q.since_ms, q.execution_id)"
)
_HOLDING: Final = (
    "SELECT p.execution_id FROM concurrency_slot q JOIN concurrency_slot p ON p.is_held = 1 AND p.workflow = q.workflow"
    f" WHERE q.execution_id = :execution:uuid AND q.is_held = 0 ORDER BY p.since_ms, p.execution_id LIMIT {_HOLDERS}"
)
_CRASHES: Final = "SELECT crash_count FROM execution WHERE id = :execution:uuid"
_PENDING: Final = "SELECT count(*) FROM delivery WHERE target = :execution:uuid"
_OBSTACLES: Final = (_EFFECTS, _AHEAD, _HOLDING, _CRASHES, _PENDING)
_DELIVERY_COLUMNS: Final = "id, state, since_ms, code, reason, CASE WHEN shown < wanted THEN 1 ELSE 0 END"
_DELIVERIES: Final = Variants(
    f"SELECT {_DELIVERY_COLUMNS} FROM card_copy WHERE id IN (SELECT value FROM json_each(:cards))",
    f"SELECT {_DELIVERY_COLUMNS} FROM card_copy WHERE id = ANY (:cards:text[])",
)


class SqlOverview:
    """See `looply.engine.records.figures.overview.Overview`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def heads(self, execution_ids: Sequence[str]) -> Sequence[Head]:
        """Returns the heads of those that are stored."""
        known = [each for each in execution_ids if self._sessions.key(each) is not None]
        return await self._sessions.select(head_from, _HEADS, {"ids": self._sessions.keys(known)}) if known else []

    async def facts(self, execution_ids: Sequence[str]) -> Mapping[str, RowFacts]:
        """Returns what the rows of these executions say."""
        known = [each for each in execution_ids if self._sessions.key(each) is not None]
        if not known:
            return {}
        parameters = {"ids": self._sessions.keys(known)}

        async def read(session: Session) -> Sequence[Sequence[Row]]:
            return await session.rows_of_all(_FACTS, parameters)

        return _facts_from(await self._sessions.read(read))

    async def incident_groups(
        self, organization_id: str, workflow_ids: Sequence[str], kinds: Sequence[IncidentKind], limit: int
    ) -> Sequence[IncidentGroup]:
        """Returns the open incidents of an organization by their causes."""

        async def read(session: Session) -> Sequence[Row]:
            (org,) = await session.find_numbers(organization_id)
            return () if org is None else await session.rows(_GROUPS, {"org": org})

        groups = map(_group_from, await self._sessions.read(read))
        return [
            group
            for group in groups
            if (not workflow_ids or group.workflow_id in workflow_ids) and (not kinds or group.kind in kinds)
        ][:limit]

    async def obstacles(self, execution_id: str) -> Obstacles:
        """Returns what holds an execution."""
        if (key := self._sessions.key(execution_id)) is None:
            return NO_OBSTACLES

        async def read(session: Session) -> Obstacles:
            effects, ahead, holders, crashes, pending = await session.rows_of_all(_OBSTACLES, {"execution": key})
            return Obstacles(
                effects={
                    seq: EffectFacts(queue=queue, is_running=state == _RUNNING, is_lost=bool(is_lost))
                    for seq, queue, state, is_lost in effects
                },
                ahead=ahead[0][0],
                holders=tuple(id_text(row[0]) for row in holders),
                crash_count=crashes[0][0] if crashes else 0,
                deliveries=pending[0][0],
            )

        return await self._sessions.read(read)

    async def deliveries(self, card_ids: Sequence[str]) -> Mapping[str, CopyDelivery]:
        """Returns what became of the cards of which their channel keeps a copy."""
        if not card_ids:
            return {}
        return dict(await self._sessions.select(_delivery_from, _DELIVERIES, {"cards": self._sessions.keys(card_ids)}))


def _delivery_from(row: Row) -> tuple[str, CopyDelivery]:
    card_id, state, since, code, reason, is_stale = row
    return card_id, CopyDelivery(state=state, since=from_ms(since), code=code, reason=reason, is_stale=bool(is_stale))


def _facts_from(rows: Sequence[Sequence[Row]]) -> dict[str, RowFacts]:
    """Returns the facts by execution, of the rows of `_FACTS`."""
    incidents, cards, waits, timers, effects, places, values = map(_by_execution, rows)
    found = {}
    for key in dict.fromkeys((*incidents, *cards, *waits, *timers, *effects, *places, *values)):
        calls, places_of = effects.get(key), places.get(key)
        found[id_text(key)] = RowFacts(
            incident=_summary(incidents.get(key, ())),
            cards=tuple(
                OpenCardFact(step=step, recipient=recipient, opened_on=from_ms(opened_ms))
                for step, recipient, opened_ms in cards.get(key, ())
            ),
            waits=tuple(step for (step,) in waits.get(key, ())),
            timers=tuple((TIMER_KINDS[kind], from_ms(due_ms)) for kind, due_ms in timers.get(key, ())),
            calls=calls[0][0] if calls else 0,
            queued_on=from_ms(places_of[0][0]) if places_of else None,
            search=tuple((name, value) for name, value in values.get(key, ())),
        )
    return found


def _by_execution(rows: Sequence[Row]) -> dict[bytes, list[Row]]:
    """Returns rows by their first column, without it, in their order."""
    found: dict[bytes, list[Row]] = {}
    for key, *rest in rows:
        found.setdefault(key, []).append(tuple(rest))
    return found


def _summary(incidents: Sequence[Row]) -> IncidentSummary | None:
    if not incidents:
        return None
    kind, code, step, opened_ms = incidents[0]
    return IncidentSummary(
        kind=INCIDENT_KINDS[kind], code=code, step=step, opened_on=from_ms(opened_ms), count=len(incidents)
    )


def _group_from(row: Row) -> IncidentGroup:
    return IncidentGroup(
        workflow_id=row[0],
        step=row[1],
        kind=INCIDENT_KINDS[row[2]],
        code=row[3],
        executions=row[4],
        incidents=row[5],
        first_on=from_ms(row[6]),
        last_on=from_ms(row[7]),
        execution_id=id_text(row[8]),
    )
