"""What calls on bulks answer: bulks with their progress, forecasts of dry runs, refused executions."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.bulks.preview import BulkPreview, MigrationForecast
from looply.catalog.authored.bulks import IDS, Bulk, BulkAction, Refusal
from looply.engine.ports.lists import Head, TriggerType
from looply.execution.facts.events import IncidentKind
from looply.execution.facts.state import Status
from looply.instants import ms_or_none, to_ms


class FilterRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The filter of a bulk; only the fields that restrict it are present."""

    workflow_id: str | UnsetType = UNSET
    workflow_version: int | UnsetType = UNSET
    status: list[Status] | UnsetType = UNSET
    workflow_trigger_type: TriggerType | UnsetType = UNSET
    process_id: list[str] | UnsetType = UNSET
    from_: int | UnsetType = msgspec.field(name="from", default=UNSET)
    to: int | UnsetType = UNSET
    incident_code: list[str] | UnsetType = UNSET
    incident_kind: list[IncidentKind] | UnsetType = UNSET
    incident_state: list[str] | UnsetType = UNSET


class BulkItem(msgspec.Struct, frozen=True, kw_only=True):
    """One bulk. `done` executions were changed, `refused` executions did not allow it.

    `executions` is the number of those that were named by their ids, and null for a filter. `expected` is how many
    matched when it was started, at most 2,000 of a filter. `state` and `branch` are those of a skip.
    """

    bulk_id: str
    action: BulkAction
    status: Literal["RUNNING", "DONE", "CANCELLED"]
    filter: FilterRecord
    executions: int | None
    reason: str
    rate_per_second: int
    workflow_version: int | None
    mapping: dict[str, str]
    state: str | None
    branch: str | None
    expected: int
    done: int
    refused: int
    created_by: str | None
    created_by_name: str | UnsetType = UNSET
    created_on: int
    modified_on: int
    ended_on: int | None


class BulkSample(msgspec.Struct, frozen=True, kw_only=True):
    """One of the executions that a bulk would process."""

    workflow_execution_id: str
    workflow_id: str
    workflow_version: int
    process_id: str
    status: Status
    workflow_current_state: str
    created_on: int


class BulkEffect(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of one step, in all examined executions together.

    `repeated` of them were made before; `same_key` of those would be sent again with the same idempotency key.
    """

    workflow_id: str
    state: str
    operation: str
    count: int
    repeated: int
    same_key: int


class BulkRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """Executions that would not continue for the same reason: how many, and the newest of them."""

    code: str
    message: str
    count: int
    workflow_execution_id: str


class BulkVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an execution can continue with the other version: `SAFE`, or `why` not.

    `NEEDS_MAPPING`: it could with a `mapping`. `REFUSED`: with none.
    """

    workflow_execution_id: str
    process_id: str
    verdict: MigrationForecast
    why: str


class BulkMapping(msgspec.Struct, frozen=True, kw_only=True):
    """A current step of `count` executions that needs another name, and the steps of the version that it may become."""

    state: str
    count: int
    choices: list[str]


class BulkForecast(msgspec.Struct, frozen=True, kw_only=True):
    """The immediate effects on the newest `examined` executions; `refused` of them would not change.

    Only with another version there are `verdicts`, one for each, and `mappings` that would make more of them safe.
    """

    examined: int
    refused: int
    refusals: list[BulkRefusal]
    effects: list[BulkEffect]
    verdicts: list[BulkVerdict] | UnsetType = UNSET
    mappings: list[BulkMapping] | UnsetType = UNSET


class BulkAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The bulk; or, for a dry run, the number of matching executions (`truncated`: or more) and the newest of them."""

    message: Literal["success", "forecast"]
    item: BulkItem | UnsetType = UNSET
    count: int | UnsetType = UNSET
    truncated: bool | UnsetType = UNSET
    items: list[BulkSample] | UnsetType = UNSET
    forecast: BulkForecast | UnsetType = UNSET


class BulkItemRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that a bulk did not change, and why."""

    workflow_execution_id: str
    process_id: str
    result: Literal["REFUSED"]
    code: str
    message: str


class BulkItems(msgspec.Struct, frozen=True, kw_only=True):
    """The first 1,000 executions that a bulk did not change; `truncated`: there are more."""

    message: str
    count: int
    items: list[BulkItemRecord]
    truncated: bool | UnsetType = UNSET


class BulkCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    bulk_id: str


class BulkPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, newest first. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[BulkItem]
    last_key: BulkCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


def preview_answer(preview: BulkPreview) -> BulkAnswer:
    """Returns the answer of a dry run."""
    return BulkAnswer(
        message="forecast",
        count=preview.count,
        truncated=not preview.is_complete,
        items=[_sample(head) for head in preview.sample],
        forecast=UNSET if preview.examined is None else _forecast(preview, preview.examined),
    )


def _sample(head: Head) -> BulkSample:
    return BulkSample(
        workflow_execution_id=head.execution_id,
        workflow_id=head.workflow_id,
        workflow_version=head.workflow_version,
        process_id=head.process_id,
        status=head.status,
        workflow_current_state=head.current_state,
        created_on=to_ms(head.created_on),
    )


def _forecast(preview: BulkPreview, examined: int) -> BulkForecast:
    effects = [
        BulkEffect(
            workflow_id=calls.workflow_id,
            state=calls.step,
            operation=calls.operation,
            count=calls.count,
            repeated=calls.repeated,
            same_key=calls.same_key,
        )
        for calls in preview.calls
    ]
    refusals = [
        BulkRefusal(code=each.code, message=each.message, count=each.count, workflow_execution_id=each.execution_id)
        for each in preview.refusals
    ]
    verdicts = [
        BulkVerdict(
            workflow_execution_id=each.execution_id, process_id=each.process_id, verdict=each.verdict, why=each.why
        )
        for each in preview.judgements or ()
    ]
    mappings = [BulkMapping(state=each.step, count=each.count, choices=list(each.choices)) for each in preview.mappings]
    has_version = preview.judgements is not None
    return BulkForecast(
        examined=examined,
        refused=preview.refused,
        refusals=refusals,
        effects=effects,
        verdicts=verdicts if has_version else UNSET,
        mappings=mappings if has_version else UNSET,
    )


def refusal_record(refusal: Refusal) -> BulkItemRecord:
    """Returns an execution that a bulk did not change."""
    return BulkItemRecord(
        workflow_execution_id=refusal.execution_id,
        process_id=refusal.process_id,
        result="REFUSED",
        code=refusal.code,
        message=refusal.message,
    )


def bulk_item(bulk: Bulk) -> BulkItem:
    """Returns a bulk on executions."""
    assert bulk.action != "install", "the catalog has bulks on people apart from these"
    options = bulk.options
    return BulkItem(
        bulk_id=bulk.bulk_id,
        action=bulk.action,
        status=bulk.status,
        filter=msgspec.convert(bulk.criteria, FilterRecord),
        executions=len(bulk.criteria[IDS]) if IDS in bulk.criteria else None,
        reason=options["reason"],
        rate_per_second=options["rate"],
        workflow_version=options["version"] or None,
        mapping=options["steps"],
        state=options.get("state") or None,
        branch=options.get("branch") or None,
        expected=options.get("expected", 0),
        done=bulk.done,
        refused=bulk.refused,
        created_by=bulk.created_by,
        created_on=to_ms(bulk.created_on),
        modified_on=to_ms(bulk.modified_on),
        ended_on=ms_or_none(bulk.ended_on),
    )
