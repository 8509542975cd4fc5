"""The record of decisions: who decided what, by which channel, on which revision of a card, with which comment.

Theory of operation. A row is stored by the unit that stores the answer, and holds what `getDecisions` shows, never
what was entered into a card. It has a retention of its own, and stays when its execution is pruned.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

import msgspec

from looply.definition.settings.mail import person_of
from looply.execution.approvals.decisions import Decision, order_of
from looply.instants import to_ms

DecisionIndex: TypeAlias = Literal["EXECUTION", "PROCESS", "USER", "STEP", "WORKFLOW", "ALL"]
"""The index that serves a filter in the order of the page."""


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision and its execution; `seq` numbers the event that records it.

    `process_id` is the execution id when the caller gave none, `workflow_version` the version at the time of the
    decision.
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

    `decided_from` is inclusive, `decided_to` exclusive. `user` is compared without regard to letter case.
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
    """The recorded decisions of a store. They are stored with the units of their executions.

    Reads raise as `looply.engine.ports.store.StoreParts` says.
    """

    async def list(
        self, organization_id: str, query: DecisionFilter, after: DecisionKey | None, limit: int
    ) -> Sequence[DecisionRow]:
        """Returns up to `limit` decisions of an organization below `after` (None: any), the highest key first."""
        ...

    async def of_execution(self, execution_id: str) -> Sequence[DecisionRow]:
        """Returns the decisions of an execution, stored or pruned, of any organization, in their order."""
        ...


def choose_index(query: DecisionFilter) -> DecisionIndex:
    """Returns the index that serves a filter best."""
    if query.execution_id:
        return "EXECUTION"
    if query.process_id:
        return "PROCESS"
    if query.user:
        return "USER"
    if query.workflow_id:
        return "STEP" if query.step else "WORKFLOW"
    return "ALL"


def in_order(rows: Iterable[DecisionRow]) -> list[DecisionRow]:
    """Returns the decisions of one execution in the order in which `decisions_of` has them."""
    return sorted(rows, key=lambda row: (order_of(row.decision), row.seq))


def key_of(row: DecisionRow) -> DecisionKey:
    """Returns the key by which lists of decisions are ordered."""
    return to_ms(row.decision.on), row.execution_id, row.seq


def decider(row: DecisionRow) -> str:
    """Returns the normalized person who decided, by which lists find the decision."""
    return person_of(row.decision.user)
