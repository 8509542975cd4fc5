"""The app package: what is in it, and what a catalog would refuse."""

import io
import json
import struct
import zipfile
import zlib
from typing import Any, get_args

import msgspec
import pytest

from looply.connectors.teams.calls.settings import Cloud
from looply.connectors.teams.packaging.archive import build_package
from looply.connectors.teams.packaging.icons import color_icon, outline_icon
from looply.connectors.teams.packaging.manifest import App, build_manifest, german_texts
from looply.connectors.teams.packaging.rules import find_problems
from looply.errors import BadInput, Refused

APP = App(
    app_id="AAAAAAAA-bbbb-cccc-dddd-eeeeeeeeeeee", public_url="https://looply.example.com/", connection_id="c-1 &"
)


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_package_has_manifest_texts_and_both_icons_and_is_the_same_each_time() -> None:
    content = build_package(APP)
    files = unpacked(content)
    assert list(files) == ["manifest.json", "de.json", "color.png", "outline.png"]
    assert build_package(APP) == content
    manifest = json.loads(files["manifest.json"])
    assert (manifest["id"], manifest["bots"][0]["botId"]) == (APP.app_id.lower(),) * 2
    assert manifest["validDomains"] == ["looply.example.com"]
    assert manifest["staticTabs"][0]["contentUrl"] == "https://looply.example.com/teams/inbox?connection=c-1%20%26"
    assert manifest["webApplicationInfo"]["resource"] == f"api://looply.example.com/{APP.app_id.lower()}"
    assert set(manifest["icons"].values()) | {manifest["localizationInfo"]["additionalLanguages"][0]["file"]} < set(
        files
    )


@pytest.mark.parametrize("cloud", get_args(Cloud))
def test_a_tab_is_refused_for_clouds_whose_hosts_may_not_frame_its_page(cloud: Cloud) -> None:
    app = msgspec.structs.replace(APP, cloud=cloud)
    without = unpacked(build_package(msgspec.structs.replace(app, connection_id="")))
    assert "staticTabs" not in json.loads(without["manifest.json"])
    if cloud in ("public", "gcc", "other"):
        assert json.loads(unpacked(build_package(app))["manifest.json"])["staticTabs"]
        return
    with pytest.raises(Refused) as caught:
        build_package(app)
    (problem,) = caught.value.problems
    assert (problem.path, cloud in problem.message, "leave the tab out" in problem.message) == ("/tab", True, True)


def test_an_app_without_a_connection_has_no_tab() -> None:
    app = msgspec.structs.replace(APP, connection_id="")
    assert "staticTabs" not in build_manifest(app)
    assert not any("Tabs" in name for name in german_texts(app))
    assert find_problems(build_manifest(app)) == ()


def test_the_german_texts_replace_texts_that_are_there_within_their_bounds() -> None:
    manifest = build_manifest(APP)
    translated = json.loads(json.dumps(manifest))
    for path, text in german_texts(APP).items():
        if path == "$schema":
            continue
        *parts, last = path.replace("[0]", ".0").split(".")
        place: Any = translated
        for part in parts:
            place = place[int(part)] if isinstance(place, list) else place[part]
        assert isinstance(place[last], str)
        place[last] = text
    assert find_problems(translated) == ()


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"version": "1.0"}, "/version"),
        ({"version": "01.0.0"}, "/version"),
        ({"name": "x" * 31}, "/name/short"),
        ({"developer": ""}, "/developer/name"),
        ({"app_id": "x"}, "/id"),
        ({"privacy_url": "http://x.example"}, "/developer/privacyUrl"),
    ],
)
def test_what_a_catalog_would_refuse_is_found_with_its_place(changes: dict[str, str], path: str) -> None:
    with pytest.raises(Refused) as caught:
        build_package(msgspec.structs.replace(APP, **changes))
    assert path in [each.path for each in caught.value.problems]


@pytest.mark.parametrize(
    "url",
    [
        "http://looply.example.com",
        "https://localhost",
        "https://10.0.0.1",
        "looply.example.com",
        "https://x.example/?a",
        "https://[x",
    ],
)
def test_an_address_that_teams_does_not_open_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        build_package(msgspec.structs.replace(APP, public_url=url))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda manifest: manifest.pop("icons"), ""),
        (lambda manifest: manifest.update(color="x"), ""),
        (lambda manifest: manifest["bots"].append(manifest["bots"][0]), "/bots"),
        (lambda manifest: manifest["bots"][0].update(scopes=["everywhere"]), "/bots/0/scopes/0"),
        (lambda manifest: manifest.update(validDomains=["*"]), "/validDomains/0"),
        (lambda manifest: manifest.update(validDomains=[]), "/staticTabs/0/contentUrl"),
        (lambda manifest: manifest.pop("webApplicationInfo"), "/webApplicationInfo/resource"),
        (
            lambda manifest: manifest["webApplicationInfo"].update(resource="api://elsewhere.example/x"),
            "/webApplicationInfo/resource",
        ),
    ],
)
def test_each_rule_finds_what_breaks_it(change: Any, path: str) -> None:
    manifest = build_manifest(APP)
    assert find_problems(manifest) == ()
    change(manifest)
    assert path in [each.path for each in find_problems(manifest)]


def pixels(content: bytes) -> tuple[int, list[tuple[int, ...]]]:
    """Returns size and pixels of a PNG, read by the rules of the format."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = {}, 8
    while place < len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        kind, data = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        assert struct.unpack(">I", content[place + 8 + length : place + 12 + length]) == (zlib.crc32(kind + data),)
        chunks[kind] = data
        place += 12 + length
    width, height, depth, color = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (width, depth, color) == (height, 8, 6)
    rows = zlib.decompress(chunks[b"IDAT"])
    stride = 4 * width + 1
    assert len(rows) == stride * height
    return width, [tuple(rows[row * stride + 1 + 4 * column :][:4]) for row in range(height) for column in range(width)]


def test_the_outline_icon_is_white_on_nothing_and_the_color_icon_is_full() -> None:
    size, outline = pixels(outline_icon())
    assert (size, {each[:3] for each in outline}) == (32, {(255, 255, 255)})
    assert {0, 255} < {each[3] for each in outline}
    size, color = pixels(color_icon())
    assert (size, {each[3] for each in color}) == (192, {255})
    assert color[0] == (0x5B, 0x5F, 0xC7, 255)
    assert (255, 255, 255, 255) in color
