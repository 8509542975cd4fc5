"""The call of a step that is tried: what a process needs to make it, and its outcome as JSON for another process."""

from datetime import datetime
from typing import Any, Final

import msgspec

from looply.execution.evolving.evolve import evolve
from looply.execution.facts.address import Address
from looply.execution.facts.commands import EffectDone, EffectFailed
from looply.execution.facts.events import ExecutionStarted
from looply.execution.facts.state import ExecutionState, OpenStep
from looply.execution.facts.values.far import Verdict
from looply.jsontext import Json

MAX_SECONDS: Final = 60.0
"""The time limit of a call that is tried; a person waits for it."""


class TriedCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call; `execution_id` is that of no execution, so that its idempotency key is like no other.

    `secret` are pointers into the input (`/input/headers/authorization`). It must never be logged.
    """

    organization_id: str
    execution_id: str
    step: str
    operation: str
    input: Json
    timeout_seconds: float
    secret: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"TriedCall({self.operation!r})"

    @property
    def connector(self) -> str:
        """The name of the connector that makes it."""
        return self.operation.partition(".")[0]


def open_step_of(call: TriedCall, at: datetime) -> tuple[ExecutionState, OpenStep]:
    """Returns the call as a worker makes it: an open step of an execution that has nothing else."""
    started = ExecutionStarted(
        at=at,
        execution_id=call.execution_id,
        organization_id=call.organization_id,
        workspace_id="",
        workflow_id="",
        workflow_version=1,
        definition="",
        seed=b"",
    )
    opened = OpenStep(
        seq=2,
        address=Address("", call.step, 1).text,
        operation=call.operation,
        attempt=1,
        input=call.input,
        timeout_seconds=min(call.timeout_seconds, MAX_SECONDS),
        secret=call.secret,
        entered_on=at,
    )
    return evolve(None, started), opened


def outcome_document(outcome: EffectDone | EffectFailed) -> dict[str, Json]:
    """Returns the outcome of a call as JSON; numbers of its output keep their digits."""
    if isinstance(outcome, EffectFailed):
        return {"failed": msgspec.to_builtins(outcome)}
    verdict = msgspec.to_builtins(outcome.verdict)
    return {"output": outcome.output, "size": outcome.size, "secret": list(outcome.secret), "verdict": verdict}


def read_outcome(document: dict[str, Any], call: TriedCall, at: datetime) -> EffectDone | EffectFailed:
    """Returns the outcome of its JSON."""
    if "failed" in document:
        return msgspec.convert(document["failed"], EffectFailed)
    return EffectDone(
        at=at,
        address=Address("", call.step, 1).text,
        attempt=1,
        output=document["output"],
        size=document["size"],
        secret=tuple(document["secret"]),
        verdict=msgspec.convert(document["verdict"], Verdict | None),
    )
