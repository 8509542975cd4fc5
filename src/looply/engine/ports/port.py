"""The ports of the engine: what `app` sees of it, and what it needs below.

An engine is the shell (written once) above a `Store` and a `Dispatcher`. Guarantees that hold for every pair:

- units of one execution are totally ordered; a unit is stored whole or not at all;
- a success is returned only after the unit that contains it is durable;
- a read after an answer shows at least that unit;
- an offered effect is eventually reported as succeeded, failed or unknown.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias

import msgspec

from looply.clock import to_ms
from looply.definition import Workflow
from looply.engine.records.datastores import Datastores
from looply.engine.records.decisions import Decisions
from looply.engine.records.letters import Letters
from looply.engine.records.pruning import Pruning
from looply.engine.records.survey import Usage
from looply.execution.facts.commands import Command, Reply
from looply.execution.facts.deliveries import DeliveryKey
from looply.execution.facts.events import Event
from looply.execution.facts.state import ExecutionState, Status
from looply.jsontext import Json


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """An idempotency key of an organization and the fingerprint of the request that came with it."""

    text: str
    request: bytes


TriggerType: TypeAlias = Literal["REQUEST", "SCHEDULED"]
FireOutcome: TypeAlias = Literal["STARTED", "CAUGHT_UP", "SKIPPED", "QUEUED", "MISSED", "REFUSED"]
"""What became of a nominal instant: started on time or later, left out by the overlap rule, waiting for the execution
before it, or missed, because nothing ran for too long."""


class Fire(msgspec.Struct, frozen=True, kw_only=True):
    """One decision on a schedule: the workflow's nominal instant, and the schedule's next one (None: no more).

    `next_delay` is how long the start of the next one is put off, `at` when it was decided, `count` the instants that a
    MISSED one stands for. It holds only while `former` is the schedule's last execution (None: whatever that is). One
    that `was_queued` has its row already, and does not move the schedule.
    """

    workflow_id: str
    nominal: datetime
    next: datetime | None
    next_delay: timedelta = timedelta(0)
    outcome: FireOutcome = "STARTED"
    at: datetime | None = None
    count: int = 1
    former: str | None = None
    was_queued: bool = False


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a nominal instant. `count` is over 1 where a MISSED one stands for those before it as well.

    `at` is when that was decided.
    """

    nominal: datetime
    outcome: FireOutcome
    execution_id: str = ""
    at: datetime | None = None
    count: int = 1


