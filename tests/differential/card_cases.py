"""Makes card templates from the template language: scopes within scopes, conditions, repetitions, odd strings.

A case is a function of its seed alone. Most expressions fit their scope; the rest come from the generator of
expressions, so that missing values are read as well.
"""

import random
from collections.abc import Mapping
from typing import Any

from expression_cases import DATA, ExpressionCases

from looply.expressions import FUNCTIONS

Card = Any
"""A template: any JSON value."""

DOCUMENT: Mapping[str, Any] = {
    **DATA,
    "name": "Ann",
    "v": 4,
    "title": "Order 4500017",
    "quoted": 'it\'s "so" {x} ${name} \\',
    "index": 3,
    "root": {"name": "not the root"},
    "$index": 99,
    "$weird": "w",
    "data": [{"name": "named data"}],
    "flags": [True, False, None],
    "one": [{"name": "solo", "tags": ["t"]}],
    "rows": [[{"v": 1}, {"v": 2}], [], [{"v": 3}]],
    "many": [{"v": number, "name": f"n{number}"} for number in range(25)],
    "order": {
        "id": "A-1",
        "customer": {"name": "Bo", "vip": True, "notes": None},
        "lines": [
            {
                "sku": "pen",
                "qty": 3,
                "price": 1.5,
                "tags": ["blue", "new"],
                "parts": [{"name": "cap"}, {"name": "ink"}],
            },
            {"sku": "cup", "qty": 0, "price": 12, "tags": [], "parts": []},
            {"sku": "", "qty": 1, "price": None, "parts": [{"name": None}]},
        ],
    },
}
HOST: Mapping[str, Any] = {"name": "host", "locale": "de", "list": [1, 2]}
_ROOTS: tuple[Any, ...] = ([{"name": "a"}, {"name": "b"}], [], "text", 5, True, None, {}, {"name": "only"})


def _lines(text: str) -> tuple[str, ...]:
    return tuple(part for line in text.strip().splitlines() for part in line.strip().split("  "))


