"""Clients that follow the stream of an organization in runs of pools with retention, and resume at their cursor."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from looply.app.executions.watching import Subscription, check_cursor, follow_organization
from looply.engine.shell.shell import Shell
from looply.errors import LooplyError
from simulation.running.choice import choose
from simulation.running.trace import Stream

if TYPE_CHECKING:
    from simulation.running.life import Simulation

Act = Callable[[], Awaitable[None]]
_PEOPLE = ("ann", "bob")
_FOR_MS = (600, 0, 5000, 20_000)
_READS_FOR_MS = (0, 0, 30, 900)
"""The time that a client takes for a commit before it reads the next one."""


@dataclass(frozen=True)
class _Services:
    """The services of an application that streams use."""

    engine: Shell

    @property
    def feed(self) -> Any:
        """The feed of the engine."""
        return self.engine.feed


class Watchers:
    """Two clients for each organization, each with a cursor of its own."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        self._places: dict[tuple[str, str], int] = {}
        self.actions: list[Act] = [self.follow] * 4 if simulation.pool.forgets else []

    async def follow(self) -> None:
        """Resumes a stream at its cursor for a while; a client whose cursor was pruned begins again."""
        simulation = self._simulation
        choice, trace = simulation.choice, simulation.trace
        organization = choose(choice, "organization", sorted(set(trace.organizations.values())))
        who = organization, choose(choice, "who", _PEOPLE)
        after = self._places.get(who, 0)
        stream = Stream(trace.tick(), organization, after, after)
        trace.streams.append(stream)
        span_ms, reads_ms = simulation.delay("follows for", _FOR_MS), simulation.delay("reads for", _READS_FOR_MS)
        answer = await simulation.ask(lambda shell: _follow(shell, stream, span_ms, reads_ms))
        stream.returned = trace.tick()
        stream.code = answer.code if isinstance(answer, LooplyError) else ""
        if stream.after >= 0:
            self._places[who] = stream.last
        if stream.code == "EVENTS_PRUNED":
            self._places[who] = -1


async def _follow(shell: Shell, stream: Stream, span_ms: int, reads_ms: int) -> None:
    services: Any = _Services(shell)
    if stream.after < 0:
        stream.last = (await shell.feed.position())[1]
        stream.after = stream.last
    else:
        await check_cursor(services, stream.organization, (0, stream.after))
    watched = Subscription(services, stream.organization, stream.organization)
    commits = follow_organization(services, watched, stream.organization, (0, stream.after))
    try:
        async with asyncio.timeout(span_ms / 1000), aclosing(commits):
            async for committed in commits:
                if stream.returned:
                    return  # the connection broke, and the client gets none of it
                events, place = committed.events, committed.position[1]
                if events:
                    stream.received.append((place, committed.execution_id, events[0][0], events[-1][0]))
                stream.last = place
                await asyncio.sleep(reads_ms / 1000)
    except TimeoutError:
        return
    finally:
        watched.close()
