"""Regular expressions of Adaptive Expressions, translated for RE2.

A pattern must be accepted by Microsoft's grammar of patterns (CommonRegex) and then by ECMAScript: no look-around, no
back-references. RE2 matches it in linear time. Where ECMAScript, the grammar and RE2 differ, the meaning is resolved
here, character class by character class, so that RE2's own rules are never visible.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Protocol

import re2  # type: ignore[import-untyped]

from looply.expressions.parsing.lexer import MAX_LEVELS
from looply.expressions.values.errors import ExpressionError, ExpressionLimit

_FLAGS = ("(?i)", "(?m)", "(?s)")
_MEMORY_BYTES = 256 * 1024
"""The largest size of one compiled pattern in bytes."""
# RE2's messages for a pattern that takes more memory, also by nested repetitions.
_TOO_LARGE = ("pattern too large", "invalid repetition size")
_REPEATS = 1000
_CACHED = 128

_ESCAPE = re.compile(
    r"""\\(?:
    (?P<set>[dDsSwW])
    |(?P<property>[pP]\{[A-Za-z0-9_]+\})
    |c(?P<control>[A-Za-z]?)
    |x(?P<two>[0-9A-Fa-f]{2})
    |x\{(?P<more>[0-9A-Fa-f]{3,})\}
    |(?P<octal>[0-3][0-7]{2}|[0-7]{2})
    |Q(?P<quoted>.*?)\\E
    |(?P<named>[aefnrt])
    |(?P<plain>[^A-Za-z0-9])
    )""",
    re.VERBOSE | re.DOTALL,
)
_GROUP = re.compile(r"\((?:(?P<options>\?[ims]+\))|\?:|\?<(?P<name>[A-Za-z_][A-Za-z0-9_]*)>|(?!\?)(?P<capture>))")
_REPEAT = re.compile(r"(?:[?*+]|\{(?P<least>[0-9]+)(?P<range>,(?P<most>[0-9]*))?\})(?P<how>[+?]?)")
_NAMED = {"a": 7, "e": 27, "f": 12, "n": 10, "r": 13, "t": 9}
_LAST = 0x10FFFF
_ENDS = "\\n\\r\\x{2028}\\x{2029}"

Range = tuple[int, int]
_SETS: dict[str, tuple[Range, ...]] = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": (
        *((9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A)),
        *((0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
    ),
}


class Pattern(Protocol):
    """A compiled pattern."""

    @property
    def programsize(self) -> int:
        """The number of its instructions."""

    def search(self, text: bytes) -> object | None:
        """Returns the match, None when there is none."""


@lru_cache(maxsize=_CACHED)
def compile_pattern(source: str) -> Pattern:
    """Returns the compiled pattern.

    Raises: ExpressionError with the reason when it is invalid; its subclass ExpressionLimit when it is too large.
    """
    if not source:
        raise ExpressionError("expected a pattern, found an empty text")
    checked = _Translation(source)
    checked.translate()
    flags, rest = "", source
    for flag in _FLAGS:
        if flag in rest:
            flags, rest = flags + flag[2], rest.replace(flag, "", 1)
    text = _Translation(rest, flags, checked.captures).translate()
    try:
        made: Pattern = re2.compile(text, _options())
    except (re2.error, ValueError) as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        if reason.startswith(_TOO_LARGE):
            raise _over(source, reason) from error
        raise ExpressionError(f"the pattern {source[:40]!r} cannot be used: {reason}") from error
    return made


def _over(source: str, reason: str) -> ExpressionLimit:
    return ExpressionLimit("expression_pattern_characters", f"the pattern {source[:40]!r} cannot be used: {reason}")


def _options() -> object:
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    options.never_capture = True
    options.log_errors = False
    return options


class _Cursor:
    """The position in a pattern."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0

    def _here(self) -> str:
        return self._source[self._at : self._at + 1]

    def _escape(self) -> re.Match[str]:
        found = _ESCAPE.match(self._source, self._at)
        if found is None:
            raise self._error(f"`{self._source[self._at : self._at + 2]}` is not known")
        if found["more"] is not None and int(found["more"], 16) > _LAST:
            raise self._error("there is no such character")
        self._at = found.end()
        return found

    def _error(self, reason: str, at: int | None = None) -> ExpressionError:
        position = self._at if at is None else at
        return ExpressionError(f"the pattern {self._source[:40]!r} cannot be used at {position}: {reason}")


