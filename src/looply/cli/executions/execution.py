"""`looply execution`: executions of workflows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from cyclopts import App, Parameter, validators

from looply.cli.display.pages import Page, Record
from looply.cli.executions import reasons, repairs
from looply.cli.executions.entries import details, without_shown_messages
from looply.cli.executions.finding import find_execution, read_execution
from looply.cli.executions.watching import Watch
from looply.cli.terminal.client import NO_BODY, ApiClient, segment
from looply.cli.terminal.failures import DONE, REFUSED, UsageError
from looply.cli.terminal.instants import instant_ms
from looply.cli.terminal.key_names import KeyNames
from looply.cli.terminal.options import THE_SERVER, THE_TARGET, Server, Target
from looply.cli.terminal.payloads import Payload, PayloadFile, read_payload
from looply.cli.terminal.progress import explain_interrupt
from looply.cli.terminal.tables import instant, record, rows_of, show_items, table
from looply.cli.terminal.terminal import Here

APP: Final = App(
    name="execution", help="Executions: list, show, why, at, watch, resume, terminate, and repairs of failed ones."
)
for _command in (*repairs.COMMANDS, *reasons.COMMANDS):
    APP.command(_command)

_COLUMNS: Final = {
    "execution": "workflow_execution_id",
    "status": "status",
    "process id": "process_id",
    "state": "workflow_current_state",
    "started": "created_on",
    "workflow": "workflow",
    "version": "workflow_version",
}
_HEAD: Final = ("workflow_execution_id", "status", "workflow_current_state", "process_id", "workflow_id")

_RELATED: Final = {"started by": "parent_execution_id", "input of": "rerun_of_execution_id"}
_PARTS: Final = {
    "waits": ("state", "opened_on", "timeout_on", "sources"),
    "children": ("state", "execution_id", "started_on"),
    "waiting_for": ("state", "name", "reason"),
}
_INCIDENT: Final = ("state", "scope", "kind", "code", "message", "opened_on", "incident_id")

_NEXT: Final = """\
Retry the failed steps: looply execution redrive {execution} (with --dry-run: only show what it would call)
Complete, skip, edit or move: looply execution repair --help"""
_NEXT_WITHOUT_INCIDENT: Final = "Start another execution with the same input: looply execution rerun {execution}"

_WATCH_SECONDS: Final = 3600.0
"""How long one execution is watched without `--timeout`."""

Status = Literal["RUNNING", "WAITING", "COMPLETED", "FAILED", "TERMINATED"]
Execution = Annotated[str, Parameter(help="Id of the execution, or its process id.")]
Limit = Annotated[int, Parameter(help="Maximum number of items.", validator=validators.Number(gte=1))]
WorkflowId = Annotated[
    str | None, Parameter(help="Id or name of the workflow, needed where executions of several have the process id.")
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ExecutionFilter:
    """The criteria of a list of executions."""

    workflow_id: Annotated[str | None, Parameter(help="Only executions of this workflow, by id or name.")] = None
    status: Annotated[
        list[Status] | None, Parameter(help="Only with these statuses; may be repeated.", negative="")
    ] = None
    workflow_version: Annotated[
        list[int] | None, Parameter(help="Only on these versions; may be repeated.", negative="")
    ] = None
    trigger_type: Annotated[
        Literal["REQUEST", "SCHEDULED"] | None, Parameter(help="Only those started in this way.")
    ] = None
    process_id: Annotated[
        list[str] | None,
        Parameter(help="Only with these process ids; * matches any text; may be repeated.", negative=""),
    ] = None
    since: Annotated[str | None, Parameter(name="--from", help="Created at or after this instant, RFC 3339.")] = None
    until: Annotated[str | None, Parameter(name="--to", help="Created before this instant, RFC 3339.")] = None
    parent: Annotated[str | None, Parameter(help="Only children of this execution.")] = None
    term: Annotated[
        list[str] | None,
        Parameter(help="Only those that a search for this text finds; may be repeated.", negative=""),
    ] = None
    field: Annotated[
        list[str] | None,
        Parameter(help="NAME=VALUE: only with this value in a search field; may be repeated.", negative=""),
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


_NO_CRITERIA: Final = ExecutionFilter()


@APP.command(name="list")
async def list_executions(
    *, criteria: ExecutionFilter = _NO_CRITERIA, limit: Limit = 20, target: Target = THE_TARGET, terminal: Here
) -> None:
    """List executions, newest first."""
    query = criteria.query()
    if target.is_offline():
        from looply.cli.offline import offline_executions  # noqa: PLC0415 - slow import: only work on the store needs it

        items = await offline_executions.list_executions(terminal, target, query, limit)
    else:
        async with target.client(terminal) as client:
            items = await client.items("searchExecutions", limit, **query)
    shown = [{**item, "workflow": item["workflow_details"].get("workflow_name")} for item in items]
    show_items(terminal, items, _COLUMNS, noun="executions", table_rows=shown)


@APP.command
async def show(
    execution: Execution,
    /,
    *,
    after: Annotated[
        int,
        Parameter(
            help="Sequence number of the last event that you have read of a long log.",
            validator=validators.Number(gte=0),
        ),
    ] = 0,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Show an execution with its waits, incidents and log; with --json also the input and output of steps."""
    async with server.client(terminal) as client:
        item = await read_execution(client, *await find_execution(client, execution), after)
        events = item["workflow_event_log"]["events"]
        shown = await KeyNames(client).replace_ids(events, "by") if terminal.is_table else []
    terminal.show(item, lambda: _page(item, shown))


