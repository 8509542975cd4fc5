"""The call that shows what the activation of a version would change."""

from typing import Final, Literal

import msgspec

from looply.jsontext import Json
from looply.server.executions.bulk_records import BulkMapping
from looply.server.http.call import Call, Response, Route
from looply.server.http.rows import PreviewRecord
from looply.server.http.wire import Finding


class PreviewActivationBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The version that would be activated."""

    workflow_id: str
    workflow_version: int | str


class ChangeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One difference from the ACTIVE version.

    `name` is the step's id, the edge as `from/branch`, or the field of the definition; `path` is a JSON Pointer within
    it. `before` and `after` are null where the value is absent.
    """

    kind: Literal["added", "removed", "changed"]
    subject: Literal["step", "edge", "workflow"]
    name: str
    path: str
    before: Json
    after: Json


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
    """Whether an open execution could be moved to the version, and `why` not; `why` is empty for `SAFE`."""

    workflow_execution_id: str
    process_id: str
    workflow_version: int
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
    changes: list[ChangeRecord]
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
    raise NotImplementedError


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
