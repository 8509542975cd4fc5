"""The trace of a simulation: plain records in one order, for the oracle and the checkers.

`order` is a counter over everything that is recorded: a lower one came first, whatever the clocks said.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal


@dataclass(slots=True)
class Call:
    """One call of a client. `outcome`: ok, fail (nothing was done), unknown (it may have happened, at any time).

    `asked` is what the client sent, `reply` the name of the answer or error, `answer` its fields.
    """

    kind: Literal["trigger", "resume", "answer", "terminate", "repair", "reassign", "settle"]
    organization: str
    execution: str
    asked: dict[str, Any]
    invoked: int
    returned: int = 0
    outcome: Literal["open", "ok", "fail", "unknown"] = "open"
    reply: str = ""
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Line:
    """One line of the effects ledger: a call that reached the other system, and its outcome.

    `outcome` is a status, or the error of the caller; `returned` is 0 until the process has got an answer.
    """

    order: int
    at_ms: int
    process: int
    is_superseded: bool
    execution: str
    step: str
    key: str
    attempt: int
    outcome: str
    returned: int = 0


@dataclass(slots=True)
class StoredCopy:
    """The row of a copy at the end: its state, the number of its last look, and the messages that it knows."""

    card_id: str
    state: str
    changed: int
    messages: tuple[str, ...]


@dataclass(slots=True)
class Refusal:
    """A call that did not reach the other system: its connection was refused after event `order` of the run."""

    order: int
    execution: str
    key: str
    attempt: int


@dataclass(slots=True)
class Commit:
    """One unit that the store has applied."""

    order: int
    at_ms: int
    process: int
    epoch: int
    execution: str
    first_seq: int
    last_seq: int
    chain: bytes
    status: str


@dataclass(slots=True)
class Stop:
    """The end or the stop of a process, and the point at which it happened."""

    order: int
    process: int
    point: str


@dataclass(slots=True)
class Reading:
    """The read of one execution by a client, from the process in charge."""

    invoked: int
    returned: int
    execution: str
    seq: int
    status: str


@dataclass(slots=True)
class Lookup:
    """A lookup of a name in an organization: the organizations of the executions that were found."""

    order: int
    organization: str
    name: str
    found: tuple[str, ...]


@dataclass(slots=True)
class Plan:
    """An operator's change of a schedule: ACTIVE, PAUSED, or DROPPED. `is_known`: it was acknowledged."""

    invoked: int
    returned: int
    workflow: str
    status: str
    anchor_ms: int
    every_ms: int
    is_known: bool


@dataclass(slots=True)
class Firing:
    """A nominal instant of a schedule that was taken; without an execution it was skipped.

    `latest_ms` is the latest instant that the wall clock had shown by then: it may be set back while a firing is
    stored. `decided_ms` is what it showed when the firing was decided on. A MISSED one counts for `count` instants.
    """

    order: int
    at_ms: int
    latest_ms: int
    workflow: str
    nominal_ms: int
    execution: str
    outcome: str
    count: int
    decided_ms: int


@dataclass(slots=True)
class Stream:
    """One read of a stream of an organization from a cursor on; a cursor is the number of a commit, from 1.

    `after` is -1 until the first cursor is known, `last` is the cursor up to which it was read, `received` has each
    commit with its number, its execution and its first and last event. `code` is why it was refused, or cut off.
    """

    invoked: int
    organization: str
    after: int
    last: int = 0
    returned: int = 0
    received: list[tuple[int, str, int, int]] = field(default_factory=list)
    code: str = ""


@dataclass(slots=True)
class Leave:
    """An absence that a person stored, or may have stored; `substitute` gets their cards from `begin` until `end`."""

    order: int
    organization: str
    person: str
    substitute: str
    begin: datetime
    end: datetime


@dataclass(slots=True)
class Pruned:
    """An execution that was pruned by a rule of the instant `now`, with its position in the order of commits.

    Without `ended_before` its own expiry had come, else it ended before then and had none, or the rule `overrides`.
    """

    order: int
    commits: int
    execution: str
    now: datetime
    ended_before: datetime | None
    overrides: bool


@dataclass
class Trace:
    """The trace of one run. The fields below the blank line are read from the store at the end.

    Histories, heads and chains of pruned executions are those of the moment of pruning. `lost_rows` are the problems of
    the store after it, `key_rounds` are the removals of idempotency keys with the clock by which they had expired,
    `left` is the instant of the last round and the executions that were left after it.
    """

    seed: str = ""
    now: int = 0
    calls: list[Call] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    lookups: list[Lookup] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    firings: list[Firing] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    leaves: list[Leave] = field(default_factory=list)
    pruned: list[Pruned] = field(default_factory=list)
    key_rounds: list[tuple[int, datetime]] = field(default_factory=list)
    lost_rows: list[str] = field(default_factory=list)
    openings: int = 0
    alarms: int = 0
    probes: int = 0
    calls_while_down: int = 0
    copies: list[StoredCopy] = field(default_factory=list)
    messages: dict[str, tuple[str, int]] = field(default_factory=dict)
    twins: list[str] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)
    choices: list[int] = field(default_factory=list)
    is_unreadable: bool = False
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, tuple[dict[str, Any], dict[str, str]]] = field(default_factory=dict)
    organizations: dict[str, str] = field(default_factory=dict)

    histories: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    heads: dict[str, dict[str, Any]] = field(default_factory=dict)
    chains: dict[str, list[tuple[int, int, bytes]]] = field(default_factory=dict)
    datastores: dict[tuple[str, str], int] = field(default_factory=dict)
    left: tuple[datetime, list[str]] | None = None
    audit: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def tick(self) -> int:
        """Returns the next position in the order."""
        self.now += 1
        return self.now

    def calls_of(self, kind: str, execution: str = "") -> list[Call]:
        """Returns the calls of one kind, to one execution when it is named."""
        return [call for call in self.calls if call.kind == kind and execution in ("", call.execution)]

    def digest(self) -> str:
        """Returns a hash of the whole trace."""
        seen = (
            self.calls, self.lines, self.commits, self.stops, self.readings, self.lookups, self.plans, self.firings,
            self.streams, self.leaves, self.pruned, self.lost_rows, self.left,
            sorted(self.hits.items()), self.histories, self.heads, self.datastores, self.audit, self.stuck, self.broken,
            self.copies, self.messages,
        )  # fmt: skip
        return blake2b(repr(seen).encode(), digest_size=16).hexdigest()
