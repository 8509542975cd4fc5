"""The syntax tree of an XPath."""

from dataclasses import dataclass
from typing import TypeAlias

from looply.expressions.queries.xpath.tree import Kind


@dataclass(frozen=True, slots=True)
class Test:
    """A node test: the node has one of some kinds, and the name if there is one.

    Names are compared case-insensitively, as in Microsoft's package. A prefix is never known.
    """

    kinds: frozenset[Kind]
    name: str | None = None
    prefix: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path. An unknown axis selects no nodes."""

    axis: str
    test: Test
    predicates: tuple["Expr", ...] = ()


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a number."""

    value: str | float


@dataclass(frozen=True, slots=True)
class Variable:
    """A reference to a variable; no variables exist."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function, whose existence is checked when it is called."""

    name: str
    arguments: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A path from the document, from the context node, or from the nodes of an expression."""

    start: "Expr | None"
    predicates: tuple["Expr", ...]
    is_absolute: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """A number that is negated one or more times."""

    operand: "Expr"
    times: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one precedence, left-associative."""

    first: "Expr"
    links: tuple[tuple[str, "Expr"], ...]


Expr: TypeAlias = Literal | Variable | Call | Path | Negation | Chain
