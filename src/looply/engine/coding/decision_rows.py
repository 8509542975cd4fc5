"""Rows of decisions, made from the events of a unit."""

from collections.abc import Sequence

from msgspec.structs import replace

from looply.definition import Workflow
from looply.engine.ports.lists import Head
from looply.engine.records.decisions import DecisionRow
from looply.execution.approvals.decisions import Decision, decisions_in, is_decision
from looply.execution.facts.events import Event
from looply.instants import from_ms, to_ms


def decision_rows(
    head: Head, workflow: Workflow, events: Sequence[Event], first_seq: int = 1
) -> tuple[DecisionRow, ...]:
    """Returns the rows of the decisions among consecutive events."""
    if not any(map(is_decision, events)):
        return ()
    return rows_of(head, decisions_in(workflow, enumerate(events, first_seq)))


def rows_of(head: Head, decisions: Sequence[tuple[int, Decision]]) -> tuple[DecisionRow, ...]:
    """Returns the rows of decisions, each with the number of its event."""
    return tuple(
        DecisionRow(
            execution_id=head.execution_id,
            seq=seq,
            organization_id=head.organization_id,
            workflow_id=head.workflow_id,
            workflow_version=head.workflow_version,
            process_id=head.process_id,
            decision=_storable(decision),
        )
        for seq, decision in decisions
    )


def _storable(decision: Decision) -> Decision:
    # PostgreSQL stores no character 0, and instants have milliseconds.
    return replace(
        decision,
        user=_without_zero(decision.user),
        action=_without_zero(decision.action),
        comment=_without_zero(decision.comment),
        substitute_for=_without_zero(decision.substitute_for),
        on=from_ms(to_ms(decision.on)),
    )


def _without_zero(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
