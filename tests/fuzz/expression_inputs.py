"""Generated inputs: nearly valid expressions, token soup, noise, deep nesting, and bombs."""

import random
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from expression_bombs import Bombs
from expression_cases import ExpressionCases

from looply.expressions import FUNCTIONS


class Input(NamedTuple):
    """One input: its kind, the form it is parsed as (expression, template, card), and the text or JSON value."""

    kind: str
    form: str
    source: Any


_POOL = 4000
"""The number of valid expressions from which the other inputs are made."""
_SHARES = {"valid": 22, "mutated": 33, "soup": 16, "noise": 12, "deep": 1, "template": 8, "card": 8}
_BOMB_EVERY = 997
_TOKENS = (
    *("(", ")", "[", "]", "{", "}", ",", ".", ":", "?", "=>", "==", "!=", "<>", "<", "<=", ">", ">=", "&&", "||"),
    *("??", "&", "+", "-", "*", "/", "%", "^", "!", "=", "'", '"', "`", "${", "}", "\\", "$", "@", "#", "\n", " "),
    *("true", "false", "null", "undefined", "0", "1", "-1", "3.5", "007", "1e9", "9007199254740993", "." * 2),
    *("99999999999999999999", "1" * 65, "0.1", "2147483648", "'a'", '"b"', "''", "`x`", "`${n}`", "'\\n'"),
    *("$root", "$data", "$index", "$host", "this", "o", "o.a", "list", "list[0]", "people", "missing", "x", "n", "s"),
    *("uni", "face", "day", "empty", "nested", "mixed", "jsontext", "xmltext", "base64", "uri", "ticks", "O", "void"),
)
_LARGE = f"{'9' * 300}.5"
_NUMBERS = (
    *("0", "-0", "1", "-1", "64", "1000000000", "1000000000.5", "400.5", "9007199254740993", "9" * 64, "1" * 65),
    *("0.5", "1e308", "5e-324", _LARGE, f"({_LARGE} * {_LARGE})", f"-{_LARGE}"),
)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+(?:\.[0-9]+)?|'[^'\\]*'")
_OPERANDS = (
    *("null", "list", "o", "people", "mixed", "none", "void", "''", "'a'", "uni", "-1", "big", "tiny", "nested", "[]"),
    *("half", "day", "face", _LARGE),
)
_CHARACTERS = (
    *(range(32, 127), range(128), range(0x80, 0x250), range(0x2000, 0x2070), range(0x4E00, 0x4E80)),
    *(range(0xD7F0, 0xD7FF), range(0xE000, 0xE010), range(0xFEFF, 0xFF10), range(0x1F600, 0x1F640)),
)
_WRAPPERS = (
    ("(", ")"),
    ("[", "]"),
    ("!", ""),
    ("-", ""),
    ("+", ""),
    ("`${", "}`"),
    ("o[", "]"),
    ("{k: ", "}"),
    ("[1, ", "][0]"),
    ("concat(", ", 'a')"),
    ("string(", ")"),
    ("json(string(", "))"),
    ("foreach(list, x, ", ")"),
    ("where([1, 2], x, ", ")"),
    ("if(true, ", ", 1)"),
    ("true ? ", " : 1"),
    ("1 ? 2 : ", ""),
    ("1 + ", ""),
    ("2 ^ ", ""),
    ("1 == ", ""),
    ("null ?? ", ""),
    ("stringOrValue('${", "}')"),
)


