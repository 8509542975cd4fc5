"""The fires of 200 cron expressions in 40 zones, against an oracle that walks through every minute.

The gate takes ten of the zones. In every run: the three days around each change of the clocks in two years and twenty
other days, under each rule. With `--soak`: ten years of changes, and a hundred other days of each.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random

import pytest
from cron_oracle import MINUTE, Fields, Window, change_days

from looply.definition import DstRule, Schedule, parse_cron
from looply.schedule import fires

ZONES = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Europe/Athens",
    "Europe/Moscow",
    "Europe/Istanbul",
    "Atlantic/Azores",
    "Atlantic/Reykjavik",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/St_Johns",
    "America/Halifax",
    "America/Havana",
    "America/Sao_Paulo",
    "America/Santiago",
    "America/Asuncion",
    "America/Nuuk",
    "America/Miquelon",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Asia/Beirut",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Asia/Gaza",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Apia",
]
RULES: tuple[DstRule, ...] = ("once", "skip", "twice")
YEARS = (2026, 2027)
SOAK_YEARS = tuple(range(2023, 2033))
MINUTES = ("0", "30", "15,45", "59", "*/20", "10-50/10", "7", "0-5", "*", "1/29")
HOURS = ("2", "0", "1,2,3", "*/3", "1-3", "23", "*", "0-4/2", "12", "3")
DATES = ("*", "1", "L", "LW", "*/2", "25-31", "10,20", "15-20")
MONTHS = ("*", "3,10", "JAN-JUN", "*/2", "MAR", "4,11")
WEEKDAYS = ("*", "SUN", "MON-FRI", "7", "SUN#4", "0L", "5L", "*/2", "SUN,WED")
SEED = 20_260_329


def expressions(count: int) -> list[str]:
    """Returns expressions: most name hours of the night, at which clocks are set."""
    chance, found = Random(SEED), dict.fromkeys(["30 2 * * *", "0 0 * * *", "*/5 * * * *", "0 2 * * SUN"])
    while len(found) < count:
        fields = (MINUTES, HOURS, DATES, MONTHS, WEEKDAYS)
        # At most a third are interval expressions, which fire often and are the same under each rule.
        text = " ".join(chance.choice(field) if chance.random() < 0.7 else field[0] for field in fields)
        if not Fields(text).is_rhythm or sum(Fields(one).is_rhythm for one in found) < count // 4:
            found[text] = None
    return list(found)


EXPRESSIONS = expressions(200)


def windows(zone: str, years: tuple[int, ...], others: int) -> Iterator[Window]:
    """Yields the three days around each change, and random other days."""
    day = timedelta(days=1)
    for year in years:
        for change in change_days(zone, year):
            yield Window(zone, change - day, 3)
    chance = Random(f"{SEED} {zone}")
    for _ in range(others):
        start = datetime(chance.choice(years), 1, 1, tzinfo=UTC) + day * chance.randrange(364)
        yield Window(zone, start + MINUTE * chance.randrange(1440), 1)


def product_fires(window: Window, text: str, dst: DstRule) -> int:
    """Returns the minutes at which the product fires, in the bits of the oracle."""
    schedule = Schedule(cron=parse_cron(text), timezone=window.zone, dst=dst)
    end = window.start + MINUTE * window.length
    bits = 0
    for instant in fires(schedule, window.start, window.start - timedelta(microseconds=1)):
        if instant >= end:
            break
        count, rest = divmod(instant - window.start, MINUTE)
        assert not rest
        assert not bits >> count, f"{text} in {window.zone} fires twice or out of order at {instant}"
        bits |= 1 << count
    return bits


@pytest.mark.parametrize(
    "zone",
    [zone if number % 4 == 1 else pytest.param(zone, marks=pytest.mark.proof) for number, zone in enumerate(ZONES)],
)
def test_every_expression_fires_at_the_minutes_of_the_oracle(zone: str, pytestconfig: pytest.Config) -> None:
    fields = {text: Fields(text) for text in EXPRESSIONS}
    years, others = (SOAK_YEARS, 100) if pytestconfig.getoption("--soak") else (YEARS, 20)
    for window in windows(zone, years, others):
        is_change = len({run.wall for run in window.runs if run.at}) > 1 or bool(window.repeated or window.left_out)
        # The rules differ only where the clocks change.
        for text, dst in product(EXPRESSIONS, RULES if is_change else RULES[:1]):
            expected, found = window.fires(fields[text], dst), product_fires(window, text, dst)
            if expected != found:
                wrong = window.instants(expected ^ found)[:5]
                raise AssertionError(f"{text} in {zone} under {dst!r}: differs at {[f'{at:%F %R}' for at in wrong]}")
