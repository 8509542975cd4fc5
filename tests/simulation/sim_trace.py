"""What a simulation has seen: plain records in one order, for the oracle and the checkers.

`order` is a counter over everything that is recorded: a lower one came first, whatever the clocks said.
"""

from collections import Counter
from dataclasses import dataclass, field
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
    """One line of the effects ledger: what reached the other system, and what came of it.

    `outcome` is a status, or what the caller got instead; `returned` is 0 while nothing came back to the process.
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
    """The end or the standstill of a process, and where it befell it."""

    order: int
    process: int
    point: str


@dataclass(slots=True)
class Reading:
    """What a client read of one execution, from the process that is in charge."""

    invoked: int
    returned: int
    execution: str
    seq: int
    status: str


@dataclass(slots=True)
class Lookup:
    """Who answered to a name in an organization: the organizations of what was found."""

    order: int
    organization: str
    name: str
    found: tuple[str, ...]


@dataclass(slots=True)
class Plan:
    """What an operator wanted of a schedule: ACTIVE, PAUSED, or DROPPED. `is_known`: it was acknowledged."""

    invoked: int
    returned: int
    workflow: str
    status: str
    anchor_ms: int
    every_ms: int
    is_known: bool


@dataclass(slots=True)
class Firing:
    """A nominal instant of a schedule that was taken; without an execution it was left out.

    `latest_ms` is the latest instant that the wall clock had shown by then: it may be set back while a firing is
    stored. `decided_ms` is what it showed when the firing was decided on. A MISSED one stands for `count` instants.
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


@dataclass
class Trace:
    """Everything that was seen. What is below the blank line is taken from the store at the end."""

    seed: str = ""
    now: int = 0
    calls: list[Call] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    lookups: list[Lookup] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    firings: list[Firing] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)
    choices: list[int] = field(default_factory=list)
    is_unreadable: bool = False
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    organizations: dict[str, str] = field(default_factory=dict)

    histories: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    heads: dict[str, dict[str, Any]] = field(default_factory=dict)
    chains: dict[str, list[tuple[int, int, bytes]]] = field(default_factory=dict)
    datastores: dict[tuple[str, str], int] = field(default_factory=dict)
    audit: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def tick(self) -> int:
        """Returns the next place in the order."""
        self.now += 1
        return self.now

    def calls_of(self, kind: str, execution: str = "") -> list[Call]:
        """Returns the calls of one kind, to one execution when it is named."""
        return [call for call in self.calls if call.kind == kind and execution in ("", call.execution)]

    def digest(self) -> str:
        """Returns a hash of everything that was seen."""
        seen = (
            self.calls, self.lines, self.commits, self.stops, self.readings, self.lookups, self.plans, self.firings,
            sorted(self.hits.items()), self.histories, self.heads, self.datastores, self.audit, self.stuck, self.broken,
        )  # fmt: skip
        return blake2b(repr(seen).encode(), digest_size=16).hexdigest()
