"""Calls on what authors keep on the canvas of a workflow, beside its definition: notes, folds, known warnings."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.studio import canvases
from looply.catalog.authored.companions import Companion
from looply.instants import to_ms
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Response, manage_route, read_route
from looply.server.http.wire import SUCCESS, WORKFLOW_ID


class CanvasNote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note, which is shown beside the step `near`."""

    id: str
    near: str
    text: str
    color: canvases.Color = "yellow"


class KnownWarning(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A warning that an author has read and accepts: its step (empty: the workflow), its message, and why."""

    step: str
    message: str
    note: str = ""


class CanvasBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything on the canvas: what is left out is deleted.

    `revision` is the one that the caller has read, 0 when there was none. `collapsed` are the steps whose block is
    folded.
    """

    workflow_id: str
    revision: int
    notes: list[CanvasNote] = []
    collapsed: list[str] = []
    known: list[KnownWarning] = []


class CanvasRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The canvas of a workflow, for all of its versions. `revision` is 0, and there is no time, while it is empty."""

    workflow_id: str
    revision: int
    notes: list[CanvasNote]
    collapsed: list[str]
    known: list[KnownWarning]
    modified_by: str | None
    modified_by_name: str | UnsetType = UNSET
    modified_on: int | None


class CanvasAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The canvas."""

    message: str
    item: CanvasRecord


async def get_canvas(call: Call) -> Response:
    """Reads the canvas of a workflow."""
    workflow_id = call.query.get("workflow_id")
    return await _answer(call, workflow_id, await canvases.find_canvas(call.services, call.principal, workflow_id))


async def put_canvas(call: Call) -> Response:
    """Replaces the canvas of a workflow."""
    body: CanvasBody = call.body
    canvas = canvases.Canvas(
        notes=tuple(canvases.Note(**msgspec.structs.asdict(note)) for note in body.notes),
        collapsed=tuple(body.collapsed),
        known=tuple(canvases.KnownWarning(**msgspec.structs.asdict(each)) for each in body.known),
    )
    stored = await canvases.put_canvas(call.services, call.principal, body.workflow_id, canvas, revision=body.revision)
    return await _answer(call, body.workflow_id, stored)


async def _answer(call: Call, workflow_id: str, companion: Companion | None) -> Response:
    canvas = canvases.canvas_of(companion)
    item = CanvasRecord(
        workflow_id=workflow_id.lower(),
        revision=companion.revision if companion is not None else 0,
        notes=[CanvasNote(**msgspec.structs.asdict(note)) for note in canvas.notes],
        collapsed=list(canvas.collapsed),
        known=[KnownWarning(**msgspec.structs.asdict(each)) for each in canvas.known],
        modified_by=companion.modified_by if companion is not None else None,
        modified_on=to_ms(companion.modified_on) if companion is not None else None,
    )
    (named,) = await name_actors(call, [item])
    return Response(CanvasAnswer(message=SUCCESS, item=named))


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getCanvas",
        access="read.definitions",
        takes_bound_keys=True,
        handle=get_canvas,
        summary="Read the notes and folds of a workflow",
        parameters=(WORKFLOW_ID,),
        answer=CanvasAnswer,
        refusals=(404,),
    ),
    manage_route(
        path="/v2/workflows/putCanvas",
        access="edit.drafts",
        handle=put_canvas,
        summary="Replace the notes and folds of a workflow",
        description="They are not part of the definition: no version changes. `exportWorkflow` and `importWorkflow` "
        "carry them as `canvas`. What changed since it was read is not overwritten: 409 `STALE`.",
        body=CanvasBody,
        answer=CanvasAnswer,
        refusals=(404, 409, 422),
    ),
)