@APP.command
async def watch(
    execution: Execution | None = None,
    /,
    *,
    timeout_seconds: Annotated[
        float | None,
        Parameter(
            name="--timeout",
            help="Seconds after which the command ends; default for one execution: 3600.",
            validator=validators.Number(gt=0),
        ),
    ] = None,
    after: Annotated[
        str | None, Parameter(help="Without an execution: the `id` of the last entry that you have read.")
    ] = None,
    server: Server = THE_SERVER,
    terminal: Here,
) -> int:
    """Follow an execution until it ends, or all executions from now on, across restarts of the server.

    For one execution the exit status is 1 when it fails, is terminated, or the timeout expires. Without one every entry
    is written with the id of its execution until the timeout expires; with --json each is a JSON document on a line of
    its own.
    """
    async with server.client(terminal) as client:
        if execution is None:
            await Watch(client, terminal, timeout_seconds).follow_all(after or "")
            return DONE
        if after is not None:
            raise UsageError("--after is for the watch of all executions; one is shown from its beginning")
        ids = await find_execution(client, execution)
        with explain_interrupt(
            terminal, f"the execution continues on the server; 'looply execution show {ids[1]}' shows it"
        ):
            item = await Watch(client, terminal, timeout_seconds or _WATCH_SECONDS).follow(*ids)
    terminal.show(item, lambda: f"{item['status']} at {item['workflow_current_state']}")
    return DONE if item["status"] == "COMPLETED" else REFUSED


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ResumeOptions:
    """The payload and the source of a resume, and the wait that it addresses."""

    payload: Payload = None
    source: Annotated[
        Literal["SAP", "TEAMS"] | None,
        Parameter(help="System that the answer comes from; SAP if the payload names none."),
    ] = None
    workflow_id: WorkflowId = None
    state: Annotated[str | None, Parameter(help="The waiting step, needed where several wait.")] = None


_NO_OPTIONS: Final = ResumeOptions()


