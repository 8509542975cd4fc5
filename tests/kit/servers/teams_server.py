"""The simulator of Entra, the Bot Connector and Graph, served on a free port of this machine."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from looply.demo.teams.simulator import TeamsSimulator


@asynccontextmanager
async def running_teams() -> AsyncIterator[TeamsSimulator]:
    """Serves a simulator within the block; its `address` is set."""
    simulator = TeamsSimulator()
    server = await asyncio.start_server(simulator.serve, "127.0.0.1", 0)
    simulator.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield simulator
    server.close()
    await simulator.close()


@contextmanager
def teams_beside() -> Iterator[TeamsSimulator]:
    """Serves a simulator within the block, in a loop of its own thread."""
    begun: list[TeamsSimulator] = []
    is_ready, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with running_teams() as simulator:
            begun.append(simulator)
            is_ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert is_ready.wait(30), "the simulator does not listen within 30 s"
        yield begun[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
