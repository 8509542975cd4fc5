"""Figures: how many executions are open, and what became of others over time, without counting them.

Theory of operation. Each unit that changes a figure stores its change beside its events, in the same transaction: a few
bytes in a row of its own, so that no row is hot. A loop folds these rows into counters and roll-ups and removes them,
in one transaction, so a figure is never counted twice or lost, whatever process ends when. What is open is a sum of
differences, and the auditor proves it equal to a count. Roll-ups outlive the executions that they are made of.

Durations are kept as a histogram whose classes grow by a ninth, so that those of many hours can be added.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

import msgspec

from looply.execution import ExecutionState
from looply.execution.facts.address import parse_address
from looply.execution.facts.events import (
    Event,
    IncidentKind,
    Resumed,
    StepFailed,
    StepScheduled,
    StepSucceeded,
    StepUnknown,
    TimerFired,
    WaitTimedOut,
)
from looply.execution.facts.state import Status

Grain: TypeAlias = Literal["hour", "day"]
GRAINS: Final[Mapping[Grain, timedelta]] = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
"""The spans of roll-ups, in UTC."""

KEPT: Final[Mapping[Grain, timedelta]] = {"hour": timedelta(days=35), "day": timedelta(days=400)}
"""How long roll-ups of each span are kept."""

_ONE: Final = timedelta(milliseconds=1)
_HOUR_MS: Final = GRAINS["hour"] // _ONE
_ENCODER: Final = msgspec.json.Encoder()

RUNNING: Final = "R"
WAITING: Final = "W"
FAILED: Final = "F"
CARDS: Final = "c"
LETTERS: Final = "l"
INCIDENTS: Final[Mapping[IncidentKind, str]] = {
    "FAILED": "i1",
    "UNKNOWN": "i2",
    "TIMEOUT": "i3",
    "LIMIT": "i4",
    "POISON": "i5",
}
"""The names under which counters are stored."""

_OF_STEPS: Final = frozenset({StepSucceeded, StepFailed, StepUnknown, StepScheduled, Resumed, WaitTimedOut, TimerFired})
"""The events that change figures of steps, most of them always, the others by what they say."""

_OPEN: Final[Mapping[Status, str]] = {"RUNNING": RUNNING, "WAITING": WAITING, "FAILED": FAILED}


class StepChange(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """What one event says of its step: `ended` visits, attempts that `failed`, and so on; `ms` is how long it took."""

    step: str
    ended: int = 0
    ms: int = 0
    failed: int = 0
    retried: int = 0
    timed_out: int = 0
    escalated: int = 0
    is_approval: bool = False


class FigureChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What one unit changes: `open` are differences by the names of counters, the others count what has happened.

    `ms` is how long an execution took that ended.
    """

    open: Mapping[str, int] = msgspec.field(name="o", default_factory=dict)
    started: int = msgspec.field(name="s", default=0)
    completed: int = msgspec.field(name="c", default=0)
    failed: int = msgspec.field(name="f", default=0)
    terminated: int = msgspec.field(name="t", default=0)
    ms: int | None = msgspec.field(name="d", default=None)
    steps: tuple[StepChange, ...] = msgspec.field(name="p", default=())


NO_CHANGE: Final = FigureChange()


