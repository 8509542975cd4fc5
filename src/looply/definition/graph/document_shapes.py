"""The shape of the data document that is visible to the expressions of a step."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from looply.definition.graph.document_fields import DocumentFields, StepEntries
from looply.definition.graph.model import START
from looply.definition.graph.outline import Outline, StepOutline, read_outline
from looply.definition.graph.regions import find_regions, has_type
from looply.definition.graph.run_order import Order, RunOrder
from looply.definition.graph.trigger import trigger_schema
from looply.definition.schemas.output_schema import OUTPUTS
from looply.definition.settings.endings import METADATA
from looply.errors import FAILURE_KINDS
from looply.expressions import ExpressionSyntaxError, parse_template
from looply.expressions.inference.expressions import infer
from looply.expressions.inference.visible import visible_in_step
from looply.expressions.shapes.schemas import meet, shape_of_schema
from looply.expressions.shapes.shape import (
    ANY,
    LIST,
    NOTHING,
    OBJECT,
    TEXT,
    TEXTUAL,
    TRUTH,
    WHOLE,
    Field,
    Presence,
    Shape,
    list_of,
    object_of,
    shape_of_value,
)
from looply.expressions.shapes.steps import items
from looply.jsontext import Json

_METADATA: Final[Mapping[str, Field]] = {
    **{name: Field(TEXTUAL) for name in METADATA},
    "looply_sap_profile_settings": Field(object_of({"requires_sap_profile": Field(TRUTH)}), Presence.UNSTATED),
    "workflow_trigger_type": Field(Shape(TEXT, frozenset({"REQUEST", "SCHEDULED"}))),
}
_SAID: Final = {name: Field(TEXTUAL, Presence.UNSTATED) for name in ("code", "message", "target")}
_FAR: Final = object_of(
    {
        "kind": Field(Shape(TEXT, frozenset(FAILURE_KINDS))),
        **_SAID,
        "details": Field(list_of(object_of(_SAID)), Presence.UNSTATED),
        "locked_by": Field(TEXTUAL, Presence.UNSTATED),
    }
)
"""What the other system said, where a call failed."""
_ERROR: Final = object_of(
    {
        **{name: Field(TEXTUAL) for name in ("state", "code", "message", "on")},
        "status": Field(TEXTUAL.or_null()),
        "attempts": Field(WHOLE),
        "far": Field(_FAR, Presence.UNSTATED),
    }
)
_OUTPUTS: Final[Mapping[str, Shape]] = {name: shape_of_schema(schema) for name, schema in OUTPUTS.items()}
_OBJECT: Final = Shape(OBJECT)
"""An object of which no member is known or expected, such as the values of a profile."""
_ANY_OBJECT: Final = object_of({}, ANY, is_listed=False)
"""An object that may have any member: a body without a schema is read without a warning."""
_V2: Final = replace(ANY, text_numbers="OData V2 writes decimals as texts")
_SAP_DATA: Final = replace(ANY, fields={"d": Field(_V2, Presence.UNSTATED)}, others=ANY)
"""The body of a response; OData V2 wraps all of it in `d` (JSON Format 4.1), V4 does not."""
_LINK: Final = object_of({name: Field(TEXTUAL) for name in ("recipient", "path", "token")})
_LINKS: Final = Field(list_of(_LINK), Presence.UNSTATED)
"""The links of the cards that wait for answers; there are none when the wait is over."""
_NONE: Final[frozenset[str]] = frozenset()
"""The overrides that have surely run before a step whose place is not known."""
_LEVELS: Final = 20
"""How deep the inputs of a card are looked for; the fields of deeper ones are not known."""


def document_shape(document: dict[str, Json], step_id: str, payload_schema: Json = None) -> Shape:
    """Returns the shape of the data document that is visible to the expressions in the settings of one step.

    `document` is a definition, also one with errors: unreadable parts are skipped. When neither its trigger has a
    schema nor the document a `workflow_schema`, `payload_schema` is that of the caller's body, such as one inferred
    from a mock payload.
    A step that does not exist or is not reachable, as while it is being inserted, may see every step.
    """
    schema = trigger_schema(document) or document.get("workflow_schema") or payload_schema
    return DocumentShapes(read_outline(document), schema if isinstance(schema, dict) else None).of(step_id)


class DocumentShapes:
    """The shapes of the data document at the steps of one definition.

    `payload_schema` describes the expected body; other bodies are not refused. With None the body is unknown.
    """

    def __init__(self, outline: Outline, payload_schema: Json = None) -> None:
        self._outline = outline
        self._regions = find_regions(outline).regions
        self._order = RunOrder(outline)
        self._body = _body_of(payload_schema)
        self._entries = StepEntries({step.id: _entry(step) for step in outline.by_id.values()})
        self._overrides = tuple(id_ for id_, step in outline.by_id.items() if has_type(step, "overridePayload"))
        self._waiting = waiting_steps(outline)
        self._items: dict[str, Field] = {}
        self._payloads: dict[tuple[frozenset[str], frozenset[str]], Field] = {}

    def of(self, step_id: str) -> Shape:
        """Returns the shape of the document at a step."""
        order = self._order.order(step_id)
        own = {
            "payload": self._payload(order),
            START: Field(NOTHING),
            "environment": Field(_OBJECT),
            "waits": Field(object_of({id_: Field(TEXTUAL) for id_ in self.visible_waits(step_id)})),
            "error": Field(_ERROR, Presence.UNSTATED),
            **self._iteration(step_id),
        }
        return object_of(DocumentFields(own, self._entries, order))

    def visible_waits(self, step_id: str) -> list[str]:
        """Returns the steps whose wait tokens a step can read: those of its own and of the enclosing regions."""
        region = self._regions.get(step_id)
        if region is None:
            return list(self._waiting)
        return [id_ for id_ in self._waiting if (own := self._regions.get(id_, ())) == region[: len(own)]]

    def _iteration(self, step_id: str) -> dict[str, Field]:
        """Returns `item` and `index` for a step in a body, and for a step whose region is not known."""
        if step_id not in self._regions:
            return {"item": Field(ANY, Presence.UNSTATED), "index": Field(ANY, Presence.UNSTATED)}
        bodies = [step for step, _ in self._regions[step_id] if has_type(self._outline.by_id[step], "forEach")]
        if not bodies:
            return {}
        if bodies[-1] not in self._items:
            self._items[bodies[-1]] = Field(self._item(bodies[-1]))
        return {"item": self._items[bodies[-1]], "index": Field(WHOLE)}

    def _item(self, step_id: str) -> Shape:
        """Returns the shape of the items of a `forEach`, as far as it can be inferred from its expression."""
        stated = self._outline.by_id[step_id].settings.get("items")
        try:
            template = parse_template(stated)
        except ExpressionSyntaxError:
            return ANY
        if template.is_constant:
            found = shape_of_value(stated)
        elif isinstance(stated, str) and len(template.expressions) == 1:
            expression = template.expressions[0][1]
            found = infer(expression.tree, visible_in_step(self.of(step_id)), expression.source).shape
        else:
            return ANY
        return items(found) if found.kinds & LIST else ANY

    def _payload(self, order: Order | None) -> Field:
        if order is None:
            key = frozenset(self._overrides), _NONE
        else:
            key = (
                frozenset(id_ for id_ in self._overrides if order.may_have_run(id_)),
                frozenset(id_ for id_ in self._overrides if order.has_surely_run(id_)),
            )
        if key not in self._payloads:
            steps = [step for id_, step in self._outline.by_id.items() if id_ in key[0]]
            body = _apply_overrides(self._body, steps, key[1])
            output = object_of({**(body.fields or {}), **_METADATA}, body.others, is_listed=body.is_listed)
            self._payloads[key] = Field(object_of({"description": Field(TEXTUAL), "output": Field(output)}))
        return self._payloads[key]


def waiting_steps(outline: Outline) -> tuple[str, ...]:
    """Returns the ids of the steps that wait for a resume or for answers."""
    return tuple(
        step.id
        for step in outline.steps
        if has_type(step, "wait", "approval") or (has_type(step, "adaptiveCard") and "wait" in step.settings)
    )


def _body_of(schema: Json) -> Shape:
    """Returns the expected shape of the caller's part of the payload; a body that is no object is under `body`."""
    if schema is None:
        return _ANY_OBJECT
    shape = shape_of_schema(schema)
    if not shape.kinds & OBJECT:
        return object_of({"body": Field(shape, Presence.UNSTATED)}, ANY)
    return _ANY_OBJECT if shape.fields is None else object_of(shape.fields, shape.others, is_listed=shape.is_listed)


