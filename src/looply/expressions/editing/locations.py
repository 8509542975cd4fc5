"""Locations within the texts that authors write, for editors: expressions, and tokens at a position.

Positions count characters (code points) from 0, never bytes or UTF-16 units.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from looply.expressions.parsing.lexer import Lexer, Token
from looply.expressions.values.errors import ExpressionSyntaxError

_MARK = re.compile(r"(?<!\\)\$\{")


class SourceLocation(msgspec.Struct, frozen=True):
    """A position of a text with its line and column, which count from 1, and the length of the part it refers to.

    `length` is None when it is not known, as in a text that cannot be tokenized.
    """

    position: int
    line: int
    column: int
    length: int | None = None


def expression_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yields start and end of each expression of a text, without its `${` and `}`; `\\\\${` is literal.

    The last one ends with the text when its brace is missing or it cannot be tokenized.
    """
    at = 0
    while (found := text.find("${", at)) >= 0:
        at = found + 2
        if found > 0 and text[found - 1] == "\\":
            continue
        try:
            _, end = Lexer(text, at).tokenize_embedded()
        except ExpressionSyntaxError:
            yield at, len(text)
            return
        yield at, end
        at = end + 1


def expression_start(text: str, source: str) -> int:
    """Returns the position of the first expression with this source in a text, 0 when there is none.

    A bare expression is its own text. In cards a source is stripped of white space and of a leading `=`.
    """
    found = dict(expression_spans(text))
    # A text that cannot be tokenized ends the spans, not a card: the rest of a card may contain expressions as well.
    found.update((mark.end(), len(text)) for mark in _MARK.finditer(text, max(found, default=0)))
    for start, end in found.items():
        at = start + len(text[start:end]) - len(text[start:end].lstrip())
        for begin in (start, at, at + 1):
            if text.startswith(source, begin) and text[begin + len(source) : end].lstrip()[:1] in {"", "}"}:
                return begin
    return 0


def locate(text: str, position: int, length: int | None = None) -> SourceLocation:
    """Returns the location of a position of a text; one after the text is its end."""
    at = min(position, len(text))
    line_start = text.rfind("\n", 0, at) + 1
    return SourceLocation(position=at, line=text.count("\n", 0, at) + 1, column=at - line_start + 1, length=length)


def token_length(source: str, position: int) -> int | None:
    """Returns the length of the token that begins at a position of an expression, None when there is none."""
    try:
        tokens = sorted(flatten_tokens(Lexer(source).tokenize()), key=lambda token: token.position)
    except ExpressionSyntaxError:
        return None
    for token, following in pairwise(tokens):
        if token.position == position and token.kind not in {"interpolation", "end"}:
            return len(source[position : following.position].rstrip())
    return None


def flatten_tokens(tokens: tuple[Token, ...]) -> Iterator[Token]:
    """Yields tokens, and those of the expressions within texts after the text that has them."""
    for token in tokens:
        yield token
        if not isinstance(token.value, str):
            for piece in token.value:
                if not isinstance(piece, str):
                    yield from flatten_tokens(piece)
