"""The forms of connections that the web app lays out by hand name the same fields as the schemas of the connectors."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from server_kit import Caller

FORMS: Final = Path(__file__).parents[4] / "ui" / "src" / "data" / "connections" / "kinds.ts"
_KIND: Final = re.compile(
    r"^  (\w+): \{\n    settings: \[\n(.*?)\n    \],\n    secrets: \[(.*?)\],\n  \},$", re.MULTILINE | re.DOTALL
)
_FIELD: Final = re.compile(r'\{ id: "([^"]+)"((?:[^{}]|\{[^{}]*\})*)\}|\.\.\.([A-Z_]+)')
_WIDGETS: Final = {
    "string": {"text", "long"},
    "integer": {"number"},
    "boolean": {"switch"},
    "array": {"list"},
    "choice": {"choice"},
}


def fields(text: str, source: str) -> dict[str, str]:
    """Returns what is written of each field of a list, by its id; lists that are spread into it included."""
    found: dict[str, str] = {}
    for name, rest, spread in _FIELD.findall(text):
        if spread:
            part = re.search(rf"^const {spread}: .*? = \[\n(.*?)\n\];$", source, re.MULTILINE | re.DOTALL)
            assert part, spread
            found |= fields(part[1], source)
        else:
            found[name] = rest
    return found


def leaves(schema: dict[str, Any], definitions: dict[str, Any], above: str = "") -> dict[str, dict[str, Any]]:
    """Returns the schema of each value that is no object, by its path with `/`."""
    found: dict[str, dict[str, Any]] = {}
    for name, given in schema["properties"].items():
        parts = [part for part in given.get("anyOf", [given]) if part.get("type") != "null"]
        reference = parts[0].get("$ref", "").removeprefix("#/$defs/")
        if reference:
            found |= leaves(definitions[reference], definitions, f"{above}{name}/")
        else:
            found[f"{above}{name}"] = {**given, **parts[0]}
    return found


@pytest.fixture
def forms() -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """The settings and the secrets of each kind, as the web app writes them."""
    source = FORMS.read_text()
    return {
        kind: (fields(settings, source), fields(secrets, source)) for kind, settings, secrets in _KIND.findall(source)
    }


async def schemas(mine: Caller) -> dict[str, dict[str, Any]]:
    return {each["kind"]: each for each in (await mine.get("getConnectorKinds")).json()["items"]}


async def test_every_field_has_its_place_in_a_form_and_no_other(
    mine: Caller, forms: dict[str, tuple[dict[str, str], dict[str, str]]]
) -> None:
    found = await schemas(mine)
    assert set(forms) == set(found)
    for kind, (settings, secrets) in forms.items():
        schema = found[kind]["settings_schema"]
        assert set(settings) == set(leaves(schema, schema.get("$defs", {}))), kind
        assert set(secrets) == set(found[kind]["secrets_schema"]["properties"]), kind


async def test_widgets_choices_and_required_fields_are_those_of_the_schemas(
    mine: Caller, forms: dict[str, tuple[dict[str, str], dict[str, str]]]
) -> None:
    for kind, record in (await schemas(mine)).items():
        schema = record["settings_schema"]
        settings, _ = forms[kind]
        for name, leaf in leaves(schema, schema.get("$defs", {})).items():
            written = settings[name]
            widget = re.search(r'widget: "(\w+)"', written)
            assert widget, (kind, name)
            assert widget[1] in _WIDGETS["choice" if "enum" in leaf else leaf["type"]], (kind, name)
            if "enum" in leaf:
                choices = re.findall(r'"([^"]+)"', written.split("choices:")[1].split("]")[0])
                assert set(choices) == set(leaf["enum"]), (kind, name)
                assert choices[0] == leaf["default"], (kind, name)
        # A field that is needed in some cases only is required by the form, and by the checks of the connector.
        always = {name for name, written in settings.items() if "isRequired" in written and "when:" not in written}
        assert always == set(schema["required"]), kind
