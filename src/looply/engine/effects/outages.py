"""Outages: when a system counts as down, when it is probed, and how it is called again. Pure: time is an argument.

Theory of operation. A process counts, for each system, the failures that say that the system is down. After too many of
them it opens the system's row in the store, and from then on no process calls it. From time to time one attempt is let
go as a probe. Its success makes the row HALF: attempts are let go at a rate that doubles while they succeed; then the
row is removed. A failure makes it OPEN again, and the next probe comes later. The row changes by comparing its
revision, so a process that ends leaves nothing that another one could not continue: a probe that never returned is made
again when its time is over.

A connection's own way to a system (`looply.engine.records.targets`) is counted and opened in the same manner. A failure
of the way says nothing of the system, and one of the system nothing of the way.
"""

from collections import deque
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from looply.engine.records.targets import TargetRow
from looply.execution.facts.commands import EffectDone, EffectFailed
from looply.execution.facts.values.far import FarError
from looply.instants import rfc3339
from looply.slots import Lane

FAILURES_IN_A_ROW: Final = 5
"""So many failures without a success between them open a system."""

WINDOW_SECONDS: Final = 60.0
"""The time over which calls and their failures are counted."""
CALLS_IN_WINDOW: Final = 20
"""Of at least so many calls in a minute, half failed: that opens a system too."""

FIRST_PROBE_SECONDS: Final = 10.0
"""From the opening of a system to its first probe."""
MOST_PROBE_SECONDS: Final = 300.0
"""The interval of probes doubles from the first one to this."""

PROBE_LEASE: Final = timedelta(seconds=120)
"""A probe that has not returned by then is made again: its process may have ended."""

RAMP_SECONDS: Final = 10.0
"""The rate doubles so often while attempts succeed."""

FULL_RATE: Final = 100.0
"""A ramped drain that has reached this rate is over."""

BURST_SECONDS: Final = 0.5
"""Attempts that were not let go in time are let go at once for at most this time."""

FORGOTTEN_AFTER: Final = timedelta(hours=1)
"""A row for which nothing waits is removed after this time."""

_DOWN_CODES: Final = frozenset({"CONNECTION", "TIMEOUT"})
_DOWN_STATUSES: Final = frozenset({"502", "503", "504"})
_REASON_CHARACTERS: Final = 200


class BreakerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How systems that were down are called again: attempts a second at first."""

    drain_rate: float = 5.0


class Turn(msgspec.Struct, frozen=True):
    """Permission to call a system, or by a way, that is not called as usual; `is_probe`: while it counts as down."""

    target: str
    is_probe: bool


HealthSign: TypeAlias = Literal["down", "works", "nothing"]
"""What an outcome says of a system, or of a way to it."""


def down_reason(outcome: EffectDone | EffectFailed) -> str:
    """Returns why an outcome says that the system is down; empty when it says that it works.

    A refusal, a lock or a wrong input is an answer of a system that works. Of an answer the connector's verdict decides
    where it has one: a lock may have any status.
    """
    if isinstance(outcome, EffectFailed):
        is_down = outcome.code in _DOWN_CODES or outcome.status in _DOWN_STATUSES or _is_down(outcome.far)
        return f"{outcome.code}: {outcome.message}"[:_REASON_CHARACTERS] if is_down else ""
    status = outcome.output.get("status") if isinstance(outcome.output, dict) else None
    is_down_status = status in _DOWN_STATUSES
    if not (is_down_status if outcome.verdict is None else _is_down(outcome.verdict.far)):
        return ""
    # The answer itself may quote what callers of this text may not see.
    return f"it answered {status}" if is_down_status else "its answer says that it serves no calls"


def _is_down(far: FarError | None) -> bool:
    return far is not None and far.kind == "down"


def is_of_connection(outcome: EffectDone | EffectFailed) -> bool:
    """Returns whether a failure has its cause in how the connection reaches its system."""
    return isinstance(outcome, EffectFailed) and outcome.is_of_connection


def sign_of_system(outcome: EffectDone | EffectFailed) -> HealthSign:
    """Returns what an outcome says of the system that was called.

    Nothing, where the connection did not reach it for a reason of its own, and where no call was made, because of an
    input or a forbidden address.
    """
    if is_of_connection(outcome):
        return "nothing"
    if down_reason(outcome):
        return "down"
    return "works" if isinstance(outcome, EffectDone) or outcome.was_sent else "nothing"


def sign_of_way(outcome: EffectDone | EffectFailed) -> HealthSign:
    """Returns what an outcome says of the connection's way to the system: it works when something could be sent."""
    if is_of_connection(outcome):
        return "down" if down_reason(outcome) else "nothing"
    return "works" if isinstance(outcome, EffectDone) or outcome.was_sent else "nothing"


class Tally:
    """The calls of one system within the last minute, since its first failure."""

    __slots__ = ("_calls", "_failures", "_in_a_row")

    def __init__(self) -> None:
        self._calls: deque[tuple[float, bool]] = deque()
        self._failures = 0
        self._in_a_row = 0

    def count(self, now: float, *, is_failure: bool) -> bool:
        """Counts a call that returned at a monotonic instant; returns whether the system counts as down now."""
        self._calls.append((now, is_failure))
        self._failures += is_failure
        self._in_a_row = self._in_a_row + 1 if is_failure else 0
        while self._calls[0][0] < now - WINDOW_SECONDS:
            _, failed = self._calls.popleft()
            self._failures -= failed
        is_half = len(self._calls) >= CALLS_IN_WINDOW and 2 * self._failures >= len(self._calls)
        return self._in_a_row >= FAILURES_IN_A_ROW or (is_failure and is_half)

    @property
    def is_clean(self) -> bool:
        """Whether no call of the last minute failed, so that nothing needs to be remembered."""
        return not self._failures


