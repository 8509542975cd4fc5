"""Reads dates as V8 does: ISO 8601 by ECMA-262, else any text that looks like a date in English.

The lenient part is no standard, but Microsoft's functions accept such texts: `March 15, 2018 1:27 PM`, `3/15/2018`,
`Thu, 15 Mar 2018 13:27:36 GMT`. The local zone is UTC here. Source: ECMA-262 Date.parse.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from looply.expressions.dates.instants import clip_to_range, instant_of, time_of

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES = {
    **dict.fromkeys(("ut", "utc", "z", "gmt"), 0),
    "edt": -4,
    "est": -5,
    "cdt": -5,
    "cst": -6,
    "mdt": -6,
    "mst": -7,
    "pdt": -7,
    "pst": -8,
}
_HALVES = {"am": 0, "pm": 12}
_SPACES = r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_TOKEN = re.compile(rf"(?P<number>[0-9]+)|(?P<mark>[:+.)(-])|(?P<space>[{_SPACES}])|(?P<word>[^\0-@{_SPACES}]+)")
_ISO = re.compile(
    r"(?P<year>[0-9]{4}|\+[0-9]{6}|-(?!000000)[0-9]{6})(?:-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12][0-9]|3[01]))?)?"
    r"(?:[Tt](?P<hour>[01][0-9]|2[0-3]|24(?=:00(?::00(?:\.0+)?)?(?![:.0-9]))):(?P<minute>[0-5][0-9])"
    r"(?::(?P<second>[0-5][0-9])(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<zone_hour>[01][0-9]|2[0-3]):?(?P<zone_minute>[0-5][0-9]))?)?"
)
_ISO_DATE = re.compile(r"(?:[0-9]{4}|[+-][0-9]{6})(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?[Tt]")
_SIGNIFICANT = 9
"""The number of significant digits of a number, from the first that is not 0."""


class _Token(NamedTuple):
    kind: str
    text: str

    @property
    def number(self) -> int:
        return int(self.text.lstrip("0")[:_SIGNIFICANT] or "0")


_END = _Token("end", "")


def read_date(text: str) -> int | None:
    """Returns the milliseconds since 1970 of a text, None when it is no date."""
    match = _ISO.fullmatch(text)
    if match is not None:
        return _iso(match.groupdict(default="0"))
    if _ISO_DATE.match(text) is not None:
        return None
    return _Legacy(text).read()


def _iso(part: dict[str, str]) -> int | None:
    offset = int(part["zone_hour"]) * 60 + int(part["zone_minute"])
    fraction = _milliseconds(_Token("number", part["fraction"]))
    time = time_of(int(part["hour"]), int(part["minute"]), int(part["second"]), fraction)
    instant = instant_of(int(part["year"]), int(part["month"]) or 1, int(part["day"]) or 1, time)
    return clip_to_range(instant - (offset if part["sign"] != "-" else -offset) * 60_000)


def _milliseconds(token: _Token) -> int:
    length = min(len(token.text), _SIGNIFICANT)
    return token.number * (100, 10, 1)[length - 1] if length <= 3 else token.number // 10 ** (length - 3)


@dataclass(slots=True)
class _Fields:
    """The fields of a date that have been read so far."""

    day: list[int] = field(default_factory=list)
    """Up to three numbers, in their order in the text."""
    time: list[int] = field(default_factory=list)
    """Hour, minute, second and millisecond, as many as were read."""
    month: int | None = None
    """The month that a word names."""
    half: int | None = None
    """The hours that `am` or `pm` adds."""
    sign: int | None = None
    zone_hour: int | None = None
    zone_minute: int | None = None

    def add_day(self, number: int) -> bool:
        """Returns whether a date may have this number too."""
        self.day.append(number)
        return len(self.day) <= 3

    def expects(self, number: int) -> bool:
        """Returns whether a number can be the next part of a time that has begun."""
        bound = {1: 60, 2: 60, 3: 1000}.get(len(self.time), 0)
        return number < bound

    def end_time(self, number: int) -> None:
        """Stores the last number of a time."""
        self.time = [*self.time, number, 0, 0, 0][:4]

    def instant(self) -> int | None:
        """Returns the milliseconds since 1970, None when there is no such instant."""
        if not self.day:
            return None
        year, month, day = self._date()
        time = self._clock()
        if time is None or not (1 <= month <= 12 and 1 <= day <= 31):
            return None
        if 0 <= year <= 99:
            year += 2000 if year <= 49 else 1900
        offset = (self.sign or 0) * ((self.zone_hour or 0) * 60 + (self.zone_minute or 0))
        return clip_to_range(instant_of(year, month, day, time) - offset * 60_000)

    def _date(self) -> tuple[int, int, int]:
        one, two, three = [*self.day, 1, 1][:3]
        is_year_first = not 1 <= one <= 31
        if self.month is None:
            return (one, two, three) if is_year_first else (three, one, two)
        if is_year_first:
            return one, self.month, two
        return two, self.month, one

    def _clock(self) -> int | None:
        hour, minute, second, millisecond = [*self.time, 0, 0, 0, 0][:4]
        if self.half is not None:
            if hour > 12:
                return None
            hour = hour % 12 + self.half
        is_end_of_day = (hour, minute, second, millisecond) == (24, 0, 0, 0)
        if is_end_of_day or (hour < 24 and minute < 60 and second < 60 and millisecond < 1000):
            return time_of(hour, minute, second, millisecond)
        return None


class _Legacy:
    """The parser of a text that is not ISO 8601: numbers, words and punctuation in nearly any order."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._place = 0
        self._found = _Fields()
        self._has_number = False

    def read(self) -> int | None:
        self._take_iso_date()
        while (token := self._next()) is not _END:
            if not self._take(token):
                return None
        return self._found.instant()

    def _peek(self) -> _Token:
        return self._tokens[self._place] if self._place < len(self._tokens) else _END

    def _next(self) -> _Token:
        token = self._peek()
        self._place += 1
        return token

    def _skip(self, mark: str) -> bool:
        found = self._peek() == ("mark", mark)
        self._place += found
        return found

    def _take_iso_date(self) -> None:
        """Consumes as much of `yyyy-MM-dd` as the text begins with: those numbers are a date whatever follows."""
        sign = self._peek().text
        is_signed = sign in ("+", "-")
        year = self._tokens[is_signed] if len(self._tokens) > is_signed else _END
        if len(year.text) != (6 if is_signed else 4) or year.kind != "number":
            return
        self._place = is_signed + 1
        if sign == "-" and year.number == 0:
            return
        self._found.day.append(-year.number if sign == "-" else year.number)
        self._has_number = True
        for largest in (12, 31):
            if not self._skip("-"):
                break
            part = self._peek()
            if part.kind != "number" or len(part.text) != 2 or not 1 <= part.number <= largest:
                break
            self._found.day.append(self._next().number)

    def _take(self, token: _Token) -> bool:
        if token.kind == "number":
            self._has_number = True
            return self._take_number(token.number)
        if token.kind == "word":
            return self._take_word(token.text.lower())
        is_sign = token.text in ("+", "-")
        if is_sign and ((self._found.zone_hour == 0 and self._found.zone_minute == 0) or self._found.time):
            return self._take_offset(1 if token.text == "+" else -1)
        return not (self._has_number and (is_sign or token.text == ")"))

    def _take_number(self, number: int) -> bool:
        if self._skip(":"):
            return self._take_time(number)
        if self._skip(".") and self._found.expects(number):
            self._found.time.append(number)
            fraction = self._next()
            if fraction.kind != "number":
                return False
            self._found.end_time(_milliseconds(fraction))
            return True
        if self._found.zone_hour is not None and self._found.zone_minute is None and number < 60:
            self._found.zone_minute = number
            return True
        if self._found.expects(number):
            after = self._peek()
            self._found.end_time(number)
            return after.kind in ("end", "space") or after.text in ("z", "Z", "+", "-")
        self._skip("-")
        return self._found.add_day(number)

    def _take_time(self, number: int) -> bool:
        if self._skip(":"):
            if self._found.time:
                return False
            self._found.time = [number, 0]
            return True
        self._skip(".")
        self._found.time.append(number)
        return len(self._found.time) <= 4

    def _take_word(self, word: str) -> bool:
        if word in _HALVES and self._found.time:
            self._found.half = _HALVES[word]
            return True
        if word[:3] in _MONTHS:
            self._found.month = _MONTHS.index(word[:3]) + 1
            self._skip("-")
            return True
        if word in _ZONES and self._has_number:
            offset = _ZONES[word]
            self._found.sign = -1 if offset < 0 else 1
            self._found.zone_hour, self._found.zone_minute = abs(offset), 0
            return True
        return not self._has_number and self._peek().kind != "number"

    def _take_offset(self, sign: int) -> bool:
        self._found.sign = sign
        self._has_number = True
        token = self._next() if self._peek().kind == "number" else _Token("number", "")
        if self._peek() == ("mark", ":"):
            self._found.zone_hour, self._found.zone_minute = token.number, None
        elif len(token.text) in (1, 2):
            self._found.zone_hour, self._found.zone_minute = token.number, 0
        elif len(token.text) in (3, 4):
            self._found.zone_hour, self._found.zone_minute = divmod(token.number, 100)
        else:
            return False
        return True


def _tokens(text: str) -> list[_Token]:
    """Returns the tokens of a text, without the contents of round brackets and unknown punctuation."""
    found: list[_Token] = []
    position = 0
    while position < len(text):
        if text[position] == "(":
            position = _after_brackets(text, position)
            found.append(_Token("unknown", ""))
            continue
        match = _TOKEN.match(text, position)
        found.append(_Token(str(match.lastgroup), match[0]) if match is not None else _Token("unknown", ""))
        position = match.end() if match is not None else position + 1
    return found


def _after_brackets(text: str, position: int) -> int:
    depth = 0
    while position < len(text):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        position += 1
        if depth == 0:
            break
    return position
