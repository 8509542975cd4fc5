"""Texts of the languages embedded in expressions, generated from their grammars: XPath, JSPath, patterns, XML."""

import random
from collections.abc import Callable

_COUNT = 1500


def quoted(text: str) -> str:
    """Returns a text as a literal of an expression."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class _Maker:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def _one(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _maybe(self, chance: float, make: Callable[[], str]) -> str:
        return make() if self._random.random() < chance else ""

    def _several(self, most: int, make: Callable[[], str]) -> list[str]:
        return [make() for _ in range(self._random.randint(1, most))]


class XPaths(_Maker):
    """Makes XPaths on the documents below."""

    def text(self) -> str:
        """Returns an XPath; some are wrong."""
        made = self._expression(2)
        if self._random.random() < 0.03:
            cut = self._random.randrange(len(made))
            made = made[:cut] + made[cut + 1 :]
        return made

    def _expression(self, depth: int) -> str:
        if depth == 0 or self._random.random() < 0.55:
            return self._path(depth)
        kind = self._random.random()
        if kind < 0.45:
            return self._call(depth - 1)
        if kind < 0.85:
            operator = self._one("+", "-", "*", " div ", " mod ", "=", "!=", "<", "<=", ">", ">=", " and ", " or ", "|")
            return f"{self._operand(depth)}{operator}{self._operand(depth)}"
        if kind < 0.9:
            return f"-{self._operand(depth)}"
        return self._one("'pen'", "'3'", "5", "2.5", ".5", "'item'", "''", "'id1 id2'")

    def _operand(self, depth: int) -> str:
        made = self._expression(depth - 1)
        return f"({made})" if self._random.random() < 0.3 else made

    def _path(self, depth: int) -> str:
        start = self._one("/", "//", "/", "//", "", ".//", "./", "/shop/", "(//item)/", "(//*)[2]/", "//item/", "//b/")
        steps = "/".join(self._several(2, lambda: self._step(depth)))
        if self._random.random() < 0.05:
            return self._one("/", ".", "..", "/*", "//@*", "//text()", "//node()", "(//item)[1]", "(//*)[last()]")
        return start + steps.replace("/", "//", 1) if self._random.random() < 0.15 else start + steps

    def _step(self, depth: int) -> str:
        if self._random.random() < 0.06:
            return self._one(".", "..")
        axis = self._maybe(
            0.35,
            lambda: self._one(
                *("@", "@", "@", "child::", "descendant::", "descendant-or-self::", "parent::", "ancestor::", "self::"),
                *("ancestor-or-self::", "following-sibling::", "preceding-sibling::", "following::", "preceding::"),
                *("attribute::", "foreign::"),
            ),
        )
        tests = ("item", "item", "shop", "*", "*", "price", "b", "Name", "id", "note", "node()", "text()", "comment()")
        test = self._one(*tests, *("processing-instruction()", "processing-instruction('go')", "p:item", "x", "ref"))
        return f"{axis}{test}{self._maybe(0.35, lambda: self._predicate(depth))}"

    def _predicate(self, depth: int) -> str:
        inner = (
            self._one(
                "1", "2", "last()", "last()-1", "position()>1", "position()=2", "@price", "@price>3", "b", "0", "'x'"
            )
            if depth == 0 or self._random.random() < 0.6
            else self._expression(depth - 1)
        )
        return f"[{inner}]" + self._maybe(0.1, lambda: "[1]")

    def _call(self, depth: int) -> str:
        name, count = self._random.choice(
            [
                *[("last", 0), ("position", 0), ("count", 1), ("local-name", 1), ("namespace-uri", 1), ("name", 1)],
                *[("string", 1), ("concat", 2), ("concat", 3), ("starts-with", 2), ("contains", 2), ("sum", 1)],
                *[("substring-before", 2), ("substring-after", 2), ("substring", 2), ("substring", 3), ("round", 1)],
                *[("string-length", 1), ("normalize-space", 1), ("translate", 3), ("boolean", 1), ("not", 1)],
                *[("true", 0), ("false", 0), ("number", 1), ("floor", 1), ("ceiling", 1), ("string", 0), ("name", 0)],
                *[("number", 0), ("local-name", 0), ("string-length", 0), ("normalize-space", 0), ("nothing", 1)],
            ]
        )
        return f"{name}({', '.join(self._expression(depth) for _ in range(count))})"


class JSPaths(_Maker):
    """Makes JSPaths."""

    def text(self) -> str:
        """Returns a JSPath; some are wrong."""
        made = self._path(2)
        if self._random.random() < 0.1:
            made = f"{made} | {self._path(1)}"
        if self._random.random() < 0.08:
            made = f"({made}){self._part(1)}"
        if self._random.random() < 0.04:
            cut = self._random.randrange(len(made))
            made = made[:cut] + made[cut + 1 :]
        return made

    def _path(self, depth: int) -> str:
        start = self._one("", "", "", "", "^", "$", "$x")
        first = self._one(".", "..") + self._maybe(0.85, self._name)
        return start + first + "".join(self._several(3, lambda: self._part(depth)))

    def _name(self) -> str:
        names = ("a", "b", "c", "d", "name", "age", "city", "zip", "*", "*", '"x y"', "length", '"0"', "A", "'1'")
        return self._one(*names)

    def _part(self, depth: int) -> str:
        kind = self._random.random()
        if kind < 0.45 or depth == 0:
            return self._one(".", ".", "..") + self._maybe(0.85, self._name)
        if kind < 0.7:
            return f"{{{self._condition(depth - 1)}}}"
        if kind < 0.95:
            return f"[{self._place(depth - 1)}]"
        return f"({self._path(depth - 1)}{self._maybe(0.7, lambda: '|' + self._path(depth - 1))})"

    def _place(self, depth: int) -> str:
        one = self._one("0", "1", "-1", "2", "9", "0", "1", ".a", "1.5", "'0'", "'length'", "true", "null", "-'1'")
        return self._one(one, one, f"{one}:", f":{one}", f"{one}:{self._one('1', '-1', '3')}")

    def _condition(self, depth: int) -> str:
        kind = self._random.random()
        if kind < 0.15 and depth > 0:
            return f"{self._condition(depth - 1)} {self._one('&&', '||')} {self._condition(depth - 1)}"
        if kind < 0.2:
            return f"!{self._operand(depth)}"
        if kind < 0.35:
            return self._operand(depth)
        operator = self._one(
            *("==", "!=", "===", "!==", "<", ">", "<=", ">=", "^==", "==^", "^=", "=^", "$==", "==$", "$=", "=$"),
            *("*==", "==*", "*=", "=*", "==", "<", ">"),
        )
        return f"{self._operand(depth)} {operator} {self._operand(depth)}"

    def _operand(self, depth: int) -> str:
        kind = self._random.random()
        if kind < 0.45 or (kind < 0.6 and depth == 0):
            return self._path(0)[: self._random.choice((2, 3, 99))]
        if kind < 0.6:
            return f"({self._operand(depth - 1)} {self._one('+', '-', '*', '/', '%')} {self._operand(depth - 1)})"
        if kind < 0.65:
            return f"-{self._operand(depth)}"
        return self._one(
            "1", "2", "10", "30", "'a'", "'A'", "'deep'", '"Bo"', "'1'", "''", "null", "true", "false", ".5"
        )


class Patterns(_Maker):
    """Makes regular expressions."""

    def text(self) -> str:
        """Returns a pattern; some are wrong."""
        made = self._maybe(0.3, lambda: self._one("(?i)", "(?m)", "(?s)", "(?i)(?s)", "(?im)")) + self._choice(2)
        if self._random.random() < 0.05:
            cut = self._random.randrange(len(made))
            made = made[:cut] + made[cut + 1 :]
        return made

    def _choice(self, depth: int) -> str:
        return "|".join(self._several(2, lambda: "".join(self._several(4, lambda: self._atom(depth)))))

    def _atom(self, depth: int) -> str:
        kind = self._random.random()
        if kind < 0.15 and depth > 0:
            made = f"({self._one('', '', '?:', '?<n>')}{self._choice(depth - 1)})"
        elif kind < 0.35:
            made = self._class()
        elif kind < 0.5:
            return self._one("^", "$", "$", ".", ".?", ".*")
        elif kind < 0.7:
            made = self._escape()
        else:
            made = self._one(*"aHloW rdbc12,;:-_=<>!&#{}]/ßü世'\"", "hello", "World", "{,2}", "x{", "Grü")
        return made + self._maybe(0.3, self._repeat)

    def _escape(self) -> str:
        if self._random.random() < 0.05:
            return self._one("\\b", "\\1", "\\u0041", "\\x", "\\v", "\\0", "{1}")
        known = r"\d \D \s \S \w \W \. \\ \n \t \r \x41 \101 \( \- \f \cA \12 \d \w \s"
        return self._random.choice(known.split())

    def _repeat(self) -> str:
        made = self._one("*", "+", "?", "*?", "+?", "??", "{2}", "{1,}", "{0,2}", "{1,2}?")
        return made if self._random.random() < 0.97 else self._one("*+", "{2,1}", "{03}", "{2}+", "*{2}")

    def _class(self) -> str:
        if self._random.random() < 0.03:
            return self._one("[]", "[^]", "[z-a]", "[a", "[]a]")
        known = r"a-z A-Z 0-9 a o - \d \w \s \W \S \] ^ . $ [ ü \n \x41 a-\d ß-ü ( +-- \\ \101 | {"
        members = self._several(3, lambda: self._random.choice(known.split()))
        return f"[{self._maybe(0.3, lambda: '^')}{''.join(members)}]"


_DECLARED = "<?xml version='1.0'?>\n<!-- top -->\n"
_FOREIGN = '<p:item xmlns=""><b xmlns:q="urn:q" q:x="&quot;"/></p:item>'
DOCUMENTS = (
    "<shop><item price='3'>pen</item><item price='5'>cup</item></shop>",
    '<shop id="id1"><item price="3" id="id2"><b>1</b><b>2</b></item><Item price="x">7<b/></Item>tail</shop>',
    _DECLARED + '<shop><?go on?><item>a<![CDATA[<b>]]>c</item> <b>&amp;&lt;&gt;"</b></shop>\n',
    f'<shop xmlns="urn:a" xmlns:p="urn:p"><item p:price="2"/>{_FOREIGN}</shop>',
    "<a><b><b><b>deep</b></b></b><item price='10'/><item price='-2.5'> 4 </item><note xml:lang='de'>x\r\ny</note></a>",
)
TEXTS = (
    "Hello World",
    "a\nb\r\nHello",
    "aBc 12",
    "Grüße, 世界 ß",
    "",
    "x{,2}",
    "line1\nline2",
    "AaZz09_-",
    "\t \\ ]",
    "1.5",
)


def _pool(make: Callable[[], str]) -> tuple[str, ...]:
    return tuple(quoted(make()) for _ in range(_COUNT))


XPATHS = _pool(XPaths(1).text)
JSPATHS = _pool(JSPaths(2).text)
PATTERNS = _pool(Patterns(3).text)
XMLS = ("xmltext", *map(quoted, DOCUMENTS))
SUBJECTS = ("s", "uni", "empty", "blank", "digits", "decimal", *map(quoted, TEXTS))
JSONS = (
    *("o", "people", "mixed", "nested", "list", "texts", "jsontext", "people[0]", "o.b", "void", "none"),
    *map(
        quoted,
        (
            '{"a": {"b": {"c": [1, 2, {"a": "x"}]}}, "name": "A", "d": null}',
            '[{"a": 1, "b": "a"}, {"a": "2", "b": true}, [3, [4]]]',
            '{"item": [1, null, "x", [2], {"#text": "t<"}, {"b": []}], "empty": "", "none": null, "o": {}, "?pi": 1}',
            '{"a": {"#text": 5, "b": false}, "c": [[], [[1, 2], {"d": "&"}]], "#text": "top \\"q\\" \'"}',
            '"text"',
            "5",
            "null",
        ),
    ),
)
