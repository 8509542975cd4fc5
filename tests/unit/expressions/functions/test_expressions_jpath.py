import pytest

from looply.expressions import ExpressionError, ExpressionLimit
from looply.limits import Limits

LINES = [
    {"nr": 1, "name": "Pen", "net": 5, "tags": ["red", "Blue"]},
    {"nr": 2, "name": "cup", "net": 20.5, "tags": []},
    {"nr": 3, "name": "Ink", "net": None, "tags": ["blue"], "parts": [{"nr": 31}, [{"nr": 32}, 7]]},
]
DOCUMENT = {
    "lines": LINES,
    "total": 25.5,
    "title": "Order 7",
    "is open": True,
    "none": None,
    "grid": [[1, 2], [3, [4]]],
    "empty": "",
    "pairs": [[1], ["1"], [[2]], {"a": {"b": "deep"}}],
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".total", [25.5]),
        (".", [DOCUMENT]),
        ("^", [DOCUMENT]),
        ("$", [DOCUMENT]),
        ("$.total", [25.5]),
        ("$x", [None]),
        ("$x.total", []),
        (".lines.name", ["Pen", "cup", "Ink"]),
        (".lines.tags", ["red", "Blue", "blue"]),
        (".lines.none", []),
        (".none", [None]),
        (".none.x", []),
        ('."is open"', [True]),
        (".'is open'", [True]),
        (".'is \\open'", [True]),
        (".lines.net", [5, 20.5, None]),
        (".grid", [[1, 2], [3, [4]]]),
        (".grid.*", [1, 2, 3, [4]]),
        (".lines.tags.*", []),
        (".pairs.a.*", ["deep"]),
        (".title.length", [7]),
        ('.title."0"', ["O"]),
        ('.title."99"', []),
        ('.title."01"', []),
        (".grid.length", [2, 2]),
        ('.grid."1"', [2, 4]),
        (".total.length", []),
        ('.lines.""', LINES),
        ("..nr", [1, 2, 3, 31, 32]),
        ("..none", [None]),
        ("..b", ["deep"]),
        (".pairs..*", [{"b": "deep"}, "deep"]),
        (".grid..", [1, 2, 3, 4]),
        (".pairs[3]..", [{"a": {"b": "deep"}}, {"b": "deep"}, "deep"]),
        ("$x..", []),
        (".total..a", []),
        (".lines{.net > 10}.name", ["cup"]),
        (".lines{.net >= 5}.nr", [1, 2]),
        (".lines{10 < .net}.nr", [2]),
        (".lines{.net <= 5}.nr", [1, 3]),
        (".lines{.tags}.nr", [1, 3]),
        (".lines{!.tags}.nr", [2]),
        (".lines{.tags == 'blue'}.nr", [1, 3]),
        (".lines{.tags === 'blue'}.nr", [3]),
        (".lines{.name != 'Pen'}.nr", [2, 3]),
        (".lines{.name !== 'Pen' && .nr < 3}.nr", [2]),
        (".lines{.nr == 1 || .nr == 3}.nr", [1, 3]),
        (".lines{(.nr == 1 || .nr == 2) && .net == 5}.nr", [1]),
        (".lines{.name ^== 'P'}.nr", [1]),
        (".lines{'Pen' ==^ 'P'}.nr", []),
        (".lines{'P' ==^ .name}.nr", [1]),
        (".lines{.name ^= 'p'}.nr", [1]),
        (".lines{'c' =^ .name}.nr", [2]),
        (".lines{.name $== 'k'}.nr", [3]),
        (".lines{'k' ==$ .name}.nr", [3]),
        (".lines{.name $= 'N'}.nr", [1]),
        (".lines{'N' =$ .name}.nr", [1]),
        (".lines{.name *== 'u'}.nr", [2]),
        (".lines{'u' ==* .name}.nr", [2]),
        (".lines{.name *= 'E'}.nr", [1]),
        (".lines{'E' =* .name}.nr", [1]),
        (".lines{.net ^== 'x'}.nr", []),
        (".lines{.net *= '0'}.nr", [2]),
        (".lines{.none *= 'n'}.nr", []),
        (".lines{.net == null}.nr", [3]),
        (".lines{.net === null}.nr", [3]),
        (".lines{.net != null}.nr", [1, 2]),
        (".lines{.net == true}.nr", []),
        (".lines{.nr == true}.nr", [1]),
        (".lines{.nr == '2'}.nr", [2]),
        (".lines{.nr === '2'}.nr", []),
        (".lines{.nr + 1 == 3}.nr", [2]),
        (".lines{.nr + '1' == '31'}.nr", [3]),
        (".lines{.nr - 1 == 1}.nr", [2]),
        (".lines{.nr * 2 + 1 == 5}.nr", [2]),
        (".lines{.net / 2 > 10}.nr", [2]),
        (".lines{.nr % 2 == 1}.nr", [1, 3]),
        (".lines{.nr / 0 > 9}.nr", [1, 2, 3]),
        (".lines{.nr % 0 >= 0}.nr", []),
        (".lines{-.nr < -2}.nr", [3]),
        (".lines{--.nr == 2}.nr", [2]),
        (".lines{!!.net}.nr", [1, 2, 3]),
        (".lines{.none + 1 > 0}.nr", []),
        (".lines{.none - 1 > 0}.nr", []),
        (".lines{(.nr / 0) + '' == 'Infinity'}.nr", [1, 2, 3]),
        (".lines{(-.nr / 0) + '' === '-Infinity'}.nr", [1, 2, 3]),
        (".lines{(.none * 1) + '' === 'NaN'}.nr", [1, 2, 3]),
        (".lines{.none + '' === 'undefined'}.nr", [1, 2, 3]),
        (".lines{.nr + .5 + '' === '1.5'}.nr", [1]),
        (".lines{.nr == 1. || .nr == 00002}.nr", [1, 2]),
        (".lines{.nr < 12345678901234567890}.nr", [1, 2, 3]),
        (".lines{.nr == ^.lines.nr}.nr", [1, 2, 3]),
        (".lines{2 < ^.lines.nr}.nr", [1, 2, 3]),
        (".lines{.tags == ^.lines.tags}.nr", [1, 3]),
        (".lines{.tags == ^.none}.nr", []),
        (".lines{.nr > 1 == true}.nr", [2, 3]),
        (".lines{true}.nr", [1, 2, 3]),
        (".lines{false}.nr", []),
        (".lines{''}.nr", []),
        (".lines{null}.nr", []),
        (".lines{.nr - 1}.nr", [2, 3]),
        (".lines{.none - 1}.nr", []),
        (".lines{.name < 'Q'}.nr", [1, 3]),
        (".lines{'Q' > .name}.nr", [1, 3]),
        (".pairs{. == 1}", [[1], ["1"]]),
        (".pairs{. === 1}", [[1]]),
        (".pairs{. == '2'}", [[[2]]]),
        (".pairs{. == '[object Object]'}", [{"a": {"b": "deep"}}]),
        (".pairs{. == ^.pairs[3]}", [{"a": {"b": "deep"}}]),
        (".pairs{. === ^.pairs[3]}", [{"a": {"b": "deep"}}]),
        (".pairs{$x === $y}.a.b", ["deep"]),
        (".pairs{. - 0 == 2}", [[[2]]]),
        (".lines[0].nr", [1]),
        (".lines[-1].nr", [3]),
        (".lines[0]", LINES[0]),
        (".lines[9]", None),
        (".lines.net[2]", None),
        (".lines['1']", LINES[1]),
        (".lines['length']", 3),
        (".lines[-'1']", LINES[2]),
        (".lines['-1']", None),
        (".lines[1.5]", None),
        (".lines[true]", None),
        (".lines[.nr]", None),
        (".grid[^.pairs[0]]", [3, [4]]),
        (".lines[1:].nr", [2, 3]),
        (".lines[:2].nr", [1, 2]),
        (".lines[-2:-1].nr", [2]),
        (".lines[-9:9].nr", [1, 2, 3]),
        (".lines[.x:1].nr", [1]),
        (".lines['x':'2'].nr", [1, 2]),
        (".lines[.nr:].nr", [1, 2, 3]),
        (".lines[null:-.5].nr", []),
        (".lines.nr | .total", [1, 2, 3, 25.5]),
        ("(.lines.nr | .total)[0]", 1),
        ("(.lines)[0]", LINES[0]),
        ("(.lines){.nr == 2}.name", None),
        ("(.lines.nr | .total){. > 2}", [3, 25.5]),
        (".lines(.nr | .name)", [1, 2, 3, "Pen", "cup", "Ink"]),
        (".lines(.nr)", LINES),
        (".lines[0](.nr)", [LINES[0]]),
        ("((.total))", [25.5]),
        (".total\n\t |  .title", [25.5, "Order 7"]),
    ],
)
def test_a_path_finds_what_jspath_finds(value, path, expected):
    data = {"json": DOCUMENT, "path": path}
    if path == "(.lines){.nr == 2}.name":  # only predicates are allowed after a group
        with pytest.raises(ExpressionError):
            value("jPath(json, path)", data)
    else:
        assert value("jPath(json, path)", data) == expected


