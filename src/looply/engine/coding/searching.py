"""Searching: the index spans that together hold every match of a filter, and the meaning of patterns.

The same for every store with tables. A store tries the plans in turn: one whose spans must be sorted is used only while
a probe finds few matches. The last plan always works.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from looply.engine.coding.rows import STATUS_NUMBERS, Row, cursor_bytes, find_id, head_from, id_text
from looply.engine.ports.lists import Filter, Head
from looply.engine.records.spans import AFTER_ALL, HIGHEST_ID, LOWEST_ID, first_id, id_span

_LEAST: Final = 200
"""Rows of one span that a page examines at least, however many spans there are."""

_TEXTS: Final = 10
"""With more texts, each of which is compared with every row, a page examines fewer rows."""


_TERM_ROWS: Final = 0.6
"""Of the rows of a page, the part that one with terms examines: a term is compared with the process id, the step and
each search field of a row, which takes as much longer."""


class ScanBounds(NamedTuple):
    """What one page of a list may read."""

    rows: int = 20_000
    """Rows that a page examines, where an index does not decide."""
    matches: int = 1000
    """A pattern with more matches is not sorted: the list is read in the order of ids instead."""


SCAN_BOUNDS: Final = ScanBounds()

_IN_AN_ID: Final = frozenset("0123456789abcdef-*")

Kind: TypeAlias = Literal[
    "ORGANIZATION", "WORKFLOW", "STATUS", "PROCESS_ID", "ID", "PREFIX", "ENDING", "VALUE", "VALUE_PREFIX", "STATE",
    "STATE_PREFIX", "PARENT",
]  # fmt: skip
PROBED: Final = ("PREFIX", "ENDING", "VALUE_PREFIX", "STATE_PREFIX")
"""Kinds whose rows are not in the order of ids."""


class Span(NamedTuple):
    """One span of an index. `parameters` are its bounds; `ids` narrows it to a span of execution ids."""

    kind: Kind
    parameters: Mapping[str, Any] = {}
    ids: tuple[bytes, bytes] | None = None


def search_plans(query: Filter) -> Iterator[Sequence[Span]]:
    """Yields the plans to serve a filter, best first. A workflow in `parameters` is an id, not yet a number."""
    if query.parents:
        # Each has no more children than its steps have started.
        yield [Span("PARENT", {"parent": each}) for each in dict.fromkeys(query.parents)]
    by_name = [Span("WORKFLOW", {"span_workflow": each}) for each in query.term_workflows]
    for texts, spans_of, more in (
        (query.process_ids, _process_spans, []),
        *((texts, _value_spans, []) for _, texts in query.fields),
        (query.terms, _term_spans, by_name),
    ):
        spans = [spans_of(text) for text in texts]
        if texts and all(spans):
            yield [*(span for each in spans for span in each), *more]
    if query.statuses and "COMPLETED" not in query.statuses:
        numbers = dict.fromkeys(STATUS_NUMBERS[status] for status in query.statuses)
        yield [Span("STATUS", {"status": number}) for number in numbers]
    elif query.workflow_ids:
        yield [Span("WORKFLOW", {"span_workflow": each}) for each in dict.fromkeys(query.workflow_ids)]
    else:
        yield [Span("ORGANIZATION")]


def page_parameters(query: Filter, after: str, limit: int, bounds: ScanBounds = SCAN_BOUNDS) -> dict[str, Any]:
    """Returns the parameters of every source of a page, ids as bytes. Raises: BadRequest for an invalid cursor."""
    below = first_id(query.created_to) if query.created_to is not None else HIGHEST_ID
    lowest = first_id(query.created_from) if query.created_from is not None else LOWEST_ID
    if after and query.is_oldest_first:
        lowest = max(lowest, _next_id(cursor_bytes(after)))
    elif after:
        below = min(below, cursor_bytes(after))
    return {
        "below": below,
        "lowest": lowest,
        "limit": limit + 1,
        "matches": bounds.matches + 1,
    }


def budget_of(query: Filter, spans: int = 1, bounds: ScanBounds = SCAN_BOUNDS) -> int:
    """Returns how many rows of each of `spans` spans a page examines, so that no page takes much longer than others."""
    texts = len(query.process_ids) + len(query.terms) + sum(len(texts) for _, texts in query.fields)
    rows = int(bounds.rows * _TERM_ROWS) if query.terms else bounds.rows
    return max(rows * _TEXTS // max(_TEXTS, texts) // spans, min(bounds.rows, _LEAST))


def merge_page(
    sources: Iterable[Sequence[Row]], limit: int, budget: int, *, is_oldest_first: bool = False
) -> tuple[list[Head], str]:
    """Returns a page of at most `limit` heads, and the id where a source used up its budget, "" when none did.

    The last two columns of a row are whether it matches the filter, and its number within its source.
    """
    found: dict[bytes, Head] = {}
    ends: list[bytes] = []
    for rows in sources:
        for row in rows:
            if row[-2]:
                found[row[0]] = head_from(row)
            if row[-1] == budget:
                ends.append(row[0])
        if len(rows) > limit:
            ends.append(rows[-1][0])
    if not ends:
        return [found[key] for key in sorted(found, reverse=not is_oldest_first)][:limit], ""
    # Beyond the end that comes first, a source may have rows that were not read.
    if is_oldest_first:
        end = min(ends)
        keys = sorted(key for key in found if key <= end)
    else:
        end = max(ends)
        keys = sorted((key for key in found if key >= end), reverse=True)
    return [found[key] for key in keys[:limit]], "" if len(keys) >= limit else id_text(end)


def in_order(source: str, *, is_oldest_first: bool) -> str:
    """Returns the statement of a source, which reads its index from the newest row on, in the order of a list."""
    return source.replace(" DESC", "") if is_oldest_first else source


def _next_id(key: bytes) -> bytes:
    """Returns the lowest id that is higher; of the highest one itself."""
    number = int.from_bytes(key, "big") + 1
    return min(number, int.from_bytes(HIGHEST_ID, "big")).to_bytes(len(key), "big")


def process_id_patterns(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Returns the patterns of process ids: those for all process ids, and those only for ids that callers gave.

    An execution without a process id matches its own id, in whatever form it is written, and its beginning, but not its
    end, which is arbitrary.
    """
    own = [text for text in texts if _is_ending(text)]
    any_id = [text for text in texts if not _is_ending(text)]
    return [*any_id, *_canonical(any_id)], own


