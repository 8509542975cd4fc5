"""`looply workflow`: workflows and their versions."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Final

from cyclopts import App, Parameter, validators

from looply.cli.authoring import gallery
from looply.cli.authoring.files import COMMANDS, IDENTITY, without_file_fields
from looply.cli.display.json_texts import pretty_text
from looply.cli.terminal.client import ApiClient, segment
from looply.cli.terminal.documents import file_parameter, read_document
from looply.cli.terminal.failures import DONE, REFUSED, ApiRefused, UsageError, failures_of, problem_item
from looply.cli.terminal.importing import DEFAULT_IMPORT, Imported, ImportOptions, import_by_api
from looply.cli.terminal.options import THE_SERVER, THE_TARGET, Server, Target
from looply.cli.terminal.payloads import Payload, PayloadFile, read_payload
from looply.cli.terminal.progress import explain_interrupt
from looply.cli.terminal.tables import record, show_items, table
from looply.cli.terminal.terminal import Here
from looply.errors import Unavailable

APP: Final = App(
    name="workflow",
    help="Workflows: list, show, templates, create, new, import, export, diff, validate, activate, trigger.",
)
for _command in (*gallery.COMMANDS, *COMMANDS):
    APP.command(_command)

_COLUMNS: Final = {
    "workflow": "workflow_id",
    "version": "workflow_version",
    "status": "workflow_status",
    "name": "workflow_name",
    "modified": "modified_on",
}

WorkflowId = Annotated[str, Parameter(name="WORKFLOW", help="Id or name of the workflow.")]
Limit = Annotated[int, Parameter(help="Maximum number of items.", validator=validators.Number(gte=1))]
Version = Annotated[str, Parameter(help="Number of the version, or latest: the newest ACTIVE one.")]
VersionNumber = Annotated[int, Parameter(help="Number of the version.", validator=validators.Number(gte=1))]
DefinitionFile = Annotated[str, file_parameter("JSON file with the definition; - for standard input.")]


@APP.command(name="list")
async def list_workflows(*, limit: Limit = 100, target: Target = THE_TARGET, terminal: Here) -> None:
    """List the versions of all workflows, newest first."""
    if target.is_offline():
        from looply.cli.offline import offline  # noqa: PLC0415 - slow import: only work on the store needs it

        items = await offline.list_versions(terminal, target, limit)
    else:
        async with target.client(terminal) as client:
            items = await client.items("getOrganizationWorkflows", limit)
    show_items(terminal, items, _COLUMNS, noun="workflows")


@APP.command
async def show(
    workflow_id: WorkflowId, /, *, version: Version = "latest", server: Server = THE_SERVER, terminal: Here
) -> None:
    """Show a version of a workflow with its steps."""
    async with server.client(terminal) as client:
        answer = await client.get("getWorkflowById", workflow_id=workflow_id, workflow_version=version)
    item: dict[str, Any] = answer["item"]
    steps = [(step.get("id"), step.get("type"), step.get("description")) for step in item["workflow_steps"]]
    head = {name: item[name] for name in (*IDENTITY, "workflow_status", "workflow_name")}
    terminal.show(item, lambda: table(("step", "type", "description"), steps, title=_title(head)))


@APP.command(name="import")
async def import_file(
    file: DefinitionFile,
    /,
    *,
    options: ImportOptions = DEFAULT_IMPORT,
    target: Target = THE_TARGET,
    terminal: Here,
) -> None:
    """Import a definition: as the next draft of the workflow that its workflow_id names, else as a new workflow.

    A definition equal to the newest version is not stored again. A different open draft is overwritten only with
    --modified-on or --force.
    """
    is_offline = target.is_offline()
    definition = read_document(file, terminal)
    if is_offline:
        from looply.cli.offline import offline  # noqa: PLC0415 - slow import: only work on the store needs it

        imported = await offline.import_to_folder(terminal, target, definition, options)
    else:
        async with target.client(terminal) as client:
            imported = await import_by_api(client, definition, options)
    _show_imported(imported, terminal)


@APP.command
def validate(file: DefinitionFile, /, *, terminal: Here) -> int:
    """Check a definition without a server or a data folder. Exit status 1 when it has errors.

    Connections, cards, datastores and workflows that it names are not looked up: the server does that when it stores
    the definition.
    """
    from looply.definition import parse_definition  # noqa: PLC0415 - slow import: only what reads definitions needs their language

    document = read_document(file, terminal)
    if isinstance(document, dict):
        document = without_file_fields(document)
    findings = parse_definition(document)
    errors, warnings = (list(map(problem_item, found)) for found in (findings.errors, findings.warnings))
    rows = [
        (kind, item["path"], item["message"], item.get("hint"))
        for kind, items in (("error", errors), ("warning", warnings))
        for item in items
    ]
    message = "the definition has errors" if errors else "the definition is valid"
    title = f"{message}: {_count(errors, 'error')}, {_count(warnings, 'warning')}"
    shown = {"message": message, "errors": errors, "warnings": warnings}
    terminal.show(shown, lambda: table(("finding", "path", "message", "hint"), rows, title=title) if rows else title)
    return REFUSED if errors else DONE


@APP.command
async def activate(
    workflow_id: WorkflowId,
    version: VersionNumber,
    /,
    *,
    note: Annotated[str, Parameter(help="What is new in the version; lists of versions show it.")] = "",
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Make a draft ACTIVE: the version becomes immutable, and triggers start it."""
    async with server.client(terminal) as client:
        named = {"workflow_id": await client.workflow_id(workflow_id), "workflow_version": version}
        body = {**named, "note": note} if note else named
        item = (await client.post("activateWorkflow", body))["item"]
    document = {name: item[name] for name in (*IDENTITY, "workflow_status")}
    terminal.show(document, lambda: record(document))


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Request:
    """How an execution is started."""

    payload: Payload = None
    version: Version = "latest"
    process_id: Annotated[str | None, Parameter(help="Your own id of the execution.")] = None
    profile: Annotated[str | None, Parameter(help="Profile of environment values.")] = None
    wait: Annotated[
        str | None, Parameter(help="Wait until the execution ends or pauses, such as PT10S; at most PT60S.")
    ] = None
    idempotency_key: Annotated[str | None, Parameter(help="Calls with the same key start one execution.")] = None


