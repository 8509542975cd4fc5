"""Calls on the samples of a workflow: named payloads, and outputs of steps that are pinned."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.studio import samples
from looply.catalog.authored.companions import Companion
from looply.instants import to_ms
from looply.jsontext import Json
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Response, manage_route, read_route
from looply.server.http.wire import SUCCESS, WORKFLOW_ID


class SamplePayloadBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named payload. Without a `body` it is taken from the execution `from_execution`: that with which it started."""

    name: str
    body: Json | UnsetType = UNSET
    from_execution: str = ""


class PinnedOutputBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pinned output of a step. Without an `output` it is taken from the execution `from_execution`.

    `pinned_on` is when it was pinned, in epoch milliseconds; 0 is now.
    """

    output: Json | UnsetType = UNSET
    exit: str = "next"
    from_execution: str = ""
    pinned_on: int = 0


class SamplePayload(msgspec.Struct, frozen=True, kw_only=True):
    """A named payload. `from_execution` is the execution that it was taken from, empty for none."""

    name: str
    body: Json
    from_execution: str


class PinnedOutput(msgspec.Struct, frozen=True, kw_only=True):
    """The output of a step that editors read where nothing has run. `pinned_on` is when, in epoch milliseconds."""

    output: Json
    exit: str
    from_execution: str
    pinned_on: int


class SamplesBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All samples of a workflow: those that are left out are deleted.

    `revision` is the one that the caller has read, 0 when there were none.
    """

    workflow_id: str
    revision: int
    payloads: list[SamplePayloadBody] = []
    outputs: dict[str, PinnedOutputBody] = {}


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
    workflow_id = call.query.get("workflow_id")
    return await _answer(call, workflow_id, await samples.find_samples(call.services, call.principal, workflow_id))


async def put_samples(call: Call) -> Response:
    """Replaces the samples of a workflow."""
    body: SamplesBody = call.body
    given = samples.Samples(
        payloads=tuple(samples.SamplePayload(**msgspec.structs.asdict(each)) for each in body.payloads),
        outputs={step: samples.PinnedOutput(**msgspec.structs.asdict(each)) for step, each in body.outputs.items()},
    )
    stored = await samples.put_samples(call.services, call.principal, body.workflow_id, given, revision=body.revision)
    return await _answer(call, body.workflow_id, stored)


async def _answer(call: Call, workflow_id: str, companion: Companion | None) -> Response:
    stored = samples.samples_of(companion)
    item = SamplesRecord(
        workflow_id=workflow_id.lower(),
        revision=companion.revision if companion is not None else 0,
        payloads=[
            SamplePayload(name=each.name, body=each.body, from_execution=each.from_execution)
            for each in stored.payloads
        ],
        outputs={
            step: PinnedOutput(
                output=each.output,
                exit=each.exit,
                from_execution=each.from_execution,
                pinned_on=each.pinned_on,
            )
            for step, each in stored.outputs.items()
        },
        modified_by=companion.modified_by if companion is not None else None,
        modified_on=to_ms(companion.modified_on) if companion is not None else None,
    )
    (named,) = await name_actors(call, [item])
    return Response(SamplesAnswer(message=SUCCESS, item=named))


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
