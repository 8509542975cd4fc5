"""The names that are visible to an expression, with their shapes; and the interface between the inference's modules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from looply.expressions.inference.findings import FindingCollector
from looply.expressions.inference.guards import Paths
from looply.expressions.parsing.syntax import Node
from looply.expressions.shapes.shape import ANY, NOTHING, Shape

_NO_PATHS: Final[Paths] = frozenset()


@dataclass(frozen=True, slots=True)
class Visible:
    """The names that are visible to an expression: the document, variables, and the paths that are surely not null.

    `outcome` is the text, for an author, of the result of a path without a value.
    """

    document: Shape
    variables: Mapping[str, Shape] = field(default_factory=dict)
    present: Paths = _NO_PATHS
    outcome: str = "this is null"

    def with_variable(self, variable: str, shape: Shape) -> "Visible":
        """Returns the names visible to the body of a loop."""
        present = frozenset(path for path in self.present if path[0] != variable)
        return replace(self, variables={**self.variables, variable: shape}, present=present)

    def with_non_null(self, paths: Paths) -> "Visible":
        """Returns the same, with more paths that are not null."""
        return replace(self, present=self.present | paths) if paths else self


def visible_in_step(document: Shape) -> Visible:
    """Returns the names visible to an expression in the settings of a step."""
    return Visible(document, {"$root": document, "$data": document})


def visible_in_card(document: Shape, data: Shape, index: Shape = NOTHING) -> Visible:
    """Returns the names visible to an expression of a card where `$data` has a shape; bare names belong to `$data`."""
    variables = {"$root": document, "$data": data, "$index": index, "$host": ANY, "$_acTemplateVersion": ANY}
    return Visible(data, variables, outcome="the card shows its source text")


class ShapeInference(Protocol):
    """The interface of one inference for its modules."""

    notes: FindingCollector

    def shape(self, node: Node, visible: Visible) -> Shape:
        """Returns the shape of a node; NEVER for one that always fails."""

    def shapes(self, nodes: Iterable[Node], visible: Visible) -> tuple[Shape, ...]:
        """Returns the shapes of nodes that are all evaluated."""

    def shape_if_evaluated(self, node: Node, visible: Visible) -> Shape:
        """Returns the shape of a node that may not be evaluated, or whose failure is handled: errors are warnings."""
