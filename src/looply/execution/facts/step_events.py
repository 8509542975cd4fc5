"""The events of steps: visits, attempts, timers, and the regions that steps open; and what every event has."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from looply.definition import LogLevel
from looply.execution.facts.address import Address
from looply.execution.facts.values.far import FarError
from looply.jsontext import Json

TimerKind: TypeAlias = Literal["DELAY", "RETRY", "WAIT", "EXECUTION", "REMINDER", "ESCALATION", "FALLBACK", "PARK"]


class EventBase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag=True):
    """The fields that every event has; `log` is the log level of its time."""

    at: datetime
    by: str = ""
    via: str = ""
    log: LogLevel = "full"


class StepEvent(EventBase, frozen=True, kw_only=True):
    """An event of one visit of one step."""

    step: str
    visit: int = 1
    scope: str = ""
    attempt: int = 1

    @property
    def address(self) -> Address:
        """The visit that the event belongs to."""
        return Address(self.scope, self.step, self.visit)


class Computed(StepEvent, frozen=True, kw_only=True):
    """A visit of a step that only computes, with its result and its exit, so that neither is computed again.

    `override`: the output changes the payload; `set` sets each dotted name, `replace` replaces the caller's part.
    `size` and `payload_size` are the bytes of the output and of the payload after it, where they count.
    """

    branch: str = "next"
    input: Json = None
    output: Json = None
    override: Literal["", "set", "replace"] = ""
    size: int = 0
    payload_size: int = 0
    secret: tuple[str, ...] = ()


class StepScheduled(StepEvent, frozen=True, kw_only=True):
    """An attempt of an effect is requested. The first one holds the evaluated input; later ones send the same bytes.

    `is_unsettled`: the operation is to find out what became of an earlier attempt, whose outcome is unknown.
    """

    operation: str
    timeout_seconds: float
    input: Json | UnsetType = UNSET
    secret: tuple[str, ...] = ()
    is_unsettled: bool = False


class StepSucceeded(StepEvent, frozen=True, kw_only=True):
    """The step has its output and leaves by `branch`."""

    output: Json = None
    branch: str = "next"
    size: int = 0
    secret: tuple[str, ...] = ()


class StepFailed(StepEvent, frozen=True, kw_only=True):
    """An attempt failed. `is_retriable` is the verdict of the step's retry policy at that time.

    `output` is the answer of the other system, where the answer itself is the failure; `far` is what it said, as the
    connector judged it when the answer came. `took_effect`: the other system answered with a success that could not be
    read, so that the next attempt of a step with `on_unknown: ask` finds out what the call made before it sends it.
    """

    code: str
    message: str
    status: str = ""
    is_retriable: bool = False
    took_effect: bool = False
    retry_after_seconds: float = 0
    far: FarError | None = None
    output: Json | UnsetType = UNSET
    size: int = 0
    secret: tuple[str, ...] = ()


class StepUnknown(StepEvent, frozen=True, kw_only=True):
    """The outcome of an attempt is unknown: the process crashed, or no answer came.

    `ended_process`: the process crashed while it made the call, which may be the cause. `UNSETTLED`: the operation was
    called again to find out, and could not.
    """

    cause: Literal["CRASH", "TIMEOUT", "CONNECTION", "UNSETTLED"]
    message: str = ""
    ended_process: bool = False


class StepParked(StepEvent, frozen=True, kw_only=True):
    """The attempt waits until its system, `target`, can be called again; `reason` says since when and why it cannot.

    `again`: the attempt was made and failed because of it, so it will be made again and counts once.
    """

    target: str
    reason: str
    again: bool = False


class TimerStarted(StepEvent, frozen=True, kw_only=True):
    """A timer runs. `step` is empty for the timeout of the whole execution.

    `level` counts the reminders, the escalations and the fallbacks of a card from 0.
    """

    kind: TimerKind
    due: datetime
    step: str = ""
    level: int = 0


class TimerFired(EventBase, frozen=True, kw_only=True):
    """The timer that was started as event number `timer` is due."""

    timer: int


class ErrorCaught(StepEvent, frozen=True, kw_only=True):
    """A failed step leaves by its `error` exit; expressions read `error` under that name."""

    error: Json


class ScopeOpened(StepEvent, frozen=True, kw_only=True):
    """A `parallel` begins with all of its branches, or a `forEach` with its items, whose iterations begin later.

    `branches` are the branches' ids, none for a forEach; `needed` arrivals close a parallel, 0 where its branches end
    by themselves. `secret` are pointers into `items`.
    """

    branches: tuple[str, ...] = ()
    needed: int = 0
    items: Json = None
    concurrency: int = 1
    secret: tuple[str, ...] = ()


class ScopeEntered(StepEvent, frozen=True, kw_only=True):
    """The iteration of item number `index` (from 0) begins."""

    index: int


class ScopeClosed(EventBase, frozen=True, kw_only=True):
    """The branch or iteration `scope` has ended: at its join, or at an open exit.

    The result of an iteration is the output of its current step.
    """

    scope: str
    how: Literal["ARRIVED", "ENDED"] = "ENDED"


class Discarded(StepEvent, frozen=True, kw_only=True):
    """A result came for a step that is no longer open; it is ignored."""

    result: Json = None
    reason: str = ""
    secret: tuple[str, ...] = ()
