"""`looply execution`: executions of workflows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from cyclopts import App, Parameter, validators

from looply.cli.executions import repairs
from looply.cli.executions.entries import details
from looply.cli.executions.finding import find_execution, read_execution
from looply.cli.executions.watching import Watch
from looply.cli.terminal.client import NO_BODY, ApiClient, segment
from looply.cli.terminal.failures import DONE, REFUSED, UsageError
from looply.cli.terminal.instants import instant_ms
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.payloads import Payload, PayloadFile, read_payload
from looply.cli.terminal.tables import instant, record, rows_of, show_items, table
from looply.cli.terminal.terminal import Here

APP: Final = App(
    name="execution", help="Executions: list, show, watch, resume, terminate, and what to do when they fail."
)
for _command in repairs.COMMANDS:
    APP.command(_command)

_COLUMNS: Final = {
    "execution": "workflow_execution_id",
    "status": "status",
    "state": "workflow_current_state",
    "process id": "process_id",
    "workflow": "workflow",
    "started": "created_on",
}
_HEAD: Final = ("workflow_execution_id", "status", "workflow_current_state", "process_id", "workflow_id")

_KIN: Final = {"started by": "parent_execution_id", "input of": "rerun_of_execution_id"}
_PARTS: Final = {
    "waits": ("state", "opened_on", "timeout_on", "sources"),
    "children": ("state", "execution_id", "started_on"),
    "workflow_incidents": ("state", "kind", "code", "message", "opened_on", "incident_id"),
}

_PATIENCE: Final = 3600.0
"""Seconds for which one execution is watched unless somebody says otherwise."""

Status = Literal["RUNNING", "WAITING", "COMPLETED", "FAILED", "TERMINATED"]
Execution = Annotated[str, Parameter(help="Id of the execution, or its process id.")]
Limit = Annotated[int, Parameter(help="The most that is listed.", validator=validators.Number(gte=1))]
WorkflowId = Annotated[str | None, Parameter(help="The workflow that is meant, where several have the process id.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which executions a list shows."""

    workflow_id: Annotated[str | None, Parameter(help="Only executions of this workflow.")] = None
    status: Annotated[list[Status] | None, Parameter(help="Only these; may be repeated.", negative="")] = None
    workflow_version: Annotated[
        list[int] | None, Parameter(help="Only on these versions; may be repeated.", negative="")
    ] = None
    trigger_type: Annotated[
        Literal["REQUEST", "SCHEDULED"] | None, Parameter(help="Only those that were started in this way.")
    ] = None
    process_id: Annotated[
        list[str] | None,
        Parameter(help="Only these process ids; * stands for any text; may be repeated.", negative=""),
    ] = None
    since: Annotated[str | None, Parameter(name="--from", help="Created at or after this instant, RFC 3339.")] = None
    until: Annotated[str | None, Parameter(name="--to", help="Created before this instant, RFC 3339.")] = None
    parent: Annotated[str | None, Parameter(help="Only those that this execution started.")] = None
    term: Annotated[
        list[str] | None,
        Parameter(help="Only those found by this text, as in the search; may be repeated.", negative=""),
    ] = None
    field: Annotated[
        list[str] | None,
        Parameter(help="NAME=VALUE: only with this value of a search field; may be repeated.", negative=""),
    ] = None

    def query(self) -> dict[str, Any]:
        """Returns the query of the call. Raises: UsageError."""
        fields: dict[str, list[str]] = {}
        for each in self.field or ():
            name, sign, value = each.partition("=")
            if not name or not sign:
                raise UsageError(f"--field: {each!r} is not NAME=VALUE")
            fields.setdefault(f"field.{name}", []).append(value)
        return {
            "workflow_id": self.workflow_id,
            "workflow_version": self.workflow_version or None,
            "status": self.status or None,
            "workflow_trigger_type": self.trigger_type,
            "process_id": self.process_id or None,
            "from": instant_ms("--from", self.since),
            "to": instant_ms("--to", self.until),
            "parent_execution_id": self.parent,
            "term": self.term or None,
            **fields,
        }


_ALL: Final = Wanted()


@APP.command(name="list")
async def list_executions(
    *, wanted: Wanted = _ALL, limit: Limit = 20, server: Server = THE_SERVER, terminal: Here
) -> None:
    """List executions, newest first."""
    query = wanted.query()
    async with server.client(terminal) as client:
        items = await client.items("searchExecutions", limit, **query)
    if not terminal.is_json:
        items = [{**item, "workflow": _workflow(item)} for item in items]
    show_items(terminal, items, _COLUMNS)


