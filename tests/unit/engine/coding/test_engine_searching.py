"""How a search is served: how many rows a page looks at, and what a pattern may fit."""

import pytest

from looply.engine.coding.searching import SCAN_BOUNDS, budget_of, id_patterns, search_plans
from looply.engine.ports.lists import Filter

EXECUTION = "01944ca1-1c00-7000-8000-000000000001"


def texts(count: int) -> tuple[str, ...]:
    return tuple(f"*{number}*" for number in range(count))


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (Filter(), SCAN_BOUNDS.rows),
        (Filter(process_ids=texts(10)), SCAN_BOUNDS.rows),
        (Filter(process_ids=texts(20)), SCAN_BOUNDS.rows // 2),
        (Filter(terms=texts(1)), 12_000),
        (Filter(terms=texts(10)), 12_000),
        (Filter(terms=texts(20)), 6_000),
        (Filter(terms=texts(10), process_ids=texts(10), fields=(("po", texts(10)),)), 4_000),
    ],
)
def test_with_terms_or_more_than_ten_texts_a_page_looks_at_fewer_rows(query: Filter, rows: int) -> None:
    assert budget_of(query) == rows


def test_spans_share_the_rows_that_a_page_looks_at() -> None:
    assert budget_of(Filter(workflow_ids=("a", "b")), 2) == SCAN_BOUNDS.rows // 2
    assert budget_of(Filter(terms=texts(30)), 90) == 200


def test_only_what_an_id_may_be_is_compared_with_ids() -> None:
    found = id_patterns(("PO-*", "4500*", EXECUTION.upper(), "*4711", "0194*01"))
    assert found == ["4500*", "0194*01", EXECUTION]


def test_each_workflow_and_each_parent_is_a_span_of_its_own_once() -> None:
    (found,) = search_plans(Filter(workflow_ids=("a", "b", "a")))
    assert [span.parameters for span in found] == [{"span_workflow": "a"}, {"span_workflow": "b"}]
    first, _ = search_plans(Filter(parents=("a", "b", "a")))
    assert [(span.kind, span.parameters["parent"]) for span in first] == [("PARENT", "a"), ("PARENT", "b")]
