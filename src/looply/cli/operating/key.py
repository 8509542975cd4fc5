"""`looply key`: API keys."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.instants import read_instant
from looply.cli.terminal.options import THE_TARGET, KeyOnly, Target
from looply.cli.terminal.questions import Yes, confirm
from looply.cli.terminal.tables import instant, record, show_items
from looply.cli.terminal.terminal import Here
from looply.instants import to_ms
from looply.permissions import Permission, Scope

APP: Final = App(name="key", help="API keys: create, list, revoke.")

_COLUMNS: Final = {
    "key": "key_id",
    "name": "name",
    "prefix": "prefix",
    "scopes": "scopes",
    "permissions": "permissions",
    "workflows": "workflow_ids",
    "created": "created_on",
    "expires": "expires_on",
    "revoked": "revoked_on",
    "last used": "last_used_on",
    "made by": "created_by_name",
}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class KeyOptions:
    """Until when and for what a key is valid, and how it is written."""

    expires_on: Annotated[str | None, Parameter(help="RFC 3339 instant; without it the key does not expire.")] = None
    workflow_id: Annotated[
        list[str] | None,
        Parameter(help="Bind the key to this workflow, by id or name; may be repeated.", negative=""),
    ] = None
    key_only: KeyOnly = False


_DEFAULTS: Final = KeyOptions()


@APP.command
async def create(
    name: Annotated[str, Parameter(help="Name of the key: its purpose.")],
    /,
    *,
    scope: Annotated[list[Scope] | None, Parameter(help="Scope of the key; may be repeated.", negative="")] = None,
    permission: Annotated[
        list[Permission] | None,
        Parameter(help="Permission that the key has beside those of its scopes; may be repeated.", negative=""),
    ] = None,
    options: KeyOptions = _DEFAULTS,
    target: Target = THE_TARGET,
    terminal: Here,
) -> None:
    """Create an API key; its text is shown only now.

    It needs a scope or a permission: `looply key create CI --permission execute` makes a key that starts executions.
    `--key-only` is for scripts: `export LOOPLY_API_KEY=$(looply key create Ops --scope read --key-only)`.
    """
    expiry = None if options.expires_on is None else read_instant("--expires-on", options.expires_on)
    scopes, permissions = sorted(set(scope or ())), sorted(set(permission or ()))
    if not scopes and not permissions:
        raise UsageError("a key needs a scope or a permission: give --scope or --permission")
    if target.is_offline():
        from looply.catalog.tenants.keys import KeyDraft  # noqa: PLC0415 - slow import: only work on the store needs it
        from looply.cli.offline import offline_keys  # noqa: PLC0415 - slow import: only work on the store needs it

        draft = KeyDraft(name, scopes, expiry, options.workflow_id, permissions)
        item = await offline_keys.create(terminal, target, draft)
    else:
        body: dict[str, Any] = {"name": name, "scopes": scopes, **({"permissions": permissions} if permissions else {})}
        if expiry is not None:
            body["expires_on"] = to_ms(expiry)
        async with target.client(terminal) as client:
            if options.workflow_id is not None:
                body["workflow_ids"] = [await client.workflow_id(each) for each in options.workflow_id]
            item = (await client.post("createKey", body))["item"]
    shown = {
        "key_id": item["key_id"],
        "api_key": item["api_key"],
        "name": item["name"],
        "scopes": ", ".join(item["scopes"]) or "none",
        "permissions": ", ".join(item["permissions"]) or "those of the scopes",
        "workflows": ", ".join(item["workflow_ids"] or ()) or "all",
        "expires": instant(item["expires_on"]) or "never",
    }
    terminal.show(item, lambda: item["api_key"] if options.key_only else record(shown))
    terminal.note("The API key is shown only now; the store has its hash only.")


@APP.command(name="list")
async def list_keys(*, target: Target = THE_TARGET, terminal: Here) -> None:
    """List the API keys, newest first, including revoked ones; their texts are not stored."""
    if target.is_offline():
        from looply.cli.offline import offline_keys  # noqa: PLC0415 - slow import: only work on the store needs it

        items = await offline_keys.list_keys(terminal, target)
    else:
        async with target.client(terminal) as client:
            items = await client.items("getKeys")
    show_items(terminal, items, _COLUMNS, noun="keys")


@APP.command
async def revoke(
    key_id: Annotated[str, Parameter(help="Id of the key.")],
    /,
    *,
    cascade: Annotated[bool, Parameter(help="Also revoke the keys that were created with it.", negative="")] = False,
    yes: Yes = False,
    target: Target = THE_TARGET,
    terminal: Here,
) -> None:
    """Revoke an API key: every server refuses it from now on; its open streams end within 5 seconds."""
    more = " and the keys that were created with it" if cascade else ""
    confirm(terminal, f"Revoke the API key {key_id}{more} for good", yes=yes)
    if target.is_offline():
        from looply.cli.offline import offline_keys  # noqa: PLC0415 - slow import: only work on the store needs it

        answer = await offline_keys.revoke(terminal, target, key_id, cascade=cascade)
    else:
        async with target.client(terminal) as client:
            answer = await client.post("revokeKey", {"key_id": key_id, **({"cascade": True} if cascade else {})})
    item, made = answer["item"], answer["made_by_it"]
    shown = {"key_id": item["key_id"], "name": item["name"], "revoked": instant(item["revoked_on"])}
    if made:
        shown["revoked too" if cascade else "made with it, still live"] = ", ".join(key["key_id"] for key in made)
    terminal.show({**item, "made_by_it": made}, lambda: record(shown))
