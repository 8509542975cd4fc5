"""Parts of the settings of a `sapRequest` that other calls do not have: batches, pages, probes."""

from typing import Final

from looply.definition.schemas.schema_parts import fields, items_of, one_of, or_expression, pairs, with_description
from looply.jsontext import Json

ODATA_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "MERGE", "DELETE")

_TEXT: Json = {"type": "string"}
_NAME: Json = {"type": "string", "minLength": 1}

BATCH: Final[Json] = items_of(
    fields(
        {
            "id": with_description(_NAME, "Unique in the batch; a later part may begin its entity with $<id>."),
            "group": with_description(_TEXT, "Parts of one group take effect together, or none of them does."),
            "method": or_expression(one_of(*ODATA_METHODS), default="GET"),
            "entity": _TEXT,
            "params": pairs("Query parameters by name."),
            "headers": pairs("Headers by name."),
            "body": with_description({}, "Any JSON value."),
        },
        ("id",),
    ),
    maxItems=1000,
    description="Requests that are sent as one $batch, in place of `entity`, `params` and `body`.",
)

ODATA_PAGES: Final[Json] = fields(
    {
        "max": with_description({"type": "integer", "minimum": 1, "maximum": 1000}, "The most pages.", default=20),
        "rows": with_description(
            {"type": "integer", "minimum": 1}, "The page that reaches so many rows is the last.", default=10_000
        ),
    },
    description="Reads further pages of a list; without it the first page alone is read.",
)

PROBE: Final[Json] = fields(
    {
        "entity": with_description(_NAME, "The entity or the list to read."),
        "params": pairs("Query parameters by name, such as a $filter for a reference of one's own."),
        "absent": one_of(
            "incident",
            "repeat",
            default="incident",
            description="What happens when it finds nothing: an operator decides, or the call is made again.",
        ),
    },
    ("entity",),
    description="A read that finds out whether a call whose outcome is unknown took effect.",
)
