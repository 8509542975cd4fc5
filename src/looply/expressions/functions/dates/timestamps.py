"""Shared parts of the functions on timestamps: arguments, parsing and formatting."""

from looply.expressions.dates.dotnet import ISO, Moment, dayjs_format, print_moment
from looply.expressions.dates.javascript import read_date
from looply.expressions.functions.declaring.declaration import Argument, Kind, Type
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import Run
from looply.jsontext import Json

TIMESTAMP = Argument("timestamp", Kind.TIMESTAMP)
"""A timestamp in its one exact form, such as `2026-03-15T13:00:00.000Z`, unless the function says otherwise."""
FORMATTED = (
    Argument("format", is_optional=True, type=Type.TEXT),
    Argument("locale", is_optional=True, type=Type.TEXT),
)
"""The last two arguments of every function that returns a timestamp. A value that is no text counts as not given."""


def format_moment(run: Run, moment: Moment, arguments: tuple[Json, ...], default: str = ISO) -> str:
    """Returns the moment in the given format, or the default one. The locale, if given, must not be empty.

    Raises: ExpressionError, ExpressionLimit.
    """
    pattern = default
    if arguments and all(isinstance(each, str) for each in arguments):
        run.spend(len(arguments[0]))
        pattern = dayjs_format(arguments[0])
        if arguments[1:] == ("",):
            raise ExpressionError("expected a locale such as 'en-US', found an empty text")
    return print_moment(moment, pattern)


def read_lenient(run: Run, timestamp: str) -> int:
    """Returns the instant of any text that looks like a date. Raises: ExpressionError, ExpressionLimit."""
    run.spend(2 * len(timestamp))
    instant = read_date(timestamp)
    if instant is None:
        raise ExpressionError(f"expected a timestamp such as '2026-03-15T13:00:00Z', found {timestamp[:40]!r}")
    return instant
