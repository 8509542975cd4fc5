"""The counting of an approval against a model without shortcuts: it tries every possible continuation."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from looply.definition import Duration
from looply.execution.approvals.quorum import verdict
from looply.execution.document.working_time import DAYS, read_calendar, working_instant
from looply.execution.facts.state import CardAnswer
from looply.execution.facts.values.approval_terms import ApprovalTerms

NOW = datetime(2030, 1, 7, 9, tzinfo=UTC)


def vote(seats: int, decision: str) -> CardAnswer:
    return CardAnswer(part=0, user="a", data=None, on=NOW, decision=decision, seats=seats)


def final(terms: ApprovalTerms, seats: list[bool]) -> bool:
    """Returns whether an approval is granted after all decisions: each seat approves or rejects."""
    if terms.veto and not all(seats):
        return False
    return sum(seats) >= terms.quorum


@st.composite
def votes_so_far(draw: st.DrawFn) -> tuple[ApprovalTerms, list[CardAnswer]]:
    people = draw(st.integers(1, 6))
    quorum = draw(st.integers(1, people))
    terms = ApprovalTerms(recipients=tuple("abcdef"[:people]), quorum=quorum, veto=draw(st.booleans()))
    votes: list[CardAnswer] = []
    left = people
    while left and draw(st.booleans()):
        seats = draw(st.integers(1, left))
        votes.append(vote(seats, draw(st.sampled_from(["approved", "rejected"]))))
        left -= seats
    return terms, votes


@given(votes_so_far())
def test_it_is_decided_exactly_when_every_continuation_has_the_same_outcome(
    case: tuple[ApprovalTerms, list[CardAnswer]],
) -> None:
    terms, votes = case
    said = [one.decision == "approved" for one in votes for _ in range(one.seats)]
    rest = len(terms.recipients) - len(said)
    ends = {final(terms, [*said, *others]) for others in product((True, False), repeat=rest)}
    found = verdict(terms, votes)
    if terms.veto and found == "approved":
        # The quorum is reached: later answers do not count, so a veto has no effect.
        assert sum(said) >= terms.quorum
        assert all(said)
    elif len(ends) == 1:
        assert found == ("approved" if ends.pop() else "rejected")
    else:
        assert found is None


@given(votes_so_far(), st.randoms())
def test_the_order_of_the_answers_does_not_matter_without_a_veto(
    case: tuple[ApprovalTerms, list[CardAnswer]], chance: Random
) -> None:
    terms, votes = case
    mixed = list(votes)
    chance.shuffle(mixed)
    assert verdict(terms, mixed) == verdict(terms, votes)


SPANS = st.sampled_from(
    [["00:00-24:00"], ["08:00-12:00", "13:00-17:00"], ["22:00-24:00"], ["02:00-03:00"], ["02:10-02:50"], []]
)
CALENDARS = st.builds(
    lambda zone, hours, off: {"timezone": zone, "hours": {**hours, "wed": ["09:00-17:00"]}, "holidays": off},
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    st.dictionaries(st.sampled_from(DAYS), SPANS),
    st.lists(st.dates(date(2026, 1, 1), date(2026, 12, 31)).map(str), max_size=5),
)
INSTANTS = st.integers(0, 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def worked(document: dict[str, object], begin: datetime, end: datetime) -> timedelta:
    """Returns the working time between two instants, counted minute by minute on the wall."""
    zone = ZoneInfo(str(document["timezone"]))
    hours = document["hours"]
    holidays = document["holidays"]
    assert isinstance(hours, dict)
    assert isinstance(holidays, list)
    count = 0
    now = begin
    while now < end:
        local = now.astimezone(zone)
        minute = local.strftime("%H:%M")
        spans = hours.get(DAYS[local.weekday()], [])
        is_holiday = str(local.date()) in holidays
        count += not is_holiday and any(span[:5] <= minute < span[6:] for span in spans)
        now += timedelta(minutes=1)
    return timedelta(minutes=count)


@settings(deadline=None, max_examples=60)
@given(CALENDARS, INSTANTS, st.integers(1, 60 * 6))
def test_exactly_the_requested_working_time_passes_until_the_instant(
    document: dict[str, object], begin: datetime, minutes: int
) -> None:
    start = begin.replace(second=0, microsecond=0)
    end = working_instant(read_calendar(document), start, Duration(seconds=Decimal(minutes * 60)))
    assert end > start
    assert worked(document, start, end) == timedelta(minutes=minutes)
    assert worked(document, end - timedelta(minutes=1), end) == timedelta(minutes=1)
