"""Durations (ISO 8601) and instants (RFC 3339) as authors write them.

Years, months, weeks and days are calendar arithmetic in a zone: `P1D` is the same wall time tomorrow, 23 or 25 hours
away when the clocks change. Hours, minutes and seconds are elapsed time.
"""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from looply.errors import DefinitionError, did_you_mean

# Nine digits of days are 2.7 million years: more than any calendar has, and always fast to compute with.
_NUMBER = r"\d{1,9}"
_DURATION = re.compile(
    rf"P(?:(?P<years>{_NUMBER})Y)?(?:(?P<months>{_NUMBER})M)?(?:(?P<weeks>{_NUMBER})W)?(?:(?P<days>{_NUMBER})D)?"
    rf"(?:T(?:(?P<hours>{_NUMBER}(?:[.,]\d{{1,9}}(?=H\Z))?)H)?(?:(?P<minutes>{_NUMBER}(?:[.,]\d{{1,9}}(?=M\Z))?)M)?"
    rf"(?:(?P<seconds>{_NUMBER}(?:[.,]\d{{1,9}})?)S)?)?",
    re.ASCII,
)
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_DAY_SECONDS = 86_400
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_LAST_YEAR = 9999


class Duration(msgspec.Struct, frozen=True, kw_only=True):
    """An ISO 8601 duration in its exact parts; never negative. Weeks are counted as seven days."""

    years: int = 0
    months: int = 0
    days: int = 0
    seconds: Decimal = Decimal(0)
    """Hours, minutes and seconds together."""

    @property
    def is_zero(self) -> bool:
        """Whether the duration is empty, such as `PT0S`."""
        return not self.has_calendar_parts and self.seconds == 0

    @property
    def has_calendar_parts(self) -> bool:
        """Whether its length depends on its start and on the zone."""
        return bool(self.years or self.months or self.days)

    def after(self, instant: datetime, zone: ZoneInfo | str) -> datetime:
        """Returns the UTC instant that is this duration after an aware `instant`.

        Date parts keep the wall time of the zone: in a month that is too short the result is its last day, a time
        that the zone skips is shifted past the gap by the length of the gap, a repeated time is its first occurrence.
        Time parts are added last, as elapsed time.

        Raises: DefinitionError when the result is after the year 9999 or the zone is unknown.
        """
        try:
            moved = self._shift_date(instant, zone) if self.has_calendar_parts else instant.astimezone(UTC)
            return moved + timedelta(microseconds=int(self.seconds * 1_000_000))
        except OverflowError as error:
            raise _duration_error("the duration ends after the year 9999") from error

    def to_timedelta(self) -> timedelta:
        """Returns the elapsed time of a duration without date parts.

        Raises: DefinitionError when it has date parts, whose length depends on the calendar.
        """
        if self.has_calendar_parts:
            raise _duration_error("a duration without date parts is required here; write PT24H rather than P1D")
        return timedelta(microseconds=int(self.seconds * 1_000_000))

    def _shift_date(self, instant: datetime, zone: ZoneInfo | str) -> datetime:
        tz = find_zone(zone) if isinstance(zone, str) else zone
        local = instant.astimezone(tz)
        month_index = local.year * 12 + local.month - 1 + self.years * 12 + self.months
        year, month = month_index // 12, month_index % 12 + 1
        if year > _LAST_YEAR:
            raise OverflowError
        day = min(local.day, monthrange(year, month)[1])
        wall = local.replace(year=year, month=month, day=day, tzinfo=None, fold=0) + timedelta(days=self.days)
        return wall.replace(tzinfo=tz).astimezone(UTC)


class Moment(NamedTuple):
    """An instant for exact comparison: seconds since 1970 and all digits of the fraction, without trailing zeros."""

    seconds: int
    fraction: str


def parse_duration(text: str) -> Duration:
    """Returns the duration of an ISO 8601 text: `P3D`, `PT1H30M`, `P1Y2M`, `P2W`, `PT0.5S`.

    The last part may have a fraction if it is hours, minutes or seconds. Negative durations do not exist.

    Raises: DefinitionError (code `INVALID_DURATION`) that says what was expected.
    """
    match = _DURATION.fullmatch(text)
    if match is None or text[-1] in "PT":
        raise _duration_error(f"{_quote(text)} is not an ISO 8601 duration such as PT30S, PT2H or P3D")
    part = {name: Decimal((value or "0").replace(",", ".")) for name, value in match.groupdict().items()}
    return Duration(
        years=int(part["years"]),
        months=int(part["months"]),
        days=int(part["weeks"]) * 7 + int(part["days"]),
        seconds=part["hours"] * 3600 + part["minutes"] * 60 + part["seconds"],
    )


def parse_instant(text: str) -> datetime:
    """Returns the UTC instant of an RFC 3339 text, truncated to microseconds.

    Raises: DefinitionError (code `INVALID_INSTANT`) that says what was expected.
    """
    moment = find_moment(text)
    if moment is None:
        message = f"{_quote(text)} is not an RFC 3339 time with an offset such as 2030-01-31T09:00:00Z"
        raise DefinitionError(message, code="INVALID_INSTANT")
    try:
        start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment.seconds)
    except OverflowError as error:
        raise DefinitionError(f"{_quote(text)} is outside the years 1 to 9999", code="INVALID_INSTANT") from error
    return start + timedelta(microseconds=int(moment.fraction[:6].ljust(6, "0")))


def find_moment(text: str) -> Moment | None:
    """Returns the moment of an RFC 3339 text (section 5.6), or None for any other text.

    A leap second is the second that follows it, as in POSIX time.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction, sign, offset_hour, offset_minute = match.groups()[6:]
    offset = int(offset_hour or 0) * 60 + int(offset_minute or 0)
    is_valid = (
        1 <= month <= 12
        and year >= 1
        and 1 <= day <= monthrange(year, month)[1]
        and hour <= 23
        and minute <= 59
        and second <= 60
        and int(offset_hour or 0) <= 23
        and int(offset_minute or 0) <= 59
    )
    if not is_valid:
        return None
    days = date(year, month, day).toordinal() - _EPOCH_ORDINAL
    seconds = days * _DAY_SECONDS + hour * 3600 + minute * 60 + second - offset * (-60 if sign == "-" else 60)
    if second == 60 and seconds % _DAY_SECONDS != 0:
        return None
    return Moment(seconds, (fraction or "").rstrip("0"))


@lru_cache(maxsize=256)
def find_zone(name: str) -> ZoneInfo:
    """Returns the zone of an IANA name.

    Raises: DefinitionError (code `INVALID_ZONE`) with the name that was probably meant.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        hint = did_you_mean(name, sorted(available_timezones()))
        message = f"{_quote(name)} is not an IANA time zone such as Europe/Berlin"
        raise DefinitionError(f"{message}; {hint}" if hint else message, code="INVALID_ZONE") from error


def _duration_error(message: str) -> DefinitionError:
    return DefinitionError(message, code="INVALID_DURATION")


def _quote(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}...")
