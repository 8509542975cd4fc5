"""An oracle for cron in zones, written independently of the product: it walks through every minute of real time.

`Window` records the wall time of each minute of UTC, computed by the zone alone. `Fields` parses an expression of five
fields by itself, to a bit mask of the minutes of a day and a test of each date. The fires are then a few operations on
integers whose bits are minutes.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
MONTHS = {"JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6}
MONTHS |= {"JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12}
DAYS = {"SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6}


def numbers(text: str, low: int, high: int, names: dict[str, int]) -> set[int]:
    """Returns the numbers of one field that contains only numbers, names, ranges, steps and lists."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = low, high
        else:
            begin, _, end = span.partition("-")
            first = names[begin] if begin in names else int(begin)
            last = (names[end] if end in names else int(end)) if end else (high if step else first)
        found.update(range(first, last + 1, int(step or 1)))
    return found


class Fields:
    """An expression of five fields."""

    def __init__(self, text: str) -> None:
        self.minute, self.hour, self.dom, self.month, self.dow = text.split()
        minutes, hours = numbers(self.minute, 0, 59, {}), numbers(self.hour, 0, 23, {})
        self.day_mask = sum(1 << (hour * 60 + minute) for hour in hours for minute in minutes)
        self.is_rhythm = self.minute[0] == "*" or self.hour[0] == "*"
        self.months = numbers(self.month, 1, 12, MONTHS)
        self._dates: dict[date, bool] = {}

    def has(self, day: date) -> bool:
        """Whether the expression names times of this date."""
        if day not in self._dates:
            self._dates[day] = day.month in self.months and self._is_day(day)
        return self._dates[day]

    def mask(self, day: date) -> int:
        """Returns the minutes of a date, as bits."""
        return self.day_mask if self.has(day) else 0

    def _is_day(self, day: date) -> bool:
        of_month, of_week = self._is_of_month(day), self._is_of_week(day)
        if self.dom[0] == "*" or self.dow[0] == "*":
            return of_month and of_week
        return of_month or of_week

    def _is_of_month(self, day: date) -> bool:
        last = monthrange(day.year, day.month)[1]
        if self.dom == "L":
            return day.day == last
        if self.dom == "LW":
            workdays = [n for n in range(1, last + 1) if day.replace(day=n).isoweekday() <= 5]
            return day.day == workdays[-1]
        return day.day in numbers(self.dom, 1, 31, {})

    def _is_of_week(self, day: date) -> bool:
        own = day.isoweekday() % 7
        last = monthrange(day.year, day.month)[1]
        if self.dow.endswith("L"):
            return own == int(self.dow[:-1]) % 7 and day.day + 7 > last
        if "#" in self.dow:
            name, _, nth = self.dow.partition("#")
            expected = DAYS[name] if name in DAYS else int(name)
            return own == expected % 7 and (day.day - 1) // 7 + 1 == int(nth)
        return own in {number % 7 for number in numbers(self.dow, 0, 7, DAYS)}


@dataclass(frozen=True)
class Run:
    """Minutes in a row on one date: from minute `at` of the window on, the wall shows `wall` (a minute of the day)."""

    at: int
    day: date
    wall: int
    length: int

    @property
    def bits(self) -> int:
        return (1 << self.length) - 1


class Window:
    """Some days of real time in a zone. Bits represent minutes after `start` (UTC)."""

    def __init__(self, zone: str, start: datetime, days: int) -> None:
        self.zone, self.start, self.length = zone, start, days * 1440
        # One more day before: its wall times may be repeated.
        tz = ZoneInfo(zone)
        self._walls = [
            (start + MINUTE * count).astimezone(tz).replace(tzinfo=None, fold=0) for count in range(-1440, self.length)
        ]

    @cached_property
    def runs(self) -> list[Run]:
        """The minutes of the window, in order."""
        found: list[Run] = []
        begin = 0
        for count in range(1, self.length + 1):
            before = self._walls[1440 + count - 1]
            if (
                count < self.length
                and self._walls[1440 + count] == before + MINUTE
                and before.date() == (before + MINUTE).date()
            ):
                continue
            wall = self._walls[1440 + begin]
            found.append(Run(begin, wall.date(), wall.hour * 60 + wall.minute, count - begin))
            begin = count
        return found

    @cached_property
    def repeated(self) -> int:
        """The minutes with a repeated wall time, as bits."""
        seen: set[datetime] = set()
        bits = 0
        for count, wall in enumerate(self._walls, -1440):
            if wall in seen and count >= 0:
                bits |= 1 << count
            seen.add(wall)
        return bits

    @cached_property
    def left_out(self) -> list[tuple[int, list[datetime]]]:
        """(minute, what the wall jumps over just before it), in order."""
        found = []
        for count in range(self.length):
            before, now = self._walls[1440 + count - 1], self._walls[1440 + count]
            if now > before + MINUTE:
                jump = int((now - before) / MINUTE)
                found.append((count, [before + MINUTE * n for n in range(1, jump)]))
        return found

    def fires(self, fields: Fields, dst: str) -> int:
        """Returns the minutes at which an expression fires, as bits."""
        bits = 0
        for run in self.runs:
            bits |= ((fields.mask(run.day) >> run.wall) & run.bits) << run.at
        if fields.is_rhythm:
            return bits
        if dst != "twice":
            bits &= ~self.repeated
        if dst != "skip":
            for at, walls in self.left_out:
                if any(fields.mask(wall.date()) >> (wall.hour * 60 + wall.minute) & 1 for wall in walls):
                    bits |= 1 << at
        return bits

    def instants(self, bits: int) -> list[datetime]:
        """Returns minutes as instants, for messages."""
        return [self.start + MINUTE * count for count in range(self.length) if bits >> count & 1]


@cache
def change_days(zone: str, year: int) -> tuple[datetime, ...]:
    """Returns the days of UTC on which a zone's offset changes."""
    tz = ZoneInfo(zone)
    days: Iterator[datetime] = (datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=count) for count in range(365))
    day = timedelta(days=1)
    return tuple(one for one in days if one.astimezone(tz).utcoffset() != (one + day).astimezone(tz).utcoffset())
