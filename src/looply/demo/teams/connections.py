"""The open connections of a server of the demo, so that all of them can be ended."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class OpenConnections:
    """The connections that are served now, each by its task."""

    def __init__(self) -> None:
        self._open: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    @contextmanager
    def serving(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        """Counts a connection as open within the block of the task that serves it, and closes it then."""
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        try:
            yield
        finally:
            del self._open[task]
            writer.close()

    async def close(self) -> None:
        """Ends all connections, and returns when their tasks have ended."""
        open_now = dict(self._open)
        for writer in open_now.values():
            writer.transport.abort()
        await asyncio.gather(*open_now, return_exceptions=True)
