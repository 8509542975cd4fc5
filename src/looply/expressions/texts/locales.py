"""Locale tags, and their case conversions."""

import re

from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.semantics import kind_of
from looply.jsontext import Json

# The part of RFC 5646 that ECMA-402 requires: a language, then parts of up to eight letters and digits.
_TAG = re.compile(r"(?:[A-Za-z]{2,3}|[A-Za-z]{5,8})(?:-[A-Za-z0-9]{1,8})*")
_DOTTED = frozenset({"tr", "az"})


def language_of(tag: Json) -> str:
    """Returns the language of a locale tag in lower case. Raises: ExpressionError when it is no tag."""
    if type(tag) is not str or _TAG.fullmatch(tag) is None:
        found = repr(tag[:40]) if type(tag) is str else kind_of(tag)
        raise ExpressionError(f"expected a locale such as 'en-US', found {found}")
    return tag.split("-", 1)[0].lower()


class _Canonical(dict[int, int]):
    """The case-insensitive form of a character by code point: its upper case, if that is one character."""

    def __missing__(self, point: int) -> int:
        capital = chr(point).upper()
        is_own = len(capital) != 1 or (point >= 128 > ord(capital))
        made = self[point] = point if is_own else ord(capital)
        return made


_CANONICAL = _Canonical()


def canonical(value: str) -> str:
    """Returns a text of the same length that is equal for texts that differ only in case.

    Source: ECMA-262 Canonicalize, without the flag `u`.
    """
    return value.upper() if value.isascii() else value.translate(_CANONICAL)


def lower(value: str, tag: Json = None) -> str:
    """Returns the text in lower case; Turkish and Azeri distinguish the dotted and the dotless i."""
    if tag is not None and language_of(tag) in _DOTTED:
        value = value.replace("İ", "i").replace("I", "\N{LATIN SMALL LETTER DOTLESS I}")
    return value.lower()


def upper(value: str, tag: Json = None) -> str:
    """Returns the text in upper case; Turkish and Azeri keep the dot of the i."""
    if tag is not None and language_of(tag) in _DOTTED:
        value = value.replace("i", "İ")
    return value.upper()
