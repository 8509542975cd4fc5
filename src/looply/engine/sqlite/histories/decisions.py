"""The record of decisions of the SQLite store."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import apsw

from looply.clock import to_ms
from looply.definition.settings.mail import person_of
from looply.engine.coding.rows import DECISION_COLUMNS, decision_columns, decision_from, find_id
from looply.engine.records.decisions import (
    DecisionFilter,
    DecisionIndex,
    DecisionKey,
    DecisionRow,
    choose_index,
    in_order,
)
from looply.engine.sqlite.file.names import find_number
from looply.engine.sqlite.file.threads import Threads

# What is recorded stays as it is.
_PUT: Final = (
    "INSERT INTO decision(execution_id, seq, org, workflow, version, process_id, step, visit, scope, decided_by,"
    " person, action, comment, at_ms, via, revision, is_final) VALUES (:execution, :seq, :org, :workflow, :version,"
    " :process_id, :step, :visit, :scope, :decided_by, :person, :action, :comment, :at_ms, :via, :revision, :is_final)"
    " ON CONFLICT DO NOTHING"
)
_JOINED: Final = "JOIN name o ON o.n = d.org JOIN name w ON w.n = d.workflow"
_OF: Final = f"SELECT {DECISION_COLUMNS} FROM decision d {_JOINED} WHERE d.execution_id = ?"  # noqa: S608 - columns of our own

_FITS: Final = (
    " AND d.at_ms >= :from_ms AND (d.at_ms, d.execution_id, d.seq) < (:after_ms, :after_id, :after_seq)"
    " AND d.org = :org AND :workflow IN (0, d.workflow) AND :step IN ('', d.step) AND :person IN ('', d.person)"
    " AND :process IN ('', d.process_id) ORDER BY d.at_ms DESC, d.execution_id DESC, d.seq DESC LIMIT :limit"
)
_WAYS: Final[Mapping[DecisionIndex, tuple[str, str]]] = {
    "EXECUTION": ("decision_of", "d.execution_id = :execution"),
    "PROCESS": ("decision_process", "d.org = :org AND d.process_id = :process"),
    "USER": ("decision_person", "d.org = :org AND d.person = :person"),
    "STEP": ("decision_step", "d.workflow = :workflow AND d.step = :step"),
    "WORKFLOW": ("decision_workflow", "d.workflow = :workflow"),
    "ALL": ("decision_org", "d.org = :org"),
}
# The names are joined to the page only: with them a plan may begin at the names, and sort.
_LISTS: Final[Mapping[DecisionIndex, str]] = {
    way: (
        f"SELECT {DECISION_COLUMNS} FROM (SELECT * FROM decision d INDEXED BY {index} WHERE {begin}{_FITS}) d"  # noqa: S608
        f" {_JOINED} ORDER BY d.at_ms DESC, d.execution_id DESC, d.seq DESC"
    )
    for way, (index, begin) in _WAYS.items()
}

_AFTER_ALL: Final = (1 << 62, b"\xff" * 16, 0)
_BEFORE_ALL: Final = -(1 << 62)


def put_decisions(
    connection: apsw.Connection, key: bytes, numbers: tuple[int, int], rows: Sequence[DecisionRow]
) -> None:
    """Records decisions of one execution; `numbers` are those of organization and workflow."""
    org, workflow = numbers
    for row in rows:
        connection.execute(_PUT, {"execution": key, "org": org, "workflow": workflow, **decision_columns(row)})


class SqliteDecisions:
    """See `looply.engine.records.decisions.Decisions`."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def list(
        self, organization_id: str, wanted: DecisionFilter, after: DecisionKey | None, limit: int
    ) -> Sequence[DecisionRow]:
        """Returns a page of decisions, newest first."""
        return await self._threads.read(lambda connection: _page(connection, organization_id, wanted, after, limit))

    async def of_execution(self, execution_id: str) -> Sequence[DecisionRow]:
        """Returns the decisions of an execution, stored or pruned."""
        key = find_id(execution_id)
        rows = await self._threads.read(lambda connection: connection.execute(_OF, (key,)).fetchall())
        return in_order(map(decision_from, rows))


def _page(
    connection: apsw.Connection, organization_id: str, wanted: DecisionFilter, after: DecisionKey | None, limit: int
) -> list[DecisionRow]:
    after_ms, after_id, after_seq = (after[0], find_id(after[1]), after[2]) if after is not None else _AFTER_ALL
    if wanted.decided_to is not None:
        ends_before = (to_ms(wanted.decided_to), b"", 0)
        after_ms, after_id, after_seq = min((after_ms, after_id or b"", after_seq), ends_before)
    facts: dict[str, Any] = {
        "org": find_number(connection, organization_id),
        "workflow": find_number(connection, wanted.workflow_id) if wanted.workflow_id else 0,
        "step": wanted.step,
        "person": person_of(wanted.user),
        "process": wanted.process_id,
        "execution": find_id(wanted.execution_id),
        "from_ms": to_ms(wanted.decided_from) if wanted.decided_from is not None else _BEFORE_ALL,
        "after_ms": after_ms,
        "after_id": after_id,
        "after_seq": after_seq,
        "limit": limit,
    }
    return [decision_from(row) for row in connection.execute(_LISTS[choose_index(wanted)], facts)]
