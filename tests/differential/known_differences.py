"""The intended differences from Microsoft's packages, each with its reason in the docs.

Where possible, a known difference is verified: the case is transformed so that the reason does not apply, by other data
or by replacing the part that causes the difference, and then both sides must agree.
"""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from comparing import is_equal, ours, plain

from looply.expressions import ExpressionSyntaxError, parse_expression

Answer = dict[str, Any]
Ask = Callable[[str, Mapping[str, Any]], Answer]
"""Asks Microsoft's packages about one more expression."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A case on which the two sides differ."""

    expression: str
    data: Mapping[str, Any]
    ours: Answer
    theirs: Answer

    @property
    def their_text(self) -> str:
        """Their answer as one text, to search for patterns in it."""
        return json.dumps(self.theirs, ensure_ascii=False)


Covers = Callable[[Case, Ask], bool]
Transform = Callable[[Case, Ask], tuple[str, Mapping[str, Any]]]
"""Returns the expression and the data of a case, changed so that the reason does not apply."""


@dataclass(frozen=True, kw_only=True)
class KnownDifference:
    """A reason why answers may differ. `name` is its heading in docs/explanation/expression-differences.md.

    Either `covers` returns whether it is the reason, or both sides must agree on the case that `transform` returns.
    """

    name: str
    covers: Covers | None = None
    transform: Transform | None = None

    def without(self, case: Case, ask: Ask) -> Case | None:
        """Returns the transformed case; None when it is unchanged, or no longer an expression."""
        expression, data = self.transform(case, ask) if self.transform is not None else (case.expression, case.data)
        if (expression == case.expression and data == case.data) or not _is_expression(expression):
            return None
        return Case(expression=expression, data=data, ours=ours(expression, dict(data)), theirs=ask(expression, data))


def _with_data(change: Callable[[Any], Any]) -> Transform:
    return lambda case, _: (case.expression, change(case.data))


def _with_rewrite(rewrite: Callable[[str], str]) -> Transform:
    return lambda case, _: (rewrite(case.expression), case.data)


def _without_null(case: Case, _: Ask) -> tuple[str, Mapping[str, Any]]:
    return re.sub(r"\bnull\b", "undefined", case.expression), _without_nulls(case.data)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _without_nulls_in_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls_in_lists(item) for key, item in value.items()}
    return ["" if item is None else item for item in value] if isinstance(value, list) else value


def _with_short_decimals(expression: str) -> str:
    return re.sub(r"\d*?(\d{1,3}\.\d{2})\d+(?!\d)", lambda found: found[1 if len(found[0]) > 16 else 0], expression)


def _within_16_bits(data: Any) -> Any:
    return json.loads(re.sub("[\U00010000-\U0010ffff]", "\u263a", json.dumps(data, ensure_ascii=False)))


def _with_flat_lists(data: Any) -> Any:
    """Replaces lists of lists by lists of scalars, so that a text of items contains no list."""
    return {**data, "nested": [1, 2, 6], "mixed": [1, "1", True]}


def _written_otherwise(case: Case, _: Ask) -> bool:
    """Returns whether the values differ only in the format of a list or an object within a text."""
    both = "value" in case.ours and "value" in case.theirs
    return both and _is_like(case.ours["value"], case.theirs["value"])


def _is_like(one: Any, two: Any) -> bool:
    if isinstance(one, dict) and isinstance(two, dict) and "$" not in two:
        rest = dict(two)
        for name, item in one.items():
            found = name if name in rest else next((each for each in rest if _is_like(name, each)), None)
            if found is None or not _is_like(item, rest.pop(found)):
                return False
        return not rest
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(_is_like, one, two))
    if isinstance(one, str) and isinstance(two, str) and one != two:
        return _without_marks(one, two) == _without_marks(two, two)
    return is_equal({"value": one}, {"value": two})


def _without_marks(text: str, theirs: str) -> str:
    """Returns a text without the brackets of lists, and with no members in its objects if theirs has none."""
    if has_no_members := "[object object]" in theirs.casefold():
        while (shorter := re.sub(r"\{[^{}]*\}", "[object Object]", text)) != text:
            text = shorter
    text = re.sub(r'[\[\]",]|null|undefined', "", text)
    return text.casefold() if has_no_members else text


