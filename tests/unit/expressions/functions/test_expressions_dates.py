import pytest

from looply.expressions import ExpressionError, ExpressionLimit, ExpressionSyntaxError
from looply.expressions.dates.dotnet import dayjs_format, moment_of, print_moment
from looply.expressions.dates.instants import instant_of, time_of

MONDAY = moment_of(instant_of(2018, 3, 5, time_of(13, 4, 5, 67)))
AT = "'2018-03-05T13:04:05.067Z'"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", "2018-03-05T13:04:05.067Z"),
        ("D", "5"),
        ("o", "2018-03-05T13:04:05.0670000+00:00"),
        ("O", "2018-03-05T13:04:05.0670000+00:00"),
        ("yyyy-MM-dd", "2018-03-05"),
        ("dd/MM/yyyy hh:mm tt", "05/03/2018 01:04 PM"),
        ("y yy yyy yyyy yyyyy", "18 18 2018 2018 2018"),
        ("M MM MMM MMMM MMMMM", "3 03 Mar March March"),
        ("d dd ddd dddd ddddd", "5 05 Mon Monday Monday"),
        ("H HH h hh m mm s ss", "13 13 1 01 4 04 5 05"),
        ("HHH hhh mmm sss", "13 01 04 05"),
        ("fff FFF ffff", "067 067 067"),
        ("t tt ttt", "PM PM PM"),
        ("z zz zzz zzzz K", "+0000 +0000 +00:00 +00:00 +00:00"),
        ("%d %%M", "5 3"),
        ("d%d", "05"),
        ("%", "2018-03-05T13:04:05Z"),
        ("''", "2018-03-05T13:04:05Z"),
        ('"yy"', '"18"'),
        ("[yyyy] yyyy", "YYYY 2018"),
        ("YYYY-MM-DD", "2018-03-05"),
        ("yyyy-MM-ddTHH:mm:ssZ", "2018-03-05T13:04:05+00:00"),
    ],
)
def test_a_format_of_dotnet_is_translated_to_one_of_dayjs(pattern, expected):
    assert print_moment(MONDAY, dayjs_format(pattern)) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("r", "r"),
        ("R", "R"),
        ("u", "u"),
        ("U", "U"),
        ("f", "f"),
        ("F yyyy", "F yyyy"),
        ("yyyy ff MM dd", "yyyy ff 03 Mo"),
        ("gg M", "gg 3"),
        ("'open DD", "'open 05"),
        ("`open a", "`open pm"),
        ("yyyy\\", "yyyy\\"),
    ],
)
def test_a_format_without_a_dayjs_equivalent_is_used_as_one_of_dayjs(pattern, expected):
    assert print_moment(MONDAY, dayjs_format(pattern)) == expected


def test_letters_of_quoted_words_are_replaced_by_dayjs():
    assert print_moment(MONDAY, dayjs_format("'at' h")) == "pmt 1"
    assert print_moment(MONDAY, dayjs_format("`of` h")) == "of 1"
    assert print_moment(MONDAY, dayjs_format("\\M h")) == "3 1"


def test_a_day_has_two_halves_and_a_week_seven_days():
    night, noon = (moment_of(instant_of(2018, 3, 4, time_of(hour, 30, 0, 0))) for hour in (0, 12))
    assert print_moment(night, "d dd h:mm A a") == "0 Su 12:30 AM am"
    assert print_moment(noon, "h:mm A") == "12:30 PM"


def test_years_of_any_length_are_printed():
    assert print_moment(moment_of(instant_of(50)), "YYYY YY") == "0050 50"
    assert print_moment(moment_of(instant_of(12_018)), "YYYY YY") == "12018 18"
    assert print_moment(moment_of(instant_of(-1)), "YYYY YY") == "00-1 -1"


