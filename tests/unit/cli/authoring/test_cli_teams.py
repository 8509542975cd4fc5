"""`looply teams`: the app package, from a connection of a server."""

import zipfile
from pathlib import Path
from typing import Any, get_args

import pytest
from cli_kit import Command, Looply

from looply.app.messages.bots import ReachStatus
from looply.cli.authoring.teams import Status

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


def test_the_package_has_the_tab_where_it_is_asked_for(run: Command, looply: Looply, tmp_path: Path) -> None:
    looply.answers["getConnection"] = {"item": CONNECTION}
    out = tmp_path / "app.zip"
    assert run("teams", "package", *OPTIONS, "--tab", "--out", str(out)).status == 0
    with zipfile.ZipFile(out) as archive:
        assert b'"https://looply.example.com/teams/inbox?connection=c-1"' in archive.read("manifest.json")


def test_a_connection_of_another_kind_has_no_package(run: Command, looply: Looply, tmp_path: Path) -> None:
    looply.answers["getConnection"] = {"item": {**CONNECTION, "kind": "http"}}
    done = run("teams", "package", *OPTIONS, "--out", str(tmp_path / "app.zip"))
    assert (done.status, "of kind http" in done.err) == (2, True)


PERSON = {
    "person_id": "anna-id",
    "name": "Anna",
    "mail": "anna@contoso.test",
    "user_principal_name": None,
    "status": "BLOCKED",
    "reason": "MessageWritesBlocked",
    "failure": None,
    "seen_on": None,
    "checked_on": 1_782_900_000_000,
}


def test_people_are_listed_over_all_pages_by_status(run: Command, looply: Looply) -> None:
    other = {**PERSON, "person_id": "ben-id", "name": "Ben"}
    looply.answers["getTeamsPeople"] = [
        {"count": 1, "items": [PERSON], "lastKey": {"person_id": "anna-id"}},
        {"count": 1, "items": [other]},
    ]
    done = run("teams", "people", "--connection", "T", "--status", "BLOCKED", "--status", "FAILED")
    assert done.status == 0, done.err
    assert all(word in done.out for word in ("Anna", "Ben", "MessageWritesBlocked", "BLOCKED"))
    assert [(name, query["name"], query["status"], query.get("person_id")) for name, query, _ in looply.calls] == [
        ("getTeamsPeople", "T", ["BLOCKED", "FAILED"], None),
        ("getTeamsPeople", "T", ["BLOCKED", "FAILED"], "anna-id"),
    ]


def test_every_status_can_be_asked_for() -> None:
    assert get_args(Status) == get_args(ReachStatus)


def test_a_person_is_checked_again(run: Command, looply: Looply) -> None:
    looply.answers["checkTeamsPerson"] = {"item": PERSON}
    done = run("teams", "check", "anna@contoso.test", "--connection", "T")
    assert (done.status, "2026-07-01" in done.out) == (0, True), done.out
    assert looply.calls == [("checkTeamsPerson", {}, {"name": "T", "person": "anna@contoso.test"})]