_FAILS = "jPath(1, '$')"
_SWAPS = 8
_VARIABLE = re.compile(r"\([^()]*, (x|item), ")
_TEXT = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
_TOKEN = re.compile(rf"{_TEXT}|\.?[\w$]+(?:\.\d+)?|[&|?]{{2}}|[<>!=]=|[^\s\w]")
_LITERAL = re.compile(r"(?:\\.|[^`$\\]|\$(?!\{))+|\$\{|`", re.DOTALL)
_OPENING, _CLOSING = frozenset(("(", "[", "{", "${")), frozenset((")", "]", "}"))
Swap = Callable[[str, Answer, Answer], Any]
"""Returns the replacement of a part of an expression, given our answer to it and theirs: the text of a `_Source`, or a
value that is put into the data; _NO_SWAP leaves the part unchanged."""


@dataclass(frozen=True)
class _Source:
    text: str


_NO_SWAP = object()


def _with_swapped_parts(swap: Swap, *marks: str) -> Transform:
    """Returns a transform that replaces the parts of a case that cause the difference, the smallest first.

    Only the parts that match one of the patterns in `marks` are considered.
    """
    pattern = re.compile("|".join(marks))

    def swap_parts(case: Case, ask: Ask) -> tuple[str, Mapping[str, Any]]:
        expression, data = case.expression, dict(case.data)
        for number in range(_SWAPS):
            for start, end in _parts(expression):
                part = expression[start:end]
                if pattern.search(part) is None:
                    continue
                given = swap(part, ours(part, data), ask(part, data))
                if given is not _NO_SWAP:
                    break
            else:
                break
            name = given.text if isinstance(given, _Source) else f"{swap.__name__}{number}"
            data |= {} if isinstance(given, _Source) else {name: given}
            expression = f"{expression[:start]}{name}{expression[end:]}"
        return expression, data

    return swap_parts


def _parts(expression: str) -> Iterator[tuple[int, int]]:
    """Yields the spans of the parts of an expression that are expressions themselves, the shortest first.

    A part that uses the variable of a loop has no meaning alone, so it is excluded.
    """
    variables = set(_VARIABLE.findall(expression))
    tokens = _tokens(expression)
    spans: list[tuple[int, int]] = []
    for first, (start, _, _) in enumerate(tokens):
        depth = 0
        if first > 0 and tokens[first][2] in {"(", "["} and re.search(r"[\w)\]]$", tokens[first - 1][2]):
            continue
        for index, (_, end, token) in enumerate(tokens[first:], first):
            depth += (token in _OPENING) - (token in _CLOSING)
            if depth < 0 or (depth == 0 and token in {",", "\\"}):
                break
            following = tokens[index + 1][2] if index + 1 < len(tokens) else ""
            if depth == 0 and following[:1] not in {"(", "[", "."}:
                spans.append((start, end))
    for start, end in sorted(spans, key=lambda span: span[1] - span[0]):
        part = expression[start:end]
        free = variables - set(_VARIABLE.findall(part))
        if free.isdisjoint(re.findall(r"\w+", re.sub(_TEXT, "", part))) and _is_expression(part):
            yield start, end


def _tokens(expression: str) -> list[tuple[int, int, str]]:
    """Returns the tokens of an expression with their spans. A text between backticks opens and closes like brackets.

    Its characters are one token that is no expression.
    """
    tokens: list[tuple[int, int, str]] = []
    open_ones: list[str] = []
    at = 0
    while at < len(expression):
        is_letters = open_ones[-1:] == ["`"]
        found = (_LITERAL if is_letters else _TOKEN).search(expression, at)
        if found is None:
            break
        token, at = found[0], found.end()
        if token == "`":
            token = ")" if is_letters else "("
        elif is_letters and token != "${":
            token = "\\"
        if token in _OPENING:
            open_ones.append(found[0])
        elif token in _CLOSING:
            del open_ones[-1:]
        tokens.append((found.start(), found.end(), token))
    return tokens


def _is_expression(text: str) -> bool:
    try:
        parse_expression(text)
    except ExpressionSyntaxError:
        return False
    return True


def _failing_if_infinite(_: str, mine: Answer, theirs: Answer) -> Any:
    if "error" not in mine or "value" not in theirs:
        return _NO_SWAP
    value = theirs["value"]
    is_infinite = isinstance(value, dict) and value.get("$") == "number"
    is_text = isinstance(value, str) and re.search("NaN|Infinity", value) is not None
    return _Source(_FAILS) if is_infinite or is_text or "expects numbers, found list" in mine["error"] else _NO_SWAP