def test_an_offset_is_printed_with_its_sign():
    assert print_moment(moment_of(instant_of(2018), -12_600), "Z ZZ") == "-03:30 -0330"
    assert print_moment(moment_of(instant_of(2018), 3_600), "") == "2018-01-01T01:00:00+01:00"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("utcNow()", "2026-01-15T09:30:00.000Z"),
        ("utcNow('yyyy', 'de-DE')", "2026"),
        ("utcNow(missing)", "2026-01-15T09:30:00.000Z"),
        ("utcNow('yyyy', missing)", "2026-01-15T09:30:00.000Z"),
        ("utcNow('', 'en-US')", "2026-01-15T09:30:00.000Z"),
        ("utcNow() > '2020'", True),
        ("formatDateTime('2018-03-05')", "2018-03-05T00:00:00.000Z"),
        ("formatDateTime('2018-03-05T13:04:05')", "2018-03-05T13:04:05.000Z"),
        ("formatDateTime('2018-03-05T13:04:05+02:00', 'HH:mm', 'EN')", "11:04"),
        ("formatDateTime('March 5, 2018 1:04 PM')", "2018-03-05T13:04:00.000Z"),
        (f"formatDateTime({AT}, 'MMMM', 'fr-FR')", "March"),
        ("formatEpoch(1521118800.9999)", "2018-03-15T13:00:00.999Z"),
        ("formatEpoch(-1.5, 'yyyy')", "1969"),
        ("formatTicks(637243624200000001)", "2020-05-06T11:47:00.000Z"),
        ("formatTicks(text)", "2020-05-06T11:47:00.000Z"),
        ("formatTicks(empty, 'yyyy-MM-dd')", "0001-01-01"),
        ("formatTicks(621355967999999999, 'fff')", "000"),
        (f"ticks({AT})", 636558518450670000),
        ("ticksToDays(864000000000)", 1),
        ("ticksToHours(-18000000000)", -0.5),
        ("ticksToMinutes(600000000)", 1),
        (f"dateTimeDiff({AT}, '2018-03-05T13:04:06.067Z')", -10000000),
        ("dayOfMonth('2018-03-31T23:59:59.999Z')", 31),
        ("dayOfWeek('2018-03-04T00:00:00.000Z')", 0),
        ("dayOfWeek('1969-12-31T00:00:00.000Z')", 3),
        ("dayOfYear('2020-12-31T00:00:00.000Z')", 366),
        ("month('2018-12-01T00:00:00.000Z')", 12),
        ("year('-000044-03-15T12:00:00.000Z')", -44),
        ("date('+012018-03-05T13:04:05.067Z')", "3/05/12018"),
    ],
)
def test_timestamps_are_formatted_and_decomposed(value, source, expected):
    assert value(source, {"text": "637243624200000000", "empty": ""}) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2018-03-15T23:59:59.999Z", "today"),
        ("2018-03-16T00:00:00.000Z", "tomorrow"),
        ("2018-03-14T00:00:00.000Z", "yesterday"),
        ("2018-03-11T00:00:00.000Z", "this Sunday"),
        ("2018-03-17T00:00:00.000Z", "this Saturday"),
        ("2018-03-18T00:00:00.000Z", "next Sunday"),
        ("2018-03-24T00:00:00.000Z", "next Saturday"),
        ("2018-03-04T00:00:00.000Z", "last Sunday"),
        ("2018-03-03T00:00:00.000Z", "3rd March 2018"),
        ("2018-05-11T00:00:00.000Z", "11st May 2018"),
        ("2019-02-22T00:00:00.000Z", "22nd Februrary 2019"),
        ("0100-06-30T00:00:00.000Z", "30th June 100"),
        ("+012018-03-15T00:00:00.000Z", ""),
        ("-000001-03-15T00:00:00.000Z", ""),
    ],
)
def test_a_day_is_described_in_the_words_of_microsoft(value, day, expected):
    assert value(f"dateReadBack('2018-03-15T13:27:36.123Z', '{day}')") == expected


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("00:00:59.999Z", "midnight"),
        ("00:01:00.000Z", "morning"),
        ("11:59:00.000Z", "morning"),
        ("12:00:00.000Z", "noon"),
        ("12:01:00.000Z", "afternoon"),
        ("17:59:00.000Z", "afternoon"),
        ("18:00:00.000Z", "evening"),
        ("22:00:00.000Z", "evening"),
        ("22:01:00.000Z", "night"),
        ("22:01:00.0000000", "night"),
        ("22:01:00Z", None),
        ("22:01:00.000", None),
    ],
)
def test_a_day_has_parts_with_names(value, time, expected):
    assert value(f"getTimeOfDay('2018-03-15T{time}')") == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("formatDateTime(null)", "formatDateTime() expects a timestamp as `timestamp`, found null"),
        ("formatDateTime(1520255045678)", "found number"),
        ("formatDateTime('today')", "expected a timestamp such as '2026-03-15T13:00:00Z', found 'today'"),
        ("formatDateTime('2018-03-05', 5)", "number"),
        ("formatDateTime('2018-03-05', 'D', '')", "expected a locale such as 'en-US', found an empty text"),
        ("getTimeOfDay('today')", "expected a timestamp such as"),
        ("dayOfMonth('2018-03-05')", "expected a timestamp such as '2026-03-15T13:00:00.000Z', found '2018-03-05'"),
        ("dayOfMonth('2018-02-29T00:00:00.000Z')", "expected a timestamp"),
        ("year('+002018-03-05T13:04:05.067Z')", "expected a timestamp"),
        ("year('+999999-03-05T13:04:05.067Z')", "expected a timestamp"),
        ("formatEpoch(100000000000000)", "expects seconds that are a date"),
        ("formatEpoch(8640000000001)", "more than 100,000,000 days from 1970"),
        ("formatTicks(1.5)", "formatTicks() expects a whole number as `ticks`, found number"),
        ("formatTicks(true == true)", "number"),
        ("formatTicks(word)", "found text"),
        ("formatTicks(10 ^ 22)", "more than 100,000,000 days from 1970"),
        ("ticksToDays(huge)", "the result is not a finite number"),
        ("ticksToDays(1.5)", "a whole number as `ticks`, found 1.5"),
        ("ticks(5)", "number"),
        ("dateTimeDiff('2018-03-05T13:04:05.067Z', 'x')", "expected a timestamp"),
    ],
)
def test_date_functions_say_what_they_expect(value, source, reason):
    with pytest.raises((ExpressionError, ExpressionSyntaxError)) as caught:
        value(source, {"word": "x", "huge": 10**400})
    assert reason in caught.value.message


def test_parsing_and_formatting_dates_are_charged(value):
    long = {"text": f"5 March 2018 ({'x' * 200_000})", "format": "M" * 600_000}
    with pytest.raises(ExpressionLimit, match="units of work"):
        value("formatDateTime(text)", long)
    with pytest.raises(ExpressionLimit, match="units of work"):
        value("utcNow(format)", long)
    assert value("utcNow(format)", {"format": "y" * 201}) == "2026"
