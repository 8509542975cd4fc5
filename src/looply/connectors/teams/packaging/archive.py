"""The app package: one archive with manifest, texts and icons, the same bytes for the same app."""

import io
import zipfile
from typing import Final

from looply.connectors.teams.packaging.icons import color_icon, outline_icon
from looply.connectors.teams.packaging.manifest import (
    COLOR_FILE,
    GERMAN_FILE,
    OUTLINE_FILE,
    TAB_CLOUDS,
    App,
    build_manifest,
    german_texts,
)
from looply.connectors.teams.packaging.rules import find_problems
from looply.errors import Refused
from looply.jsontext import Json, encode_json

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest instant that an archive can name: its files have none of their own."""


def build_package(app: App) -> bytes:
    """Returns the archive of an app.

    Raises: BadInput for an address that Teams does not open; Refused for a tab that Teams of the connection's cloud
    could not show, and with every rule of a catalog that it breaks.
    """
    if app.connection_id and app.cloud not in TAB_CLOUDS:
        finding = (
            f"cannot be shown by Teams in the cloud {app.cloud}: only hosts of the public cloud may frame its page"
        )
        raise Refused.at("/tab", f"{finding}; leave the tab out, people decide on cards and in the browser")
    manifest = build_manifest(app)
    if problems := find_problems(manifest):
        first = problems[0]
        raise Refused(f"the manifest would be refused: {first.path or '/'}: {first.message}", problems=problems)
    files: dict[str, bytes] = {
        "manifest.json": _text(manifest),
        GERMAN_FILE: _text(german_texts(app)),
        COLOR_FILE: color_icon(),
        OUTLINE_FILE: outline_icon(),
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return target.getvalue()


def _text(document: dict[str, Json]) -> bytes:
    return encode_json(document)
