"""Offloads work on large bodies and responses to a thread, so that it does not block the event loop."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

Made = TypeVar("Made")

SMALL_BYTES: Final = 64 * 1024
"""Work on at most this number of bytes takes less time than the handover to a thread."""


async def offload_if_large(size: int, work: Callable[[], Made]) -> Made:
    """Returns the result of work on `size` bytes of JSON text, done in a thread when they are more than `SMALL_BYTES`.

    The work must not share mutable data. Raises: what the work raises.
    """
    return await asyncio.to_thread(work) if size > SMALL_BYTES else work()