@APP.command
async def show(
    execution: Execution,
    /,
    *,
    after: Annotated[
        int, Parameter(help="Number of the last event that was read of a long log.", validator=validators.Number(gte=0))
    ] = 0,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Show an execution with what it waits for, its incidents and its log. Input and output of steps: --json."""
    async with server.client(terminal) as client:
        item = await read_execution(client, *await find_execution(client, execution), after)
    terminal.show(item, lambda: _page(item))


@APP.command
async def watch(
    execution: Execution | None = None,
    /,
    *,
    patience: Annotated[
        float | None,
        Parameter(
            name="--timeout",
            help="Seconds after which watching ends; for one execution 3600 unless given.",
            validator=validators.Number(gt=0),
        ),
    ] = None,
    after: Annotated[
        str | None, Parameter(help="Without an execution: the `id` of the last entry that was read before.")
    ] = None,
    server: Server = THE_SERVER,
    terminal: Here,
) -> int:
    """Follow an execution until it ends, or all executions from now on, over restarts of the server.

    For one execution the exit status is 1 when it fails, is terminated, or the time is over. Without one every entry
    is told with its execution until the time is over; with --json each is a document on a line of its own.
    """
    async with server.client(terminal) as client:
        if execution is None:
            await Watch(client, terminal, patience).follow_all(after or "")
            return DONE
        if after is not None:
            raise UsageError("--after goes with the watch of all executions; one execution is told from its beginning")
        item = await Watch(client, terminal, patience or _PATIENCE).follow(*await find_execution(client, execution))
    if terminal.is_json:
        terminal.show(item, str)
    else:
        terminal.say(f"{item['status']} at {item['workflow_current_state']}")
    return DONE if item["status"] == "COMPLETED" else REFUSED


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a resume says, and which wait it means."""

    payload: Payload = None
    source: Annotated[
        Literal["SAP", "TEAMS"] | None, Parameter(help="On whose behalf; SAP where the payload does not say.")
    ] = None
    workflow_id: WorkflowId = None
    state: Annotated[str | None, Parameter(help="The step that is meant, where several wait.")] = None


_NO_ANSWER: Final = Answer()


@APP.command
async def resume(
    execution: Execution,
    file: PayloadFile = None,
    /,
    *,
    answer: Answer = _NO_ANSWER,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Answer the wait of an execution. Of several calls exactly one restarts it."""
    body = read_payload(file, answer.payload, terminal)
    content: dict[str, Any] = {} if body is NO_BODY else body
    if not isinstance(content, dict):
        raise UsageError("the payload must be a JSON object")
    content["source"] = answer.source or content.get("source", "SAP")
    query = {"workflow_id": answer.workflow_id, "state": answer.state}
    async with server.client(terminal) as client:
        reply = await _call(client, "resumeWorkflow", execution, {"payload": content}, **query)
    terminal.show(reply, lambda: record(_told(reply)))


@APP.command
async def terminate(
    execution: Execution,
    /,
    *,
    reason: Annotated[str | None, Parameter(help="Why; stands in the log.")] = None,
    workflow_id: WorkflowId = None,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """End an execution at once: waits and timers are dropped, cards are closed."""
    payload = {} if reason is None else {"termination_reason": reason}
    async with server.client(terminal) as client:
        answer = await _call(client, "terminateWorkflow", execution, {"payload": payload}, workflow_id=workflow_id)
    terminal.show(answer, lambda: str(answer["message"]))


def _told(reply: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a resume did, and who was first where it did nothing."""
    told = {"message": reply["message"], **reply.get("data", {}).get("workflow_identifier", {})}
    if reply.get("buffered"):
        told["buffered"] = "kept for the first wait that opens"
    if "answered_on" in reply:
        told |= {"answered by": reply.get("answered_by"), "answered": instant(reply["answered_on"])}
    return told


async def _call(client: ApiClient, name: str, execution: str, body: Any, **query: Any) -> dict[str, Any]:
    return await client.post(f"{name}/{segment(execution)}", body, **query)


def _page(item: dict[str, Any]) -> Any:
    from rich.console import Group  # noqa: PLC0415 - start-up cost: JSON needs no console

    head = {name: item.get(name) for name in _HEAD}
    head["workflow"] = _workflow(item)
    kin = {title: item[name] for title, name in _KIN.items() if item.get(name)}
    times = {"started": instant(item["created_on"]), "at": instant(item["modified_on"])}
    parts: list[Any] = [record({**head, **kin, **times})]
    for name, columns in _PARTS.items():
        if item.get(name):
            parts.append(_steps(item[name], columns, name))
    entries = [{**entry, "details": details(entry)} for entry in item["workflow_event_log"]["events"]]
    parts.append(_steps(entries, ("timestamp", "type", "state", "details"), "log"))
    if after := item["workflow_event_log"].get("after"):
        parts.append(f"The log goes on: --after {after}")
    return Group(*parts)


def _steps(items: Sequence[Mapping[str, Any]], columns: tuple[str, ...], title: str) -> Any:
    """Returns a table with the branch or iteration of each step, where any of them is in one."""
    if any(item.get("scope") for item in items):
        at = columns.index("state") + 1
        columns = (*columns[:at], "scope", *columns[at:])
    return table(columns, rows_of(items, columns), title=title)


def _workflow(item: Mapping[str, Any]) -> str:
    return f"{item['workflow_details'].get('workflow_name', '')} {item['workflow_version']}"
