"""The JSON Schema that is made of a mock payload."""

from typing import Any

from genson import SchemaBuilder  # type: ignore[import-untyped]

from looply.jsontext import Json


def mock_schema(payload: Json) -> dict[str, Any]:
    """Returns a JSON Schema that the payload fits. No field is required: one sample cannot say which ones are."""
    builder = SchemaBuilder()
    builder.add_object(payload)
    schema: dict[str, Any] = builder.to_schema()
    pending: list[Any] = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            # `required` as a keyword is a list; as a name under `properties` it is a schema.
            if isinstance(node.get("required"), list):
                del node["required"]
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return schema
