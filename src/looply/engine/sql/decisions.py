"""The record of decisions of a store with tables."""

from collections.abc import Mapping, Sequence
from typing import Final

from looply.definition.settings.mail import person_of
from looply.engine.coding.rows import DECISION_COLUMNS, decision_from, id_text
from looply.engine.records.decisions import (
    DecisionFilter,
    DecisionIndex,
    DecisionKey,
    DecisionRow,
    choose_index,
    in_order,
)
from looply.engine.records.spans import HIGHEST_ID, LOWEST_ID
from looply.engine.sql.sessions import Session, Sessions
from looply.instants import to_ms

_JOINED: Final = "JOIN name o ON o.n = d.org JOIN name w ON w.n = d.workflow"
_OF: Final = f"SELECT {DECISION_COLUMNS} FROM decision d {_JOINED} WHERE d.execution_id = :execution:uuid"

_FITS: Final = (
    " AND d.at_ms >= :from_ms AND (d.at_ms, d.execution_id, d.seq) < (:after_ms, :after_id:uuid, :after_seq)"
    " AND d.org = :org AND :workflow:integer IN (0, d.workflow) AND :step:text IN ('', d.step)"
    " AND :person:text IN ('', d.person) AND :process:text IN ('', d.process_id)"
    " ORDER BY d.at_ms DESC, d.execution_id DESC, d.seq DESC LIMIT :limit"
)
_WAYS: Final[Mapping[DecisionIndex, tuple[str, str]]] = {
    "EXECUTION": ("decision_of", "d.execution_id = :execution:uuid"),
    "PROCESS": ("decision_process", "d.process_id = :process"),
    "USER": ("decision_person", "d.person = :person"),
    "STEP": ("decision_step", "d.workflow = :workflow AND d.step = :step"),
    "WORKFLOW": ("decision_workflow", "d.workflow = :workflow"),
    "ALL": ("decision_org", "true"),
}
# The names are joined to the page only: with them a plan may begin at the names, and sort.
_LISTS: Final[Mapping[DecisionIndex, str]] = {
    way: (
        f"SELECT {DECISION_COLUMNS} FROM (SELECT * FROM decision d INDEXED BY {index} WHERE {begin}{_FITS}) d {_JOINED}"
        " ORDER BY d.at_ms DESC, d.execution_id DESC, d.seq DESC"
    )
    for way, (index, begin) in _WAYS.items()
}

_NEWEST: Final[DecisionKey] = (1 << 62, id_text(HIGHEST_ID), 0)
_BEFORE_ALL: Final = -(1 << 62)


class SqlDecisions:
    """See `looply.engine.records.decisions.Decisions`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def list(
        self, organization_id: str, query: DecisionFilter, after: DecisionKey | None, limit: int
    ) -> Sequence[DecisionRow]:
        """Returns a page of decisions, newest first."""
        after_ms, after_id, after_seq = after or _NEWEST
        if query.decided_to is not None:
            end = (to_ms(query.decided_to), id_text(LOWEST_ID), 0)
            after_ms, after_id, after_seq = min((after_ms, after_id, after_seq), end)
        parameters = {
            "step": query.step,
            "person": person_of(query.user),
            "process": query.process_id,
            "execution": self._sessions.key(query.execution_id),
            "from_ms": to_ms(query.decided_from) if query.decided_from is not None else _BEFORE_ALL,
            "after_ms": after_ms,
            "after_id": self._sessions.key(after_id),
            "after_seq": after_seq,
            "limit": limit,
        }

        async def read(session: Session) -> list[DecisionRow]:
            org, workflow = await session.numbers(organization_id, query.workflow_id)
            found = await session.rows(_LISTS[choose_index(query)], {**parameters, "org": org, "workflow": workflow})
            return [decision_from(row) for row in found]

        return await self._sessions.read(read)

    async def of_execution(self, execution_id: str) -> Sequence[DecisionRow]:
        """Returns the decisions of an execution, stored or pruned."""
        parameters = {"execution": self._sessions.key(execution_id)}
        return in_order(await self._sessions.select(decision_from, _OF, parameters))
