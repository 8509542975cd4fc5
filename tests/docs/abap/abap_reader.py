"""Reads ABAP as far as the pages need it: statements, literals, text templates, blocks, and declarations of methods."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

EXPRESSION: Final = "\x00"
"""What an embedded expression of a text template is replaced by."""

_BLOCKS: Final = {
    name: f"END{name}" for name in ("CLASS", "METHOD", "IF", "DO", "TRY", "FUNCTION", "LOOP", "CASE", "WHILE")
}
_WITHIN: Final = {"ELSE": "IF", "ELSEIF": "IF", "CATCH": "TRY", "WHEN": "CASE"}
_PAIRS: Final = {")": "(", "]": "["}


class Unbalanced(ValueError):
    """A literal, parenthesis, statement or block that is not complete."""


@dataclass(slots=True)
class Statement:
    """One statement: `code` without literals, with the code of embedded expressions in their place."""

    code: str = ""
    literals: list[str] = field(default_factory=list)
    templates: list[str] = field(default_factory=list)
    """Text templates, with `EXPRESSION` for each embedded one."""
    expressions: list[str] = field(default_factory=list)
    """The embedded expressions, in the order of the templates."""

    @property
    def word(self) -> str:
        """The first word in upper case, without a colon."""
        return self.code.split()[0].upper().rstrip(":") if self.code.split() else ""


def statements(text: str) -> list[Statement]:
    """Returns the statements of a source. Raises: Unbalanced."""
    reader = _Reader(re.sub(r"(?m)^\*.*$", "", text))
    found = reader.read()
    _check_blocks(found)
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> list[Statement]:
        found, current, open_ = [], Statement(), list[str]()
        while self._at < len(self._text):
            sign = self._text[self._at]
            if sign == ".":
                if open_:
                    raise Unbalanced(f"a parenthesis is open at the end of: {current.code}")
                found.append(current)
                current = Statement()
                self._at += 1
            else:
                self._take(sign, current, open_)
        if current.code.strip():
            raise Unbalanced(f"a statement has no period: {current.code}")
        return found

    def _take(self, sign: str, current: Statement, open_: list[str]) -> None:
        if sign == '"':
            self._at = (self._text.find("\n", self._at) + len(self._text) + 1) % (len(self._text) + 1)
        elif sign in "'`":
            current.literals.append(self._literal(sign))
            current.code += " LITERAL "
        elif sign == "|":
            self._template(current, open_)
        else:
            if sign in "([":
                open_.append(sign)
            elif sign in _PAIRS and (not open_ or open_.pop() != _PAIRS[sign]):
                raise Unbalanced(f"a parenthesis is closed that is not open: {current.code}")
            current.code += sign
            self._at += 1

    def _literal(self, quote: str) -> str:
        end = re.compile(rf"{quote}((?:[^{quote}\n]|{quote}{quote})*){quote}").match(self._text, self._at)
        if end is None:
            raise Unbalanced(f"a literal has no end: {self._text[self._at : self._at + 40]}")
        self._at = end.end()
        return end[1].replace(quote * 2, quote)

    def _template(self, current: Statement, open_: list[str]) -> None:
        begun, template = self._at, ""
        place = len(current.templates)
        self._at += 1
        while self._at < len(self._text) and (sign := self._text[self._at]) not in "|\n":
            if sign == "\\":
                template += self._text[self._at + 1]
                self._at += 2
            elif sign == "{":
                self._at += 1
                template += EXPRESSION
                current.expressions.append(self._expression(current, open_))
            else:
                template += sign
                self._at += 1
        if self._text[self._at : self._at + 1] != "|":
            raise Unbalanced(f"a text template has no end: {self._text[begun : begun + 60]}")
        self._at += 1
        current.templates.insert(place, template)

    def _expression(self, current: Statement, open_: list[str]) -> str:
        inner, depth = Statement(code=" "), len(open_)
        while self._at < len(self._text) and (sign := self._text[self._at]) not in "}\n":
            self._take(sign, inner, open_)
        if self._text[self._at : self._at + 1] != "}" or len(open_) != depth:
            raise Unbalanced(f"an embedded expression has no end: {inner.code}")
        self._at += 1
        current.code += f" {inner.code} "
        current.literals += inner.literals
        return inner.code.strip()


def _check_blocks(found: list[Statement]) -> None:
    open_: list[str] = []
    for statement in found:
        word = statement.word
        if word in _BLOCKS:
            open_.append(word)
        elif word in _BLOCKS.values():
            if not open_ or _BLOCKS[open_.pop()] != word:
                raise Unbalanced(f"{word} ends no block")
        elif word in _WITHIN and (not open_ or open_[-1] != _WITHIN[word]):
            raise Unbalanced(f"{word} is not within {_WITHIN[word]}")
    if open_:
        raise Unbalanced(f"{open_[-1]} has no end")


@dataclass(frozen=True, slots=True)
class Method:
    """A declared method: the types of its parameters by name, and those that need not be given."""

    parameters: dict[str, str]
    optional: frozenset[str]


_PARAMETER: Final = re.compile(
    r"(?:VALUE\( ?(\w+) ?\)|(\w+))\s+(?:TYPE|LIKE)\s+((?:REF TO )?[\w~-]+)(\s+(?:OPTIONAL|DEFAULT\s+\S+))?",
    re.IGNORECASE,
)


def classes(found: list[Statement]) -> dict[str, dict[str, Method]]:
    """Returns the methods that each class declares, by name; redefined ones have no parameters."""
    declared: dict[str, dict[str, Method]] = {}
    name = ""
    for statement in found:
        words = statement.code.split()
        if statement.word == "CLASS" and words[2].upper() == "DEFINITION":
            name = words[1].lower()
            declared[name] = {}
        elif statement.word in ("METHODS", "CLASS-METHODS"):
            parameters = {(whole or plain).lower(): kind.lower() for whole, plain, kind, _ in _parameters(statement)}
            optional = {(whole or plain).lower() for whole, plain, _, default in _parameters(statement) if default}
            declared[name][words[1].lower()] = Method(parameters, frozenset(optional))
    return declared


def _parameters(statement: Statement) -> list[tuple[str, str, str, str]]:
    return _PARAMETER.findall(statement.code)


def bodies(found: list[Statement]) -> Iterator[tuple[str, str, list[Statement]]]:
    """Yields class, name and statements of each implemented method."""
    class_, method, body = "", "", list[Statement]()
    for statement in found:
        words = statement.code.split()
        if statement.word == "CLASS":
            class_ = words[1].lower()
        elif statement.word == "METHOD":
            method, body = words[1].lower(), []
        elif statement.word == "ENDMETHOD":
            yield class_, method, body
        else:
            body.append(statement)
