"""Why an execution does not move: what holds it, as its state, its last events and the store say.

Nothing is guessed. Each sentence has the events that show it, or names a row of the store.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from looply.app.context.addressing import get_owned
from looply.app.context.services import Services
from looply.app.monitoring.rows import MonitorRow, rows_of
from looply.app.monitoring.sentences import FOR_REQUESTERS, Act, request_sentence, sentence
from looply.catalog.tenants.principal import Principal
from looply.definition.calls.uses import label_of
from looply.engine.ports.lists import Execution
from looply.engine.records.figures.overview import EffectFacts, Obstacles
from looply.engine.records.targets import TargetRow
from looply.errors import NotFound
from looply.execution.document.masking import MASK
from looply.execution.facts.events import Event
from looply.execution.views.holds import Hold, HoldCode, HoldValue, holds_of, step_of
from looply.execution.views.log_entries import tag_of
from looply.execution.views.logs import entry_shape
from looply.instants import to_ms
from looply.permissions import Permission

_RECENT: Final = 200
"""The last events of which evidence is taken."""

_CHAIN: Final = 5
"""How many executions that wait for each other are followed."""

_OTHERS: Final = 50
"""The most further holds of one answer; an execution of many branches has as many."""

_LATE: Final = timedelta(seconds=5)
"""A timer that is due fires within a second; after this time it is overdue."""

_BY_PROCESS: Final[frozenset[HoldCode]] = frozenset(
    ("TIMER_OVERDUE", "RETRY_OVERDUE", "STRETCH", "DELIVERY", "CALL_QUEUED", "CALL_LOST", "CHILD_START", "SUSPECT")
)
"""What a process of the server would move by itself: where it cannot, that is the reason."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """An event that shows a hold: its number, the type of its log entry, and its step."""

    seq: int
    kind: str
    step: str = ""


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """An act that changes what holds the execution, and the permission that it needs."""

    act: Act
    permission: Permission


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """One hold, with its sentence in English and its evidence."""

    hold: Hold
    text: str
    evidence: Sequence[Evidence]


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What holds an execution for which the explained one waits, directly or through others."""

    execution_id: str
    hold: Hold
    text: str


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why an execution does not move.

    `main` is the most important hold, `others` are those of its further paths. `chain` follows executions that it waits
    for, from the nearest to the one at the end. `advice` belongs to the main hold.
    """

    row: MonitorRow
    main: Explained
    others: Sequence[Explained]
    chain: Sequence[Link]
    advice: Sequence[Advice]


async def explain(services: Services, principal: Principal, execution_id: str) -> Explanation:
    """Returns why an execution of the organization does not move.

    Texts that may quote data are `***` for a caller who may not read payloads. Raises: NotFound, StoreCorrupt.
    """
    execution = await get_owned(services, principal.organization_id, execution_id)
    (row,) = await rows_of(services, principal.organization_id, [execution.head])
    holds, recent = await _holds_of(services, execution, may_quote=principal.may("read.payloads"))
    main, *others = [_explained(hold, recent) for hold in holds[: _OTHERS + 1]]
    return Explanation(
        row=replace(row, search=()),
        main=main,
        others=others,
        chain=await _chain(services, principal, main.hold),
        advice=_advice(main.hold),
    )


async def explain_to_requester(services: Services, execution: Execution, addresses: Collection[str]) -> Explained:
    """Returns what holds an execution, for a person who asked for approvals in it and may read nothing else of it.

    `addresses` are those approvals, as far as they are open. Where the execution waits for one of them, the step and
    the people are named, else only the kind of the hold: no other step, system, person, execution, reason or message.
    """
    holds, _ = await _holds_of(services, execution, may_quote=False)
    main = holds[0]
    asked = next((hold for hold in holds if hold.kind == "WAITS_FOR_PERSON" and hold.address in addresses), None)
    if asked is None or main.kind == "INCIDENT":
        bare = replace(main, values={}, who=(), evidence=(), address="")
        return Explained(hold=bare, text=FOR_REQUESTERS[main.kind], evidence=())
    step = execution.workflow.steps[step_of(asked)]
    known = replace(asked, values={"state": label_of(step.description) or step.id}, evidence=())
    return Explained(hold=known, text=request_sentence(known), evidence=())


async def _holds_of(
    services: Services, execution: Execution, *, may_quote: bool
) -> tuple[list[Hold], dict[int, Event]]:
    head, state = execution.head, execution.state
    found = await services.engine.executions.history(head.execution_id, max(head.seq - _RECENT, 0), _RECENT)
    recent = [(seq, event) for seq, event in found if seq <= head.seq]
    holds = holds_of(state, services.clock.now() - _LATE, recent)
    if head.is_open:
        obstacles = await services.engine.overview.obstacles(head.execution_id)
        holds = [await _refine(services, head.organization_id, hold, obstacles) for hold in holds]
        if obstacles.deliveries and all(hold.kind in ("ORPHAN", "MOVES") for hold in holds):
            holds.insert(0, Hold(cause="DELIVERY", since=state.now, evidence=(state.seq,)))
        if any(hold.cause in _BY_PROCESS for hold in holds) and (reason := _unready(services)) is not None:
            holds.insert(0, reason)
    if head.trigger_type == "SCHEDULED":
        schedule = await services.engine.schedules.find(head.organization_id, head.workflow_id)
        if schedule is not None and schedule.status == "PAUSED":
            values: dict[str, HoldValue] = {"workflow_id": head.workflow_id}
            holds.append(Hold(cause="SCHEDULE_PAUSED", until=None, values=values))
    if not may_quote:
        holds = [_without_quotes(hold) for hold in holds]
    return holds, dict(recent)


def _without_quotes(hold: Hold) -> Hold:
    """Returns the hold without texts that may quote data.

    The message of an incident quotes the answer of the other system, and the reason with which a workflow ended itself
    is evaluated from its data. A reason that a person or a key gave quotes nothing.
    """
    is_of_workflow = hold.kind == "ENDED" and not hold.values.get("by")
    quoting = ("message", "reason") if is_of_workflow else ("message",)
    hidden = {name: MASK for name in quoting if hold.values.get(name)}
    return replace(hold, values={**hold.values, **hidden}) if hidden else hold


async def _refine(services: Services, organization_id: str, hold: Hold, obstacles: Obstacles) -> Hold:
    """Returns the hold with what the store knows of it."""
    match hold.cause:
        case "SLOT":
            return replace(hold, who=obstacles.holders, values={**hold.values, "ahead": obstacles.ahead})
        case "CALL_RUNNING" | "SUSPECT":
            return _refine_call(hold, obstacles.effects.get(hold.subject), obstacles.crash_count)
        case "TARGET_DOWN":
            effect = obstacles.effects.get(hold.subject)
            if effect is None or effect.is_running:
                # A call that is made is not ended by the time for which it might wait.
                begun = replace(hold, cause="CALL_RUNNING", who=(), until=None)
                return _refine_call(begun, effect, obstacles.crash_count)
            row = await services.engine.targets.find(organization_id, str(hold.values["target"]))
            return _refine_parked(hold, row, services.clock.now())
        case "CHILD":
            child_id = str(hold.values["child_id"])
            heads = await services.engine.overview.heads([child_id])
            return hold if heads else replace(hold, cause="CHILD_START")
        case _:
            return hold


def _refine_call(hold: Hold, effect: EffectFacts | None, crash_count: int) -> Hold:
    if hold.cause == "SUSPECT":
        crashes = max(crash_count, int(hold.values.get("crashes") or 0))
        return replace(hold, values={**hold.values, "crashes": crashes})
    if effect is None:
        # Its row is gone: the auditor reports the attempt as lost and repairs it.
        return replace(hold, cause="CALL_LOST")
    values = {**hold.values, "target": effect.queue.partition(" ")[2] or None}
    if effect.is_lost:
        return replace(hold, cause="CALL_LOST", values=values)
    return replace(hold, values=values) if effect.is_running else replace(hold, cause="CALL_QUEUED", values=values)


def _refine_parked(hold: Hold, row: TargetRow | None, now: datetime) -> Hold:
    """Returns the hold of an attempt that waits for a system, by what is stored of the system now."""
    if row is None:
        # It is called as usual again, or the connection leads to another one: the attempt is about to begin.
        return replace(hold, cause="CALL_QUEUED", who=(), until=None)
    window = row.maintenance
    if window is not None and row.is_paused(now):
        values: dict[str, HoldValue] = {**hold.values, "reason": window.reason or None, "due_on": to_ms(window.until)}
        until = min(window.until, hold.until) if hold.until is not None else window.until
        return replace(hold, cause="TARGET_PAUSED", until=until, values=values)
    if row.state == "OPEN":
        return replace(hold, values={**hold.values, "reason": row.reason})
    return replace(hold, cause="TARGET_DRAINING", values={**hold.values, "reason": None})


def _unready(services: Services) -> Hold | None:
    """Returns why this process moves nothing by itself, None when it does."""
    if services.lifecycle.is_draining:
        return Hold(cause="DRAINING")
    health = services.engine.health()
    return None if health.is_ready else Hold(cause="STORE_LOST", values={"reason": health.reason})


async def _chain(services: Services, principal: Principal, hold: Hold) -> list[Link]:
    """Returns what holds the executions that are waited for; one that the caller may not see ends the chain."""
    found: list[Link] = []
    while hold.cause in ("CHILD", "SLOT") and hold.who and len(found) < _CHAIN:
        try:
            execution = await get_owned(services, principal.organization_id, hold.who[0])
        except NotFound:
            break
        holds, recent = await _holds_of(services, execution, may_quote=principal.may("read.payloads"))
        hold = holds[0]
        if any(link.execution_id == execution.head.execution_id for link in found):
            break
        found.append(Link(execution_id=execution.head.execution_id, hold=hold, text=_explained(hold, recent).text))
    return found


def _explained(hold: Hold, recent: Mapping[int, Event]) -> Explained:
    evidence = [_evidence(seq, recent.get(seq)) for seq in hold.evidence if seq]
    return Explained(hold=hold, text=sentence(hold), evidence=evidence)


def _evidence(seq: int, event: Event | None) -> Evidence:
    if event is None:
        return Evidence(seq=seq, kind="")
    shape = entry_shape(event)
    return Evidence(seq=seq, kind=tag_of(shape) if shape is not None else "", step=getattr(event, "step", ""))


def _advice(hold: Hold) -> list[Advice]:
    match hold.kind:
        case "INCIDENT":
            found = [Advice(act="RETRY", permission="repair")]
            if step_of(hold):
                acts: tuple[Act, ...] = ("COMPLETE", "SKIP") if hold.cause == "INCIDENT_UNKNOWN" else ("SKIP",)
                found += [Advice(act=act, permission="repair") for act in acts]
            return [*found, Advice(act="REDRIVE", permission="repair")]
        case "WAITS_FOR_PERSON":
            return [Advice(act="REASSIGN", permission="repair")] if hold.card_ids else []
        case "WAITS_FOR_CALL":
            return [Advice(act="RESUME", permission="execute")]
        case "WAITS_FOR_TARGET":
            return [Advice(act="RELEASE", permission="repair")]
        case "ORPHAN":
            return [Advice(act="TERMINATE", permission="execute")]
        case "SUSPENDED":
            return [Advice(act="PLAY", permission="repair")]
        case "ENDED":
            return [Advice(act="RERUN", permission="repair")]
        case _:
            return []