def _failing_if_invalid(_: str, mine: Answer, theirs: Answer) -> Any:
    return _Source(_FAILS) if "error" in mine and theirs == {"value": "Invalid Date"} else _NO_SWAP


_EXCEPTION = re.compile(r"Cannot \w+|is not a function|not iterable|invalid format|is undefined")


def _failing_without_exception(_: str, mine: Answer, theirs: Answer) -> Any:
    is_thrown = "error" in mine and _EXCEPTION.search(theirs.get("error", "")) is not None
    return _Source(_FAILS) if is_thrown else _NO_SWAP


def _small_integer(_: str, mine: Answer, theirs: Answer) -> Any:
    one, two = mine.get("value"), plain(theirs.get("value"))
    both = type(one) in {int, float} and type(two) in {int, float} and min(abs(one), abs(two)) >= 2**53 - 1
    return 5 if both and abs(one - two) <= abs(one) * 1e-15 else _NO_SWAP


def _fifteen_digits(_: str, mine: Answer, theirs: Answer) -> Any:
    one, two = mine.get("value"), theirs.get("value")
    if not isinstance(one, str) or not isinstance(two, str) or one == two:
        return _NO_SWAP
    if re.sub(r"\d", "", one) != re.sub(r"\d", "", two):
        return _NO_SWAP
    digits, others = (int(re.sub(r"\D", "", each) or "0") for each in (one, two))
    return one if abs(digits - others) <= digits * 1e-15 else _NO_SWAP


def _of_utf_8(_: str, mine: Answer, theirs: Answer) -> Any:
    one, two = mine.get("value"), theirs.get("value")
    if isinstance(one, dict) and isinstance(two, dict) and two.get("$") == "bytes":
        content = b64decode(one.get("$content", ""))
        return one if content.decode("latin-1").encode() == bytes(two["v"]) else _NO_SWAP
    both = isinstance(one, str) and isinstance(two, str)
    return one if both and one != two and one.encode().decode("latin-1") == two else _NO_SWAP


def _bytes_as_object(_: str, mine: Answer, theirs: Answer) -> Any:
    value = theirs.get("value")
    is_binary = isinstance(value, dict) and value.get("$") == "bytes" and is_equal(mine, theirs)
    return plain(value) if is_binary else _NO_SWAP


def _undefined_as_null(part: str, mine: Answer, theirs: Answer) -> Any:
    is_undefined = theirs.get("value") == {"$": "undefined"} and mine == {"value": None}
    return _Source("null") if is_undefined and part != "null" else _NO_SWAP


def _list_unchanged(_: str, mine: Answer, theirs: Answer) -> Any:
    value, other = mine.get("value"), theirs.get("value")
    if isinstance(value, str) and "of [object String]" in theirs.get("error", ""):
        return value
    if not isinstance(other, list):
        return _NO_SWAP
    if "expects an object as `object`, found list" in mine.get("error", ""):
        return other
    # An item that removeProperty() removes from a list there leaves a hole.
    if not isinstance(value, list) or len(value) != len(other) or value == other:
        return _NO_SWAP
    pairs = zip(value, other, strict=True)
    return value if all(two is None or is_equal({"value": one}, {"value": two}) for one, two in pairs) else _NO_SWAP


def _near_zero(_: str, mine: Answer, theirs: Answer) -> Any:
    return 0 if mine == {"value": 0} and theirs.get("value") == 1 else _NO_SWAP


def _empty_text(_: str, mine: Answer, theirs: Answer) -> Any:
    return "" if "error" in mine and theirs == {"value": ""} else _NO_SWAP


def _failing_with_nothing_left(part: str, mine: Answer, theirs: Answer) -> Any:
    return _Source(_FAILS) if "error" in mine and "error" in theirs and part != _FAILS else _NO_SWAP


def _with_nothing_left(case: Case, ask: Ask) -> tuple[str, Mapping[str, Any]]:
    if "error" in case.theirs:
        return case.expression, case.data
    return _with_swapped_parts(_failing_with_nothing_left, r"^\w+\([\s\S]*\)$", "[<>]")(case, ask)


