"""What an expression can see, as shapes; and what the parts of the inference need of each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from looply.expressions.inference.findings import Notes
from looply.expressions.inference.guards import Paths
from looply.expressions.parsing.syntax import Node
from looply.expressions.shapes.shape import ANY, NOTHING, Shape

_NO_PATHS: Final[Paths] = frozenset()


@dataclass(frozen=True, slots=True)
class Visible:
    """What an expression can see: the document, the variables around it, and which paths are surely not null.

    `outcome` tells an author what becomes of a path that leads nowhere.
    """

    document: Shape
    variables: Mapping[str, Shape] = field(default_factory=dict)
    present: Paths = _NO_PATHS
    outcome: str = "this is null"

    def inside(self, variable: str, shape: Shape) -> "Visible":
        """Returns what the body of a loop can see."""
        present = frozenset(path for path in self.present if path[0] != variable)
        return replace(self, variables={**self.variables, variable: shape}, present=present)

    def knowing(self, paths: Paths) -> "Visible":
        """Returns the same, with more paths that are not null."""
        return replace(self, present=self.present | paths) if paths else self


def visible_in_step(document: Shape) -> Visible:
    """Returns what an expression in the settings of a step can see."""
    return Visible(document, {"$root": document, "$data": document})


def visible_in_card(document: Shape, data: Shape, index: Shape = NOTHING) -> Visible:
    """Returns what an expression of a card can see where `$data` has a shape; bare names are names of `$data`."""
    variables = {"$root": document, "$data": data, "$index": index, "$host": ANY, "$_acTemplateVersion": ANY}
    return Visible(data, variables, outcome="the card shows it as it is written")


class Inferring(Protocol):
    """What one inference offers to its parts."""

    notes: Notes

    def shape(self, node: Node, visible: Visible) -> Shape:
        """Returns the shape of a node; NEVER for one that always fails."""

    def shapes(self, nodes: Iterable[Node], visible: Visible) -> tuple[Shape, ...]:
        """Returns the shapes of nodes that are all evaluated."""

    def aside(self, node: Node, visible: Visible) -> Shape:
        """Returns the shape of a node that may not be evaluated, or may fail without harm."""
