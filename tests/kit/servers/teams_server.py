"""The simulator of Entra, the Bot Connector and Graph, served on a free port of this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
