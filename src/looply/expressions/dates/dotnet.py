"""Dates as Microsoft's JavaScript package prints them in a .NET format.

It works in two steps, and both are visible. A .NET format is first translated to one of Day.js; then the letters of
that are replaced. So a format with parts that .NET has and Day.js lacks (`f`, `ff`, `g`, the standard formats `r`, `R`,
`u`, `U`) is used as one of Day.js, the letters of a quoted word are replaced too, and of the standard formats only `o`
is supported. Names are English: the package loads no other language of Day.js.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from looply.expressions.dates.instants import Civil, civil_of, day_of_week

ISO = "YYYY-MM-DDTHH:mm:ss.SSS[Z]"
"""The default Day.js format of a timestamp."""
LOCAL = "YYYY-MM-DDTHH:mm:ss.SSS0000"
"""The default Day.js format of a time in some zone."""
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_DOTNET = re.compile(
    r"(?P<letter>[dfFghHmMstyz])(?P=letter)*|\\(?P<escaped>.)|'(?P<single>[^']*)'|`(?P<back>[^`]*)`|(?P<other>.)",
    re.DOTALL,
)
# The Day.js letters for one, two, ... repetitions of a letter; more are as the longest. None: Day.js has no equivalent.
_TRANSLATED: dict[str, tuple[str | None, ...]] = {
    "d": ("D", "DD", "ddd", "dddd"),
    "f": (None, None, "SSS"),
    "F": (None, None, "SSS"),
    "g": (None,),
    "h": ("h", "hh"),
    "H": ("H", "HH"),
    "m": ("m", "mm"),
    "M": ("M", "MM", "MMM", "MMMM"),
    "s": ("s", "ss"),
    "t": ("A",),
    "y": ("YY", "YY", "YYYY"),
    "z": ("ZZ", "ZZ", "Z"),
}
_UNTRANSLATED = frozenset("rRuU")
_ROUND_TRIP = "YYYY-MM-DDTHH:mm:ss.SSS0000Z"
_DAYJS = re.compile(
    r"\[(?P<literal>[^\]]+)]|(?P<code>YYYY|YY|M{1,4}|D{1,2}|d{1,4}|H{1,2}|h{1,2}|a|A|m{1,2}|s{1,2}|Z{1,2}|SSS)"
)
_MAX_KEPT_LENGTH = 200


class Moment(NamedTuple):
    """An instant in a zone, ready to be printed."""

    at: Civil
    weekday: int
    offset: int
    """Seconds ahead of UTC."""


_Print = Callable[[Moment], str]


def moment_of(instant: int, offset: int = 0) -> Moment:
    """Returns an instant as a moment at an offset in seconds ahead of UTC."""
    local = instant + offset * 1_000
    return Moment(civil_of(local), day_of_week(local), offset)


def dayjs_format(pattern: str) -> str:
    """Returns the Day.js format of a .NET one; the default one for an empty text."""
    if not pattern:
        return ISO
    if pattern in _UNTRANSLATED:
        return pattern
    if pattern in ("o", "O"):
        return _ROUND_TRIP
    pieces = [_translate(match) for match in _DOTNET.finditer(pattern)]
    return pattern if None in pieces else "".join(piece for piece in pieces if piece)


def _translate(match: re.Match[str]) -> str | None:
    letter = match["letter"]
    if letter is not None:
        codes = _TRANSLATED[letter]
        return codes[min(len(match[0]), len(codes)) - 1]
    other = match["other"]
    if other is None:
        return next(text for text in match.group("escaped", "single", "back") if text is not None)
    if other in "'`\\":
        return None
    return {"K": "Z", "%": ""}.get(other, other)


def print_moment(moment: Moment, pattern: str) -> str:
    """Returns the moment in a Day.js format."""
    if not pattern:
        pattern = "YYYY-MM-DDTHH:mm:ss[Z]" if moment.offset == 0 else "YYYY-MM-DDTHH:mm:ssZ"
    compiled = _kept(pattern) if len(pattern) <= _MAX_KEPT_LENGTH else _compile_format(pattern)
    return "".join([piece if isinstance(piece, str) else piece(moment) for piece in compiled])


def _compile_format(pattern: str) -> tuple[str | _Print, ...]:
    pieces: list[str | _Print] = []
    position = 0
    for match in _DAYJS.finditer(pattern):
        pieces.append(pattern[position : match.start()])
        code = match["code"]
        pieces.append(_PRINTERS[code] if code is not None else match["literal"])
        position = match.end()
    return (*pieces, pattern[position:])


_kept = lru_cache(maxsize=256)(_compile_format)


def _year(moment: Moment) -> str:
    return str(moment.at.year).rjust(4, "0")


def _hour(moment: Moment) -> int:
    return (moment.at.hour + 11) % 12 + 1


def _half(moment: Moment) -> str:
    return "AM" if moment.at.hour < 12 else "PM"


def _offset(moment: Moment) -> str:
    hours, minutes = divmod(abs(moment.offset) // 60, 60)
    return f"{'-' if moment.offset < 0 else '+'}{hours:02}:{minutes:02}"


_PRINTERS: dict[str, _Print] = {
    "YY": lambda moment: str(moment.at.year)[-2:],
    "YYYY": _year,
    "M": lambda moment: str(moment.at.month),
    "MM": lambda moment: f"{moment.at.month:02}",
    "MMM": lambda moment: MONTHS[moment.at.month - 1][:3],
    "MMMM": lambda moment: MONTHS[moment.at.month - 1],
    "D": lambda moment: str(moment.at.day),
    "DD": lambda moment: f"{moment.at.day:02}",
    "d": lambda moment: str(moment.weekday),
    "dd": lambda moment: DAYS[moment.weekday][:2],
    "ddd": lambda moment: DAYS[moment.weekday][:3],
    "dddd": lambda moment: DAYS[moment.weekday],
    "H": lambda moment: str(moment.at.hour),
    "HH": lambda moment: f"{moment.at.hour:02}",
    "h": lambda moment: str(_hour(moment)),
    "hh": lambda moment: f"{_hour(moment):02}",
    "a": lambda moment: _half(moment).lower(),
    "A": _half,
    "m": lambda moment: str(moment.at.minute),
    "mm": lambda moment: f"{moment.at.minute:02}",
    "s": lambda moment: str(moment.at.second),
    "ss": lambda moment: f"{moment.at.second:02}",
    "SSS": lambda moment: f"{moment.at.millisecond:03}",
    "Z": _offset,
    "ZZ": lambda moment: _offset(moment).replace(":", ""),
}
