"""The JSON Schemas (2020-12) of the settings that only an `httpRequest` has: pages of a list, and SOAP."""

from typing import Final

from looply.jsontext import Json

POINTER_PATTERN: Final = r"^(?:/(?:[^~/]|~[01])*)*$"
FOLLOW_PATTERN: Final = r"^(?:link|(?:/(?:[^~/]|~[01])*)+)$"

PAGES: Final[Json] = {
    "type": "object",
    "description": "Of a GET: reads the following pages too; `data` is the list of all items.",
    "properties": {
        "follow": {
            "type": "string",
            "pattern": FOLLOW_PATTERN,
            "default": "link",
            "description": "`link`: the header `Link` with `rel=next`; else a JSON Pointer to the address in the body.",
        },
        "items": {
            "type": "string",
            "pattern": POINTER_PATTERN,
            "description": "JSON Pointer to the list in the body; the body itself when left out.",
        },
        "max": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1000,
            "default": 20,
            "description": "The most pages of one call.",
        },
    },
    "additionalProperties": False,
}

SOAP: Final[Json] = {
    "type": "object",
    "description": "Of a POST: sends `body`, a text, in an envelope; a fault fails the step.",
    "properties": {
        "action": {"type": "string", "description": "The action that the description of the service names."},
        "version": {"type": "string", "enum": ["1.1", "1.2"], "default": "1.1"},
        "header": {"type": "string", "description": "XML within the header of the envelope."},
    },
    "additionalProperties": False,
}
