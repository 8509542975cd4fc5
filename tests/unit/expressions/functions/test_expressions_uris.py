import pytest

from looply.expressions import ExpressionError, ExpressionLimit
from looply.limits import Limits

URI = "https://user@Example.com:8080/a/../b%20c?x=1&y=z#frag"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("uriScheme(uri)", "https"),
        ("uriHost(uri)", "example.com"),
        ("uriPort(uri)", 8080),
        ("uriPath(uri)", "/b%20c"),
        ("uriQuery(uri)", "?x=1&y=z"),
        ("uriPathAndQuery(uri)", "/b%20c?x=1&y=z"),
        ("uriHost('http://bücher.example')", "xn--bcher-kva.example"),
        ("uriHost('http://[::1]:9/x')", "[::1]"),
        ("uriHost('http://192.168.257/')", "192.168.1.1"),
        ("uriHost('mailto:a@b.c')", ""),
        ("uriPath('mailto:a@b.c')", "a@b.c"),
        ("uriPath('  http://a.b/c d ')", "/c%20d"),
        ("uriQuery('http://a.b')", ""),
        ("uriPath('http://a.b')", "/"),
    ],
)
def test_a_uri_is_parsed_as_browsers_do(value, source, expected):
    assert value(source, {"uri": URI}) == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("uriHost('//a/b')", "uriHost() expects an absolute URI, found '//a/b'"),
        ("uriPath('http://a b/')", "uriPath() expects an absolute URI"),
        ("uriHost('http://xn--a/')", "uriHost() expects an absolute URI"),
        ("uriHost(half)", "uriHost() expects an absolute URI"),
        ("uriScheme(nothing)", "uriScheme() expects a text as `uri`, found null"),
        ("uriPort('https://a.b:443/')", "uriPort() expects a URI with a port that is not the usual one"),
    ],
)
def test_a_text_that_is_no_uri_is_an_error(value, source, reason):
    with pytest.raises(ExpressionError) as caught:
        value(source, {"half": "http://a/\ud800"})
    assert reason in caught.value.message


def test_a_long_uri_costs_more(value):
    with pytest.raises(ExpressionLimit):
        value("uriPath(t)", {"t": "http://a/" + "x" * 100_000}, Limits(expression_fuel=5000))
