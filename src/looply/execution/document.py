"""The data document: what the expressions of settings and cards read, assembled on demand from the state."""

from collections.abc import Iterator, Mapping

from looply.definition import Workflow
from looply.execution.address import wait_token
from looply.execution.state import ExecutionState
from looply.jsontext import Json


class Document(Mapping[str, Json]):
    """The data document of one execution: `payload`, `environment`, `waits`, `error` and one entry per visited step.

    Entries are made when they are asked for; the values in them are those of the state, never copies.
    """

    __slots__ = ("_state", "_waits", "_workflow")

    def __init__(self, workflow: Workflow, state: ExecutionState) -> None:
        self._workflow = workflow
        self._state = state
        self._waits: dict[str, str] | None = None

    def __getitem__(self, name: str) -> Json:
        """Returns an entry. Raises: KeyError."""
        if name == "payload":
            start = self._workflow.steps[self._workflow.start]
            return {"description": start.description, "output": self._state.payload}
        if name in self._state.outputs:
            step = self._workflow.steps.get(name)
            return {"description": step.description if step else "", "output": self._state.outputs[name]}
        if name == "environment":
            return self._state.started.environment or {}
        if name == "waits":
            # Hashes: they are made once, however often a loop asks.
            if self._waits is None:
                self._waits = wait_tokens(self._workflow, self._state)
            return self._waits
        if name == self._workflow.start:
            return None
        if name == "error" and self._state.error is not None:
            return self._state.error
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        """Iterates over the names in the order of the contract."""
        yield "payload"
        yield self._workflow.start
        yield "environment"
        yield "waits"
        if self._state.error is not None:
            yield "error"
        yield from (name for name in self._workflow.steps if name in self._state.outputs)

    def __len__(self) -> int:
        """Counts the names."""
        return sum(1 for _ in self)


def wait_tokens(workflow: Workflow, state: ExecutionState) -> dict[str, str]:
    """Returns for each step that waits the token of its open visit, else of its next one."""
    started = state.started
    tokens = {}
    for name in workflow.waiting_steps:
        address = state.next_visit("", name)
        current = address._replace(visit=address.visit - 1)
        if current.text in state.waits:
            address = current
        tokens[name] = wait_token(started.execution_id, started.seed, address)
    return tokens
