"""`looply datastore`: documents that workflows keep between executions."""

from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from looply.cli.display.json_texts import pretty_text
from looply.cli.terminal.client import NO_BODY
from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.key_names import KeyNames
from looply.cli.terminal.options import THE_TARGET, Target
from looply.cli.terminal.payloads import PayloadFile, read_payload
from looply.cli.terminal.questions import Yes, confirm
from looply.cli.terminal.tables import instant, record, show_items
from looply.cli.terminal.terminal import Here, Terminal

APP: Final = App(name="datastore", help="Datastores: list, get, put, delete.")

_COLUMNS: Final = {
    "name": "name",
    "revision": "revision",
    "bytes": "bytes",
    "changed": "modified_on",
    "by": "modified_by",
}

Name = Annotated[str, Parameter(help="Name of the datastore.", allow_leading_hyphen=True)]
IfRevision = Annotated[int | None, Parameter(help="Only if the datastore has this revision; 0: only if there is none.")]


@APP.command(name="list")
async def list_datastores(*, target: Target = THE_TARGET, terminal: Here) -> None:
    """List the datastores by name, without their documents."""
    if target.is_offline():
        from looply.cli.offline import offline_datastores  # noqa: PLC0415 - slow import: only work on the store needs it

        shown = items = await offline_datastores.list_all(terminal, target)
    else:
        async with target.client(terminal) as client:
            items = await client.items("getDatastores")
            shown = await KeyNames(client).replace_ids(items, "modified_by") if terminal.is_table else items
    show_items(terminal, items, _COLUMNS, noun="datastores", table_rows=shown)


@APP.command
async def get(name: Name, /, *, target: Target = THE_TARGET, terminal: Here) -> None:
    """Show a datastore with its document."""
    if target.is_offline():
        from looply.cli.offline import offline_datastores  # noqa: PLC0415 - slow import: only work on the store needs it

        shown = item = await offline_datastores.get(terminal, target, name)
    else:
        async with target.client(terminal) as client:
            item = (await client.get("getDatastore", name=name))["item"]
            (shown,) = await KeyNames(client).replace_ids([item], "modified_by") if terminal.is_table else [item]
    _show(terminal, item, by=shown["modified_by"], shows_value=True)


@APP.command
async def put(
    name: Name,
    file: PayloadFile = None,
    /,
    *,
    value: Annotated[str | None, Parameter(help="The document as JSON text, instead of a file.")] = None,
    if_revision: IfRevision = None,
    target: Target = THE_TARGET,
    terminal: Here,
) -> None:
    """Store the whole document of a datastore; creates the datastore if there is none."""
    document = read_payload(file, value, terminal, option="--value")
    if document is NO_BODY:
        raise UsageError("the document is missing: give a file or --value")
    if target.is_offline():
        from looply.cli.offline import offline_datastores  # noqa: PLC0415 - slow import: only work on the store needs it

        item = await offline_datastores.put(terminal, target, name, document, if_revision)
    else:
        body = {"name": name, "value": document, **_guard(if_revision)}
        async with target.client(terminal) as client:
            item = (await client.post("putDatastore", body))["item"]
    _show(terminal, item, by=item["modified_by"], shows_value=False)


@APP.command
async def delete(
    name: Name,
    /,
    *,
    if_revision: IfRevision = None,
    yes: Yes = False,
    target: Target = THE_TARGET,
    terminal: Here,
) -> None:
    """Delete a datastore."""
    confirm(terminal, f"Delete the datastore {name!r} with its document", yes=yes)
    if target.is_offline():
        from looply.cli.offline import offline_datastores  # noqa: PLC0415 - slow import: only work on the store needs it

        await offline_datastores.delete(terminal, target, name, if_revision)
    else:
        async with target.client(terminal) as client:
            await client.post("deleteDatastore", {"name": name, **_guard(if_revision)})
    terminal.show({"name": name, "message": "success"}, lambda: record({"deleted": name}))


def _guard(if_revision: int | None) -> dict[str, Any]:
    return {} if if_revision is None else {"if_revision": if_revision}


def _show(terminal: Terminal, item: dict[str, Any], *, by: str | None, shows_value: bool) -> None:
    shown = {
        "name": item["name"],
        "revision": item["revision"],
        "bytes": item["bytes"],
        "changed": instant(item["modified_on"]),
        "by": by,
    }
    if shows_value:
        shown["value"] = pretty_text(item["value"])
    terminal.show(item, lambda: record(shown))
