"""What executions send to each other: a pure function of the events of one unit.

Nothing reaches into another execution. What happened here and concerns another one is a row that the same unit stores;
whoever applies it to its target does so in a unit of the target, which takes the row away. A row holds no data: the
event that sent it has them.
"""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

from looply.execution.facts.events import ChildClosed, ChildStarted, Event, ExecutionClosed, ExecutionStarted

DeliveryKind: TypeAlias = Literal["START", "STARTED", "ENDED", "TERMINATE"]
"""Start the target; tell it that the sender is stored; that it has ended; end the target."""

DELIVERY_KINDS: Final[tuple[DeliveryKind, ...]] = ("START", "STARTED", "ENDED", "TERMINATE")


class DeliveryKey(NamedTuple):
    """Which row it is: the execution that it is for, the one that sent it, and the number of the event that did."""

    target: str
    sender: str
    seq: int


class Delivery(NamedTuple):
    """A row on its way."""

    row: DeliveryKey
    kind: DeliveryKind


def deliveries_of(started: ExecutionStarted, events: Iterable[tuple[int, Event]]) -> tuple[Delivery, ...]:
    """Returns what an execution sends with these numbered events of its history."""
    own = started.execution_id
    found: list[Delivery] = []
    for seq, event in events:
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
