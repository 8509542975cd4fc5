"""The JSON Schema of a whole definition: for editors, for the docs, and as the first check of every definition."""

from copy import deepcopy
from typing import Final

from looply.definition.schemas.schema_parts import fields, items_of, one_of, with_description
from looply.definition.schemas.settings_schema import IDENTIFIER, RULES, SETTINGS
from looply.definition.schemas.step_types import STEP_TYPES
from looply.definition.values.retry import RETRY_ON, RETRY_PATTERN
from looply.jsontext import Json

NAME_CHARACTERS: Final = 200
SEARCH_FIELDS: Final = 10
RESERVED_IDS: Final = ("payload", "environment", "error", "waits", "item", "index")
"""Names of the data document that steps cannot have."""

SEARCH_POINTER: Final = r"^(?:/(?:[^~/]|~[01])*)+$"
"""A JSON Pointer (RFC 6901 section 3) that is not the whole document."""
VISIBLE_NAME: Final = r"\S"

_POINTER: Json = {"type": "string", "pattern": SEARCH_POINTER}
_DURATION: Json = {"$ref": "#/$defs/duration"}
_ID: Json = {"type": "string", "pattern": IDENTIFIER}

_RETRY = fields(
    {
        "max_attempts": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 3},
        "interval": with_description(_DURATION, "Before the second attempt.", default="PT1S"),
        "backoff": with_description(
            {"type": "number", "minimum": 1, "maximum": 100}, "Factor of each further wait.", default=2
        ),
        "max_interval": with_description(_DURATION, "The longest wait."),
        "jitter": with_description(
            {"type": "number", "minimum": 0, "maximum": 1}, "Share of chance in a wait.", default=0
        ),
        "on": items_of({"type": "string", "pattern": RETRY_PATTERN}, uniqueItems=True, default=list(RETRY_ON)),
    }
)

_EDGE = fields(
    {
        "from": _ID,
        "to": _ID,
        "branch": with_description({"type": "string", "minLength": 1}, "The exit of `from`.", default="next"),
    },
    ("from", "to"),
)

_SETTINGS = fields(
    {
        "timeout": _DURATION,
        "max_concurrency": {"type": "integer", "minimum": 1},
        "timezone": with_description({"type": "string", "minLength": 1}, "IANA name.", default="UTC"),
        "search_fields": {"type": "array", "items": _POINTER, "maxItems": SEARCH_FIELDS, "uniqueItems": True},
        "retention": with_description(
            _DURATION,
            "How long executions are kept after they have ended; by default as long as the installation keeps them.",
        ),
        "log": with_description(
            one_of("full", "errors", "none", default="full"),
            "What event log and condensed logs contain: everything, what went wrong, or only begin, end, incidents "
            "and decisions.",
        ),
        "on_failure": with_description({"type": "string", "minLength": 1}, "Id of the workflow to start on a failure."),
    }
)


def _step() -> Json:
    """Returns the schema of a step, whose type decides which settings it has."""
    return fields(
        {
            "id": with_description(_ID, "Unique; the name of the step's output in the data document."),
            "type": one_of(*STEP_TYPES),
            "description": {"type": "string"},
            "settings": {"type": "object"},
            "retry": _RETRY,
            "timeout": with_description(_DURATION, "Of one attempt."),
            "park": with_description(
                _DURATION,
                "How long a call may wait for a system that is down or in maintenance; then the step fails with "
                "TARGET_DOWN. When left out it waits until the system can be called.",
            ),
            "on_unknown": one_of("retry", "incident"),
            "secret": {"type": "array", "items": _POINTER, "uniqueItems": True},
        },
        ("id", "type"),
        allOf=[
            {
                "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                "then": {
                    "properties": {"settings": {"$ref": f"#/$defs/{name}"}},
                    **({"required": ["settings"]} if "required" in SETTINGS[name] else {}),
                },
            }
            for name in STEP_TYPES
        ],
    )


def _document() -> Json:
    titled = {name: {"title": STEP_TYPES[name].title, **schema} for name, schema in SETTINGS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Looply workflow definition",
        **fields(
            {
                "workflow_name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": NAME_CHARACTERS,
                    "pattern": VISIBLE_NAME,
                },
                "description": {"type": "string"},
                "workflow_steps": items_of({"$ref": "#/$defs/step"}),
                "workflow_connections": {"type": "array", "items": {"$ref": "#/$defs/edge"}},
                "workflow_integrations": {"type": "object"},
                "workflow_schema": with_description({"type": "object"}, "JSON Schema of the caller's body."),
                "workflow_settings": {"$ref": "#/$defs/settings"},
            },
            ("workflow_name", "workflow_steps", "workflow_connections"),
        ),
        "$defs": {"step": _step(), "edge": _EDGE, "settings": _SETTINGS, **RULES, **titled},
    }


_SCHEMA: Final[dict[str, Json]] = _document()


def definition_schema() -> dict[str, Json]:
    """Returns the JSON Schema (2020-12) of a definition, with every step type."""
    return deepcopy(_SCHEMA)
