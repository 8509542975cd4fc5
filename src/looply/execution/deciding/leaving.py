"""`decide` for branches and iterations: when one ends, when the next begins, and when the region is complete."""

from looply.definition import ARRIVE, Workflow
from looply.execution.closing.children import close_children
from looply.execution.closing.close import close_cards_of
from looply.execution.document.sizes import json_bytes, over_document
from looply.execution.facts.address import Address, parse_address
from looply.execution.facts.events import Cancelled, Event, ScopeClosed, ScopeEntered, StepFailed, StepSucceeded
from looply.execution.facts.scopes import Region, scope_of, scopes_around
from looply.execution.facts.state import ExecutionState, Path
from looply.jsontext import Json
from looply.limits import Limits

_MARKED_SINGLY = 100
"""The most items with secrets that are marked one by one; of more, the whole list is, which keeps later checks fast."""


def leave_scope(workflow: Workflow, state: ExecutionState, path: Path, target: str | None) -> ScopeClosed | None:
    """Returns the end of the path's branch or iteration, or None when the path continues to `target` within it."""
    frame = state.frames.get(path.scope)
    if frame is None:
        return None
    if target is None:
        return ScopeClosed(at=state.now, scope=path.scope)
    if not frame.is_iteration and workflow.join_of(state.regions[frame.parent].step) == target:
        return ScopeClosed(at=state.now, scope=path.scope, how="ARRIVED")
    return None


def continue_region(state: ExecutionState, scope: str, limits: Limits) -> tuple[Event, ...]:
    """Returns the next events of the open region of a path: an iteration begins, or the region ends; none otherwise."""
    region = state.regions[scope]
    if region.may_begin:
        return (ScopeEntered(**_common(state, scope, region), index=region.begun),)
    if not region.is_over:
        return ()
    return (
        _finish_branches(state, scope, region)
        if region.kind == "parallel"
        else _finish_items(state, scope, region, limits)
    )


def _finish_branches(state: ExecutionState, scope: str, region: Region) -> tuple[Event, ...]:
    ends: dict[str, Json] = dict(region.ends)
    losers = [branch for branch in region.branches if branch not in ends]
    ends.update(dict.fromkeys(losers, "CANCELLED"))
    common = _common(state, scope, region)
    succeeded = StepSucceeded(**common, branch=ARRIVE, output={"branches": ends})
    if not losers:
        return (succeeded,)
    cancelled = Cancelled(
        at=state.now,
        scope=scope,
        scopes=tuple(scope_of(scope, region.step, branch) for branch in losers),
        reason=f"enough branches of '{region.step}' have arrived",
    )
    return (*_close_abandoned(state, cancelled), cancelled, succeeded)


def _finish_items(state: ExecutionState, scope: str, region: Region, limits: Limits) -> tuple[Event, ...]:
    common = _common(state, scope, region)
    output = {"items": [region.results.get(str(index)) for index in range(len(region.items))]}
    size = json_bytes(output)
    if reason := over_document(state, region.step, size - region.result_bytes, limits, scope):
        message = f"step '{region.step}': {reason}"
        return (StepFailed(**common, code="DOCUMENT_TOO_LARGE", message=message),)
    return (StepSucceeded(**common, output=output, size=size, secret=_secrets(region)),)


def _secrets(region: Region) -> tuple[str, ...]:
    if len(region.result_secrets) > _MARKED_SINGLY:
        return ("/output/items",)
    paths_by_item = [(int(index), path) for index, paths in region.result_secrets.items() for path in paths]
    return tuple("/".join(("/output/items", str(index), *map(_escaped, path))) for index, path in sorted(paths_by_item))


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _close_abandoned(state: ExecutionState, cause: Cancelled) -> tuple[Event, ...]:
    """Returns the closing of the cards and children in cancelled branches, and in the scopes below them."""
    removed = frozenset(cause.scopes)

    def is_removed(address: str) -> bool:
        return not removed.isdisjoint(scopes_around(state.frames, parse_address(address).scope))

    return (*close_cards_of(state, is_removed, "CANCELLED", cause), *close_children(state, is_removed, cause))


def _common(state: ExecutionState, scope: str, region: Region) -> dict[str, Json]:
    return {"at": state.now, **Address(scope, region.step, region.visit).fields}
