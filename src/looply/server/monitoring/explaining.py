"""The call that explains why an execution does not move."""

from typing import Final, assert_never

import msgspec

from looply.app.monitoring.explaining import Advice, Explained, Explanation, Link, explain
from looply.app.monitoring.sentences import ADVICE, Act
from looply.engine.ports.lists import Head
from looply.execution.views.holds import Hold, HoldCode, HoldKind, step_of
from looply.instants import ms_or_none
from looply.jsontext import Json
from looply.permissions import Permission
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, read_route
from looply.server.http.wire import SUCCESS, extend_record
from looply.server.monitoring.rows import ExecutionHeadRow, row_item


class EvidenceItem(msgspec.Struct, frozen=True, kw_only=True):
    """An event that shows a hold: its number and the type of its log entry; `type` is null where it has none."""

    seq: int
    type: str | None
    state: str | None


class HoldItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that holds an execution.

    `code` names the sentence `text`, so that a page can say it in its own language; `values` are what it names. `who`
    are the people, systems or executions that are waited for. `since` and `expected_until` are null where the execution
    has no such instant.
    """

    verdict: HoldKind
    code: HoldCode
    text: str
    values: dict[str, str | int | None]
    state: str | None
    since: int | None
    expected_until: int | None
    who: list[str]
    evidence: list[EvidenceItem]


class ChainItem(msgspec.Struct, frozen=True, kw_only=True):
    """What holds an execution that is waited for."""

    workflow_execution_id: str
    verdict: HoldKind
    code: HoldCode
    text: str


class AdviceItem(msgspec.Struct, frozen=True, kw_only=True):
    """A call that changes what holds the execution: its name, what it is sent with, the permission that it needs."""

    code: str
    text: str
    call: str
    body: dict[str, Json]
    permission: Permission


class ExplanationItem(HoldItem, frozen=True, kw_only=True):
    """Why an execution does not move: the most important hold.

    `others` hold its further paths. `chain` follows executions that it waits for, from the nearest on, as far as the
    caller may see them.
    """

    execution: ExecutionHeadRow
    chain: list[ChainItem]
    next: list[AdviceItem]
    others: list[HoldItem]


class ExplainAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The explanation."""

    message: str
    item: ExplanationItem


async def explain_execution(call: Call) -> Response:
    """Explains why an execution does not move."""
    found = await explain(call.services, call.principal, call.query.get("workflow_execution_id"))
    (row,) = await name_actors(call, [row_item(found.row, has_search=False)])
    return Response(ExplainAnswer(message=SUCCESS, item=_explanation(found, row)))


def _explanation(explanation: Explanation, row: ExecutionHeadRow) -> ExplanationItem:
    return extend_record(
        ExplanationItem,
        _hold(explanation.main),
        execution=row,
        chain=[_link(link) for link in explanation.chain],
        next=[_advice_item(advice, explanation) for advice in explanation.advice],
        others=[_hold(each) for each in explanation.others],
    )


def _advice_item(advice: Advice, explanation: Explanation) -> AdviceItem:
    call, body = _call_of(advice.act, explanation.row.head, explanation.main.hold)
    return AdviceItem(code=advice.act, text=ADVICE[advice.act], call=call, body=body, permission=advice.permission)


def _call_of(act: Act, head: Head, hold: Hold) -> tuple[str, dict[str, Json]]:
    """Returns the call that carries out an act, and its body without a reason."""
    own: dict[str, Json] = {"workflow_execution_id": head.execution_id}
    match act:
        case "RETRY" | "COMPLETE" | "SKIP":
            return "repairExecution", {**own, "incident_id": hold.incident_id, "action": act.lower()}
        case "REDRIVE":
            return "redriveExecution", own
        case "RERUN":
            return "rerunExecution", own
        case "REASSIGN":
            return "reassignCard", {"card_id": hold.card_ids[0]}
        case "RESUME":
            payload: dict[str, Json] = {"source": hold.who[0] if hold.who else "SAP"}
            return "resumeWorkflow", {"process_id": head.execution_id, "state": step_of(hold), "payload": payload}
        case "RELEASE":
            return "releaseTarget", {"target": hold.values["target"]}
        case "TERMINATE":
            return "terminateWorkflow", {"process_id": head.execution_id}
        case "PLAY":
            return "toggleScheduledWorkflow", {"workflow_id": head.workflow_id, "action": "PLAY"}
        case _:
            assert_never(act)


def _hold(explained: Explained) -> HoldItem:
    hold = explained.hold
    return HoldItem(
        verdict=hold.kind,
        code=hold.cause,
        text=explained.text,
        values=dict(hold.values),
        state=step_of(hold) or None,
        since=ms_or_none(hold.since),
        expected_until=ms_or_none(hold.until),
        who=list(hold.who),
        evidence=[
            EvidenceItem(seq=each.seq, type=each.kind or None, state=each.step or None) for each in explained.evidence
        ],
    )


def _link(link: Link) -> ChainItem:
    return ChainItem(
        workflow_execution_id=link.execution_id, verdict=link.hold.kind, code=link.hold.cause, text=link.text
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/explainExecution",
        access="read.executions",
        takes_bound_keys=True,
        handle=explain_execution,
        summary="Explain why an execution does not move: one sentence, with the events that show it",
        description=(
            "The answer names what holds the execution: a person, a call, a time, a child, a queue, a retry, a call in "
            "flight, a system that is down, an incident, the store, or nothing because it has ended. The message of an "
            "incident and the reason with which a workflow ended itself may quote data: callers who may not read "
            "payloads get `***` in their place."
        ),
        tag="Executions",
        parameters=(Parameter("workflow_execution_id", "Id of the execution.", is_required=True),),
        answer=ExplainAnswer,
        refusals=(404,),
    ),
)
