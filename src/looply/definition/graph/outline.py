"""The readable part of the graph of a definition, also of one with errors."""

import re
from collections.abc import Iterator
from typing import Final, TypeGuard

import msgspec

from looply.definition.graph.model import START
from looply.definition.schemas.schema import RESERVED_IDS
from looply.definition.schemas.settings_schema import IDENTIFIER
from looply.definition.schemas.step_types import STEP_TYPES, StepType, exits_of
from looply.definition.values.pointer import join_pointer
from looply.definition.values.report import Report
from looply.errors import Sentence, say
from looply.jsontext import Json
from looply.limits import Limits

_IDENTIFIER: Final = re.compile(IDENTIFIER)


class StepOutline(msgspec.Struct, frozen=True, kw_only=True):
    """A step with a readable id. `type` is None when the type is unknown; `settings` may have any shape."""

    index: int
    id: str
    type: StepType | None
    settings: dict[str, Json]
    raw: dict[str, Json]
    exits: dict[str, None]
    """The exits of the step in order, `error` last; none when its type is unknown."""

    @property
    def path(self) -> str:
        """The pointer of the step."""
        return f"/workflow_steps/{self.index}"


class EdgeOutline(msgspec.Struct, frozen=True, kw_only=True):
    """An edge with readable ends."""

    index: int
    source: str
    target: str
    branch: str
    has_branch: bool

    @property
    def path(self) -> str:
        """The pointer of the edge."""
        return f"/workflow_connections/{self.index}"


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """The steps and edges of a definition; of two steps with one id, `by_id` has the first."""

    steps: tuple[StepOutline, ...]
    edges: tuple[EdgeOutline, ...]
    by_id: dict[str, StepOutline]


def read_outline(document: dict[str, Json]) -> Outline:
    """Returns the readable part of the graph."""
    steps = tuple(_steps(document.get("workflow_steps")))
    by_id: dict[str, StepOutline] = {}
    for step in steps:
        by_id.setdefault(step.id, step)
    return Outline(steps=steps, edges=tuple(_edges(document.get("workflow_connections"))), by_id=by_id)


def check_steps(outline: Outline, report: Report, limits: Limits) -> None:
    """Checks the ids of steps, and that there is one start."""
    if len(outline.steps) > limits.definition_steps:
        wording = "has {count} steps; the limit definition_steps is {limit}"
        found = say("TOO_MANY_STEPS", wording, count=len(outline.steps), limit=limits.definition_steps)
        report.error("/workflow_steps", found)
    for step in outline.steps:
        _check_id(step, outline, report)
    start = outline.by_id.get(START)
    if start is None:
        trigger = f'{{"id": "{START}", "type": "trigger", "settings": {{"trigger_type": "REQUEST"}}}}'
        path = "/workflow_steps" if outline.steps else ""
        message = say("START_MISSING", "the start is missing: a step {start!r} of type trigger", start=START)
        report.error(path, message, say("ADD_THIS", "add {json}", json=trigger))
    elif start.type is not None and start.type.name != "trigger":
        message = say("START_NO_TRIGGER", "the step {start!r} must be of type trigger", start=START)
        report.error(join_pointer(start.path, "type"), message)


def no_step(id_: str) -> Sentence:
    """Returns the sentence that a definition has no step of an id."""
    return say("NO_STEP", "there is no step {step!r}", step=id_)


def _check_id(step: StepOutline, outline: Outline, report: Report) -> None:
    path = join_pointer(step.path, "id")
    first = outline.by_id[step.id]
    if first is not step:
        wording = "the id {id!r} is used twice; the first use is {first}"
        report.error(path, say("ID_TWICE", wording, id=step.id, first=first.path))
    if step.id in RESERVED_IDS:
        reserved = say("ID_RESERVED", "the id {id!r} is reserved for the data document", id=step.id)
        report.error(path, reserved, say("SUCH_AS", "such as {example}", example=f"{step.id}_1"))
    if step.type is not None and step.type.name == "trigger" and step.id != START:
        report.error(path, say("ONE_TRIGGER", "a definition has one trigger, and its id is {start!r}", start=START))


def _steps(value: Json) -> Iterator[StepOutline]:
    for index, raw in enumerate(value if isinstance(value, list) else []):
        if isinstance(raw, dict) and isinstance(raw.get("id"), str):
            name = raw.get("type")
            type_ = STEP_TYPES.get(name) if isinstance(name, str) else None
            settings = raw["settings"] if isinstance(raw.get("settings"), dict) else {}
            exits = exits_of(type_, settings) if type_ is not None else ()
            yield StepOutline(
                index=index, id=raw["id"], type=type_, settings=settings, raw=raw, exits=dict.fromkeys(exits)
            )


def _edges(value: Json) -> Iterator[EdgeOutline]:
    for index, raw in enumerate(value if isinstance(value, list) else []):
        if not isinstance(raw, dict):
            continue
        source, target, branch = raw.get("from"), raw.get("to"), raw.get("branch", "next")
        if _is_identifier(source) and _is_identifier(target) and isinstance(branch, str):
            yield EdgeOutline(index=index, source=source, target=target, branch=branch, has_branch="branch" in raw)


def _is_identifier(value: Json) -> TypeGuard[str]:
    return isinstance(value, str) and _IDENTIFIER.fullmatch(value) is not None
