"""Functions that return the parts of a URI, parsed by the URL Standard of the WHATWG, as in browsers."""

from collections.abc import Callable

from can_ada import URL, parse

from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import Run
from looply.jsontext import Json

_URI = (Argument("uri", Kind.PRESENT_TEXT, type=Type.ANY),)


def _port(uri: URL) -> int:
    if not uri.port:
        raise ExpressionError("uriPort() expects a URI with a port that is not the usual one of its scheme")
    return int(uri.port)


def _function(
    name: str, part: Callable[[URL], Json], result: Type, summary: str, example: tuple[str, Json]
) -> Function:
    def call(run: Run, value: str) -> Json:
        run.spend(len(value) >> 4)
        try:
            return part(parse(value))
        except (ValueError, TypeError) as error:  # the latter for half of a character outside the BMP
            raise ExpressionError(f"{name}() expects an absolute URI, found {value[:40]!r}") from error

    return Function(name, "uris", _URI, result, summary, example, call)


URI_FUNCTIONS = (
    _function(
        "uriScheme",
        lambda uri: uri.protocol.removesuffix(":"),
        Type.TEXT,
        "Returns the scheme of a URI.",
        ("uriScheme('https://example.com/a')", "https"),
    ),
    _function(
        "uriHost",
        lambda uri: uri.hostname,
        Type.TEXT,
        "Returns the host of a URI.",
        ("uriHost('https://example.com:8443/a')", "example.com"),
    ),
    _function(
        "uriPort",
        _port,
        Type.NUMBER,
        "Returns the explicit port of a URI.",
        ("uriPort('https://example.com:8443/a')", 8443),
    ),
    _function(
        "uriPath",
        lambda uri: uri.pathname,
        Type.TEXT,
        "Returns the path of a URI.",
        ("uriPath('https://example.com/a/b?c=d')", "/a/b"),
    ),
    _function(
        "uriQuery",
        lambda uri: uri.search,
        Type.TEXT,
        "Returns the query of a URI, with its question mark.",
        ("uriQuery('https://example.com/a/b?c=d')", "?c=d"),
    ),
    _function(
        "uriPathAndQuery",
        lambda uri: uri.pathname + uri.search,
        Type.TEXT,
        "Returns the path and the query of a URI.",
        ("uriPathAndQuery('https://example.com/a/b?c=d')", "/a/b?c=d"),
    ),
)
