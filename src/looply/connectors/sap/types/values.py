"""Single values: from the texts by which OData writes numbers, dates and times to ours, and back.

Ours are exact numbers, instants as `2026-11-28T08:30:00.000Z`, which expressions understand, and times as `08:30:00`.

Sources: OData 2.0, "JSON Format" 4 (primitive types); OData 4.01, JSON Format 7.1 (`IEEE754Compatible`).
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from looply.connectors.sap.types.model import TypeRef, Version
from looply.decimals import Number, count_digits, decimal_text, read_number
from looply.expressions.values.semantics import number_text
from looply.jsontext import Json
from looply.limits import Limits

NUMBER: Final = r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?[mMlLdDfF]?"
"""A number as OData writes it in a text; a suffix is that of a literal of version 2."""

_NUMBER: Final = re.compile(NUMBER)
_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_TICKS: Final = re.compile(r"\\?/Date\((-?[0-9]{1,16})(?:[+-][0-9]{1,4})?\)\\?/")
_LITERAL: Final = re.compile(r"(?:datetime|datetimeoffset|time)'([^']*)'")
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?))?(Z|[+-][0-9:]+)?"
)
_DURATION: Final = re.compile(r"PT(?:([0-9]{1,2})H)?(?:([0-9]{1,2})M)?(?:([0-9]{1,2})(\.[0-9]+)?S)?")
_TIME: Final = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]+)?)?")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_WHOLE_TYPES: Final = frozenset({"Edm.Byte", "Edm.SByte", "Edm.Int16", "Edm.Int32", "Edm.Int64"})
_NUMBER_TYPES: Final = _WHOLE_TYPES | {"Edm.Decimal", "Edm.Double", "Edm.Single"}
_INSTANT_TYPES: Final = frozenset({"Edm.DateTime", "Edm.DateTimeOffset"})
_TEXTS_OF_VERSION: Final = {
    2: frozenset({"Edm.Decimal", "Edm.Int64", "Edm.Double", "Edm.Single"}),
    4: frozenset({"Edm.Decimal", "Edm.Int64"}),
}
"""The types whose numbers a request writes as texts; with version 4, in a body that says `IEEE754Compatible`."""


class UnreadableValue(Exception):
    """A value of an answer is not one of its type, or passes a limit; the message says why."""


def read_value(ref: TypeRef, value: Json, limits: Limits) -> Json:
    """Returns the value of a primitive type that OData's JSON represents; one in another form is returned unchanged.

    Raises: UnreadableValue for a number of too many digits.
    """
    if not isinstance(value, str):
        return value
    if ref.name in _NUMBER_TYPES:
        return _read_number(value, limits)
    literal = _LITERAL.fullmatch(value)
    text = literal[1] if literal is not None else value
    if ref.name in _INSTANT_TYPES:
        return read_instant(text) or value
    return (_read_time(text) or value) if ref.name == "Edm.Time" else value


def read_instant(text: str) -> str | None:
    """Returns the instant of `/Date(ms)/` or of an ISO 8601 text, None where it is neither or would lose digits."""
    try:
        if (ticks := _TICKS.fullmatch(text)) is not None:
            return _instant_text(_EPOCH + timedelta(milliseconds=int(ticks[1])))
        found = _moment(text)
    except (OverflowError, ValueError):
        return None
    return None if found is None or found.microsecond % 1000 else _instant_text(found)


def write_value(ref: TypeRef, value: Json, version: Version) -> Json:
    """Returns the value as a request of this version writes it; one that is in its form already is unchanged."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return _write_number(value, ref) if ref.name in _TEXTS_OF_VERSION[version] else value
    if version == 4 or not isinstance(value, str):
        return value
    if ref.name in _INSTANT_TYPES:
        return _write_instant(value, ref)
    return _write_time(value) if ref.name == "Edm.Time" else value


def may_be_written_as_text(value: Json) -> bool:
    """Returns whether a value of a body may have another form in a request: a number, a date or a time."""
    if isinstance(value, str):
        return _INSTANT.fullmatch(value) is not None or _TIME.fullmatch(value) is not None
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _read_number(value: str, limits: Limits) -> Json:
    text = value.strip()
    if _NUMBER.fullmatch(text) is None:
        return value  # INF and NaN, which JSON does not have
    text = text.rstrip("mMlLdDfF")
    if _WHOLE.fullmatch(text) is not None:
        if len(text.lstrip("+-0")) > limits.integer_digits:
            raise UnreadableValue(f"an integer of more than {limits.integer_digits} digits (limit integer_digits)")
        return int(text)
    found = read_number(text)
    if isinstance(found, Decimal) and count_digits(found) > limits.decimal_digits:
        raise UnreadableValue(f"a number of more than {limits.decimal_digits} digits (limit decimal_digits)")
    if found in (float("inf"), float("-inf")):
        raise UnreadableValue("a number too large for a double")
    return found


def _write_number(value: Number, ref: TypeRef) -> str:
    if isinstance(value, float):
        text = number_text(value) if ref.name != "Edm.Decimal" else decimal_text(Decimal(repr(value)))
    else:
        text = decimal_text(value) if isinstance(value, Decimal) else str(value)
    if ref.name == "Edm.Int64":
        return text.partition(".")[0] if text.partition(".")[2].strip("0") == "" else text
    if ref.name != "Edm.Decimal" or ref.scale is None:
        return text
    whole, _, places = text.partition(".")
    places = places.rstrip("0").ljust(ref.scale, "0")
    return f"{whole}.{places}" if places else whole


def _moment(text: str) -> datetime | None:
    match = _INSTANT.fullmatch(text)
    if match is None or match[2] is None:
        return None
    found = datetime.fromisoformat(text)
    if len((match[2].partition(".")[2]).rstrip("0")) > 6:
        return None
    return (found.replace(tzinfo=UTC) if found.tzinfo is None else found).astimezone(UTC)


def _instant_text(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _read_time(text: str) -> str | None:
    match = _DURATION.fullmatch(text)
    if match is None or text == "PT":
        return None
    hours, minutes, seconds, fraction = match.groups()
    return f"{int(hours or 0):02}:{int(minutes or 0):02}:{int(seconds or 0):02}{fraction or ''}"


def _write_instant(text: str, ref: TypeRef) -> str:
    try:
        found = _moment(text if "T" in text else f"{text}T00:00")
    except (OverflowError, ValueError):
        return text
    if found is None or found.microsecond % 1000:
        return text
    offset = "+0000" if ref.name == "Edm.DateTimeOffset" else ""
    return f"/Date({(found - _EPOCH) // timedelta(milliseconds=1)}{offset})/"


def _write_time(text: str) -> str:
    match = _TIME.fullmatch(text)
    if match is None:
        return text
    hours, minutes, seconds, fraction = match.groups()
    return f"PT{hours}H{minutes}M{seconds or '00'}{fraction or ''}S"
