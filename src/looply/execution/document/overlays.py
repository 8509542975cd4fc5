"""Overlays: the part of the data document that a scope reads, and the one that it writes.

The branches of a parallel share the document. An iteration has an overlay of its own outputs: its reads look there
first, its writes go there, and the overlay is dropped when the iteration ends, except for its collected output.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from looply.execution.document.masking import find_hidden_values
from looply.execution.facts.scopes import Frame, SecretPath, scopes_around
from looply.execution.facts.state import ExecutionState
from looply.jsontext import Json

_NO_OUTPUT: Json = object()


def owner_scope(state: ExecutionState, scope: str) -> str:
    """Returns the scope whose overlay holds the writes of a scope: that of an iteration, or the empty one."""
    while scope and (frame := state.frames.get(scope)) is not None:
        if frame.is_iteration:
            return scope
        scope = frame.parent
    return ""


def visible_frames(state: ExecutionState, scope: str) -> list[Frame]:
    """Returns the frames that a scope reads through, innermost first."""
    return [state.frames[name] for name in scopes_around(state.frames, scope)] if scope else []


def visible_output(state: ExecutionState, scope: str, step: str) -> tuple[bool, Json]:
    """Returns whether a step has an output that the scope sees, and the output."""
    for name in scopes_around(state.frames, scope):
        if (found := state.frames[name].outputs.get(step, _NO_OUTPUT)) is not _NO_OUTPUT:
            return True, found
    found = state.outputs.get(step, _NO_OUTPUT)
    return (False, None) if found is _NO_OUTPUT else (True, found)


def visible_payload(state: ExecutionState, scope: str) -> Mapping[str, Json]:
    """Returns `payload.output` as the scope sees it."""
    if not scope:
        return state.payload
    changed = (frame.payload for frame in visible_frames(state, scope) if frame.payload is not None)
    return next(changed, state.payload)


def visible_error(state: ExecutionState, scope: str) -> Json:
    """Returns the last handled error of the scope, else of the enclosing scopes; None when there is none."""
    errors = (frame.error for frame in visible_frames(state, scope) if frame.error is not None)
    return next(errors, state.error)


def visible_item(state: ExecutionState, scope: str) -> tuple[Json, int] | None:
    """Returns item and index of the nearest iteration, or None outside of any."""
    for frame in visible_frames(state, scope):
        if frame.is_iteration:
            index = int(frame.name)
            return state.regions[frame.parent].items[index], index
    return None


def visible_secrets(state: ExecutionState, scope: str | None) -> tuple[SecretPath, ...]:
    """Returns the secret paths of the document that a scope sees; of all scopes when it is None."""
    if not state.frames:
        return state.secrets
    frames = state.frames.values() if scope is None else visible_frames(state, scope)
    return (*state.secrets, *(secret for frame in frames for secret in frame.secrets))


def secret_values(state: ExecutionState, scope: str) -> Iterator[Json]:
    """Yields the secret values of the document that a scope sees."""
    for name, *path in visible_secrets(state, scope):
        if name == "payload":
            found: Json = {"output": visible_payload(state, scope)}
        elif name == "item":
            found = (visible_item(state, scope) or (None,))[0]
        else:
            found = {"output": visible_output(state, scope, name)[1]}
        yield from find_hidden_values(found, tuple(path))


def size_of(state: ExecutionState, scope: str, name: str) -> int:
    """Returns the counted bytes of a name that a write from the scope would replace."""
    home = owner_scope(state, scope)
    return (state.frames[home].sizes if home else state.sizes).get(name, 0)


def with_output(
    state: ExecutionState, scope: str, step: str, output: Json, size: int, secrets: Sequence[SecretPath]
) -> ExecutionState:
    """Returns the state after a step of the scope has written its output."""
    home = owner_scope(state, scope)
    owner: Frame | ExecutionState = state.frames[home] if home else state
    before = owner.sizes.get(step, 0)
    total = state.document_bytes - before + size
    sizes = owner.sizes.set(step, size) if size or before else owner.sizes
    marked = tuple(dict.fromkeys((*owner.secrets, *secrets))) if secrets else owner.secrets
    outputs = owner.outputs.set(step, output)
    if isinstance(owner, Frame):
        frame = replace(owner, outputs=outputs, sizes=sizes, secrets=marked)
        return replace(state, frames={**state.frames, home: frame}, document_bytes=total)
    return replace(state, outputs=outputs, sizes=sizes, secrets=marked, document_bytes=total)


def with_payload(
    state: ExecutionState, scope: str, payload: Mapping[str, Json], size: int, secrets: Sequence[SecretPath]
) -> ExecutionState:
    """Returns the state after a step of the scope has changed the payload."""
    home = owner_scope(state, scope)
    owner: Frame | ExecutionState = state.frames[home] if home else state
    total = state.document_bytes - owner.sizes.get("payload", 0) + size
    sizes = owner.sizes.set("payload", size)
    marked = tuple(dict.fromkeys((*owner.secrets, *secrets))) if secrets else owner.secrets
    if isinstance(owner, Frame):
        frame = replace(owner, payload=payload, sizes=sizes, secrets=marked)
        return replace(state, frames={**state.frames, home: frame}, document_bytes=total)
    return replace(state, payload=payload, sizes=sizes, secrets=marked, document_bytes=total)


def with_error(state: ExecutionState, scope: str, error: Json) -> ExecutionState:
    """Returns the state after an error of the scope was handled; only that scope and the scopes in it see it."""
    frame = state.frames.get(scope)
    if frame is None:
        return replace(state, error=error)
    return replace(state, frames={**state.frames, scope: replace(frame, error=error)})
