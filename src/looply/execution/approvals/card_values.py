"""The value of one input of a card: the text that a renderer sends is converted to its type, or refused."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Final

from looply.decimals import Number, exact, read_number
from looply.execution.approvals.card_form import CardInput
from looply.expressions import ExpressionError
from looply.expressions.texts.patterns import compile_pattern
from looply.jsontext import Json

_MESSAGE_CHARACTERS: Final = 300
UNSET: Final = object()
"""The input was left empty, so that its value is omitted."""

_NUMBER: Final = re.compile(r"[+-]?\d{1,64}(?:\.\d{1,64})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME: Final = re.compile(r"\d\d:\d\d(?::\d\d)?", re.ASCII)


class InvalidValue(Exception):
    """The value does not fit the input; the text says why."""


def read_value(one: CardInput, value: Json) -> Json:
    """Returns the value of an input with the input's type, `UNSET` when it was left empty.

    Raises: InvalidValue.
    """
    reader = _READERS.get(one.kind, _scalar)
    if reader is not _text and value in (None, ""):
        return UNSET
    return reader(one.definition, value)


def is_filled_in(one: CardInput, answer: Mapping[str, Json]) -> bool:
    """Returns whether a required input is filled in: it has a value, and a toggle is on."""
    value = answer.get(one.name)
    if one.kind == "Input.Toggle":
        return bool(value == _toggle_on(one.definition))
    return value not in (None, "")


def error_message(definition: Mapping[str, Json]) -> str:
    """Returns the card's own message for an invalid value, empty when it has none."""
    message = definition.get("errorMessage")
    return message[:_MESSAGE_CHARACTERS] if isinstance(message, str) else ""


def _text(definition: Mapping[str, Json], value: Json) -> Json:
    if value is None:
        return UNSET
    if not isinstance(value, str):
        raise InvalidValue("must be a text")
    most = _bound(definition.get("maxLength"))
    if most is not None and 0 < most < len(value):
        raise InvalidValue(f"has {len(value)} characters; at most {most:g} are taken")
    pattern = definition.get("regex")
    if value and isinstance(pattern, str) and pattern and not _matches(pattern, value):
        raise InvalidValue(error_message(definition) or f"must match {pattern[:100]}")
    return value


def _matches(pattern: str, text: str) -> bool:
    """Returns whether the pattern matches a text, in linear time; an invalid pattern matches every text."""
    try:
        return compile_pattern(pattern).search(text.encode()) is not None
    except ExpressionError:
        return True


def _number(definition: Mapping[str, Json], value: Json) -> Json:
    if isinstance(value, str):
        text = value.strip()
        if _NUMBER.fullmatch(text) is None:
            raise InvalidValue(f"must be a number, not {value[:40]!r}")
        value = int(text) if text.lstrip("+-").isdigit() else read_number(text)
    if not _is_number(value) or abs(value) == float("inf"):
        raise InvalidValue("must be a number")
    least, most = _bound(definition.get("min")), _bound(definition.get("max"))
    if least is not None and exact(value) < exact(least):
        raise InvalidValue(f"must be at least {least:g}, not {value:g}")
    if most is not None and exact(value) > exact(most):
        raise InvalidValue(f"must be at most {most:g}, not {value:g}")
    return value


def _bound(value: Json) -> Number | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return read_number(value.strip())
    return value if _is_number(value) else None


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _toggle(definition: Mapping[str, Json], value: Json) -> Json:
    on, off = _toggle_on(definition), definition.get("valueOff", "false")
    if isinstance(value, bool):
        return on if value else off
    if value not in (on, off):
        raise InvalidValue(f"must be {on!r} or {off!r}")
    return value


def _toggle_on(definition: Mapping[str, Json]) -> Json:
    return definition.get("valueOn", "true")


def _date(definition: Mapping[str, Json], value: Json) -> Json:
    return _read_in_range(definition, value, _read_date, "a date such as 2026-12-31")


def _read_date(text: str) -> str:
    if _DATE.fullmatch(text) is None:
        raise ValueError(text)
    return date.fromisoformat(text).isoformat()


def _time(definition: Mapping[str, Json], value: Json) -> Json:
    return _read_in_range(definition, value, _read_time, "a time such as 13:45")


def _read_time(text: str) -> str:
    if _TIME.fullmatch(text) is None:
        raise ValueError(text)
    return time.fromisoformat(text).isoformat("auto" if len(text) > len("13:45") else "minutes")


def _read_in_range(definition: Mapping[str, Json], value: Json, read: Callable[[str], str], example: str) -> str:
    if not isinstance(value, str):
        raise InvalidValue(f"must be {example}")
    try:
        found = read(value.strip())
    except ValueError:
        raise InvalidValue(f"must be {example}, not {value[:40]!r}") from None
    for name, word in (("min", "before"), ("max", "after")):
        try:
            bound = read(str(definition[name])) if name in definition else found
        except ValueError:
            continue  # renderers ignore an invalid bound, too
        if found < bound if name == "min" else found > bound:
            raise InvalidValue(f"must not be {word} {bound}")
    return found


def _choice(definition: Mapping[str, Json], value: Json) -> Json:
    is_several = definition.get("isMultiSelect") is True
    if is_several and isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ",".join(value)
    if not isinstance(value, str):
        raise InvalidValue("must be a text")
    if "choices.data" in definition:
        return value  # the choices come from a search, whose result only the renderer knows
    choices = frozenset(_choices(definition))
    if value in choices or (is_several and _is_made_of(value, choices)):
        return value
    raise InvalidValue(f"is not one of the choices: {value[:40]!r}")


def _choices(definition: Mapping[str, Json]) -> Iterator[str]:
    shown = definition.get("choices")
    for one in shown if isinstance(shown, list) else ():
        value = one.get("value") if isinstance(one, dict) else None
        if isinstance(value, str):
            yield value


def _is_made_of(text: str, choices: frozenset[str]) -> bool:
    """Returns whether a text consists of choices joined by `,`, each at most once; a choice may contain commas."""
    longest = 1 + max((one.count(",") for one in choices), default=0)
    parts, taken, start = text.split(","), set[str](), 0
    while start < len(parts):
        sizes = range(min(longest, len(parts) - start), 0, -1)
        whole = (",".join(parts[start : start + size]) for size in sizes)
        found = next((part for part in whole if part in choices), None)
        if found is None or found in taken:
            return False
        taken.add(found)
        start += 1 + found.count(",")
    return True


def _scalar(definition: Mapping[str, Json], value: Json) -> Json:  # noqa: ARG001  # one signature for all kinds
    if isinstance(value, dict | list):
        raise InvalidValue("must be a text, a number, true or false")
    return value


_READERS: Final[Mapping[str, Callable[[Mapping[str, Json], Json], Json]]] = {
    "Input.Text": _text,
    "Input.Number": _number,
    "Input.Toggle": _toggle,
    "Input.Date": _date,
    "Input.Time": _time,
    "Input.ChoiceSet": _choice,
}