def id_patterns(texts: Sequence[str]) -> list[str]:
    """Returns those patterns that an execution id may fit."""
    return [text for text in process_id_patterns(texts)[0] if _IN_AN_ID.issuperset(text)]


def matches_pattern(text: str, pattern: str) -> bool:
    """Returns whether a text matches the pattern, in which `*` is any text."""
    first, *parts = pattern.split("*")
    if not parts:
        return text == first
    *middle, last = parts
    cursor, end = len(first), len(text) - len(last)
    if not text.startswith(first) or not text.endswith(last) or end < cursor:
        return False
    for part in middle:
        cursor = text.find(part, cursor, end)
        if cursor < 0:
            return False
        cursor += len(part)
    return True


def _canonical(texts: Sequence[str]) -> list[str]:
    return [id_text(key) for text in texts if (key := find_id(text)) is not None and id_text(key) != text]


def _is_ending(text: str) -> bool:
    return text.startswith("*") and text.strip("*") != ""


def _process_spans(text: str) -> list[Span]:
    """Returns the spans that hold all matches of one process id; none when there is no index for it."""
    if "*" not in text:
        spans = [Span("PROCESS_ID", {"text": text})]
        if (key := find_id(text)) is not None:
            spans.append(Span("ID", {"id": key}))
        return spans
    if _is_ending(text):
        ending = text.lstrip("*")
        return [] if "*" in ending else [Span("ENDING", _bounds(ending[::-1]))]
    prefix = text.rstrip("*")
    if not prefix or "*" in prefix:
        return []
    spans = [Span("PREFIX", _bounds(prefix))]
    low, high = id_span(prefix)
    if low != high:
        # The prefix may also be that of execution ids.
        spans.append(Span("ORGANIZATION", ids=(low, high)))
    return spans


def _value_spans(text: str) -> list[Span]:
    if "*" not in text:
        return [Span("VALUE", {"text": text})]
    prefix = text.rstrip("*")
    return [] if not prefix or "*" in prefix else [Span("VALUE_PREFIX", _bounds(prefix))]


def _term_spans(text: str) -> list[Span]:
    by_id, by_value = _process_spans(text), _value_spans(text)
    if not by_id or not by_value:
        return []
    if "*" not in text:
        return [*by_id, *by_value, Span("STATE", {"text": text})]
    return [*by_id, *by_value, Span("STATE_PREFIX", _bounds(text.rstrip("*")))]


def _bounds(prefix: str) -> dict[str, str]:
    return {"low": prefix, "high": prefix + AFTER_ALL}
