"""Functions on texts. Positions count characters."""

import re
from decimal import Decimal
from functools import reduce

from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type, cost_of
from looply.expressions.texts.locales import canonical, lower, upper
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import MISSING, Run
from looply.expressions.values.javascript import SPACE, SPACES
from looply.expressions.values.semantics import identical, is_whole, join, kind_of, text
from looply.jsontext import Json

_TEXT = Argument("text", Kind.TEXT)
LOCALE = Argument("locale", is_optional=True, type=Type.TEXT)
"""A locale tag; null counts as none."""
_SOUGHT = (Argument("value", type=Type.TEXT | Type.LIST), Argument("sought"))
_GAPS = re.compile(rf"[{SPACE}]+")
_WORD = re.compile(rf"[A-Za-z0-9_][^{SPACE}]*")


def _length(_: Run, value: str) -> int:
    return len(value)


def concatenate(run: Run, *values: Json) -> Json:
    """Returns lists as one list, other values as one text; a single value is itself, and null is nothing."""
    if len(values) == 1:
        return values[0]
    if not any(type(value) is list for value in values):
        is_nothing = all(value is None for value in values)
        return None if is_nothing else join(run, [text(run, value) for value in values])
    return reduce(lambda one, two: _append(run, one, two), values)


def _append(run: Run, one: Json, two: Json) -> Json:
    if one is None and (two is None or type(two) is list):
        return two
    if two is None and type(one) is list:
        return one
    if type(one) is list and type(two) is list:
        run.check_items(len(one) + len(two))
        run.spend((len(one) + len(two)) >> 3)
        return [*one, *two]
    run.spend(cost_of(one) + cost_of(two))
    return join(run, [text(run, one), text(run, two)])


def _replace(run: Run, value: str, old: str, new: str) -> str:
    _check_old("replace", old)
    run.check_text(len(value) + value.count(old) * (len(new) - len(old)))
    return value.replace(old, new)


def _replace_ignore_case(run: Run, value: str, old: str, new: str) -> str:
    _check_old("replaceIgnoreCase", old)
    for each in (value, old):
        run.spend(0 if each.isascii() else len(each) >> 4)
    whole, part = canonical(value), canonical(old)
    count = whole.count(part)
    run.check_text(len(value) + count * (len(new) - len(old)))
    run.spend(count >> 1)
    made: list[str] = []
    position = 0
    for _ in range(count):
        found = whole.find(part, position)
        made += value[position:found], new
        position = found + len(part)
    return "".join([*made, value[position:]])


def _check_old(function: str, old: str) -> None:
    if not old:
        raise ExpressionError(f"{function}() expects a text of at least one character as `old`")


def _split(run: Run, value: str, separator: str = "") -> list[str]:
    if not separator:
        run.check_items(len(value))
        return list(value)
    run.check_items(value.count(separator) + 1)
    return value.split(separator)


def _substring(_: Run, value: Json, start: Json, length: Json = MISSING) -> str:
    if value is None:
        return ""
    if type(value) is not str:
        raise ExpressionError(f"substring() expects text as `text`, found {kind_of(value)}")
    first = _check_bounds("start", start, len(value))
    if length is MISSING:
        return value[first:]
    return value[first : first + _check_bounds("length", length, len(value) - first)]


def _check_bounds(name: str, value: Json, most: int) -> int:
    if not is_whole(value):
        found = value if type(value) in {float, Decimal} else kind_of(value)
        raise ExpressionError(f"substring() expects a whole number as `{name}`, found {found}")
    if not 0 <= value <= most:
        raise ExpressionError(f"substring() expects a `{name}` from 0 to {most}, found {value}")
    return int(value)


def _to_lower(_: Run, value: str, locale: Json = None) -> str:
    return lower(value, locale)


def _to_upper(_: Run, value: str, locale: Json = None) -> str:
    return upper(value, locale)


def _sentence_case(_: Run, value: str, locale: Json = None) -> str:
    small = lower(value, locale)
    return small[:1].upper() + small[1:]


def _title_case(run: Run, value: str, locale: Json = None) -> str:
    def capital(match: re.Match[str]) -> str:
        run.spend(1)
        return match[0][:1].upper() + match[0][1:]

    # A word begins with an ASCII letter or digit, as with `\w` in ECMAScript.
    return _WORD.sub(capital, lower(value, locale))


def _trim(_: Run, value: str) -> str:
    return value.strip(SPACES)


def _count_word(run: Run, value: str) -> int:
    run.spend(len(value) >> 4)
    return len(_GAPS.findall(value.strip(SPACES))) + 1


def _starts_with(_: Run, value: str, prefix: str) -> bool:
    return value.startswith(prefix)


def _ends_with(_: Run, value: str, suffix: str) -> bool:
    return value.endswith(suffix)


def _add_ordinal(_: Run, number: int) -> str:
    if number <= 0:
        return str(number)
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _index_of(run: Run, value: Json, needle: Json) -> int:
    if type(value) is list:
        _charge_search(run, value, needle)
        return next((index for index, item in enumerate(value) if identical(item, needle)), -1)
    return _within("indexOf", value).find(_part("indexOf", needle))


def _last_index_of(run: Run, value: Json, needle: Json) -> int:
    if type(value) is list:
        _charge_search(run, value, needle)
        return next((index for index in range(len(value) - 1, -1, -1) if identical(value[index], needle)), -1)
    whole, part = _within("lastIndexOf", value), _part("lastIndexOf", needle)
    if not part:
        return max(len(whole) - 1, 0)
    # Both texts are reversed, because only the search from the left always takes linear time.
    found = whole[::-1].find(part[::-1])
    return -1 if found < 0 else len(whole) - found - len(part)