_GUID = "'80000000-0000-4000-8000-000000000000'"
_CHANGING = re.compile(r"\b((?:(?:add|set|remove)Property|reverse)\()([\w.\[\]]+)(?=[,)])")
_COPY = r"\1(exists(\2) && (isObject(\2) || isArray(\2)) ? json(string(\2)) : \2)"
_SET = re.compile(r"(setPathToValue\([^(),]*, )([\w.\[\]]+)(?=\))")


def _without_chance(expression: str) -> str:
    return expression.replace("newGuid()", _GUID)


def _without_root(expression: str) -> str:
    return re.sub(r"\$(root|data)\b", "nowhere", expression)


def _on_copies(expression: str) -> str:
    """Passes copies of lists and objects to the functions that change their arguments there."""
    return _SET.sub(_COPY, _CHANGING.sub(_COPY, expression))


def _without_last(case: Case, ask: Ask) -> tuple[str, Mapping[str, Any]]:
    """Removes a last separator that is null or undefined from a join()."""
    expression = case.expression
    for start, end in _parts(expression):
        before, after = expression[:start], expression[end:]
        if before.endswith(", ") and after.startswith(")") and "join(" in before:
            answer, shorter = ask(expression[start:end], case.data), f"{before[:-2]}{after}"
            is_nothing = "value" in answer and plain(answer["value"]) is None
            if is_nothing and ours(shorter, dict(case.data)) == case.ours:
                return shorter, case.data
    return expression, case.data


def _not_computed(case: Case, ask: Ask) -> tuple[str, Mapping[str, Any]]:
    """Puts the value that stringOrValue() computes there into the data."""
    expression, data = case.expression, dict(case.data)
    for number, call in enumerate(filter(None, _calls("stringOrValue", expression))):
        answer = ask(call, data)
        name = f"computed{number}" if "value" in answer else _FAILS
        data |= {name: plain(answer["value"])} if "value" in answer else {}
        expression = expression.replace(call, name)
    return expression, data


def _of_ascii(case: Case, _: Ask) -> tuple[str, Mapping[str, Any]]:
    """Removes characters beyond ASCII from the data when base64 is decoded, so that none is decoded as a digit."""
    if re.search(r"[bB]ase64To", case.expression) is None:
        return case.expression, case.data
    data = json.loads(re.sub(r"[^\x00-\x7f]", "!", json.dumps(case.data, ensure_ascii=False)))
    return case.expression, data


def _has_nested_backticks(case: Case, _: Ask) -> bool:
    depth = [0]
    for start, _end, token in _tokens(case.expression):
        if case.expression[start] == "`":
            depth.append(depth[-1] + (1 if token == "(" else -1))
    return "syntax error" in case.their_text and max(depth) > 1


def _read_only(case: Case, _: Ask) -> tuple[str, Mapping[str, Any]]:
    """Makes a path that is set within a loop fail for an ordinary reason."""
    expression = case.expression
    if "stacked memory is read-only" in case.their_text:
        for call in _calls("setPathToValue", expression):
            expression = expression.replace(call, _FAILS)
    return expression, case.data


def _in_another_order(case: Case, _: Ask) -> bool:
    """Returns whether texts differ only in the order of their characters, where names that are numbers were set."""
    one, two = case.ours.get("value"), case.theirs.get("value")
    is_text = isinstance(one, str) and isinstance(two, str) and sorted(one) == sorted(two)
    return is_text and re.search(r"(add|set)Property\(", case.expression) is not None


def _xpath_says(*marks: str) -> Callable[[Case, Ask], bool]:
    """Returns whether a call of xPath() within the case is an error here, for one of these reasons, and none there."""
    pattern = re.compile("|".join(map(re.escape, marks)))

    def covers(case: Case, ask: Ask) -> bool:
        data = dict(case.data)
        return any(
            pattern.search(ours(call, data).get("error", "")) is not None and "error" not in ask(call, data)
            for call in _calls("xPath", case.expression)
        )

    return covers


def _counts_in_documents(case: Case, _: Ask) -> bool:
    return re.search(r"xPath\([\s\S]*(namespace-uri\(|\)\[)", case.expression) is not None


def _calls(name: str, expression: str) -> list[str]:
    """Returns the source texts of the calls of a function in an expression."""
    found = []
    for start in re.finditer(rf"\b{name}\(", expression):
        depth, end = 0, start.start()
        for token in re.finditer(r"'(?:\\.|[^'\\])*'|[()]", expression[start.start() :]):
            depth += {"(": 1, ")": -1}.get(token[0], 0)
            if depth == 0 and token[0] == ")":
                end = start.start() + token.end()
                break
        found.append(expression[start.start() : end])
    return found


