"""The compiled settings of each step type: expressions and durations are parsed, defaults are filled in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, TypeAlias

import msgspec

from looply.definition.schemas.schema_checker import SchemaChecker
from looply.definition.schemas.settings_schema import SOURCES
from looply.definition.values.choice import Rule
from looply.definition.values.cron import Cron
from looply.definition.values.duration import Duration
from looply.definition.values.repeat import Repeat
from looply.errors import Problem
from looply.expressions import CardTemplate, Template
from looply.jsontext import Json

TriggerType: TypeAlias = Literal["REQUEST", "SCHEDULED"]
Overlap: TypeAlias = Literal["skip", "queue", "allow"]
CatchUp: TypeAlias = Literal["last", "none", "all"]
DstRule: TypeAlias = Literal["once", "skip", "twice"]
CardAction: TypeAlias = Literal["send", "update", "delete"]
DatastoreAction: TypeAlias = Literal["get", "set", "merge", "delete"]


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When a scheduled workflow starts: at the times of `cron`, or every `every`; exactly one of the two is set.

    `every` counts from `start`, else from activation.
    """

    timezone: str
    """IANA name; that of the workflow when the schedule has none."""
    every: Duration | None = None
    cron: Cron | None = None
    start: datetime | None = None
    end: datetime | None = None
    jitter: timedelta = timedelta(0)
    """Each start is delayed by a time below this."""
    overlap: Overlap = "skip"
    """How a start is handled while the last execution is open."""
    catch_up: CatchUp = "last"
    """Which of the starts that were missed while no server ran are caught up."""
    catch_up_window: timedelta = timedelta(hours=1)
    """How late a start may be caught up."""
    dst: DstRule = "once"
    """How a time of day is handled that the clocks skip or repeat."""


class TriggerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`trigger`: by a call (`REQUEST`) or by a schedule."""

    trigger_type: TriggerType
    schedule: Schedule | None = None
    checker: SchemaChecker | None = None
    """The schema of the caller's body, compiled."""

    @property
    def titles(self) -> Mapping[str, str]:
        """The titles that the schema gives to the values of the body, by name."""
        return {} if self.checker is None else self.checker.titles

    def problems_of(self, body: Json) -> tuple[Problem, ...]:
        """Returns how a caller's body violates the schema; empty when it is valid or there is no schema."""
        return () if self.checker is None else self.checker.problems_of(body)


class CallSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`httpRequest`, `sapRequest`, `operation`, `function`, `email`: which operation is called with `Step.input`."""

    operation: str
    """`<connector>.<verb>`."""
    literal_input: Mapping[str, Json] = MappingProxyType({})
    """Fields that are sent as written, in addition to the evaluated input."""
    fail_on: tuple[str, ...] | None = None
    """The statuses of a response with which the step fails; None when responses have no status."""
    ok_on: tuple[str, ...] = ()
    """The statuses of a response that is data although its connector judged it a failure; `fail_on` is stronger."""
    repeat: Repeat = "never"
    """Whether the call may be repeated while its outcome is unknown."""
    input_setting: str = ""
    """The pointer of the setting that is the input; empty when all settings are."""


class ConditionalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`conditional`: exit `yes` when all rules hold, else `no`."""

    rules: tuple[Rule, ...]


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """A branch of `branchConditional`; its rule compares the step's variable with the branch's value."""

    id: str
    label: str
    value: Json
    style: str
    rule: Rule


class BranchConditionalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`branchConditional`: the first branch whose rule holds, else `else`."""

    variable: Template
    operator: str
    branches: tuple[Branch, ...]


class AdvancedBranch(msgspec.Struct, frozen=True, kw_only=True):
    """A branch of `advancedConditional`: taken when all rules of any group hold."""

    id: str
    label: str
    groups: tuple[tuple[Rule, ...], ...]


class AdvancedConditionalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`advancedConditional`: the first branch of which a group holds, else `else`."""

    branches: tuple[AdvancedBranch, ...]


class CardWait(msgspec.Struct, frozen=True, kw_only=True):
    """How many answers end a card's wait, and after what time it times out."""

    count: int | Literal["first", "all"] = "first"
    timeout: Template | None = None


class FallbackSettings(msgspec.Struct, frozen=True, kw_only=True):
    """After a time a card is sent by another channel: one that is not delivered by then, or not answered."""

    after: Template
    channel: str
    app: str = ""
    rule: Literal["undelivered", "unanswered"] = "undelivered"


class AdaptiveCardSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`adaptiveCard`: sends, updates or deletes cards. `card` is None while only `card_id` names it."""

    action: CardAction = "send"
    channel: str = "inbox"
    app: str | None = None
    card: CardTemplate | None = None
    card_id: str | None = None
    card_version: int | None = None
    recipients: Template | None = None
    wait: CardWait | None = None
    target: str | None = None
    """The step whose cards are updated or deleted."""
    fallback: tuple[FallbackSettings, ...] = ()
    may_answer: Template | None = None
    """The only people who may answer in a conversation of several people; None: all of them."""
    confirm: Literal["link", "code", "sign_in"] = "link"
    """What an answer by the link of a card needs beside the link."""


class DatastoreLocation(msgspec.Struct, frozen=True, kw_only=True):
    """A value within a datastore: the name of the datastore, and a JSON Pointer or dotted path; None is the whole."""

    name: Template
    path: Template | None = None


class EscalationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """After a time other people replace the approvers that have not decided."""

    after: Template
    to: Template


class ApprovalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`approval`: asks the people of `recipients` or of a datastore, until the quorum is reached or out of reach."""

    recipients: Template | None = None
    datastore: DatastoreLocation | None = None
    card: CardTemplate | None = None
    """None: a card is generated from the description and the payload."""
    card_id: str | None = None
    card_version: int | None = None
    requester: Template | None = None
    self_approval: bool = True
    api: bool = False
    """Whether `resumeWorkflow` may decide, too."""
    order: Literal["parallel", "sequence"] = "parallel"
    quorum: int | Literal["any", "all"] = "all"
    veto: bool = False
    comment_required: Literal["", "reject", "always"] = ""
    reminders: tuple[Template, ...] = ()
    escalation: tuple[EscalationSettings, ...] = ()
    calendar: Template | None = None
    """Name of a datastore whose working time the durations count."""
    timeout: Template | None = None
    channel: str = "inbox"
    app: str | None = None
    fallback: tuple[FallbackSettings, ...] = ()
    may_answer: Template | None = None
    """As in `AdaptiveCardSettings`."""
    confirm: Literal["link", "code", "sign_in"] = "link"
    """As in `AdaptiveCardSettings`."""


class WaitSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`wait`: until a resume from one of the sources, or the timeout."""

    sources: tuple[str, ...] = SOURCES
    timeout: Template | None = None
    schema: dict[str, Json] | None = None
    checker: SchemaChecker | None = None
    """The schema, compiled."""

    def problems_of(self, payload: Json) -> tuple[Problem, ...]:
        """Returns how a resume's payload violates the schema; empty when it is valid or there is no schema.

        Paths begin at the call's body (`/payload/...`).
        """
        if self.checker is None:
            return ()
        return self.checker.problems_of(payload, "/payload")


class DelaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """`delay`: for a duration or until an instant; exactly one of the two is set."""

    for_: Template | None = None
    until: Template | None = None


class OverridePayloadSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`overridePayload`: sets names of `payload.output`, or replaces the caller's part of it."""

    parameters: tuple[tuple[str, Template], ...] = ()
    """(the dotted name, the value)."""
    levels: int = 0
    """Number of parts of the longest name."""
    payload: Template | None = None


class SubworkflowSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`subworkflow`: starts an execution of another workflow, and waits for its end unless `wait` is false."""

    workflow_id: Template
    version: Template | None = None
    """None: the newest ACTIVE one when it starts."""
    payload: Template | None = None
    wait: bool = True


class DatastoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`datastore`: reads or changes a datastore. Its input is `Step.input`."""

    operation: DatastoreAction


class RedirectSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`redirect`: continues at `target`. `max_visits` None: the limit `redirect_visits`."""

    target: str
    max_visits: int | None = None


class TerminateSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`terminate`: ends the execution at once."""

    status: Literal["COMPLETED", "FAILED"] = "COMPLETED"
    reason: Template | None = None


class ParallelBranch(msgspec.Struct, frozen=True, kw_only=True):
    """A branch of `parallel`; all branches begin at once."""

    id: str
    label: str


class ParallelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`parallel`: all branches run concurrently, up to its `join`, or each to its own end."""

    branches: tuple[ParallelBranch, ...]


class JoinSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`join`: where the branches of the parallel step `of` meet; it continues when `count` of them have arrived."""

    of: str
    count: int | Literal["all", "any"] = "all"


class ForEachSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`forEach`: its body runs once for each item, at most `concurrency` at once."""

    items: Template
    concurrency: int = 1


StepSettings: TypeAlias = (
    TriggerSettings
    | CallSettings
    | ConditionalSettings
    | BranchConditionalSettings
    | AdvancedConditionalSettings
    | AdaptiveCardSettings
    | ApprovalSettings
    | WaitSettings
    | DelaySettings
    | OverridePayloadSettings
    | DatastoreSettings
    | SubworkflowSettings
    | RedirectSettings
    | TerminateSettings
    | ParallelSettings
    | JoinSettings
    | ForEachSettings
)
