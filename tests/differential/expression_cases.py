"""Makes expressions from the grammar: every function of the table with fitting and odd arguments, every operator.

A case is a function of its seed alone. Arguments fit the declaration most of the time; else they are of any kind, are
missing, or are extreme values, on which implementations differ.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any

from embedded_languages import JSONS, JSPATHS, PATTERNS, SUBJECTS, XMLS, XPATHS

from looply.expressions import FUNCTIONS, Argument, Function

DATA: Mapping[str, Any] = {
    "n": 7,
    "zero": 0,
    "neg": -3,
    "half": 2.5,
    "tiny": 1e-7,
    "big": 9007199254740991,
    "s": "Hello World",
    "digits": "42",
    "decimal": "3.75",
    "empty": "",
    "blank": "  padded\t",
    "uni": "Grüße, 世界 ß",
    "face": "a😀b",
    "yes": True,
    "no": False,
    "nothing": None,
    "list": [3, 1, 2],
    "texts": ["b", "a", "C", "a"],
    "mixed": [1, "1", True, None, {"a": 1}, [1]],
    "none": [],
    "nested": [[1, 2], [3, [4, 5]], 6],
    "people": [
        {"name": "Ida", "age": 34, "city": {"zip": "0550"}},
        {"name": "Bo", "age": 28},
        {"name": "Åsa", "age": 41, "city": None},
    ],
    "o": {"a": 1, "b": {"c": [10, {"d": "deep"}]}, "x y": 2, "A": "upper"},
    "void": {},
    "day": "2018-03-15T13:27:36.123Z",
    "midnight": "2020-02-29T00:00:00.000Z",
    "late": "2026-12-31T23:59:59.999Z",
    "offset": "2018-03-15T13:27:36+02:00",
    "dateonly": "2018-03-15",
    "spoken": "March 5, 2018 1:27 PM",
    "slashed": "3/15/2018 13:27",
    "wall": "2018-03-25T02:30:00.500",
    "sunday": "2026-10-25T00:59:59.001Z",
    "noon": "2026-01-16T12:00:00.000Z",
    "uri": "https://user@example.com:8080/a/b%20c?x=1&y=z#frag",
    "base64": "aGVsbG8=",
    "datauri": "data:text/plain;base64,aGVsbG8=",
    "jsontext": '{"a": [1, 2, {"b": null}]}',
    "xmltext": "<shop><item price='3'>pen</item><item price='5'>cup</item></shop>",
    "ticks": 637243624200000000,
}

_NUMBERS = ("n", "zero", "neg", "half", "tiny", "big", "list[1]", "o.a", "people[0].age")
_TEXTS = ("s", "digits", "decimal", "empty", "blank", "uni", "face", "people[1].name", "texts[0]", "o.b.c[1].d")
_LISTS = ("list", "texts", "mixed", "none", "nested", "people", "o.b.c")
_OBJECTS = ("o", "void", "people[0]", "o.b", "people[2]")
_TIMES = ("day", "midnight", "late", "sunday", "noon", "utcNow()", "offset", "dateonly", "spoken", "slashed", "wall")
_OTHERS = ("yes", "no", "nothing", "missing", "o.missing", "people[9]", "people[1].city.zip", "o['x y']", "O.a")
_NUMBER_LITERALS = ("0", "1", "2", "-1", "3.5", "10", "0.1", "100000000000", "-0.5", "15", "1e3")
_TEXT_LITERALS = ("'a'", "'o'", "''", "' '", "'l'", "'World'", '"x"', "'ß'", "','", "'2'", "'\\n'", "`t${n}`")
_FORMATS = (
    *("'yyyy-MM-dd'", "'MM/dd/yyyy'", "'dddd, d MMMM yyyy'", "'HH:mm:ss.fff'", "'h:mm tt'", "'ddd MMM y zzz K'", "''"),
    *("'D'", "'o'", "'s'", "'r'", "'f'", "'u'", "'%d%dx'", "\"yyyy 'at' hh\"", '"\'open yy"', "'[yyyy] SSS ff M'"),
)
_UNITS = ("'Second'", "'Minute'", "'Hour'", "'Day'", "'Week'", "'Month'", "'Year'", "'Fortnight'")
_ZONES = ("'Pacific Standard Time'", "'UTC'", "'Europe/Berlin'", "'Nepal Standard Time'", "'Mars/Base'")
_TIMEXES = (
    *("'2026-01-15'", "'XXXX-10-31'", "'XXXX-01-15'", "'XXXX-02-29'", "'XXXX-WXX-3'", "'2026-05'", "'2026-W15'"),
    *("'T15:28'", "'2026-05-01TMO'", "'PT2.5H'", "'(2026-01-15,2026-01-18,P3D)'", "'FA'", "'TXX:15:28'", "'TXX:45:00'"),
)
_BINARY = ("+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "&", "??")
_ODD_SHARE = 0.12

# The values for arguments, by name, of functions that expect more than the kind of the argument states.
_BY_NAME: Mapping[str, tuple[str, ...]] = {
    "format": _FORMATS,
    "unit": _UNITS,
    "timex": _TIMEXES,
    "ticks": ("ticks", "637243624200000001", "'637243624200000000'", "ticks(day)"),
    "zone": _ZONES,
    "pattern": PATTERNS,
    "subject": SUBJECTS,
    "locale": ("'en-US'", "'de-DE'", "'fr-FR'", "'ja-JP'"),
    "uri": ("uri", "'http://example.com'", "'https://example.com/x?y=1'", "'ftp://a.b/c'"),
    "path": ("'a'", "'o.a'", "'$..b'", "'.people.name'"),
    "xpath": XPATHS,
    "xml": XMLS,
    "jspath": JSPATHS,
    "json": JSONS,
}


OWN = frozenset({"xmlText"})
"""Functions that Microsoft's packages do not have."""


