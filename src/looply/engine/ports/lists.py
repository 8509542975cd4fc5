"""Lists of executions and of open cards: their rows, what selects them, their pages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from looply.definition import Workflow
from looply.execution.facts.events import Event, IncidentKind
from looply.execution.facts.state import OPEN_STATUSES, ExecutionState, Status
from looply.instants import to_ms

TriggerType: TypeAlias = Literal["REQUEST", "SCHEDULED"]


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The row that lists show of an execution. `process_id` is the execution id when the caller gave none."""

    execution_id: str
    organization_id: str
    workspace_id: str
    workflow_id: str
    workflow_version: int
    status: Status
    current_state: str
    trigger_type: TriggerType
    process_id: str
    profile: str
    parent: str
    seq: int
    created_on: datetime
    modified_on: datetime
    modified_by: str

    @property
    def is_open(self) -> bool:
        """Whether the execution runs or waits, and thus has its process id for itself."""
        return self.status in OPEN_STATUSES


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One execution as of its last stored unit."""

    head: Head
    state: ExecutionState
    workflow: Workflow


class ListedExecution(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of a list, with the last events of its history (at most `Limits.list_events`, oldest first)."""

    head: Head
    events: Sequence[Event]


Having: TypeAlias = Literal["incident", "letter"]


class CauseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What one open incident of an execution must be; empty means any, values of one field are OR-ed.

    `steps` are the steps that failed, "" where no single one did.
    """

    codes: tuple[str, ...] = ()
    kinds: tuple[IncidentKind, ...] = ()
    steps: tuple[str, ...] = ()


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which executions a list shows; empty means any, values of one field are OR-ed, in texts `*` is any text.

    `fields` are names of search fields with the texts that each may have. A term matches a process id or execution id,
    the current step of an execution that has not completed, the value of any search field, and the executions of
    `term_workflows`, which the caller has found for the terms; with `hides_values` it matches no value of a search
    field. `parents` started them. `has` is what they have open: an
    incident, or a dead letter that is not settled; `cause` is what the incident is. "" of `profiles` means none.
    `queues` have calls of theirs that have not begun. `targets` are the systems that they wait for, for which the
    caller has found the queues. A list begins with the newest execution, or with the oldest one.
    """

    workflow_ids: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    has: tuple[Having, ...] = ()
    cause: CauseFilter | None = None
    targets: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    workflow_versions: tuple[int, ...] = ()
    trigger_types: tuple[TriggerType, ...] = ()
    profiles: tuple[str, ...] = ()
    process_ids: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    terms: tuple[str, ...] = ()
    term_workflows: tuple[str, ...] = ()
    hides_values: bool = False
    is_oldest_first: bool = False


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list, in the order of its filter.

    `after` is the id from which the next page continues, empty on the last page.
    `truncated`: the page is short because its scan budget ran out.
    """

    items: Sequence[ListedExecution]
    after: str = ""
    truncated: bool = False


class OpenCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card copy that takes answers. `recipient` is the person as `person_of` writes every spelling of the address.

    `due_on` is when its wait times out.
    """

    card_id: str
    execution_id: str
    workflow_id: str
    step: str
    address: str
    part: int
    recipient: str
    channel: str
    revision: int
    opened_on: datetime
    due_on: datetime | None = None

    @property
    def key(self) -> "CardKey":
        """The key by which lists are ordered."""
        return to_ms(self.opened_on), self.card_id


CardKey: TypeAlias = tuple[int, str]
"""An instant in epoch milliseconds and the id of a card: the order of lists, newest first."""


class CardFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which open cards a list shows: those of one person or workflow, due before an instant, not up to date.

    Executions find a recipient by any spelling of the address, a store by the one that it has.
    """

    recipient: str = ""
    workflow_id: str = ""
    due_before: datetime | None = None
    is_stale: bool = False


ANY_CARD = CardFilter()