class FuzzInputs:
    """A stream of inputs. Each is generated from `seed` and its number alone."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        cases = ExpressionCases(seed)
        self._valid = [cases.case(number) for number in range(_POOL)]
        self._bombs = Bombs(seed)
        self._names = sorted(FUNCTIONS)
        self._random = random.Random(seed)
        self._makers: dict[str, Callable[[], Any]] = {
            "valid": self._any,
            "mutated": self._mutated,
            "soup": self._soup,
            "noise": self._noise,
            "deep": self._deep,
            "template": self._template,
            "card": self._card,
        }

    def input(self, number: int) -> Input:
        """Returns the input of a number."""
        if number % _BOMB_EVERY == 0:
            return Input("bomb", *self._bombs.bomb(number // _BOMB_EVERY))
        self._random = random.Random(self._seed * 1_000_003 + number)
        (kind,) = self._random.choices(tuple(_SHARES), tuple(_SHARES.values()))
        form = kind if kind in ("template", "card") else "expression"
        return Input(kind, form, self._makers[kind]())

    def _any(self) -> str:
        return self._random.choice(self._valid)

    def _mutated(self) -> str:
        made = self._any()
        for _ in range(self._random.choice((1, 1, 1, 2, 4))):
            made = self._changed(made)
        return made

    def _changed(self, text: str) -> str:
        draw = self._random
        words = list(_WORD.finditer(text)) if draw.random() < 0.8 else []
        if words:
            word = draw.choice(words)
            return text[: word.start()] + draw.choice(self._words_like(word[0])) + text[word.end() :]
        start = draw.randrange(len(text) + 1)
        end = min(len(text), start + draw.choice((0, 1, 1, 2, 5, 20)))
        match draw.randrange(8):
            case 0:
                return text[:start] + text[end:]
            case 1:
                return text[:start] + text[start:end] * draw.choice((2, 3, 50)) + text[end:]
            case 2:
                return text[:start] + draw.choice(_TOKENS) + text[start:]
            case 3:
                return text[:start] + draw.choice(_TOKENS) + text[end:]
            case 4:
                return text[:start] + draw.choice(_NUMBERS) + text[end:]
            case 5:
                return text[:start] + self._character() + text[end:]
            case 6:
                other = self._any()
                return text[:start] + other[draw.randrange(len(other)) :]
            case _:
                return f"{text} {draw.choice(_TOKENS)} {self._any()}"

    def _words_like(self, word: str) -> tuple[str, ...] | list[str]:
        if word in FUNCTIONS:
            return self._names
        return _NUMBERS if word[0].isdigit() and self._random.random() < 0.5 else _OPERANDS

    def _soup(self) -> str:
        draw = self._random
        words = [draw.choice(_TOKENS) for _ in range(draw.randint(1, 16))]
        if draw.random() < 0.5:
            words.insert(draw.randrange(len(words)), f"{draw.choice(self._names)}(")
        return draw.choice(("", " ")).join(words)

    def _noise(self) -> str:
        return "".join(self._character() for _ in range(self._random.randint(0, 24)))

    def _character(self) -> str:
        return chr(self._random.choice(self._random.choice(_CHARACTERS)))

    def _deep(self) -> str:
        draw = self._random
        wrappers = [draw.choice(_WRAPPERS) for _ in range(draw.choice((1, 1, 1, 3)))]
        levels = draw.choice((5, 30, 95, 99, 100, 101, 200, 1000)) // len(wrappers)
        opening = "".join(before for before, _ in wrappers) * levels
        closing = "".join(after for _, after in reversed(wrappers)) * levels
        return opening + draw.choice(("1", "n", "list", "o.a", "x", "")) + closing

    def _template(self) -> Any:
        draw = self._random
        if draw.random() < 0.01:
            return self._nested(self._text())
        return draw.choice(
            (self._text, lambda: {"a": self._text(), self._text(): [1, self._text()]}, lambda: [self._text(), [None]])
        )()

    def _text(self) -> str:
        draw = self._random
        source = draw.choice((self._any, self._mutated, self._noise))()
        return draw.choice(("${%s}", "a ${%s} b", "\\${%s}", "${%s", "'${%s}' ${n}", "%s")) % source

    def _card(self) -> Any:
        draw = self._random
        if draw.random() < 0.01:
            return self._nested({"$data": self._text(), "a": self._text()})
        made: dict[str, Any] = {"type": "AdaptiveCard", "text": self._text()}
        if draw.random() < 0.6:
            made["$data"] = draw.choice(("${people}", "${o}", "${list}", [1, {"a": 2}], {"n": 1}, 7, self._text()))
        if draw.random() < 0.4:
            made["$when"] = draw.choice(("${n > 1}", "${true}", False, "no", self._text()))
        inner = {"text": draw.choice(("${$index}", "${name} ${$root.n}", "${$data.a}", self._text()))}
        made["body"] = draw.choice(([inner, inner], [{"$data": "${$root.list}", **inner}], inner, []))
        return made if draw.random() < 0.5 else {"body": [made, made]}

    def _nested(self, inner: Any) -> Any:
        for _ in range(self._random.choice((50, 150, 197, 250))):
            inner = [inner] if self._random.random() < 0.5 else {"a": inner}
        return inner
