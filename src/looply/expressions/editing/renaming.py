"""Renames a name of the data document in the expressions of texts: by their syntax, never by their characters."""

from collections.abc import Iterator
from dataclasses import dataclass

from looply.expressions.editing.locations import expression_spans, flatten_tokens
from looply.expressions.editing.paths import PLAIN_NAME, quote_name
from looply.expressions.functions.table import FUNCTIONS
from looply.expressions.parsing.lexer import Lexer, Token
from looply.expressions.parsing.parser import parse
from looply.expressions.parsing.syntax import (
    Access,
    Call,
    Chain,
    Conditional,
    Constant,
    Interpolation,
    ListOf,
    Name,
    Node,
    ObjectOf,
    Unary,
)
from looply.limits import Limits

_ROOT = "$root"
_DATA = "$data"
_WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Renaming:
    """One name of the data document and its new name, which begins with a letter; letter case is ignored.

    Members of `waits` of that name are renamed, too.
    """

    old: str
    new: str
    limits: Limits

    def text(self, text: str, *, is_in_data: bool = False) -> str:
        """Returns a text with the new name in its expressions; `is_in_data`: within a `$data` of a card.

        There bare names and `$data` are members of the chosen data, so only `$root` leads to the document.

        Raises: ExpressionSyntaxError, ExpressionLimit for an expression that names it and cannot be read.
        """
        if not self.occurs_in(text):
            return text
        made, done = [], 0
        for start, end in expression_spans(text):
            source = text[start:end]
            made += [text[done:start], self._expression(source, is_in_data=is_in_data)]
            done = end
        return "".join((*made, text[done:]))

    def occurs_in(self, text: str) -> bool:
        """Returns whether a text has the characters of the name, in an expression or anywhere else."""
        return "${" in text and self.old.casefold() in text.casefold()

    def is_old(self, name: object) -> bool:
        """Returns whether a name is the old one."""
        return isinstance(name, str) and name.casefold() == self.old.casefold()

    def _expression(self, source: str, *, is_in_data: bool) -> str:
        if self.old.casefold() not in source.casefold():
            return source
        # In cards an expression may begin with a sign of equality.
        lead = len(source) - len(source.lstrip())
        lead += source.startswith("=", lead)
        body = source[lead:]
        tokens = Lexer(body).tokenize()
        tree = parse(tokens, body, self.limits)
        places = {token.position: token for token in flatten_tokens(tokens)}
        found = _Occurrences(self, sorted(places), places, is_in_data=is_in_data)
        for position, text in sorted(found.edits(tree, frozenset()), reverse=True):
            length = _length(body, position, found.order)
            body = body[:position] + text + body[position + length :]
        return source[:lead] + body


@dataclass(frozen=True, slots=True)
class _Occurrences:
    """Finds the tokens of one expression that name the document's member."""

    renaming: Renaming
    order: list[int]
    tokens: dict[int, Token]
    is_in_data: bool

    def edits(self, node: Node, bound: frozenset[str]) -> Iterator[tuple[int, str]]:
        """Yields the position of each token to replace, and its new text. `bound` are the variables of loops."""
        match node:
            case Name(name, position):
                if self.renaming.is_old(name) and not self.is_in_data and name.casefold() not in bound:
                    yield position, self._bare(bound)
            case Access(target, steps):
                if isinstance(target, Name):
                    yield from self._path(target, steps, bound)
                yield from self.edits(target, bound)
                for step in steps:
                    if not isinstance(step, str | int):
                        yield from self.edits(step, bound)
            case Call():
                yield from self._call(node, bound)
            case Constant():
                return
            case _:
                for part in _parts(node):
                    yield from self.edits(part, bound)

    def _bare(self, bound: frozenset[str]) -> str:
        new = self.renaming.new
        return f"{_ROOT}.{new}" if new.casefold() in bound else new

    def _call(self, node: Call, bound: frozenset[str]) -> Iterator[tuple[int, str]]:
        declared, given = FUNCTIONS.get(node.name), node.arguments
        has_variable = declared is not None and declared.build_loop is not None and len(given) > 1
        if has_variable and isinstance(given[1], Name):
            yield from self.edits(given[0], bound)
            bound, given = bound | {given[1].name.casefold()}, given[2:]
        for argument in given:
            yield from self.edits(argument, bound)

    def _path(
        self, target: Name, steps: tuple[str | int | Node, ...], bound: frozenset[str]
    ) -> Iterator[tuple[int, str]]:
        """Yields the step of a path that begins at the root of the document, or at its `waits`."""
        name = target.name.casefold()
        if name in bound or (self.is_in_data and name != _ROOT):
            return
        names = [step.casefold() if isinstance(step, str) else None for step in steps]
        if name == _WAITS:
            which = 0
        elif name in (_ROOT, _DATA):
            which = 1 if names[:1] == [_WAITS] else 0
        else:
            return
        if len(names) > which and self.renaming.is_old(steps[which]):
            token = self._step(target.position, which)
            if token is not None:
                new = self.renaming.new
                yield token.position, quote_name(new) if token.kind == "text" or not PLAIN_NAME.fullmatch(new) else new

    def _step(self, position: int, which: int) -> Token | None:
        """Returns the token of a step of the path whose first name is at a position; None for another spelling."""
        at = self.order.index(position) + 1
        token = None
        for _ in range(which + 1):
            sign = self.tokens[self.order[at]]
            token = self.tokens[self.order[at + 1]]
            if sign.value == "." and token.kind == "name":
                at += 2
            elif sign.value == "[" and token.kind == "text":
                at += 3
            else:
                return None
        return token


def _parts(node: Node) -> Iterator[Node]:
    match node:
        case Unary(_, operand):
            yield operand
        case Chain(first, links):
            yield first
            yield from (link.operand for link in links)
        case Conditional(first, choices):
            yield first
            for pair in choices:
                yield from pair
        case Interpolation(pieces):
            yield from (piece for piece in pieces if not isinstance(piece, str))
        case ListOf(items):
            yield from items
        case ObjectOf(members):
            yield from (member for _, member in members)
        case _:
            return


def _length(source: str, position: int, order: list[int]) -> int:
    """Returns the length of the token at a position of the source."""
    at = order.index(position)
    end = order[at + 1] if at + 1 < len(order) else len(source)
    text = source[position:end]
    if text[:1] in "'\"":
        # A quoted text ends with its quote.
        return len(text.rstrip())
    plain = PLAIN_NAME.match(text)
    return plain.end() if plain is not None else len(text.rstrip())
