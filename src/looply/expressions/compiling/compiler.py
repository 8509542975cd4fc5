"""Compiles a syntax tree to closures, once, so that evaluation parses, looks up and allocates as little as possible."""

from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import assert_never

from looply.decimals import negate
from looply.expressions.closures.conditions import choice, conjunction, disjunction, first_present
from looply.expressions.closures.paths import Reader
from looply.expressions.closures.scope import Path, Rules
from looply.expressions.compiling.operators import (
    Operation,
    arithmetic_chain,
    binary,
    comparison_chain,
    concatenation,
    interpolation,
    operation,
    unary,
)
from looply.expressions.compiling.path_closures import PathCompiler, ends_in_index
from looply.expressions.compiling.types import OPERANDS, type_of
from looply.expressions.compiling.unresolved import CONDITIONS
from looply.expressions.functions.declaring.declaration import (
    Function,
    Kind,
    Loop,
    Type,
    argument_checks,
    charge_result,
    cost_of,
)
from looply.expressions.functions.table import FUNCTIONS
from looply.expressions.parsing.lexer import Lexer
from looply.expressions.parsing.parser import parse
from looply.expressions.parsing.syntax import (
    Access,
    Call,
    Chain,
    Conditional,
    Constant,
    Interpolation,
    Link,
    ListOf,
    Name,
    Node,
    ObjectOf,
    Unary,
)
from looply.expressions.values.errors import ExpressionError, ExpressionSyntaxError
from looply.expressions.values.evaluation import Closure, Run
from looply.jsontext import Json
from looply.limits import DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class CompiledExpression:
    """A compiled expression.

    `find` is set when the whole expression is one path with constant parts: it returns MISSING where `evaluate`
    returns null, or fails because the path ends at an index out of range. `reader` is set when `evaluate` cannot fail
    and the path starts at a name of the document.
    """

    evaluate: Closure
    find: Closure | None
    reader: Reader | None
    path: Path | None
    references: tuple[Path, ...]
    slots: int


def compile_tree(tree: Node, source: str, rules: Rules) -> CompiledExpression:
    """Returns the closures of a tree. Raises: ExpressionSyntaxError for unknown functions and wrong arguments."""
    compiler = _Compiler(source, rules)
    found = compiler.scope.path(tree) if isinstance(tree, Name | Access) else None
    if rules.leaves_unresolved:
        evaluate = compiler.closure(tree)
        find_value = compiler.bracket_finder(tree) if isinstance(tree, Access) and tree.brackets else None
        path = found[2] if found is not None else None
        return CompiledExpression(
            evaluate, find_value, None, path, tuple(compiler.scope.references), compiler.scope.slots
        )
    if found is None:
        evaluate = compiler.closure(tree)
        return CompiledExpression(evaluate, None, None, None, tuple(compiler.scope.references), compiler.scope.slots)
    find_value, reader, path = found
    if ends_in_index(tree):
        reader = None
    return CompiledExpression(
        compiler.closure(tree), find_value, reader, path, tuple(compiler.scope.references), compiler.scope.slots
    )


