"""`http-api.md`: every operation of the OpenAPI description as people read it."""

from collections.abc import Iterator
from typing import Any, Final

from looply.server.application import all_routes
from looply.server.description.openapi import describe
from reference_pages.markdown import code, page, table

_NAMES: Final = {"string": "text", "integer": "whole number"}
_INTRO: Final = """
The same description for programs is [openapi.json](openapi.json), which a running server serves at `/openapi.json`;
`/docs` shows it as a page.

- **Key.** Every call but those marked public carries the header `x-api-key`. Its scopes give it
  [permissions](permissions.md), and each call needs one of these. Any kind of bad key is
  `403 {"message":"Forbidden"}`; a good one without the permission has `"code":"SCOPE"` beside it, and the `permission`.
- **Names.** Paths match without regard to letter case. Bodies are JSON, `Content-Type` absent or
  `application/json`; some calls take `text/plain` and `text/json` too. Query parameters that a call does not have are
  refused.
- **Times** are epoch milliseconds. Some booleans are texts (`latest`), because the API has always had them so.
- **Answers** have a `message`. Every answer has the header `x-request-id`, which identifies the log lines of the call.
- **Errors** have one shape; see [error codes](errors.md). A 4xx or 503 means that nothing was done, but for
  `OUTCOME_UNKNOWN`.
- **Pages.** `limit` is 1 to 30, 20 by default. When another page follows, the answer has `lastKey`; send its fields
  back as query parameters.
- **Retries.** A trigger with a `process_id` or an `Idempotency-Key`, a resume and a terminate can be repeated
  safely. See [trigger a workflow](../how-to/trigger.md).
"""


def http_api_page() -> str:
    """Returns the page of all calls."""
    document = describe(all_routes())
    schemas = document["components"]["schemas"]
    parts: list[str] = [_INTRO, _overview(document)]
    for tag in document["tags"]:
        parts.append(f"## {tag['name']}")
        for method, path, operation in _operations(document):
            if tag["name"] in operation["tags"]:
                parts += _operation(method, path, operation, schemas)
    return page("HTTP API", *parts)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _overview(document: dict[str, Any]) -> str:
    rows = [
        (f"`{method} {path}`", operation["summary"], _access(operation))
        for method, path, operation in _operations(document)
    ]
    return table(("call", "what it does", "permission"), rows)


def _access(operation: dict[str, Any]) -> str:
    if operation.get("security") == []:
        return "public"
    if operation.get("security"):
        return "token"
    description: str = operation.get("description", "")
    return description.rsplit("Permission ", 1)[-1].strip(".`")


def _operation(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    parameters = [
        (
            code(parameter["name"]),
            parameter["in"],
            "yes" if parameter["required"] else "",
            parameter["description"] + (" May be repeated." if parameter["schema"].get("type") == "array" else ""),
        )
        for parameter in operation["parameters"]
    ]
    opened = "Public." if _access(operation) == "public" else "Opened by the setting `metrics_token`."
    parts = [f"### {method} {path}", f"{operation['summary']}. {operation.get('description', opened)}"]
    parts.append(table(("parameter", "in", "required", "meaning"), parameters))
    if "requestBody" in operation:
        parts += _content("Body", operation["requestBody"]["content"], schemas)
    if "200" in operation["responses"]:
        parts += _content("Answer", operation["responses"]["200"]["content"], schemas)
    refusals = ", ".join(code(status) for status in operation["responses"] if int(status) >= 400)
    parts.append(f"Refusals: {refusals}.")
    return [part for part in parts if part]


def _content(title: str, content: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    ((media_type, described),) = content.items()
    if media_type != "application/json":
        return [f"{title}: a stream of {code(media_type)}."]
    schema = described["schema"]
    resolved = _resolved(schema, schemas)
    if not resolved.get("properties"):
        return [f"{title}: {'any JSON value' if not resolved else 'a JSON object'}."]
    text = " ".join(resolved.get("description", "").split())
    rows = list(_fields("", resolved, schemas))
    return [f"{title}: {text}".rstrip(": "), table(("field", "type", "always"), rows)]


def _fields(
    prefix: str, schema: dict[str, Any], schemas: dict[str, Any], around: tuple[dict[str, Any], ...] = ()
) -> Iterator[tuple[str, str, str]]:
    """Yields the rows of the fields of an object; an object within its like is not described again."""
    required = schema.get("required", [])
    for name, value in schema.get("properties", {}).items():
        resolved = _resolved(_present(value), schemas)
        yield code(prefix + name), _kind(value, schemas), "yes" if name in required else ""
        inner, mark = _held(resolved, schemas)
        is_new = not any(inner is outer for outer in (*around, schema))
        if inner.get("properties") and is_new and "WorkflowDefinition" not in str(value):
            yield from _fields(f"{prefix}{name}{mark}.", inner, schemas, (*around, schema))


def _held(schema: dict[str, Any], schemas: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Returns the innermost item type of lists and maps, and its path: `[]` an item, `.*` a value of any name."""
    mark = ""
    while True:
        if "array" in _types(schema):
            schema, mark = _resolved(schema.get("items", {}), schemas), f"{mark}[]"
        elif isinstance(schema.get("additionalProperties"), dict):
            schema, mark = _resolved(schema["additionalProperties"], schemas), f"{mark}.*"
        else:
            return schema, mark


def _present(schema: Any) -> Any:
    """Returns the schema of a nullable value without null."""
    others = [item for item in schema.get("anyOf", []) if item != {"type": "null"}] if isinstance(schema, dict) else []
    return others[0] if len(others) == 1 else schema


def _resolved(schema: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(schema, dict):
        return {}
    if "$ref" in schema:
        found: dict[str, Any] = schemas[schema["$ref"].rsplit("/", 1)[-1]]
        return found
    return schema


def _kind(schema: Any, schemas: dict[str, Any]) -> str:
    resolved = _resolved(schema, schemas)
    if "const" in resolved:
        return code(resolved["const"])
    if "enum" in resolved:
        return ", ".join(code(value) for value in resolved["enum"])
    if "discriminator" in resolved:
        return f"object by its {code(resolved['discriminator']['propertyName'])}"
    if "anyOf" in resolved:
        return " or ".join(dict.fromkeys(_kind(item, schemas) for item in resolved["anyOf"]))
    if isinstance(resolved.get("additionalProperties"), dict):
        return f"object of {_kind(resolved['additionalProperties'], schemas)}"
    return " or ".join(
        f"list of {_kind(resolved.get('items', {}), schemas)}" if each == "array" else _NAMES.get(each, each)
        for each in _types(resolved)
    )


def _types(schema: dict[str, Any]) -> list[str]:
    """Returns the types that values of a schema may have."""
    types = schema.get("type", "any")
    return types if isinstance(types, list) else [types]