class _Translation(_Cursor):
    """Translates one pattern for RE2.

    The first pass has no flags and only checks: options may appear anywhere. Before the second pass they are removed,
    as in Microsoft's package; it has the flags and the number of groups, and any remaining option is an error.
    """

    def __init__(self, source: str, flags: str | None = None, captures: int = 0) -> None:
        super().__init__(source)
        self._level = 0
        self._flags = flags or ""
        self._is_check = flags is None
        self._known = captures
        self._names: set[str] = set()
        self.captures = 0

    def translate(self) -> str:
        """Returns the pattern for RE2. Raises: ExpressionError."""
        made = self._alternation()
        if self._at < len(self._source):
            raise self._error("a `)` has no `(`")
        return made

    def _alternation(self) -> str:
        branches = [self._branch()]
        while self._here() == "|":
            self._at += 1
            branches.append(self._branch())
        return "|".join(branches)

    def _branch(self) -> str:
        pieces: list[str] = []
        while self._here() not in {"", "|", ")"}:
            is_anchor = self._here() in {"^", "$"}
            atom = self._atom(is_first=not pieces)
            pieces.append(atom + self._repeat(is_anchor))
        return "".join(pieces)

    def _atom(self, *, is_first: bool) -> str:
        character = self._here()
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == "\\":
            return self._escape_sequence()
        if character in "?*+" or (character == "{" and _REPEAT.match(self._source, self._at)):
            raise self._error(f"there is nothing before `{character}` to repeat")
        self._at += 1
        if character == ".":
            return "(?s:.)" if "s" in self._flags else f"[^{_ENDS}]"
        if character == "^":
            return self._anchor(character, is_outermost=is_first)
        if character == "$":
            return self._anchor(character, is_outermost=self._here() in {"", "|"})
        return self._literal(ord(character))

    def _anchor(self, symbol: str, *, is_outermost: bool) -> str:
        if "m" not in self._flags:
            return "\\A" if symbol == "^" else "\\z"
        # RE2 knows one line end. Where nothing follows the anchor, the other line ends can be matched instead.
        if is_outermost and self._level == 0:
            return f"(?:(?m:{symbol})|[{_ENDS}])"
        return f"(?m:{symbol})"

    def _repeat(self, is_anchor: bool) -> str:
        found = _REPEAT.match(self._source, self._at)
        if found is None:
            return ""
        if found["how"] == "+":
            raise self._error("`+` after a repetition is not possible")
        if is_anchor:
            raise self._error("`^` and `$` cannot be repeated")
        least, most = int(found["least"] or 0), int(found["most"] or 0)
        if max(least, most) > _REPEATS:
            raise self._error(f"a repetition of more than {_REPEATS} times")
        if found["most"] and most < least:
            raise self._error("the numbers of a repetition are out of order")
        self._at = found.end()
        if found["least"] is None:
            return found[0][0]
        return f"{{{least}{',' if found['range'] else ''}{most if found['most'] else ''}}}"

    def _group(self) -> str:
        found = _GROUP.match(self._source, self._at)
        if found is None:
            raise self._error("after `(?` only `:`, `<name>`, `i)`, `m)` and `s)` are possible; no look-around")
        start, self._at = self._at, found.end()
        if found["options"] is not None:
            if not self._is_check:
                raise self._error("options are written one by one, such as (?i)(?m)", start)
            return ""
        if found["name"] in self._names:
            raise self._error(f"the name {found['name']} is used twice", start)
        if found["name"] is not None:
            self._names.add(found["name"])
        self.captures += found["name"] is not None or found["capture"] is not None
        self._level += 1
        if self._level > MAX_LEVELS:
            raise _over(self._source, f"nested deeper than {MAX_LEVELS} levels")
        inner = self._alternation()
        if self._here() != ")":
            raise self._error("the `(` has no `)`", start)
        self._at += 1
        self._level -= 1
        return f"(?:{inner})"

    def _escape_sequence(self) -> str:
        found = self._escape()
        if found["set"] is not None:
            return _class_text(_set(found["set"]))
        if found["property"] is not None:
            return found[0]
        if found["quoted"] is not None:
            return f"(?:{''.join(self._literal(ord(each)) for each in found['quoted'])})"
        octal = found["octal"]
        if octal is not None and octal[0] != "0" and int(octal) <= self._known:
            raise self._error("a reference back to a group is not possible", found.start())
        return "".join(self._literal(each) for each in _characters(found))

    def _class(self) -> str:
        start = self._at
        self._at += 1
        is_negated = self._here() == "^"
        if is_negated:
            self._at += 1
            if self._here() == "]":
                self._at += 1
                return "(?s:.)"
        members = list(self._members(start))
        if not members:
            raise self._error("an empty `[]`", start)
        self._at += 1
        ranges = [each for member in members if not isinstance(member, str) for each in member]
        properties = "".join(member for member in members if isinstance(member, str))
        if "i" in self._flags:
            ranges.extend(list(_other_case(ranges)))
        made = f"[{'^' if is_negated else ''}{_inside(ranges)}{properties}]"
        # Sets such as \s are the same in both cases; only explicit characters can need RE2's own case folding.
        is_wide = any(len(each) == 1 and not isinstance(each, str) and each[0][1] > 127 for each in members)
        return f"(?i:{made})" if is_wide and "i" in self._flags else made

    def _members(self, start: int) -> Iterator[str | tuple[Range, ...]]:
        """Yields the members between the brackets: ranges, and properties in RE2's syntax."""
        while self._here() != "]":
            if self._here() == "":
                raise self._error("the `[` has no `]`", start)
            low = self._member()
            if self._here() != "-" or self._source[self._at + 1 : self._at + 2] in {"]", ""}:
                yield low
                continue
            self._at += 1
            high = self._member()
            one, two = _single(low), _single(high)
            if one is None or two is None:
                yield from (low, ((45, 45),), high)
            elif one > two:
                raise self._error("a range whose ends are out of order", start)
            else:
                yield ((one, two),)

    def _member(self) -> str | tuple[Range, ...]:
        if self._here() != "\\":
            self._at += 1
            code = ord(self._source[self._at - 1])
            return ((code, code),)
        found = self._escape()
        if found["set"] is not None:
            return tuple(_set(found["set"]))
        if found["property"] is not None:
            return found[0]
        return tuple((code, code) for code in _characters(found))

    def _literal(self, code: int) -> str:
        character = chr(code)
        if "i" in self._flags:
            if code > 127:
                return f"(?i:{_character(code)})"
            if character.isalpha():
                return f"[{character.upper()}{character.lower()}]"
        return _character(code)


