"""The syntax tree of a JSPath."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from looply.jsontext import Json


class Start(Enum):
    """The start of a path: the current value, the document, or a substitution, which never has a value."""

    HERE = auto()
    DOCUMENT = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Child:
    """The member of a name, all members (`*`), or with an empty name the values so far."""

    name: str


@dataclass(frozen=True, slots=True)
class Descendant:
    """The members of a name at any depth, all of them (`*`), or with an empty name every value."""

    name: str


@dataclass(frozen=True, slots=True)
class Filter:
    """The values for which a condition holds."""

    condition: "Expr"


@dataclass(frozen=True, slots=True)
class Item:
    """The value at a position."""

    position: "Expr"


@dataclass(frozen=True, slots=True)
class Slice:
    """The values from one position to another."""

    start: "Expr | None"
    end: "Expr | None"


@dataclass(frozen=True, slots=True)
class Union:
    """The values of several paths, one after the other."""

    paths: tuple["Path | Union", ...]


@dataclass(frozen=True, slots=True)
class Path:
    """Parts, each applied to the values of the part before. A path as a part has no effect, as in JSPath."""

    start: Start
    parts: tuple["Child | Descendant | Filter | Item | Slice | Union | Path", ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number, a truth value or null."""

    value: Json


@dataclass(frozen=True, slots=True)
class Logic:
    """`&&` or `||` between conditions."""

    operator: str
    operands: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison; with lists, it holds when it does for any of their values."""

    operator: str
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A left-associative computation: the first operand, then operators with their operands."""

    first: "Expr"
    links: tuple[tuple[str, "Expr"], ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`!` or `-` before an operand."""

    operator: str
    operand: "Expr"


Part: TypeAlias = Child | Descendant | Filter | Item | Slice | Union | Path
Expr: TypeAlias = Path | Literal | Logic | Comparison | Arithmetic | Unary
