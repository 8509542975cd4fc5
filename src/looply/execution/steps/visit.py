"""A visit that is about to begin: what every kind of step is given."""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from looply.definition import Step, Workflow
from looply.errors import Refused
from looply.execution.address import Address
from looply.execution.evaluation import evaluation_for
from looply.execution.events import Event, StepFailed
from looply.execution.state import ExecutionState
from looply.expressions import Evaluation, Fuel
from looply.jsontext import Json, oversize
from looply.limits import Limits


class StepError(Refused):
    """A step cannot be carried out with the values that it was given; it becomes a failed step of the same code."""


class Visit(msgspec.Struct, frozen=True):
    """The step, its address, what it may read, and the fuel that all of its evaluations share."""

    workflow: Workflow
    state: ExecutionState
    step: Step
    address: Address
    limits: Limits
    fuel: Fuel

    def evaluation(self, part: str = "") -> Evaluation:
        """Returns what an evaluation sees; `part` tells several of one visit apart."""
        return evaluation_for(self.workflow, self.state, self.address, self.limits, self.fuel, part)

    def common(self) -> dict[str, Any]:
        """Returns the fields that every event of the visit has."""
        return {"at": self.state.now, **self.address.fields}

    def check_size(self, value: Json, what: str, most_bytes: int | None = None) -> None:
        """Refuses a value that has more bytes than the data document may have, or `most_bytes`, or too many levels.

        Raises: StepError.
        """
        if reason := oversize(value, most_bytes or self.limits.document_bytes, self.limits):
            raise StepError(f"{what} {reason}, which is the limit", code="LIMIT")

    def failed(self, code: str, message: str) -> StepFailed:
        """Returns the failure of a step that never left the engine."""
        return StepFailed(**self.common(), code=code, message=f"step '{self.step.id}': {message}")


Entry: TypeAlias = Callable[[Visit], tuple[Event, ...]]
