"""`looply audit` on a store and against a server: who changed what, and whether the chain of records is intact."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cli_kit import Command, Looply

from looply.bootstrap import CATALOG_FILE
from looply.engine.sqlite.file.seal import SEAL_NAME


@pytest.fixture
def data(tmp_path: Path, run: Command) -> Path:
    """Returns a folder with five records: an organization, its first key and owner, another key, its revocation."""
    folder = tmp_path / "data"
    assert run("init", "--data", str(folder), "--json").status == 0
    made = run("key", "create", "Ops", "--scope", "read", "--data", str(folder), "--json").document
    assert run("key", "revoke", made["key_id"], "--yes", "--data", str(folder), "--json").status == 0
    return folder


def by_hand(folder: Path, statement: str) -> None:
    """Changes the catalog as an attacker does who knows its seal and its sums."""
    (folder / SEAL_NAME).unlink()
    with closing(sqlite3.connect(folder / CATALOG_FILE)) as connection:
        connection.execute(statement)
        connection.execute("DELETE FROM table_sums")
        connection.commit()


def of_store(run: Command, folder: Path, *arguments: str) -> Any:
    return run("audit", *arguments, "--data", str(folder), "--json")


def test_records_are_listed_newest_first(run: Command, data: Path) -> None:
    listed = of_store(run, data, "list").document
    actions = ["key.revoke", "key.create", "invitation.create", "key.create", "organization.create"]
    assert [item["action"] for item in listed["items"]] == actions
    assert listed["items"][0]["actor"] == {"kind": "operator", "id": None, "name": None}
    assert of_store(run, data, "list", "--action", "key.create", "--limit", "1").document["count"] == 1
    people = run("audit", "list", "--data", str(data)).out
    assert "key.revoke" in people
    assert "operator" in people


def test_an_export_is_one_record_a_line_oldest_first(run: Command, data: Path) -> None:
    lines = run("audit", "export", "--data", str(data)).out.splitlines()
    assert [line.startswith(f'{{"record_id":{number},') for number, line in enumerate(lines, 1)] == [True] * 5
    assert [item["record_id"] for item in of_store(run, data, "export", "--after", "2").document["items"]] == [3, 4, 5]


def test_a_chain_that_was_left_alone_is_verified(run: Command, data: Path) -> None:
    done = of_store(run, data, "verify")
    assert (done.status, done.document["records"], done.document["problems"]) == (0, 5, [])
    noted = f"{done.document['records']}:{done.document['hash']}"
    assert of_store(run, data, "verify", "--head", noted).status == 0
    assert of_store(run, data, "verify", "--head", f"4:{'0' * 64}").document["problems"] == [
        "record 4 does not have the hash that was noted"
    ]
    assert of_store(run, data, "verify", "--head", "nonsense").status == 2


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE audit_records SET object_id = 'x' WHERE number = 2", "record 2 was altered"),
        ("DELETE FROM audit_records WHERE number = 5", "record 5 is missing"),
    ],
)
def test_changes_of_the_records_are_found_by_verify_doctor_and_check(
    run: Command, data: Path, statement: str, finding: str
) -> None:
    by_hand(data, statement)
    verified = of_store(run, data, "verify")
    assert verified.status == 1
    assert finding in verified.document["problems"][0]
    check = run("db", "check", "--data", str(data), "--json")
    assert check.status == 1
    assert finding in check.document["problems"][0]
    doctor = run("doctor", "--data", str(data), "--json")
    assert (doctor.status, doctor.document["problems"][0]["kind"]) == (1, "CATALOG")
    assert finding in doctor.document["problems"][0]["message"]


def test_a_server_is_asked_page_by_page(run: Command, looply: Looply, data: Path) -> None:
    items = of_store(run, data, "export").document["items"]
    head = {"record_id": 5, "hash": items[-1]["hash"]}
    looply.answers["getAudit"] = [
        {"items": items[:2], "head": head, "lastKey": {"after": 2}},
        {"items": items[2:], "head": head},
    ]
    assert run("audit", "verify", "--json").document == {"records": 5, "hash": items[-1]["hash"], "problems": []}
    assert [query for _, query, _ in looply.calls] == [{"limit": "30", "after": "0"}, {"limit": "30", "after": "2"}]


def test_the_head_of_the_last_page_counts(run: Command, looply: Looply, data: Path) -> None:
    items = of_store(run, data, "export").document["items"]
    heads = [{"record_id": number, "hash": items[number - 1]["hash"]} for number in (3, 5)]
    looply.answers["getAudit"] = [
        {"items": items[:3], "head": heads[0], "lastKey": {"after": 3}},
        {"items": items[3:], "head": heads[1]},
    ]
    assert run("audit", "verify", "--json").status == 0
    looply.answers["getAudit"] = {"items": items[:3], "head": heads[1]}
    assert run("audit", "verify", "--json").document["problems"] == ["records 4 to 5 are missing"]
