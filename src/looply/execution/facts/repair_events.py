"""The events of incidents, and of what operators do to resolve them."""

from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from looply.execution.facts.step_events import EventBase, StepEvent
from looply.execution.facts.values.far import FarError
from looply.jsontext import Json

IncidentKind: TypeAlias = Literal["FAILED", "UNKNOWN", "TIMEOUT", "LIMIT", "POISON"]
Again: TypeAlias = Literal["", "attempt", "visit"]


class IncidentOpened(StepEvent, frozen=True, kw_only=True):
    """The execution stops until an operator decides. `step` is empty when no single step is the cause.

    `far` is what the other system said, where a call of the step is the cause.
    """

    incident_id: str
    kind: IncidentKind
    code: str
    message: str
    status: str = ""
    far: FarError | None = None
    step: str = ""


class IncidentClosed(StepEvent, frozen=True, kw_only=True):
    """The incident of `step`, which may be empty, is resolved by `action`, for `reason`.

    `again` says how its step runs again: by another attempt, which sends the stored input under the same key, or by
    another visit, which evaluates the input again and has a key of its own. Empty: the step does not run again.
    """

    incident_id: str
    action: str
    reason: str = ""
    again: Again = ""
    step: str = ""


class StepSkipped(StepEvent, frozen=True, kw_only=True):
    """An operator gave the step an output. `overrides` are approvals that this decides or bypasses."""

    output: Json = None
    branch: str = "next"
    reason: str = ""
    size: int = 0
    secret: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()


class DocumentEdited(EventBase, frozen=True, kw_only=True):
    """An operator replaced parts of the data document: outputs by step, and the payload if it is set.

    `scope` is the iteration whose overlay was changed, empty for the shared document. `sizes` are the bytes of each
    output by its step, and of the payload as `payload`. `secret` are pointers into this event, such as
    `/outputs/login/data/token`. `overrides` as in `StepSkipped`.
    """

    outputs: dict[str, Json] = msgspec.field(default_factory=dict)
    payload: Json | UnsetType = UNSET
    reason: str = ""
    sizes: dict[str, int] = msgspec.field(default_factory=dict)
    secret: tuple[str, ...] = ()
    scope: str = ""
    overrides: tuple[str, ...] = ()


class Moved(EventBase, frozen=True, kw_only=True):
    """An operator moved the path of `scope` to another step, which is visited next.

    The visit that the path left is cancelled: its effect is abandoned, its wait and timers are dropped.
    `overrides` as in `StepSkipped`.
    """

    to: str
    scope: str = ""
    reason: str = ""
    overrides: tuple[str, ...] = ()


class Migrated(EventBase, frozen=True, kw_only=True):
    """The execution continues with another definition. `steps` are new names of steps by their old ones.

    `places` maps the old scope and step (`split[left]/answer`) of each renamed wait that no visit has reached to the
    new one: tokens of these waits may have been handed out already. `overrides` as in `StepSkipped`.
    """

    workflow_version: int
    definition: str
    reason: str = ""
    steps: dict[str, str] = msgspec.field(default_factory=dict)
    places: dict[str, str] = msgspec.field(default_factory=dict)
    overrides: tuple[str, ...] = ()
