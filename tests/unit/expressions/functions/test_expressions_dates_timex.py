import pytest

from looply.expressions import ExpressionError, ExpressionSyntaxError


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("isDefinite('XXXX-03-15')", False),
        ("isDate('XXXX-WXX-3')", True),
        ("isDate('2026-03')", False),
        ("isDate(object)", True),
        ("isDate(list)", False),
        ("isTime(clock)", True),
        ("isTime('T15:28:36')", True),
        ("isTime('TMO')", False),
        ("isDateRange('2026-W15-WE')", True),
        ("isDateRange('XXXX-05-W02')", True),
        ("isDateRange('SP')", True),
        ("isDateRange('2026-03-15')", False),
        ("isDuration('(2026-03-15,2026-03-18,P3D)')", True),
        ("isDuration('(2026-03-15,2026-03-18)')", False),
        ("isDuration('P1X')", False),
        ("isPresent('now')", False),
        ("resolve('2026-03-15')", "2026-03-15"),
        ("resolve('T15')", "15:00:00"),
        ("resolve('PT2.5H')", "9000"),
        ("resolve('P1W')", "604800"),
        ("resolve('FA')", "not resolved"),
        ("resolve('2026-03')", None),
        ("resolve('TMO')", None),
        ("resolve('2026-03-15TMO')", None),
        ("resolve('(2026-03-15,2026-03-18,P3D)')", None),
        ("getNextViableDate('XXXX-01-15')", "2026-01-15"),
        ("getNextViableDate('XXXX-01-14')", "2027-01-14"),
        ("getNextViableDate('XXXX-02-29', 'UTC')", "2028-02-29"),
        ("getNextViableDate('XXXX-01-15', missing)", "2026-01-15"),
        ("getPreviousViableDate('XXXX-01-14')", "2026-01-14"),
        ("getPreviousViableDate('XXXX-02-29')", "2024-02-29"),
        ("getNextViableTime('TXX:30:00')", "T09:30"),
        ("getNextViableTime('TXX:00:00', 'Tokyo Standard Time')", "T19"),
        ("getPreviousViableTime('TXX:30:01')", "T08:30:01"),
    ],
)
def test_timex_is_read(value, source, expected):
    data = {"object": {"month": 1, "dayOfMonth": 2}, "clock": {"hour": 1}, "list": [1]}
    assert value(source, data) == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("isDate(5)", "expected a TIMEX such as 'XXXX-10-31', found number"),
        ("isTime(null)", "found null"),
        ("resolve('nothing')", "a TIMEX that is a date, a time or a length by itself"),
        ("resolve('XXXX-10-31')", "a TIMEX that is a date, a time or a length by itself"),
        ("resolve('P1234567890123456D')", "a length of at most 15 digits"),
        ("resolve('PT0.0000001H')", "without an exponent"),
        ("getNextViableDate('2026-10-31')", "a TIMEX of month and day"),
        ("getNextViableDate('XXXX-10-31', 'Mars/Base')", "expected a time zone"),
        ("getPreviousViableTime('T15:28')", "a TIMEX of minute and second"),
        ("getPreviousViableTime('2TTXX:15:28')", "a TIMEX of minute and second"),
    ],
)
def test_a_text_that_is_no_timex_is_refused(value, source, reason):
    with pytest.raises((ExpressionError, ExpressionSyntaxError)) as caught:
        value(source)
    assert reason in caught.value.message
