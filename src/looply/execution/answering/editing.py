"""Editing the data document: an operator's edit becomes an event, or is refused with its problems."""

from collections.abc import Iterable, Iterator
from typing import Final

from looply.definition import EACH, METADATA, Workflow
from looply.definition.graph.model import Region
from looply.definition.values.pointer import split_pointer
from looply.errors import Problem
from looply.execution.approvals import overrides
from looply.execution.document.document import region_of
from looply.execution.document.masking import MASK, find_hidden_values
from looply.execution.document.overlays import owner_scope, size_of, visible_payload, visible_secrets
from looply.execution.document.sizes import json_bytes
from looply.execution.facts.commands import EditDocument, Retry, Unfit
from looply.execution.facts.datastores import merge_patch
from looply.execution.facts.events import DocumentEdited
from looply.execution.facts.state import ExecutionState
from looply.jsontext import Json
from looply.limits import Limits

_LISTED_SCOPES: Final = 10


def edit_event(
    workflow: Workflow, state: ExecutionState, command: EditDocument | Retry, limits: Limits
) -> DocumentEdited | Unfit:
    """Returns the event of an edit. `document` is {`payload`: {`output`: ...}, STEP: {`output`: ...}}.

    Each part is a merge patch (RFC 7396) of the current value, or with `replaces` the new value. The engine's own
    fields of the payload stay, and values that are secret stay marked. With a `scope` all parts change the overlay of
    that iteration, which has a payload of its own from then on.
    """
    if command.scope and command.scope not in state.frames:
        return Unfit(problems=(_unknown_scope(state, command.scope),))
    home = owner_scope(state, command.scope)
    document = command.document
    problems = tuple(_problems(workflow, state, home, document))
    if problems:
        return Unfit(problems=problems)
    outputs: dict[str, Json] = {}
    payload: Json = None
    for name, part in document.items():
        before = visible_payload(state, home) if name == "payload" else _own_output(state, home, name)
        value = part["output"] if command.replaces else merge_patch(before, part["output"])
        if name == "payload":
            payload = {**value, **{field: state.payload[field] for field in METADATA if field in state.payload}}
        else:
            outputs[name] = value
    sizes = {name: json_bytes(value) for name, value in outputs.items()}
    if payload is not None:
        sizes["payload"] = json_bytes({name: value for name, value in payload.items() if name not in METADATA})
    grown = state.document_bytes + sum(size - size_of(state, home, name) for name, size in sizes.items())
    if grown > limits.document_bytes:
        message = f"the data document would have {grown} bytes; the limit document_bytes is {limits.document_bytes}"
        return Unfit(problems=(Problem(path="/document", message=message),))
    given = {"payload": payload} if payload is not None else {}
    return DocumentEdited(
        at=command.at,
        by=command.by,
        via=command.via,
        outputs=outputs,
        reason=command.reason,
        sizes=sizes,
        secret=tuple(_secrets(workflow, state, home, (*outputs, *given))),
        scope=home,
        overrides=overrides.edit_overrides(workflow, document, command.asking),
        **given,
    )


def _unknown_scope(state: ExecutionState, scope: str) -> Problem:
    return Problem(path="/scope", message=f"no branch or iteration {scope!r} is open{_list_open(list(state.frames))}")


def _list_open(scopes: list[str]) -> str:
    """Returns the names of open scopes as the end of a message; of many only the first."""
    more = ", ..." if len(scopes) > _LISTED_SCOPES else ""
    return f"; open are {', '.join(scopes[:_LISTED_SCOPES])}{more}" if scopes else ""


def _own_output(state: ExecutionState, home: str, step: str) -> Json:
    return (state.frames[home].outputs if home else state.outputs).get(step)


def _problems(workflow: Workflow, state: ExecutionState, home: str, document: Json) -> Iterator[Problem]:
    if not isinstance(document, dict) or not document:
        message = 'must be an object such as {"payload": {"output": {"amount": 5}}} or {"STEP": {"output": {}}}'
        yield Problem(path="/document", message=message)
        return
    for name, part in document.items():
        path = f"/document/{name}"
        if name != "payload" and (name not in workflow.steps or name == workflow.start):
            yield Problem(
                path=path, message="is neither `payload` nor a step of the version that the execution runs on"
            )
        elif name != "payload" and (message := _scope_error(workflow, state, home, name)):
            yield Problem(path=path, message=message)
        elif not isinstance(part, dict) or set(part) != {"output"}:
            yield Problem(path=path, message="must be an object with `output` and nothing else")
        elif name == "payload" and not isinstance(part["output"], dict):
            yield Problem(path=f"{path}/output", message="must be an object")
        else:
            yield from _mask_problems(_secret_paths(workflow, state, home, name), name, part["output"])
            if name == "payload":
                yield from _metadata_problems(state, part["output"])


def _metadata_problems(state: ExecutionState, metadata: dict[str, Json]) -> Iterator[Problem]:
    for field in METADATA:
        if field in metadata and metadata[field] != state.payload.get(field):
            yield Problem(
                path=f"/document/payload/output/{field}", message="belongs to the engine and cannot be edited"
            )


def _scope_error(workflow: Workflow, state: ExecutionState, home: str, step: str) -> str:
    """Returns why the output of a step does not belong to the edited scope, empty when it does."""
    body = _body_of(workflow.region(step))
    if body == _body_of(region_of(state, home)):
        return ""
    if not body:
        return f"does not belong to the iteration {home}; edit it without a scope"
    own = [name for name, frame in state.frames.items() if frame.is_iteration and region_of(state, name) == body]
    return f"has an output in each iteration of its own; name the iteration by its scope{_list_open(own)}"


def _body_of(region: Region) -> Region:
    """Returns the innermost `forEach` body that a region lies in, with the regions around it; empty outside of any."""
    ends = [depth for depth, (_, exit_) in enumerate(region, start=1) if exit_ == EACH]
    return region[: ends[-1]] if ends else ()


def _mask_problems(paths: Iterable[tuple[str, ...]], name: str, part: Json) -> Iterator[Problem]:
    """Yields a problem for a `***` that a reader saw in place of a secret; stored, it would replace the secret."""
    for path in paths:
        if any(value == MASK for value in find_hidden_values(part, path)):
            where = "/".join(("", "document", name, "output", *path))
            yield Problem(path=where, message="is secret; leave it out to keep it, or give its new value")


def _secret_paths(workflow: Workflow, state: ExecutionState, home: str, name: str) -> list[tuple[str, ...]]:
    """Returns the secret paths below an entry's `output`: those of the state, and those that the step declares."""
    found = [path[2:] for path in visible_secrets(state, home) if path[0] == name]
    if name != "payload":
        found += [split_pointer(pointer)[1:] for pointer in workflow.steps[name].output_secrets]
    return list(dict.fromkeys(found))


def _secrets(workflow: Workflow, state: ExecutionState, home: str, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        field = ("payload",) if name == "payload" else ("outputs", name)
        yield from (_pointer(*field, *path) for path in _secret_paths(workflow, state, home, name))


def _pointer(*parts: str) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
