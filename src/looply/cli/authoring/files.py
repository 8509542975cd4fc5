"""`looply workflow new | export | diff`: definitions as files, for editors and for Git."""

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from cyclopts import Parameter

from looply.cli.display.json_texts import pretty_text, read_json
from looply.cli.display.pages import Page
from looply.cli.terminal.client import ApiClient
from looply.cli.terminal.documents import file_parameter, read_document, write_document
from looply.cli.terminal.failures import DONE, REFUSED, UsageError
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.tables import table
from looply.cli.terminal.terminal import Here, json_text
from looply.errors import Refused

IDENTITY: Final = ("workflow_id", "workflow_version")
CANVAS: Final = "canvas"
SCHEMA: Final = "$schema"
_SCHEMA_FILE: Final = "looply-definition.schema.json"
_TEMPLATES: Final = {
    "each-item": "a call for each item of a list, four at once",
    "purchase-order-approval": "read an order from SAP, ask the manager by a card, release it",
    "schedule": "a call at seven on each working day",
    "side-by-side": "two calls at once, and both results",
    "wait": "wait for an answer of another system, for two weeks at most",
}

WorkflowId = Annotated[str, Parameter(name="WORKFLOW", help="Id or name of the workflow.")]
Version = Annotated[str, Parameter(help="Number of the version, or latest: the newest ACTIVE one.")]
NewFile = Annotated[
    Path | None,
    Parameter(help="Write to this file, with its JSON Schema beside it for editors; else to standard output."),
]


def new(
    *,
    template: Annotated[
        str | None, Parameter(help="Name of the template; without it the command lists the templates.")
    ] = None,
    name: Annotated[str | None, Parameter(help="Name of the workflow; else that of the template.")] = None,
    file: NewFile = None,
    terminal: Here,
) -> None:
    """Write the definition of a new workflow from a template."""
    if template is None:
        items = [{"name": each, "about": about} for each, about in _TEMPLATES.items()]
        document = {"count": len(items), "items": items}
        terminal.show(document, lambda: table(("template", "about"), _TEMPLATES.items(), title="--template NAME"))
        return
    if template not in _TEMPLATES:
        raise UsageError(f"--template is {template[:100]!r}, expected {', '.join(_TEMPLATES)}")
    definition = _read_template(template)
    if name is not None:
        definition["workflow_name"] = name
    _write_or_show(definition, file, terminal)


