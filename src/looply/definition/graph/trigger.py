"""What the trigger of a definition says, also of a definition with errors."""

from looply.definition.values.pointer import is_pointer
from looply.jsontext import Json


def trigger_schema(document: Json) -> dict[str, Json] | None:
    """Returns the schema that the trigger of a definition checks bodies against; None unless it is an object."""
    schema = trigger_settings(document).get("schema")
    return schema if isinstance(schema, dict) else None


def trigger_settings(document: Json) -> dict[str, Json]:
    """Returns the settings of the trigger of a definition, also of one with errors; empty when it has none."""
    settings = _trigger(document).get("settings")
    return settings if isinstance(settings, dict) else {}


def trigger_secrets(document: Json) -> tuple[str, ...]:
    """Returns the pointers that the trigger of a definition marks as secret, also for a definition with errors."""
    stated = _trigger(document).get("secret")
    texts = (item for item in (stated if isinstance(stated, list) else ()) if isinstance(item, str))
    return tuple(pointer for pointer in texts if is_pointer(pointer))


def _trigger(document: Json) -> dict[str, Json]:
    """Returns the first trigger step of a definition, an empty object when there is none."""
    steps = document.get("workflow_steps") if isinstance(document, dict) else None
    found = (step for step in (steps if isinstance(steps, list) else ()) if isinstance(step, dict))
    return next((step for step in found if step.get("type") == "trigger"), {})
