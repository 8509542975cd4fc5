"""Examples in the OpenAPI document: one for each body, each answer and each parameter that a call needs.

They are made from the schemas, with values that a table gives for names of fields, so that a new call has examples too.
Bodies in which several optional fields belong together have a table of their own.
"""

from collections.abc import Mapping
from typing import Any, Final

from looply.server.http.call import JSON

_WORKFLOW: Final = "0199d6e4-5a7b-7c1d-9e2f-3a4b5c6d7e8f"
_EXECUTION: Final = "0199d6e5-1c20-7d43-8a51-6b7c8d9e0f1a"
_INSTANT: Final = 1767225600000
_DEEPEST: Final = 8

DEFINITION: Final = {
    "workflow_name": "Goods receipt",
    "workflow_steps": [
        {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}},
        {"id": "wait_1", "type": "wait", "settings": {"sources": ["SAP"], "timeout": "P14D"}},
    ],
    "workflow_connections": [{"from": "WorkflowStartState", "to": "wait_1"}],
}
"""A definition without a finding."""

_CARD: Final = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Order ${po}"}]}
_ORDER: Final = {"po": "4500000101", "amount": 17010}

_BY_FIELD: Final[Mapping[str, Any]] = {
    "workflow_id": _WORKFLOW,
    "workflow_ids": [_WORKFLOW],
    "workflow_execution_id": _EXECUTION,
    "looply_execution_id": _EXECUTION,
    "execution_id": _EXECUTION,
    "process_id": "PO-4500000101",
    "workflow_process_id": "PO-4500000101",
    "workflow_version": 1,
    "workflow_name": "Goods receipt",
    "organization_id": "0199d6e0-0000-7000-8000-000000000001",
    "workspace_id": "0199d6e0-0000-7000-8000-000000000002",
    "card_id": "0199d6e6-2d31-7e54-9b62-7c8d9e0f1a2b",
    "card_version": 1,
    "card_name": "Order",
    "card_payload": _CARD,
    "member_id": "0199d6e9-5064-7187-8e95-0f1a2b3c4d5e",
    "user_id": "0199d6e9-5064-7187-8e95-0f1a2b3c4d5e",
    "invitation_id": "0199d6ea-6175-7298-8fa6-1a2b3c4d5e6f",
    "session_id": "0199d6eb-7286-73a9-90b7-2b3c4d5e6f70",
    "key_id": "0199d6e7-3e42-7f65-8c73-8d9e0f1a2b3c",
    "bulk_id": "0199d6e8-4f53-7076-9d84-9e0f1a2b3c4d",
    "installation_id": "0199d6ec-8397-74ba-a1c8-3c4d5e6f7081",
    "letter_id": f"{_EXECUTION}:7",
    "incident_id": f"{_EXECUTION}:12",
    "request_id": "5f0c9d1e2b3a-1f",
    "message": "success",
    "definition": DEFINITION,
    "scopes": ["trigger"],
    "reason": "order was canceled",
    "recipient": "anna@example.com",
    "user": "anna@example.com",
    "email": "anna@example.com",
    "to": "ben@example.com",
    "from": _INSTANT,
    "profile": "prod",
    "state": "wait_1",
    "limit": 20,
    "modified_on": _INSTANT,
    "token": "AaIg_0slcsi9zqme9Np4OJW1i7YJU75UaqKZA",
}
"""Values by the names of fields and parameters; where the schema of a field refuses one, a value is made."""

