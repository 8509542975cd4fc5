"""One expression, parsed and compiled."""

from dataclasses import dataclass, field

from looply.expressions.closures.scope import Path, Rules
from looply.expressions.compiling.compiler import CompiledExpression, compile_tree
from looply.expressions.parsing.lexer import Lexer, Token
from looply.expressions.parsing.parser import parse
from looply.expressions.parsing.syntax import Call, Node
from looply.expressions.values.errors import ExpressionLimit, ExpressionSyntaxError
from looply.expressions.values.evaluation import MISSING, Evaluation, Run
from looply.jsontext import Json
from looply.limits import DEFAULT_LIMITS, Limits


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, ready to be evaluated any number of times.

    `references` are the paths of the document that it reads, each truncated at its first computed index; the empty path
    is the whole document. Names match case-insensitively where the exact name does not exist, so compare references
    in the same way. `path` is set when the whole expression is one plain path with constant parts.
    """

    source: str
    references: tuple[Path, ...]
    path: Path | None
    compiled: CompiledExpression = field(repr=False, compare=False)
    tree: Node = field(repr=False, compare=False)

    @property
    def outer_call(self) -> str:
        """The name of the function whose result is the whole value; empty when it is no call."""
        return self.tree.name if isinstance(self.tree, Call) else ""

    def evaluate(self, evaluation: Evaluation) -> Json:
        """Returns the value; null for a path without a value. The result is shared and must not be changed.

        Raises: ExpressionError with the position in the source; its subclass ExpressionLimit for an exceeded limit.
        """
        reader = self.compiled.reader
        if reader is not None:
            value = reader(evaluation.data, None)
            return None if value is MISSING else value
        return self.evaluate_in(Run(evaluation, self.compiled.slots))

    def lookup(self, evaluation: Evaluation) -> tuple[bool, Json]:
        """Returns whether the value is present, and the value.

        A path is present when it has a value, also null; any other expression is always present.

        Raises: as `evaluate`.
        """
        return self.lookup_in(Run(evaluation, self.compiled.slots))

    def begin(self, evaluation: Evaluation) -> Run:
        """Returns a run for `evaluate_in` and `lookup_in`, which records the fuel that they use."""
        return Run(evaluation, self.compiled.slots)

    def evaluate_in(self, run: Run) -> Json:
        """Returns the value within a run that several expressions share."""
        try:
            return self.compiled.evaluate(run)
        except RecursionError as error:
            raise self._too_deep(run) from error

    def lookup_in(self, run: Run) -> tuple[bool, Json]:
        """Returns presence and value within a run that several expressions share."""
        find = self.compiled.find
        if find is None:
            return True, self.evaluate_in(run)
        value = find(run)
        return (False, None) if value is MISSING else (True, value)

    def _too_deep(self, run: Run) -> ExpressionLimit:
        limit = ExpressionLimit("json_levels", f"a value nested deeper than {run.limits.json_levels} levels")
        limit.locate(self.source, 0)
        return limit


def parse_expression(source: str, limits: Limits = DEFAULT_LIMITS) -> Expression:
    """Returns the expression of a source without `${}` around it.

    Raises: ExpressionSyntaxError when it does not parse, calls a function that does not exist or with a wrong
    number of arguments, or is longer than `limits.expression_characters`.
    """
    check_length(source, limits)
    return build_expression(Lexer(source).tokenize(), source, limits, Rules())


def check_length(source: str, limits: Limits) -> None:
    """Checks the length of a source. Raises: ExpressionSyntaxError."""
    most = limits.expression_characters
    if len(source) > most:
        raise ExpressionSyntaxError(
            f"{len(source)} characters; the limit `expression_characters` is {most}", source=source, position=most
        )


def build_expression(tokens: tuple[Token, ...], source: str, limits: Limits, rules: Rules) -> Expression:
    """Returns the expression of the tokens of a source. Raises: ExpressionSyntaxError."""
    try:
        return expression_of(parse(tokens, source, limits), source, rules)
    except RecursionError as error:
        # The nesting of one expression is bounded, but texts within it are parsed too, and templates nest as well.
        raise ExpressionSyntaxError("nested too deeply", source=source, position=0) from error


def expression_of(tree: Node, source: str, rules: Rules) -> Expression:
    """Returns the expression of a tree, or of a part of one. Raises: ExpressionSyntaxError."""
    compiled = compile_tree(tree, source, rules)
    return Expression(source, compiled.references, compiled.path, compiled, tree)
