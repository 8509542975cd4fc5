"""Editing the data document: what an operator gives becomes the new payload and outputs, or is refused with reasons."""

from collections.abc import Iterator

from looply.definition import EACH, METADATA, Workflow
from looply.definition.pointer import split_pointer
from looply.errors import Problem
from looply.execution.commands import OperatorCommand, Unfit
from looply.execution.events import DocumentEdited
from looply.execution.masking import MASK, hidden_values
from looply.execution.sizes import json_bytes
from looply.execution.state import ExecutionState
from looply.jsontext import Json
from looply.limits import Limits


def edited(
    workflow: Workflow, state: ExecutionState, command: OperatorCommand, document: Json, replaces: bool, limits: Limits
) -> DocumentEdited | Unfit:
    """Returns the event of an edit. `document` is {`payload`: {`output`: ...}, STEP: {`output`: ...}}.

    Each part is a merge patch (RFC 7396) of what is there, or takes its place when it `replaces`. The engine's own
    fields of the payload stay, and so does what is secret and not given.
    """
    problems = tuple(_problems(workflow, state, document))
    if problems:
        return Unfit(problems=problems)
    outputs: dict[str, Json] = {}
    payload: Json = None
    for name, part in document.items():
        before = state.payload if name == "payload" else state.outputs.get(name)
        value = part["output"] if replaces else merged(before, part["output"])
        if name == "payload":
            payload = {**value, **{field: state.payload[field] for field in METADATA}}
        else:
            outputs[name] = value
    sizes = {name: json_bytes(value) for name, value in outputs.items()}
    if payload is not None:
        sizes["payload"] = json_bytes({name: value for name, value in payload.items() if name not in METADATA})
    grown = state.document_bytes + sum(size - state.sizes.get(name, 0) for name, size in sizes.items())
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
        secret=tuple(_secrets(workflow, state, outputs, has_payload=payload is not None)),
        **given,
    )


def merged(target: Json, patch: Json) -> Json:
    """Returns the target after a merge patch (RFC 7396): objects are merged, null removes, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value)
    return found


def _problems(workflow: Workflow, state: ExecutionState, document: Json) -> Iterator[Problem]:
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
        elif name != "payload" and any(exit_ == EACH for _, exit_ in workflow.region(name)):
            yield Problem(path=path, message="has an output in each iteration of its own, which cannot be edited")
        elif not isinstance(part, dict) or set(part) != {"output"}:
            yield Problem(path=path, message="must be an object with `output` and nothing else")
        elif name == "payload" and not isinstance(part["output"], dict):
            yield Problem(path=f"{path}/output", message="must be an object")
        else:
            yield from _masks(workflow, state, name, part["output"])
            if name == "payload":
                yield from _metadata(state, part["output"])


def _metadata(state: ExecutionState, given: dict[str, Json]) -> Iterator[Problem]:
    for field in METADATA:
        if field in given and given[field] != state.payload[field]:
            yield Problem(
                path=f"/document/payload/output/{field}", message="belongs to the engine and cannot be edited"
            )


def _masks(workflow: Workflow, state: ExecutionState, name: str, given: Json) -> Iterator[Problem]:
    """Refuses a mask that a reader was shown in place of a secret: written back it would be the secret."""
    for path in _secret_paths(workflow, state, name):
        if any(value == MASK for value in hidden_values(given, path)):
            where = "/".join(("", "document", name, "output", *path))
            yield Problem(path=where, message="is secret; leave it out to keep it, or give its new value")


def _secret_paths(workflow: Workflow, state: ExecutionState, name: str) -> list[tuple[str, ...]]:
    """Returns the paths below an entry's `output` that are secret, by what was marked and by what the step marks."""
    found = [path[2:] for path in state.secrets if path[0] == name]
    if name != "payload":
        found += [split_pointer(pointer)[1:] for pointer in workflow.steps[name].output_secrets]
    return list(dict.fromkeys(found))


def _secrets(
    workflow: Workflow, state: ExecutionState, outputs: dict[str, Json], *, has_payload: bool
) -> Iterator[str]:
    if has_payload:
        yield from (_pointer("payload", *path) for path in _secret_paths(workflow, state, "payload"))
    for name in outputs:
        yield from (_pointer("outputs", name, *path) for path in _secret_paths(workflow, state, name))


def _pointer(*parts: str) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