class Tallies:
    """The calls of all systems and ways that failed within the last minute; true while there are any."""

    __slots__ = ("_tallies",)

    def __init__(self) -> None:
        self._tallies: dict[Lane, Tally] = {}

    def __bool__(self) -> bool:
        return bool(self._tallies)

    def count(self, lane: Lane, now: float, sign: HealthSign) -> bool:
        """Counts what a call found at a monotonic instant; returns whether the system, or the way, is down now."""
        tally = self._tallies.get(lane)
        if sign == "nothing" or (sign == "works" and tally is None):
            return False
        if tally is None:
            tally = self._tallies[lane] = Tally()
        is_down = tally.count(now, is_failure=sign == "down")
        if is_down or tally.is_clean:
            del self._tallies[lane]
        return is_down


def open_target(organization_id: str, target: str, now: datetime, reason: str, former: TargetRow | None) -> TargetRow:
    """Returns the row of a system that has just been found down; `former` is its row for maintenance, if any."""
    return TargetRow(
        organization_id=organization_id,
        target=target,
        revision=former.revision + 1 if former is not None else 1,
        state="OPEN",
        since=now,
        changed_on=now,
        next_on=now + timedelta(seconds=FIRST_PROBE_SECONDS),
        reason=reason,
        probe_seconds=FIRST_PROBE_SECONDS,
        maintenance=former.maintenance if former is not None else None,
    )


def next_probe(row: TargetRow, now: datetime) -> TargetRow:
    """Returns the row of a system from which a probe is being made."""
    return replace(row, revision=row.revision + 1, next_on=now + PROBE_LEASE)


def postpone_probe(row: TargetRow, now: datetime) -> TargetRow:
    """Returns the row after a probe that said nothing: another attempt is a probe soon."""
    return replace(row, revision=row.revision + 1, next_on=now + timedelta(seconds=1))


def reopen_target(row: TargetRow, now: datetime, reason: str) -> TargetRow:
    """Returns the row after a probe, or an attempt that was let go, has failed: the outage continues.

    After a maintenance there is none that could continue: it begins now.
    """
    if not row.reason:
        return open_target(row.organization_id, row.target, now, reason, row)
    seconds = min(max(row.probe_seconds * 2, FIRST_PROBE_SECONDS), MOST_PROBE_SECONDS)
    return replace(
        row,
        revision=row.revision + 1,
        state="OPEN",
        changed_on=now,
        next_on=now + timedelta(seconds=seconds),
        reason=reason or row.reason,
        probe_seconds=seconds,
    )


def drain_target(row: TargetRow, now: datetime, rate: float, *, is_ramped: bool = True) -> TargetRow:
    """Returns the row of a system whose attempts are let go at a rate, as after a probe that succeeded."""
    return replace(
        row, revision=row.revision + 1, state="HALF", changed_on=now, next_on=now, rate=rate, is_ramped=is_ramped
    )


def rate_of(row: TargetRow, now: datetime) -> float:
    """Returns how many attempts a second are let go now."""
    if not row.is_ramped:
        return row.rate
    steps = max(0, int((now - row.changed_on).total_seconds() // RAMP_SECONDS))
    return min(row.rate * 2.0 ** min(steps, 20), FULL_RATE)


def allowance(row: TargetRow, now: datetime) -> int:
    """Returns how many attempts may be let go now: those that are due by the rate; one, when a probe is due."""
    if row.is_paused(now) or row.next_on > now:
        return 0
    if row.state == "OPEN":
        return 1
    late = min((now - row.next_on).total_seconds(), BURST_SECONDS)
    return int(late * rate_of(row, now)) + 1


def after_turns(row: TargetRow, now: datetime, count: int) -> TargetRow:
    """Returns the row after so many attempts were let go."""
    begun = max(row.next_on, now - timedelta(seconds=BURST_SECONDS))
    return replace(row, revision=row.revision + 1, next_on=begun + timedelta(seconds=count / rate_of(row, now)))


def is_over(row: TargetRow, now: datetime, *, has_waiting: bool) -> bool:
    """Returns whether a system is called as usual again, so that its row can be removed.

    That is when its drain has reached the full rate, or when nothing has waited for a while. An outage that nothing
    has waited for in an hour is forgotten: no connection may lead to the system any more.
    """
    if row.state == "OPEN":
        return not has_waiting and now - row.changed_on >= FORGOTTEN_AFTER
    if row.state == "CLOSED":
        return row.maintenance is None
    has_ramped = row.is_ramped and rate_of(row, now) >= FULL_RATE
    is_old = now - row.changed_on >= timedelta(seconds=RAMP_SECONDS)
    return has_ramped or (is_old and not has_waiting)


def outage_text(row: TargetRow, now: datetime) -> str:
    """Returns in words why a system is not called."""
    window = row.maintenance
    if window is not None and row.is_paused(now):
        reason = f": {window.reason}" if window.reason else ""
        return f"maintenance until {rfc3339(window.until)}{reason}"
    if row.state == "HALF":
        return f"called again since {rfc3339(row.changed_on)}, a few calls at a time"
    return f"down since {rfc3339(row.since)}: {row.reason}"
