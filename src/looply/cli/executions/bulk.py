"""`looply bulk`: bulk operations, one action on many executions at a limited rate."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from cyclopts import App, Parameter, validators

from looply.cli.executions.repairs import Mapped, Version, parse_renames
from looply.cli.terminal.client import ApiClient
from looply.cli.terminal.failures import DONE, REFUSED, UsageError
from looply.cli.terminal.instants import instant_ms
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.payloads import parse_option
from looply.cli.terminal.progress import explain_interrupt, wait_for_end
from looply.cli.terminal.questions import Yes, confirm
from looply.cli.terminal.tables import instant, listing, record, rows_of, show_items, table
from looply.cli.terminal.terminal import Here, Terminal

APP: Final = App(
    name="bulk", help="Bulk operations on many executions: repair, redrive, terminate, list, status, cancel."
)

_COLUMNS: Final = {
    "bulk": "bulk_id",
    "action": "action",
    "status": "status",
    "done": "done",
    "refused": "refused",
    "started": "created_on",
    "ended": "ended_on",
}
_SAMPLE: Final = ("workflow_execution_id", "status", "workflow_current_state", "process_id", "created_on")
_REFUSALS: Final = ("code", "count", "message", "workflow_execution_id")
_CALLS: Final = ("workflow_id", "state", "operation", "count", "repeated", "same_key")

BulkId = Annotated[str, Parameter(help="Id of the bulk.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class BulkFilter:
    """Selects the executions: those that match all given criteria, or those with the given ids."""

    workflow_id: Annotated[str | None, Parameter(help="Executions of this workflow, by id or name.")] = None
    workflow_version: Annotated[int | None, Parameter(help="Executions on this version.")] = None
    status: Annotated[
        list[Literal["RUNNING", "WAITING", "FAILED"]] | None,
        Parameter(help="Executions with these statuses; may be repeated.", negative=""),
    ] = None
    process_id: Annotated[
        list[str] | None, Parameter(help="Executions with these process ids; * matches any text.", negative="")
    ] = None
    since: Annotated[str | None, Parameter(name="--from", help="Created at or after this instant, RFC 3339.")] = None
    until: Annotated[str | None, Parameter(name="--to", help="Created before this instant, RFC 3339.")] = None
    execution: Annotated[
        list[str] | None,
        Parameter(
            help="The execution with this id, up to 1,000 of them; goes without other criteria; may be repeated.",
            negative="",
        ),
    ] = None
    everything: Annotated[
        bool,
        Parameter(
            name="--all", help="Required to select all executions when no other criterion is given.", negative=""
        ),
    ] = False

    async def body(self, client: ApiClient) -> dict[str, Any]:
        """Returns what selects the executions of the call. Raises: UsageError, and as `ApiClient.workflow_id`."""
        given: dict[str, Any] = {
            "workflow_id": None if self.workflow_id is None else await client.workflow_id(self.workflow_id),
            "workflow_version": self.workflow_version,
            "status": self.status,
            "process_id": self.process_id,
            "from": instant_ms("--from", self.since),
            "to": instant_ms("--to", self.until),
            "all": self.everything or None,
        }
        found = {name: value for name, value in given.items() if value is not None}
        if self.execution is None:
            return {"filter": found}
        if found:
            raise UsageError("--execution goes without other criteria; give the ids, or the criteria")
        return {"workflow_execution_id": self.execution}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class BulkOptions:
    """The reason, the rate and the dry run of a bulk, and whether it asks before."""

    reason: Annotated[str, Parameter(help="Reason; recorded in the log of each execution.")] = ""
    rate: Annotated[int, Parameter(help="Executions per second.", validator=validators.Number(gte=1, lte=100))] = 10
    dry_run: Annotated[bool, Parameter(help="Only count them; nothing is stored.", negative="")] = False
    wait: Annotated[
        bool,
        Parameter(
            help="Wait until the bulk has ended. Exit status 1 when it was cancelled or executions were refused.",
            negative="",
        ),
    ] = False
    yes: Yes = False


_NO_CRITERIA: Final = BulkFilter()
_DEFAULTS: Final = BulkOptions()


@APP.command
async def redrive(
    *,
    criteria: BulkFilter = _NO_CRITERIA,
    version: Version = None,
    rename: Mapped = None,
    options: BulkOptions = _DEFAULTS,
    server: Server = THE_SERVER,
    terminal: Here,
) -> int:
    """Redrive many failed executions: retry their failed steps, optionally on a corrected version."""
    more: dict[str, Any] = {} if version is None else {"workflow_version": version}
    if rename:
        more["mapping"] = parse_renames(rename)
    async with server.client(terminal) as client:
        bulk = _Bulk(client, terminal, "bulkRedrive", {**await _body(client, criteria, options), **more})
        await bulk.confirm("Redrive", yes=options.yes)
        return await bulk.run(options)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SkipArguments:
    """The arguments of a skip."""

    state: Annotated[
        str | None, Parameter(help="For skip: the step, needed where several steps of an execution have failed.")
    ] = None
    branch: Annotated[str | None, Parameter(help="For skip: the exit that is taken from the step.")] = None
    step_output: Annotated[str | None, Parameter(help="For skip: the output that the step gets, as JSON text.")] = None

    def body(self) -> dict[str, Any]:
        """Returns the fields of the call. Raises: UsageError."""
        given: dict[str, Any] = {"state": self.state, "branch": self.branch}
        if self.step_output is not None:
            given["output"] = parse_option(self.step_output, "--step-output")
        return {name: value for name, value in given.items() if value is not None or name == "output"}


_NO_ARGUMENTS: Final = SkipArguments()


@APP.command
async def repair(
    action: Annotated[Literal["retry", "skip"], Parameter(help="How to repair the executions.")],
    /,
    *,
    criteria: BulkFilter = _NO_CRITERIA,
    arguments: SkipArguments = _NO_ARGUMENTS,
    options: BulkOptions = _DEFAULTS,
    server: Server = THE_SERVER,
    terminal: Here,
) -> int:
    """Repair many failed executions: retry their failed steps, or skip them."""
    async with server.client(terminal) as client:
        body = {"action": action, **await _body(client, criteria, options), **arguments.body()}
        bulk = _Bulk(client, terminal, "bulkRepair", body)
        await bulk.confirm(
            "Retry the failed steps of" if action == "retry" else "Skip the failed steps of", yes=options.yes
        )
        return await bulk.run(options)


@APP.command
async def terminate(
    *,
    criteria: BulkFilter = _NO_CRITERIA,
    options: BulkOptions = _DEFAULTS,
    server: Server = THE_SERVER,
    terminal: Here,
) -> int:
    """Terminate many executions."""
    async with server.client(terminal) as client:
        bulk = _Bulk(client, terminal, "bulkTerminate", await _body(client, criteria, options))
        await bulk.confirm("Terminate", yes=options.yes)
        return await bulk.run(options)


@APP.command(name="list")
async def list_bulks(
    *,
    limit: Annotated[int, Parameter(help="Maximum number of items.", validator=validators.Number(gte=1))] = 20,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """List bulks, newest first."""
    async with server.client(terminal) as client:
        items = await client.items("getBulks", limit)
    show_items(terminal, items, _COLUMNS, noun="bulk operations")


@APP.command
async def status(bulk_id: BulkId, /, *, server: Server = THE_SERVER, terminal: Here) -> None:
    """Show the progress of a bulk."""
    async with server.client(terminal) as client:
        item = (await client.get("getBulk", bulk_id=bulk_id))["item"]
    terminal.show(item, lambda: _page(item))


@APP.command
async def cancel(bulk_id: BulkId, /, *, server: Server = THE_SERVER, terminal: Here) -> None:
    """Stop a bulk; executions that it has already processed stay as they are."""
    async with server.client(terminal) as client:
        item = (await client.post("cancelBulk", {"bulk_id": bulk_id}))["item"]
    terminal.show(item, lambda: _page(item))


async def _body(client: ApiClient, criteria: BulkFilter, options: BulkOptions) -> dict[str, Any]:
    """Returns the body that both calls share."""
    return {
        **await criteria.body(client),
        "reason": options.reason,
        "rate_per_second": options.rate,
        "dry_run": options.dry_run,
    }


@dataclass(frozen=True, slots=True)
class _Bulk:
    """A bulk that is to be started by the call `name` with `body`."""

    client: ApiClient
    terminal: Terminal
    name: str
    body: dict[str, Any]

    async def confirm(self, verb: str, *, yes: bool) -> None:
        """Asks with the number of executions, which a dry run counts; not before a dry run. Raises: as `confirm`."""
        if self.body["dry_run"]:
            return
        what = f"{verb} the executions that match"
        if not yes and self.terminal.is_interactive:
            found = await self.client.post(self.name, {**self.body, "dry_run": True})
            what = f"{verb} {found['count']}{' or more' if found['truncated'] else ''} executions"
        confirm(self.terminal, what, yes=yes)

    async def run(self, options: BulkOptions) -> int:
        """Starts the bulk, waits for its end if requested, shows it, and returns the exit status."""
        answer = await self.client.post(self.name, self.body)
        if "item" not in answer:
            self.terminal.show(answer, lambda: _sample(answer))
            return DONE
        if not options.wait:
            self.terminal.show(answer, lambda: _page(answer["item"]))
            return DONE
        item = await self._wait(answer["item"])
        self.terminal.show({**answer, "item": item}, lambda: _page(item))
        return DONE if item["status"] == "DONE" and not item["refused"] else REFUSED

    async def _wait(self, item: dict[str, Any]) -> dict[str, Any]:
        bulk_id = item["bulk_id"]
        text = f"the server continues; 'looply bulk status {bulk_id}' shows it, 'looply bulk cancel {bulk_id}' stops it"
        with explain_interrupt(self.terminal, text):
            answer = await wait_for_end(
                self.terminal,
                item["action"],
                lambda: self.client.get("getBulk", bulk_id=bulk_id),
                lambda item: (item["done"] + item["refused"], None),
            )
        found: dict[str, Any] = answer["item"]
        return found


def _page(item: Mapping[str, Any]) -> Any:
    named = ("bulk_id", "action", "status", "done", "refused", "reason", "rate_per_second", "workflow_version")
    of_skip = {name: item[name] for name in ("state", "branch") if item.get(name)}
    times = {"started": instant(item["created_on"]), "ended": instant(item["ended_on"])}
    return record({**{name: item.get(name) for name in named}, **of_skip, "which": _which(item), **times})


def _which(item: Mapping[str, Any]) -> str:
    if (count := item.get("executions")) is not None:
        return f"{count} executions, named by their ids"
    return ", ".join(f"{name}={_filter_text(value)}" for name, value in item["filter"].items())


def _filter_text(value: Any) -> str:
    return "|".join(map(str, value)) if isinstance(value, list) else str(value)


def _sample(answer: Mapping[str, Any]) -> Any:
    more = " or more" if answer["truncated"] else ""
    found = f"{answer['count']}{more} executions match"
    parts: list[Any] = []
    if answer["items"]:
        parts.append(listing(_SAMPLE, rows_of(answer["items"], _SAMPLE), title=f"{found}; the newest of them:"))
    if forecast := answer.get("forecast"):
        parts += _forecast(forecast)
    if not parts or not answer["count"]:
        return f"{found}. A dry run: nothing was stored."
    return [*parts, "A dry run: nothing was stored."]


def _forecast(forecast: Mapping[str, Any]) -> list[Any]:
    of = f"the newest {forecast['examined']}, of which {forecast['refused']} would be refused,"
    title = f"calls that {of} would make at once:"
    parts: list[Any] = [table(_CALLS, rows_of(forecast["effects"], _CALLS), title=title)]
    if refusals := forecast.get("refusals"):
        parts.append(table(_REFUSALS, rows_of(refusals, _REFUSALS), title="why they would be refused:"))
    if verdicts := forecast.get("verdicts"):
        counts = Counter(each["verdict"] for each in verdicts)
        parts.append("with that version: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    for each in forecast.get("mappings", ()):
        choices = ", ".join(each["choices"])
        parts.append(f"{each['count']} of them need --rename {each['state']}=NEW, with NEW one of {choices}")
    return parts
