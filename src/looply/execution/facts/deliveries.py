"""Deliveries: messages between executions, a pure function of the events of one unit.

An execution never changes another one. An event that concerns another execution becomes a delivery row, which the same
unit stores; the unit of the target that applies it removes the row (a transactional outbox). A row holds no data: the
event that sent it has them.
"""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

from looply.execution.facts.events import ChildClosed, ChildStarted, Event, ExecutionClosed, ExecutionStarted

DeliveryKind: TypeAlias = Literal["START", "STARTED", "ENDED", "TERMINATE"]
"""Start the target; notify it that the sender is stored; that the sender has ended; terminate the target."""

DELIVERY_KINDS: Final[tuple[DeliveryKind, ...]] = ("START", "STARTED", "ENDED", "TERMINATE")


_SENDERS: Final = frozenset((ExecutionStarted, ExecutionClosed, ChildStarted, ChildClosed))
"""Types of the events that may send something."""


class DeliveryKey(NamedTuple):
    """The key of a row: the target execution, the sender, and the number of the event that sent it."""

    target: str
    sender: str
    seq: int


class Delivery(NamedTuple):
    """A row that its target has not applied yet."""

    row: DeliveryKey
    kind: DeliveryKind


def deliveries_of(started: ExecutionStarted, events: Iterable[tuple[int, Event]]) -> tuple[Delivery, ...]:
    """Returns the deliveries that these numbered events of an execution's history send."""
    own = started.execution_id
    found: list[Delivery] = []
    for seq, event in events:
        if type(event) not in _SENDERS:
            continue
        match event:
            case ExecutionStarted(tells="START"):
                found.append(Delivery(DeliveryKey(started.parent, own, seq), "STARTED"))
            case ExecutionClosed() if started.tells == "END":
                found.append(Delivery(DeliveryKey(started.parent, own, seq), "ENDED"))
            case ChildStarted():
                found.append(Delivery(DeliveryKey(event.child_id, own, seq), "START"))
            case ChildClosed(outcome="CANCELLED"):
                found.append(Delivery(DeliveryKey(event.child_id, own, seq), "TERMINATE"))
            case _:
                continue
    return tuple(found)
