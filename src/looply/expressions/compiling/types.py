"""The static types of expressions.

Like Microsoft's packages, the compiler refuses an operand or an argument whose type cannot fit: a mistake is found when
a workflow is saved, not when it runs.
"""

from collections.abc import Mapping
from decimal import Decimal

from looply.expressions.functions.declaring.declaration import Type
from looply.expressions.functions.table import FUNCTIONS
from looply.expressions.parsing.syntax import Call, Chain, Constant, Interpolation, ListOf, Node, Unary

_SUM = Type.NUMBER | Type.TEXT
_RESULTS: Mapping[str, Type] = {
    "+": _SUM,
    **dict.fromkeys(("-", "*", "/", "%", "^"), Type.NUMBER),
    **dict.fromkeys(("==", "!=", "<>", "<", "<=", ">", ">=", "&&", "||", "!"), Type.BOOLEAN),
    "&": Type.TEXT | Type.LIST,
    "??": Type.ANY,
}
OPERANDS: Mapping[str, Type] = {"+": _SUM, **dict.fromkeys(("-", "*", "/", "%", "^"), Type.NUMBER)}
"""The types that the operands of an operator must fit; those of other operators may have any type."""


def type_of(node: Node) -> Type:
    """Returns the type of the values that a node can have."""
    match node:
        case Constant(value):
            return _type_of_value(value)
        case Call():
            function = FUNCTIONS.get(node.name)
            return function.result if function is not None else Type.ANY
        case Chain():
            return _RESULTS[node.links[-1].operator]
        case Unary():
            return _RESULTS[node.operator]
        case Interpolation():
            return Type.TEXT | Type.LIST
        case ListOf():
            return Type.LIST
        case _:
            return Type.ANY


def _type_of_value(value: object) -> Type:
    if isinstance(value, bool):
        return Type.BOOLEAN
    if isinstance(value, int | float | Decimal):
        return Type.NUMBER
    return Type.TEXT if isinstance(value, str) else Type.ANY
