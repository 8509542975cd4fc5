"""The canvas of a workflow: what authors keep beside it, which are notes, folds and warnings that are known."""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import msgspec

from looply.app.context.authors import name_author
from looply.app.context.services import Services
from looply.catalog.authored.companions import Companion, CompanionChanged
from looply.catalog.tenants.principal import Principal
from looply.errors import Problem, Refused

MAX_NOTES: Final = 500
MAX_FOLDS: Final = 2000
MAX_KNOWN: Final = 500
_NOTE_CHARACTERS: Final = 4000
_ID_CHARACTERS: Final = 64

Color: TypeAlias = Literal["yellow", "blue", "green", "red", "grey"]
"""The colors of notes."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note beside the step `near`."""

    id: str
    near: str
    text: str
    color: Color = "yellow"


class KnownWarning(msgspec.Struct, frozen=True, kw_only=True):
    """A warning that an author accepts: its step (empty: the workflow), its message, and why."""

    step: str
    message: str
    note: str = ""


class Canvas(msgspec.Struct, frozen=True, kw_only=True):
    """The notes of a workflow, the steps whose block is folded, and the warnings that are known."""

    notes: tuple[Note, ...] = ()
    collapsed: tuple[str, ...] = ()
    known: tuple[KnownWarning, ...] = ()


async def find_canvas(services: Services, principal: Principal, workflow_id: str) -> Companion | None:
    """Returns the canvas of a workflow as stored, None when it has none. Raises: BadRequest, NotFound."""
    return await services.catalog.companions.find(principal.organization_id, workflow_id, "canvas")


def canvas_of(companion: Companion | None) -> Canvas:
    """Returns the canvas that is stored."""
    return msgspec.convert(companion.content, Canvas) if companion is not None else Canvas()


async def put_canvas(
    services: Services, principal: Principal, workflow_id: str, canvas: Canvas, *, revision: int | None
) -> Companion:
    """Replaces the canvas of a workflow; None as `revision` overwrites what is stored.

    Raises: BadRequest, NotFound, CompanionChanged; Refused (code `BAD_CANVAS`) with all findings.
    """
    refuse_canvas(canvas)
    content = msgspec.to_builtins(canvas)
    try:
        return await services.catalog.companions.put(
            principal.organization_id, workflow_id, "canvas", content, revision=revision, actor=principal.actor
        )
    except CompanionChanged as error:
        await name_author(services, principal.organization_id, error)
        raise


def refuse_canvas(canvas: Canvas) -> None:
    """Raises: Refused (code `BAD_CANVAS`) with all findings of a canvas, if it has any."""
    if problems := tuple(_problems(canvas)):
        raise Refused(f"{problems[0].path}: {problems[0].message}", code="BAD_CANVAS", problems=problems)


def _problems(canvas: Canvas) -> Iterable[Problem]:
    for name, found, most in (
        ("notes", canvas.notes, MAX_NOTES),
        ("collapsed", canvas.collapsed, MAX_FOLDS),
        ("known", canvas.known, MAX_KNOWN),
    ):
        if len(found) > most:
            yield Problem(path=f"/{name}", message=f"has {len(found)} items; the most is {most}")
    ids: set[str] = set()
    for index, note in enumerate(canvas.notes):
        if not note.id or len(note.id) > _ID_CHARACTERS or note.id in ids:
            message = f"must have 1 to {_ID_CHARACTERS} characters, and differ from those of the other notes"
            yield Problem(path=f"/notes/{index}/id", message=message)
        ids.add(note.id)
        if len(note.text) > _NOTE_CHARACTERS:
            message = f"has {len(note.text)} characters; the most is {_NOTE_CHARACTERS}"
            yield Problem(path=f"/notes/{index}/text", message=message)
        if len(note.near) > _ID_CHARACTERS:
            yield Problem(path=f"/notes/{index}/near", message="is no id of a step")
    for index, step in enumerate(canvas.collapsed):
        if len(step) > _ID_CHARACTERS:
            yield Problem(path=f"/collapsed/{index}", message="is no id of a step")
    for index, warning in enumerate(canvas.known):
        if max(len(warning.message), len(warning.note)) > _NOTE_CHARACTERS or len(warning.step) > _ID_CHARACTERS:
            yield Problem(path=f"/known/{index}", message=f"has a text of more than {_NOTE_CHARACTERS} characters")
