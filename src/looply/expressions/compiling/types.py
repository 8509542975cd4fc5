"""What the source of an expression tells of its value, before anything is evaluated.

Microsoft's packages refuse an operand or an argument whose type cannot fit when they parse, and so do we: a mistake is
found when a workflow is saved, not at night.
"""

from collections.abc import Mapping

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
"""What the operands of an operator must fit; of the others they may be anything."""


def type_of(node: Node) -> Type:
    """Returns what a piece of an expression can give."""
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
    if isinstance(value, int | float):
        return Type.NUMBER
    return Type.TEXT if isinstance(value, str) else Type.ANY
