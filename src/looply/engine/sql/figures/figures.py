"""The figures of a store with tables: changes folded into counters and roll-ups, and the proof of the counters."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from looply.engine.coding.rows import STATUS_NUMBERS, Row
from looply.engine.records.figures.figures import (
    CARDS,
    FAILED,
    LETTERS,
    RUNNING,
    WAITING,
    ChangeRow,
    CounterKey,
    Counts,
    CountsOfWorkflows,
    Drift,
    FigureChange,
    Grain,
    RollUp,
    RollUpKey,
    RollUpRow,
    RollUps,
    fold_changes,
)
from looply.engine.sql.dialects import Variants
from looply.engine.sql.sessions import Session, Sessions
from looply.instants import instant_or_none, to_ms

# One process folds at a time; another one that asks in the meantime finds nothing to do.
_LOCK: Final = Variants("SELECT 1", "SELECT CASE WHEN pg_try_advisory_xact_lock(1819242612, 0) THEN 1 ELSE 0 END")
_OLDEST: Final = "SELECT n, org, workflow, profile, at_ms, change FROM figure_change ORDER BY n LIMIT :limit"
_DROP: Final = Variants(
    "DELETE FROM figure_change WHERE n IN (SELECT value FROM json_each(:numbers))",
    "DELETE FROM figure_change AS f USING hold_lease(:own), jsonb_array_elements_text(:numbers:jsonb) AS v(n)"
    " WHERE f.n = v.n::bigint",
)
_ADD: Final = Variants(
    "INSERT INTO counter(org, workflow, name, total) SELECT value ->> 'org', value ->> 'workflow', value ->> 'name',"
    " value ->> 'total' FROM json_each(:rows) WHERE true"
    " ON CONFLICT (org, workflow, name) DO UPDATE SET total = counter.total + excluded.total",
    "INSERT INTO counter(org, workflow, name, total) SELECT r.org, r.workflow, r.name, r.total"
    " FROM jsonb_to_recordset(:rows:jsonb) AS r(org integer, workflow integer, name text, total bigint)"
    " ON CONFLICT (org, workflow, name) DO UPDATE SET total = counter.total + excluded.total",
)
_KEY: Final = "org, grain, begin_ms, workflow, profile, step"
_R_KEY: Final = "r.org, r.grain, r.begin_ms, r.workflow, r.profile, r.step"
_ROLLUPS_OF: Final = Variants(
    f"SELECT {_R_KEY}, r.body FROM json_each(:keys) k CROSS JOIN rollup r ON r.org = k.value ->> 'org'"
    " AND r.grain = k.value ->> 'grain' AND r.begin_ms = k.value ->> 'begin_ms'"
    " AND r.workflow = k.value ->> 'workflow' AND r.profile = k.value ->> 'profile' AND r.step = k.value ->> 'step'",
    f"SELECT {_R_KEY}, r.body FROM jsonb_to_recordset(:keys:jsonb) AS k(org integer, grain text, begin_ms bigint,"
    " workflow integer, profile text, step text) JOIN rollup r ON r.org = k.org AND r.grain = k.grain"
    " AND r.begin_ms = k.begin_ms AND r.workflow = k.workflow AND r.profile = k.profile AND r.step = k.step",
)
_PUT: Final = Variants(
    f"INSERT INTO rollup({_KEY}, body) SELECT value ->> 'org', value ->> 'grain', value ->> 'begin_ms',"
    " value ->> 'workflow', value ->> 'profile', value ->> 'step', value ->> 'body' FROM json_each(:rows) WHERE true"
    f" ON CONFLICT ({_KEY}) DO UPDATE SET body = excluded.body",
    f"INSERT INTO rollup({_KEY}, body) SELECT {_R_KEY}, r.body FROM jsonb_to_recordset(:rows:jsonb) AS r("
    "org integer, grain text, begin_ms bigint, workflow integer, profile text, step text, body text)"
    f" ON CONFLICT ({_KEY}) DO UPDATE SET body = excluded.body",
)
_TOTALS: Final = (
    "SELECT (SELECT w.id FROM name w WHERE w.n = c.workflow), c.name, c.total FROM counter c"
    " WHERE c.org = :org AND c.total <> 0"
)
_TOTALS_OF: Final = Variants(
    "SELECT c.workflow, c.name, c.total FROM json_each(:workflows) w CROSS JOIN counter c"
    " ON c.org = :org AND c.workflow = w.value WHERE c.total <> 0",
    "SELECT c.workflow, c.name, c.total FROM jsonb_array_elements_text(:workflows:jsonb) AS w(n)"
    " JOIN counter c ON c.org = :org AND c.workflow = w.n::integer WHERE c.total <> 0",
)
_HAVING: Final = Variants(
    "SELECT DISTINCT (SELECT w.id FROM name w WHERE w.n = c.workflow) FROM counter c"
    " WHERE c.org = :org AND c.total > 0 AND c.name IN (SELECT value FROM json_each(:names))",
    "SELECT DISTINCT (SELECT w.id FROM name w WHERE w.n = c.workflow) FROM counter c"
    " WHERE c.org = :org AND c.total > 0 AND c.name IN (SELECT jsonb_array_elements_text(:names:jsonb))",
)
_HOURS_OF: Final = Variants(
    "SELECT r.begin_ms, r.workflow, r.body FROM json_each(:begins) b CROSS JOIN json_each(:workflows) w"
    " CROSS JOIN rollup r ON r.org = :org AND r.grain = 'hour' AND r.begin_ms = b.value AND r.workflow = w.value"
    " WHERE r.step = '' ORDER BY r.begin_ms",
    "SELECT r.begin_ms, r.workflow, r.body FROM jsonb_array_elements_text(:begins:jsonb) AS b(at_ms)"
    " JOIN jsonb_array_elements_text(:workflows:jsonb) AS w(n) ON true"
    " JOIN rollup r ON r.org = :org AND r.grain = 'hour' AND r.begin_ms = b.at_ms::bigint AND r.workflow = w.n::integer"
    " WHERE r.step = '' ORDER BY r.begin_ms",
)
_BEHIND: Final = "SELECT at_ms FROM figure_change ORDER BY n LIMIT 1"
_ROLLUPS: Final = (
    "SELECT r.begin_ms, (SELECT w.id FROM name w WHERE w.n = r.workflow), r.step, r.profile, r.body FROM rollup r"
    " WHERE r.org = :org AND r.grain = :grain AND r.begin_ms >= :begin AND r.begin_ms < :end ORDER BY r.begin_ms"
)
_DROP_ROLLUPS: Final = "DELETE FROM rollup AS r USING hold_lease(:own) WHERE r.grain = :grain AND r.begin_ms < :before"

# Organizations are among the names: through them the index leads past all executions that have completed.
_OPEN_STATUS: Final = (
    "SELECT e.org, e.workflow, CASE WHEN e.status = {status} THEN '{running}' ELSE '{waiting}' END AS name, 1 AS total"
    " FROM name n CROSS JOIN execution e INDEXED BY execution_status"
    " ON e.org = n.n AND e.status IN ({status}, {other}) AND e.status <> 3"
).format(status=STATUS_NUMBERS["RUNNING"], other=STATUS_NUMBERS["WAITING"], running=RUNNING, waiting=WAITING)
_FAILED: Final = (
    f"SELECT f.org, f.workflow, '{FAILED}', 1 FROM (SELECT DISTINCT i.execution_id, i.org,"
    " (SELECT e.workflow FROM execution e WHERE e.id = i.execution_id) AS workflow FROM incident i) f"
)


def _drift(kind: str, pending: str) -> str:
    """Returns the statement of what must be added to counters, at import: rows count, counters subtract."""
    counted = (
        _OPEN_STATUS,
        _FAILED,
        f"SELECT i.org, (SELECT e.workflow FROM execution e WHERE e.id = i.execution_id), {kind}, 1 FROM incident i",
        f"SELECT org, workflow, '{CARDS}', 1 FROM card",
        f"SELECT org, workflow, '{LETTERS}', 1 FROM letter WHERE action = 0",
        "SELECT org, workflow, name, -total FROM counter",
        pending,
    )
    rows = " UNION ALL ".join(counted)
    return (
        f"SELECT d.org, d.workflow, d.name, CAST(sum(d.total) AS bigint) AS total FROM ({rows}) d"
        " GROUP BY d.org, d.workflow, d.name HAVING sum(d.total) <> 0"
    )


_DRIFT: Final = Variants(
    _drift(
        "'i' || i.kind",
        "SELECT f.org, f.workflow, j.key, -j.value FROM figure_change f, json_each(f.change, '$.o') j",
    ),
    _drift(
        "'i' || i.kind::text",
        "SELECT f.org, f.workflow, j.key, -(j.value::bigint) FROM figure_change f"
        " CROSS JOIN LATERAL jsonb_each_text(coalesce(f.change::jsonb -> 'o', '{}'::jsonb)) j",
    ),
)
_CORRECT: Final = Variants(
    f"INSERT INTO counter(org, workflow, name, total) SELECT * FROM ({_DRIFT.sqlite}) WHERE true"
    " ON CONFLICT (org, workflow, name) DO UPDATE SET total = counter.total + excluded.total",
    f"INSERT INTO counter(org, workflow, name, total) SELECT x.* FROM ({_DRIFT.postgres}) x, hold_lease(:own)"
    " ON CONFLICT (org, workflow, name) DO UPDATE SET total = counter.total + excluded.total",
)

_CHANGE: Final = msgspec.json.Decoder(FigureChange)
_ROLLUP: Final = msgspec.json.Decoder(RollUp)


class SqlFigures:
    """See `looply.engine.records.figures.figures.Figures`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def fold(self, limit: int) -> int:
        """Folds the oldest changes; returns how many."""

        async def write(session: Session) -> int:
            async with session.one_state():
                return await _fold(session, limit)

        # A write that is repeated, because its connection broke, folds what is still there.
        return await self._sessions.write(write, [("figures",)])

    async def counts(self, organization_id: str, workflow_ids: Sequence[str]) -> Counts:
        """Returns the counters of an organization."""

        async def read(session: Session) -> Counts:
            (org,) = await session.find_numbers(organization_id)
            if org is None:
                return Counts({}, None)
            totals, behind = await session.rows_of_all((_TOTALS, _BEHIND), {"org": org})
            return _counts_from(totals, behind, workflow_ids)

        return await self._sessions.read(read)

    async def counts_of(self, organization_id: str, workflow_ids: Sequence[str]) -> CountsOfWorkflows:
        """Returns the counters of each of these workflows."""

        async def read(session: Session) -> CountsOfWorkflows:
            org, ids = await _numbers(session, organization_id, workflow_ids)
            totals: dict[str, dict[str, int]] = {}
            if ids:
                for workflow, name, total in await session.rows(_TOTALS_OF, {"org": org, "workflows": _json([*ids])}):
                    totals.setdefault(ids[workflow], {})[name] = total
            behind = await session.rows(_BEHIND)
            return CountsOfWorkflows(totals, instant_or_none(behind[0][0] if behind else None))

        return await self._sessions.read(read)

    async def workflows_with(self, organization_id: str, names: Collection[str]) -> frozenset[str]:
        """Returns the ids of the workflows with a counter over 0 of one of these names."""

        async def read(session: Session) -> frozenset[str]:
            (org,) = await session.find_numbers(organization_id)
            if org is None:
                return frozenset()
            rows = await session.rows(_HAVING, {"org": org, "names": _json(sorted(names))})
            return frozenset(workflow_id for (workflow_id,) in rows)

        return await self._sessions.read(read)

    async def hours_of(
        self, organization_id: str, workflow_ids: Sequence[str], begins: Sequence[datetime]
    ) -> Sequence[RollUpRow]:
        """Returns the roll-ups of the executions of these workflows for some hours."""

        async def read(session: Session) -> list[RollUpRow]:
            org, ids = await _numbers(session, organization_id, workflow_ids)
            if not ids:
                return []
            parameters = {"org": org, "workflows": _json([*ids]), "begins": _json([to_ms(begin) for begin in begins])}
            return [
                RollUpRow(begin_ms, ids[workflow], "", _ROLLUP.decode(body))
                for begin_ms, workflow, body in await session.rows(_HOURS_OF, parameters)
            ]

        return await self._sessions.read(read)

    async def rollups(
        self,
        organization_id: str,
        grain: Grain,
        span: tuple[datetime, datetime],
        workflow_ids: Sequence[str],
        profile: str | None,
    ) -> RollUps:
        """Returns the roll-ups of a span, and the counters."""
        parameters = {"grain": grain, "begin": to_ms(span[0]), "end": to_ms(span[1])}

        async def read(session: Session) -> RollUps:
            (org,) = await session.find_numbers(organization_id)
            if org is None:
                return RollUps((), Counts({}, None))
            statements = (_ROLLUPS, _TOTALS, _BEHIND)
            found, totals, behind = await session.rows_of_all(statements, {**parameters, "org": org})
            rows = [
                RollUpRow(begin_ms, workflow_id, step, _ROLLUP.decode(body))
                for begin_ms, workflow_id, step, own, body in found
                if (not workflow_ids or workflow_id in workflow_ids) and profile in (None, own)
            ]
            return RollUps(rows, _counts_from(totals, behind, workflow_ids))

        return await self._sessions.read(read)

    async def drop_rollups(self, grain: Grain, before: datetime) -> None:
        """Removes old roll-ups."""
        await self._sessions.change(_DROP_ROLLUPS, {"grain": grain, "before": to_ms(before)})

    async def find_drift(self) -> Sequence[Drift]:
        """Returns the counters that differ from a count."""
        return await self._sessions.select(lambda row: Drift(*row), _DRIFT)

    async def correct(self) -> None:
        """Sets counters that differ to the count."""
        await self._sessions.change(_CORRECT, {}, [("figures",)])