class _Compiler(PathCompiler):
    def __init__(self, source: str, rules: Rules) -> None:
        super().__init__(source, rules)
        self._nodes = 0
        self._allows_unknown = rules.allows_unknown

    def closure(self, node: Node) -> Closure:
        """Returns the closure of a node; it never returns MISSING."""
        self._nodes += 1
        match node:
            case Constant(value):
                return lambda _: value
            case Name():
                return self.name(node)
            case Access():
                return self.access(node)
            case Call():
                return self._call(node)
            case Unary("-", Constant(value)) if type(value) in {int, float}:
                return lambda _: -value
            case Unary("-", Constant(Decimal() as value)):
                negative = negate(value)
                return lambda _: negative
            case Unary(symbol, operand, position):
                self._check_operand(symbol, operand)
                compiled = self.condition(operand) if symbol == "!" else self.closure(operand)
                return self.with_location(unary(symbol, compiled), position)
            case Chain():
                return self._chain(node)
            case Conditional(first, choices):
                chosen = self.condition(first)
                for yes, no in choices[:-1]:
                    chosen = choice(chosen, self.condition(yes), self.condition(no))
                yes, no = choices[-1]
                return choice(chosen, self.closure(yes), self.closure(no))
            case Interpolation(pieces, position):
                parts = tuple(piece if isinstance(piece, str) else self.closure(piece) for piece in pieces)
                return self.with_location(interpolation(parts), position)
            case ListOf(items):
                closures = self.closures(items)
                return lambda run: [item(run) for item in closures]
            case ObjectOf(members):
                named = tuple((key, self.closure(member)) for key, member in members)
                return lambda run: {key: member(run) for key, member in named}
            case _:  # pragma: no cover  # the type checker knows that there is no other
                assert_never(node)

    def text_closure(self, text: str, position: int) -> Closure:
        """Returns the closure of a text between backticks. Raises: ExpressionSyntaxError."""
        outer, self._source = self._source, f"`{text}`"
        try:
            tree = parse(Lexer(self._source).tokenize(), self._source, DEFAULT_LIMITS)
            pieces = tree.pieces if isinstance(tree, Interpolation) else ()
            if len(pieces) == 1 and not isinstance(pieces[0], str | Constant):
                return self.closure(pieces[0])
            return self.closure(tree)
        except ExpressionSyntaxError as error:
            raise ExpressionSyntaxError(error.reason, source=outer, position=position) from error
        finally:
            self._source = outer

    def _chain(self, node: Chain) -> Closure:
        symbol = node.links[0].operator
        operands = (node.first, *(link.operand for link in node.links))
        self._check_operand(symbol, node.first)
        for link in node.links:
            self._check_operand(link.operator, link.operand)
        match symbol:
            case "&&":
                return conjunction(self.conditions(operands))
            case "||":
                return disjunction(self.conditions(operands))
            case "??":
                return first_present(self.closures(operands))
            case "&":
                return self.with_location(concatenation(self.closures(operands)), node.position)
        compiled = self.closures(operands) if symbol in OPERANDS else self.conditions(operands)
        if len(node.links) == 1:
            return self.with_location(binary(symbol, *compiled), node.links[0].position)
        links = tuple(map(_link_operation, node.links, compiled[1:]))
        chain = arithmetic_chain if symbol in OPERANDS else comparison_chain
        return chain(compiled[0], links, self._source)

    def _call(self, node: Call) -> Closure:
        function = FUNCTIONS.get(node.name)
        if function is None and self._allows_unknown:
            self.closures(node.arguments)
            return self.with_location(_unknown_function(node.name), node.position)
        if function is None:
            near = get_close_matches(node.name, FUNCTIONS, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise self.error(f"there is no function `{node.name}`{hint}", node.position)
        self._check_count(function, node)
        self._check_types(function, node)
        if function.build_loop is not None:
            return self.with_location(self._loop(function, node), node.position)
        if function.build_source is not None:
            return self.with_location(_measure_loop_body(function.build_source(node, self)), node.position)
        arguments = self._arguments(node)
        if function.build is not None:
            return self.with_location(function.build(arguments), node.position)
        return _call_closure(function, arguments, self._source, node.position)

    def _arguments(self, node: Call) -> tuple[Closure, ...]:
        if node.name in CONDITIONS:
            return self.conditions(node.arguments)
        if node.name == "if":
            return self.condition(node.arguments[0]), *self.closures(node.arguments[1:])
        return self.closures(node.arguments)

    def _check_count(self, function: Function, node: Call) -> None:
        given, fewest, most = len(node.arguments), function.min_arguments, function.max_arguments
        if given < fewest or (most is not None and given > most):
            expected = (
                f"{fewest}" if most == fewest else f"at least {fewest}" if most is None else f"{fewest} to {most}"
            )
            plural = "" if expected.endswith(" 1") or expected == "1" else "s"
            raise self.error(f"{function.signature()} takes {expected} argument{plural}, found {given}", node.position)

    def _check_types(self, function: Function, node: Call) -> None:
        for index, given in enumerate(node.arguments):
            argument = function.argument(index)
            if not (found := type_of(given)).fits(argument.expected_type):
                reason = f"{function.name}() expects {argument.expected_type} as `{argument.name}`, found {found}"
                raise self.error(reason, given.position)

    def _check_operand(self, symbol: str, operand: Node) -> None:
        expected = OPERANDS.get(symbol, Type.ANY)
        if not (found := type_of(operand)).fits(expected):
            raise self.error(f"`{symbol}` expects {expected}, found {found}", operand.position)

    def _loop(self, function: Function, node: Call) -> Closure:
        assert function.build_loop is not None
        collection, variable, body = node.arguments
        if not isinstance(variable, Name):
            raise self.error(f"{function.name}() expects the name of {Kind.VARIABLE.value}", variable.position)
        compiled = self.closure(collection)
        before = self._nodes
        with self.scope.with_variable(variable.name) as slot:
            loop = Loop(slot, self.closure(body), 1 + self._nodes - before)
        return _measure_loop_body(function.build_loop(compiled, loop))

    def error(self, reason: str, position: int) -> ExpressionSyntaxError:
        """Returns an error at a position of the source."""
        return ExpressionSyntaxError(reason, source=self._source, position=position)


def _link_operation(link: Link, operand: Closure) -> Operation:
    return operation(link.operator, operand, link.position)


def _unknown_function(name: str) -> Closure:
    def evaluate(_: Run) -> Json:
        raise ExpressionError(f"there is no function `{name}`")

    return evaluate


def _measure_loop_body(closure: Closure) -> Closure:
    return lambda run: charge_result(run, closure(run))


def _call_closure(function: Function, arguments: tuple[Closure, ...], source: str, position: int) -> Closure:
    call, work = function.call, function.work
    assert call is not None
    checks = [(index, check) for index, check in enumerate(argument_checks(function, len(arguments))) if check]

    def evaluate(run: Run) -> Json:
        values = [argument(run) for argument in arguments]
        try:
            for index, check in checks:
                values[index] = check(values[index])
            run.spend(work + sum(map(cost_of, values)))
            return charge_result(run, call(run, *values))
        except ExpressionError as error:
            error.locate(source, position)
            raise

    return evaluate
