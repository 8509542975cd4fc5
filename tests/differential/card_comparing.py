"""Compares our card with Microsoft's, and finds the reason where they differ."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from card_cases import DOCUMENT
from comparing import HALF, NOW, is_equal, ours
from known_differences import Answer, Ask, Case, difference_of
from shrinking import shrink

from looply.expressions import Evaluation, ExpressionError, ExpressionSyntaxError, parse_card

CardCase = Mapping[str, Any]
"""A template, its data and perhaps a host: `card`, `data`, `host`."""
AskCard = Callable[[CardCase], Answer]
"""Asks Microsoft's package about one more card."""
_ROUNDS = 12
_UNDEFINED = {"$": "undefined"}
_NULL = "Null and missing are one value"
_CHARACTERS = "Texts are counted in characters"
_CONTAINERS = "Objects and lists within texts are JSON"
_EXCEPTIONS = "Exceptions of JavaScript"
_BOUNDED = "A card is bounded"
_BACKTICK = "A backtick in the text of a card"
_ONCE = "A text is not evaluated again"
CARD_DIFFERENCES = (_NULL, _CHARACTERS, _CONTAINERS, _EXCEPTIONS, _BOUNDED, _BACKTICK, _ONCE)
"""The known differences of cards alone, by their headings in docs/explanation/expression-differences.md."""
_EXPRESSION = re.compile(r"""(?<!\\)\$\{((?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\r\n{}'"`]|\{[^{}]*\})+)\}""")
_SURROGATES = re.compile("[\U00010000-\U0010ffff]")
_BRACKETS = re.compile(r'[\[\]"]|null')


def our_card(case: CardCase) -> Answer:
    """Returns our answer in the shape of Microsoft's: {"value"} or {"error"}."""
    data = case["data"]
    evaluation = Evaluation(data=data if isinstance(data, dict) else {}, now=NOW, chance=lambda: HALF)
    given = {name: case[name] for name in ("data", "host") if name in case}
    try:
        return {"value": parse_card(case["card"], allows_unknown=True).expand(evaluation, **given)}
    except (ExpressionError, ExpressionSyntaxError) as error:
        return {"error": str(error)}


class Judge:
    """Finds out why cards differ. `ask_card` and `ask` ask Microsoft's packages about one more card or expression."""

    def __init__(self, ask_card: AskCard, ask: Ask, our: AskCard = our_card) -> None:
        self._ask_card = ask_card
        self._ask = ask
        self._our = our

    def reasons(self, case: CardCase) -> tuple[set[str], CardCase | None]:
        """Returns the names of the known differences of a case, and the smallest case that none of them covers.

        One difference must not hide another: unless the whole card is equal without the reason, the difference is
        shrunk to a minimum, and when it is known, its strings are removed from the card, until no difference is left.
        """
        names: set[str] = set()
        for _ in range(_ROUNDS):
            if not self.differs(case):
                return names, None
            if name := self._verified_difference(case):
                return {*names, name}, None
            small = self._shrunk(case, "card", 400)
            if not (name := self.difference_of(small)):
                return names, self._shrunk(small, "data", 300)
            names.add(name)
            case = {**case, "card": _without(case["card"], set(_strings(small["card"])))}
        return names, case

    def differs(self, case: CardCase) -> bool:
        """Returns whether our card and theirs are different."""
        return not is_equal(self._our(case), self._ask_card(case))

    def difference_of(self, case: CardCase) -> str:
        """Returns the name of the known difference that covers a small case, the empty text when none does."""
        return (
            self._verified_difference(case)
            or _difference_of_errors(case, self._our(case), self._ask_card(case))
            or self._difference_of_expressions(case)
        )

    def _verified_difference(self, case: CardCase) -> str:
        """Returns the name of a known difference that can be verified.

        The case, or both results, are changed so that the reason no longer applies, and then everything must be equal.
        """
        theirs, mine = self._ask_card(case), self._our(case)
        if "value" in mine and "value" in theirs:
            if _is_like(mine["value"], theirs["value"]):
                return _CONTAINERS
            if _is_but_null(mine["value"], theirs["value"]):
                return _NULL
        if self._agree(case, _with_texts(case["card"]), case["data"]):
            return _NULL if "error" in theirs else _CONTAINERS
        if self._agree(case, _without_null(case["card"]), _without_null(case["data"])):
            return _NULL
        changed = (_within_16_bits(case[name]) for name in ("card", "data"))
        return _CHARACTERS if self._agree(case, *changed) else ""

    def _difference_of_expressions(self, case: CardCase) -> str:
        """Returns the known difference of an expression of the case that also differs outside of the card.

        Within a `$data` it may not have read the document.
        """
        sources = [source for text in _strings(case["card"]) for source in _EXPRESSION.findall(text)]
        for source in sources:
            if re.search(r"\$(root|data|index|host)", source):
                continue
            for data in (DOCUMENT, {}):
                one, two = ours(source, dict(data)), self._ask(source, data)
                seen = Case(expression=source, data=data, ours=one, theirs=two)
                if not is_equal(one, two) and (name := difference_of(seen, self._ask)):
                    return name
        return ""

    def _agree(self, case: CardCase, card: Any, data: Any) -> bool:
        changed = {**case, "card": card, "data": data}
        return changed != case and not self.differs(changed)

    def _shrunk(self, case: CardCase, name: str, attempts: int) -> CardCase:
        return {**case, name: shrink(case[name], lambda part: self.differs({**case, name: part}), attempts)}