@pytest.mark.parametrize(
    ("json", "path", "expected"),
    [
        ('{"a": [1, 2]}', ".a", [1, 2]),
        ("5", ".", [5]),
        ("null", ".", [None]),
        ([1, [2]], ".", [1, [2]]),
        ([{"a": 1}, {"a": [2, 3]}], ".a[1]", 2),
        ({"a": 1}, [".a"], [1]),
    ],
)
def test_a_path_reads_lists_and_json_texts(value, json, path, expected):
    assert value("jPath(json, path)", {"json": json, "path": path}) == expected


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "jPath() does not expect the end in the path"),
        ("total", "does not expect 'total'"),
        ("5", "does not expect '5'"),
        (".true", "does not expect 'true'"),
        (".a b", "does not expect 'b'"),
        (".a[", "does not expect the end"),
        (".a[0", "does not expect the end"),
        (".a[:]", "does not expect ']'"),
        (".a{.b", "does not expect the end"),
        (".a{.b = 1}", "does not understand ' = 1}'"),
        (".a{.b !=$c}", "does not expect '!'"),
        (".a{1.2.3}", "does not expect '2.3'"),
        (".a{1..b}", "does not understand '1..b}'"),
        (".a{(.b}", "does not expect '}'"),
        ("(.a", "does not expect the end"),
        (".'open", "does not understand"),
        (".ü", "does not understand"),
        ("$a@b", "does not expect '$a@b'"),
        ("$1", "does not expect '$1'"),
        (".a |", "does not expect the end"),
        ("(" * 41 + "." + ")" * 41, "nested at most 40 levels deep"),
        (".a" + "{.a" * 41 + "}" * 41, "nested at most 40 levels deep"),
        (".a{" + "!" * 41 + ".a}", "nested at most 40 levels deep"),
        (".a{1" + "==1" * 41 + "}", "nested at most 40 levels deep"),
        (".a[" + "-" * 41 + "1]", "nested at most 40 levels deep"),
    ],
)
def test_an_invalid_jspath_is_an_error_with_a_reason(value, path, reason):
    with pytest.raises(ExpressionError) as caught:
        value("jPath(json, path)", {"json": DOCUMENT, "path": path})
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("json", "path", "reason"),
    [
        (5, ".", "jPath() expects an object, a list or a JSON text as `json`, found number"),
        (None, ".", "jPath() expects an object, a list or a JSON text as `json`, found null"),
        ("{", ".", "jPath() expects a JSON text"),
        ({}, None, "jPath() expects a text as `jspath`, found null"),
        ({}, {"a": 1}, "jPath() does not expect '['"),
    ],
)
def test_arguments_that_do_not_fit_are_errors(value, json, path, reason):
    with pytest.raises(ExpressionError) as caught:
        value("jPath(json, path)", {"json": json, "path": path})
    assert reason in caught.value.message