def _apply_overrides(body: Shape, steps: Iterable[StepOutline], sure: frozenset[str]) -> Shape:
    """Returns the caller's part of the payload after overrides; the steps in `sure` have certainly run."""
    fields = dict(body.fields or {})
    for step in steps:
        if "payload" in step.settings:
            return _ANY_OBJECT
        for name in _set_names(step):
            first = name.partition(".")[0]
            unsure = fields[first].presence if first in fields else Presence.UNSTATED
            fields[first] = Field(ANY, Presence.ALWAYS if step.id in sure else unsure)
    return object_of(fields, body.others, is_listed=body.is_listed)


def _set_names(step: StepOutline) -> Iterator[str]:
    parameters = step.settings.get("parameters")
    for parameter in parameters if isinstance(parameters, list) else []:
        if isinstance(parameter, dict) and isinstance(parameter.get("name"), str):
            yield parameter["name"]


def _entry(step: StepOutline) -> Mapping[Presence, Field]:
    """Returns the entry of a step in the document, by whether it has run."""
    fields = {"description": Field(TEXTUAL), "output": Field(_output(step))}
    if has_type(step, "adaptiveCard", "approval"):
        fields["links"] = _LINKS
    made = object_of(fields)
    return {presence: Field(made, presence) for presence in Presence}