def _characters(match: re.Match[str]) -> tuple[int, ...]:
    """Returns the characters of an escape."""
    if match["control"] is not None:
        return (ord(match["control"]) % 32,) if match["control"] else (92, 99)
    if match["octal"] is not None:
        return (int(match["octal"], 8),)
    if match["named"] is not None:
        return (_NAMED[match["named"]],)
    digits = match["two"] or match["more"]
    if digits is not None:
        return (int(digits, 16),)
    return tuple(map(ord, match["quoted"] or match["plain"] or ""))


def _set(letter: str) -> list[Range]:
    ranges = _SETS[letter.lower()]
    return list(ranges) if letter.islower() else list(_all_but(ranges))


def _all_but(ranges: Iterable[Range]) -> Iterator[Range]:
    start = 0
    for low, high in ranges:
        yield (start, low - 1)
        start = high + 1
    yield (start, _LAST)


def _other_case(ranges: Iterable[Range]) -> Iterator[Range]:
    for low, high in ranges:
        for first, last, distance in ((65, 90, 32), (97, 122, -32)):
            if low <= last and high >= first:
                yield (max(low, first) + distance, min(high, last) + distance)


def _single(member: str | tuple[Range, ...]) -> int | None:
    """Returns the only character of a member of a class, None when it is a set."""
    if isinstance(member, str) or len(member) != 1 or member[0][0] != member[0][1]:
        return None
    return member[0][0]


def _class_text(ranges: list[Range]) -> str:
    return f"[{_inside(ranges)}]"


def _inside(ranges: Iterable[Range]) -> str:
    return "".join(f"{_character(low)}-{_character(high)}" for low, high in ranges)


def _character(code: int) -> str:
    return chr(code) if code < 128 and chr(code).isalnum() else f"\\x{{{code:x}}}"
