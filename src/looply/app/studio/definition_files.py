"""Definitions as files: with the canvas of their workflow, which is no part of the definition itself."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Any

import msgspec

from looply.app.authoring import workflows
from looply.app.authoring.definitions import CANVAS
from looply.app.authoring.workflows import SaveResult
from looply.app.context.services import Services
from looply.app.studio.canvases import Canvas, canvas_of, find_canvas, put_canvas, refuse_canvas
from looply.catalog.tenants.principal import Principal
from looply.errors import Problem, Refused
from looply.jsontext import Json


async def export_definition(
    services: Services, principal: Principal, workflow_id: str, version: int | None
) -> dict[str, Any]:
    """Returns a definition with the ids by which an import finds its workflow, and with the canvas if there is one."""
    definition = await workflows.export_definition(services, principal, workflow_id, version)
    canvas = canvas_of(await find_canvas(services, principal, workflow_id))
    return definition if canvas == Canvas() else {**definition, CANVAS: msgspec.to_builtins(canvas)}


async def create(services: Services, principal: Principal, definition: Json, *, incomplete: bool) -> SaveResult:
    """Creates a workflow, with the canvas of the definition. Raises: as `workflows.create`; Refused for its canvas."""
    canvas = _read_canvas(definition)
    return await _save(
        services, principal, canvas, workflows.create(services, principal, definition, incomplete=incomplete)
    )


async def import_definition(
    services: Services,
    principal: Principal,
    definition: Json,
    *,
    workflow_id: str = "",
    modified_on: datetime | None = None,
    incomplete: bool = False,
) -> SaveResult:
    """Stores an imported definition, and replaces the canvas by that of the file if it has one.

    Raises: as `workflows.import_definition`; Refused (code `BAD_CANVAS`), and then nothing was stored.
    """
    canvas = _read_canvas(definition)
    saving = workflows.import_definition(
        services,
        principal,
        definition,
        workflow_id=workflow_id,
        modified_on=modified_on,
        incomplete=incomplete,
    )
    return await _save(services, principal, canvas, saving)


async def _save(
    services: Services, principal: Principal, canvas: Canvas | None, saving: Awaitable[SaveResult]
) -> SaveResult:
    saved = await saving
    workflow_id = saved.version.workflow_id
    if canvas is not None and canvas != canvas_of(await find_canvas(services, principal, workflow_id)):
        await put_canvas(services, principal, workflow_id, canvas, revision=None)
    return saved


def _read_canvas(definition: Json) -> Canvas | None:
    """Returns the canvas of a file, None when it has none. Raises: Refused (code `BAD_CANVAS`)."""
    given = definition.get(CANVAS) if isinstance(definition, dict) else None
    if given is None:
        return None
    try:
        canvas = msgspec.convert(given, Canvas)
    except msgspec.ValidationError as error:
        message = f"is no canvas: {error}"
        problem = Problem(path=f"/definition/{CANVAS}", message=message)
        raise Refused(f"{problem.path} {message}", code="BAD_CANVAS", problems=(problem,)) from error
    refuse_canvas(canvas)
    return canvas