def _charge_search(run: Run, items: list[Json], needle: Json) -> None:
    run.spend(len(items) * (cost_of(needle) if type(needle) is str else 0))


def _within(function: str, value: Json) -> str:
    if value is not None and type(value) is not str:
        raise ExpressionError(f"{function}() expects a text or a list as `value`, found {kind_of(value)}")
    return value or ""


def _part(function: str, needle: Json) -> str:
    if needle is not None and type(needle) is not str:
        raise ExpressionError(f"{function}() expects a text as `sought` in a text, found {kind_of(needle)}")
    return needle or ""


def _eol(_: Run) -> str:
    return "\n"


TEXT_FUNCTIONS = (
    Function("length", "text", (_TEXT,), Type.NUMBER, "Counts the characters.", ("length('hello')", 5), _length),
    Function(
        "concat",
        "text",
        (Argument("value", is_repeated=True),),
        Type.TEXT | Type.LIST,
        "Concatenates texts or lists; null counts as nothing.",
        ("concat('PO ', 4500017)", "PO 4500017"),
        concatenate,
    ),
    Function(
        "replace",
        "text",
        (_TEXT, Argument("old", Kind.TEXT), Argument("new", Kind.TEXT)),
        Type.TEXT,
        "Replaces each `old` by `new`.",
        ("replace('1.000', '.', ',')", "1,000"),
        _replace,
    ),
    Function(
        "replaceIgnoreCase",
        "text",
        (_TEXT, Argument("old", Kind.TEXT), Argument("new", Kind.TEXT)),
        Type.TEXT,
        "Replaces each `old` by `new`, ignoring case.",
        ("replaceIgnoreCase('Kg or KG', 'kg', 't')", "t or t"),
        _replace_ignore_case,
    ),
    Function(
        "split",
        "text",
        (_TEXT, Argument("separator", Kind.TEXT, is_optional=True)),
        Type.LIST,
        "Splits the text at each separator; without one, into its characters.",
        ("split('a;b', ';')", ["a", "b"]),
        _split,
    ),
    Function(
        "substring",
        "text",
        (
            Argument("text", type=Type.TEXT),
            Argument("start", type=Type.NUMBER),
            Argument("length", type=Type.NUMBER, is_optional=True),
        ),
        Type.TEXT,
        "Returns a part, counted from 0; without a length, all from `start` on.",
        ("substring('hello', 1, 3)", "ell"),
        _substring,
    ),
    Function(
        "toLower",
        "text",
        (_TEXT, LOCALE),
        Type.TEXT,
        "Converts to lower case.",
        ("toLower('EUR')", "eur"),
        _to_lower,
    ),
    Function(
        "toUpper",
        "text",
        (_TEXT, LOCALE),
        Type.TEXT,
        "Converts to upper case.",
        ("toUpper('eur')", "EUR"),
        _to_upper,
    ),
    Function(
        "sentenceCase",
        "text",
        (_TEXT, LOCALE),
        Type.TEXT,
        "Converts the first letter to upper case and all others to lower case.",
        ("sentenceCase('PURCHASE order')", "Purchase order"),
        _sentence_case,
    ),
    Function(
        "titleCase",
        "text",
        (_TEXT, LOCALE),
        Type.TEXT,
        "Converts the first letter of each word to upper case and all others to lower case.",
        ("titleCase('purchase ORDER')", "Purchase Order"),
        _title_case,
    ),
    Function(
        "trim",
        "text",
        (_TEXT,),
        Type.TEXT,
        "Removes white space at both ends.",
        ("trim('  a ')", "a"),
        _trim,
    ),
    Function(
        "countWord",
        "text",
        (_TEXT,),
        Type.NUMBER,
        "Counts the words, which are separated by white space.",
        ("countWord('two words')", 2),
        _count_word,
    ),
    Function(
        "addOrdinal",
        "text",
        (Argument("number", Kind.WHOLE),),
        Type.TEXT,
        "Returns a whole number with its English ordinal ending.",
        ("addOrdinal(11)", "11th"),
        _add_ordinal,
    ),
    Function(
        "indexOf",
        "text",
        _SOUGHT,
        Type.NUMBER,
        "Returns the first position of a part of a text or an item of a list, counted from 0; -1 when it is not found.",
        ("indexOf('hello', 'l')", 2),
        _index_of,
    ),
    Function(
        "lastIndexOf",
        "text",
        _SOUGHT,
        Type.NUMBER,
        "Returns the last position of a part of a text or an item of a list, counted from 0; -1 when it is not found.",
        ("lastIndexOf('hello', 'l')", 3),
        _last_index_of,
    ),
    Function(
        "EOL",
        "text",
        (),
        Type.TEXT,
        "Returns the line break.",
        ("EOL()", "\n"),
        _eol,
    ),
    Function(
        "startsWith",
        "text",
        (_TEXT, Argument("prefix", Kind.TEXT)),
        Type.BOOLEAN,
        "Returns whether the text begins with `prefix`; case-sensitive.",
        ("startsWith('hello', 'he')", True),
        _starts_with,
    ),
    Function(
        "endsWith",
        "text",
        (_TEXT, Argument("suffix", Kind.TEXT)),
        Type.BOOLEAN,
        "Returns whether the text ends with `suffix`; case-sensitive.",
        ("endsWith('hello', 'lo')", True),
        _ends_with,
    ),
)
