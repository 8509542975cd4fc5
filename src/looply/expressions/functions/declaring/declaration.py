"""How a function is declared. Checks, errors, costs and docs are made from the declaration."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, Flag, auto
from typing import Protocol

from looply.expressions.closures.scope import Scope
from looply.expressions.parsing.syntax import Call, Node
from looply.expressions.values.errors import ExpressionError, ExpressionSyntaxError
from looply.expressions.values.evaluation import Closure, Run
from looply.expressions.values.semantics import NUMBERS, is_whole, kind_of
from looply.jsontext import Json


class Type(Flag):
    """The static type of an expression. ANY may be any value."""

    BOOLEAN = auto()
    NUMBER = auto()
    TEXT = auto()
    LIST = auto()
    ANY = auto()

    def fits(self, expected: "Type") -> bool:
        """Returns whether a value of this type may be one of the expected type."""
        return bool((self | expected) & Type.ANY or self & expected)

    def __str__(self) -> str:
        """Returns its name, such as `number or text`."""
        return " or ".join((each.name or "").lower() for each in Type if each in self)


class Kind(Enum):
    """The kinds of arguments. Null counts as the empty text where a text is expected."""

    ANY = "any"
    TEXT = "text"
    PRESENT_TEXT = "a text"
    NUMBER = "a number"
    WHOLE = "a whole number"
    LIST = "a list"
    OBJECT = "an object"
    COLLECTION = "a list or an object"
    TIMESTAMP = "a timestamp"
    VARIABLE = "a variable"


_ALLOWED: dict[Kind, frozenset[type]] = {
    Kind.TEXT: frozenset({str}),
    Kind.PRESENT_TEXT: frozenset({str}),
    Kind.OBJECT: frozenset({dict}),
    Kind.NUMBER: NUMBERS,
    Kind.WHOLE: frozenset({int}),
    Kind.LIST: frozenset({list}),
    Kind.COLLECTION: frozenset({list, dict}),
    Kind.TIMESTAMP: frozenset({str}),
}


_TYPES: dict[Kind, Type] = {
    Kind.TEXT: Type.TEXT,
    Kind.PRESENT_TEXT: Type.TEXT,
    Kind.NUMBER: Type.NUMBER,
    Kind.WHOLE: Type.NUMBER,
    Kind.LIST: Type.LIST,
    Kind.TIMESTAMP: Type.TEXT,
}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a function. A repeated one is the last and represents any number of them.

    The value is checked against `kind` at evaluation, the source against `type` when it is compiled; the type follows
    from the kind unless it is given.
    """

    name: str
    kind: Kind = Kind.ANY
    is_optional: bool = False
    is_repeated: bool = False
    type: Type | None = None

    @property
    def expected_type(self) -> Type:
        """The type that the argument's expression must fit."""
        return self.type if self.type is not None else _TYPES.get(self.kind, Type.ANY)


@dataclass(frozen=True, slots=True)
class Loop:
    """The body of a loop: the slot of its variable, the compiled body, and the work of one round."""

    slot: int
    body: Closure
    weight: int


Builder = Callable[[tuple[Closure, ...]], Closure]
LoopBuilder = Callable[[Closure, Loop], Closure]


class CallCompiler(Protocol):
    """The compiler, for a function that is built from the source of its arguments instead of their values."""

    scope: Scope
    leaves_unresolved: bool
    """Whether a path without a value gives its own text, as in cards."""

    def closure(self, node: Node) -> Closure:
        """Returns the closure of a node."""

    def text_closure(self, text: str, position: int) -> Closure:
        """Returns the closure of a text between backticks. Raises: ExpressionSyntaxError."""

    def error(self, reason: str, position: int) -> ExpressionSyntaxError:
        """Returns an error at a position of the source."""


SourceBuilder = Callable[[Call, CallCompiler], Closure]


_WORK = {"dates": 20, "conversion": 6, "randomness": 6, "uris": 4}
"""Units of work of one call by the family of the function, whatever its values; 1 for other families."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language, as the table and the docs show it.

    Exactly one of the last four fields is set. `call` gets the run and the checked values of the arguments; `build`
    gets the compiled arguments and decides itself which of them are evaluated; `build_loop` gets the compiled
    collection and the body; `build_source` gets the syntax tree of the call. `example` is an expression and its result
    in `table.EXAMPLE`.
    """

    name: str
    family: str
    arguments: tuple[Argument, ...]
    result: Type
    summary: str
    example: tuple[str, Json]
    call: Callable[..., Json] | None = None
    build: Builder | None = None
    build_loop: LoopBuilder | None = None
    build_source: SourceBuilder | None = None

    @property
    def min_arguments(self) -> int:
        """The number of arguments that must be given."""
        return sum(not argument.is_optional for argument in self.arguments)

    @property
    def max_arguments(self) -> int | None:
        """The number of arguments that may be given; None when there is no bound."""
        return None if self.arguments and self.arguments[-1].is_repeated else len(self.arguments)

    @property
    def work(self) -> int:
        """The units of work that one call takes, in addition to those for its values."""
        return _WORK.get(self.family, 1)

    def signature(self) -> str:
        """Returns the signature for the docs, such as `join(list, separator, [last])`."""
        shown = [
            f"[{argument.name}]"
            if argument.is_optional
            else f"{argument.name}{', ...' if argument.is_repeated else ''}"
            for argument in self.arguments
        ]
        return f"{self.name}({', '.join(shown)})"

    def argument(self, index: int) -> Argument:
        """Returns the declaration of an argument by its number; the last one may be repeated."""
        return self.arguments[min(index, len(self.arguments) - 1)]


Check = Callable[[Json], Json]


def argument_checks(function: Function, count: int) -> tuple[Check | None, ...]:
    """Returns the check of each of `count` arguments; None for one that may have any value."""
    return tuple(_check(function.name, function.argument(index)) for index in range(count))


def _check(function: str, argument: Argument) -> Check | None:
    kind = argument.kind
    if kind is Kind.ANY:
        return None
    allowed = _ALLOWED[kind]

    def check(value: Json) -> Json:
        if type(value) in allowed:
            return value
        if value is None and kind is Kind.TEXT:
            return ""
        if kind is Kind.WHOLE and is_whole(value):
            return int(value)
        raise ExpressionError(f"{function}() expects {kind.value} as `{argument.name}`, found {_excerpt(value)}")

    return check


def _excerpt(value: Json) -> str:
    return str(value)[:40] if type(value) in {float, Decimal} else kind_of(value)


def cost_of(value: Json) -> int:
    """Returns the units of work that reading or making a value takes."""
    kind = type(value)
    if kind is str:
        return len(value) >> 6
    if kind is list or kind is dict:
        return len(value) >> 2
    return 0


def charge_result(run: Run, value: Json) -> Json:
    """Charges the run for the result of a call, and returns it. Raises: ExpressionLimit when it is too large."""
    kind = type(value)
    if kind is str:
        run.check_text(len(value))
        run.spend(len(value) >> 6)
    elif kind is list:
        run.check_items(len(value))
        run.spend(len(value))
    return value
