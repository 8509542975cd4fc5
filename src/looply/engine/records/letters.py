"""The rows of dead letters, by which operators find them. The content of a letter is in the history alone.

A row follows from the state, like a row of open work; it stays after the letter is settled, as long as its execution.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

import msgspec

from looply.execution import ExecutionState
from looply.execution.evolving.letters import letters_of
from looply.execution.facts.state import DeadLetter

LetterReason: TypeAlias = Literal["UNFIT", "UNUSED"]
LetterIndex: TypeAlias = Literal["EXECUTION", "PROCESS", "WORKFLOW", "OPEN", "ALL"]
"""The index that serves a filter in the order of the page."""


class LetterRow(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter; `seq` numbers the event that records it.

    `process_id` is the execution id when the caller gave none. `settled_on` is None until an operator has settled it.
    """

    execution_id: str
    seq: int
    organization_id: str
    workflow_id: str
    process_id: str
    reason: LetterReason
    source: str
    sender: str
    kept_on: datetime
    action: Literal["", "APPLIED", "DISCARDED"] = ""
    settled_by: str = ""
    settled_on: datetime | None = None
    note: str = ""


class LetterFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which letters a list shows; empty or None means any."""

    workflow_id: str = ""
    execution_id: str = ""
    process_id: str = ""
    reason: str = ""
    is_settled: bool | None = None


LetterKey: TypeAlias = tuple[str, int]
"""An execution id and the number of the event that records the letter: the order of lists, newest first."""


class Letters(Protocol):
    """The dead letters of a store. They change only with the units of their executions.

    Reads raise as `looply.engine.ports.store.StoreParts` says.
    """

    async def list(
        self, organization_id: str, query: LetterFilter, after: LetterKey | None, limit: int
    ) -> Sequence[LetterRow]:
        """Returns up to `limit` letters below `after` (None: any), by execution id and number, the highest first."""
        ...

    async def find(self, execution_id: str, seq: int) -> LetterRow | None:
        """Returns a letter, of any organization, or None."""
        ...

    async def of_execution(self, execution_id: str) -> Sequence[LetterRow]:
        """Returns the letters of an execution, oldest first."""
        ...

    async def count_unsettled(self) -> int:
        """Returns how many letters of all organizations are not settled."""
        ...


def choose_index(query: LetterFilter) -> LetterIndex:
    """Returns the index that serves a filter best."""
    if query.execution_id:
        return "EXECUTION"
    if query.process_id:
        return "PROCESS"
    if query.workflow_id:
        return "WORKFLOW"
    return "OPEN" if query.is_settled is False else "ALL"


def letter_rows(state: ExecutionState) -> tuple[LetterRow, ...]:
    """Returns the rows that the store must hold for the state, oldest first."""
    return tuple(_row(state, letter) for letter in letters_of(state))


def letter_changes(before: ExecutionState | None, after: ExecutionState) -> tuple[LetterRow, ...]:
    """Returns the rows that are new or have changed."""
    if before is not None and before.letters is after.letters:
        return ()
    former = before.letters if before is not None else {}
    return tuple(_row(after, letter) for letter in letters_of(after) if former.get(letter.seq) != letter)


def _row(state: ExecutionState, letter: DeadLetter) -> LetterRow:
    started = state.started
    assert letter.reason != "DUPLICATE", "a duplicate is answered, so it needs no settling"
    return LetterRow(
        execution_id=started.execution_id,
        seq=letter.seq,
        organization_id=started.organization_id,
        workflow_id=started.workflow_id,
        process_id=started.process_id or started.execution_id,
        reason=letter.reason,
        source=letter.source,
        sender=letter.sender,
        kept_on=letter.at,
        action=letter.action,
        settled_by=letter.by,
        settled_on=letter.on,
        note=letter.note,
    )
