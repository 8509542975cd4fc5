import pytest

from looply.expressions import ExpressionError, ExpressionLimit, ExpressionSyntaxError, parse_expression
from looply.limits import Limits


@pytest.mark.parametrize(
    ("subject", "pattern", "expected"),
    [
        ("abc", "b", True),
        ("abc", "^b", False),
        ("abc", "c$", True),
        ("a\n", "a$", False),
        ("ABC", "(?i)abc", True),
        ("ABC", "b(?i)", True),
        ("ABC", "abc", False),
        ("Ü", "(?i)ü", True),
        ("Ü", "(?i)[ß-ü]", True),
        ("AZ", "(?i)^[a-z]+$", True),
        ("k", "(?i)[^K]", False),
        ("\u212a", "(?i)k", False),
        ("\u017f", "(?i)\\w", False),
        ("a\nb", "a.b", False),
        ("a\nb", "(?s)a.b", True),
        ("a\r", "a.", False),
        ("a\u2028", "a.", False),
        ("a\nb", "^b", False),
        ("a\nb", "(?m)^b", True),
        ("a\rb", "(?m)^b", True),
        ("a\u2029b", "(?m)a$", True),
        ("a\r\nb", "(?m)^a$|x", True),
        ("xa\nbx", "(?m)a$\\nb", True),
        ("ab", "(?m)(a$)", False),
        ("a1", "\\d", True),
        ("\u0661", "\\d", False),
        ("\u00a0", "\\s", True),
        ("\v", "^\\s$", True),
        ("ü", "\\W", True),
        ("ü", "[^\\W]", False),
        (" ", "\\S", False),
        ("a", "\\D", True),
        ("5", "[\\D]", False),
        ("a]b", "[\\]]", True),
        ("-", "[a-]", True),
        ("-", "[\\d-z]", True),
        ("b", "[\\d-z]", False),
        ("m", "[a-\\d]", False),
        ("^", "[a^]", True),
        ("\n", "[^]", True),
        ("xa]", "[^]a]", True),
        ("A", "\\x41", True),
        ("A", "\\101", True),
        ("\n", "\\12", True),
        ("\x01", "\\cA", True),
        ("\\c1", "^\\c1$", True),
        ("\\", "[\\c]", True),
        ("\t\f\n\r", "^\\t\\f\\n\\r$", True),
        (".", "^\\.$", True),
        ("a", "^\\.$", False),
        ("{,2}", "^{,2}$", True),
        ("x{", "x{$", True),
        ("]}", "^]}$", True),
        ("aaa", "^a{3}$", True),
        ("aaa", "^a{01,2}$", False),
        ("aaa", "^a{2,}$", True),
        ("aaa", "^a{2}?a$", True),
        ("aaa", "^a??a*?a+?$", True),
        ("abab", "^(?:ab)+$", True),
        ("abab", "^(?<pair>ab)*$", True),
        ("", "^()*$", True),
        ("b", "^(a|b|)$", True),
        ("", "(?i)", True),
        ("世界", "^世.$", True),
        ("😀", "^.$", True),
    ],
)
def test_a_pattern_means_what_it_means_to_javascript(value, subject, pattern, expected):
    assert value("isMatch(subject, pattern)", {"subject": subject, "pattern": pattern}) is expected


@pytest.mark.parametrize(
    ("subject", "pattern", "expected"),
    [
        ("é", "^\\p{L}$", True),
        ("é", "^\\P{L}$", False),
        ("é1", "^[\\p{L}\\d]+$", True),
        ("€", "\\x{20ac}", True),
        ("\x07\x1b", "\\a\\e", True),
        ("a.b*", "^\\Qa.b*\\E$", True),
        ("axb*", "^\\Qa.b*\\E$", False),
        ("A.B", "(?i)\\Qa.b\\E", True),
        (".", "[\\Q.x\\E]", True),
    ],
)
def test_escapes_of_the_grammar_mean_what_it_says(value, subject, pattern, expected):
    assert value("isMatch(subject, pattern)", {"subject": subject, "pattern": pattern}) is expected


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "expected a pattern, found an empty text"),
        ("a(?=b)", "no look-around"),
        ("(?<!a)b", "no look-around"),
        ("(?P<n>a)", "no look-around"),
        ("(?im)a", "options are written one by one"),
        ("(?i)(?i)a", "options are written one by one"),
        ("(a", "the `(` has no `)`"),
        ("a)", "a `)` has no `(`"),
        ("[a", "the `[` has no `]`"),
        ("[a\\", "`\\` is not known"),
        ("[]", "an empty `[]`"),
        ("[]a]", "an empty `[]`"),
        ("[z-a]", "a range whose ends are out of order"),
        ("*a", "nothing before `*` to repeat"),
        ("a|+", "nothing before `+` to repeat"),
        ("{2}", "nothing before `{` to repeat"),
        ("a{1}{2}", "nothing before `{` to repeat"),
        ("a**", "nothing before `*` to repeat"),
        ("a++", "`+` after a repetition is not possible"),
        ("a{2}+", "`+` after a repetition is not possible"),
        ("^*", "`^` and `$` cannot be repeated"),
        ("a{2,1}", "the numbers of a repetition are out of order"),
        ("a{1001}", "a repetition of more than 1000 times"),
        ("(?<n>a)(?<n>b)", "the name n is used twice"),
        ("\\bword", "`\\b` is not known"),
        ("(a)\\1", "`\\1` is not known"),
        ("(a)" * 10 + "\\10", "a reference back to a group is not possible"),
        ("\\Qa", "`\\Q` is not known"),
        ("\\x4", "`\\x` is not known"),
        ("\\x{110000}", "there is no such character"),
        ("\\p{Nonsense}", "invalid character class range"),
    ],
)
def test_an_invalid_pattern_is_an_error_with_a_reason(value, pattern, reason):
    with pytest.raises(ExpressionError) as caught:
        value("isMatch('a', pattern)", {"pattern": pattern})
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?:a{900}){900}", "invalid repetition size"),
        ("[^x]{1000}\\w{1000}[^z]{1000}", "pattern too large"),
        ("(" * 101 + ")" * 101, "nested deeper than 100 levels"),
    ],
)
def test_a_pattern_that_is_too_large_names_the_limit(value, pattern, reason):
    with pytest.raises(ExpressionLimit) as caught:
        value("isMatch('a', pattern)", {"pattern": pattern})
    assert reason in caught.value.message
    assert caught.value.limit == "expression_pattern_characters"


