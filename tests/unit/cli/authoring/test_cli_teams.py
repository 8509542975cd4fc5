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


def test_the_tab_is_refused_where_teams_of_the_cloud_could_not_show_it(
    run: Command, looply: Looply, tmp_path: Path
) -> None:
    settings = {**CONNECTION["settings"], "cloud": "gcc_high"}
    looply.answers["getConnection"] = {"item": {**CONNECTION, "settings": settings}}
    out = tmp_path / "app.zip"
    refused = run("teams", "package", *OPTIONS, "--tab", "--out", str(out))
    assert (refused.status, "in the cloud gcc_high" in refused.err, out.exists()) == (1, True, False), refused.err
    assert run("teams", "package", *OPTIONS, "--out", str(out)).status == 0


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


INSTALLATION = {
    "installation_id": "b-1",
    "name": "T",
    "status": "RUNNING",
    "people": 2,
    "installed": 0,
    "refused": 0,
    "rate_per_second": 5,
    "created_by": None,
    "created_on": 1_782_900_000_000,
    "modified_on": 1_782_900_000_000,
    "ended_on": None,
}
DONE = {**INSTALLATION, "status": "DONE", "installed": 2, "ended_on": 1_782_900_002_000}
REFUSAL = {"person": "ben@contoso.test", "name": None, "code": "PersonNotFound", "message": "check the address"}
FORECAST = {
    "people": 2,
    "skipped": 1,
    "truncated": True,
    "items": [{"person_id": "anna-id", "name": "Anna", "status": "NOT_INSTALLED"}],
    "unknown": ["ben@contoso.test"],
}


def test_the_app_is_installed_for_people_who_are_named(run: Command, looply: Looply) -> None:
    looply.answers["installTeamsApp"] = {"message": "success", "item": INSTALLATION}
    done = run("teams", "install", "anna-id", "ben@contoso.test", "--connection", "T", "--rate", "7", "--yes")
    assert (done.status, "b-1" in done.out, "RUNNING" in done.out) == (0, True, True), done.err
    body = {"name": "T", "person": ["anna-id", "ben@contoso.test"], "rate_per_second": 7}
    assert looply.calls == [("installTeamsApp", {}, body)]


def test_a_dry_run_shows_who_would_get_the_app_and_stores_nothing(run: Command, looply: Looply) -> None:
    looply.answers["installTeamsApp"] = {"message": "forecast", "forecast": FORECAST}
    done = run("teams", "install", "--connection", "T", "--missing", "--dry-run")
    assert done.status == 0, done.err
    assert all(
        word in done.out
        for word in ("2 people, and more may lack the app", "1 have the app", "Anna", "ben@contoso.test")
    )
    body = {"name": "T", "missing": True, "rate_per_second": 5, "dry_run": True}
    assert looply.calls == [("installTeamsApp", {}, body)]


def test_people_who_have_the_app_are_passed_over_until_some_lack_it(run: Command, looply: Looply) -> None:
    none = {"people": 0, "skipped": 0, "truncated": True, "items": [], "unknown": []}
    looply.answers["installTeamsApp"] = [
        {"message": "forecast", "forecast": none, "after": "p-2000"},
        {"message": "forecast", "forecast": FORECAST, "after": "p-4000"},
        {"message": "success", "item": INSTALLATION, "after": "p-4000"},
    ]
    done = run("teams", "install", "--connection", "T", "--missing", "--yes")
    assert (done.status, "More people may lack the app" in done.out) == (0, True), done.err
    body = {"name": "T", "missing": True, "rate_per_second": 5}
    assert [sent for _, _, sent in looply.calls] == [
        {**body, "dry_run": True},
        {**body, "after": "p-2000", "dry_run": True},
        {**body, "after": "p-2000"},
    ]


@pytest.mark.parametrize(("refused", "status"), [(0, 0), (1, 1)])
def test_a_command_that_waits_says_how_it_ended(run: Command, looply: Looply, refused: int, status: int) -> None:
    looply.answers["installTeamsApp"] = {"message": "success", "item": INSTALLATION}
    ended = {"item": {**DONE, "installed": 2 - refused, "refused": refused}, "refusals": [REFUSAL] * refused}
    looply.answers["getTeamsInstallation"] = [{"item": INSTALLATION, "refusals": []}, ended]
    done = run("teams", "install", "anna-id", "--connection", "T", "--yes", "--wait")
    assert (done.status, "DONE" in done.out, "check the address" in done.out) == (status, True, bool(refused)), done.err


@pytest.mark.parametrize(
    ("options", "words"),
    [((), "give --missing"), (("anna-id", "--missing"), "give --missing"), (("anna-id",), "--yes")],
)
def test_without_a_choice_or_an_agreement_nothing_is_installed(
    run: Command, looply: Looply, options: tuple[str, ...], words: str
) -> None:
    done = run("teams", "install", *options, "--connection", "T")
    assert (done.status, words in done.err, looply.calls) == (2, True, []), done.err


def test_installations_are_listed_shown_and_cancelled(run: Command, looply: Looply) -> None:
    looply.answers["getTeamsInstallations"] = {"count": 1, "items": [INSTALLATION]}
    looply.answers["getTeamsInstallation"] = {"item": {**DONE, "refused": 1}, "refusals": [REFUSAL]}
    looply.answers["cancelTeamsInstallation"] = {"item": {**DONE, "status": "CANCELLED"}}
    listed = run("teams", "installations")
    assert (listed.status, "b-1" in listed.out) == (0, True), listed.err
    shown = run("teams", "installation", "b-1")
    assert (shown.status, "ben@contoso.test" in shown.out, "PersonNotFound" in shown.out) == (0, True, True), shown.err
    cancelled = run("teams", "cancel", "b-1")
    assert (cancelled.status, "CANCELLED" in cancelled.out) == (0, True), cancelled.err
    assert looply.calls[-1] == ("cancelTeamsInstallation", {}, {"installation_id": "b-1"})
