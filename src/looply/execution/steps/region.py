"""`parallel`, `join` and `forEach`: run branches concurrently, join them, or run a body for each item."""

from looply.definition import ForEachSettings, JoinSettings, ParallelSettings
from looply.execution.document.evaluation import StepError, secret_pointers
from looply.execution.document.overlays import visible_output
from looply.execution.facts.events import Computed, Event, ScopeOpened
from looply.execution.steps.visit import Visit
from looply.jsontext import Json


def enter_parallel(visit: Visit) -> tuple[Event, ...]:
    """Begins all branches."""
    settings = visit.step.settings
    assert isinstance(settings, ParallelSettings)
    branches = tuple(branch.id for branch in settings.branches)
    if len(branches) > visit.limits.branches:
        message = f"there are {len(branches)} branches; the limit branches is {visit.limits.branches}"
        raise StepError(message, code="LIMIT")
    return (ScopeOpened(**visit.common(), branches=branches, needed=_needed(visit, len(branches))),)


def enter_for_each(visit: Visit) -> tuple[Event, ...]:
    """Fixes the items; the iterations begin in order, at most `concurrency` at a time."""
    settings = visit.step.settings
    assert isinstance(settings, ForEachSettings)
    scope = visit.address.scope
    items = settings.items.evaluate(visit.evaluation())
    if not isinstance(items, list):
        found = "an object" if isinstance(items, dict) else "null" if items is None else f"a {type(items).__name__}"
        raise StepError(f"items must be a list, not {_KINDS.get(found, found)}", code="BAD_INPUT")
    if len(items) > visit.limits.items:
        raise StepError(f"there are {len(items)} items; the limit items is {visit.limits.items}", code="LIMIT")
    visit.check_size(items, "the list of items")
    secret = tuple(f"/items{pointer}" for pointer in secret_pointers(settings.items, visit.state, scope))
    concurrency = min(settings.concurrency, visit.limits.iterations)
    return (ScopeOpened(**visit.common(), items=items, concurrency=concurrency, secret=secret),)


def enter_join(visit: Visit) -> tuple[Event, ...]:
    """Returns the branches that have arrived, or fails with `JOIN_NOT_MET` when they are too few."""
    settings = visit.step.settings
    assert isinstance(settings, JoinSettings)
    _, ended = visible_output(visit.state, visit.address.scope, settings.of)
    arrived, missing = _arrivals(ended)
    if not arrived and not missing:  # an operator gave the parallel an output, in order to continue
        return (Computed(**visit.common(), output={"arrived": [], "missing": []}),)
    needed = {"all": len(arrived) + len(missing), "any": 1}.get(str(settings.count), settings.count)
    if len(arrived) < int(needed):
        message = (
            f"{len(arrived)} branches of '{settings.of}' have arrived, and it waits for {needed}; "
            f"the others have ended without arriving: {', '.join(missing)}"
        )
        raise StepError(message, code="JOIN_NOT_MET")
    return (Computed(**visit.common(), output={"arrived": arrived, "missing": missing}),)


_KINDS = {"a str": "a text", "a int": "a number", "a float": "a number", "a Decimal": "a number", "a bool": "a boolean"}


def _needed(visit: Visit, branches: int) -> int:
    join = visit.workflow.join_of(visit.step.id)
    if join is None:
        return 0
    settings = visit.workflow.steps[join].settings
    assert isinstance(settings, JoinSettings)
    match settings.count:
        case "all":
            return branches
        case "any":
            return 1
        case count:
            return int(count)


def _arrivals(ended: Json) -> tuple[list[str], list[str]]:
    """Returns the branches that arrived, in the order of their arrival, and the others, from a parallel's output."""
    ends = ended.get("branches") if isinstance(ended, dict) else None
    if not isinstance(ends, dict):
        return [], []
    return (
        [branch for branch, how in ends.items() if how == "ARRIVED"],
        [branch for branch, how in ends.items() if how != "ARRIVED"],
    )
