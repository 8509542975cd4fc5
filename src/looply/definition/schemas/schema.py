"""The JSON Schema of a whole definition: for editors, for the docs, and as the first check of every definition."""

from copy import deepcopy
from typing import Final

from looply.definition.schemas.settings_schema import IDENTIFIER, RULES, SETTINGS, described, fields, items_of, one_of
from looply.definition.schemas.step_types import STEP_TYPES
from looply.definition.values.retry import RETRY_ON, RETRY_PATTERN
from looply.jsontext import Json

NAME_CHARACTERS: Final = 200
SEARCH_FIELDS: Final = 10
RESERVED_IDS: Final = ("payload", "environment", "error", "waits", "item", "index")
"""Names of the data document that are no steps."""

_POINTER: Json = {"type": "string", "pattern": r"^(?:/(?:[^~/]|~[01])*)+$"}
_DURATION: Json = {"$ref": "#/$defs/duration"}
_ID: Json = {"type": "string", "pattern": IDENTIFIER}

_RETRY = fields(
    {
        "max_attempts": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 3},
        "interval": described(_DURATION, "Before the second attempt.", default="PT1S"),
        "backoff": described(
            {"type": "number", "minimum": 1, "maximum": 100}, "Factor of each further wait.", default=2
        ),
        "max_interval": described(_DURATION, "The longest wait."),
        "jitter": described({"type": "number", "minimum": 0, "maximum": 1}, "Share of chance in a wait.", default=0),
        "on": items_of({"type": "string", "pattern": RETRY_PATTERN}, uniqueItems=True, default=list(RETRY_ON)),
    }
)

_EDGE = fields(
    {
        "from": _ID,
        "to": _ID,
        "branch": described({"type": "string", "minLength": 1}, "The exit of `from`.", default="next"),
    },
    ("from", "to"),
)

_SETTINGS = fields(
    {
        "timeout": _DURATION,
        "max_concurrency": {"type": "integer", "minimum": 1},
        "timezone": described({"type": "string", "minLength": 1}, "IANA name.", default="UTC"),
        "search_fields": {"type": "array", "items": _POINTER, "maxItems": SEARCH_FIELDS, "uniqueItems": True},
        "retention": described(
            _DURATION,
            "How long executions are kept after they have ended; by default as long as the installation keeps them.",
        ),
        "log": described(
            one_of("full", "errors", "none", default="full"),
            "What event log and condensed logs tell: everything, what went wrong, or no more than begin, end, "
            "incidents and decisions.",
        ),
        "on_failure": described({"type": "string", "minLength": 1}, "Id of the workflow that is told of a failure."),
    }
)


def _step() -> Json:
    """Returns the schema of a step: its type decides which settings it has."""
    return fields(
        {
            "id": described(_ID, "Unique; the name of the step's output in the data document."),
            "type": one_of(*STEP_TYPES),
            "description": {"type": "string"},
            "settings": {"type": "object"},
            "retry": _RETRY,
            "timeout": described(_DURATION, "Of one attempt."),
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
                    "pattern": r"\S",
                },
                "description": {"type": "string"},
                "workflow_steps": items_of({"$ref": "#/$defs/step"}),
                "workflow_connections": {"type": "array", "items": {"$ref": "#/$defs/edge"}},
                "workflow_integrations": {"type": "object"},
                "workflow_schema": described({"type": "object"}, "JSON Schema of the caller's body."),
                "workflow_settings": {"$ref": "#/$defs/settings"},
            },
            ("workflow_name", "workflow_steps", "workflow_connections"),
        ),
        "$defs": {"step": _step(), "edge": _EDGE, "settings": _SETTINGS, **RULES, **titled},
    }


_SCHEMA: Final[dict[str, Json]] = _document()


def definition_schema() -> dict[str, Json]:
    """Returns the JSON Schema (2020-12) of a definition. It holds every step type, also those of later releases."""
    return deepcopy(_SCHEMA)
