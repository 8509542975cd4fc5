"""The strings of a card as closures: typed values, texts, and the conditions of `$when`."""

from collections.abc import Iterable

from looply.expressions.closures.conditions import FAILURE
from looply.expressions.closures.scope import Names, Rules
from looply.expressions.compiling.expression import Expression, expression_of
from looply.expressions.compiling.unresolved import source_text
from looply.expressions.parsing.syntax import Call, Chain, Constant, Node
from looply.expressions.templating.strings import Piece, split_card_string
from looply.expressions.values.errors import ExpressionError, ExpressionLimit, ExpressionSyntaxError
from looply.expressions.values.evaluation import MISSING, Closure, Run
from looply.expressions.values.semantics import join, text
from looply.jsontext import Json
from looply.limits import Limits


class CardStrings:
    """Compiles the strings of one card. `expressions` are those compiled so far, each with the pointer of its string.

    With `allows_unknown`, as in Microsoft's package, calling a function that does not exist fails when it is called.
    """

    def __init__(self, limits: Limits, *, allows_unknown: bool) -> None:
        self._limits = limits
        self._allows_unknown = allows_unknown
        self.expressions: list[tuple[str, Expression]] = []

    def for_checking(self) -> "CardStrings":
        """Returns one with the same rules for strings that are read but never evaluated."""
        return CardStrings(self._limits, allows_unknown=self._allows_unknown)

    def value(self, source: str, pointer: str, names: Names) -> str | Closure:
        """Returns the value of a string: a constant text, or a closure for a text or for its one expression.

        The closure returns MISSING for a path in brackets without a value. Raises: ExpressionSyntaxError.
        """
        rules = Rules(names, leaves_unresolved=True, allows_unknown=self._allows_unknown)
        pieces = self._pieces(source, pointer, rules)
        whole = _whole(pieces)
        if whole is None:
            constant = [piece for piece in pieces if isinstance(piece, str)]
            return "".join(constant) if len(constant) == len(pieces) else _text(pieces)
        operands = _operands(whole.tree)
        if operands:
            return _text([expression_of(operand, whole.source, rules) for operand in operands])
        return _value(whole, pointer)

    def condition(self, source: str, pointer: str, names: Names) -> Closure | None:
        """Returns the condition of a `$when`; None when it never holds, because it is no single expression.

        Raises: ExpressionSyntaxError.
        """
        whole = _whole(self._pieces(source, pointer, Rules(names, allows_unknown=self._allows_unknown)))
        return None if whole is None else _condition(whole)

    def _pieces(self, source: str, pointer: str, rules: Rules) -> tuple[Piece, ...]:
        try:
            pieces = split_card_string(source, self._limits, rules)
        except ExpressionSyntaxError as error:
            raise error.within(pointer) from error
        self.expressions.extend((pointer, piece) for piece in pieces if isinstance(piece, Expression))
        return pieces


def _whole(pieces: tuple[Piece, ...]) -> Expression | None:
    """Returns the expression of a string that is one `${...}`, which keeps its type; a constant becomes a text."""
    (piece, *others) = pieces
    return piece if isinstance(piece, Expression) and not others and not isinstance(piece.tree, Constant) else None


def _operands(tree: Node) -> tuple[Node, ...]:
    """Returns the operands of a whole expression that concatenates: it is treated like a text with expressions."""
    match tree:
        case Call("concat", arguments):
            return arguments
        case Chain(first, (*others, last)) if last.operator == "&":
            return (Chain(first, tuple(others), tree.position) if others else first), last.operand
        case _:
            return ()


def _value(expression: Expression, pointer: str) -> Closure:
    def expand(run: Run) -> Json:
        try:
            is_present, value = expression.lookup_in(run)
        except ExpressionError as error:
            error.within(pointer)
            raise
        return value if is_present else MISSING

    return expand


def _text(pieces: Iterable[Piece]) -> Closure:
    """Returns the closure of the text of pieces, with the source of each expression that fails."""
    kept = tuple(piece if isinstance(piece, str) else _text_or_source(piece) for piece in pieces)

    def expand(run: Run) -> str:
        return join(run, [piece if isinstance(piece, str) else piece(run) for piece in kept])

    return expand


def _text_or_source(expression: Expression) -> Closure:
    evaluate, tree = expression.evaluate_in, expression.tree
    as_written = ""

    def show(run: Run) -> str:
        nonlocal as_written
        try:
            return text(run, evaluate(run))
        except ExpressionLimit:
            raise
        except ExpressionError:
            run.spend(FAILURE)
            # Cached: most expressions never fail, and one that does usually fails for every item.
            as_written = as_written or f"${{{source_text(tree)}}}"
            return as_written

    return show


def _condition(expression: Expression) -> Closure:
    def holds(run: Run) -> bool:
        try:
            return expression.evaluate_in(run) is True
        except ExpressionLimit:
            raise
        except ExpressionError:
            run.spend(FAILURE)
            return False

    return holds
