"""The dry run of a bulk: what it would do to its newest executions, forecast one by one; nothing is stored."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from looply.app.bulks.bulks import find_target
from looply.app.bulks.outcomes import REFUSING, require_change
from looply.app.bulks.requests import BulkRequest, command_of, options_of, validate
from looply.app.bulks.selection import Candidate, find_selected
from looply.app.context.library import Runnable
from looply.app.context.services import Services
from looply.app.executions import repairs
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import Execution, Head
from looply.errors import LooplyError
from looply.execution.answering.migration import mapping_choices
from looply.execution.facts.commands import Redrive, RepairCommand, Terminate

SAMPLE: Final = 20
EXAMINED: Final = 200
"""The most executions, newest first, that a dry run forecasts one by one."""

MigrationForecast: TypeAlias = Literal["SAFE", "NEEDS_MAPPING", "REFUSED"]
"""Whether an execution could continue with another version: as it is, with a mapping of its steps, or not at all."""


class PlannedCalls(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of one step that a bulk would make at once, in all executions together.

    `repeated`: the step has made a call before in that execution; `same_key` of these calls keep their idempotency key,
    so a receiver that remembers keys does not act twice.
    """

    workflow_id: str
    step: str
    operation: str
    count: int
    repeated: int
    same_key: int


class PlannedRefusals(msgspec.Struct, frozen=True, kw_only=True):
    """Executions that would not continue for the same reason: how many, and the newest of them."""

    code: str
    message: str
    count: int
    execution_id: str


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an execution can continue with another version; `why` not, empty for `SAFE`."""

    execution_id: str
    process_id: str
    verdict: MigrationForecast
    why: str = ""


class NeededMapping(msgspec.Struct, frozen=True, kw_only=True):
    """A current step of `count` executions that needs another name, and the steps of the version that it may become."""

    step: str
    count: int
    choices: tuple[str, ...]


class BulkPreview(msgspec.Struct, frozen=True, kw_only=True):
    """The number of executions that match now, and the newest of them.

    `examined` of the newest (at most `EXAMINED`) were forecast, None for a termination by a filter: `calls` are the
    calls that they would make, and `refused` of them would not continue, for the reasons of `refusals`. With another
    version each has a judgement, None without; `mappings` are those that would make more of them safe.
    """

    count: int
    is_complete: bool
    sample: tuple[Head, ...]
    examined: int | None = None
    refused: int = 0
    calls: tuple[PlannedCalls, ...] = ()
    refusals: tuple[PlannedRefusals, ...] = ()
    judgements: tuple[Judgement, ...] | None = None
    mappings: tuple[NeededMapping, ...] = ()


async def preview(services: Services, principal: Principal, request: BulkRequest) -> BulkPreview:
    """Returns a preview of a bulk; nothing is stored. Raises: as `bulks.start`."""
    request = validate(request)
    matching = await find_selected(services, principal.organization_id, request)
    target = await find_target(services, principal, request, matching)
    seen = BulkPreview(
        count=len(matching.items), is_complete=matching.is_complete, sample=tuple(matching.heads[:SAMPLE])
    )
    if request.action == "terminate" and request.execution_ids is None:
        return seen
    sight = _Sight(services, principal, request, target)
    for item in matching.items[:EXAMINED]:
        await sight.add(item)
    return sight.onto(seen)


class _Sight:
    """Looks at executions one by one, and counts what a bulk would do to them."""

    def __init__(self, services: Services, principal: Principal, request: BulkRequest, target: Runnable | None) -> None:
        self._services = services
        self._target = target
        self._steps: Mapping[str, str] = request.steps
        self._command = _command(services, principal, request, target)
        self._examined = 0
        self._refused: dict[str, PlannedRefusals] = {}
        self._calls: Counter[tuple[str, str, str]] = Counter()
        self._repeated: Counter[tuple[str, str, str]] = Counter()
        self._same_key: Counter[tuple[str, str, str]] = Counter()
        self._judgements: list[Judgement] = []
        self._needed: Counter[str] = Counter()
        self._choices: defaultdict[str, dict[str, None]] = defaultdict(dict)

    async def add(self, item: Candidate) -> None:
        """Looks at an execution."""
        self._examined += 1
        execution: Execution | None = None
        try:
            head = item.require()
            execution, seen = await repairs.forecast_of_bulk(self._services, head, self._command)
            require_change(seen.reply)
        except REFUSING as error:
            self._refuse(item, execution, error)
            return
        self._judge(item, "SAFE")
        for effect in seen.effects:
            which = head.workflow_id, effect.address.step, effect.operation
            self._calls[which] += 1
            self._repeated[which] += effect.is_repeated
            self._same_key[which] += effect.is_repeated and effect.keeps_key

    def _refuse(self, item: Candidate, execution: Execution | None, error: LooplyError) -> None:
        first = PlannedRefusals(code=error.code, message=error.message, count=0, execution_id=item.execution_id)
        known = self._refused.get(error.code, first)
        self._refused[error.code] = replace(known, count=known.count + 1)
        choices: Mapping[str, Sequence[str]] = {}
        if execution is not None and self._target is not None and error.code == "REPAIR_REFUSED":
            choices = mapping_choices(execution.workflow, self._target.workflow, execution.state, self._steps)
        for step, found in choices.items():
            self._needed[step] += 1
            self._choices[step].update(dict.fromkeys(found))
        why = error.problems[0].message if error.problems else error.message
        self._judge(item, "NEEDS_MAPPING" if choices else "REFUSED", why)

    def _judge(self, item: Candidate, verdict: MigrationForecast, why: str = "") -> None:
        process_id = item.head.process_id if item.head is not None else ""
        self._judgements.append(
            Judgement(execution_id=item.execution_id, process_id=process_id, verdict=verdict, why=why)
        )

    def onto(self, preview: BulkPreview) -> BulkPreview:
        """Returns a preview with what was seen."""
        calls = (
            PlannedCalls(
                workflow_id=which[0],
                step=which[1],
                operation=which[2],
                count=count,
                repeated=self._repeated[which],
                same_key=self._same_key[which],
            )
            for which, count in sorted(self._calls.items())
        )
        mappings = (
            NeededMapping(step=step, count=count, choices=tuple(self._choices[step]))
            for step, count in sorted(self._needed.items())
        )
        return replace(
            preview,
            examined=self._examined,
            refused=sum(each.count for each in self._refused.values()),
            calls=tuple(calls),
            refusals=tuple(sorted(self._refused.values(), key=lambda each: (-each.count, each.code))),
            judgements=None if self._target is None else tuple(self._judgements),
            mappings=tuple(mappings),
        )


def _command(
    services: Services, principal: Principal, request: BulkRequest, target: Runnable | None
) -> Terminate | RepairCommand:
    now = services.clock.now()
    options = options_of(request, principal, 0)
    command = command_of(request.action, options, at=now, opened_by=now, reason=request.reason)
    if target is None or not isinstance(command, Redrive):
        return command
    return replace(command, workflow=target.workflow, workflow_version=target.workflow_version, steps=request.steps)
