"""Parent and child: finds deliveries between them that are missing, whatever process ended when.

In both directions: a parent is notified how its child ended, and a child is terminated when its parent no longer waits
for it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from looply.engine.ports.lists import Head
from looply.engine.ports.store import Store
from looply.errors import NotFound, StoreCorrupt
from looply.execution import ExecutionState
from looply.execution.closing.children import StoredChild, find_owed_delivery, is_given_up
from looply.execution.facts.deliveries import Delivery, DeliveryKey
from looply.execution.facts.state import OpenChild

Read: TypeAlias = Callable[[str], Awaitable[ExecutionState]]
"""Folds the stored history of an execution. Raises: NotFound, StoreCorrupt."""


async def find_lost_children(store: Store, read: Read, state: ExecutionState) -> Mapping[str, Delivery]:
    """Returns the children for which the execution waits in vain, by id, each with the row that is missing.

    Of each child the start is pending, or it is open, or a delivery with its result is pending. For a child that is not
    stored the start is missing, for one that is stored the notification. Putting a row that was applied already is
    harmless.
    """
    if state.closed is not None:
        return {}
    deliveries = {}
    for child in state.children.values():
        if (missing := await _missing(store, read, state.started.execution_id, child)) is not None:
            deliveries[child.child_id] = missing
    return deliveries


async def find_lost_termination(store: Store, read: Read, state: ExecutionState) -> Delivery | None:
    """Returns the row that ends an open execution, None where none is missing.

    One whose parent cannot be read is left alone.
    """
    started = state.started
    if state.closed is not None or started.tells != "END":
        return None
    parent = await _read_or_none(read, started.parent)
    if parent is None or not is_given_up(started, parent):
        return None
    # Read after the parent: the unit in which the parent gave it up has put the row.
    rows = await store.reads.deliveries_of(started.execution_id)
    if any(delivery.kind == "TERMINATE" for delivery in rows):
        return None
    return Delivery(DeliveryKey(started.execution_id, started.parent, parent.seq), "TERMINATE")


async def _missing(store: Store, read: Read, parent: str, child: OpenChild) -> Delivery | None:
    rows = await store.reads.deliveries_of(child.child_id)
    if any(delivery.kind == "START" for delivery in rows):
        return None
    head = await store.reads.head(child.child_id)
    owed = find_owed_delivery(child, parent, await _stored(read, head) if head is not None else None)
    if owed is None:
        return None
    pending = await store.reads.deliveries_of(parent)
    if any(delivery.row.sender == child.child_id for delivery in pending):
        return None
    if head is None:
        return Delivery(DeliveryKey(child.child_id, parent, child.seq), "START")
    return Delivery(DeliveryKey(parent, child.child_id, head.seq), owed)


async def _stored(read: Read, head: Head) -> StoredChild:
    """Returns what is stored of a child.

    One that FAILED with an incident continues when an operator decides; one that failed for good has ended. One that
    cannot be read is a problem of its own, and counts as one that has not.
    """
    has_ended = not head.is_open
    if has_ended and head.status == "FAILED":
        failed = await _read_or_none(read, head.execution_id)
        has_ended = failed is not None and failed.closed is not None
    return StoredChild(head.parent, has_ended)


async def _read_or_none(read: Read, execution_id: str) -> ExecutionState | None:
    try:
        return await read(execution_id)
    except (NotFound, StoreCorrupt):
        return None
