import pytest

from looply.expressions import ExpressionError, ExpressionLimit, ExpressionSyntaxError
from looply.limits import Limits

DATA = {
    "n": -3,
    "half": 2.5,
    "tiny": 1e-7,
    "small": 1.5e-7,
    "vast": 1.5e300,
    "whole": 3.0,
    "big": 123456789012345678901234,
    "round": 1.2345678901234568e20,
    "list": ["a", "FALSE"],
    "deep": [["x", {"a": "false"}]],
    "o": {"a": [1e21, 1e-7, 1e-5, 2.0, "1e5"]},
    "nothing": None,
    "umlauts": "Grüße, 世界",
    "file": {"$content-type": "text/plain", "$content": "w5w="},
    "note": {"$content-type": "text/plain", "note": 1},
    "odd": {"$content-type": "text/plain", "$content": 5},
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("int('12abc')", 12),
        ("int('\u00a0 -7.9')", -7),
        ("int('1e3')", 1),
        ("int(tiny)", 0),
        ("int(vast)", 1.5e300),
        ("int(big)", 123456789012345678901234),
        ("int(true)", None),
        ("int(list)", None),
        ("float('.5e1x')", 5),
        ("float('5.')", 5),
        ("float('1e')", 1),
        ("float('+1.5e-1 kg')", 0.15),
        ("float(half)", 2.5),
        ("float(false)", None),
        ("float(list)", None),
        ("string('a')", "a"),
        ("string(true)", "true"),
        ("string(1234567)", "1,234,567"),
        ("string(n)", "-3"),
        ("string(-1234.25, 'de-DE')", "-1.234,25"),
        ("string(1234.5, 'en-IN')", "1,234.5"),
        ("string(1234.5, 'klingon')", "1,234.5"),
        ("string(1234.5, nothing)", "1,234.5"),
        ("string('a', 'de-DE')", "a"),
        ("string(tiny)", "0"),
        ("string(-tiny)", "0"),
        ("string(small)", "0.0000"),
        ("string(vast)", "1.5e+300"),
        ("string(vast, 'de-DE')", "1,5e+300"),
        ("string(round)", "123,456,789,012,345,683,968"),
        ("string(big)", "123,456,789,012,345,678,901,234"),
        ("string(o)", '{"a":[1e+21,1e-7,0.00001,2,"1e5"]}'),
        ("string(list)", '["a","FALSE"]'),
        ("bool('a falsehood')", False),
        ("bool('FALSE')", False),
        ("bool(list)", False),
        ("bool(deep)", True),
        ("bool(o)", True),
        ("bool(0.0)", False),
        ("bool(n)", True),
        ("bool(nothing)", False),
        ("bool(1 / 0)", False),
        ("json('\ufeff [1] ')", [1]),
        ("jsonStringify(nothing)", "null"),
        ("jsonStringify(true)", "true"),
        ("jsonStringify('a\"b')", '"a\\"b"'),
        ("jsonStringify(round)", "123456789012345680000"),
        ("jsonStringify(o)", '{"a":[1e+21,1e-7,0.00001,2,"1e5"]}'),
    ],
)
def test_values_are_converted_to_other_kinds(value, source, expected):
    result = value(source, DATA)
    assert result == expected
    assert isinstance(result, bool) is isinstance(expected, bool)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("formatNumber(12345.678, 2)", "12,345.68"),
        ("formatNumber(1.005, 2)", "1.00"),
        ("formatNumber(0.5, 0)", "1"),
        ("formatNumber(-2.5, 0)", "-2"),
        ("formatNumber(-0.001, 2)", "0.00"),
        ("formatNumber(5, 0)", "5"),
        ("formatNumber(999, 2.0)", "999.00"),
        ("formatNumber(1000, 1)", "1,000.0"),
        ("formatNumber(12345.675, 25)", "12,345.67499999999927240424"),
        ("formatNumber(12345678, 0, 'en-IN')", "1,23,45,678"),
        ("formatNumber(1234.5, 1, 'de-CH')", "1'234,5"),
        ("formatNumber(1234.5, 1, 'fr-FR')", "1\u00a0234,5"),
        ("formatNumber(-1234.5, 1, 'ar-EG')", "-\u0661\u066c\u0662\u0663\u0664\u066b\u0665"),
        ("formatNumber(1234.5, 1, 'de')", "1,234.5"),
        ("formatNumber(big, 1)", "123,456,789,012,345,678,901,234.0"),
        ("formatNumber(vast, 1)", "1.5e+300"),
    ],
)
def test_numbers_are_formatted_by_locale(value, source, expected):
    assert value(source, DATA) == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("int('')", "int() expects a text that begins with digits, found ''"),
        ("float('x')", "float() expects a text that begins with a number, found 'x'"),
        ("float('1e999')", "not a finite number"),
        ("json(nothing)", "json() expects a text as `text`, found null"),
        ("formatNumber('5', 1)", "formatNumber() expects number as `number`, found text"),
        ("formatNumber(5, 1.5)", "a whole number of at least 0 as `digits`, found 1.5"),
        ("formatNumber(5, -1)", "a whole number of at least 0 as `digits`, found -1"),
        ("formatNumber(5, 400)", "formatNumber() cannot round this number to 400 digits"),
        ("formatNumber(vast, 100)", "formatNumber() cannot round this number to 100 digits"),
        ("formatNumber(nothing, 1)", "formatNumber() expects a number as `number`, found null"),
        ("base64ToString(n)", "base64ToString() expects a text as `base64`, found number"),
        ("binary(nothing)", "binary() expects a text as `text`, found null"),
        ("uriComponentToString('a%2')", "two hexadecimal digits after `%`, found '%2'"),
        ("uriComponentToString('%ff')", "uriComponentToString() expects the bytes of a UTF-8 text"),
    ],
)
def test_conversions_say_what_they_expect(value, source, reason):
    with pytest.raises((ExpressionError, ExpressionSyntaxError)) as caught:
        value(source, DATA)
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("base64(umlauts)", "R3LDvMOfZSwg5LiW55WM"),
        ("base64(5)", None),
        ("base64(note)", None),
        ("base64(odd)", None),
        ("base64(file)", "w5w="),
        ("base64ToString(base64(umlauts))", "Grüße, 世界"),
        ("base64ToString('Y Q*=x')", "a"),
        ("base64ToString('YWI')", "ab"),
        ("base64ToString('a')", ""),
        ("base64ToString('a-_b')", "kïÛ"),
        ("base64(binary(umlauts))", "R3LDvMOfZSwg5LiW55WM"),
        ("string(binary(umlauts))", "Grüße, 世界"),
        ("string(base64ToBinary(base64(umlauts)))", "Grüße, 世界"),
        ("string(base64ToBinary('a-_b'))", "kïÛ"),
        ("string(file)", "Ü"),
        ("string(note)", '{"$content-type":"text/plain","note":1}'),
        ("dataUriToString(dataUri(umlauts))", "Grüße, 世界"),
        ("dataUriToString('aGVsbG8=')", "hello"),
        ("string(dataUriToBinary('data:,a'))", "data:,a"),
        ("uriComponent(umlauts)", "Gr%C3%BC%C3%9Fe%2C%20%E4%B8%96%E7%95%8C"),
        ('uriComponent("-_.!~*\'()/")', "-_.!~*'()%2F"),
        ("uriComponentToString(uriComponent(umlauts))", "Grüße, 世界"),
        ("uriComponentToString('a+b')", "a+b"),
    ],
)
def test_bytes_and_their_texts_go_round(value, source, expected):
    assert value(source, DATA) == expected


