"""Work in proportion to fuel: searches are linear, and large values are charged before they are made.

Where the time was quadratic once, the test would not end within the time that a test may take.
"""

import pytest

from looply.expressions import (
    ExpressionError,
    ExpressionLimit,
    ExpressionSyntaxError,
    parse_expression,
    parse_template,
)

M = 1024 * 1024
BIG = "a" * M
TWIN = BIG[:-1] + "a"
GAPS = "x" + " " * (M - 2) + "x"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("count(trim(gaps))", M),
        ("countWord(gaps)", 2),
        ("count(replaceIgnoreCase(big, almost, ''))", M),
        ("lastIndexOf(big, first)", -1),
        ("lastIndexOf(big, last)", -1),
        ("indexOf(big, first)", -1),
        ("indexOf(big, last)", -1),
        ("isDuration(length)", True),
        ("isDuration(fraction)", False),
        ("contains(big, last)", False),
        ("count(split(big, almost))", 1),
    ],
)
def test_searches_take_linear_time(value, source, expected):
    data = {
        "gaps": GAPS,
        "big": BIG,
        "almost": "a" * (M // 2) + "B",
        "first": "b" + "a" * (M // 2),
        "last": "a" * (M // 2) + "b",
        "length": "P" + "1" * (M - 2) + "D",
        "fraction": "P" + "1" * (M - 2),
    }
    assert value(source, data) == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("json(gaps)", "expects a JSON text"),
        ("convertToUTC(digits, 'UTC')", "expected a date"),
        ("resolve(length)", "expected a length"),
        ("formatDateTime(digits)", "expected a timestamp"),
    ],
)
def test_nearly_valid_texts_are_refused_quickly(value, source, reason):
    data = {"gaps": GAPS, "digits": "20260101" + "1" * 40_000 + "x", "length": "P" + "9" * 400 + "D"}
    with pytest.raises(ExpressionError, match=reason):
        value(source, data)


@pytest.mark.parametrize(
    "source",
    [
        "sortBy(bigs)",
        "sortBy(rows, 'name')",
        "sortBy(deep)",
        "unique(twins)",
        "union(twins, twins)",
        "intersection(twins, twins)",
        "indexOf(twins, other)",
        "lastIndexOf(twins, other)",
        "twins == bigs",
        "contains(twins, other)",
        "foreach(many, x, long.missing)",
        "foreach(many, x, long[big])",
        "foreach(many, x, $root.missing)",
        "foreach(many, x, wide.missing)",
        "foreach(many, x, string(bytes))",
        "foreach(many, x, base64(bytes))",
        "foreach(many, x, json(lists))",
        "foreach(many, x, join(floats, ','))",
        "foreach(many, x, string(floats))",
        "foreach(many, x, sum(ones))",
        "foreach(many, x, max(ones))",
        "foreach(many, x, average(ones))",
        "foreach(many, x, countWord(words))",
        "foreach(many, x, titleCase(words))",
        "foreach(many, x, uriComponent(words))",
        "foreach(many, x, uriComponentToString(escapes))",
        "foreach(many, x, replaceIgnoreCase(words, 'A', 'b'))",
        "foreach(many, x, replaceIgnoreCase(sharp, 'A', 'b'))",
        "foreach(many, x, getProperty(o, path))",
    ],
)
def test_large_values_are_charged(value, source):
    data = {
        "many": list(range(50_000)),
        "big": BIG,
        "other": BIG[:-1] + "b",
        "bigs": [BIG] * 20_000,
        "twins": [BIG, TWIN] * 10_000,
        "rows": [{"name": BIG}, {"name": TWIN}] * 2000,
        "deep": [[[BIG] * 10] * 10] * 10,
        "long": {"k" * M: 1},
        "wide": {f"k{number}": number for number in range(50_000)},
        "bytes": {"$content-type": "a/b", "$content": "!" * M},
        "lists": "[" + "[]," * 10_000 + "[]]",
        "floats": [1.0] * 10_000,
        "ones": [1] * 10_000,
        "words": "a b " * 10_000,
        "escapes": "%41" * 10_000,
        "sharp": "ß" * 30_000,
        "o": {"a": "text"},
        "path": "a" + ".0" * 10_000,
    }
    with pytest.raises(ExpressionLimit) as caught:
        value(source, data)
    assert caught.value.limit in {"expression_fuel", "expression_text_characters"}


def test_the_document_is_not_copied_for_its_name(seen):
    data = {f"k{number}": number for number in range(1000)}
    assert parse_expression("$root").evaluate(seen(data)) == data
    held = parse_expression("foreach($root.l, x, $root)").evaluate(seen({**data, "l": [1, 2, 3]}))
    assert held[0] is held[1] is held[2]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("replaceIgnoreCase('STRASSE Straße', 'SS', 'x')", "STRAxE Straße"),
        ("replaceIgnoreCase('ÄäaA', 'ä', 'x')", "xxaA"),
        ("replaceIgnoreCase('\u0131Ii\u0130', 'i', 'x')", "\u0131xx\u0130"),
        ("replaceIgnoreCase('\u212ak\u017fs', 'K', 'x')", "\u212ax\u017fs"),
        ("replaceIgnoreCase('aaa', 'AA', 'b')", "ba"),
        ("replaceIgnoreCase('a.b', '.', '$1')", "a$1b"),
    ],
)
def test_case_is_ignored_as_in_ecmascript(value, source, expected):
    assert value(source) == expected


def test_a_random_number_has_no_more_digits_than_others(value):
    with pytest.raises(ExpressionLimit) as caught:
        value(f"rand(-{'9' * 300}.0, 0)")
    assert caught.value.limit == "integer_digits"


def test_what_nests_deeper_than_the_stack_is_refused():
    deep = "${" + "[1, " * 98 + "1" + "]" * 98 + "}"
    for _ in range(199):
        deep = [deep]
    with pytest.raises(ExpressionSyntaxError, match="nested too deeply"):
        parse_template(deep)
