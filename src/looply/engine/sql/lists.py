"""Pages of executions, newest or oldest first, at the same cost at any depth, in a store with tables.

Theory of operation. A filter is served from one or several sources, each a span of an index in the order of
ids, read from the cursor on. What the index does not decide is tested row by row, up to a budget of rows; the row
where that ends is marked, so that a short page can say where the next one begins. Several sources (two statuses, three
process ids) are merge_page; where one of them ran out of budget, nothing beyond that point is shown yet. Which sources
serve which filter, and how large the budget is, says `looply.engine.coding.searching`; how a source is read, each
store says by its `ListDialect`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from looply.engine.coding.searching import (
    PROBED,
    SCAN_BOUNDS,
    Kind,
    ScanBounds,
    Span,
    budget_of,
    merge_page,
    page_parameters,
    search_plans,
)
from looply.engine.ports.lists import Filter, Having, Head
from looply.engine.sql.sessions import Parameters, Session

HAVING: Final[Mapping[Having, str]] = {
    "incident": "EXISTS (SELECT 1 FROM incident i WHERE i.execution_id = e.id)",
    "letter": "EXISTS (SELECT 1 FROM letter l WHERE l.execution_id = e.id AND l.action = 0)",
}
"""What an execution `e` has open, in SQL."""

ListPlan: TypeAlias = tuple[Callable[[Kind], str], Parameters]
"""The statement that reads a source, by its kind, and the parameters of all sources of a page."""


class ListDialect(NamedTuple):
    """How a store reads lists.

    `plan_of` takes a filter, the numbers of its workflows, and those of the workflows that its terms name. The
    last two columns of its statements say whether a row fits, and its number within its source. `matches`
    select the few of a text. `key` makes a parameter of an id. `bounds` limit what one page reads.
    """

    plan_of: Callable[[Filter, Sequence[int], Sequence[int]], ListPlan]
    matches: Mapping[Kind, str]
    key: Callable[[bytes], Any]
    bounds: ScanBounds = SCAN_BOUNDS


async def read_page(
    session: Session, dialect: ListDialect, organization_id: str, query: Filter, after: str, limit: int
) -> tuple[list[Head], str]:
    """Returns one page and where its budget ended; see `looply.engine.ports.store.Reads.list`. Raises: BadRequest."""
    span = page_parameters(query, after, limit, dialect.bounds)
    org, *found = await session.find_numbers(organization_id, *query.workflow_ids)
    workflows = _known_numbers(found)
    if org is None or (query.workflow_ids and not workflows):
        return [], ""
    term_workflows = _known_numbers(await session.find_numbers(*query.term_workflows)) if query.terms else []
    statement, parameters = dialect.plan_of(query, workflows, term_workflows)
    shared = {**span, **parameters, "org": org}
    # All sources are read in one state of the store: what moves between two of them must not be missed.
    async with session.one_state():
        spans = await _first_way(session, dialect, shared, query)
        shared["budget"] = budget = budget_of(query, len(spans), dialect.bounds)
        sources = [
            await session.rows(statement(span.kind), await _span_parameters(session, dialect, shared, span))
            for span in spans
        ]
    return merge_page(sources, limit, budget, is_oldest_first=query.is_oldest_first)


def _known_numbers(numbers: Sequence[int | None]) -> list[int]:
    return [number for number in numbers if number is not None]


async def _first_way(session: Session, dialect: ListDialect, shared: Parameters, query: Filter) -> Sequence[Span]:
    spans: Sequence[Span] = ()
    for spans in search_plans(query):
        if await _is_served(session, dialect, shared, spans):
            break
    return spans


async def _is_served(session: Session, dialect: ListDialect, shared: Parameters, spans: Sequence[Span]) -> bool:
    """Returns whether no span has more matches than can be sorted."""
    for span in spans:
        if span.kind in PROBED:
            statement = f"SELECT count(*) FROM ({dialect.matches[span.kind]}) m"
            ((count,),) = await session.rows(statement, {**shared, **span.parameters})
            if count > dialect.bounds.matches:
                return False
    return True


async def _span_parameters(session: Session, dialect: ListDialect, shared: Parameters, span: Span) -> dict[str, Any]:
    parameters = {**shared, **span.parameters}
    if "id" in span.parameters:
        parameters["id"] = dialect.key(span.parameters["id"])
    if (name := span.parameters.get("span_workflow")) is not None:
        # Of a workflow that nothing is stored of there is no execution.
        parameters["span_workflow"] = (await session.find_numbers(name))[0] or 0
    low, high = span.ids or (shared["lowest"], shared["below"])
    parameters["lowest"] = dialect.key(max(shared["lowest"], low))
    parameters["below"] = dialect.key(min(shared["below"], high))
    return parameters