class RollUp(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What happened in one span: of executions, or of one step. `durations` count by class of `duration_class`."""

    started: int = msgspec.field(name="s", default=0)
    completed: int = msgspec.field(name="c", default=0)
    failed: int = msgspec.field(name="f", default=0)
    terminated: int = msgspec.field(name="t", default=0)
    ended: int = msgspec.field(name="n", default=0)
    retried: int = msgspec.field(name="r", default=0)
    timed_out: int = msgspec.field(name="o", default=0)
    escalated: int = msgspec.field(name="e", default=0)
    is_approval: bool = msgspec.field(name="a", default=False)
    durations: dict[int, int] = msgspec.field(name="d", default_factory=dict)

    def add(self, other: "RollUp") -> None:
        """Adds another roll-up."""
        self.started += other.started
        self.completed += other.completed
        self.failed += other.failed
        self.terminated += other.terminated
        self.ended += other.ended
        self.retried += other.retried
        self.timed_out += other.timed_out
        self.escalated += other.escalated
        self.is_approval |= other.is_approval
        for key, count in other.durations.items():
            self.durations[key] = self.durations.get(key, 0) + count

    def took(self, ms: int) -> None:
        """Adds a duration in milliseconds."""
        key = duration_class(ms)
        self.durations[key] = self.durations.get(key, 0) + 1

    @property
    def count(self) -> int:
        """How many durations there are."""
        return sum(self.durations.values())

    def quantile(self, share: float) -> int | None:
        """Returns the duration in milliseconds below which this share of all lies, within a twentieth; None of none."""
        left = math.ceil(self.count * share)
        for key in sorted(self.durations):
            left -= self.durations[key]
            if left <= 0:
                return duration_of(key)
        return None


class RollUpKey(NamedTuple):
    """The key of a roll-up. `step` is empty for executions as a whole; the numbers are those of the store's names."""

    org: int
    grain: Grain
    begin_ms: int
    workflow: int
    profile: str
    step: str


class ChangeRow(NamedTuple):
    """A stored change: the unit's organization, workflow and profile, and the instant of its events."""

    org: int
    workflow: int
    profile: str
    at_ms: int
    change: FigureChange


class CounterKey(NamedTuple):
    """The key of a counter."""

    org: int
    workflow: int
    name: str


class RollUpRow(NamedTuple):
    """A roll-up as callers read it."""

    begin_ms: int
    workflow_id: str
    step: str
    rollup: RollUp


class Drift(NamedTuple):
    """A counter that differs from the count: what must be added to it."""

    org: int
    workflow: int
    name: str
    missing: int


class Counts(NamedTuple):
    """The counters of an organization by name, and since when changes are not in them yet (None: all are)."""

    totals: Mapping[str, int]
    behind_since: datetime | None


class CountsOfWorkflows(NamedTuple):
    """The counters of some workflows by id and name, and since when changes are not in them yet (None: all are)."""

    totals: Mapping[str, Mapping[str, int]]
    behind_since: datetime | None


class RollUps(NamedTuple):
    """The roll-ups of a span, and the counters as of the same fold: a change is in both of them or in none."""

    rows: Sequence[RollUpRow]
    counts: Counts


class Figures(Protocol):
    """The part of a store that keeps counters and roll-ups. It raises what other parts of a store do."""

    async def fold(self, limit: int) -> int:
        """Folds the oldest changes into counters and roll-ups; returns how many, 0 while another process folds.

        Guarantees: each change is folded once; durable when it returns.
        """
        ...

    async def counts(self, organization_id: str, workflow_ids: Sequence[str]) -> Counts:
        """Returns the counters of an organization, of some workflows if any are named."""
        ...

    async def counts_of(self, organization_id: str, workflow_ids: Sequence[str]) -> CountsOfWorkflows:
        """Returns the counters of each of these workflows; one without any has no entry.

        The cost depends on how many are named, not on how many the organization has.
        """
        ...

    async def workflows_with(self, organization_id: str, names: Collection[str]) -> frozenset[str]:
        """Returns the ids of the workflows with a counter over 0 of one of these names."""
        ...

    async def rollups(
        self,
        organization_id: str,
        grain: Grain,
        span: tuple[datetime, datetime],
        workflow_ids: Sequence[str],
        profile: str | None,
    ) -> RollUps:
        """Returns the roll-ups that begin in a span, end exclusive; of some workflows and one profile if given.

        The counters are those of `counts`, of all profiles, as of the same state of the store.
        """
        ...

    async def hours_of(
        self, organization_id: str, workflow_ids: Sequence[str], begins: Sequence[datetime]
    ) -> Sequence[RollUpRow]:
        """Returns the roll-ups of the executions of these workflows for the hours that begin at these instants.

        A workflow has one for each profile of an hour. The cost is as that of `counts_of`.
        """
        ...

    async def drop_rollups(self, grain: Grain, before: datetime) -> None:
        """Removes roll-ups that began before an instant; durable when it returns."""
        ...

    async def find_drift(self) -> Sequence[Drift]:
        """Returns the counters that differ from a count of the rows, as of one state; it scans what is open."""
        ...

    async def correct(self) -> None:
        """Sets counters that differ to the count, as of one state; durable when it returns."""
        ...


def figure_change(
    before: ExecutionState | None,
    after: ExecutionState,
    statuses: tuple[Status | None, Status],
    events: Iterable[Event],
    opened: tuple[int, int],
) -> FigureChange | None:
    """Returns what a unit changes, None for nothing.

    `statuses` are those before and after, `opened` how many cards and dead letters more are open.
    """
    counts: dict[str, int] = {}
    old = _place(before, statuses[0])
    new = _place(after, statuses[1])
    if old != new:
        if old:
            counts[old] = -1
        if new:
            counts[new] = 1
    if opened[0]:
        counts[CARDS] = opened[0]
    if opened[1]:
        counts[LETTERS] = opened[1]
    has_failed = 0
    former = before.incidents if before is not None else {}
    # The fold shares what it does not change.
    if after.incidents is not former and (after.incidents or former):
        for incident in after.incidents.values():
            if incident.incident_id not in former:
                _add(counts, INCIDENTS[incident.kind], 1)
                has_failed = 1
        for incident in former.values():
            if incident.incident_id not in after.incidents or after.closed is not None:
                _add(counts, INCIDENTS[incident.kind], -1)
        counts = {name: count for name, count in counts.items() if count}
    ended = after.closed if before is None or before.closed is None else None
    of_steps = [event for event in events if type(event) in _OF_STEPS]
    # Most units change nothing, and each unit asks.
    if not (counts or has_failed or of_steps or before is None or ended is not None):
        return None
    status = ended.status if ended is not None else None
    change = FigureChange(
        open=counts,
        started=int(before is None),
        completed=int(status == "COMPLETED"),
        failed=has_failed or int(status == "FAILED"),
        terminated=int(status == "TERMINATED"),
        ms=(after.now - after.started.at) // _ONE if ended is not None else None,
        steps=tuple(_step_changes(before, of_steps)) if of_steps else (),
    )
    return change if change != NO_CHANGE else None


def encode_change(change: FigureChange) -> str:
    """Returns a change as it is stored."""
    return _ENCODER.encode(change).decode()


def duration_class(ms: int) -> int:
    """Returns the class of a duration: 0 for none, else one of eight in each doubling."""
    return 0 if ms <= 0 else int(math.log2(ms) * 8) + 1


def duration_of(key: int) -> int:
    """Returns the duration in the middle of a class."""
    return 0 if key == 0 else round(2 ** ((key - 0.5) / 8))


def fold_changes(rows: Iterable[ChangeRow]) -> tuple[dict[CounterKey, int], dict[RollUpKey, RollUp]]:
    """Returns what changes add to counters and to roll-ups."""
    totals: dict[CounterKey, int] = {}
    hours: dict[RollUpKey, RollUp] = {}
    for row in rows:
        change = row.change
        for name, count in change.open.items():
            counter = CounterKey(row.org, row.workflow, name)
            totals[counter] = totals.get(counter, 0) + count
        if change.started or change.failed or change.ms is not None:
            _add_execution(_rollup_of(hours, row, ""), change)
        for each in change.steps:
            _add_step(_rollup_of(hours, row, each.step), each)
    rollups = dict(hours)
    day_ms = GRAINS["day"] // _ONE
    for key, hour in hours.items():
        day = key._replace(grain="day", begin_ms=key.begin_ms // day_ms * day_ms)
        rollups.setdefault(day, RollUp()).add(hour)
    return {key: count for key, count in totals.items() if count}, rollups


def _rollup_of(hours: dict[RollUpKey, RollUp], row: ChangeRow, step: str) -> RollUp:
    """Returns the roll-up of the hour of a change, which is made when there is none."""
    key = RollUpKey(row.org, "hour", row.at_ms // _HOUR_MS * _HOUR_MS, row.workflow, row.profile, step)
    found = hours.get(key)
    if found is None:
        found = hours[key] = RollUp()
    return found


def _add_execution(total: RollUp, change: FigureChange) -> None:
    total.started += change.started
    total.completed += change.completed
    total.failed += change.failed
    total.terminated += change.terminated
    if change.ms is not None:
        total.took(change.ms)


def _add_step(total: RollUp, change: StepChange) -> None:
    total.ended += change.ended
    total.failed += change.failed
    total.retried += change.retried
    total.timed_out += change.timed_out
    total.escalated += change.escalated
    total.is_approval |= change.is_approval
    if change.ended:
        total.took(change.ms)


def _place(state: ExecutionState | None, status: Status | None) -> str:
    """Returns the counter of open executions in which one counts, empty for none."""
    if state is None or status is None or state.closed is not None:
        return ""
    return _OPEN.get(status, "")


def _add(counts: dict[str, int], name: str, count: int) -> None:
    counts[name] = counts.get(name, 0) + count


def _step_changes(before: ExecutionState | None, events: Iterable[Event]) -> Iterable[StepChange]:
    for event in events:
        match event:
            case StepSucceeded():
                yield StepChange(event.step, 1, _since(before, event.address.text, event.at))
            case StepFailed() | StepUnknown():
                yield StepChange(event.step, failed=1)
            case StepScheduled() if event.attempt > 1:
                yield StepChange(event.step, retried=1)
            case Resumed() | WaitTimedOut():
                address = event.address.text
                wait = before.waits.get(address) if before is not None else None
                yield StepChange(
                    event.step,
                    1,
                    _since(before, address, event.at),
                    timed_out=int(isinstance(event, WaitTimedOut)),
                    is_approval=wait is not None and wait.approval is not None,
                )
            case TimerFired():
                timer = before.timers.get(event.timer) if before is not None else None
                if timer is not None and timer.kind == "ESCALATION":
                    yield StepChange(parse_address(timer.address).step, escalated=1, is_approval=True)
            case _:
                pass


def _since(before: ExecutionState | None, address: str, at: datetime) -> int:
    """Returns how many milliseconds a visit was open, 0 for one that was opened in the same unit."""
    if before is None:
        return 0
    if (wait := before.waits.get(address)) is not None:
        return (at - wait.opened_on) // _ONE
    opened = before.open_steps.get(address)
    if opened is not None and opened.entered_on is not None:
        return (at - opened.entered_on) // _ONE
    for child in before.children.values():
        if child.address == address:
            return (at - child.started_on) // _ONE
    return 0