class MissedFires(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger of one schedule tells of missed instants: how many, and the last one."""

    count: int
    last: datetime


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a new execution is made of.

    `request` is the fingerprint of (version asked for, profile, body), `rerun_of` the execution whose input this is.
    """

    organization_id: str
    workspace_id: str
    workflow_id: str
    workflow_version: int
    workflow: Workflow
    trigger_type: TriggerType
    body: Json
    request: bytes
    body_size: int = 0
    process_id: str = ""
    profile: str = ""
    environment: Json = None
    by: str = ""
    via: str = ""
    key: Key | None = None
    fire: Fire | None = None
    rerun_of: str = ""
    depth: int = 0
    """How many executions called each other down to this one over HTTP, as the caller says."""
    call: "Call | None" = None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """How another execution starts one. The fields are those of `ExecutionStarted`; `delivery` is the row of the wish.

    `parent` is the execution that wants it, also where its incident is the reason.
    """

    execution_id: str
    delivery: DeliveryKey
    parent: str
    tells: Literal["", "START", "END"]
    depth: int
    is_response: bool
    secret: tuple[str, ...] = ()


class ChildTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What an execution that another one wants is made of: a version that can be run, and its default profile."""

    workspace_id: str
    workflow_version: int
    workflow: Workflow
    profile: str = ""
    environment: Json = None


CalleeOf: TypeAlias = Callable[[str, str, int | None], Awaitable[ChildTarget]]
"""Returns what runs, by organization, workflow id and version (None: the newest ACTIVE one).

Raises: NotFound, Conflict and BadRequest when nothing can be run; other errors of the catalog, after which it is tried
again.
"""


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """The execution is durable. `replayed`: it was so before this call, and the call started nothing."""

    execution_id: str
    replayed: bool = False


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


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One execution as of its last stored unit."""

    head: Head
    state: ExecutionState
    workflow: Workflow


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of a list, with the last events of its history (at most `Limits.list_events`, oldest first)."""

    head: Head
    events: Sequence[Event]


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which executions a list shows; empty means any, values of one field are OR-ed, in texts `*` is any text.

    `fields` are names of search fields with the texts that each may have. A term fits a process id or execution id, the
    step where an execution stands that has not completed, the value of any search field, and the executions of
    `term_workflows`, which the caller has found for the terms. `parents` are executions that started them.
    """

    workflow_ids: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    workflow_versions: tuple[int, ...] = ()
    trigger_types: tuple[TriggerType, ...] = ()
    process_ids: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    terms: tuple[str, ...] = ()
    term_workflows: tuple[str, ...] = ()


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list, newest first. `after` is the id to go on from, empty on the last page.

    `truncated`: the page is short because its scan budget ran out.
    """

    items: Sequence[Listed]
    after: str = ""
    truncated: bool = False


class OpenCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card copy that takes answers. `recipient` is the person as `person_of` writes every spelling of the address."""

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

    @property
    def key(self) -> "CardKey":
        """The place in lists."""
        return to_ms(self.opened_on), self.card_id


CardKey: TypeAlias = tuple[int, str]
"""An instant in epoch milliseconds and the id of a card: the order of lists, newest first."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """The live schedule of a workflow: only the newest ACTIVE version has one.

    Nominal instants count from `anchor`. `next` is None when the schedule has ended, and its start is put off by
    `delay`; `last` and `last_execution` are the nominal instant and the execution of its last firing.
    """

    organization_id: str
    workspace_id: str
    workflow_id: str
    workflow_version: int
    definition: str
    status: Literal["ACTIVE", "PAUSED"]
    anchor: datetime
    next: datetime | None
    last: datetime | None = None
    last_execution: str = ""
    delay: timedelta = timedelta(0)

    @property
    def due(self) -> datetime | None:
        """When the next start falls due."""
        return self.next + self.delay if self.next is not None else None


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What `looply doctor` found: how many executions, how many of them open, and every problem.

    `stale_cards` are copies of cards that do not look as they have to in their channel: they are being brought there.
    """

    executions: int
    open: int
    orphans: int
    problems: Sequence[Mapping[str, Json]]
    stale_cards: int = 0


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the engine takes work, and if not, why."""

    is_ready: bool
    reason: str = ""


class LiveSchedules(Protocol):
    """The live schedules of an engine, one for each workflow, and what became of their instants."""

    async def find(self, organization_id: str, workflow_id: str) -> Schedule | None:
        """Returns the live schedule of the workflow, or None."""
        ...

    async def list(self, organization_id: str) -> Sequence[Schedule]:
        """Returns the live schedules of the organization, by workflow id."""
        ...

    async def fires(self, workflow_id: str, before: datetime | None, limit: int) -> Sequence[LedgerRow]:
        """Returns what became of the instants of a workflow's schedules, newest first, those before `before`."""
        ...

    async def missed(self, organization_id: str) -> Mapping[str, MissedFires]:
        """Returns by workflow id what live schedules have missed; those that missed nothing are not there."""
        ...

    async def put(self, schedule: Schedule, workflow: Workflow, *, former: Schedule | None = None) -> bool:
        """Stores the schedule in place of the workflow's former one. Durable when it returns.

        With `former` only while that is what is stored: it may fire meanwhile. Returns whether it was stored.
        """
        ...

    async def drop(self, organization_id: str, workflow_id: str) -> None:
        """Removes the schedule, if there is one."""
        ...


class Engine(Protocol):
    """What `app` sees; the contract suite drives only this and a fake world."""

    datastores: Datastores
    """The datastores of all organizations; a change of one is durable when it returns."""
    decisions: Decisions
    """The record of decisions of all organizations, as of the last stored unit; it outlives the executions."""
    letters: Letters
    """Dead letters of all organizations, as of the last stored unit; a `SettleLetter` settles one."""
    pruning: Pruning
    """What may be forgotten of the store, and what was."""
    schedules: LiveSchedules
    """The live schedules of all organizations; changes raise ShuttingDown once the engine stops."""

    async def start(self, request: Start) -> Started:
        """Stores a new execution and runs it until it waits, calls or ends, or until its stretch is cut.

        Guarantees: durable when it returns. The same process id, or the same key, with the same request answers
        `replayed` and starts nothing; a process id is free again when its execution has ended.
        Raises: Conflict (`PROCESS_ID_IN_USE`: another body; `KEY_IN_FLIGHT`), Refused (`KEY_REUSED`), BadRequest
        (`PROCESS_ID_IS_EXECUTION`), Overloaded, StoreFull and StoreUnreachable (nothing was done), StoreLost
        (unknown), ShuttingDown.
        """
        ...

    async def submit(self, execution_id: str, command: Command) -> Reply:
        """Puts a command to an execution and returns the reply of `answer`, after its events are durable.

        Raises: NotFound, Overloaded, StoreFull, StoreUnreachable, StoreLost, ShuttingDown.
        """
        ...

    async def get(self, execution_id: str) -> Execution:
        """Returns the execution as of the last stored unit. Raises: NotFound, StoreCorrupt."""
        ...

    async def labels(self, execution_id: str) -> Mapping[str, str]:
        """Returns what never changes of an execution (`organization`, `workflow`, `process_id`), empty for none.

        Its state is not loaded, so it costs the same for executions of every size.
        """
        ...

    async def history(self, execution_id: str, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, Event]]:
        """Returns up to `limit` events with numbers over `after`, oldest first."""
        ...

    async def find(self, organization_id: str, name: str, workflow_id: str = "") -> Sequence[Head]:
        """Returns who answers to a process id or execution id: all open ones, else the newest ended one, else none."""
        ...

    async def list(self, organization_id: str, wanted: Filter, after: str = "", limit: int = 20) -> Page:
        """Returns executions newest first, those below the id `after`. Costs the same at any depth."""
        ...

    async def settled(self, execution_id: str, until: datetime) -> Execution:
        """Returns the execution as soon as it has ended, waits or has an incident, or as it is at `until`."""
        ...

    async def open_cards(
        self,
        organization_id: str,
        recipient: str = "",
        limit: int = 100,
        *,
        card_id: str = "",
        after: CardKey | None = None,
    ) -> Sequence[OpenCard]:
        """Returns cards that take answers, newest first; with `card_id` that one only, if it is the organization's.

        `recipient` is a person by any spelling of the address. A page begins behind the card `after`.
        """
        ...

    async def put_definition(self, workflow: Workflow, workflow_id: str, workflow_version: int) -> None:
        """Stores a definition by its hash, so that executions on it are complete in themselves."""
        ...

    async def usage(self) -> Mapping[str, Usage]:
        """Returns what each organization has of what quotas bound, counted now; nothing of those that are not there.

        It is a scan of the store. Raises: StoreUnreachable, StoreLost.
        """
        ...

    async def audit(self) -> Audit:
        """Returns what a fold of every history says beside the stored rows."""
        ...

    def health(self) -> Health:
        """Returns whether the engine takes work."""
        ...