def test_the_document_is_never_changed(value):
    data = {"json": {"a": [[1, 2], [3, 4]]}}
    assert value("jPath(json, '.a{. $= \"2\"}')", data) == [[1, 2]]
    assert data == {"json": {"a": [[1, 2], [3, 4]]}}


RECORDS = [{"a": i, "b": {"c": [i, {"d": "x" * 10}]}} for i in range(3000)]
TEXT = "x" * 900_000


def deep():
    made = 1
    for _ in range(190):
        made = {"a": made, "b": 1}
    return made


@pytest.mark.parametrize(
    ("json", "path", "limit"),
    [
        (list(range(60_000)), "..", "expression_fuel"),
        (list(range(60_000)), ".{. > 5}", "expression_fuel"),
        (RECORDS, "......", "expression_fuel"),
        (RECORDS, "..{..{..d}}", "expression_fuel"),
        (RECORDS, "..{.. == ^..}", "expression_fuel"),
        (RECORDS, ".a{. == ^.a}", "expression_fuel"),
        (RECORDS, ".{1" + "&&1" * 300 + "}", "expression_fuel"),
        (RECORDS, ".|" * 400 + ".", "expression_items"),
        ([[1] * 1000 for _ in range(101)], ".*", "expression_items"),
        ({"a": [{"b": [1] * 2000} for _ in range(51)]}, ".a.b", "expression_items"),
        (deep(), "..a..a..a", "expression_fuel"),
        ({"t": TEXT}, ".t{. + . == 'q'}", "expression_text_characters"),
        ({"t": TEXT, "l": [TEXT] * 100}, ".l{. == ^.t}", "expression_fuel"),
        ({"t": TEXT, "l": [TEXT] * 100}, ".l{. === ^.t}", "expression_fuel"),
        ({"t": TEXT, "l": [TEXT] * 100}, ".l{. *== ^.t}", "expression_fuel"),
        ({"t": TEXT, "l": [TEXT] * 100}, ".l{. > ^.t}", "expression_fuel"),
        ({}, "." + "a" * 1024, "expression_pattern_characters"),
        ({}, ["." * 600, "." * 600], "expression_pattern_characters"),
    ],
)
def test_jspath_bombs_run_into_a_limit(value, json, path, limit):
    with pytest.raises(ExpressionLimit) as caught:
        value("jPath(json, path)", {"json": json, "path": path})
    assert caught.value.limit == limit


@pytest.mark.parametrize("path", [".a", "..a", "^.a.*", ".a[0:]", ".a[:1] | .a[1:]", ".(.a|.b)"])
def test_what_a_path_finds_is_bounded(value, path):
    data = {"json": {"a": [[1], [2], [3]]}, "path": path}
    assert len(value("jPath(json, path)", data, Limits(expression_items=3))) == 3
    with pytest.raises(ExpressionLimit) as caught:
        value("jPath(json, path)", data, Limits(expression_items=2))
    assert caught.value.limit == "expression_items"
