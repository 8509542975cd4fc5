"""A document whose shape is known: an order, and values of less known shapes."""

from looply.expressions import (
    shape_of_schema,
)
from looply.expressions.shapes.shape import (
    ANY,
    TEXTUAL,
    Field,
    Presence,
    object_of,
)

ORDER = {
    "type": "object",
    "properties": {
        "number": {"type": "string"},
        "amount": {"type": "number"},
        "count": {"type": "integer"},
        "note": {"type": "string"},
        "limit": {"type": "number"},
        "urgent": {"type": "boolean"},
        "state": {"enum": ["open", "closed"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"price": {"type": "number"}, "text": {"type": "string"}},
                "required": ["price"],
            },
        },
        "buyer": {"type": "object", "properties": {"mail": {"type": "string"}}, "required": ["mail"]},
        "mixed": {"type": ["string", "array"], "items": {"type": "integer"}},
    },
    "required": ["number", "amount", "count", "urgent", "state", "tags", "lines", "mixed"],
    "additionalProperties": False,
}
DOCUMENT = object_of(
    {
        "order": Field(shape_of_schema(ORDER)),
        "free": Field(shape_of_schema({"type": "object"})),
        "any": Field(ANY),
        "other": Field(object_of({"status": Field(TEXTUAL)}), Presence.SOMETIMES),
        "mock": Field(shape_of_schema({"type": "object", "properties": {"a": {"type": "string"}}})),
    }
)
