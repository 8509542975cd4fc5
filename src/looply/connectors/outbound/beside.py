"""Work on large answers, done in a thread, so that the event loop serves others in between."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

Made = TypeVar("Made")

SMALL_BYTES: Final = 64 * 1024
"""Work on so many bytes takes less time than a thread takes to be asked."""


async def beside_loop(size: int, work: Callable[[], Made]) -> Made:
    """Returns what the work on `size` bytes of JSON text returns, done in a thread where these are many.

    The work must share nothing that others change. Raises: what the work raises.
    """
    return await asyncio.to_thread(work) if size > SMALL_BYTES else work()