class ExpressionCases:
    """A stream of expressions, of some `functions`; each case is generated from `seed` and its number."""

    def __init__(self, seed: int, functions: Mapping[str, Function] = FUNCTIONS) -> None:
        functions = {name: function for name, function in functions.items() if name not in OWN}
        self._seed = seed
        self._functions = [functions[name] for name in sorted(functions)]
        self._random = random.Random(seed)
        self._variables: list[str] = []

    def case(self, number: int) -> str:
        """Returns the expression of a number: half of them are calls of each function in turn."""
        self._random = random.Random(self._seed * 1_000_003 + number)
        self._variables = []
        if number % 2 == 0:
            return self._call(self._functions[number // 2 % len(self._functions)], depth=2)
        return self._any(depth=3)

    def _any(self, depth: int) -> str:
        makers: tuple[Callable[[int], str], ...] = (self._operation, self._call_any, self._path, self._interpolation)
        if depth == 0:
            return self._leaf()
        return self._random.choices(makers, (4, 5, 2, 1))[0](depth)

    def _operation(self, depth: int) -> str:
        kind = self._random.random()
        if kind < 0.1:
            return f"!{self._operand(depth)}"
        if kind < 0.15:
            return f"-{self._operand(depth)}"
        if kind < 0.22:
            return f"{self._operand(depth)} ? {self._operand(depth)} : {self._operand(depth)}"
        operators = [self._random.choice(_BINARY) for _ in range(self._random.choice((1, 1, 1, 2, 3)))]
        return " ".join([self._operand(depth), *(f"{each} {self._operand(depth)}" for each in operators)])

    def _operand(self, depth: int) -> str:
        made = self._any(depth - 1)
        return f"({made})" if self._random.random() < 0.4 else made

    def _path(self, depth: int) -> str:
        base = self._random.choice((*_LISTS, *_OBJECTS, *_OTHERS, *_TEXTS, "$root", "this"))
        step = self._random.choice((".a", "[0]", "[1]", "[-1]", ".name", "['b']", "[n]", "[s]", ".length", ".b.c"))
        return f"{base}{step}" if self._random.random() < 0.6 else base

    def _interpolation(self, depth: int) -> str:
        return f"`x ${{{self._any(depth - 1)}}} \\` ${{{self._leaf()}}}`"

    def _call_any(self, depth: int) -> str:
        return self._call(self._random.choice(self._functions), depth)

    def _call(self, function: Function, depth: int) -> str:
        if function.build_loop is not None:
            return self._loop(function, depth)
        given = []
        for argument in function.arguments:
            if argument.is_optional and self._random.random() < 0.5:
                break
            times = self._random.randint(1, 3) if argument.is_repeated else 1
            given += [self._argument(argument, depth - 1) for _ in range(times)]
        if self._random.random() < 0.02:
            given = given[:-1] if self._random.random() < 0.5 else [*given, self._leaf()]
        return f"{function.name}({', '.join(given)})"

    def _loop(self, function: Function, depth: int) -> str:
        collection = self._random.choice((*_LISTS, *_OBJECTS)) if self._random.random() < 0.9 else self._leaf()
        name = self._random.choice(("x", "item", "n"))
        self._variables.append(name)
        body = self._random.choice(
            (name, f"{name}.name", f"{name} == 1", f"{name}.value", self._any(max(0, depth - 1)))
        )
        self._variables.pop()
        return f"{function.name}({collection}, {name}, {body})"

    def _argument(self, argument: Argument, depth: int) -> str:
        if self._random.random() < _ODD_SHARE:
            return self._leaf()
        if (words := _BY_NAME.get(argument.name)) is not None and self._random.random() < 0.85:
            return self._random.choice(words)
        if depth > 0 and self._random.random() < 0.2:
            return self._any(depth)
        choices = {
            "TEXT": (*_TEXTS, *_TEXT_LITERALS),
            "NUMBER": (*_NUMBERS, *_NUMBER_LITERALS),
            "WHOLE": ("n", "zero", "neg", "0", "1", "2", "3", "5", "-1", "list[0]"),
            "LIST": _LISTS,
            "COLLECTION": (*_LISTS, *_OBJECTS),
            "OBJECT": _OBJECTS,
            "TIMESTAMP": _TIMES,
        }.get(argument.kind.name)
        return self._random.choice(choices) if choices is not None else self._leaf()

    def _leaf(self) -> str:
        pools = (
            _NUMBERS,
            _TEXTS,
            _LISTS,
            _OBJECTS,
            _TIMES,
            _OTHERS,
            _NUMBER_LITERALS,
            _TEXT_LITERALS,
            ("true", "null"),
        )
        if self._variables and self._random.random() < 0.4:
            return self._random.choice(self._variables)
        return self._random.choice(self._random.choice(pools))
