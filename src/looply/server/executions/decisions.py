"""Calls on the record of decisions, of one execution and of the whole organization."""

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.context.addressing import event_id, parse_event_id, validate_process_id
from looply.app.executions import approvals
from looply.catalog.tenants.names import validate_id
from looply.engine.records.decisions import DecisionFilter, DecisionKey, DecisionRow
from looply.errors import BadRequest
from looply.execution.approvals.decisions import Decision
from looply.execution.facts.values.actor import Actor, ActorKind
from looply.instants import to_ms
from looply.server.http.call import Call, Parameter, Response, Route
from looply.server.http.wire import LIMIT, SUCCESS, UNCHANGED_KEY, cursor_of, extend_record, instant_of, limit_of


class AnswerActor(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer came.

    `session`: `user_id` and `email` are those of the person who had signed in. `link`: a holder of the card's
    link, who was not authenticated. `channel`: `user_id` is the identity that the channel gives.
    """

    kind: ActorKind
    user_id: str | UnsetType = UNSET
    email: str | UnsetType = UNSET


class DecisionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One decision. `card_revision` is null when the decision came without a card and counts for all recipients.

    `is_override`: an operator (`user`) decided instead of the approvers, for the reason in `comment`. `actor` says how
    the answer came, where that is recorded; `substitute_for` is the absent person for whom `user` decided.
    """

    state: str
    visit: int
    scope: str
    user: str
    action: str
    comment: str
    at: int
    via: str
    card_revision: int | None
    is_final: bool
    is_override: bool
    actor: AnswerActor | UnsetType = UNSET
    substitute_for: str | UnsetType = UNSET


class DecisionList(msgspec.Struct, frozen=True, kw_only=True):
    """The decisions of an execution, oldest first."""

    message: str
    count: int
    items: list[DecisionRecord]


class DecisionItem(DecisionRecord, frozen=True, kw_only=True):
    """One decision with its execution, which may have been pruned since.

    `workflow_version` is the version on which the execution ran. `process_id` is the execution id when the caller gave
    none.
    """

    decision_id: str
    workflow_execution_id: str
    workflow_id: str
    workflow_version: int
    process_id: str


class DecisionCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the fields back as query parameters."""

    at: int
    decision_id: str


class DecisionPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, newest decision first. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[DecisionItem]
    last_key: DecisionCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


def actor_item(actor: Actor | None) -> AnswerActor | UnsetType:
    """Returns an actor on the wire."""
    if actor is None:
        return UNSET
    return AnswerActor(kind=actor.kind, user_id=actor.user_id or UNSET, email=actor.email or UNSET)


def decision_item(decision: Decision) -> DecisionRecord:
    """Returns a decision on the wire."""
    return DecisionRecord(
        state=decision.step,
        visit=decision.visit,
        scope=decision.scope,
        user=decision.user,
        action=decision.action,
        comment=decision.comment,
        at=to_ms(decision.on),
        via=decision.via,
        card_revision=decision.revision or None,
        is_final=decision.is_final,
        is_override=decision.is_override,
        actor=actor_item(decision.actor),
        substitute_for=decision.substitute_for or UNSET,
    )


async def get_decisions(call: Call) -> Response:
    """Lists the decisions of an execution."""
    execution_id = call.query.get("workflow_execution_id") or ""
    found = await approvals.list_execution_decisions(call.services, call.principal, execution_id)
    items = [decision_item(one) for one in found]
    return Response(DecisionList(message=SUCCESS, count=len(items), items=items))


async def get_organization_decisions(call: Call) -> Response:
    """Lists the decisions of the organization."""
    limit, after = limit_of(call), decision_cursor(call)
    rows = await approvals.list_decisions(call.services, call.principal, _filter(call), after=after, limit=limit + 1)
    items = [decision_row_item(row) for row in rows[:limit]]
    last_key = DecisionCursor(at=items[-1].at, decision_id=items[-1].decision_id) if len(rows) > limit else UNSET
    return Response(DecisionPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


def decision_cursor(call: Call) -> DecisionKey | None:
    """Parses the cursor of a page of decisions. Raises: BadRequest (code `BAD_CURSOR`)."""
    cursor = cursor_of(call, "at", "decision_id")
    if cursor is None:
        return None
    place = parse_event_id(cursor[1])
    if place is None:
        message = f"decision_id is {cursor[1][:50]!r}, expected the id of a decision; {UNCHANGED_KEY}"
        raise BadRequest(message, code="BAD_CURSOR")
    return (to_ms(instant_of(cursor[0], "at")), *place)


def _filter(call: Call) -> DecisionFilter:
    query = call.query
    workflow_id, execution_id = query.get("workflow_id"), query.get("workflow_execution_id")
    if query.get("state") and not workflow_id:
        raise BadRequest("state names a step of a workflow; give its workflow_id too", code="BAD_FILTER")
    return DecisionFilter(
        workflow_id=validate_id(workflow_id, "workflow") if workflow_id else "",
        step=query.get("state"),
        user=query.get("user"),
        process_id=validate_process_id(query.get("process_id")) if query.get("process_id") else "",
        execution_id=validate_id(execution_id, "execution") if execution_id else "",
        decided_from=instant_of(query.get("from"), "from") if "from" in query else None,
        decided_to=instant_of(query.get("to"), "to") if "to" in query else None,
    )


def decision_row_item(row: DecisionRow) -> DecisionItem:
    """Returns a recorded decision on the wire."""
    return extend_record(
        DecisionItem,
        decision_item(row.decision),
        decision_id=event_id(row.execution_id, row.seq),
        workflow_execution_id=row.execution_id,
        workflow_id=row.workflow_id,
        workflow_version=row.workflow_version,
        process_id=row.process_id,
    )


_COMMON: Final[dict[str, Any]] = {"method": "GET", "access": "read.executions", "tag": "Decisions"}

ROUTES: Final = (
    Route(
        path="/v2/workflows/getDecisions",
        takes_bound_keys=True,
        handle=get_decisions,
        summary="List the decisions of an execution, oldest first",
        description="Decisions of a pruned execution are included as long as the record of decisions is retained.",
        parameters=(Parameter("workflow_execution_id", "Id of the execution.", is_required=True),),
        answer=DecisionList,
        refusals=(404,),
        **_COMMON,
    ),
    Route(
        path="/v2/workflows/getOrganizationDecisions",
        takes_bound_keys=True,
        handle=get_organization_decisions,
        summary="List the decisions of the organization, newest first",
        description="Decisions of pruned executions are included as long as the record of decisions is retained.",
        parameters=(
            LIMIT,
            Parameter("workflow_id", "Only decisions in executions of this workflow."),
            Parameter("state", "Only decisions on this step of the workflow, by its name at that time."),
            Parameter("user", "Only decisions of this person; letter case is ignored."),
            Parameter("process_id", "Only decisions in executions with this process id."),
            Parameter("workflow_execution_id", "Only decisions in this execution."),
            Parameter("from", "Only decisions at or after this instant, epoch milliseconds.", kind="instant"),
            Parameter("to", "Only decisions before this instant, epoch milliseconds.", kind="instant"),
            Parameter("at", "Pagination key from `lastKey`.", kind="instant"),
            Parameter("decision_id", "Pagination key from `lastKey`."),
        ),
        answer=DecisionPage,
        **_COMMON,
    ),
)
