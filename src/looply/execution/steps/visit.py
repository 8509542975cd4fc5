"""The context of a visit that begins, for every kind of step."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import msgspec

from looply.definition import Step, Workflow
from looply.execution.document.evaluation import StepError, evaluation_for, step_reads_secret
from looply.execution.facts.address import Address
from looply.execution.facts.events import Event, StepFailed
from looply.execution.facts.state import ExecutionState
from looply.expressions import Evaluation, ExpressionError, Fuel
from looply.jsontext import Json, size_problem
from looply.limits import Limits

_WHY: Final = "the value is not shown, because the step uses one that is marked secret"
_QUOTING: Final = frozenset({"BAD_INPUT", "NOT_FOUND", "CALENDAR"})
"""Codes of step errors whose messages may quote a value."""


class Visit(msgspec.Struct, frozen=True):
    """The step, its address, the workflow and state that it reads, and the fuel that all of its evaluations share."""

    workflow: Workflow
    state: ExecutionState
    step: Step
    address: Address
    limits: Limits
    fuel: Fuel

    def evaluation(self, part: str = "") -> Evaluation:
        """Returns the inputs of an evaluation; `part` distinguishes several of one visit."""
        return evaluation_for(self.workflow, self.state, self.address, self.limits, self.fuel, part)

    def common(self) -> dict[str, Any]:
        """Returns the fields that every event of the visit has."""
        return {"at": self.state.now, **self.address.fields}

    def check_size(self, value: Json, what: str, most_bytes: int | None = None) -> None:
        """Checks a value against `most_bytes` (default: the limit of the data document) and the limit of levels.

        Raises: StepError.
        """
        if reason := size_problem(value, most_bytes or self.limits.document_bytes, self.limits):
            raise StepError(f"{what} {reason}, which is the limit", code="LIMIT")

    def failure_event(self, error: ExpressionError | StepError) -> StepFailed:
        """Returns the failure of a step that failed before any call.

        Guarantees: where the step has a secret setting or reads something secret, the message quotes no value.
        """
        message = error.message
        if step_reads_secret(self.step, self.state, self.address.scope):
            message = _without_values(error)
        return StepFailed(**self.common(), code=error.code, message=f"step '{self.step.id}': {message}")


def _without_values(error: ExpressionError | StepError) -> str:
    if isinstance(error, ExpressionError):
        message = error.message_without_values
        return message if message == error.message else f"{message}; {_WHY}"
    if error.code in _QUOTING:
        return f"a value of a setting is not valid; {_WHY}"
    return error.message


Entry: TypeAlias = Callable[[Visit], tuple[Event, ...]]
