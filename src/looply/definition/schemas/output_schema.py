"""The JSON Schema (2020-12) of the output of each step type, which later steps read as `<step>.output`."""

from typing import Final

from looply.definition.schemas.schema_parts import fields
from looply.definition.schemas.settings_schema import SOURCES
from looply.jsontext import Json

_TEXT: Json = {"type": "string"}
_NONE: Json = {"type": "null"}
_BRANCH: Json = fields({"branch": _TEXT}, ("branch",))
_ANSWERED: dict[str, Json] = {
    "status": {"type": "string", "pattern": r"^[0-9]{3}$"},
    "statusText": _TEXT,
    "headers": {
        "type": "object",
        # Several values of this one header cannot be joined to a text.
        "properties": {"set-cookie": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}},
        "additionalProperties": _TEXT,
    },
    "data": {},
}
_MESSAGE: Json = fields(
    {"severity": _TEXT, "code": _TEXT, "message": _TEXT, "target": _TEXT}, ("severity", "code", "message", "target")
)
_SAP: Json = fields(
    {
        **_ANSWERED,
        "truncated": {"type": "boolean"},
        "next": {"anyOf": [_TEXT, _NONE]},
        "messages": {"type": "array", "items": _MESSAGE},
    },
    tuple(_ANSWERED),
)
_PAGES: Json = fields(
    {"count": {"type": "integer"}, "truncated": {"type": "boolean"}, "next": {"anyOf": [_TEXT, _NONE]}},
    ("count", "truncated", "next"),
)
_PAGED_CALL: Json = fields({**_ANSWERED, "pages": _PAGES}, ("status", "statusText", "headers", "data"))
_ANSWER: dict[str, Json] = {"user": _TEXT, "data": {"type": "object"}}

OUTPUTS: Final[dict[str, Json]] = {
    "trigger": _NONE,
    "httpRequest": _PAGED_CALL,
    "sapRequest": _SAP,
    "operation": {},
    "function": {},
    "email": fields(
        {
            "message_id": _TEXT,
            "accepted": {"type": "array", "items": _TEXT},
            "refused": {
                "type": "array",
                "items": fields(
                    {"address": _TEXT, "status": _TEXT, "message": _TEXT}, ("address", "status", "message")
                ),
            },
        },
        ("message_id", "accepted", "refused"),
    ),
    "conditional": fields({"branch": {"type": "string", "enum": ["yes", "no"]}}, ("branch",)),
    "branchConditional": _BRANCH,
    "advancedConditional": _BRANCH,
    "adaptiveCard": fields(
        {
            "response": {"anyOf": [_NONE, fields(_ANSWER, ("user", "data"))]},
            "responses": {
                "type": "array",
                "items": fields({**_ANSWER, "answered_on": _TEXT}, ("user", "data", "answered_on")),
            },
            "recipients": {"type": "array", "items": _TEXT},
            "source": {"type": "string", "enum": [*SOURCES, ""]},
        },
        ("response", "responses", "recipients", "source"),
    ),
    "approval": fields(
        {
            "outcome": {"type": "string", "enum": ["approved", "rejected", "timeout"]},
            "decisions": {
                "type": "array",
                "items": fields(
                    {
                        "user": _TEXT,
                        "action": {"type": "string", "enum": ["approved", "rejected"]},
                        "comment": _TEXT,
                        "at": _TEXT,
                        "via": _TEXT,
                        "card_revision": {"anyOf": [_NONE, {"type": "integer"}]},
                        "substitute_for": _TEXT,
                    },
                    ("user", "action", "comment", "at", "via", "card_revision"),
                ),
            },
        },
        ("outcome", "decisions"),
    ),
    "wait": {
        "type": "object",
        "properties": {"source": {"type": "string", "enum": list(SOURCES)}},
        "required": ["source"],
        "additionalProperties": True,
    },
    "delay": _NONE,
    "overridePayload": {},
    "datastore": fields({"value": {}, "revision": {"type": "integer", "minimum": 0}}, ("value", "revision")),
    "parallel": fields(
        {
            "branches": {
                "type": "object",
                "additionalProperties": {"type": "string", "enum": ["ARRIVED", "ENDED", "CANCELLED"]},
            }
        },
        ("branches",),
    ),
    "join": fields(
        {"arrived": {"type": "array", "items": _TEXT}, "missing": {"type": "array", "items": _TEXT}},
        ("arrived", "missing"),
    ),
    "forEach": fields({"items": {"type": "array"}}, ("items",)),
    "subworkflow": fields(
        {
            "execution_id": _TEXT,
            "status": {"type": "string", "enum": ["RUNNING", "COMPLETED", "FAILED", "TERMINATED"]},
            "output": {},
        },
        ("execution_id", "status", "output"),
    ),
    "redirect": fields({"target": _TEXT}, ("target",)),
    "terminate": fields({"status": {"type": "string", "enum": ["COMPLETED", "FAILED"]}, "reason": _TEXT}, ("status",)),
}
"""Step type -> the schema of its output."""