# Two spaces separate the entries.
_SCALARS = _lines(r"""
    name  n  title  s  uni  face  yes  half  zero  empty  quoted  index  order.id  o.a  order.customer.vip  texts[0]
    sku  qty  price  v  age  city.zip  key  value  list[1]  $index  $index  $data.name  $root.title  $root.n  $data['v']
    $root.order.customer.name  $root.people[0].name  people[$index].name  $host.name  $host.missing  $ROOT.Title  NAME
    $weird  $root['n']  missing  missing.deeper  o.b.c[1].d  people[9].name  nothing.at  $root.nope  this
""")
_LISTS = _lines(r"""
    people  list  texts  none  one  many  flags  rows  nested  data  order.lines  tags  parts  lines  o.b.c  $data.parts
    $data  $root.people  $root.order.lines  $host.list
""")
_OBJECTS = _lines(r"order  o  void  people[0]  order.customer  root  $root  customer  city  $root.o  $host")
_ODD_DATA = _lines(r"nothing  missing  n  s  yes  missing.at  o['none']  people[9]  1 / 0  $index  concat(list, list)")
_TRUTHS = _lines(r"""
    yes  no  !yes  !missing  n > 5  v > 1  qty > 0  $index > 0  $index == 0  exists(name)  vip  missing  nothing  name
    name == 'Ann'  length(name) > 2  empty(tags)  1 / 0  $data  true  'x'  and(yes, $index < 2)  or(missing, yes)  n
    contains(tags, 'new')  not(exists(price))  if(yes, yes, no)  o['none']  people[9]  bool('true')  $root.yes  mixed
    $host.list[0] == 1  equals(v, v)  missing == null  missing ? no : yes
""")
_CALLS = _lines(r"""
    toUpper(name)  concat(name, '-', n)  name & s  n + 1  v * 2  -n  count(tags)  join(texts, ', ')
    if(yes, name, title)  yes ? n : s  missing ?? 'd'  coalesce(missing, 'd')  coalesce(nothing, name)
    substring(title, 0, 5)  string(n)
    replace(name, 'n', "'")  length(s)  '}' + name  "{" + name  first(texts)  sum(list)  max(list)  json('{"a": 1}').a
    formatDateTime(day, 'yyyy-MM-dd')  getProperty('name')  5  'text'  getProperty(o, 'none')  nope(name, 1)  min(1, v)
    add(n, missing)  people[missing]  (o).b.c[0]  o['b']['c'][0]  people[zero].city.zip  order.lines[9]  missing['a'].b
    div(n, zero) > 1  not(1 / 0)  string(missing)  empty(missing)  exists(missing)  true  =n  indexOf(uni, '世')
    '\\'  'it\'s'  $_acTemplateVersion.major  o.b.c[n]  n >= 7 && v  if(missing, 1, missing)  missing ? 1 : missing
    toLower(missing.at)  count(people[0].missing)  people[n - 7].nope  o[s].x  $root.people[0]['name']
    (order.lines)[0].sku
""")
_OTHERS = _lines(r"""
    foreach(people, p, p.name)  where(many, m, m.v > 20)  select(list, x => x + $index)  foreach(tags, $data, $data)
    foreach(people, name, name.age)  foreach(people, p, p.none)  {a: n, b: [v, name]}  [n, name]  o['none']  first(none)
    null  where(people, p, p.city)  stringOrValue('${name}')  concat(list, texts)  list & texts & none  {}  [missing]
""")
_BROKEN = _lines(r"1 +  name name  toUpper()  nope(  sub('a', 1)  a..b  [1, 2  x ? y")
_LITERALS = (
    *(
        "",
        " ",
        "plain",
        "a $ b",
        "{x}",
        "}",
        "$",
        "$$",
        "\\",
        "\\n \\t",
        "it's",
        'say "hi"',
        "世界 😀",
        "$data",
        "null",
    ),
    *("a\\$b", "100 %", "{{name}}", "[link](http://x.y/?a=1&b=2)", "two\nlines", "a\\\\b", "$[name]", "#{name}", "\\`"),
)
_HALVES = (
    *("${", "${name", "${}", "${ }", "\\${name}", "\\\\${name}", "$${name}", "${ ${name}", "${na\nme}", "${{ a: 1 }}"),
    *("${n {x}}", "${'name}", "${{a: {b: name}}.a.b}", "${{a:}}"),
)
_TICKS = ("a `tick` ${name}", "`${name}`", "${name} \\")
_KEYS = (
    "type",
    "text",
    "value",
    "items",
    "columns",
    "name",
    "n",
    "$index",
    "$foo",
    "title",
    "${name}",
    "a/b",
    "data",
    "",
)
_RESERVED = ("$root", "$host", "$_acTemplateVersion")
# Functions that change the data of a card in Microsoft's package, random functions, and families of functions with
# differences of their own, which the test of expressions compares.
_LEFT_OUT = frozenset(
    {
        *("setProperty", "addProperty", "removeProperty", "setPathToValue", "reverse", "newGuid", "rand"),
        *("base64ToBinary", "base64ToString", "dataUriToBinary", "dataUriToString", "xml", "xPath", "stringOrValue"),
    }
)


