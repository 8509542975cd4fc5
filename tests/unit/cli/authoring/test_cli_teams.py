"""`looply teams`: the app package, from a connection of a server."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
from cli_kit import Command, Looply

CONNECTION: dict[str, Any] = {
    "connection_id": "c-1",
    "name": "T",
    "kind": "teams",
    "settings": {
        "tenant_id": "11111111-2222-3333-4444-555555555555",
        "app_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
    },
    "secret_names": ["client_secret"],
    "modified_on": 1_700_000_000_000,
}
OPTIONS = ("--connection", "T", "--public-url", "https://looply.example.com")


def test_the_package_of_a_connection_is_written(run: Command, looply: Looply, tmp_path: Path) -> None:
    looply.answers["getConnection"] = {"item": CONNECTION}
    out = tmp_path / "app.zip"
    done = run("teams", "package", *OPTIONS, "--out", str(out), "--app-version", "1.2.0", "--json")
    assert (done.status, done.document["app_id"], done.document["version"]) == (
        0,
        CONNECTION["settings"]["app_id"],
        "1.2.0",
    )
    with zipfile.ZipFile(out) as archive:
        assert b'"1.2.0"' in archive.read("manifest.json")
    assert [path.name for path in tmp_path.iterdir()] == ["app.zip"]


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ((*OPTIONS, "--app-version", "one"), 1, "/version"),
        (("--connection", "T", "--public-url", "http://x"), 1, "not a public address"),
        (("--connection", "T"), 2, "--public-url"),
    ],
)
def test_what_teams_would_refuse_is_not_written(
    run: Command, looply: Looply, tmp_path: Path, options: tuple[str, ...], status: int, words: str
) -> None:
    looply.answers["getConnection"] = {"item": CONNECTION}
    done = run("teams", "package", *options, "--out", str(tmp_path / "app.zip"))
    assert (done.status, words in done.err, list(tmp_path.iterdir())) == (status, True, []), done.err


def test_a_connection_of_another_kind_has_no_package(run: Command, looply: Looply, tmp_path: Path) -> None:
    looply.answers["getConnection"] = {"item": {**CONNECTION, "kind": "http"}}
    done = run("teams", "package", *OPTIONS, "--out", str(tmp_path / "app.zip"))
    assert (done.status, "of kind http" in done.err) == (2, True)
