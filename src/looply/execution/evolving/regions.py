"""`evolve` for branches and iterations: regions open, continue, and close."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from looply.definition import EACH
from looply.definition.values.pointer import split_pointer
from looply.errors import IllegalTransition
from looply.execution.evolving.mappings import without
from looply.execution.facts.address import parse_address
from looply.execution.facts.events import Cancelled, ScopeClosed, ScopeEntered, ScopeOpened
from looply.execution.facts.scopes import Frame, Region, SecretPath, scope_of, scopes_around
from looply.execution.facts.state import ExecutionState, Path

Entry = TypeVar("Entry")


def apply_scope_opened(state: ExecutionState, event: ScopeOpened) -> ExecutionState:
    """Returns the state with the region, whose step is OPEN; the branches of a parallel begin at that step."""
    region = Region(
        step=event.step,
        visit=event.visit,
        kind="parallel" if event.branches else "forEach",
        branches=event.branches,
        needed=event.needed,
        items=event.items,
        concurrency=event.concurrency,
        secrets=tuple(split_pointer(pointer)[1:] for pointer in event.secret),
        begun=len(event.branches),
        running=len(event.branches),
    )
    paths, frames = dict(state.paths_by_scope), dict(state.frames)
    for branch in event.branches:
        scope = scope_of(event.scope, event.step, branch)
        paths[scope] = _new_path(scope, event, branch)
        frames[scope] = Frame(parent=event.scope, name=branch)
    return replace(state, paths_by_scope=paths, frames=frames, regions={**state.regions, event.scope: region})


def apply_scope_entered(state: ExecutionState, event: ScopeEntered) -> ExecutionState:
    """Returns the state with one more iteration, which begins at its forEach."""
    region = state.regions.get(event.scope)
    if region is None or region.step != event.step or region.begun != event.index:
        raise IllegalTransition(f"{event.address.text} cannot begin with item {event.index}")
    name = str(event.index)
    scope = scope_of(event.scope, event.step, name)
    secrets = tuple(("item", *path[1:]) for path in region.secrets if not path or path[0] == name)
    return replace(
        state,
        paths_by_scope={**state.paths_by_scope, scope: _new_path(scope, event, EACH)},
        frames={**state.frames, scope: Frame(parent=event.scope, name=name, is_iteration=True, secrets=secrets)},
        regions={
            **state.regions,
            event.scope: replace(region, begun=region.begun + 1, running=region.running + 1),
        },
    )


def apply_scope_closed(state: ExecutionState, event: ScopeClosed) -> ExecutionState:
    """Returns the state without a branch or iteration that has ended; an iteration's output is collected."""
    frame, path = state.frames.get(event.scope), state.paths_by_scope.get(event.scope)
    if frame is None or path is None or event.scope in state.regions:
        raise IllegalTransition(f"there is no branch or iteration {event.scope} that could end")
    region = state.regions[frame.parent]
    region = replace(region, running=region.running - 1, arrived=region.arrived + (event.how == "ARRIVED"))
    freed = 0
    if frame.is_iteration:
        kept = frame.sizes.get(path.step, 0)
        freed = frame.bytes - kept
        region = _collect(region, frame, path.step, kept)
    else:
        region = replace(region, ends=(*region.ends, (frame.name, event.how)))
    return replace(
        state,
        paths_by_scope=without(state.paths_by_scope, event.scope),
        frames=without(state.frames, event.scope),
        regions={**state.regions, frame.parent: region},
        document_bytes=state.document_bytes - freed,
    )


def apply_cancelled(state: ExecutionState, event: Cancelled) -> ExecutionState:
    """Returns the state without cancelled branches or iterations and everything open in them and below."""
    regions = dict(state.regions)
    for scope in event.scopes:
        frame = state.frames.get(scope)
        if frame is None:
            raise IllegalTransition(f"there is no branch or iteration {scope} that could be cancelled")
        region = regions[frame.parent]
        ends = region.ends if frame.is_iteration else (*region.ends, (frame.name, "CANCELLED"))
        regions[frame.parent] = replace(region, running=region.running - 1, ends=ends)
    return _without_scopes(replace(state, regions=regions), event.scopes, event)


def without_region(state: ExecutionState, scope: str, event: Any) -> ExecutionState:
    """Returns the state without the region of the path of a scope, and without the branches that still run in it."""
    region = state.regions.get(scope)
    if region is None:
        return state
    inner = [name for name, frame in state.frames.items() if frame.parent == scope]
    state = _without_scopes(state, inner, event) if inner else state
    return replace(
        state,
        regions=without(state.regions, scope),
        document_bytes=state.document_bytes - region.result_bytes,
    )


def _new_path(scope: str, event: ScopeOpened | ScopeEntered, exit_: str) -> Path:
    return Path(scope=scope, step=event.step, visit=event.visit, phase="LEAVE", branch=exit_)


def _collect(region: Region, frame: Frame, step: str, size: int) -> Region:
    secrets: tuple[SecretPath, ...] = tuple(path[2:] for path in frame.secrets if path[0] == step)
    return replace(
        region,
        results=region.results.set(frame.name, frame.outputs.get(step)),
        result_bytes=region.result_bytes + size,
        result_secrets=region.result_secrets.set(frame.name, secrets) if secrets else region.result_secrets,
    )


def _without_scopes(state: ExecutionState, scopes: Iterable[str], event: Any) -> ExecutionState:
    outer = frozenset(scopes)
    removed = {scope for scope in state.frames if not outer.isdisjoint(scopes_around(state.frames, scope))}
    settled = state.settled
    for text, wait in state.waits.items():
        if wait.scope in removed:
            settled = settled.set(text, wait.cancel(event.by, event.at))
    dropped = [region for scope, region in state.regions.items() if scope in removed]
    freed = sum(state.frames[scope].bytes for scope in removed) + sum(region.result_bytes for region in dropped)
    return replace(
        state,
        settled=settled,
        paths_by_scope=_remaining(state.paths_by_scope, removed),
        frames=_remaining(state.frames, removed),
        regions=_remaining(state.regions, removed),
        waits={text: wait for text, wait in state.waits.items() if wait.scope not in removed},
        open_steps={text: step for text, step in state.open_steps.items() if _scope(text) not in removed},
        timers={seq: timer for seq, timer in state.timers.items() if _scope(timer.address) not in removed},
        document_bytes=state.document_bytes - freed,
    )


def _scope(address: str) -> str:
    return parse_address(address).scope if address else ""


def _remaining(entries: Mapping[str, Entry], removed: set[str]) -> Mapping[str, Entry]:
    return {scope: entry for scope, entry in entries.items() if scope not in removed}
