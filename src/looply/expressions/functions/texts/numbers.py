"""Numbers as texts, with the separators of a locale."""

import math
import sys
from decimal import ROUND_HALF_UP, Context, Decimal

from looply.decimals import Number, decimal_text, round_half_up
from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type
from looply.expressions.functions.texts.text import LOCALE
from looply.expressions.texts.number_locales import ENGLISH, NUMBER_LOCALES, NumberLocale
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import Run
from looply.expressions.values.semantics import is_whole, number_text
from looply.jsontext import Json

_MINUS = "-"
_MAX_DIGITS = 20
"""The largest number of digits that are printed after the point."""
_WITHOUT_FRACTION = 2**52
"""From here on, a double has no fraction."""
_WITH_EXPONENT = 1e21
"""From here on, a double is printed with an exponent."""
_EXACT = Context(prec=60)
_DECIMAL = Context(prec=20_000)


def format_fixed(value: Number, digits: int, tag: Json = None) -> str:
    """Returns a number with `digits` after the point, at most 20, and grouped, in the format of a locale.

    An unknown locale tag, or none, is English.
    """
    return _format(value, min(digits, _MAX_DIGITS), tag)


def _format(value: Number, digits: int, tag: Json) -> str:
    locale = NUMBER_LOCALES.get(tag, ENGLISH) if type(tag) is str else ENGLISH
    fixed = _fixed(value.copy_abs() if isinstance(value, Decimal) else abs(value), digits)
    whole, point, rest = fixed.partition(".")
    whole, exponent, power = whole.partition("e")
    made = _group(whole, locale) + exponent + power + (locale.decimal + rest if point else "")
    if locale.digits != ENGLISH.digits:
        made = made.translate(str.maketrans(ENGLISH.digits, locale.digits))
    return _MINUS + made if value < 0 and fixed.strip("0.") else made


def format_full(value: Number, tag: Json = None) -> str:
    """Returns a number with all digits of its fraction and grouped, in the format of a locale."""
    if isinstance(value, Decimal):
        return _format(value, len(decimal_text(value).partition(".")[2]), tag)
    fraction = "" if type(value) is int else number_text(value).partition(".")[2]
    return format_fixed(value, len(fraction), tag)


def _fixed(size: Number, digits: int) -> str:
    if type(size) is int:
        return f"{size}.{'0' * digits}" if digits else str(size)
    if isinstance(size, Decimal):
        return decimal_text(size.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _DECIMAL))
    if size >= _WITH_EXPONENT:
        return number_text(size)
    # Halves round up, by the exact value of the double.
    return format(Decimal(size).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _EXACT), "f")


def _group(digits: str, locale: NumberLocale) -> str:
    groups, end, size = [], len(digits), 3
    while end > 0:
        groups.append(digits[max(0, end - size) : end])
        end, size = end - size, locale.later
    return locale.thousands.join(reversed(groups))


def _format_number(_: Run, number: Json, digits: Json, locale: Json = None) -> str:
    if not is_whole(digits) or digits < 0:
        raise ExpressionError(f"formatNumber() expects a whole number of at least 0 as `digits`, found {digits}")
    return format_fixed(_round(number, int(digits)), int(digits), locale)


def _round(number: Number, digits: int) -> Number:
    if isinstance(number, Decimal):
        return round_half_up(number, min(digits, _MAX_DIGITS))
    scale = math.pow(10, digits) if digits <= sys.float_info.max_10_exp else math.nan
    scaled = scale if type(number) is int else number * scale
    if not math.isfinite(scaled):
        raise ExpressionError(f"formatNumber() cannot round this number to {digits} digits")
    if type(number) is int:
        return number
    if abs(scaled) < _WITHOUT_FRACTION:
        down = math.floor(scaled)
        scaled = down + 1 if scaled - down >= 0.5 else down
    return scaled / scale


NUMBER_FUNCTIONS = (
    Function(
        "formatNumber",
        "conversion",
        (Argument("number", Kind.NUMBER), Argument("digits", Kind.NUMBER), LOCALE),
        Type.TEXT,
        "Formats a number with a fixed number of digits after the point, for a locale (en-US).",
        ("formatNumber(1234.5, 2, 'de-DE')", "1.234,50"),
        _format_number,
    ),
)
