"""Calls on the samples of a workflow: named payloads, and outputs of steps that are pinned."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.jsontext import Json
from looply.server.http.call import Call, Response, manage_route, read_route
from looply.server.http.wire import WORKFLOW_ID


class SamplePayload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named payload. `from_execution` is the execution that it was taken from, empty for none."""

    name: str
    body: Json
    from_execution: str = ""


class PinnedOutput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The output of a step that trials use in place of its call. `pinned_on` is when, in epoch milliseconds."""

    output: Json
    exit: str = "next"
    from_execution: str = ""
    pinned_on: int = 0


class SamplesBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All samples of a workflow: those that are left out are deleted.

    `revision` is the one that the caller has read, 0 when there were none. A `pinned_on` of 0 is now.
    """

    workflow_id: str
    revision: int
    payloads: list[SamplePayload] = []
    outputs: dict[str, PinnedOutput] = {}


class SamplesRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The samples of a workflow. `revision` is 0, and there is no time, while there are none."""

    workflow_id: str
    revision: int
    payloads: list[SamplePayload]
    outputs: dict[str, PinnedOutput]
    modified_by: str | None
    modified_by_name: str | UnsetType = UNSET
    modified_on: int | None


class SamplesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The samples."""

    message: str
    item: SamplesRecord


async def get_samples(call: Call) -> Response:
    """Reads the samples of a workflow."""
    raise NotImplementedError


async def put_samples(call: Call) -> Response:
    """Replaces the samples of a workflow."""
    raise NotImplementedError


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getSamples",
        access="edit.drafts",
        handle=get_samples,
        summary="Read the samples of a workflow: named payloads and pinned outputs",
        parameters=(WORKFLOW_ID,),
        answer=SamplesAnswer,
        refusals=(404,),
    ),
    manage_route(
        path="/v2/workflows/putSamples",
        access="edit.drafts",
        handle=put_samples,
        summary="Replace the samples of a workflow",
        description="A sample that names an execution needs the permission `read.payloads`. Samples that changed since "
        "they were read are not overwritten: 409 `STALE`.",
        body=SamplesBody,
        answer=SamplesAnswer,
        refusals=(404, 409, 422),
    ),
)
