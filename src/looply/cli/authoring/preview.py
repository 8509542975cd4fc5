"""`looply schedule preview`: the next fires of a schedule, and how daylight saving time of its zone changes them."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from cyclopts import Parameter, validators
from msgspec import to_builtins

from looply.cli.terminal.documents import file_parameter, read_document
from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.instants import read_instant
from looply.cli.terminal.options import THE_TARGET, Target
from looply.cli.terminal.tables import instant, table
from looply.cli.terminal.terminal import Here, Terminal
from looply.errors import Refused
from looply.instants import ms_or_none
from looply.jsontext import Json

_TEXTS: Final = {
    "MOVED": "the clock change skips {wall}: it starts at the first instant after",
    "SKIPPED": "does not start: the clock change skips {wall}",
    "SECOND": "the clocks show this time again",
    "REPEATED": "does not start: it started when the clocks first showed this time",
}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ScheduleSource:
    """A schedule given on the command line: by its fields, or by a definition that contains one."""

    file: Annotated[str | None, file_parameter("JSON file with a definition; - for standard input.")] = None
    cron: Annotated[
        str | None, Parameter(help="Cron expression of five fields, or of six, which begin with the second.")
    ] = None
    every: Annotated[str | None, Parameter(help="Duration between two starts, such as PT1H.")] = None
    timezone: Annotated[str | None, Parameter(help="IANA name of the zone; UTC when left out.")] = None
    dst: Annotated[
        Literal["once", "skip", "twice"] | None,
        Parameter(help="How to treat a time of day that a clock change skips or repeats."),
    ] = None
    start: Annotated[str | None, Parameter(help="RFC 3339; --every counts from here.")] = None
    end: Annotated[str | None, Parameter(help="RFC 3339; nothing starts after it.")] = None

    @property
    def fields(self) -> dict[str, Json]:
        """The fields of the schedule that were given."""
        names = ("cron", "every", "timezone", "dst", "start", "end")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def settings(self, terminal: Terminal) -> tuple[dict[str, Json], str]:
        """Returns the schedule, and the zone of its workflow. Raises: UsageError, Refused, BadRequest."""
        if self.file is None:
            return self.fields, "UTC"
        if self.fields:
            raise UsageError("give a definition, or the fields of a schedule, not both")
        return _find_schedule(read_document(self.file, terminal))


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Span:
    """Which of the starts are shown."""

    count: Annotated[int, Parameter(help="How many starts.", validator=validators.Number(gte=1, lte=100))] = 20
    after: Annotated[str | None, Parameter(name="from", help="RFC 3339; now when left out.")] = None
    around_change: Annotated[
        bool, Parameter(help="Begin a day before the next clock change of the zone.", negative="")
    ] = False


NO_SOURCE: Final = ScheduleSource()
WHOLE_SPAN: Final = Span()


async def preview(
    workflow_id: Annotated[
        str | None, Parameter(name="WORKFLOW", help="Id or name of a workflow that is stored.")
    ] = None,
    /,
    *,
    version: Annotated[int | None, Parameter(help="Number of its version; else the newest ACTIVE one.")] = None,
    source: ScheduleSource = NO_SOURCE,
    span: Span = WHOLE_SPAN,
    target: Target = THE_TARGET,
    terminal: Here,
) -> None:
    """Show the next starts of a schedule, with their UTC offsets and the effect of clock changes (daylight saving).

    A schedule given by --file, --cron or --every needs neither a server nor a data folder.
    """

    is_written = source != NO_SOURCE
    if is_written == (workflow_id is not None):
        raise UsageError("give the id of a workflow, or a schedule by --file, --cron or --every")
    after = read_instant("--from", span.after) if span.after else None
    from looply.app.authoring.fires import View, parse_schedule  # noqa: PLC0415 - slow import: only previews need the app

    view = View(count=span.count, after=after, is_around_change=span.around_change)
    if workflow_id is None:
        from looply.server.http.rows import preview_answer  # noqa: PLC0415 - slow import: only previews need the server's rows

        shown = to_builtins(preview_answer(view.of(parse_schedule(*source.settings(terminal)), terminal.clock.now())))
    elif target.is_offline():
        from looply.cli.offline import offline  # noqa: PLC0415 - slow import: only work on the store needs it
        from looply.server.http.rows import preview_answer  # noqa: PLC0415 - slow import: only previews need the server's rows

        shown = to_builtins(
            preview_answer(await offline.preview_workflow(terminal, target, workflow_id, version, view))
        )
    else:
        body = {"workflow_id": workflow_id, "workflow_version": version, "from": ms_or_none(after), "count": span.count}
        given = {name: value for name, value in body.items() if value is not None}
        async with target.client(terminal) as client:
            given["workflow_id"] = await client.workflow_id(workflow_id)
            shown = await client.post("previewSchedule", {**given, "around_change": span.around_change})
    document = {name: value for name, value in shown.items() if name != "message"}
    terminal.show(document, lambda: table(("start", "local", "note"), _rows(shown["items"]), title=shown["timezone"]))


def _rows(items: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    rows = []
    for item in items:
        note = _TEXTS.get(item["mark"], "").format(wall=item["wall"][11:16])
        rows.append((instant(item["on"]) if item["fires"] else "-", item["local"], note))
    return rows


def _find_schedule(document: Json) -> tuple[dict[str, Json], str]:
    """Returns the schedule within a definition, and the workflow's zone."""
    definition: dict[str, Any] = document if isinstance(document, dict) else {}
    steps = definition.get("workflow_steps")
    for step in steps if isinstance(steps, list) else ():
        settings = step.get("settings") if isinstance(step, dict) else None
        schedule = settings.get("schedule") if isinstance(settings, dict) else None
        if isinstance(schedule, dict):
            own = definition.get("workflow_settings")
            zone = own.get("timezone") if isinstance(own, dict) else None
            return schedule, zone if isinstance(zone, str) else "UTC"
    raise Refused("the definition has no trigger with a schedule", code="NO_SCHEDULE")