_BY_BODY: Final[Mapping[str, Any]] = {
    "ResumeBody": {"payload": {"source": "SAP", "quantity": 12}},
    "TerminateBody": {"payload": {"termination_reason": "Order was canceled."}},
    "RerunBody": {"workflow_execution_id": _EXECUTION, "workflow_version": "latest"},
    "RepairBody": {
        "workflow_execution_id": _EXECUTION,
        "action": "retry",
        "reason": "the shop is back",
        "dry_run": True,
    },
    "RedriveBody": {"workflow_execution_id": _EXECUTION, "workflow_version": "latest", "dry_run": True},
    "BulkRedriveBody": {"filter": {"workflow_id": _WORKFLOW}, "rate_per_second": 5, "dry_run": True},
    "BulkRepairBody": {"workflow_execution_id": [_EXECUTION], "action": "retry", "dry_run": True},
    "BulkTerminateBody": {"filter": {"workflow_id": _WORKFLOW, "status": ["WAITING"]}, "dry_run": True},
    "PreviewBody": {"schedule": {"cron": "0 7 * * MON-FRI", "timezone": "Europe/Dublin"}, "count": 3},
    "MockPayloadBody": {"workflow_id": _WORKFLOW, "workflow_version": 1, "payload": _ORDER},
    "EvaluateBody": {"expression": "payload.output.amount * 1.2", "data": {"payload": {"output": _ORDER}}},
    "CompleteBody": {"expression": "payload.output.", "position": 15, "data": {"payload": {"output": _ORDER}}},
    "ValidateExpressionBody": {"expression": "payload.output.amuont", "data": {"payload": {"output": _ORDER}}},
    "DescribeDataBody": {"definition": DEFINITION, "step_id": "wait_1", "data": {"payload": {"output": _ORDER}}},
    "TryStepBody": {"definition": DEFINITION, "step_id": "wait_1", "data": {"payload": {"output": _ORDER}}},
    "RenameStepBody": {"definition": DEFINITION, "from": "wait_1", "to": "goods_receipt"},
    "SamplesBody": {"workflow_id": _WORKFLOW, "revision": 0, "payloads": [{"name": "large order", "body": _ORDER}]},
    "CanvasBody": {
        "workflow_id": _WORKFLOW,
        "revision": 0,
        "notes": [{"id": "n1", "near": "wait_1", "text": "The warehouse answers.", "color": "yellow"}],
    },
    "PresenceBody": {"kind": "workflow", "id": _WORKFLOW, "version": 2, "tab": "b41f", "is_dirty": True},
    "DecideBody": {"data": {"action": "approve", "comment": "Go ahead."}},
    "CreateProfileBody": {"workflow_id": _WORKFLOW, "name": "prod", "values": {"connection": "S4P", "limit": 1000}},
    "UpdateProfileBody": {"workflow_id": _WORKFLOW, "name": "prod", "values": {"connection": "S4P", "limit": 2000}},
    "NamedProfileBody": {"workflow_id": _WORKFLOW, "name": "prod"},
    "CreateConnectionBody": {
        "name": "Books",
        "kind": "http",
        "settings": {"base_url": "https://books.example.com", "auth": "bearer"},
        "secrets": {"token": "the token"},
    },
    "ConnectionTestBody": {"name": "Books", "path": "/orders"},
    "UpdateConnectionBody": {
        "name": "Books",
        "kind": "http",
        "settings": {"base_url": "https://books.example.com", "auth": "bearer"},
    },
    "NamedConnectionBody": {"name": "Books"},
    "PutDatastoreBody": {"name": "approvers", "value": {"plant_1000": ["anna@example.com"]}},
    "DeleteDatastoreBody": {"name": "approvers"},
    "SignInBody": {"email": "anna@example.com", "password": "four unrelated words of mine"},
    "AcceptInvitationBody": {
        "token": "h7yq8Wm2zVb4Xk1nR5tJ9cLp3sDf6gAe0uTiOxQwYvM",
        "name": "Anna",
        "password": "four unrelated words of mine",
    },
    "ChangeMemberBody": {"user_id": "0199d6e9-5064-7187-8e95-0f1a2b3c4d5e", "role": "operator"},
    "InviteMembersBody": {"invitations": [{"email": "ben@example.com", "role": "approver"}]},
    "PreferencesBody": {"preferences": {"theme": "dark", "locale": "de", "time_zone": "Europe/Berlin"}},
    "PutNotificationBody": {"name": "Operations", "channel": "email", "target": "ops@example.com"},
    "CreateKeyBody": {"name": "SAP production", "scopes": ["trigger"]},
    "RemindBody": {"card_id": "0199d6e6-2d31-7e54-9b62-7c8d9e0f1a2b"},
    "ReassignBody": {"card_id": "0199d6e6-2d31-7e54-9b62-7c8d9e0f1a2b", "to": "ben@example.com", "reason": "on leave"},
}


def add_examples(document: dict[str, Any]) -> dict[str, Any]:
    """Adds the examples to an OpenAPI document, and returns it."""
    schemas: Mapping[str, Any] = document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation["parameters"]:
                if parameter["required"]:
                    parameter["example"] = _named_example(schemas, parameter["name"], parameter["schema"], 0)
            if body := operation.get("requestBody"):
                media = body["content"][JSON]
                media["example"] = _body_example(schemas, media["schema"])
            done = operation["responses"].get("200", {"content": {}})
            media = done["content"].get(JSON)
            if media is not None:
                media["example"] = _example(schemas, media["schema"], 0)
    return document


def _body_example(schemas: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in _BY_BODY:
        return _BY_BODY[name]
    if not schema or (schema.get("type") == "object" and "properties" not in schema):
        return {"source": "SAP", **_ORDER}
    return _example(schemas, schema, 0)


def _named_example(schemas: Mapping[str, Any], name: str, schema: Mapping[str, Any], depth: int) -> Any:
    given = _BY_FIELD.get(name)
    if given is not None and _may_be(schemas, schema, given):
        return given
    if name.endswith(("_on", "timestamp")) and _may_be(schemas, schema, _INSTANT):
        return _INSTANT
    return _example(schemas, schema, depth, name)


def _example(schemas: Mapping[str, Any], schema: Mapping[str, Any], depth: int, name: str = "") -> Any:
    """Returns a value of a schema: with its required fields, and as little of everything else as it permits."""
    schema = _resolved(schemas, schema)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _example(schemas, schema[choice][0], depth, name)
    kinds = schema.get("type", [])
    kind = next(iter([kinds] if isinstance(kinds, str) else [each for each in kinds if each != "null"]), None)
    if kind == "object":
        fields = schema.get("properties", {})
        chosen = schema.get("required", ()) if depth < _DEEPEST else ()
        return {each: _named_example(schemas, each, fields.get(each, {}), depth + 1) for each in chosen}
    if kind == "array":
        items = _example(schemas, schema["items"], depth + 1) if depth < _DEEPEST - 2 and "items" in schema else None
        return [] if items is None else [items]
    if kind is None:
        return dict(_ORDER)
    scalars: Mapping[str, Any] = {"integer": schema.get("minimum", 1), "number": 1, "boolean": False, "null": None}
    return scalars.get(kind, name or "text")


def _may_be(schemas: Mapping[str, Any], schema: Mapping[str, Any], value: Any) -> bool:
    """Returns whether a schema permits the type of a value, and the value where it lists its values."""
    schema = _resolved(schemas, schema)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return any(_may_be(schemas, each, value) for each in schema[choice])
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    kind = {dict: "object", list: "array", str: "string", int: "integer"}[type(value)]
    return not kinds or kind in kinds


def _resolved(schemas: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema
