"""The rules of a manifest, as far as the app uses it, in our own words: what a catalog would refuse is found here.

Source: the manifest schema of Microsoft Teams, version 1.19, and its page on localization.
"""

from typing import Any, Final

import jsonschema_rs

from looply.connectors.teams.calls.settings import GUID
from looply.connectors.teams.packaging.manifest import MANIFEST_VERSION, SCHEMA_URL, SCOPES
from looply.definition.values.pointer import join_pointer
from looply.errors import Problem
from looply.jsontext import Json


def _text(most: int, least: int = 1) -> dict[str, Json]:
    return {"type": "string", "minLength": least, "maxLength": most}


def _shape(required: dict[str, Json], optional: dict[str, Json] | None = None) -> dict[str, Json]:
    return {
        "type": "object",
        "required": list(required),
        "properties": required | (optional or {}),
        "additionalProperties": False,
    }


def _list(items: Json, most: int, least: int = 0) -> dict[str, Json]:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most, "uniqueItems": True}


_GUID: Final[dict[str, Json]] = {"type": "string", "pattern": f"^{GUID.pattern}$"}
_HTTPS: Final[dict[str, Json]] = {"type": "string", "pattern": "^https://[^\\s/]+", "maxLength": 2048}
_SCOPE: Final[dict[str, Json]] = {"enum": list(SCOPES)}
_LANGUAGE: Final[dict[str, Json]] = {"type": "string", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"}

RULES: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_shape(
        {
            "manifestVersion": {"const": MANIFEST_VERSION},
            "version": {"type": "string", "pattern": "^(0|[1-9][0-9]*)(\\.(0|[1-9][0-9]*)){2}$", "maxLength": 256},
            "id": _GUID,
            "developer": _shape(
                {"name": _text(32), "websiteUrl": _HTTPS, "privacyUrl": _HTTPS, "termsOfUseUrl": _HTTPS}
            ),
            "name": _shape({"short": _text(30), "full": _text(100)}),
            "description": _shape({"short": _text(80), "full": _text(4000)}),
            "icons": _shape({"color": _text(2048), "outline": _text(2048)}),
            "accentColor": {"type": "string", "pattern": "^#[0-9A-F]{6}$"},
        },
        {
            "$schema": {"const": SCHEMA_URL},
            "localizationInfo": _shape(
                {"defaultLanguageTag": _LANGUAGE},
                {"additionalLanguages": _list(_shape({"languageTag": _LANGUAGE, "file": _text(2048)}), 100)},
            ),
            "bots": _list(
                _shape(
                    {"botId": _GUID, "scopes": _list(_SCOPE, 3, 1)},
                    {"supportsFiles": {"type": "boolean"}, "isNotificationOnly": {"type": "boolean"}},
                ),
                1,
            ),
            "staticTabs": _list(
                _shape(
                    {
                        "entityId": _text(64),
                        "name": _text(128),
                        "contentUrl": _HTTPS,
                        "scopes": _list({"enum": ["personal", "team", "groupChat"]}, 3, 1),
                    },
                    {"websiteUrl": _HTTPS},
                ),
                16,
            ),
            "permissions": _list({"enum": ["identity", "messageTeamMembers"]}, 2),
            "validDomains": _list({"type": "string", "pattern": "^[^\\s/*]+$", "maxLength": 2048}, 16),
            "webApplicationInfo": _shape({"id": _GUID}, {"resource": _text(2048)}),
        },
    ),
}
_VALIDATOR: Final = jsonschema_rs.validator_for(RULES)


def find_problems(manifest: Json) -> tuple[Problem, ...]:
    """Returns what a catalog would refuse of a manifest, each with its place; empty when it takes it."""
    found = [
        Problem(path=join_pointer("", *error.instance_path), message=error.message)
        for error in _VALIDATOR.iter_errors(manifest)
    ]
    return tuple(found) if found else _unmatched(manifest)


def _unmatched(manifest: dict[str, Any]) -> tuple[Problem, ...]:
    """Returns where a manifest names hosts that it does not list, or a resource of another host than its tabs have.

    Teams would show the pages of the first empty, and gives those of the second no token of their reader.
    """
    domains = {str(each) for each in manifest.get("validDomains", [])}
    found = []
    for index, tab in enumerate(manifest.get("staticTabs", [])):
        host = str(tab["contentUrl"]).removeprefix("https://").partition("/")[0]
        if host not in domains:
            path = join_pointer("", "staticTabs", index, "contentUrl")
            found.append(Problem(path=path, message=f"{host} is not in `validDomains`"))
        resource = str(manifest.get("webApplicationInfo", {}).get("resource", ""))
        if not resource.startswith(f"api://{host}/"):
            message = f"{resource[:200]!r} must begin with api://{host}/, which is the host of the tab"
            found.append(Problem(path="/webApplicationInfo/resource", message=message))
    return tuple(found)
