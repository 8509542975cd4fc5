"""Type narrowing by conditions: the paths that are surely not null where a condition holds, or where it does not."""

from typing import Final

from looply.expressions.closures.scope import Path
from looply.expressions.parsing.syntax import Access, Call, Chain, Constant, Name, Node, Unary

Paths = frozenset[Path]

_NO_PATHS: Final[Paths] = frozenset()
_ORDER: Final = frozenset({"<", "<=", ">", ">=", "less", "lessOrEquals", "greater", "greaterOrEquals"})
_PRESENT: Final = frozenset(
    {"exists", "isString", "isInteger", "isFloat", "isArray", "isObject", "isBoolean", "isDateTime"}
)
_NEGATED: Final = {"!=": "==", "<>": "=="}


def path_of(node: Node) -> Path | None:
    """Returns the parts of a path with constant parts, the first name included; None for any other node."""
    if isinstance(node, Name):
        return (node.name,)
    if not isinstance(node, Access) or not isinstance(node.target, Name):
        return None
    parts = tuple(step for step in node.steps if isinstance(step, str | int))
    return (node.target.name, *parts) if len(parts) == len(node.steps) else None


def non_null_paths(node: Node, *, holds: bool) -> Paths:
    """Returns the paths that are not null when the condition holds, or when it does not."""
    match node:
        case Name() | Access():
            return _path_and_prefixes(node) if holds else _NO_PATHS
        case Unary("!", operand):
            return non_null_paths(operand, holds=not holds)
        case Chain(first, links):
            return _of_operator(links[0].operator, (first, *(link.operand for link in links)), holds=holds)
        case Call(name, arguments):
            return _of_call(name, arguments, holds=holds)
        case _:
            return _NO_PATHS


def _of_call(name: str, arguments: tuple[Node, ...], *, holds: bool) -> Paths:
    if name == "not" and len(arguments) == 1:
        return non_null_paths(arguments[0], holds=not holds)
    if (name in _PRESENT and holds) or (name == "empty" and not holds):
        return _of_each(arguments)
    symbol = {"and": "&&", "or": "||", "equals": "=="}.get(name, name)
    return _of_operator(symbol, arguments, holds=holds)


def _of_operator(symbol: str, operands: tuple[Node, ...], *, holds: bool) -> Paths:
    if symbol == ("&&" if holds else "||"):
        return frozenset(path for operand in operands for path in non_null_paths(operand, holds=holds))
    if len(operands) != 2:
        return _NO_PATHS
    if symbol in _ORDER:
        return _of_each(operands) if holds else _NO_PATHS
    if symbol in _NEGATED:
        return _of_equality(operands, is_equal=not holds)
    return _of_equality(operands, is_equal=holds) if symbol == "==" else _NO_PATHS


def _of_equality(operands: tuple[Node, ...], *, is_equal: bool) -> Paths:
    constants = [operand.value for operand in operands if isinstance(operand, Constant)]
    if len(constants) != 1 or (constants[0] is None) is is_equal:
        return _NO_PATHS
    return _of_each(operands)


def _of_each(operands: tuple[Node, ...]) -> Paths:
    return frozenset(path for operand in operands for path in _path_and_prefixes(operand))


def _path_and_prefixes(node: Node) -> Paths:
    path = path_of(node)
    return frozenset(path[:count] for count in range(1, len(path) + 1)) if path is not None else _NO_PATHS
