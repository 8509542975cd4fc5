"""Matching of texts with regular expressions."""

from looply.expressions.functions.declaring.declaration import Argument, CallCompiler, Function, Kind, Type
from looply.expressions.parsing.syntax import Call, Constant
from looply.expressions.texts.patterns import Pattern, compile_pattern
from looply.expressions.values.errors import ExpressionError, ExpressionLimit
from looply.expressions.values.evaluation import Closure, Run
from looply.expressions.values.semantics import kind_of
from looply.jsontext import Json
from looply.limits import DEFAULT_LIMITS

_FAILED = 3000
"""Units of work that are charged for a pattern that cannot be compiled."""


def _is_match(node: Call, compiling: CallCompiler) -> Closure:
    text, pattern = (compiling.closure(argument) for argument in node.arguments)
    source = node.arguments[1]
    if isinstance(source, Constant) and type(source.value) is str and _fits(source.value):
        return _with_constant(text, source.value, source.position, compiling)

    def evaluate(run: Run) -> Json:
        value = _text(text(run))
        return _search(run, _compile_value(run, pattern(run)), value)

    return evaluate


def _with_constant(text: Closure, pattern: str, position: int, compiling: CallCompiler) -> Closure:
    try:
        known = compile_pattern(pattern)
    except ExpressionError as error:
        raise compiling.error(f"isMatch(): {error.reason}", position) from error

    def evaluate(run: Run) -> Json:
        # The limit of this evaluation may be lower than the default one.
        check_pattern(run, pattern)
        return _search(run, known, _text(text(run)))

    return evaluate


def _fits(pattern: str) -> bool:
    return len(pattern) <= DEFAULT_LIMITS.expression_pattern_characters


def _compile_value(run: Run, value: Json) -> Pattern:
    if type(value) is not str:
        raise ExpressionError(f"isMatch() expects a text as `pattern`, found {kind_of(value)}")
    check_pattern(run, value)
    try:
        pattern = compile_pattern(value)
    except ExpressionError:
        run.spend(_FAILED)
        raise
    run.spend(len(value) * 2 + pattern.programsize)
    return pattern


def check_pattern(run: Run, pattern: str) -> None:
    """Checks the length of a pattern or path. Raises: ExpressionLimit."""
    if len(pattern) > run.limits.expression_pattern_characters:
        raise ExpressionLimit(
            "expression_pattern_characters",
            f"a pattern or path of {len(pattern)} characters, allowed are {run.limits.expression_pattern_characters}",
        )


def _text(value: Json) -> str:
    if type(value) is str:
        return str(value)
    if value is None:
        return ""
    raise ExpressionError(f"isMatch() expects a text as `subject`, found {kind_of(value)}")


def _search(run: Run, pattern: Pattern, text: str) -> bool:
    try:
        content = text.encode()
    except UnicodeEncodeError:  # halves of characters outside the BMP
        content = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    # In the worst case RE2 executes every instruction for each character; an instruction takes 10 nanoseconds.
    run.spend(1 + (len(content) * pattern.programsize >> 6))
    return pattern.search(content) is not None


REGEX_FUNCTIONS = (
    Function(
        "isMatch",
        "text",
        (Argument("subject", Kind.TEXT), Argument("pattern", Kind.PRESENT_TEXT)),
        Type.BOOLEAN,
        "Returns whether a regular expression matches part of the text; its options are `(?i)`, `(?m)` and `(?s)`.",
        ("isMatch('PO-4711', '^PO-[0-9]+$')", True),
        build_source=_is_match,
    ),
)