async def export(
    workflow_id: Annotated[str | None, Parameter(name="WORKFLOW", help="Id or name of the workflow.")] = None,
    /,
    *,
    version: Version = "latest",
    file: NewFile = None,
    all_to: Annotated[
        Path | None,
        Parameter(
            name="--all", help="Write each workflow to a file in this folder: the newest ACTIVE version, or draft."
        ),
    ] = None,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Write the definition of a version, or those of all workflows, as files that import reads."""
    if (workflow_id is None) == (all_to is None):
        raise UsageError("name a workflow, or give --all with a folder for all of them")
    async with server.client(terminal) as client:
        if all_to is not None:
            await _export_all(client, all_to, terminal)
        else:
            answer = await client.get("exportWorkflow", workflow_id=workflow_id, workflow_version=version)
            _write_or_show(answer["definition"], file, terminal)


async def diff(
    workflow_id: WorkflowId,
    before: Annotated[str, Parameter(name="VERSION", help="Number of a version, or latest.")],
    after: Annotated[str | None, Parameter(name="OTHER", help="The version to compare with; else --file.")] = None,
    /,
    *,
    file: Annotated[str | None, file_parameter("Compare with this file; - for standard input.")] = None,
    server: Server = THE_SERVER,
    terminal: Here,
) -> int:
    """Show what changes from a version to another one, or to a file. Exit status 1 when they differ.

    Steps are compared by their ids and edges by their exits, so their order is no change.
    """

    if (after is None) == (file is None):
        raise UsageError("give the version to compare with, or --file")
    other = None if file is None else _valid(file, read_document(file, terminal))
    async with server.client(terminal) as client:
        query = {"workflow_id": await client.workflow_id(workflow_id)}
        first = (await client.get("exportWorkflow", **query, workflow_version=before))["definition"]
        if other is None:
            found = await client.get("exportWorkflow", **query, workflow_version=after)
            other = without_file_fields(found["definition"])
    from looply.definition import diff_definitions  # noqa: PLC0415 - slow import: only what reads definitions needs their language

    changes = [msgspec.to_builtins(each) for each in diff_definitions(without_file_fields(first), other)]
    document = {"count": len(changes), "changes": changes}
    terminal.show(document, lambda: _changes_page(changes))
    return REFUSED if changes else DONE


COMMANDS: Final = (new, export, diff)


def without_file_fields(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a definition without what a file has in addition: ids, canvas, and the reference to the schema."""
    return {name: value for name, value in definition.items() if name not in (*IDENTITY, CANVAS, SCHEMA)}


def _valid(file: str, document: Any) -> dict[str, Any]:
    """Returns the definition of a file without its ids. Raises: Refused (code `INVALID_DEFINITION`)."""
    from looply.definition import parse_definition  # noqa: PLC0415 - slow import: only what reads definitions needs their language

    definition = without_file_fields(document) if isinstance(document, dict) else document
    if errors := parse_definition(definition).errors:
        message = f"{file} is no valid definition; 'looply workflow validate {file}' shows its errors"
        raise Refused(message, code="INVALID_DEFINITION", problems=errors)
    return dict(definition)


def _read_template(name: str) -> dict[str, Any]:
    file = files("looply.demo") / "purchase_order_approval.json"
    if name != "purchase-order-approval":
        file = files("looply.cli.authoring") / "templates" / f"{name}.json"
    definition: dict[str, Any] = read_json(file.read_text(encoding="utf-8"))
    return definition


def _write_or_show(definition: dict[str, Any], file: Path | None, terminal: Here) -> None:
    if file is None:
        terminal.show(definition, lambda: _text(definition).rstrip())
        return
    _write(definition, file)
    ids = {name: definition[name] for name in IDENTITY if name in definition}
    what = f"version {definition['workflow_version']} of {definition['workflow_name']}" if ids else "the template"
    terminal.show({**ids, "file": str(file)}, lambda: f"{file} has {what}.")


async def _export_all(client: ApiClient, folder: Path, terminal: Here) -> None:
    chosen = _newest(await client.items("getOrganizationWorkflows"))
    items = []
    names = [_file_name(item["workflow_name"]) for item in chosen]
    for item, name in zip(chosen, names, strict=True):
        ids = {field: item[field] for field in IDENTITY}
        definition = (await client.get("exportWorkflow", **ids))["definition"]
        file = folder / (f"{name}.json" if names.count(name) == 1 else f"{name}-{item['workflow_id']}.json")
        _write(definition, file)
        items.append({**ids, "workflow_status": item["workflow_status"], "file": str(file)})
    columns = (*IDENTITY, "workflow_status", "file")
    rows = [[item[name] for name in columns] for item in items]
    document = {"count": len(items), "items": items}
    terminal.show(document, lambda: table(("workflow", "version", "status", "file"), rows))


def _newest(versions: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns a version of each workflow, by name: the newest ACTIVE one, else the newest."""
    best: dict[str, dict[str, Any]] = {}
    for item in versions:
        known = best.setdefault(item["workflow_id"], item)
        if _rank(item) > _rank(known):
            best[item["workflow_id"]] = item
    return sorted(best.values(), key=lambda item: (item["workflow_name"], item["workflow_id"]))


def _rank(item: Mapping[str, Any]) -> tuple[bool, int]:
    return item["workflow_status"] == "ACTIVE", int(item["workflow_version"])


def _file_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:80] or "workflow"


def _write(definition: dict[str, Any], file: Path) -> None:
    """Writes a definition, and the JSON Schema that it names beside it. Raises: Refused (code `UNWRITABLE_FILE`)."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{file.parent} cannot be made: {error.strerror}", code="UNWRITABLE_FILE") from error
    write_document(_text(_file_schema()), file.with_name(_SCHEMA_FILE))
    write_document(_text({SCHEMA: f"./{_SCHEMA_FILE}", **definition}), file)


def _file_schema() -> dict[str, Any]:
    """Returns the JSON Schema of a file: of a definition with the fields that a file has in addition."""
    from looply.definition import definition_schema  # noqa: PLC0415 - slow import: only what reads definitions needs their language

    schema: dict[str, Any] = definition_schema()
    schema["properties"] |= {
        SCHEMA: {"type": "string"},
        "workflow_id": {"type": "string"},
        "workflow_version": {"type": "integer"},
    }
    return schema


def _text(document: Any) -> str:
    return pretty_text(document) + "\n"


def _changes_page(changes: list[dict[str, Any]]) -> Page:
    rows = [
        (each["kind"], each["subject"], f"{each['name']}{each['path']}", _shown(each["before"]), _shown(each["after"]))
        for each in changes
    ]
    return table(("change", "of", "what", "before", "after"), rows) if rows else "The definitions are equal."


def _shown(value: Any) -> str:
    return "" if value is None else json_text(value)
