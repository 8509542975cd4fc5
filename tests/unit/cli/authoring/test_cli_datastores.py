"""`looply datastore` against a server, and on a data folder."""

from pathlib import Path
from typing import Any

from cli_kit import Command, Looply, refusal

ITEM: dict[str, Any] = {
    "name": "prices",
    "revision": 3,
    "bytes": 11,
    "created_on": 1_700_000_000_000,
    "modified_on": 1_700_000_000_000,
    "modified_by": "k-1",
    "organization_id": "o-1",
    "value": {"bolt": 3},
}


def test_datastores_are_listed_over_all_pages(run: Command, looply: Looply) -> None:
    looply.answers["getDatastores"] = [{"items": [ITEM], "lastKey": {"name": "prices"}}, {"items": []}]
    assert run("datastore", "list", "--json").document == {"count": 1, "items": [ITEM]}
    assert looply.calls[1][1] == {"limit": "30", "name": "prices"}
    looply.answers["getDatastores"] = {"items": [ITEM]}
    assert "2023-11-14 22:13:20Z" in run("datastore", "list").out


def test_a_datastore_is_shown_with_its_document(run: Command, looply: Looply) -> None:
    looply.answers["getDatastore"] = {"item": ITEM}
    assert run("datastore", "get", "prices", "--json").document == ITEM
    assert looply.calls == [("getDatastore", {"name": "prices"}, None)]
    assert '"bolt": 3' in run("datastore", "get", "prices").out


def test_a_document_is_stored_from_text_and_file(run: Command, looply: Looply, tmp_path: Path) -> None:
    looply.answers["putDatastore"] = {"item": ITEM}
    assert run("datastore", "put", "prices", "--value", '{"bolt": 3}', "--if-revision", "2", "--json").document == ITEM
    file = tmp_path / "prices.json"
    file.write_text("[1]")
    run("datastore", "put", "prices", str(file))
    assert [call[2] for call in looply.calls] == [
        {"name": "prices", "value": {"bolt": 3}, "if_revision": 2},
        {"name": "prices", "value": [1]},
    ]


def test_a_document_is_needed_once(run: Command, looply: Looply) -> None:
    assert run("datastore", "put", "prices").status == 2
    assert run("datastore", "put", "prices", "x.json", "--value", "1").status == 2
    assert "--value" in run("datastore", "put", "prices", "--value", "{").err
    assert looply.calls == []


def test_a_datastore_is_deleted(run: Command, looply: Looply) -> None:
    looply.answers["deleteDatastore"] = {"message": "success"}
    assert run("datastore", "delete", "prices", "--yes", "--json").document == {"name": "prices", "message": "success"}
    assert looply.calls == [("deleteDatastore", {}, {"name": "prices"})]
    looply.answers["deleteDatastore"] = refusal(409, message="no", code="CONFLICT")
    done = run("datastore", "delete", "prices", "--yes", "--if-revision", "1", "--json")
    assert (done.status, done.document["code"]) == (1, "CONFLICT")
