"""The call that shows what the activation of a version would change."""

from collections import Counter
from typing import Final, Literal

import msgspec

from looply.app.studio import activation
from looply.instants import to_ms
from looply.server.browsing.comparing import ChangeItem, change_item
from looply.server.executions.bulk_records import BulkMapping
from looply.server.http.call import Call, Response, Route
from looply.server.http.rows import PreviewRecord, preview_answer
from looply.server.http.wire import SUCCESS, Finding, finding_of, number_of


class PreviewActivationBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The version that would be activated."""

    workflow_id: str
    workflow_version: int | str


class ScheduleSide(msgspec.Struct, frozen=True, kw_only=True):
    """The next five fires of a version's schedule."""

    workflow_version: int
    timezone: str
    items: list[PreviewRecord]


class ScheduleChange(msgspec.Struct, frozen=True, kw_only=True):
    """The schedule before and after; null where a version has none. `is_paused`: no fire starts before a `PLAY`."""

    before: ScheduleSide | None
    after: ScheduleSide | None
    is_paused: bool


class OpenVersion(msgspec.Struct, frozen=True, kw_only=True):
    """Open executions of one version, which stay on it."""

    workflow_version: int
    count: int


class CallerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A version that starts this workflow: by its steps, or (`on_failure`) when it fails.

    `is_latest_called`: it calls the newest ACTIVE version, so that the activation changes what it starts.
    """

    workflow_id: str
    workflow_name: str
    workflow_version: int
    status: Literal["DRAFT", "ACTIVE"]
    steps: list[str]
    on_failure: bool
    is_latest_called: bool


class MigrationVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an open execution could be moved to the version, and `why` not; `why` is empty for `SAFE`.

    `workflow_version` is the one that it runs on, `created_on` when it started.
    """

    workflow_execution_id: str
    process_id: str
    workflow_version: int
    created_on: int
    verdict: Literal["SAFE", "NEEDS_MAPPING", "REFUSED"]
    why: str


class MigrationPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of open executions that are moved to the version, judged one by one, newest first.

    At most 200 are judged; `is_complete`: there are no more. `mappings` would make more of them safe.
    """

    examined: int
    is_complete: bool
    safe: int
    needs_mapping: int
    refused: int
    items: list[MigrationVerdict]
    mappings: list[BulkMapping]


class ActivationPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What the activation would change.

    `active_version` is the version that it replaces as the newest ACTIVE one, null when there is none. With `errors` it
    would be refused. At most 500 `changes` are listed of `change_count`.
    """

    workflow_id: str
    workflow_version: int
    status: Literal["DRAFT", "ACTIVE"]
    active_version: int | None
    errors: list[Finding]
    warnings: list[Finding]
    change_count: int
    changes: list[ChangeItem]
    schedule: ScheduleChange
    open_by_version: list[OpenVersion]
    is_open_complete: bool
    callers: list[CallerRecord]
    migration: MigrationPreview


class ActivationPreviewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The preview."""

    message: str
    item: ActivationPreview


async def preview_activation(call: Call) -> Response:
    """Shows what an activation would change."""
    body: PreviewActivationBody = call.body
    version = number_of(body.workflow_version, "workflow_version")
    seen = await activation.preview_activation(call.services, call.principal, body.workflow_id, version)
    item = ActivationPreview(
        workflow_id=seen.row.workflow_id,
        workflow_version=seen.row.workflow_version,
        status=seen.row.status,
        active_version=seen.active.workflow_version if seen.active is not None else None,
        errors=[finding_of(problem) for problem in seen.errors],
        warnings=[finding_of(problem) for problem in seen.warnings],
        change_count=seen.change_count,
        changes=[change_item(change) for change in seen.changes],
        schedule=ScheduleChange(
            before=_schedule_side(seen.before), after=_schedule_side(seen.after), is_paused=seen.is_paused
        ),
        open_by_version=[
            OpenVersion(workflow_version=number, count=count)
            for number, count in sorted(seen.open_by_version.items(), reverse=True)
        ],
        is_open_complete=seen.is_open_complete,
        callers=[_caller(each) for each in seen.callers],
        migration=_migration(seen.migration),
    )
    return Response(ActivationPreviewAnswer(message=SUCCESS, item=item))


def _schedule_side(side: activation.ScheduleSide | None) -> ScheduleSide | None:
    if side is None:
        return None
    shown = preview_answer(side.fires)
    return ScheduleSide(workflow_version=side.version, timezone=shown.timezone, items=shown.items)


def _caller(caller: activation.Caller) -> CallerRecord:
    version = caller.version
    return CallerRecord(
        workflow_id=version.workflow_id,
        workflow_name=version.workflow_name,
        workflow_version=version.workflow_version,
        status=version.status,
        steps=list(caller.steps),
        on_failure=caller.on_failure,
        is_latest_called=caller.is_latest_called,
    )


def _migration(migration: activation.Migration) -> MigrationPreview:
    items = [
        MigrationVerdict(
            workflow_execution_id=judgement.execution_id,
            process_id=judgement.process_id,
            workflow_version=head.workflow_version,
            created_on=to_ms(head.created_on),
            verdict=judgement.verdict,
            why=judgement.why,
        )
        for judgement, head in migration.judgements
    ]
    counts = Counter(item.verdict for item in items)
    return MigrationPreview(
        examined=len(items),
        is_complete=migration.is_complete,
        safe=counts["SAFE"],
        needs_mapping=counts["NEEDS_MAPPING"],
        refused=counts["REFUSED"],
        items=items,
        mappings=[
            BulkMapping(state=each.step, count=each.count, choices=list(each.choices)) for each in migration.mappings
        ],
    )


ROUTES: Final = (
    Route(
        method="POST",
        path="/v2/workflows/previewActivation",
        access="edit.drafts",
        handle=preview_activation,
        summary="Preview the activation of a version: findings, changes, fires, open executions and callers",
        description="Nothing is stored. Open executions stay on their version; `migration` says which of them could be "
        "moved to the new one, by `bulkRedrive` with `workflow_version`.",
        body=PreviewActivationBody,
        answer=ActivationPreviewAnswer,
        refusals=(404, 409, 422, 429),
    ),
)
