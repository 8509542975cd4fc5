"""The port of the engine: what `app` calls, and the values that pass through it.

An engine is the shell (written once) above a `Store` and a `Dispatcher`. Guarantees that hold for every pair:

- units of one execution are totally ordered; a unit is stored whole or not at all;
- a success is returned only after the unit that contains it is durable;
- a read after a reply shows at least that unit;
- an offered effect is eventually reported as succeeded, failed or unknown.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias

import msgspec

from looply.definition import Workflow
from looply.engine.ports.blob_rows import BlobReader
from looply.engine.ports.lists import (
    ANY_CARD,
    CardFilter,
    CardKey,
    Execution,
    Filter,
    Head,
    OpenCard,
    Page,
    TriggerType,
)
from looply.engine.records.absences import Absences
from looply.engine.records.datastores import Datastores
from looply.engine.records.decisions import Decisions
from looply.engine.records.figures.figures import Figures
from looply.engine.records.figures.overview import Overview
from looply.engine.records.figures.survey import Usage
from looply.engine.records.letters import Letters
from looply.engine.records.pruning import Pruning
from looply.engine.records.targets import TargetControl
from looply.execution.answering.starting import Started
from looply.execution.facts.commands import Command, Reply
from looply.execution.facts.deliveries import DeliveryKey
from looply.execution.facts.events import Event
from looply.jsontext import Json


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """An idempotency key of an organization and the fingerprint of the request that came with it."""

    text: str
    fingerprint: bytes


FireOutcome: TypeAlias = Literal["STARTED", "CAUGHT_UP", "SKIPPED", "QUEUED", "MISSED", "REFUSED"]
"""The outcome of a nominal instant: started on time or later, skipped by the overlap rule, queued behind the execution
before it, missed because no process ran for too long, or refused by a quota."""


class Fire(msgspec.Struct, frozen=True, kw_only=True):
    """One decision on a schedule: the workflow's nominal instant, and the schedule's next one (None: no more).

    `next_delay` is how long the start of the next one is delayed, `at` when this was decided, `count` the number of
    instants that a MISSED one covers. The decision applies only while `former` is the schedule's last execution (None:
    any). A fire that `was_queued` has its row already, and does not advance the schedule.
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
    """The outcome of a nominal instant. `count` is over 1 where a MISSED one covers earlier instants as well.

    `at` is when it was decided.
    """

    nominal: datetime
    outcome: FireOutcome
    execution_id: str = ""
    at: datetime | None = None
    count: int = 1


class MissedFires(msgspec.Struct, frozen=True, kw_only=True):
    """The missed instants in the ledger of one schedule: how many, and the last one."""

    count: int
    last: datetime


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is needed to start an execution.

    `fingerprint` is that of (version asked for, profile, body), `rerun_of` the execution whose input this is.
    """

    organization_id: str
    workspace_id: str
    workflow_id: str
    workflow_version: int
    workflow: Workflow
    trigger_type: TriggerType
    body: Json
    fingerprint: bytes
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
    child_start: "ChildStart | None" = None


class ChildStart(msgspec.Struct, frozen=True, kw_only=True):
    """How another execution starts one. The fields are those of `ExecutionStarted`; `delivery` is the requesting row.

    `parent` is the execution that requests it, also where an incident of that one is the reason.
    """

    execution_id: str
    delivery: DeliveryKey
    parent: str
    tells: Literal["", "START", "END"]
    """Whether the start or the end of the child is delivered to `parent`; the stored name of the event's field."""
    depth: int
    is_response: bool
    secret: tuple[str, ...] = ()


class ChildTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What a child execution runs: a version of a workflow, and the workflow's default profile."""

    workspace_id: str
    workflow_version: int
    workflow: Workflow
    profile: str = ""
    environment: Json = None