def test_a_constant_pattern_is_read_with_the_expression():
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_expression("isMatch(text, 'a(?=b)')")
    assert caught.value.position == 14
    assert "no look-around" in caught.value.reason


def test_a_constant_pattern_is_used_for_every_subject(value):
    assert value("foreach(names, x, isMatch(x, '^[A-Z]'))", {"names": ["Ida", "bo", "Åsa"]}) == [True, False, False]


def test_null_is_the_empty_subject_but_no_pattern(value):
    assert value("isMatch(nothing, '^$')") is True
    with pytest.raises(ExpressionError) as caught:
        value("isMatch('a', nothing)")
    assert "isMatch() expects a text as `pattern`, found null" in caught.value.message


def test_a_subject_must_be_a_text(value):
    with pytest.raises(ExpressionError) as caught:
        value("isMatch(items, 'a')", {"items": [1]})
    assert "isMatch() expects a text as `subject`, found list" in caught.value.message


def test_half_a_character_is_matched_as_an_unknown_one(value):
    assert value("isMatch(half, '^.b$')", {"half": "\ud800b"}) is True
    assert value("isMatch(half, '^.$')", {"half": "\ud83d\ude00"}) is True


@pytest.mark.parametrize(
    ("pattern", "length"),
    [
        ("(a|b)*a(a|b){12}c", 500_000),
        ("((a|b|ab){1,30}){30}c", 10_000),
        ("[ab]{1,1000}c", 10_000),
        ("(x+x+)+y", 1_000_000),
    ],
)
def test_a_long_match_runs_out_of_fuel(value, pattern, length):
    with pytest.raises(ExpressionLimit) as caught:
        value("isMatch(subject, pattern)", {"subject": "ab" * (length // 2), "pattern": pattern})
    assert caught.value.limit == "expression_fuel"


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a*)*c", "^(a|ab|b)*c"])
def test_patterns_that_take_others_for_ever_are_read_in_linear_time(value, pattern):
    assert value("isMatch(subject, pattern)", {"subject": "ab" * 20_000, "pattern": pattern}) is False


def test_making_many_patterns_runs_out_of_fuel(value):
    source = "foreach(range(0, 2000), x, isMatch('a', concat('(a|b){1,100}c', x)))"
    with pytest.raises(ExpressionLimit) as caught:
        value(source)
    assert caught.value.limit == "expression_fuel"


def test_trying_many_wrong_patterns_runs_out_of_fuel(value):
    source = "foreach(range(0, 2000), x, or(isMatch('a', concat('\\p{Nonsense}', x)), true))"
    with pytest.raises(ExpressionLimit) as caught:
        value(source)
    assert caught.value.limit == "expression_fuel"


def test_a_pattern_costs_the_same_the_second_time(value):
    source = "foreach(range(0, 30), x, isMatch('a', concat('[ab]{1,100}c', 'd')))"
    enough = next(fuel for fuel in range(0, 20_000, 500) if _fits(value, source, fuel))
    assert enough > 30 * 200
    assert not _fits(value, source, enough - 500)


def _fits(value, source, fuel):
    try:
        value(source, limits=Limits(expression_fuel=fuel))
    except ExpressionLimit:
        return False
    return True


@pytest.mark.parametrize("source", ["isMatch('a', pattern)", f"isMatch('a', '{'a' * 1025}')"])
def test_a_pattern_over_the_limit_is_refused(value, source):
    with pytest.raises(ExpressionLimit) as caught:
        value(source, {"pattern": "a" * 1025})
    assert caught.value.limit == "expression_pattern_characters"
    assert value(source, {"pattern": "a" * 1025}, Limits(expression_pattern_characters=1025)) is False


def test_a_constant_pattern_keeps_to_a_limit_that_was_lowered(value):
    assert value("isMatch('a', 'aaa')", {}, Limits(expression_pattern_characters=3)) is False
    with pytest.raises(ExpressionLimit) as caught:
        value("isMatch('a', 'aaa')", {}, Limits(expression_pattern_characters=2))
    assert caught.value.limit == "expression_pattern_characters"
