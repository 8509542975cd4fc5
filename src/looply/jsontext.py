"""JSON text: a strict parser for input, and the canonical form for fingerprints."""

import math
import re
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from hashlib import blake2b
from typing import Any, Final, Generic, TypeAlias, TypeVar

import jiter
import msgspec

from looply.decimals import count_digits, read_number
from looply.errors import BadRequest
from looply.limits import DEFAULT_LIMITS, Limits

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, Decimal, str, list of them, dict from str to them.

`Any`, because a recursive alias would make every container invariant; `parse_json` ensures the type at run time.
"""

# Only a text that contains one of these, with every digit and every point as `0` and `E` as `e`, can have a number that
# is infinite, has too many digits, or is changed by a double. A regular expression would take four times as long.
_DIGITS = bytes.maketrans(b"123456789.E", b"0000000000e")
_DIGITS_ONLY = bytes.maketrans(b"123456789E", b"000000000e")
_POWER = b"0e"
_LONG_NUMBER = b"0" * 16
_MANY_DIGITS = b"0" * 65
# Each number of a JSON text that a double may change is such a run as a whole; other runs are within texts.
_RUNS: Final = re.compile(rb"[0-9-][0-9.eE+-]{16,}")
_NUMBER: Final = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_PARSER_LEVELS: Final = 200
"""The parser itself refuses deeper nesting."""
_CONTAINERS: Final = (dict, list)
_WHITE_SPACE: Final = b" \t\r\n"
STORED_LEVELS: Final = 500
"""Nesting of stored values: more than `parse_json` accepts plus what the engine adds, less than can be read."""

# A text with a number at an end of the range of doubles, near 1e308 or near zero, contains one of these.
_EXTREME_NUMBERS: Final = (b"e289", b"e29", b"e30", b"e-29", b"e-3")
_INTEGERS_BELOW: Final = 10.0**DEFAULT_LIMITS.integer_digits
T = TypeVar("T")
_SHORT_BYTES: Final = 4096
"""A decoder for the numbers of one text costs as much as the numbers of so short a text."""
_COUNTED_BYTES: Final = 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
_LONG_UNITS: Final = 50_000
CONTAINER_BYTES: Final = 16
"""Bytes that a list or an object counts at least in a data document: it takes 80 bytes of memory, however short."""
_FREE_CONTAINERS: Final = 16
"""Containers that do not count, for each value, so that small values count their text only."""

# A text, or the rest of the input when the text does not end. Possessive, so that no byte is matched twice.
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)?', re.DOTALL)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_CANONICAL = msgspec.json.Encoder(order="deterministic", decimal_format="number")
_FLOAT: Final = re.compile(rb"\.[0-9]*0(?![0-9])|[0-9][eE]")
"""Matches the text of every whole float, of every decimal that ends in zeros, and some other texts."""
_MAX_DECIMAL: Final = Context(prec=20_000)


def parse_json(text: bytes, limits: Limits = DEFAULT_LIMITS, *, name: str = "the text") -> Json:
    """Returns the value of a JSON text (RFC 8259) from outside; `name` names the text in errors.

    Rejects duplicate keys, NaN and infinite numbers (also `1e400`), integers with more digits than
    `limits.integer_digits`, decimals with more than `limits.decimal_digits`, nesting over `limits.json_levels`, lone
    surrogates, invalid UTF-8 and trailing text. Integers are kept exactly, and so are numbers with a fraction: those
    that a double would change are a `Decimal` (see `looply.decimals`).

    Raises: BadRequest (code `MALFORMED_JSON`) with what is wrong and where.
    """
    try:
        value = jiter.from_json(text, allow_inf_nan=False, catch_duplicate_keys=True, partial_mode=False)
    except ValueError as error:
        raise BadRequest(f"{name} is not valid JSON: {error}", code="MALFORMED_JSON") from error
    digits = text.translate(_DIGITS)
    if _LONG_NUMBER in digits:
        if _MANY_DIGITS in digits or _POWER in digits:
            _check_numbers(value, limits, name)
        if exact := _exact_numbers(text):
            value = msgspec.json.Decoder(float_hook=_number_hook(exact)).decode(text)
            if any(_may_be_too_long(run, limits) for run in exact):
                _check_numbers(value, limits, name)
    elif _POWER in digits and _POWER in text.translate(_DIGITS_ONLY):
        _check_numbers(value, limits, name)
    if not _is_shallow(text, limits.json_levels):
        _check_levels(value, limits, name)
    return value


def _is_shallow(text: bytes, most: int) -> bool:
    """Returns whether a text that was parsed is nested in at most `most` levels, as far as its brackets show it.

    The parser has the same limit, except that it does not count an empty list or object. Searches for bytes take a
    tenth of the time of a walk through the value.
    """
    opened = text.count(b"[") + text.count(b"{")
    if opened <= most:
        return True
    packed = text.translate(None, _WHITE_SPACE)
    empty = packed.count(b"[]") + packed.count(b"{}")
    # Only the innermost of nested lists and objects may be empty.
    return opened - empty < most or (not empty and most >= _PARSER_LEVELS)


def _exact_numbers(text: bytes) -> dict[str, Decimal]:
    """Returns the numbers of a valid JSON text that doubles would change, by the texts that are written for them.

    Most long numbers are the results of computations with doubles, which keep them. All are read as doubles and written
    again at once, which takes a fraction of the time of looking at each; only those with another text are looked at.
    """
    runs = _RUNS.findall(text)
    joined = b",".join(runs)
    try:
        shown = _ENCODER.encode(jiter.from_json(b"[%s]" % joined))[1:-1]
    except ValueError:  # a run within a text that is no number, such as a date
        numbers = {run.decode() for run in runs if _NUMBER.fullmatch(run) is not None}
        return {run: value for run in numbers if isinstance(value := read_number(run), Decimal)}
    if shown == joined:
        return {}
    pairs = zip(joined.decode().split(","), shown.decode().split(","), strict=True)
    changed = ((run, _read_changed(run, again)) for run, again in pairs if run != again)
    return {run: value for run, value in changed if value is not None}


def _read_changed(run: str, again: str) -> Decimal | None:
    """Returns a number that is another one than the double that is written as `again`; None for one that is not.

    An integer never is.
    """
    if run[-1] != "0" and "e" not in again and "e" not in run and "E" not in run:
        return Decimal(run) if "." in run else None  # both texts are the shortest of their numbers
    value = read_number(run) if "." in run or "e" in run or "E" in run else None
    return value if isinstance(value, Decimal) else None


def _number_hook(exact: Mapping[str, Decimal]) -> Callable[[str], float | Decimal]:
    return lambda text: exact.get(text) or float(text)


class Decoder(Generic[T]):
    """Decodes JSON text that this product has written: to untyped values, or to a type of `msgspec`.

    Numbers that a double would change are decimals. Where a text may have one, Python parses its floats; and where it
    has numbers at the ends of the range of doubles: `msgspec` takes a thousand times as long for one of those as for
    any other, seconds for a body of them.
    """

    def __init__(self, type_: type[T] | Any = Any, dec_hook: Callable[[type, Any], Any] | None = None) -> None:
        self._type = type_
        self._dec_hook = dec_hook
        self._fast: msgspec.json.Decoder[T] = msgspec.json.Decoder(type_, dec_hook=dec_hook)
        self._careful: msgspec.json.Decoder[T] = self._with(read_number)

    def decode(self, text: bytes) -> T:
        """Returns the value of a text. Raises: as `msgspec.json.decode`."""
        if exact := find_exact_numbers(text):
            is_short = len(text) < _SHORT_BYTES
            return (self._careful if is_short else self._with(_number_hook(exact))).decode(text)
        return (self._careful if has_extreme_numbers(text) else self._fast).decode(text)

    def _with(self, float_hook: Callable[[str], float | Decimal]) -> msgspec.json.Decoder[T]:
        return msgspec.json.Decoder(self._type, dec_hook=self._dec_hook, float_hook=float_hook)


def has_extreme_numbers(text: bytes) -> bool:
    """Returns whether a text that this product has written may have numbers at the ends of the range of doubles."""
    # In a large text one search is made before the one for each mark.
    if len(text) > _COUNTED_BYTES and _POWER not in text.translate(_DIGITS):
        return False
    return any(mark in text for mark in _EXTREME_NUMBERS)


def find_exact_numbers(text: bytes) -> Mapping[str, Decimal]:
    """Returns the numbers of a valid JSON text that doubles would change, by the texts that are written for them."""
    return _exact_numbers(text) if _LONG_NUMBER in text.translate(_DIGITS) else {}


_STORED: Final[Decoder[Json]] = Decoder()


def parse_stored(text: bytes) -> Json:
    """Returns the value of a JSON text that this product has stored.

    The limits of `parse_json` are not applied: a setting may have been lowered since, and stored values are nested in
    others. Raises: ValueError when it is no JSON text, or is nested too deeply to be read.
    """
    try:
        return _STORED.decode(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply to be read") from error


def encode_stored(value: Json) -> bytes:
    """Returns the JSON text of a value, such that `parse_stored` can read it back.

    Raises: ValueError when the value is nested deeper than `STORED_LEVELS`, or holds a lone surrogate.
    """
    try:
        text = _ENCODER.encode(value)
    except RecursionError as error:
        raise ValueError("it is nested too deeply to be written") from error
    if text.count(b"[") + text.count(b"{") > STORED_LEVELS and _depth(value, STORED_LEVELS) > STORED_LEVELS:
        raise ValueError(f"it is nested deeper than {STORED_LEVELS} levels")
    return text


def check_values(text: bytes, most: int, *, name: str = "the text") -> None:
    """Rejects a JSON text with more values than `most` before it is parsed.

    A value takes many times the memory and the time of its text: a megabyte of `[],` is 350,000 lists. A text with few
    commas and brackets, those within its strings included, costs three searches for a byte, a short one none; only
    others are scanned more closely.

    Raises: BadRequest (code `TOO_MANY_VALUES`).
    """
    if len(text) < most or _separators(text, 0, len(text)) < most:
        return
    found = position = 0
    while found < most:
        quote = text.find(b'"', position)
        found += _separators(text, position, quote if quote >= 0 else len(text))
        if quote < 0:
            break
        within = _TEXT.match(text, quote)
        assert within is not None
        position = within.end()
    if found >= most:
        raise BadRequest(f"{name} has more than {most} values", code="TOO_MANY_VALUES")


def work_units(text: bytes) -> int:
    """Returns how much work the JSON text of a body or a response is, in units of 0.1 to 0.3 microseconds.

    These are its values, at most as many as a response may have, and a unit for each 64 bytes. A long text counts more,
    twice at 50,000 units: it is decoded at once, so that all others wait for the whole of it.
    """
    values, most = 0, DEFAULT_LIMITS.json_nodes
    for start in range(0, len(text), _CHUNK_BYTES):
        values += _separators(text, start, start + _CHUNK_BYTES)
        if values >= most:
            values = most
            break
    units = values + len(text) // 64
    return units + units * units // _LONG_UNITS


def _separators(text: bytes, start: int, end: int) -> int:
    return text.count(b",", start, end) + text.count(b"[", start, end) + text.count(b"{", start, end)


def size_problem(value: Json, most_bytes: int, limits: Limits) -> str:
    """Returns why a value is too large or nested too deeply to be encoded, empty when it is neither.

    A value that expressions produced can contain the same list many times, or nest deeper with every round of a loop.
    Its text may then be larger than any memory, so this is called before the value is encoded. Takes time in
    proportion to the smaller of the value and `most_bytes`.
    """
    if type(value) is str:
        return f"has more than {most_bytes} bytes" if len(value) + 2 > most_bytes else ""
    if type(value) not in _CONTAINERS:
        return ""
    left, depth, level = most_bytes, 0, [value]
    while level:
        following: list[Json] = []
        has_containers = False
        for item in level:
            kind = type(item)
            if kind is str:
                left -= len(item) + 2
            elif kind is dict:
                left -= 2 + 4 * len(item) + sum(map(len, item))
                following.extend(item.values())
                has_containers = True
            elif kind is list:
                left -= 2 + len(item)
                following.extend(item)
                has_containers = True
            elif kind is Decimal:
                left -= len(str(item))
            else:
                left -= 1
            if left < 0:
                return f"has more than {most_bytes} bytes"
        depth += has_containers
        level = following
    return f"is nested deeper than {limits.json_levels} levels" if depth > limits.json_levels else ""


def encode_json(value: Json) -> bytes:
    """Returns the compact JSON text of a value."""
    return _ENCODER.encode(value)


def count_bytes(text: bytes) -> int:
    """Returns the bytes that a value with this JSON text counts in a data document.

    These are the bytes of the text, or 16 for each list and object where that is more: the cost of reading a document
    grows with their number, not with its text. Brackets within strings count too; they are so rare that it makes no
    difference.
    """
    if len(text) <= 2 * _FREE_CONTAINERS:
        # Each of them has two brackets.
        return len(text)
    containers = text.count(b"[") + text.count(b"{")
    return max(len(text), CONTAINER_BYTES * (containers - _FREE_CONTAINERS))


def canonical_json(value: Json) -> bytes:
    """Returns a text that is equal for equal values: keys sorted, no white space, shortest numbers.

    A whole float such as `1.0` is written as the integer, as RFC 8785 does, so `1` and `1.0` are one value. Above the
    integers that `parse_json` accepts it remains a float, whose text is short. A decimal loses zeros at its end.
    """
    text = _CANONICAL.encode(value)
    # Most texts have no float, and a walk through the value takes ten times as long as its encoding.
    return _CANONICAL.encode(_whole_numbers(value)) if _FLOAT.search(text) is not None else text


def fingerprint(*values: Json) -> bytes:
    """Returns 16 bytes that are equal for equal values and, for all practical purposes, for no others."""
    return blake2b(canonical_json(list(values)), digest_size=16).digest()


def _check_numbers(value: Json, limits: Limits, name: str) -> None:
    pending = [value]
    largest = 10**limits.integer_digits
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, float):
            if not math.isfinite(item):
                raise BadRequest(f"{name} has a number too large for a double", code="MALFORMED_JSON")
        elif isinstance(item, Decimal):
            if count_digits(item) > limits.decimal_digits:
                raise BadRequest(
                    f"{name} has a number of more than {limits.decimal_digits} digits (limit decimal_digits); "
                    "send it as a string",
                    code="MALFORMED_JSON",
                )
        elif isinstance(item, int) and abs(item) >= largest:
            raise BadRequest(
                f"{name} has an integer of more than {limits.integer_digits} digits; send it as a string",
                code="MALFORMED_JSON",
            )


def _may_be_too_long(number: str, limits: Limits) -> bool:
    return len(number) > limits.decimal_digits or "e" in number or "E" in number


def _check_levels(value: Json, limits: Limits, name: str) -> None:
    if _depth(value, limits.json_levels) > limits.json_levels:
        raise BadRequest(f"{name} is nested deeper than {limits.json_levels} levels", code="MALFORMED_JSON")


def _depth(value: Json, most: int) -> int:
    """Returns how many levels a value has, at most one more than `most`: deeper levels are not visited."""
    level, depth = [value], 0
    while depth <= most and (level := [item for item in level if type(item) in _CONTAINERS]):
        depth += 1
        level = [child for item in level for child in (item.values() if type(item) is dict else item)]
    return depth


def _whole_numbers(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _INTEGERS_BELOW:
        return int(value)
    if isinstance(value, Decimal):
        shortest = value.normalize(_MAX_DECIMAL)
        is_whole = shortest == shortest.to_integral_value() and abs(shortest) < _INTEGERS_BELOW
        return int(shortest) if is_whole else shortest
    return value