@pytest.mark.parametrize("source", ["base64(t)", "uriComponent(t)", "dataUri(t)", "binary(t)", "jsonStringify(t)"])
def test_no_conversion_makes_a_text_over_the_limit(value, source):
    with pytest.raises(ExpressionLimit) as caught:
        value(source, {"t": '"\n' * 50}, Limits(expression_text_characters=101))
    assert caught.value.limit == "expression_text_characters"


def test_bool_is_charged_for_the_list_that_it_reads(value):
    with pytest.raises(ExpressionLimit):
        value("bool(l)", {"l": [["x" * 1000]] * 100}, Limits(expression_fuel=100))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("isString('')", True),
        ("isString(nothing)", False),
        ("isInteger(whole)", True),
        ("isInteger(half)", False),
        ("isInteger('1')", False),
        ("isInteger(true)", False),
        ("isFloat(half)", True),
        ("isFloat(n)", False),
        ("isFloat('2.5')", False),
        ("isArray(list)", True),
        ("isArray(o)", False),
        ("isObject(o)", True),
        ("isObject(list)", True),
        ("isObject(nothing)", False),
        ("isObject('a')", False),
        ("isBoolean(false)", True),
        ("isBoolean(0)", False),
        ("isDateTime('2018-03-15T13:27:36.123Z')", True),
        ("isDateTime('2018-02-29T13:27:36.123Z')", False),
        ("isDateTime('2018-03-15T24:00:00.000Z')", False),
        ("isDateTime('2018-03-15T13:27:36Z')", False),
        ("isDateTime('2018-03-15')", False),
        ("isDateTime(n)", False),
        ("greater(2, 1)", True),
        ("greater('a', 'b')", False),
        ("greaterOrEquals(half, 2.5)", True),
        ("less(1, 2)", True),
        ("lessOrEquals(3, 2)", False),
        ("less(nothing, 1)", False),
        ("less(1 / 0, 1)", False),
        ("ignore(true)", True),
        ("ignore(nothing)", None),
    ],
)
def test_kinds_and_order_are_tested(value, source, expected):
    assert value(source, DATA) is expected


def test_a_comparison_without_order_names_the_position(value):
    with pytest.raises(ExpressionError, match=r"found text and number \(at position 5 of: 1 \?\? greater\('a', 1\)\)"):
        value("1 ?? greater('a', 1)")


def test_a_chain_of_comparisons_continues_after_one_that_fails(value):
    assert value("list < 2 < 3", DATA) is False
    assert value("(list < 2) < 3", DATA) is False
    with pytest.raises(ExpressionError, match="found boolean and list"):
        value("1 < 2 < list", DATA)


def test_a_limit_within_a_chain_of_comparisons_is_an_error(value):
    with pytest.raises(ExpressionLimit):
        value("a == b == true", {"a": [[1] * 500], "b": [[1] * 500]}, Limits(expression_fuel=100))
