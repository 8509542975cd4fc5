"""A compiled workflow, which the decisions execute without further parsing.

All types are immutable. `compile_definition` creates a workflow from a definition; the settings of each step type are
in `step_settings`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal, TypeAlias

import msgspec

from looply.definition.settings.step_settings import CallSettings, RedirectSettings, StepSettings
from looply.definition.values.duration import Duration
from looply.definition.values.retry import RetryPolicy
from looply.expressions import Template
from looply.jsontext import Json

OnUnknown: TypeAlias = Literal["retry", "ask", "incident"]
"""`ask`: the operation is called again and finds out, which it can where the connection or the step says how."""
LogLevel: TypeAlias = Literal["full", "errors", "none"]

START: Final = "WorkflowStartState"
"""The id of the one step at which every execution begins."""

ARRIVE: Final = "join"
"""The exit by which a `parallel` leads to its `join` once its branches have ended; edges of authors cannot name it."""

EACH: Final = "each"
"""The exit by which a `forEach` leads into its body."""

Region: TypeAlias = tuple[tuple[str, str], ...]
"""The region of a step: the enclosing (parallel or forEach step, exit) pairs, outermost first; empty at the top."""

_OUTPUT: Final = "/output"


class WorkflowSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the workflow as a whole; None means that the workflow sets no limit."""

    timeout: Duration | None = None
    max_concurrency: int | None = None
    timezone: str = "UTC"
    search_fields: tuple[str, ...] = ()
    """JSON Pointers into the data document."""
    retention: Duration | None = None
    log: LogLevel = "full"
    on_failure: str | None = None
    """Id of the workflow that is started when an execution fails."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step, with defaults for what the author left out."""

    id: str
    type: str
    description: str = ""
    settings: StepSettings
    retry: RetryPolicy | None = None
    """None: one attempt."""
    timeout: timedelta | None = None
    """Of one attempt; None: the limit `attempt_timeout`."""
    park: timedelta | None = None
    """How long a call may wait for a system that is not called at present; None: until it can be called."""
    on_unknown: OnUnknown = "incident"
    secret: tuple[str, ...] = ()
    """JSON Pointers into the settings, or into the output as `/output/...`; `auth` of a call is always included."""
    input: Template | None = None
    """The whole input of a call, evaluated once per visit; None for steps that call nothing."""

    @property
    def input_secrets(self) -> tuple[str, ...]:
        """The pointers of `secret` that lead into the input, relative to it."""
        root = self.settings.input_setting if isinstance(self.settings, CallSettings) else ""
        return tuple(pointer.removeprefix(root) for pointer in self.secret if not pointer.startswith(_OUTPUT))

    @property
    def output_secrets(self) -> tuple[str, ...]:
        """The pointers of `secret` that lead into the output, each with the prefix `/output`."""
        return tuple(pointer for pointer in self.secret if pointer.startswith(_OUTPUT))


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """A definition without errors, ready to be executed."""

    name: str
    steps: Mapping[str, Step]
    """In document order."""
    edges: Mapping[tuple[str, str], str]
    """(step, exit) -> the step that follows."""
    settings: WorkflowSettings
    definition: dict[str, Json]
    """The definition as the author wrote it."""
    hash: bytes
    """BLAKE2b-256 of the definition's canonical JSON text: equal definitions have equal hashes."""
    waiting_steps: tuple[str, ...]
    """The steps that wait for a resume or a card's answer, in document order."""
    regions: Mapping[str, Region] = {}
    """Step -> its region; steps at the top are left out."""
    start: str = START
    requires_sap_profile: bool = False
    """Whether a `sapRequest` names its system by a connection; others name it by `system_id` and `client`."""

    @property
    def has_wait(self) -> bool:
        """Whether an execution can wait for a resume at all."""
        return bool(self.waiting_steps)

    def region(self, step_id: str) -> Region:
        """Returns the branches and bodies that enclose a step, outermost first."""
        return self.regions.get(step_id, ())

    def join_of(self, step_id: str) -> str | None:
        """Returns the join of a `parallel`, or None when its branches end by themselves."""
        return self.edges.get((step_id, ARRIVE))

    def next(self, step_id: str, branch: str = "next") -> str | None:
        """Returns the step that follows an exit, or None when the path ends there. A redirect leads to its target."""
        settings = self.steps[step_id].settings
        if isinstance(settings, RedirectSettings) and branch == "next":
            return settings.target
        return self.edges.get((step_id, branch))
