"""Tokenizes the source of an expression.

Names are ASCII letters, digits and underscores, and may start with `$`, `@`, `@@` or `#`; other names are written
`['...']`. Texts are enclosed in `'` or `"`; there, `\\n`, `\\r`, `\\t`, `\\\\` and the escaped quote are escapes, and
any other backslash is literal. Between backticks, `${...}` is an expression and only the backtick and `$` are escaped.
"""

import re
from typing import NamedTuple, TypeAlias

from looply.expressions.values.errors import ExpressionSyntaxError

_TOKEN = re.compile(
    r"""(?P<space>[\s\ufeff]+)
    |(?P<number>[0-9]+(?:\.[0-9]+)?)
    |(?P<name>(?:@@|[A-Za-z_$@\#])[A-Za-z0-9_]*)
    |(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<tick>`)
    |(?P<symbol>=>|==|!=|<>|<=|>=|&&|\|\||\?\?|[-+*/%^&!<>?:()\[\]{},.])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}
_LITERAL = re.compile(r"(?:[^`$\\]|\\[`$]?|\$(?!\{))*")
_LITERAL_ESCAPE = re.compile(r"\\([`$])")
MAX_LEVELS = 100
"""The largest nesting of a source: far more than is readable, far less than Python's stack allows."""


class Token(NamedTuple):
    """One token; `kind` is number, text, name, symbol, interpolation or end."""

    kind: str
    value: "str | Pieces"
    position: int


Pieces: TypeAlias = "tuple[str | tuple[Token, ...], ...]"
"""The literal texts of an interpolated text, and the tokens of its expressions."""


class Lexer:
    """Reads tokens from a text, from one position on. Positions of tokens count from there."""

    def __init__(self, text: str, start: int = 0) -> None:
        self._text = text
        self._origin = start
        self._at = start

    def tokenize(self) -> tuple[Token, ...]:
        """Returns the tokens up to the end of the text. Raises: ExpressionSyntaxError."""
        return self._tokens(is_embedded=False, level=0)

    def tokenize_embedded(self) -> tuple[tuple[Token, ...], int]:
        """Returns the tokens up to the brace that closes a `${`, and the index of that brace.

        Raises: ExpressionSyntaxError, also when there is no such brace.
        """
        tokens = self._tokens(is_embedded=True, level=0)
        return tokens, self._at - 1

    def _tokens(self, *, is_embedded: bool, level: int) -> tuple[Token, ...]:
        tokens: list[Token] = []
        braces = 0
        while self._at < len(self._text):
            position = self._at - self._origin
            match = _TOKEN.match(self._text, self._at)
            if match is None:
                raise self._refusal(position)
            self._at = match.end()
            kind, value = str(match.lastgroup), match.group()
            if kind == "space":
                continue
            if kind == "tick":
                tokens.append(Token("interpolation", self._interpolation(position, level + 1), position))
                continue
            if value == "{":
                braces += 1
            elif value == "}":
                if braces == 0 and is_embedded:
                    tokens.append(Token("end", "", position))
                    return tuple(tokens)
                braces -= 1
            tokens.append(Token(kind, _unquote(value) if kind == "text" else value, position))
        if is_embedded:
            raise self._error("expected `}` after the expression", self._at - self._origin)
        tokens.append(Token("end", "", self._at - self._origin))
        return tuple(tokens)

    def _interpolation(self, position: int, level: int) -> Pieces:
        if level > MAX_LEVELS:
            raise self._error(f"nested deeper than {MAX_LEVELS} levels", position)
        pieces: list[str | tuple[Token, ...]] = []
        while True:
            match = _LITERAL.match(self._text, self._at)
            literal = match.group() if match is not None else ""
            self._at += len(literal)
            if literal:
                pieces.append(_LITERAL_ESCAPE.sub(r"\1", literal))
            if self._text.startswith("`", self._at):
                self._at += 1
                return tuple(pieces)
            if not self._text.startswith("${", self._at):
                raise self._error("the text that starts here has no closing backtick", position)
            self._at += 2
            pieces.append(self._tokens(is_embedded=True, level=level))

    def _refusal(self, position: int) -> ExpressionSyntaxError:
        character = self._text[self._at]
        if character in "'\"":
            return self._error("the text that starts here has no closing quote", position)
        if character == "=":
            return self._error("`=` is not an operator; equality is `==`", position)
        if character.isalpha():
            return self._error(f"{character!r} is not allowed in a name; write the name as ['...']", position)
        return self._error(f"unexpected character {character!r}", position)

    def _error(self, reason: str, position: int) -> ExpressionSyntaxError:
        return ExpressionSyntaxError(reason, source=self._text[self._origin :], position=position)


def _unquote(token: str) -> str:
    quote = token[0]

    def replacement(match: re.Match[str]) -> str:
        character = match.group(1)
        return quote if character == quote else _ESCAPES.get(character, match.group())

    body = token[1:-1]
    return _ESCAPE.sub(replacement, body) if "\\" in body else body
