"""The text of an unresolved expression in a card: the expression itself, as Microsoft's package prints it.

That package prints the tree it has parsed, not the text of the author, so that spaces and quotes are normalized.
"""

import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import assert_never

from looply.expressions.parsing.syntax import (
    Access,
    Call,
    Chain,
    Conditional,
    Constant,
    Interpolation,
    ListOf,
    Name,
    Node,
    ObjectOf,
    Unary,
)
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import MISSING, Closure, Run
from looply.expressions.values.semantics import kind_of, number_text
from looply.jsontext import Json

CONDITIONS = frozenset(
    {"and", "or", "not", "bool", "empty", "equals", "exists", "greater", "greaterOrEquals", "less", "lessOrEquals"}
)
"""The functions in whose arguments a path without a value is missing. For `if`, this is true of the first alone."""

_SYMBOLS: Mapping[str, str] = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "mod": "%",
    "exp": "^",
    "and": "&&",
    "or": "||",
    "not": "!",
    "equals": "==",
    "greater": ">",
    "greaterOrEquals": ">=",
    "less": "<",
    "lessOrEquals": "<=",
}
_NAMES: Mapping[str, str] = {"&": "concat", "??": "coalesce"}
_INDEX = re.compile(r"\s*[+-]?[0-9]")
_QUOTE = re.compile(r"(?<!\\)'")


def fall_back_to_text(finder: Closure, text: Closure) -> Closure:
    """Returns the closure of a path that gives its own text when it has no value."""

    def evaluate(run: Run) -> Json:
        value = finder(run)
        return text(run) if value is MISSING else value

    return evaluate


def path_text_closure(node: Name | Access, compiled: Callable[[Node], Closure]) -> Closure:
    """Returns a closure that prints a path as `${...}`, with its computed steps replaced by their values."""
    if isinstance(node, Name):
        constant = f"${{{node.name}}}"
        return lambda _: constant
    first = node.target.name if isinstance(node.target, Name) else ""
    steps = [step if isinstance(step, str | int) else compiled(step) for step in node.steps]
    if all(isinstance(step, str | int) for step in steps):
        whole = _path(first, steps, node.bracketed)
        return lambda _: whole

    def write(run: Run) -> str:
        return _path(first, [step if isinstance(step, str | int) else step(run) for step in steps], node.bracketed)

    return write


def _path(path: str, steps: list[Json], bracketed: tuple[int, ...]) -> str:
    for index, step in enumerate(steps):
        if index not in bracketed:
            path += f".{step}" if path else str(step)
        elif isinstance(step, str) and _INDEX.match(step) is None:
            path += f"['{step}']"
        elif isinstance(step, str | int | float) and not isinstance(step, bool):
            path += f"[{_plain(step)}]"
        else:
            raise ExpressionError(f"expected a text or a number between `[` and `]`, found {kind_of(step)}")
    return f"${{{path}}}"


def _plain(value: Json) -> str:
    return number_text(value) if isinstance(value, float) else str(value)


def source_text(node: Node) -> str:
    """Returns an expression as text."""
    match node:
        case Constant(value):
            return _constant(value)
        case Name(name):
            return name
        case Access(target, steps):
            return _access(source_text(target), steps, node.bracketed)
        case Call(name, arguments):
            return _call(_SYMBOLS.get(name, name), [source_text(argument) for argument in arguments])
        case Unary("!", operand):
            return _call("!", [source_text(operand)])
        case Unary(symbol, operand):
            return _call(symbol, ["0", source_text(operand)])
        case Chain(first, links):
            return reduce(
                lambda left, link: _call(_NAMES.get(link.operator, link.operator), [left, source_text(link.operand)]),
                links,
                source_text(first),
            )
        case Conditional(first, choices):
            return reduce(
                lambda chosen, pair: _call("if", [chosen, source_text(pair[0]), source_text(pair[1])]),
                choices,
                source_text(first),
            )
        case Interpolation(pieces):
            shown = [_constant(piece) if isinstance(piece, str) else source_text(piece) for piece in pieces]
            return _call("concat", ["''", *shown])
        case ListOf(items):
            return _call("createArray", [source_text(item) for item in items])
        case ObjectOf(members):
            return reduce(
                lambda made, member: _call("setProperty", [made, _constant(member[0]), source_text(member[1])]),
                members,
                "json('{}')",
            )
        case _:  # pragma: no cover  # the type checker knows that there is no other
            assert_never(node)


def _access(path: str, steps: tuple[str | int | Node, ...], bracketed: tuple[int, ...]) -> str:
    for index, step in enumerate(steps):
        shown = _constant(step) if isinstance(step, str | int) else source_text(step)
        path += f"[{shown}]" if index in bracketed else f".{step}"
    return path


def _call(name: str, arguments: list[str]) -> str:
    if len(arguments) > 1 and not name[0].isalpha():
        return f"({f' {name} '.join(arguments)})"
    return f"{name}({', '.join(arguments)})"


def _constant(value: Json) -> str:
    if isinstance(value, str):
        quoted = _QUOTE.sub(r"\\'", value.replace("\\", "\\\\"))
        return f"'{quoted}'"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _plain(value)
