"""The syntax tree: a closed union of frozen nodes. A position counts characters of the source from 0.

Runs of operators of one rank are one flat node, so that a long sum does not become a deep tree.
"""

from dataclasses import dataclass
from typing import TypeAlias

from looply.jsontext import Json


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, true, false or null."""

    value: Json
    position: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the document, or of a local variable."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Access:
    """Steps into a value: a constant name or index, or an expression that gives one.

    `brackets` is the number of steps after the last dot. An index among them must exist, as in Microsoft's, while a
    value before a dot may be missing. `bracketed` are the indexes of all steps in brackets.
    """

    target: "Node"
    steps: "tuple[str | int | Node, ...]"
    position: int
    brackets: int = 0
    bracketed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A function call. `x => body` among the arguments is the name followed by the body."""

    name: str
    arguments: "tuple[Node, ...]"
    position: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`!`, `-` or `+` before an operand."""

    operator: str
    operand: "Node"
    position: int


@dataclass(frozen=True, slots=True)
class Link:
    """One operator of a chain with the operand to its right."""

    operator: str
    operand: "Node"
    position: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands between operators of one rank, from left to right. A power is a chain of one link."""

    first: "Node"
    links: tuple[Link, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Conditional:
    """`first ? a : b ? c : d`: each pair selects by the value so far, from left to right, as in Microsoft's."""

    first: "Node"
    choices: "tuple[tuple[Node, Node], ...]"
    position: int


@dataclass(frozen=True, slots=True)
class Interpolation:
    """A text between backticks: literal texts and expressions."""

    pieces: "tuple[str | Node, ...]"
    position: int


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`."""

    items: "tuple[Node, ...]"
    position: int


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """`{name: a, 'other name': b}`."""

    members: "tuple[tuple[str, Node], ...]"
    position: int


Node: TypeAlias = Constant | Name | Access | Call | Unary | Chain | Conditional | Interpolation | ListOf | ObjectOf