@APP.command
async def resume(
    execution: Execution,
    file: PayloadFile = None,
    /,
    *,
    options: ResumeOptions = _NO_OPTIONS,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Resume an execution by answering its wait. Of several calls exactly one resumes it."""
    body = read_payload(file, options.payload, terminal)
    content: dict[str, Any] = {} if body is NO_BODY else body
    if not isinstance(content, dict):
        raise UsageError("the payload must be a JSON object")
    content["source"] = options.source or content.get("source", "SAP")
    query = {"workflow_id": options.workflow_id, "state": options.state}
    async with server.client(terminal) as client:
        reply = await _call(client, "resumeWorkflow", execution, {"payload": content}, **query)
    terminal.show(reply, lambda: record(_reply_fields(reply)))


@APP.command
async def terminate(
    execution: Execution,
    /,
    *,
    reason: Annotated[str | None, Parameter(help="Reason; recorded in the log.")] = None,
    workflow_id: WorkflowId = None,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Terminate an execution at once: waits and timers are dropped, cards are closed."""
    payload = {} if reason is None else {"termination_reason": reason}
    async with server.client(terminal) as client:
        answer = await _call(client, "terminateWorkflow", execution, {"payload": payload}, workflow_id=workflow_id)
    terminal.show(answer, lambda: str(answer["message"]))


def _reply_fields(reply: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the result of a resume, and who answered first where the resume did nothing."""
    fields = {"message": reply["message"], **reply.get("data", {}).get("workflow_identifier", {})}
    if reply.get("buffered"):
        fields["buffered"] = "kept for the first wait that opens"
    if "answered_on" in reply:
        fields |= {"answered by": reply.get("answered_by"), "answered": instant(reply["answered_on"])}
    return fields


async def _call(client: ApiClient, name: str, execution: str, body: Any, **query: Any) -> dict[str, Any]:
    return await client.post(f"{name}/{segment(execution)}", body, **query)


def _page(item: dict[str, Any], events: Sequence[Mapping[str, Any]]) -> Page:
    """Returns an execution as people see it, with the entries of its log, `events`."""
    titles = _titles(item)
    head = {name: item.get(name) for name in _HEAD}
    head["workflow_current_state"] = titles.get(item["workflow_current_state"], item["workflow_current_state"])
    head |= {"workflow": item["workflow_details"].get("workflow_name"), "version": item["workflow_version"]}
    related = {title: item[name] for title, name in _RELATED.items() if item.get(name)}
    times = {"started": instant(item["created_on"]), "at": instant(item["modified_on"])}
    parts: list[Page] = [record({**head, **related, **times})]
    for name, columns in _PARTS.items():
        if item.get(name):
            parts.append(_steps(_titled(item[name], titles), columns, name))
    incidents = item.get("workflow_incidents") or ()
    parts += [_incident(incident) for incident in _titled(incidents, titles)]
    if item["status"] == "FAILED":
        # Without an open incident a `terminate` step has ended it, and no repair is possible.
        advice = _NEXT if incidents else _NEXT_WITHOUT_INCIDENT
        parts.append(advice.format(execution=item["workflow_execution_id"]))
    entries = [{**entry, "details": details(entry)} for entry in without_shown_messages(events, incidents)]
    parts.append(_steps(entries, ("timestamp", "type", "state", "details"), "log"))
    if after := item["workflow_event_log"].get("after"):
        parts.append(f"The log continues: --after {after}")
    return parts


def _titles(item: Mapping[str, Any]) -> dict[str, str]:
    """Returns each step as `id (description)`, by its id; the log has the ids alone, so that its lines stay short."""
    steps = item["workflow_details"].get("workflow_steps") or ()
    return {step["id"]: f"{step['id']} ({step['description']})" for step in steps if step.get("description")}


def _titled(items: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> list[Mapping[str, Any]]:
    return [{**item, "state": titles.get(item["state"], item["state"])} for item in items]


def _incident(incident: Mapping[str, Any]) -> Record:
    (values,) = rows_of([incident], _INCIDENT)
    given = {name: value for name, value in zip(_INCIDENT, values, strict=True) if value not in (None, "")}
    return record(given, title="incident")


def _steps(items: Sequence[Mapping[str, Any]], columns: tuple[str, ...], title: str) -> Any:
    """Returns a table, with the column `scope` if any of the steps is in a branch or an iteration."""
    if any(item.get("scope") for item in items):
        at = columns.index("state") + 1
        columns = (*columns[:at], "scope", *columns[at:])
    return table(columns, rows_of(items, columns), title=title)
