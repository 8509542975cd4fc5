"""The record of decisions: who decided what, by which channel, on which revision of a card, with which comment.

Theory of operation. A row is stored by the unit that stores the answer, and holds what `getDecisions` shows, never
what was entered into a card. It belongs to nobody: it stays when its execution is pruned, and goes on a clock of its
own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

import msgspec

from looply.clock import to_ms
from looply.definition.settings.mail import person_of
from looply.execution.approvals.decisions import Decision, order_of

DecisionWay: TypeAlias = Literal["EXECUTION", "PROCESS", "USER", "STEP", "WORKFLOW", "ALL"]
"""What leads to the decisions of a filter: an index of which the order is that of the page."""


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision and whose it is; `seq` numbers the event of it.

    `process_id` is the execution id when the caller gave none, `workflow_version` the one that was decided under.
    """

    execution_id: str
    seq: int
    organization_id: str
    workflow_id: str
    workflow_version: int
    process_id: str
    decision: Decision


class DecisionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which decisions a list shows; empty or None means any. `step` counts only within a `workflow_id`.

    `decided_from` belongs to the span, `decided_to` does not. `user` is compared without regard to letter case.
    """

    workflow_id: str = ""
    step: str = ""
    user: str = ""
    process_id: str = ""
    execution_id: str = ""
    decided_from: datetime | None = None
    decided_to: datetime | None = None


DecisionKey: TypeAlias = tuple[int, str, int]
"""An instant in epoch milliseconds, an execution id and the number of an event: the order of lists, newest first."""


class Decisions(Protocol):
    """The recorded decisions of a store. They come with the units of their executions."""

    async def list(
        self, organization_id: str, wanted: DecisionFilter, after: DecisionKey | None, limit: int
    ) -> Sequence[DecisionRow]:
        """Returns up to `limit` decisions of an organization below `after` (None: any), the highest key first."""
        ...

    async def of_execution(self, execution_id: str) -> Sequence[DecisionRow]:
        """Returns the decisions of an execution, stored or pruned, of whatever organization, in their order."""
        ...


def way_to(wanted: DecisionFilter) -> DecisionWay:
    """Returns the way that fits a filter best."""
    if wanted.execution_id:
        return "EXECUTION"
    if wanted.process_id:
        return "PROCESS"
    if wanted.user:
        return "USER"
    if wanted.workflow_id:
        return "STEP" if wanted.step else "WORKFLOW"
    return "ALL"


def in_order(rows: Iterable[DecisionRow]) -> list[DecisionRow]:
    """Returns the decisions of one execution in the order in which `decisions_of` has them."""
    return sorted(rows, key=lambda row: (order_of(row.decision), row.seq))


def key_of(row: DecisionRow) -> DecisionKey:
    """Returns the place of a decision in lists."""
    return to_ms(row.decision.on), row.execution_id, row.seq


def decider(row: DecisionRow) -> str:
    """Returns by what a list finds who decided."""
    return person_of(row.decision.user)