ChildTargetOf: TypeAlias = Callable[[str, str, int | None], Awaitable[ChildTarget]]
"""Returns the target of a child start, by organization, workflow id and version (None: the newest ACTIVE one).

Raises: NotFound, Conflict and BadRequest when the workflow cannot run; other errors of the catalog, after which the
start is tried again.
"""


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """The live schedule of a workflow: only the newest ACTIVE version has one.

    Nominal instants count from `anchor`. `next` is None when the schedule has ended, and its start is delayed by
    `delay`; `last` and `last_execution` are the nominal instant and the execution of its last fire.
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
    """What `looply doctor` found: the number of executions, the number of open ones, and every problem.

    `stale_cards` counts copies of cards that are not up to date in their channel; the reconciler updates them.
    """

    executions: int
    open: int
    orphans: int
    problems: Sequence[Mapping[str, Json]]
    stale_cards: int = 0


Examined: TypeAlias = Callable[[int], None]
"""Called during an audit with the number of executions that were examined so far."""


def ignore_examined(_executions: int) -> None:
    """Ignores the progress of an audit."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the engine accepts work, and if not, why."""

    is_ready: bool
    reason: str = ""


class ExecutionOverview(Overview, Protocol):
    """The overview of the executions of a store, with their heads."""

    async def heads(self, execution_ids: Sequence[str]) -> Sequence[Head]:
        """Returns the heads of those of these executions that are stored, in any order."""
        ...


class LiveSchedules(Protocol):
    """The live schedules of an engine, one for each workflow, and the outcomes of their instants."""

    async def find(self, organization_id: str, workflow_id: str) -> Schedule | None:
        """Returns the live schedule of the workflow, or None."""
        ...

    async def list(self, organization_id: str) -> Sequence[Schedule]:
        """Returns the live schedules of the organization, by workflow id."""
        ...

    async def fires(self, workflow_id: str, before: datetime | None, limit: int) -> Sequence[LedgerRow]:
        """Returns the outcomes of the instants of a workflow's schedules, newest first, those before `before`."""
        ...

    async def find_missed(self, organization_id: str) -> Mapping[str, MissedFires]:
        """Returns the missed instants of live schedules by workflow id; a schedule that missed none has no entry."""
        ...

    async def put(self, schedule: Schedule, workflow: Workflow, *, former: Schedule | None = None) -> bool:
        """Stores the schedule in place of the workflow's former one. Durable when it returns.

        With `former` it is stored only while that one is what is stored; a fire in between has changed it, and then
        the caller reads it again. Returns whether it was stored. Raises: StoreFull, StoreUnreachable, StoreLost,
        ShuttingDown.
        """
        ...

    async def drop(self, organization_id: str, workflow_id: str) -> None:
        """Removes the schedule, if there is one. Durable when it returns. Raises: as `put`."""
        ...


class Executions(Protocol):
    """The executions of all organizations, as of the last stored unit.

    They raise StoreUnreachable, StoreCorrupt, EngineError, and NotFound for an execution that is not stored.
    """

    async def get(self, execution_id: str) -> Execution:
        """Returns the execution as of the last stored unit. Raises: NotFound, StoreUnreachable, StoreCorrupt."""
        ...

    async def get_many(self, execution_ids: Sequence[str]) -> Mapping[str, Execution]:
        """Returns executions by id, in one read of the store; those that are not stored or are damaged are left out.

        All are in memory at once, so that callers ask for a few. Raises: StoreUnreachable, StoreCorrupt.
        """
        ...

    async def labels(self, execution_id: str) -> Mapping[str, str]:
        """Returns the labels of an execution, which never change (`organization`, `workflow`, `process_id`).

        They are empty for one that is not stored. The state is not loaded, so the cost is the same for executions of
        every size.
        """
        ...

    async def history(self, execution_id: str, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, Event]]:
        """Returns up to `limit` events with numbers over `after`, oldest first."""
        ...

    async def workflow(self, definition_hash: str) -> Workflow:
        """Returns a definition of stored executions by its hash. Raises: StoreCorrupt when it is not stored."""
        ...

    async def find(self, organization_id: str, name: str, workflow_id: str = "") -> Sequence[Head]:
        """Returns the executions with this process id or execution id: all open ones, else the newest ended one."""
        ...

    async def list(
        self, organization_id: str, query: Filter, after: str = "", limit: int = 20, *, has_events: bool = True
    ) -> Page:
        """Returns executions in the order of the filter, those behind the id `after`. Costs the same at any depth.

        Without `has_events` no history is read: the items have no events.
        """
        ...

    async def wait_until_settled(self, execution_id: str, until: datetime) -> Execution:
        """Returns the execution as soon as it has ended, waits or has an incident, or its state at `until`."""
        ...

    async def open_cards(
        self, organization_id: str, criteria: CardFilter = ANY_CARD, after: CardKey | None = None, limit: int = 100
    ) -> Sequence[OpenCard]:
        """Returns cards that take answers, newest first, those behind the card `after`."""
        ...

    async def find_card(self, organization_id: str, card_id: str) -> OpenCard | None:
        """Returns a card that takes answers, None when it is not one of the organization."""
        ...


