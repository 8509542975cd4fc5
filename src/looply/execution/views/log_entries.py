"""The entries of the event log: one shape for each `type`, as readers see them.

A field that an entry does not have is left out. `state` is the step; for an event without a step it is the current step
of the execution. `by` and `via` are null where the engine itself decided. Instants are epoch milliseconds. `input` and
`output` are free JSON: secrets and tokens in them are `***`, and a value that is too large is `{"trimmed_bytes": n}`.
"""

from functools import cache
from typing import Final, Literal, TypeAlias, get_args

import msgspec
from msgspec import UNSET, UnsetType

from looply.execution.facts.events import (
    Again,
    ChildOutcome,
    IgnoreReason,
    IncidentKind,
    LetterAction,
    TriggerType,
)
from looply.execution.facts.values.actor import Actor
from looply.execution.facts.values.card_copy import CardEnd, Undelivered
from looply.execution.facts.values.far import FarError
from looply.jsontext import Json

Value: TypeAlias = Json | UnsetType
Text: TypeAlias = str | UnsetType
Number: TypeAlias = int | UnsetType
Texts: TypeAlias = list[str] | UnsetType
Far: TypeAlias = FarError | UnsetType


class _Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every entry has; `seq` is the number of its event, which two entries may share.

    `by_name` is the name of the key or of the member whose id `by` is.
    """

    seq: int
    timestamp: int
    state: str | None
    by: str | None
    via: str | None
    by_name: Text = UNSET

    @property
    def type(self) -> str:
        """The type under which the entry is shown."""
        return tag_of(type(self))


class _StepEntry(_Entry, frozen=True, kw_only=True):
    """An entry of one visit of a step; in a branch or an iteration with its `scope`."""

    visit: Number = UNSET
    scope: Text = UNSET


class ExecutionStartedEntry(_Entry, frozen=True, kw_only=True, tag="EXECUTION_STARTED"):
    """The execution began. `parent` is the execution that called it, `rerun_of` the one whose input it took."""

    trigger_type: TriggerType
    workflow_version: int
    process_id: Text = UNSET
    profile: Text = UNSET
    parent: Text = UNSET
    rerun_of: Text = UNSET
    input: Value = UNSET


class ExecutionQueuedEntry(_Entry, frozen=True, kw_only=True, tag="EXECUTION_QUEUED"):
    """The execution waits until fewer than `max_concurrency` executions of its workflow run."""

    max_concurrency: int


class ExecutionAdmittedEntry(_Entry, frozen=True, kw_only=True, tag="EXECUTION_ADMITTED"):
    """The execution left the queue."""


class ExecutionCompletedEntry(_Entry, frozen=True, kw_only=True, tag="EXECUTION_COMPLETED"):
    """The execution ended without an error."""

    reason: Text = UNSET


class ExecutionTerminatedEntry(_Entry, frozen=True, kw_only=True, tag="EXECUTION_TERMINATED"):
    """The execution was ended by a call or by a step."""

    reason: Text = UNSET


class _IncidentEntry(_StepEntry, frozen=True, kw_only=True):
    incident_id: str
    kind: IncidentKind
    code: Text = UNSET
    message: Text = UNSET
    status: Text = UNSET
    far: Far = UNSET


class IncidentOpenedEntry(_IncidentEntry, frozen=True, kw_only=True, tag="INCIDENT_OPENED"):
    """The execution stopped with an incident. `status` is the one that the other system answered."""


class ExecutionFailedEntry(_StepEntry, frozen=True, kw_only=True, tag="EXECUTION_FAILED"):
    """The execution failed: by an incident, whose fields it has then, or for ever by a `terminate` step (`reason`)."""

    incident_id: Text = UNSET
    kind: IncidentKind | UnsetType = UNSET
    code: Text = UNSET
    message: Text = UNSET
    status: Text = UNSET
    far: Far = UNSET
    reason: Text = UNSET


class _ClosedIncidentEntry(_StepEntry, frozen=True, kw_only=True):
    incident_id: str
    action: str
    again: Again | UnsetType = UNSET
    reason: Text = UNSET


class IncidentClosedEntry(_ClosedIncidentEntry, frozen=True, kw_only=True, tag="INCIDENT_CLOSED"):
    """An operator resolved the incident by `action`; `again` says how its step runs again."""


class ExecutionReopenedEntry(_ClosedIncidentEntry, frozen=True, kw_only=True, tag="EXECUTION_REOPENED"):
    """The execution continues after its incident."""


class ExecutionEditedEntry(_Entry, frozen=True, kw_only=True, tag="EXECUTION_EDITED"):
    """An operator changed the data document. `changed` are the steps whose outputs changed, and `payload`.

    `scope` is the iteration whose own data changed. `overrides` are approvals that this decided.
    """

    changed: list[str]
    scope: Text = UNSET
    reason: Text = UNSET
    overrides: Texts = UNSET


class ExecutionMovedEntry(_Entry, frozen=True, kw_only=True, tag="EXECUTION_MOVED"):
    """An operator moved the execution `to` another step, or onto another `workflow_version`.

    `steps` are new names of steps by old ones. `overrides` are approvals that this decided.
    """

    to: Text = UNSET
    workflow_version: Number = UNSET
    steps: dict[str, str | int] | UnsetType = UNSET
    reason: Text = UNSET
    overrides: Texts = UNSET


class StepStartedEntry(_StepEntry, frozen=True, kw_only=True, tag="STEP_STARTED"):
    """A step that takes time began.

    A call has `attempt`, `operation` and, in its first attempt, `input`; a delay has `attempt` and `due_on`; a
    `parallel` has `branches`; a `forEach` has the number of its `items` and its `concurrency`.
    """

    attempt: Number = UNSET
    operation: Text = UNSET
    input: Value = UNSET
    due_on: Number = UNSET
    branches: Texts = UNSET
    items: Number = UNSET
    concurrency: Number = UNSET


class StepSucceededEntry(_StepEntry, frozen=True, kw_only=True, tag="STEP_SUCCEEDED"):
    """A step ended and left by `branch`. One that only computes has `input` too, and no `STEP_STARTED` entry."""

    branch: Text = UNSET
    attempt: Number = UNSET
    input: Value = UNSET
    output: Value = UNSET


class StepFailedEntry(_StepEntry, frozen=True, kw_only=True, tag="STEP_FAILED"):
    """An attempt failed. With code `OUTCOME_UNKNOWN` the call may have arrived; `cause` says why that is unknown.

    `far` is what the other system said.
    """

    attempt: int
    code: Text = UNSET
    message: Text = UNSET
    status: Text = UNSET
    cause: Literal["CRASH", "TIMEOUT", "CONNECTION", "UNSETTLED"] | UnsetType = UNSET
    far: Far = UNSET
    output: Value = UNSET


class StepRetryScheduledEntry(_StepEntry, frozen=True, kw_only=True, tag="STEP_RETRY_SCHEDULED"):
    """The step tries again at `due_on`; `attempt` is the one that failed, and the next number follows."""

    attempt: int
    due_on: int


class StepParkedEntry(_StepEntry, frozen=True, kw_only=True, tag="STEP_PARKED"):
    """The attempt waits until its system, `target`, is called again.

    With `again` it was made and failed, and it counts once.
    """

    attempt: int
    target: str
    reason: str
    again: bool | UnsetType = UNSET


class StepSkippedEntry(_StepEntry, frozen=True, kw_only=True, tag="STEP_SKIPPED"):
    """An operator gave the step an output. `overrides` are approvals that this decided."""

    branch: Text = UNSET
    output: Value = UNSET
    reason: Text = UNSET
    overrides: Texts = UNSET


class StepResultDiscardedEntry(_StepEntry, frozen=True, kw_only=True, tag="STEP_RESULT_DISCARDED"):
    """A result arrived for a step that was no longer open."""

    attempt: int
    reason: Text = UNSET
    output: Value = UNSET


class WaitOpenedEntry(_StepEntry, frozen=True, kw_only=True, tag="WAIT_OPENED"):
    """The step waits. `count` is the number of card answers that it waits for, `due_on` its timeout."""

    sources: Texts = UNSET
    count: Number = UNSET
    due_on: Number = UNSET


class WaitResumedEntry(_StepEntry, frozen=True, kw_only=True, tag="WAIT_RESUMED"):
    """The wait ended by an answer, and the step left by `branch` where that is not `next`."""

    source: Text = UNSET
    branch: Text = UNSET
    output: Value = UNSET


class WaitTimedOutEntry(_StepEntry, frozen=True, kw_only=True, tag="WAIT_TIMED_OUT"):
    """The wait ended without an answer."""

    output: Value = UNSET


class ResumeBufferedEntry(_Entry, frozen=True, kw_only=True, tag="RESUME_BUFFERED"):
    """A resume arrived before its wait and is kept."""

    source: Text = UNSET


class ResumeIgnoredEntry(_Entry, frozen=True, kw_only=True, tag="RESUME_IGNORED"):
    """A resume changed nothing: it repeated another one (`DUPLICATE`), its wait did not accept it (`UNFIT`), or no wait
    opened for it (`UNUSED`)."""

    reason: IgnoreReason
    source: Text = UNSET
    message: Text = UNSET


class LetterSettledEntry(_Entry, frozen=True, kw_only=True, tag="LETTER_SETTLED"):
    """An operator settled a dead letter; `letter` is the number of its event."""

    letter: int
    action: LetterAction
    reason: Text = UNSET


class CardSentEntry(_StepEntry, frozen=True, kw_only=True, tag="CARD_SENT"):
    """A card was sent, changed (`revision` over 1), passed on (`reason`) or sent as reminder number `reminder`.

    `target` is the step that sent the card first.
    """

    recipients: list[str]
    channel: Text = UNSET
    app: Text = UNSET
    revision: int
    target: Text = UNSET
    reminder: Number = UNSET
    reason: Text = UNSET


class CardAnsweredEntry(_StepEntry, frozen=True, kw_only=True, tag="CARD_ANSWERED"):
    """The recipient `user` answered. On an approval with `decision`, `comment` and the `revision` of the card.

    `actor` says how the answer came, `substitute_for` is the absent person for whom `user` answered.
    """

    user: Text = UNSET
    decision: Literal["approved", "rejected"] | UnsetType = UNSET
    comment: Text = UNSET
    revision: Number = UNSET
    actor: Actor | UnsetType = UNSET
    substitute_for: Text = UNSET


class CardClosedEntry(_StepEntry, frozen=True, kw_only=True, tag="CARD_CLOSED"):
    """Cards take no more answers. `to` is the person who has them now, where they were passed on, and `note` why."""

    cards: Texts = UNSET
    reason: CardEnd
    to: Text = UNSET
    note: Text = UNSET


class CardDeliveredEntry(_StepEntry, frozen=True, kw_only=True, tag="CARD_DELIVERED"):
    """The channel shows the copy `card` of `recipient`, for the first time or after it could not be delivered."""

    card: str
    recipient: str
    channel: str


class CardUndeliveredEntry(_StepEntry, frozen=True, kw_only=True, tag="CARD_UNDELIVERED"):
    """The copy `card` does not reach `recipient`. `BLOCKED`: not until something changes on their side, such as a
    blocked app; `FAILED`: the channel cannot show this card. `code` and `message` are those of the channel.
    """

    card: str
    recipient: str
    channel: str
    reason: Undelivered
    code: Text = UNSET
    message: Text = UNSET


class ChildStartedEntry(_StepEntry, frozen=True, kw_only=True, tag="CHILD_STARTED"):
    """A child was started, by a step or because of an incident; `workflow_id` and `version` are those of the child."""

    execution_id: str
    workflow_id: str
    version: Number = UNSET
    incident_id: Text = UNSET
    input: Value = UNSET


class ChildEndedEntry(_StepEntry, frozen=True, kw_only=True, tag="CHILD_ENDED"):
    """The child `execution_id` is closed: it ended, or was not started, for the reason `code`.

    `STARTED`: the step waited for its start only. `CANCELLED`: this execution no longer waits, so the child ends too.
    """

    execution_id: str
    status: ChildOutcome
    code: Text = UNSET
    message: Text = UNSET


LogEntry: TypeAlias = (
    ExecutionStartedEntry
    | ExecutionQueuedEntry
    | ExecutionAdmittedEntry
    | ExecutionCompletedEntry
    | ExecutionTerminatedEntry
    | ExecutionFailedEntry
    | ExecutionReopenedEntry
    | ExecutionEditedEntry
    | ExecutionMovedEntry
    | IncidentOpenedEntry
    | IncidentClosedEntry
    | StepStartedEntry
    | StepSucceededEntry
    | StepFailedEntry
    | StepRetryScheduledEntry
    | StepParkedEntry
    | StepSkippedEntry
    | StepResultDiscardedEntry
    | WaitOpenedEntry
    | WaitResumedEntry
    | WaitTimedOutEntry
    | ResumeBufferedEntry
    | ResumeIgnoredEntry
    | LetterSettledEntry
    | CardSentEntry
    | CardAnsweredEntry
    | CardClosedEntry
    | CardDeliveredEntry
    | CardUndeliveredEntry
    | ChildStartedEntry
    | ChildEndedEntry
)
"""One entry of the event log, by its `type`."""


@cache
def tag_of(shape: type[msgspec.Struct]) -> str:
    """Returns the `type` under which entries of a shape are shown."""
    return str(shape.__struct_config__.tag)


ENTRY_TYPES: Final = tuple(tag_of(shape) for shape in get_args(LogEntry))
"""Every `type` that an entry may have."""