class CardCases:
    """A stream of templates with their data; each case is generated from `seed` and its number."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._expressions = ExpressionCases(seed, {k: v for k, v in FUNCTIONS.items() if k not in _LEFT_OUT})
        self._random = random.Random(seed)
        self._number = 0

    def case(self, number: int) -> dict[str, Any]:
        """Returns {"card", "data"} and often "host", as the oracle takes them."""
        self._random = random.Random(self._seed * 1_000_003 + number)
        self._number = number * 100
        made = {"card": self._root(), "data": self._data_of_case()}
        return {**made, "host": HOST} if self._random.random() < 0.7 else made

    def _data_of_case(self) -> Any:
        return DOCUMENT if self._random.random() < 0.95 else self._random.choice(_ROOTS)

    def _root(self) -> Card:
        kind = self._random.random()
        if kind < 0.75:
            body = [self._element(3) for _ in range(self._random.randint(1, 4))]
            return {"type": "AdaptiveCard", "body": body, **self._scope(0.15, 0.1)}
        if kind < 0.9:
            return self._element(3)
        return self._value(3)

    def _element(self, depth: int) -> Card:
        members = {self._pick(_KEYS): self._value(depth - 1) for _ in range(self._random.randint(1, 3))}
        if self._random.random() < 0.04:
            members[self._pick(_RESERVED)] = self._value(1)
        return {**self._scope(0.4, 0.25), **members}

    def _scope(self, data: float, when: float) -> Card:
        made = {}
        if self._random.random() < data:
            made["$data"] = self._data()
        if self._random.random() < when:
            made["$when"] = self._when()
        return made

    def _value(self, depth: int) -> Card:
        kind = self._random.random()
        if depth <= 0 or kind < 0.5:
            return self._string()
        if kind < 0.58:
            return self._pick((None, True, False, 0, 5, -1.5, {}, [], "x"))
        if kind < 0.78:
            return [self._value(depth - 1) for _ in range(self._random.randint(0, 4))]
        return self._element(depth)

    def _data(self) -> Card:
        kind = self._random.random()
        if kind < 0.55:
            return f"${{{self._pick(_LISTS)}}}"
        if kind < 0.75:
            return f"${{{self._pick(_OBJECTS)}}}"
        if kind < 0.83:
            return f"${{{self._pick(_ODD_DATA)}}}"
        if kind < 0.88:
            calls = ("where(people, p, p.age > 30)", "if(yes, many, none)", "range(0, 3)", "json('[{\"v\": 1}]')")
            return f"${{{self._pick(calls)}}}"
        if kind < 0.9:
            return self._string()
        words = ([{"name": "l"}, {"v": 2}], {"name": "lit", "v": 0}, [1, "a", None], [], {}, 5, False, None, "lit", "")
        return self._pick(words)

    def _when(self) -> Card:
        kind = self._random.random()
        if kind < 0.85:
            return f"${{{self._pick(_TRUTHS)}}}"
        if kind < 0.9:
            return self._string()
        return self._pick((True, False, None, 0, 1, "", "yes", "true", [], {}, [1], {"a": 1}))

    def _string(self) -> str:
        kind = self._random.random()
        if kind < 0.45:
            return f"${{{self._expression()}}}"
        if kind < 0.8:
            pieces = [self._piece() for _ in range(self._random.randint(2, 4))]
            return "".join(pieces)
        if kind < 0.957:
            return self._pick(_LITERALS)
        if kind < 0.96:
            return self._pick(_TICKS)
        return self._pick(_HALVES) + (f" ${{{self._pick(_SCALARS)}}}" if self._random.random() < 0.5 else "")

    def _piece(self) -> str:
        kind = self._random.random()
        if kind < 0.45:
            # A backslash before the text's end, or before a `$`, would escape what follows.
            return self._pick(_LITERALS).rstrip("\\")
        if kind < 0.52:
            return self._pick(_HALVES)
        # Lists and objects within a text are written in other ways, so they are rare.
        pool = _SCALARS if kind < 0.8 else _CALLS if kind < 0.93 else ()
        return f"${{{self._pick(pool) if pool else self._expression()}}}"

    def _expression(self) -> str:
        kind = self._random.random()
        if kind < 0.56:
            return self._pick(_SCALARS)
        if kind < 0.77:
            return self._pick(_CALLS)
        if kind < 0.82:
            return self._pick(_OTHERS)
        if kind < 0.87:
            return self._pick((*_LISTS, *_OBJECTS))
        if kind < 0.873:
            return self._pick(_BROKEN)
        return self._made()

    def _made(self) -> str:
        """Returns an expression of the grammar that is allowed within a text between backticks, which theirs makes."""
        while True:
            self._number += 1
            made = self._expressions.case(self._number)
            if "`" not in made and "\n" not in made:
                return made

    def _pick(self, choices: tuple[Any, ...]) -> Any:
        return self._random.choice(choices)
