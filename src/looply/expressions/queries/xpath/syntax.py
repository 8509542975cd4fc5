"""What an XPath is made of."""

from dataclasses import dataclass
from typing import TypeAlias

from looply.expressions.queries.xpath.tree import Kind


@dataclass(frozen=True, slots=True)
class Test:
    """What a node must be: one of some kinds, and of a name where one is asked for.

    Names are compared without case; that is how Microsoft's package reads them. A prefix is never known.
    """

    kinds: frozenset[Kind]
    name: str | None = None
    prefix: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path. An axis that is unknown leads nowhere."""

    axis: str
    test: Test
    predicates: tuple["Expr", ...] = ()


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a number."""

    value: str | float


@dataclass(frozen=True, slots=True)
class Variable:
    """A reference to a variable; there are none."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function; whether there is such a function shows when it is called."""

    name: str
    arguments: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A path from the document, from the node at hand, or from what an expression finds."""

    start: "Expr | None"
    predicates: tuple["Expr", ...]
    is_absolute: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """A number with its sign turned so many times."""

    operand: "Expr"
    times: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one rank, from the left."""

    first: "Expr"
    links: tuple[tuple[str, "Expr"], ...]


Expr: TypeAlias = Literal | Variable | Call | Path | Negation | Chain
