"""The data that a step can read, as a tree to pick from: what inference knows of it, with values of a sample."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from looply.app.authoring import workflows
from looply.app.authoring.expression_editing import StepOfDefinition, StepOfWorkflow
from looply.app.context.embedding import embed_cards
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.definition import document_shape
from looply.definition.graph.model import START
from looply.expressions.editing.paths import member_path, root_path
from looply.expressions.shapes.shape import (
    ANY,
    EVERY,
    KINDS,
    LIST,
    OBJECT,
    Field,
    Presence,
    Shape,
    shape_of_scalar,
)
from looply.jsontext import Json

MAX_NODES: Final = 2000
_MAX_CHILDREN: Final = 200
_MAX_LEVELS: Final = 12
_SAMPLE_CHARACTERS: Final = 200

Origin: TypeAlias = Literal["payload", "environment", "step", "item", "waits", "error", "start"]
_ORIGINS: Final[Mapping[str, Origin]] = {
    "payload": "payload",
    "environment": "environment",
    "item": "item",
    "index": "item",
    "waits": "waits",
    "error": "error",
    START: "start",
}
Kind: TypeAlias = Literal["text", "number", "boolean", "list", "object", "null"]
_KINDS: Final[tuple[Kind, ...]] = ("text", "number", "boolean", "list", "object", "null")
_ABSENT: Final[Json] = object()


@dataclass(slots=True, kw_only=True)
class DataNode:
    """One value that expressions can read; `sample` is a short scalar, `size` counts what a sample holds."""

    name: str
    path: str
    shape: Shape
    is_certain: bool
    origin: Origin
    step: str
    level: int
    value: Json = _ABSENT
    is_cut: bool = False
    children: list["DataNode"] = field(default_factory=list)

    @property
    def seen(self) -> Shape:
        """The shape of the value; where nothing is known, that of the sample."""
        if self.shape.kinds != EVERY or self.value is _ABSENT:
            return self.shape
        return _shallow(self.value)

    @property
    def has_sample(self) -> bool:
        """Whether there is a sample that is no list or object."""
        return self.value is not _ABSENT and not isinstance(self.value, dict | list)

    @property
    def sample(self) -> Json:
        """The sample, cut where it is a long text."""
        value = self.value
        if isinstance(value, str) and len(value) > _SAMPLE_CHARACTERS:
            return f"{value[:_SAMPLE_CHARACTERS]}..."
        return value

    @property
    def size(self) -> int | None:
        """The number of items or members of the sample."""
        return len(self.value) if isinstance(self.value, dict | list) else None

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of value that it may have."""
        return tuple(name for name in _KINDS if self.seen.kinds & KINDS[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTree:
    """The members of the data document; `is_cut`: some values of the tree are left out."""

    nodes: tuple[DataNode, ...]
    count: int
    is_cut: bool


async def describe(
    services: Services,
    principal: Principal,
    context: StepOfDefinition | StepOfWorkflow,
    data: dict[str, Json] | None,
) -> DataTree:
    """Returns the tree of the data that a step can read, with samples from `data`.

    For a stored version whose `data` has no payload the sample is the mock payload.

    Raises: BadRequest, NotFound or Conflict for a version that cannot be found; Overloaded.
    """
    sample = dict(data or {})
    payload_schema: Json = None
    if isinstance(context, StepOfWorkflow):
        row = await workflows.get(services, principal, context.workflow_id, context.version)
        definition, payload_schema = row.definition, row.mock_schema
        if row.mock_schema is not None and "payload" not in sample:
            body = row.mock_payload
            sample["payload"] = {"output": body if isinstance(body, dict) else {"body": body}}
    else:
        definition = context.definition
    embedded, _ = await embed_cards(services.catalog.cards, principal.organization_id, definition)
    return await services.background.run(
        lambda: build_tree(document_shape(embedded, context.step_id, payload_schema), sample)
    )


def build_tree(document: Shape, sample: Mapping[str, Json]) -> DataTree:
    """Returns the tree of a document's shape. Guarantees: at most `MAX_NODES` nodes, those near the root first."""
    fields = document.fields or {}
    roots: list[DataNode] = []
    for name, found in fields.items():
        origin = _ORIGINS.get(name, "step")
        roots.append(
            DataNode(
                name=name,
                path=root_path(name),
                shape=found.shape,
                is_certain=found.presence is Presence.ALWAYS,
                origin=origin,
                step=name if origin == "step" else "",
                level=1,
                value=_member(sample, name),
            )
        )
    is_cut = len(roots) > MAX_NODES
    roots = roots[:MAX_NODES]
    count = len(roots)
    open_nodes = deque(roots)
    while open_nodes:
        node = open_nodes.popleft()
        for child in _children(node):
            if count >= MAX_NODES or len(node.children) >= _MAX_CHILDREN or node.level >= _MAX_LEVELS:
                node.is_cut = is_cut = True
                break
            node.children.append(child)
            open_nodes.append(child)
            count += 1
    return DataTree(nodes=tuple(roots), count=count, is_cut=is_cut)


def _children(node: DataNode) -> Iterator[DataNode]:
    shape, value = node.seen, node.value
    if shape.kinds & LIST and not shape.kinds & OBJECT:
        first = value[0] if isinstance(value, list) and value else _ABSENT
        item = shape.item
        if (item is not None and item.kinds) or first is not _ABSENT:
            yield _child(node, "[0]", f"{node.path}[0]", Field(item or ANY, Presence.SOMETIMES), first)
        return
    fields = shape.fields or {}
    for name, found in fields.items():
        yield _child(node, name, member_path(node.path, name), found, _member(value, name))
    if isinstance(value, dict) and (shape.fields is None or shape.others is not None):
        known = {name.lower() for name in fields}
        for name, inner in value.items():
            if name.lower() not in known:
                found = Field(shape.others or ANY, Presence.SOMETIMES)
                yield _child(node, name, member_path(node.path, name), found, inner)


def _child(node: DataNode, name: str, path: str, field: Field, value: Json) -> DataNode:
    return DataNode(
        name=name,
        path=path,
        shape=field.shape,
        is_certain=node.is_certain and field.presence is Presence.ALWAYS,
        origin=node.origin,
        step=node.step,
        level=node.level + 1,
        value=value,
    )


def _shallow(value: Json) -> Shape:
    """Returns the shape of a sample, without what its members or further items are: the tree asks for each of them."""
    if isinstance(value, list):
        return Shape(LIST, item=_shallow(value[0]) if value else None)
    return Shape(OBJECT) if isinstance(value, dict) else shape_of_scalar(value)


def _member(value: Json, name: str) -> Json:
    """Returns a member of a sample; expressions ignore the letter case of names."""
    if not isinstance(value, Mapping):
        return _ABSENT
    if name in value:
        return value[name]
    return next((inner for key, inner in value.items() if key.lower() == name.lower()), _ABSENT)
