"""The shape of the value of a path, and findings about its steps."""

from looply.expressions.closures.scope import Path
from looply.expressions.inference.findings import quote
from looply.expressions.inference.guards import path_of
from looply.expressions.inference.visible import ShapeInference, Visible
from looply.expressions.parsing.syntax import Access, Name, Node
from looply.expressions.shapes.shape import LIST, NULL, NUMBER, OBJECT, TEXT, Shape, kinds_text
from looply.expressions.shapes.steps import compute_member, item, member

_FROM_DOCUMENT = ("$root", "$data")


def path_shape(walk: ShapeInference, node: Name | Access, visible: Visible, *, is_whole: bool = False) -> Shape:
    """Returns the shape of the value of a path.

    `is_whole`: the path is the whole expression, so that an index out of range gives null.
    """
    return _Steps(walk, node, visible).shape(must_be_there=not is_whole or path_of(node) is None)


class _Steps:
    """The walk along one path."""

    def __init__(self, walk: ShapeInference, node: Name | Access, visible: Visible) -> None:
        self._walk = walk
        self._node = node
        self._visible = visible
        self._target, self._steps = (node, ()) if isinstance(node, Name) else (node.target, node.steps)
        self._facts: Path | None = None
        """The path so far as guards name it; None after a step that is not constant."""
        self._path: Path | None = None
        """The path so far from the document; None when it starts elsewhere."""

    def shape(self, *, must_be_there: bool) -> Shape:
        """Returns the shape at the end of the path."""
        made = self._start()
        brackets = self._node.brackets if isinstance(self._node, Access) and must_be_there else 0
        strict_from = len(self._steps) - brackets
        for index, step in enumerate(self._steps):
            if made.kinds & ~NULL == 0:
                return made
            made = self._step(made, index, step, is_strict=index >= strict_from)
        return made

    def _start(self) -> Shape:
        target, visible = self._target, self._visible
        if not isinstance(target, Name):
            return self._walk.shape(target, visible)
        self._facts = (target.name,)
        # A card's `$data` may be a part of the document, in which bare names are then looked up.
        document = visible.variables.get("$root", visible.document)
        if target.name in visible.variables:
            found = visible.variables[target.name]
            self._path = () if target.name in _FROM_DOCUMENT and found is document else None
        else:
            found, is_known = member(visible.document, target.name)
            self._path = (target.name,) if visible.document is document else None
            if not is_known:
                self._walk.notes.add_unknown(self._node, 0, visible.document, target.name, self._path)
        return self._sure(found)

    def _sure(self, shape: Shape) -> Shape:
        """Returns the shape without null when an enclosing guard ensures that the path has a value."""
        return shape.without(NULL) if self._facts is not None and self._facts in self._visible.present else shape

    def _step(self, shape: Shape, index: int, step: str | int | Node, *, is_strict: bool) -> Shape:
        if not isinstance(step, str | int):
            self._facts = self._path = None
            return self._computed_step(shape, step, is_strict=is_strict)
        self._facts = (*self._facts, step) if self._facts is not None else None
        self._path = (*self._path, step) if self._path is not None else None
        made = (
            self._name_step(shape, index, step) if isinstance(step, str) else self._index_step(shape, index, is_strict)
        )
        return self._sure(made)

    def _name_step(self, shape: Shape, index: int, name: str) -> Shape:
        made, is_known = member(shape, name)
        if not is_known:
            self._walk.notes.add_unknown(self._node, index + 1, shape, name, self._path)
        elif not shape.kinds & OBJECT:
            message = f"{self._before(index)} is {kinds_text(shape.kinds & ~NULL)}, which has no names"
            self._walk.notes.add_dead_end(self._node, message)
        return made

    def _index_step(self, shape: Shape, index: int, is_strict: bool) -> Shape:
        made = item(shape, must_be_there=is_strict)
        found = kinds_text(shape.kinds & ~NULL)
        if not made.kinds:
            self._walk.notes.add_failing(self._node, _not_a_list(shape, found))
        elif not shape.kinds & LIST:
            self._walk.notes.add_dead_end(self._node, f"{self._before(index)} is {found}, which has no items")
        return made

    def _computed_step(self, shape: Shape, key: Node, *, is_strict: bool) -> Shape:
        walk = self._walk
        found = walk.shape_if_evaluated(key, self._visible) if shape.kinds & NULL else walk.shape(key, self._visible)
        fitting = found.without(~(TEXT | NUMBER))
        made = compute_member(shape, fitting, must_be_there=is_strict)
        if found.kinds and not fitting.kinds:
            message = f"expected a text or a whole number between the brackets, found {kinds_text(found.kinds)}"
            (walk.notes.add_wrong if shape.kinds & NULL else walk.notes.add_failing)(key, message)
        elif found.kinds and not made.kinds:
            walk.notes.add_failing(key, _not_a_list(shape, kinds_text(shape.kinds)))
        elif found.is_doubtful:
            walk.notes.add_missing(key, "the index")
        return made

    def _before(self, index: int) -> str:
        assert isinstance(self._node, Access)
        steps = self._node.steps[:index]
        return quote(Access(self._node.target, steps, self._node.position) if steps else self._node.target)


def _not_a_list(shape: Shape, kind: str) -> str:
    return "the list is always empty" if shape.kinds & LIST else f"expected a list before the index, found {kind}"
