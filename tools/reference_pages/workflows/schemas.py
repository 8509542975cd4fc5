"""The two machine-readable documents: the JSON Schema of definitions and the OpenAPI description."""

import json

from looply.definition import definition_schema


def definition_schema_text() -> str:
    """Returns the JSON Schema of workflow definitions."""
    return json.dumps(definition_schema(), indent=2, ensure_ascii=False) + "\n"


def openapi_text() -> str:
    """Returns the OpenAPI description that a server gives at `/openapi.json`."""
    from looply.server.application import all_routes  # noqa: PLC0415 - the other document needs no server
    from looply.server.description.openapi import describe  # noqa: PLC0415

    return json.dumps(describe(all_routes()), indent=2, ensure_ascii=False) + "\n"
