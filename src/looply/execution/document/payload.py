"""The `payload.output` part of the data document: the caller's body and the engine's metadata."""

from collections.abc import Mapping

from looply.definition import METADATA
from looply.execution.facts.events import Computed, ExecutionStarted
from looply.jsontext import Json


def initial_payload(started: ExecutionStarted) -> dict[str, Json]:
    """Returns `payload.output` as it is at the start.

    A body that is not an object is stored under `body`; the engine's fields replace a caller's fields of the same name.
    """
    body = started.body
    caller = body if isinstance(body, dict) else {} if body is None else {"body": body}
    payload = {
        **caller,
        "workflow_id": started.workflow_id,
        "workflow_version": str(started.workflow_version),
        "workflow_execution_id": started.execution_id,
        "workflow_process_id": started.process_id or started.execution_id,
        "workflow_trigger_type": started.trigger_type,
        "organization_id": started.organization_id,
        "workspace_id": started.workspace_id,
        "executor": started.by,
    }
    if started.requires_sap_profile is not None:
        payload["looply_sap_profile_settings"] = {"requires_sap_profile": started.requires_sap_profile}
    return payload


def override_payload(payload: Mapping[str, Json], event: Computed) -> Mapping[str, Json]:
    """Returns the payload after an `overridePayload` step: names set, or the caller's part replaced."""
    if event.override == "replace":
        return {**_caller_part(event.output), **{name: payload[name] for name in METADATA if name in payload}}
    changed = dict(payload)
    for name, value in event.output.items():
        first, *rest = name.split(".")
        if first not in METADATA:
            changed[first] = _with_value(changed.get(first), rest, value) if rest else value
    return changed


def _caller_part(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {"body": value}


def _with_value(target: Json, parts: list[str], value: Json) -> dict[str, Json]:
    """Returns the object with the value at a path, copying the objects on the path only."""
    changed = dict(target) if isinstance(target, dict) else {}
    name, rest = parts[0], parts[1:]
    changed[name] = _with_value(changed.get(name), rest, value) if rest else value
    return changed
