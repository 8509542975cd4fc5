"""What stands in a card for what cannot be resolved: the expression itself, written as Microsoft's package writes it.

Their package prints the tree it has parsed, not the text of the author, so that spaces and quotes come out alike.
"""

import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import assert_never

from looply.expressions.errors import ExpressionError
from looply.expressions.evaluation import MISSING, Closure, Run
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
from looply.expressions.values import kind_of, number_text
from looply.jsontext import Json

CONDITIONS = frozenset(
    {"and", "or", "not", "bool", "empty", "equals", "exists", "greater", "greaterOrEquals", "less", "lessOrEquals"}
)
"""The functions within whose arguments a path that is not there is missing. With `if`, it is the first alone."""

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


def left_as_written(finder: Closure, text: Closure) -> Closure:
    """Returns the closure of a path for which its own text stands where it is not there."""

    def evaluate(run: Run) -> Json:
        value = finder(run)
        return text(run) if value is MISSING else value

    return evaluate


def path_text(node: Name | Access, compiled: Callable[[Node], Closure]) -> Closure:
    """Returns what writes a path as `${...}`, with the values of what is computed in it."""
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


def written(node: Node) -> str:
    """Returns an expression as text."""
    match node:
        case Constant(value):
            return _constant(value)
        case Name(name):
            return name
        case Access(target, steps):
            return _access(written(target), steps, node.bracketed)
        case Call(name, arguments):
            return _call(_SYMBOLS.get(name, name), [written(argument) for argument in arguments])
        case Unary("!", operand):
            return _call("!", [written(operand)])
        case Unary(symbol, operand):
            return _call(symbol, ["0", written(operand)])
        case Chain(first, links):
            return reduce(
                lambda left, link: _call(_NAMES.get(link.operator, link.operator), [left, written(link.operand)]),
                links,
                written(first),
            )
        case Conditional(first, choices):
            return reduce(
                lambda chosen, pair: _call("if", [chosen, written(pair[0]), written(pair[1])]), choices, written(first)
            )
        case Interpolation(pieces):
            shown = [_constant(piece) if isinstance(piece, str) else written(piece) for piece in pieces]
            return _call("concat", ["''", *shown])
        case ListOf(items):
            return _call("createArray", [written(item) for item in items])
        case ObjectOf(members):
            return reduce(
                lambda made, member: _call("setProperty", [made, _constant(member[0]), written(member[1])]),
                members,
                "json('{}')",
            )
        case _:  # pragma: no cover  # the type checker knows that there is no other
            assert_never(node)


def _access(path: str, steps: tuple[str | int | Node, ...], bracketed: tuple[int, ...]) -> str:
    for index, step in enumerate(steps):
        shown = _constant(step) if isinstance(step, str | int) else written(step)
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
