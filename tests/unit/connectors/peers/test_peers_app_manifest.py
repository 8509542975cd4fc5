"""The app package of Teams, held to the schemas that Microsoft publishes for manifests and for their translations."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any, Final, Literal

import jsonschema_rs
import msgspec
import pytest

from kit.servers.node_peer import MODULES
from looply.connectors.teams.packaging.archive import build_package
from looply.connectors.teams.packaging.manifest import App

SCHEMAS: Final = MODULES / "@microsoft" / "app-manifest" / "build" / "json-schemas" / "teams"
PLAIN: Final = App(
    app_id="aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", public_url="https://looply.example.com", connection_id=""
)
WITH_TAB: Final = msgspec.structs.replace(PLAIN, connection_id="connection 1 &")


def unpacked(app: App) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(build_package(app))) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")}


def faults(document: Any, name: Literal["MicrosoftTeams", "MicrosoftTeams.Localization"], version: str) -> list[str]:
    """Returns what Microsoft's schema of a version has against a document, each with its place."""
    path = SCHEMAS / f"v{version}" / f"{name}.schema.json"
    if not path.is_file():
        pytest.skip("Microsoft's schemas of manifests are not installed: `make peers` installs them")
    validator = jsonschema_rs.Draft4Validator(json.loads(path.read_text("utf-8")), validate_formats=True)
    return [f"/{'/'.join(map(str, each.instance_path))}: {each.message}" for each in validator.iter_errors(document)]


@pytest.mark.parametrize("app", [PLAIN, WITH_TAB], ids=["bot", "bot and tab"])
def test_manifest_and_translation_keep_the_schemas_of_the_version_that_they_name(app: App) -> None:
    files = unpacked(app)
    manifest, german = files["manifest.json"], files["de.json"]
    version = manifest["manifestVersion"]
    assert manifest["$schema"].endswith(f"/teams/v{version}/MicrosoftTeams.schema.json")
    assert german["$schema"].endswith(f"/teams/v{version}/MicrosoftTeams.Localization.schema.json")
    assert faults(manifest, "MicrosoftTeams", version) == []
    assert faults(german, "MicrosoftTeams.Localization", version) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda manifest: manifest.pop("icons"), "/"),
        (lambda manifest: manifest.update(surprise="x"), "/"),
        (lambda manifest: manifest["name"].update(short="x" * 31), "/name/short"),
        (lambda manifest: manifest["bots"][0].update(scopes=["everywhere"]), "/bots/0/scopes/0"),
        (lambda manifest: manifest["developer"].update(privacyUrl="ftp://example.com"), "/developer/privacyUrl"),
    ],
)
def test_the_schema_sees_what_breaks_a_manifest(change: Callable[[Any], object], place: str) -> None:
    manifest = unpacked(WITH_TAB)["manifest.json"]
    version = manifest["manifestVersion"]
    change(manifest)
    assert place in [each.partition(": ")[0] for each in faults(manifest, "MicrosoftTeams", version)]
