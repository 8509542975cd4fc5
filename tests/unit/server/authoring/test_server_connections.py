"""Credentials of connections are sent only to the system for which they were stored."""

from typing import Any

import pytest
from server_kit import Caller
from sqlalchemy import update

from looply.catalog.storage.tables import connections
from looply.sealing import SealBroken

SAP = {"base_url": "https://sap.example", "client": "100", "user": "LOOPLY"}
HTTP = {"base_url": "https://api.example/v1", "auth": "api_key", "allowed_hosts": ["img.example"]}
SMTP = {"host": "mail.example", "port": 587, "user": "u", "from": "a@b.example"}


@pytest.mark.parametrize(
    ("kind", "settings", "change"),
    [
        ("http", HTTP, {"base_url": "https://evil.example/v1"}),
        ("http", HTTP, {"base_url": "http://api.example/v1"}),
        ("http", HTTP, {"base_url": "https://api.example:8443/v1"}),
        ("http", HTTP, {"allowed_hosts": ["img.example", "evil.example"]}),
        ("http", HTTP, {"header": "x-other"}),
        ("http", HTTP, {"auth": "bearer"}),
        ("sap", SAP, {"base_url": "https://evil.example"}),
        ("smtp", SMTP, {"host": "evil.example"}),
        ("smtp", SMTP, {"port": 465}),
        ("smtp", SMTP, {"tls": "tls"}),
    ],
)
async def test_a_change_of_where_or_how_a_secret_is_sent_asks_for_the_secret_again(
    mine: Caller, kind: str, settings: dict[str, Any], change: dict[str, Any], services: Any
) -> None:
    name = "password" if kind != "http" else "token"
    body = {"name": "X", "kind": kind, "settings": settings, "secrets": {name: "canary"}}
    assert (await mine.post("createConnection", body)).status_code == 200
    changed = {"name": "X", "kind": kind, "settings": {**settings, **change}}

    refused = await mine.post("updateConnection", changed)
    assert (refused.status_code, refused.json()["code"]) == (422, "SECRETS_NEEDED"), refused.text
    assert refused.json()["errors"][0]["path"] == f"/secrets/{name}"
    assert next(iter(change)) in refused.json()["message"]
    assert (await mine.get("getConnection", name="X")).json()["item"]["settings"] == settings

    again = await mine.post("updateConnection", {**changed, "secrets": {name: "canary"}})
    assert again.status_code == 200, again.text
    assert (await services.catalog.connections.resolve(mine.organization_id, "X")).secrets == {name: "canary"}


@pytest.mark.parametrize(
    ("kind", "settings", "change"),
    [
        ("http", HTTP, {"base_url": "https://API.example:443/v2"}),
        ("http", HTTP, {"header": "X-API-Key"}),
        ("sap", SAP, {"language": "DE"}),
        ("smtp", SMTP, {"from": "c@b.example"}),
    ],
)
async def test_other_settings_change_with_the_secret_kept(
    mine: Caller, kind: str, settings: dict[str, Any], change: dict[str, Any], services: Any
) -> None:
    name = "password" if kind != "http" else "token"
    body = {"name": "X", "kind": kind, "settings": settings, "secrets": {name: "canary"}}
    await mine.post("createConnection", body)
    answer = await mine.post("updateConnection", {"name": "X", "kind": kind, "settings": {**settings, **change}})
    assert answer.status_code == 200, answer.text
    assert (await services.catalog.connections.resolve(mine.organization_id, "X")).secrets == {name: "canary"}


async def test_settings_that_were_edited_in_the_database_do_not_send_a_secret_elsewhere(
    mine: Caller, services: Any
) -> None:
    body = {"name": "X", "kind": "http", "settings": {**HTTP, "auth": "bearer"}, "secrets": {"token": "canary"}}
    await mine.post("createConnection", body)
    for settings in ({**HTTP, "auth": "bearer", "base_url": "https://evil.example"}, HTTP):
        edited = update(connections).values(settings=settings)
        await services.catalog.database.write(lambda transaction, edited=edited: transaction.execute(edited))
        with pytest.raises(SealBroken):
            await services.catalog.connections.resolve(mine.organization_id, "X")