def _difference_of_errors(case: CardCase, mine: Answer, theirs: Answer) -> str:
    texts, reason = list(_strings(case["card"])), str(theirs.get("error", ""))
    if "'toString'" in reason:
        return _NULL
    if re.search(r"Unknown function|Cannot \w+|is not a function|not iterable|call stack", reason):
        return _EXCEPTIONS
    if "the limit is" in mine.get("error", ""):
        return _BOUNDED
    if reason and any("`" in text or text[-1:] == "\\" for text in texts):
        return _BACKTICK
    if "error" in mine and any("stringOrValue(" in text for text in texts):
        return _ONCE
    return ""


def _changed(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _changed(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_changed(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_null(item) for item in value]
    return re.sub(r"\bnull\b", "undefined", value) if isinstance(value, str) and "${" in value else value


def _within_16_bits(value: Any) -> Any:
    return _changed(value, lambda text: _SURROGATES.sub("\u263a", text))


def _with_texts(card: Any) -> Any:
    """Wraps each expression within a text in `string()`, which knows null, lists and objects."""

    def wrapped(text: str) -> str:
        return text if _EXPRESSION.fullmatch(text) else _EXPRESSION.sub(r"${string(\1)}", text)

    return _changed(card, wrapped)


def _is_like(one: Any, two: Any) -> bool:
    """Returns whether two cards are the same except for the format of a list or an object within a text."""
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(_is_like(one[key], two[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(_is_like, one, two))
    if isinstance(one, str) and isinstance(two, str):
        return "[object Object]" in two or _BRACKETS.sub("", one) == _BRACKETS.sub("", two)
    return is_equal({"value": one}, {"value": two})


def _is_but_null(mine: Any, theirs: Any) -> bool:
    """Returns whether cards are the same, except that ours has null, or no list item, where theirs has undefined."""
    if isinstance(mine, dict) and isinstance(theirs, dict) and "$" not in theirs:
        missing = [mine[key] for key in mine.keys() - theirs.keys()]
        both = mine.keys() & theirs.keys() == theirs.keys() and all(
            _is_but_null(mine[key], theirs[key]) for key in theirs
        )
        return both and all(item is None for item in missing)
    if isinstance(mine, list) and isinstance(theirs, list):
        rest = list(mine)
        for item in theirs:
            if item != _UNDEFINED:
                if not rest or not _is_but_null(rest.pop(0), item):
                    return False
            elif rest and rest[0] is None:
                rest.pop(0)
        return not rest
    return is_equal({"value": mine}, {"value": theirs})


def _strings(card: Any) -> Iterator[str]:
    if isinstance(card, str):
        yield card
    elif isinstance(card, dict | list):
        for item in card.values() if isinstance(card, dict) else card:
            yield from _strings(item)


def _without(card: Any, strings: set[str]) -> Any:
    if isinstance(card, dict):
        kept = {
            key: item
            for key, item in card.items()
            if key[:1] != "$" or not isinstance(item, str) or item not in strings
        }
        return {key: _without(item, strings) for key, item in kept.items()}
    if isinstance(card, list):
        return [_without(item, strings) for item in card]
    return "-" if isinstance(card, str) and card in strings else card
