"""Expressions that require as much work as the limits allow: every function, on the largest values, in loops."""

import random
from collections.abc import Mapping
from typing import Any

from looply.expressions import FUNCTIONS, Argument, Function

_M = 1024 * 1024


def _texts() -> dict[str, str]:
    """Returns long texts, each hard for some algorithm: quadratic searches, many small parts, texts that grow."""
    patterns = {
        "aa": "a",
        "words": "a ",
        "gaps": "x" + " " * 4095,
        "sharp": "ß",
        "dotted": "İ",
        "astral": "😀a",
        "ones": "1",
        "percent": "%41",
        "escapes": "%e2%82%ac",
        "quotes": '"\\\n\x01',
        "zeros": "0,",
        "lists": "[],",
        "marks": "a!-_",
        "path": "a.b[0].",
        "steps": "0.",
        "brackets": "((",
        "format": "yyyy'at'dddd\\ d",
        "tags": "<a b='c'>d</a>",
    }
    made = {}
    for name, pattern in patterns.items():
        for mark, length in (("", _M), ("K", 30_000), ("H", 1000), ("T", 60)):
            made[f"{name}{mark}"] = (pattern * (length // len(pattern) + 1))[:length]
    return made


def _surrounded(texts: dict[str, str]) -> dict[str, str]:
    ones, zeros, lists = texts["ones"], texts["zeros"], texts["lists"]
    return {
        "jsonNumbers": f"[{zeros[: _M - 2]}0]",
        "jsonPowers": "[" + "0e0," * (_M // 5) + "0]",
        "jsonLists": f"[{lists[: _M - 4]}[]]",
        "jsonObject": "{" + ",".join(f'"k{number}":{number}' for number in range(60_000)) + "}",
        "jsonDeep": "[" * 200 + "]" * 200,
        "spaced": "x" + " " * (_M - 2) + "x",
        "period": f"P{ones[:-1]}",
        "periodK": f"PT{ones[:30_000]}.{ones[:30_000]}",
        "longDate": f"2026-01-01T00:00:00.{ones[:60_000]}",
        "wrongDate": f"20260101{ones[:60_000]}x",
        "spacedDate": "2026" + " " * 60_000 + "x",
        "uri": "https://example.com/" + texts["words"][:60_000].replace(" ", "/"),
        "query": "https://example.com/?" + texts["percent"],
        "almost": "a" * (_M // 2) + "b",
        "almostFirst": "ab" + "a" * (_M // 2),
        "xml": f"<r>{texts['tags'][: _M - 20]}".rpartition("<a")[0] + "</r>",
        "xmlDeep": "<a>" * 5000 + "</a>" * 5000,
    }


def _lists(texts: dict[str, str]) -> dict[str, list[Any]]:
    big = texts["aa"]
    twin = big[:-1] + "a"
    deep: Any = 1
    for _ in range(190):
        deep = [deep]
    return {
        "ints": list(range(100_000)),
        "floats": [number / 7 for number in range(100_000)],
        "wholes": [float(number) for number in range(100_000)],
        "smalls": [1.5e-5] * 100_000,
        "words_": [str(number) for number in range(100_000)],
        "same": [0] * 100_000,
        "nulls": [None] * 100_000,
        "bigs": [big] * 100_000,
        "twins": [big, twin] * 50_000,
        "empties": [[]] * 100_000,
        "rows": [{"a": number % 7, "name": f"n{number}", "b": [1, 2]} for number in range(20_000)],
        "bigRows": [{"name": each} for each in (big, twin)] * 20_000,
        "deepRows": [{"name": [[1, 2], [3]]}] * 20_000,
        "grid": [[0] * 300] * 300,
        "cube": [[[0] * 60] * 60] * 25,
        "deep": [deep] * 500,
        "mid": list(range(3000)),
        "few": list(range(300)),
        "midWords": texts["words"][:6000].split(),
        "huge": [10**63, -(10**63), 1e308, 5e-324] * 2000,
    }


def _data() -> dict[str, Any]:
    texts = _texts()
    content = texts["marks"] * 2
    return {
        **texts,
        **_surrounded(texts),
        **_lists(texts),
        "wide": {f"k{number}": number for number in range(100_000)},
        "long": {"k" * _M: 1, "K" * 5000: 2, "name": 3},
        "bytes": {"$content-type": "a/b", "$content": content},
        "noBytes": {"$content-type": "a/b", "$content": "!" * (4 * _M)},
        "o": {"a": {"b": [1, 2]}, "name": "x"},
        "day": "2026-01-15T09:30:00.000Z",
        "n": 5,
        "neg": -3,
        "half": 0.5,
        "digits": 10**63,
        "double": 1.7e308,
        "smallest": 5e-324,
        "odd": 123456.789,
    }


DATA: Mapping[str, Any] = _data()
"""The document of the bombs: about 60 MB in memory, with most values stored once and referenced often."""

_NAMES = {kind: [name for name, value in DATA.items() if type(value) is kind] for kind in (str, list, dict)}
_NUMBERS = ("n", "neg", "half", "digits", "double", "smallest", "odd", "0", "1", "20", "100000", "i")
_BY_KIND = {
    "TEXT": _NAMES[str],
    "PRESENT_TEXT": _NAMES[str],
    "NUMBER": _NUMBERS,
    "WHOLE": ("n", "neg", "digits", "0", "1", "20", "100000", "50000", "i"),
    "LIST": _NAMES[list],
    "COLLECTION": [*_NAMES[list], *_NAMES[dict]],
    "OBJECT": _NAMES[dict],
    "TIMESTAMP": ("day", "utcNow()", "longDate", "wrongDate", "spacedDate", "brackets", "'Thu, 15 Mar 2018 13:27'"),
}
_ANY = ("TEXT", "TEXT", "NUMBER", "LIST", "OBJECT")
_BY_NAME = {
    "format": ("format", "formatK", "formatH", "'yyyy-MM-dd HH:mm:ss'", "'dddd'"),
    "unit": ("'Day'", "'Month'", "'Year'", "aaK"),
    "zone": ("'Europe/Berlin'", "'Pacific Standard Time'", "aa"),
    "locale": ("'tr-TR'", "'de-DE'", "aaK"),
    "timex": ("period", "periodK", "'XXXX-02-29'", "'(2026-01-15,2026-01-18,P3D)'", "zeros", "onesT"),
    "uri": ("uri", "query", "'https://example.com/a?b=c'"),
    "pattern": ("'(a*)*b'", "'(a|aa)+$'", "'a{1,50}{1,50}'", "'.*.*.*x'", "aaK"),
    "path": ("'$..b'", "'$[*][*]'", "'a.b.c'", "'..*..*'", "pathK"),
    "xpath": ("'//a'", "'//*/ancestor::*'", "'count(//a[@b=\\'c\\'])'", "'//a[position()=last()]'"),
    "xml": ("xml", "xmlDeep"),
}
_SHORT = ("'a'", "'name'", "' '", "','", "'%'", "''", "'K'", "`${n}`")

FIXED: tuple[str, ...] = (
    "foreach(ints, i, i < 'a')",
    "where(ints, i, i < 'a')",
    "where(ints, i, exists(few[i]))",
    "where(ints, i, (i < 'a') || (i > 'b'))",
    "where(ints, i, few[400] == 1)",
    "foreach(ints, i, missing.a.b)",
    "foreach(ints, i, wide.missing)",
    "foreach(ints, i, wide.K1)",
    "foreach(ints, i, long.missing)",
    "foreach(ints, i, long[aa])",
    "foreach(ints, i, $root)",
    "foreach(ints, i, $root.missing)",
    "foreach(ints, i, -digits)",
    "foreach(ints, i, digits + digits - digits)",
    "foreach(ints, i, 9999999999 * 9999999999 * 9999999999 * 9999999999 * 9999999999 * 9999999999)",
    "foreach(ints, i, 2 ^ 200)",
    "foreach(ints, i, 7 ^ 2 ^ 2 ^ 2)",
    "foreach(ints, i, 10 ^ 63 / 7 % 1000)",
    "2 ^ 999999999",
    "foreach(ints, i, 1.5 ^ i)",
    "foreach(ints, i, `${i}${i}${i}${i}${i}${i}${i}${i}`)",
    "foreach(ints, i, `${few}`)",
    "foreach(ints, i, aaH & aaH & aaH)",
    "foreach(ints, i, few & few)",
    "foreach(ints, i, few == few & [])",
    "foreach(ints, i, grid == cube)",
    "foreach(twins, i, i == aa)",
    "twins == bigs",
    "foreach(ints, i, bigRows == bigRows & [])",
    "foreach(ints, i, aa < almost)",
    "foreach(ints, i, foreach(ints, j, i * j))",
    "foreach(few, i, foreach(few, j, foreach(few, k, [i, j, k])))",
    "foreach(range(0, 30000), i, [i, i, i])",
    "foreach(range(0, 30000), i, {a: i, b: i, c: i})",
    "foreach([aa], a, foreach([`${a}`], b, foreach([[b, b]], c, foreach([[c, c, c]], d, string(d)))))",
    "foreach(indicesAndValues(ints), i, i.index)",
    "join(foreach(ints, i, concat(i, i)), aaH)",
    "replace(replace(replace('aaaaaaaa', 'a', aaH), 'a', aaH), 'a', aaH)",
    "json(jsonStringify(json(jsonStringify(rows))))",
    "sortBy(sortBy(midWords))",
    "union(ints, ints)",
    "any(ints, i, any(ints, j, j > 200000))",
    "foreach(ints, i, if(i > 5, if(i > 6, 1, 2), 3))",
    "foreach(ints, i, i ? i : i ? i : i)",
    "foreach(ints, i, coalesce(null, null, null, i))",
    "foreach(ints, i, setProperty(wide, 'a', i))",
    "foreach(ints, i, merge(wide, wide))",
    "foreach(ints, i, {a: wide})",
    "a" + "[0]" * 2000,
    "deep" + "[0]" * 2000,
    "1" + " ? 1 : 1" * 1000,
    "1" + "+1" * 4000,
    "`" + "${ints}" * 300 + "`",
    "'" + "x" * 8000 + "'",
)


_TEXT_BLOCK = {"type": "TextBlock", "text": "constant", "wrap": True}
CARDS: tuple[Any, ...] = (
    {"$data": "${ints}", "a": "${$data}"},
    {"$data": "${ints}", "a": [_TEXT_BLOCK] * 300},
    {"$data": "${ints}", "a": {"$data": "${$root.ints}", "b": "${$index}"}},
    {"body": [{"$data": "${few}", "a": [{"$data": "${$root.few}", "b": [{"$data": "${$root.few}", "c": 1}]}]}]},
    {"$data": "${rows}", "a": "${name} ${a} ${missing} ${b[0]} ${b[9]}"},
    {"$data": "${rows}", "$when": "${name == 'n7'}", "a": "${$root}"},
    {"$data": "${ints}", "a": "${$root.aa}"},
    {"$data": "${ints}", "a": "${$root.wide.K1}"},
    {"$data": "${wide}", "a": "${foreach($data, x, x.key)}"},
    {"a": ["${aa}"] * 200},
    {"a": ["x ${aa}"] * 200},
    {"a": ["${few}"] * 200},
    {"a": ["${foreach(few, x, x)}"] * 200},
    {"a": [f"{'${n} ' * 100}"] * 3},
    [{"$data": "${few}", "a": "${grid}"}, {"$data": "${few}", "a": "${string($root.grid)}"}],
)
"""Cards, which are parsed as templates too."""


class Bombs:
    """A stream of expressions, each generated from `seed` and its number; the first are fixed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._functions = [FUNCTIONS[name] for name in sorted(FUNCTIONS)]
        self._random = random.Random(seed)

    def bomb(self, number: int) -> tuple[str, Any]:
        """Returns the form and the source of a number: after the fixed ones, calls of each function in turn."""
        if number < len(FIXED):
            return "expression", FIXED[number]
        if (card := number - len(FIXED)) < 2 * len(CARDS):
            return ("card", "template")[card % 2], CARDS[card // 2]
        return "expression", self._expression(number)

    def _expression(self, number: int) -> str:
        self._random = random.Random(self._seed * 1_000_003 + number)
        function = self._functions[number % len(self._functions)]
        call = self._call(function)
        return self._random.choice(
            (
                call,
                f"foreach(ints, i, {call})",
                f"foreach(ints, i, {call})",
                f"foreach(midWords, i, {call})",
                f"where(ints, i, exists({call}))",
                f"foreach(few, k, foreach(ints, i, {call}))",
            )
        )

    def _call(self, function: Function) -> str:
        if function.build_loop is not None:
            body = self._random.choice(("x", "x == aa", "x < 'a'", "count(few)", "[x, x]", "`${x}`", "x.name"))
            return f"{function.name}({self._drawn('COLLECTION')}, x, {body})"
        given: list[str] = []
        for argument in function.arguments:
            if argument.is_optional and self._random.random() < 0.4:
                break
            times = self._random.randint(1, 4) if argument.is_repeated else 1
            given += [self._argument(argument) for _ in range(times)]
        return f"{function.name}({', '.join(given)})"

    def _argument(self, argument: Argument) -> str:
        if (words := _BY_NAME.get(argument.name)) is not None and self._random.random() < 0.6:
            return self._random.choice(words)
        if self._random.random() < 0.15:
            return self._random.choice(_SHORT)
        kind = argument.kind.name
        return self._drawn(kind if kind in _BY_KIND else self._random.choice(_ANY))

    def _drawn(self, kind: str) -> str:
        return self._random.choice(_BY_KIND[kind])
