"""Merged lists of several workflows, for keys that are bound to them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from looply.app.administration.binding import BoundEngine, hide_workflow_id
from looply.catalog.tenants.names import NO_WORKFLOW
from looply.engine.ports.port import Engine
from looply.engine.records.decisions import DecisionFilter, DecisionRow, key_of
from looply.engine.records.letters import LetterFilter, LetterRow
from looply.execution.approvals.decisions import Decision
from looply.testing.clock import START_TIME

A, B, C = (f"01900000-0000-7000-8000-00000000000{digit}" for digit in "abc")
BOUND = frozenset((A, B))


def letter(number: int, workflow_id: str) -> LetterRow:
    return LetterRow(
        execution_id=f"execution {number}",
        seq=3,
        organization_id="mine",
        workflow_id=workflow_id,
        process_id="",
        reason="UNUSED",
        source="SAP",
        sender="",
        kept_on=START_TIME,
    )


def decision(number: int, workflow_id: str) -> DecisionRow:
    made = Decision(
        step="approval_1",
        visit=1,
        scope="",
        user="ann",
        action="approve",
        comment="",
        on=START_TIME + timedelta(days=number),
        via="INBOX",
        revision=1,
        is_final=True,
    )
    return DecisionRow(
        execution_id=f"execution {number}",
        seq=3,
        organization_id="mine",
        workflow_id=workflow_id,
        workflow_version=1,
        process_id="",
        decision=made,
    )


class Rows:
    """A store of sorted rows, the highest key first, that returns pages of the requested size."""

    def __init__(self, rows: Sequence[Any], key: Any) -> None:
        self._rows = rows
        self._key = key

    async def of_execution(self, execution_id: str) -> list[Any]:
        return [row for row in self._rows if row.execution_id == execution_id]

    async def find(self, execution_id: str, seq: int) -> Any:
        return next((row for row in self._rows if (row.execution_id, row.seq) == (execution_id, seq)), None)

    async def list(self, organization_id: str, criteria: Any, after: Any, limit: int) -> list[Any]:
        fit = [row for row in self._rows if criteria.workflow_id in ("", row.workflow_id)]
        return [row for row in fit if after is None or self._key(row) < after][:limit]


class Store:
    """The part of an engine that the lists need."""

    executions = absences = blobs = datastores = pruning = schedules = targets = figures = overview = None

    def __init__(self) -> None:
        owners = [A, C, B, B, C, A, A, B, C]
        numbers = list(enumerate(owners))[::-1]
        self.letters = Rows([letter(*each) for each in numbers], lambda row: (row.execution_id, row.seq))
        self.decisions = Rows([decision(*each) for each in numbers], key_of)


def bound() -> BoundEngine:
    return BoundEngine(cast("Engine", Store()), BOUND)


async def test_letters_of_several_workflows_come_in_one_order_page_by_page() -> None:
    letters = bound().letters
    found, after = [], None
    while page := await letters.list("mine", LetterFilter(), after, 2):
        found += [row.execution_id for row in page]
        after = (page[-1].execution_id, page[-1].seq)
    assert found == [f"execution {number}" for number in (7, 6, 5, 3, 2, 0)]


async def test_decisions_of_several_workflows_come_in_one_order_page_by_page() -> None:
    decisions = bound().decisions
    found, after = [], None
    while page := await decisions.list("mine", DecisionFilter(), after, 4):
        found += [row.execution_id for row in page]
        after = key_of(page[-1])
    assert found == [f"execution {number}" for number in (7, 6, 5, 3, 2, 0)]


async def test_rows_of_another_workflow_are_not_shown() -> None:
    engine = bound()
    assert await engine.letters.list("mine", LetterFilter(workflow_id=C), None, 10) == []
    assert await engine.decisions.list("mine", DecisionFilter(workflow_id=C), None, 10) == []
    assert len(await engine.letters.list("mine", LetterFilter(workflow_id=A), None, 10)) == 3
    assert await engine.letters.find("execution 1", 3) is None
    assert await engine.letters.find("execution 0", 3) is not None
    assert await engine.letters.of_execution("execution 1") == []
    assert await engine.decisions.of_execution("execution 4") == []


def test_the_id_of_another_workflow_is_replaced_and_an_invalid_id_is_not() -> None:
    assert hide_workflow_id(A.upper(), BOUND) == A.upper()
    assert hide_workflow_id(C, BOUND) == NO_WORKFLOW
    assert hide_workflow_id("nonsense", BOUND) == "nonsense"
