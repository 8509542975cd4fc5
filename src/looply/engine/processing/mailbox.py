"""The mailboxes: each execution takes one batch of commands at a time, and quiet ones are evicted from memory."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

from looply.definition import Workflow
from looply.errors import LooplyError
from looply.execution import ExecutionState
from looply.execution.facts.commands import Command, Reply

_EVICTED_AT_ONCE = 64
"""How many of the oldest are examined when memory is needed: a bound on the work of one command."""

_FIXED_BYTES = 4096
"""What a state costs beside its data: the objects of a small one, measured with a memory profiler."""

_VISIT_BYTES = 128
"""What a state costs for each visit of a step that it counts, measured in the same way."""


class Mailbox:
    """One execution in memory. `state` is what is stored: commands are computed on it, and only a commit changes it."""

    __slots__ = ("chain", "execution_id", "is_busy", "pending", "state", "workflow")

    def __init__(self, execution_id: str) -> None:
        self.execution_id = execution_id
        self.state: ExecutionState | None = None
        self.workflow: Workflow | None = None
        self.chain = b""
        self.pending: deque[tuple[Command, asyncio.Future[Reply]]] = deque()
        self.is_busy = False

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is queued or being stored, so that the state can be dropped."""
        return not self.is_busy and not self.pending

    @property
    def cost_bytes(self) -> int:
        """The approximate memory that the state takes."""
        if self.state is None:
            return _FIXED_BYTES
        return _FIXED_BYTES + self.state.document_bytes + len(self.state.visits) * _VISIT_BYTES

    def unload(self) -> None:
        """Drops the state; the next command loads it from the store."""
        self.state = None
        self.workflow = None
        self.chain = b""


class Mailboxes:
    """The mailboxes of the process, bounded in bytes: the least recently used quiet ones are evicted first."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._boxes: OrderedDict[str, Mailbox] = OrderedDict()
        self._costs: dict[str, int] = {}
        self._bytes = 0

    def __len__(self) -> int:
        """Counts the executions in memory."""
        return len(self._boxes)

    def __iter__(self) -> Iterator[Mailbox]:
        """Iterates over all mailboxes, least recently used first."""
        return iter(self._boxes.values())

    def find(self, execution_id: str) -> Mailbox | None:
        """Returns the mailbox of an execution if it is in memory."""
        return self._boxes.get(execution_id)

    def open(self, execution_id: str) -> Mailbox:
        """Returns the mailbox of an execution, a new empty one if need be."""
        box = self._boxes.get(execution_id)
        if box is None:
            box = Mailbox(execution_id)
            self._boxes[execution_id] = box
            self._count(box)
        else:
            self._boxes.move_to_end(execution_id)
        return box

    def update_cost(self, box: Mailbox) -> None:
        """Records what a mailbox costs now; drops it after the end of its execution, others over the bound."""
        if box.is_quiet and (box.state is None or box.state.closed is not None):
            self._drop(box)
            return
        self._count(box)
        if self._bytes > self._capacity:
            self._make_room()

    def _make_room(self) -> None:
        for box in [box for box in islice(self._boxes.values(), _EVICTED_AT_ONCE) if box.is_quiet]:
            if self._bytes <= self._capacity:
                return
            self._drop(box)

    def _count(self, box: Mailbox) -> None:
        if self._boxes.get(box.execution_id) is box:
            cost = box.cost_bytes
            self._bytes += cost - self._costs.get(box.execution_id, 0)
            self._costs[box.execution_id] = cost

    def _drop(self, box: Mailbox) -> None:
        if self._boxes.get(box.execution_id) is box:
            del self._boxes[box.execution_id]
            self._bytes -= self._costs.pop(box.execution_id, 0)


def fail(future: "asyncio.Future[Any]", error: LooplyError) -> None:
    """Makes an error the result of a future without one. A caller that went away does not read it; no defect."""
    if not future.done():
        future.set_exception(error)
        future.exception()