class Engine(Protocol):
    """What `app` sees; the contract suite drives only this and a fake world.

    Reads raise StoreUnreachable, StoreCorrupt and EngineError.
    """

    executions: Executions
    """The executions of all organizations."""
    blobs: BlobReader
    """The blobs of executions."""
    absences: Absences
    """The absences of all organizations: when a card is sent, and when an absence begins, the engine asks for them."""
    datastores: Datastores
    """The datastores of all organizations; a change of one is durable when it returns."""
    decisions: Decisions
    """The record of decisions of all organizations, as of the last stored unit; it outlives the executions."""
    letters: Letters
    """Dead letters of all organizations, as of the last stored unit; a `SettleLetter` settles one."""
    overview: ExecutionOverview
    """What lists and monitors show beside heads."""
    pruning: Pruning
    """Retention: what may be removed from the store, and what was removed."""
    figures: Figures
    """Counters and roll-ups."""
    targets: TargetControl
    """Systems that are not called as usual: after an outage, or for maintenance."""
    schedules: LiveSchedules
    """The live schedules of all organizations; changes raise ShuttingDown once the engine stops."""

    async def start(self, request: Start) -> Started:
        """Stores a new execution and runs it until it waits, calls another system or ends, or until its stretch is cut.

        Guarantees: durable when it returns. The same process id, or the same key, with the same request returns
        `replayed` and starts nothing; a process id is free again when its execution has ended.
        Raises: Conflict (`PROCESS_ID_IN_USE`: another body), Refused (`KEY_REUSED`; `PAYLOAD_REFUSED` with problems),
        BadRequest (`PROCESS_ID_IS_EXECUTION`), QuotaReached and QuotaExhausted (too many starts in a minute, too much
        that is open or stored), Overloaded, StoreFull and StoreUnreachable (nothing was done), StoreLost (unknown),
        ShuttingDown.
        """
        ...

    async def submit(self, execution_id: str, command: Command) -> Reply:
        """Sends a command to an execution and returns the reply of `answer`, after its events are durable.

        A repeated command is judged again by the state that it meets: where it names what it is about (a token, an
        address with an attempt, a request) the reply says that this has happened, otherwise it may happen once more.
        Raises: NotFound, Overloaded, StoreFull, StoreUnreachable, StoreLost, ShuttingDown.
        """
        ...

    async def put_definition(self, workflow: Workflow, workflow_id: str, workflow_version: int) -> None:
        """Stores a definition by its hash, so that executions on it are complete in themselves.

        Durable when it returns; storing it again is harmless. Raises: StoreFull, StoreUnreachable, StoreLost.
        """
        ...

    async def usage(self) -> Mapping[str, Usage]:
        """Returns what each organization uses of its quotas, counted now; one without an entry uses nothing.

        It scans the store. Raises: StoreUnreachable, StoreLost.
        """
        ...

    async def audit(self, examined: Examined = ignore_examined) -> Audit:
        """Folds every history, compares it with the stored rows, and returns what differs."""
        ...

    def health(self) -> Health:
        """Returns whether the engine accepts work."""
        ...
