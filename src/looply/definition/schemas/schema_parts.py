"""Parts that schemas of definitions are made of."""

from typing import Final

from looply.jsontext import Json

EXPRESSION: Final[Json] = {"type": "string", "pattern": r"\$\{"}


def fields(properties: dict[str, Json], required: tuple[str, ...] = (), **more: Json) -> Json:
    """Returns the schema of an object that has these properties and no others."""
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False, **more}


def with_description(schema: Json, description: str, **more: Json) -> Json:
    """Returns the schema with a description, which editors show."""
    return {**schema, "description": description, **more}


def one_of(*values: str, **more: Json) -> Json:
    """Returns the schema of a closed list of texts."""
    return {"type": "string", "enum": list(values), **more}


def or_expression(schema: Json, **more: Json) -> Json:
    """Returns the schema of a value that an expression may also compute."""
    return {"anyOf": [schema, EXPRESSION], **more}


def items_of(schema: Json, *, least: int = 1, **more: Json) -> Json:
    """Returns the schema of a list with at least `least` items."""
    return {"type": "array", "items": schema, "minItems": least, **more}


def pairs(description: str) -> Json:
    """Returns the schema of an object of names and values, which an expression may also compute."""
    return or_expression({"type": "object"}, description=description)