async def _numbers(
    session: Session, organization_id: str, workflow_ids: Sequence[str]
) -> tuple[int | None, dict[int, str]]:
    """Returns the number of an organization, and the ids of those workflows that have a number, by it."""
    org, *numbers = await session.find_numbers(organization_id, *workflow_ids)
    known = zip(numbers, workflow_ids, strict=True)
    return org, {number: workflow_id for number, workflow_id in known if number is not None and org is not None}


def _counts_from(totals: Iterable[Row], behind: Sequence[Row], workflow_ids: Sequence[str]) -> Counts:
    """Returns the counters of an organization, of some workflows if any are named."""
    found: dict[str, int] = {}
    for workflow_id, name, total in totals:
        if not workflow_ids or workflow_id in workflow_ids:
            found[name] = found.get(name, 0) + total
    return Counts(found, instant_or_none(behind[0][0] if behind else None))


async def _fold(session: Session, limit: int) -> int:
    ((is_mine,),) = await session.rows(_LOCK)
    found = await session.rows(_OLDEST, {"limit": limit}) if is_mine else ()
    if not found:
        return 0
    numbers = [row[0] for row in found]
    totals, rollups = fold_changes(_changes_from(found))
    keys = _json([key._asdict() for key in rollups])
    for *key, body in await session.rows(_ROLLUPS_OF, {"keys": keys}):
        rollups[RollUpKey(*key)].add(_ROLLUP.decode(body))
    await session.change(_DROP, {"numbers": _json(numbers)})
    if totals:
        await session.change(_ADD, {"rows": _json([_counter(key, total) for key, total in totals.items()])})
    if rollups:
        await session.change(_PUT, {"rows": _json([_rollup(key, part) for key, part in rollups.items()])})
    return len(found)


def _changes_from(rows: Iterable[Row]) -> Iterator[ChangeRow]:
    """Yields changes; units of one workflow mostly say the same, which is decoded once."""
    decoded: dict[str, FigureChange] = {}
    for _, org, workflow, profile, at_ms, text in rows:
        change = decoded.get(text)
        if change is None:
            change = decoded[text] = _CHANGE.decode(text)
        yield ChangeRow(org, workflow, profile, at_ms, change)


def _counter(key: CounterKey, total: int) -> Mapping[str, Any]:
    return {**key._asdict(), "total": total}


def _rollup(key: RollUpKey, part: RollUp) -> Mapping[str, Any]:
    return {**key._asdict(), "body": msgspec.json.encode(part).decode()}


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