def _output(step: StepOutline) -> Shape:
    if step.type is None or step.type.name not in _OUTPUTS:
        return ANY
    declared = _OUTPUTS[step.type.name]
    if has_type(step, "wait") and isinstance(step.settings.get("schema"), dict):
        return meet(declared, shape_of_schema(step.settings["schema"]))
    if has_type(step, "overridePayload") and "payload" not in step.settings:
        return object_of({name: Field(ANY) for name in _set_names(step)})
    if has_type(step, "sapRequest") and step.settings.get("output") == "raw":
        return object_of({**(declared.fields or {}), "data": Field(_SAP_DATA)})
    return _card_output(step, declared) if has_type(step, "adaptiveCard") else declared


def _card_output(step: StepOutline, declared: Shape) -> Shape:
    """Returns the output of a card step: answers to this card, or no answers when it does not wait."""
    fields = dict(declared.fields or {})
    if "wait" not in step.settings:
        return object_of({**fields, "response": Field(NOTHING)})
    data = object_of(
        {name: Field(ANY, Presence.UNSTATED) for name in _answer_fields(step.settings.get("card"), _LEVELS)},
        ANY,
        is_listed=False,
    )
    answer = {"user": Field(TEXTUAL), "data": Field(data)}
    one = {**answer, "answered_on": Field(TEXTUAL)}
    return object_of({**fields, "response": Field(object_of(answer)), "responses": Field(list_of(object_of(one)))})


def _answer_fields(card: Json, levels: int) -> Iterator[str]:
    """Yields the field names in an answer to the card: those of its inputs, and of the data of its actions."""
    if isinstance(card, list) and levels:
        for part in card:
            yield from _answer_fields(part, levels - 1)
    if not isinstance(card, dict) or not levels:
        return
    kind, name, data = card.get("type"), card.get("id"), card.get("data")
    if isinstance(kind, str) and isinstance(name, str) and kind.startswith("Input.") and "${" not in name:
        yield name
    if isinstance(kind, str) and isinstance(data, dict) and kind in ("Action.Submit", "Action.Execute"):
        yield from data
    for part in card.values():
        yield from _answer_fields(part, levels - 1)
