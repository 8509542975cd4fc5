"""`connectors.md`: operations and kinds of connection, from the connectors that Looply ships."""

from typing import Any

import msgspec

from looply.connectors.email.connector import CONNECTOR as EMAIL
from looply.connectors.function.connector import CONNECTOR as FUNCTION
from looply.connectors.http.connector import CONNECTOR as HTTP
from looply.connectors.port import ConnectionKind, Operation
from looply.connectors.sap.connector import CONNECTOR as SAP
from looply.connectors.teams.connector import CONNECTOR as TEAMS
from looply.limits import DEFAULT_LIMITS
from reference_pages.markdown import code, field_texts, first_sentence, page, shown_default, table

_INTRO = """
A connector offers operations, which steps call, and kinds of connection, which hold address and credentials.
Connectors are found by the entry-point group `looply.connectors`, so
[further ones](../how-to/write-a-connector.md) can be installed beside these. A step of type
[`operation`](steps.md#operation) calls any operation of any of them; the operations below have step types of their own.
How-to pages: [call SAP](../how-to/call-sap.md), [call HTTP APIs](../how-to/call-http.md),
[run code in a step](../how-to/functions.md), [send email](../how-to/mail.md),
[connect Microsoft Teams](../how-to/teams.md).
"""

_HEAD = ("field", "type", "default", "meaning")


def connectors_page() -> str:
    """Returns the page of the connectors."""
    parts = [_INTRO]
    for connector in (HTTP, SAP, FUNCTION, EMAIL, TEAMS):
        parts.append(f"## {connector.title}")
        parts += [part for operation in connector.operations for part in _operation(operation)]
        parts += [part for kind in connector.connection_kinds for part in _kind(kind)]
    return page("Connectors", *parts)


def _operation(operation: Operation) -> list[str]:
    repeat = operation.repeat
    repeats = code(repeat) if isinstance(repeat, str) else "`never` for POST and PATCH, else `always`"
    facts = [
        f"Default timeout of an attempt: {DEFAULT_LIMITS.attempt_timeout.total_seconds():g} s.",
        f"May be repeated after an unknown outcome: {repeats}.",
    ]
    return [
        f"### Operation `{operation.name}`",
        " ".join(facts),
        "Input:",
        _fields(operation.input),
        *(["Output:", _fields(operation.output)] if operation.output.__struct_fields__ else [_sentences(operation)]),
    ]


def _sentences(operation: Operation) -> str:
    return f"Output: {first_sentence(operation.output.__doc__)}"


def _kind(kind: ConnectionKind) -> list[str]:
    return [
        f"### Connection of kind `{kind.name}`",
        f"Settings: {first_sentence(kind.settings.__doc__)}",
        _fields(kind.settings),
        f"Secrets, which are stored encrypted and never shown: {first_sentence(kind.secrets.__doc__)}",
        _fields(kind.secrets),
    ]


def _fields(shape: type[msgspec.Struct]) -> str:
    texts = field_texts(shape)
    return table(_HEAD, [_field(field, texts) for field in msgspec.structs.fields(shape)])


def _field(field: Any, texts: dict[str, str]) -> tuple[str, str, str, str]:
    default = "required" if field.required else code(shown_default(_default(field))) or "none"
    return code(field.encode_name), _type(field.type), default, texts[field.name]


def _default(field: Any) -> Any:
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return None if default is msgspec.UNSET else default


def _type(type_: Any) -> str:
    """Returns the name of a type in JSON."""
    schema: dict[str, Any] = msgspec.json.schema_components([type_])[0][0]
    return _words(schema)


def _words(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(code(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_words(item) for item in schema["anyOf"])
    if "$ref" in schema:
        return code(schema["$ref"].rsplit("/", 1)[-1])
    if schema.get("type") == "array":
        return f"list of {_words(schema.get('items', {}))}"
    kind: str = schema.get("type", "any")
    return {"string": "text", "integer": "whole number"}.get(kind, kind)
