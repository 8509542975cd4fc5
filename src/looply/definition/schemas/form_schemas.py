"""The JSON Schemas of settings as forms need them: with a title and a description for each field, and whole.

The schema that checks definitions has no titles, and leaves out descriptions that its page gives in a better place.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from looply.definition.schemas.settings_schema import RULES, SETTINGS
from looply.jsontext import Json

_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "api": "May be decided by the API",
        "app": "App",
        "base_url": "Address",
        "cc": "Copy to",
        "dst": "When the clocks change",
        "fail_on": "Fails on",
        "for": "For",
        "html": "Text as HTML",
        "if_revision": "Only at revision",
        "list_unsubscribe": "Address to unsubscribe",
        "ok_on": "Is data on",
        "of": "Parallel",
        "path": "Path",
        "raw": "Insert values without escaping",
        "requester": "Requested by",
        "self_approval": "The requester may decide",
        "soap": "SOAP",
        "timezone": "Time zone",
        "to": "To",
        "url": "URL",
        "workflow_id": "Workflow",
    }
)
"""Titles that the name of the field does not give."""

_DESCRIPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "trigger_type": "`REQUEST`: a call starts it. `SCHEDULED`: a schedule starts it.",
        "schedule": "When it starts, by `cron` or by `every`.",
        "method": "The HTTP method.",
        "body_type": "How the body is written.",
        "auth.type": "The kind of credentials.",
        "token": "The token, from an expression.",
        "user": "The name of the user.",
        "password": "The password, from an expression.",
        "soap.version": "The version of SOAP.",
        "client": "The client of the SAP system, such as 100.",
        "service_path": "The path of the OData service, such as /sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV.",
        "entity": "The entity set, with the key for a single entity, such as A_PurchaseOrder('4500000101').",
        "language": "The language of the code.",
        "rules": "The rules; all of them must hold.",
        "branchConditional.variable": "The value that is compared, such as ${payload.output.region}.",
        "operator": "How the values are compared.",
        "branches": "The branches; each is an exit.",
        "branches.id": "The name of the branch in edges and outputs.",
        "branches.label": "The name of the branch on the canvas.",
        "branches.value": "The value with which the variable is compared.",
        "branches.style": "How the branch is drawn.",
        "conditions": "The conditions; a group ends where one is joined by `or`.",
        "action": "What happens with the cards.",
        "adaptiveCard.wait": "Left out: the execution continues at once.",
        "wait.for": "How many answers are needed.",
        "escalation": "Who is asked when the approvers have not decided in time.",
        "sources": "From where the answer may come.",
        "parameters": "The values to set in `payload.output`.",
        "parameters.value": "Any JSON value with expressions.",
        "datastore.operation": "What is done with the datastore.",
        "subject": "The subject of the mail.",
        "redirect.target": "The step that is visited next.",
        "terminate.status": "The status of the execution.",
        "reason": "Why it ends; shown with the execution.",
    }
)
"""Descriptions that the schema lacks, by the field's name, preceded by that of what it is in where that matters."""

_LEVELS: Final = 20


def form_schema(name: str) -> dict[str, Json]:
    """Returns the schema of the settings of a step type, with the definitions that it references in `$defs`.

    Guarantees: each field has a title; each field of the settings themselves has a description.
    """
    made = _described(SETTINGS[name], name, _LEVELS)
    rules = {rule: _described(schema, rule, _LEVELS) for rule, schema in RULES.items() if _is_needed(rule, made)}
    return {**made, "$defs": rules} if rules else made


def form_of_schema(schema: Mapping[str, Any]) -> dict[str, Json]:
    """Returns the schema of an operation or a connection as a form: an object whose fields have titles."""
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    definitions = schema.get("$defs", {})
    if name in definitions:
        others = {other: part for other, part in definitions.items() if other != name}
        schema = {**definitions[name], **({"$defs": others} if others else {})}
    return _described(dict(schema), "", _LEVELS)


def title_of(name: str) -> str:
    """Returns the title of a field, such as `Service path` for `service_path`."""
    if name in _TITLES:
        return _TITLES[name]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").replace("-", " ").split()
    text = " ".join(words) or name
    return text[:1].upper() + text[1:]


def _is_needed(rule: str, schema: Json) -> bool:
    """Returns whether a schema references a definition; rules reference each other and durations."""
    text = repr(schema)
    return f"#/$defs/{rule}'" in text or (rule == "negatedRule" and "#/$defs/rule'" in text)


def _described(schema: Json, owner: str, levels: int) -> dict[str, Json]:
    """Returns a schema with titles and descriptions for the fields of all objects within it."""
    made: dict[str, Json] = dict(schema)
    if not levels:
        return made
    properties = made.get("properties")
    if isinstance(properties, dict):
        made["properties"] = {name: _field(name, value, owner, levels - 1) for name, value in properties.items()}
    if isinstance(made.get("items"), dict):
        made["items"] = _described(made["items"], owner, levels - 1)
    for keyword in ("anyOf", "oneOf"):
        if isinstance(made.get(keyword), list):
            made[keyword] = [
                _described(part, owner, levels - 1) if isinstance(part, dict) else part for part in made[keyword]
            ]
    if isinstance(made.get("$defs"), dict):
        made["$defs"] = {name: _described(part, name, levels - 1) for name, part in made["$defs"].items()}
    return made


def _field(name: str, schema: Json, owner: str, levels: int) -> Json:
    if not isinstance(schema, dict):
        return schema
    described = _DESCRIPTIONS.get(f"{owner}.{name}") or _DESCRIPTIONS.get(name)
    made = _described(schema, name, levels)
    words = {"title": title_of(name), **({"description": described} if described else {})}
    return {**words, **made}