KNOWN_DIFFERENCES = (
    KnownDifference(name="Null and missing are one value", transform=_without_null),
    KnownDifference(name="Texts are counted in characters", transform=_with_data(_within_16_bits)),
    KnownDifference(name="Objects and lists within texts are JSON", covers=_written_otherwise),
    KnownDifference(name="Objects and lists within texts are JSON", transform=_with_data(_with_flat_lists)),
    KnownDifference(name="A backtick within a backtick", covers=_has_nested_backticks),
    KnownDifference(name="Random values differ", transform=_with_rewrite(_without_chance)),
    KnownDifference(name="The document has a name", transform=_with_rewrite(_without_root)),
    KnownDifference(name="The data of a card stays as it is", transform=_with_rewrite(_on_copies)),
    KnownDifference(name="A text is not evaluated again", transform=_not_computed),
    KnownDifference(name="Members keep their order", covers=_in_another_order),
    KnownDifference(
        name="XML and its paths are checked",
        covers=_xpath_says("xPath() expects an XML text", "well-formed XML", "a text as `xpath`"),
    ),
    KnownDifference(name="There is no NaN and no Infinity", covers=_xpath_says("not a finite number")),
    KnownDifference(name="Paths into XML follow the standard", covers=_counts_in_documents),
    KnownDifference(
        name="There is no NaN and no Infinity",
        transform=_with_swapped_parts(_failing_if_infinite, r"\w\(", r"[-+*/^%]"),
    ),
    KnownDifference(name="An impossible date is an error", transform=_with_swapped_parts(_failing_if_invalid, r"\w\(")),
    KnownDifference(name="Whole numbers are exact", transform=_with_swapped_parts(_small_integer, "")),
    KnownDifference(name="Decimals are exact", transform=_with_rewrite(_with_short_decimals)),
    KnownDifference(
        name="Digits beyond the fifteenth",
        transform=_with_swapped_parts(_fifteen_digits, r"^formatNumber\(", r"^string\(", "^`"),
    ),
    KnownDifference(name="Base64 is of UTF-8", transform=_of_ascii),
    KnownDifference(name="Base64 is of UTF-8", transform=_with_swapped_parts(_of_utf_8, r"[bB]ase64To", "dataUriTo")),
    KnownDifference(name="Base64 is of UTF-8", transform=_with_swapped_parts(_bytes_as_object, r"[bB]inary\(")),
    KnownDifference(name="The smallest numbers are near 0", transform=_with_swapped_parts(_near_zero, r"^int\(")),
    KnownDifference(name="Arguments are evaluated first", transform=_with_swapped_parts(_empty_text, r"^substring\(")),
    KnownDifference(
        name="A list has no members with names",
        transform=_with_swapped_parts(_list_unchanged, r"^(add|set|remove)Property\("),
    ),
    KnownDifference(
        name="Null and missing are one value", transform=_with_swapped_parts(_undefined_as_null, r"^[\w$]")
    ),
    KnownDifference(name="Null and missing are one value", transform=_without_last),
    KnownDifference(name="Null and missing are one value", transform=_with_data(_without_nulls_in_lists)),
    KnownDifference(name="Exceptions of JavaScript", transform=_with_swapped_parts(_failing_without_exception, "")),
    KnownDifference(name="Exceptions of JavaScript", transform=_read_only),
    KnownDifference(name="What cannot be evaluated is false", transform=_with_nothing_left),
)


def difference_of(case: Case, ask: Ask) -> str:
    """Returns the name of the known difference that covers a case, the empty text when none does.

    A case may have several reasons: then it is transformed for one after the other until both sides agree, and the name
    is that of the last one.
    """
    for difference in KNOWN_DIFFERENCES:
        if difference.covers is not None and difference.covers(case, ask):
            return difference.name
        changed = difference.without(case, ask)
        if changed is not None and is_equal(changed.ours, changed.theirs):
            return difference.name
    for difference in KNOWN_DIFFERENCES:
        case = difference.without(case, ask) or case
        is_covered = any(each.covers(case, ask) for each in KNOWN_DIFFERENCES if each.covers is not None)
        if is_covered or is_equal(case.ours, case.theirs):
            return difference.name
    return ""