_PLAIN: Final = Request()
_INTERRUPTED: Final = (
    "the execution may have been started and continues on the server; 'looply execution list' shows it. A call with"
    " the same --idempotency-key starts no second one"
)


@APP.command
async def trigger(
    workflow_id: WorkflowId,
    file: PayloadFile = None,
    /,
    *,
    request: Request = _PLAIN,
    server: Server = THE_SERVER,
    terminal: Here,
) -> int:
    """Start an execution and show its id once it is stored durably.

    With --wait the exit status is 1 when the execution failed or was terminated; standard error says why.
    """
    body = read_payload(file, request.payload, terminal)
    key = request.idempotency_key or ""
    if not key.isascii() or (key and not key.isprintable()):
        raise UsageError("--idempotency-key must be printable ASCII")
    query = {"process_id": request.process_id, "profile": request.profile, "wait": request.wait}
    async with server.client(terminal) as client:
        found = await client.workflow_id(workflow_id)
        path = f"triggerworkflow/{segment(found)}/{segment(request.version)}"
        with explain_interrupt(terminal, _INTERRUPTED):
            try:
                answer = await client.post(path, body, key=key, **query)
            except ApiRefused as error:
                if error.code != "BAD_WAIT":
                    raise
                raise UsageError(f"--wait: {error.message}") from error
        is_failed = answer.get("status") in ("FAILED", "TERMINATED")
        failures = await _failures(client, found, answer["looply_execution_id"]) if is_failed else []
    terminal.show(answer, lambda: record({name: _shown(value) for name, value in answer.items() if name != "message"}))
    if not is_failed:
        return DONE
    for each in failures:
        terminal.note(f"looply: {answer['status']}{each}")
    terminal.note(f"'looply execution show {answer['looply_execution_id']}' shows its log")
    return REFUSED


async def _failures(client: ApiClient, workflow_id: str, execution_id: str) -> list[str]:
    """Returns why an execution has failed; nothing when the key may not read it or the server has stopped."""
    query = {"workflow_id": workflow_id, "workflow_execution_id": execution_id}
    with suppress(ApiRefused, Unavailable):
        return failures_of((await client.get("getWorkflowExecutionById", **query))["item"])
    return []


def _shown(value: Any) -> Any:
    return pretty_text(value) if isinstance(value, dict | list) else value


def _count(problems: list[dict[str, str]], what: str) -> str:
    return f"{len(problems)} {what}{'' if len(problems) == 1 else 's'}"


def _show_imported(imported: Imported, terminal: Here) -> None:
    document = imported.document
    terminal.show(document, lambda: record(document))
    if imported.is_unchanged:
        terminal.note("The same definition is already stored; nothing was added.")
    for problem in imported.warnings:
        terminal.note(f"warning: {problem.path}: {problem.message}{f' ({problem.hint})' if problem.hint else ''}")


def _title(head: dict[str, Any]) -> str:
    name, number, status = head["workflow_name"], head["workflow_version"], head["workflow_status"]
    return f"{name}, version {number} ({status}), {head['workflow_id']}"
