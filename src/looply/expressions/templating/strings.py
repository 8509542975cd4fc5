"""Splits strings with `${...}` into literal texts and expressions."""

import re
from typing import TypeAlias

from looply.expressions.closures.scope import Rules
from looply.expressions.compiling.expression import Expression, build_expression, check_length
from looply.expressions.parsing.lexer import MAX_LEVELS, Lexer
from looply.limits import Limits

Piece: TypeAlias = str | Expression

_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_MARK = re.compile(r"\\[`$]|\$\{")
_WITHIN = re.compile(
    rf"""(?P<plain>{_QUOTED}|[^\r\n{{}}'"`]+|\{{\}})
    |(?P<opening>\{{(?:(?:@@|[A-Za-z_\#@$%])[A-Za-z0-9_]*|{_QUOTED}):)
    |(?P<closing>\}})""",
    re.VERBOSE | re.DOTALL,
)


def split_string(text: str, limits: Limits) -> tuple[Piece, ...]:
    """Returns the literal texts and the expressions of a string of a document; `\\\\${` is literal `${`.

    Raises: ExpressionSyntaxError for an expression that does not parse, or a string over the limit that contains one.
    """
    pieces: list[Piece] = []
    literal, at = "", 0
    while (found := text.find("${", at)) >= 0:
        if found > at and text[found - 1] == "\\":
            literal += text[at : found - 1] + "${"
            at = found + 2
            continue
        check_length(text, limits)
        literal += text[at:found]
        tokens, end = Lexer(text, found + 2).tokenize_embedded()
        if literal:
            pieces.append(literal)
        pieces.append(build_expression(tokens, text[found + 2 : end], limits, Rules()))
        literal, at = "", end + 1
    literal += text[at:]
    if literal or not pieces:
        pieces.append(literal)
    return tuple(pieces)


def split_card_string(text: str, limits: Limits, rules: Rules) -> tuple[Piece, ...]:
    """Returns the literal texts and the expressions of a string of a card, split like Microsoft's package does.

    A `${` that is not closed on its line, or contains braces that are no object, is literal. In a string that has a
    `${`, a backslash escapes `$` and the backtick; in any other it is literal.

    Raises: ExpressionSyntaxError for an expression that does not parse, or a string over the limit that has a `${`.
    """
    if "${" not in text:
        return (text,)
    check_length(text, limits)
    pieces: list[Piece] = []
    literal, at = "", 0
    while (mark := _MARK.search(text, at)) is not None:
        literal += text[at : mark.start()]
        at = mark.end()
        if mark.group() != "${":
            literal += mark.group()[1]
        elif (end := _end_of_expression(text, at)) is None:
            literal += "${"
        else:
            pieces += [literal] if literal else []
            pieces.append(_expression(text[at:end].strip(), limits, rules))
            literal, at = "", end + 1
    literal += text[at:]
    return tuple([*pieces, literal] if literal or not pieces else pieces)


def _end_of_expression(text: str, start: int) -> int | None:
    """Returns the index of the brace that closes an expression, None when there is no such brace."""
    levels, at, is_empty = 0, start, True
    while levels <= MAX_LEVELS and (match := _WITHIN.match(text, at)) is not None:
        at = match.end()
        if match.lastgroup == "closing":
            if is_empty:
                return None
            if levels == 0:
                return match.start()
            levels -= 1
        elif match.lastgroup == "opening":
            levels += 1
        is_empty = match.lastgroup == "opening"
    return None


def _expression(source: str, limits: Limits, rules: Rules) -> Piece:
    source = source.removeprefix("=")
    return build_expression(Lexer(source).tokenize(), source, limits, rules) if source else ""
