"""`looply key`: API keys."""

from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from looply.cli.instants import read_instant
from looply.cli.options import THE_PLACE, Place
from looply.cli.tables import instant, record, show_items
from looply.cli.terminal import Here
from looply.clock import to_ms
from looply.permissions import Scope

APP: Final = App(name="key", help="API keys: create, list, revoke.")

_COLUMNS: Final = {
    "key": "key_id",
    "name": "name",
    "prefix": "prefix",
    "scopes": "scopes",
    "created": "created_on",
    "expires": "expires_on",
    "revoked": "revoked_on",
}
_ALL: Final = 1_000_000


@APP.command
async def create(
    name: Annotated[str, Parameter(help="What the key is for.")],
    /,
    *,
    scope: Annotated[list[Scope], Parameter(help="What it may do; may be repeated.", negative="")],
    expires_on: Annotated[str | None, Parameter(help="RFC 3339 instant; without it the key does not expire.")] = None,
    place: Place = THE_PLACE,
    terminal: Here,
) -> None:
    """Make a key; its text is shown this once."""
    expiry = None if expires_on is None else read_instant("--expires-on", expires_on)
    scopes = sorted(set(scope))
    if place.is_offline():
        from looply.cli import offline_keys  # noqa: PLC0415 - start-up cost of the catalog

        item = await offline_keys.create(terminal, place, name, scopes, expiry)
    else:
        body: dict[str, Any] = {"name": name, "scopes": scopes}
        if expiry is not None:
            body["expires_on"] = to_ms(expiry)
        async with place.client(terminal) as client:
            item = (await client.post("createKey", body))["item"]
    shown = {
        "key_id": item["key_id"],
        "api_key": item["api_key"],
        "name": item["name"],
        "scopes": ", ".join(item["scopes"]),
        "expires": instant(item["expires_on"]) or "never",
    }
    terminal.show(item, lambda: record(shown))
    terminal.note("The API key is shown this once; only its hash is stored.")


@APP.command(name="list")
async def list_keys(*, place: Place = THE_PLACE, terminal: Here) -> None:
    """List the keys, newest first, revoked ones included; their texts are stored nowhere."""
    if place.is_offline():
        from looply.cli import offline_keys  # noqa: PLC0415 - start-up cost of the catalog

        items = await offline_keys.list_keys(terminal, place)
    else:
        async with place.client(terminal) as client:
            items = await client.items("getKeys", _ALL)
    show_items(terminal, items, _COLUMNS)


@APP.command
async def revoke(
    key_id: Annotated[str, Parameter(help="Id of the key.")], /, *, place: Place = THE_PLACE, terminal: Here
) -> None:
    """Revoke a key: it opens nothing any more, at the latest after 5 seconds."""
    if place.is_offline():
        from looply.cli import offline_keys  # noqa: PLC0415 - start-up cost of the catalog

        item = await offline_keys.revoke(terminal, place, key_id)
    else:
        async with place.client(terminal) as client:
            item = (await client.post("revokeKey", {"key_id": key_id}))["item"]
    shown = {"key_id": item["key_id"], "name": item["name"], "revoked": instant(item["revoked_on"])}
    terminal.show(item, lambda: record(shown))
