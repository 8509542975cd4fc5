"""The record of decisions of the PostgreSQL store."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from looply.clock import to_ms
from looply.definition.settings.mail import person_of
from looply.engine.coding.rows import DECISION_COLUMNS, Row, decision_columns, decision_from, find_id
from looply.engine.postgres.database.connections import Connection, rows
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.names import Names
from looply.engine.records.decisions import (
    DecisionFilter,
    DecisionIndex,
    DecisionKey,
    DecisionRow,
    choose_index,
    in_order,
)

PUT_DECISIONS: Final = "put_decisions(%s::jsonb)"
"""The call that records decisions; its argument is `decisions_argument`."""

_JOINED: Final = "JOIN name o ON o.n = d.org JOIN name w ON w.n = d.workflow"
_OF: Final = f"SELECT {DECISION_COLUMNS} FROM decision d {_JOINED} WHERE d.execution_id = %(execution)s::uuid"

_FITS: Final = (
    " AND d.at_ms >= %(from_ms)s"
    " AND (d.at_ms, d.execution_id, d.seq) < (%(after_ms)s, %(after_id)s::uuid, %(after_seq)s)"
    " AND d.org = %(org)s AND %(workflow)s::integer IN (0, d.workflow) AND %(step)s::text IN ('', d.step)"
    " AND %(person)s::text IN ('', d.person) AND %(process)s::text IN ('', d.process_id)"
    " ORDER BY d.at_ms DESC, d.execution_id DESC, d.seq DESC LIMIT %(limit)s"
)
_WAYS: Final[Mapping[DecisionIndex, str]] = {
    "EXECUTION": "d.execution_id = %(execution)s::uuid",
    "PROCESS": "d.process_id = %(process)s",
    "USER": "d.person = %(person)s",
    "STEP": "d.workflow = %(workflow)s AND d.step = %(step)s",
    "WORKFLOW": "d.workflow = %(workflow)s",
    "ALL": "true",
}
_LISTS: Final[Mapping[DecisionIndex, str]] = {
    way: (
        f"SELECT {DECISION_COLUMNS} FROM (SELECT * FROM decision d WHERE {begin}{_FITS}) d {_JOINED}"
        " ORDER BY d.at_ms DESC, d.execution_id DESC, d.seq DESC"
    )
    for way, begin in _WAYS.items()
}

_AFTER_ALL: Final[DecisionKey] = (1 << 62, "ffffffff-ffff-ffff-ffff-ffffffffffff", 0)
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"
_BEFORE_ALL: Final = -(1 << 62)


def decisions_argument(rows: Sequence[DecisionRow], numbers: Mapping[str, int]) -> str:
    """Returns the argument of `PUT_DECISIONS`; `numbers` has those of organizations and workflows."""
    facts = [
        {
            "execution": each.execution_id,
            "org": numbers[each.organization_id],
            "workflow": numbers[each.workflow_id],
            **decision_columns(each),
        }
        for each in rows
    ]
    return msgspec.json.encode(facts).decode()


class PostgresDecisions:
    """See `looply.engine.records.decisions.Decisions`."""

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names

    async def list(
        self, organization_id: str, wanted: DecisionFilter, after: DecisionKey | None, limit: int
    ) -> Sequence[DecisionRow]:
        """Returns a page of decisions, newest first."""
        if wanted.execution_id and find_id(wanted.execution_id) is None:
            return []
        after_ms, after_id, after_seq = after or _AFTER_ALL
        if wanted.decided_to is not None:
            after_ms, after_id, after_seq = min((after_ms, after_id, after_seq), (to_ms(wanted.decided_to), _NO_ID, 0))

        async def read(connection: Connection) -> list[Row]:
            sought = [organization_id, *([wanted.workflow_id] if wanted.workflow_id else [])]
            org, *rest = await self._names.find(connection, *sought)
            facts = {
                "org": org,
                "workflow": rest[0] if rest else 0,
                "step": wanted.step,
                "person": person_of(wanted.user),
                "process": wanted.process_id,
                "execution": wanted.execution_id or None,
                "from_ms": to_ms(wanted.decided_from) if wanted.decided_from is not None else _BEFORE_ALL,
                "after_ms": after_ms,
                "after_id": after_id,
                "after_seq": after_seq,
                "limit": limit,
            }
            return await rows(connection, _LISTS[choose_index(wanted)], facts)

        return [decision_from(each) for each in await self._database.read(read)]

    async def of_execution(self, execution_id: str) -> Sequence[DecisionRow]:
        """Returns the decisions of an execution, stored or pruned."""
        if find_id(execution_id) is None:
            return []
        facts = {"execution": execution_id}
        found = await self._database.read(lambda connection: rows(connection, _OF, facts))
        return in_order(decision_from(each) for each in found)
