"""The inbox of a person: pages of 30 requests while 100,000 are open, in the process, without a socket.

Most people have 125 requests; one has a fifth of all. Pages are read newest first, and from places further down. The
states of most executions are not in memory: the process that reads them is not the one that stored them.
"""

import asyncio
import time
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from bench.harness.filling import Folder, make_folder
from bench.harness.in_process import InProcess, in_process
from bench.harness.load import run
from bench.harness.scenario import PAYLOAD
from bench.speed import Figures, Plan
from looply.app.inbox.cards import MyCardFilter, list_cards
from looply.catalog.tenants.principal import Person, Principal
from looply.engine.ports.lists import CardKey

OPEN: Final = 100_000
GOAL_MS: Final = 50.0

_PEOPLE: Final = 800
_BUSY: Final = "busy@example.com"
_PAGE: Final = 30
_READS: Final = 300
_WARM_UP: Final = 10
"""Pages that are read before and not measured: those of a process that has just started find cold caches."""
_COMMITTERS: Final = 256


def approving() -> dict[str, Any]:
    """Returns trigger -> approval by a person of the body."""
    settings = {"recipients": ["${payload.output.manager}"], "requester": "${payload.output.buyer}", "timeout": "P9D"}
    return {
        "workflow_name": "An approval",
        "workflow_steps": [
            {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}},
            {"id": "approval_1", "type": "approval", "description": "Release the order?", "settings": settings},
        ],
        "workflow_connections": [{"from": "WorkflowStartState", "to": "approval_1"}],
    }


def measure_inbox(plan: Plan, count: int = OPEN) -> Figures:
    """Returns what a page of the own inbox takes with so many open requests."""
    folder = run(make_folder(plan.work / "inbox", {"approving": approving()}))
    begun = time.perf_counter()
    run(_fill(folder, count))
    filled = time.perf_counter() - begun
    return {
        "open": count,
        "fill_seconds": round(filled, 1),
        **run(_measure(folder, min(_READS, count // 5 // _PAGE - 1))),
    }


def _manager(number: int) -> str:
    return _BUSY if number % 5 == 0 else f"manager{number % _PEOPLE}@example.com"


async def _fill(folder: Folder, count: int) -> None:
    async with in_process(folder.data) as held:
        start, numbers = await held.start_of("approving"), iter(range(count))

        async def commit() -> None:
            for number in numbers:
                body = {**PAYLOAD, "manager": _manager(number), "buyer": f"buyer{number % 50}@example.com"}
                await held.shell.start(replace(start, body=body, body_size=len(msgspec.json.encode(body))))

        await asyncio.gather(*(commit() for _ in range(_COMMITTERS)))


async def _measure(folder: Folder, reads: int) -> Figures:
    async with in_process(folder.data) as held:
        for _ in range(_WARM_UP):
            await _page(held, _BUSY)
        first = [await _page(held, f"manager{number}@example.com") for number in _others(reads)]
        deep, after = [], None
        for _ in range(reads):
            spent, after = await _page(held, _BUSY, after)
            deep.append((spent, after))
        return {"first": _figures(first), "of_a_busy_person": _figures(deep)}


def _others(count: int) -> Iterator[int]:
    """Yields numbers of people who are not the busy one, each in turn."""
    others = [number for number in range(_PEOPLE) if number % 5]
    return islice(cycle(others), count)


async def _page(held: InProcess, email: str, after: CardKey | None = None) -> tuple[float, CardKey | None]:
    principal = Principal(
        organization_id=held.organization_id,
        workspace_id=held.workspace_id,
        key_id=None,
        name=email,
        permissions=frozenset(("own",)),
        person=Person(user_id=email, name=email, email=email),
    )
    begun = time.perf_counter()
    page = await list_cards(held.services, principal, MyCardFilter(), after=after, limit=_PAGE)
    spent = (time.perf_counter() - begun) * 1000
    if len(page.items) != _PAGE:
        raise RuntimeError(f"a page of {email} has {len(page.items)} requests, expected {_PAGE}")
    return spent, page.after


def _figures(pages: list[tuple[float, CardKey | None]]) -> Figures:
    spans = sorted(spent for spent, _ in pages)
    return {
        "pages": len(spans),
        "p50_ms": round(spans[len(spans) // 2], 1),
        "p99_ms": round(spans[len(spans) * 99 // 100], 1),
    }


def lines_of(found: Figures) -> Iterator[tuple[str, str, str, bool | None]]:
    """Yields the lines of the table: name, figure, goal, and whether it is met."""
    for name, key in (("first page", "first"), ("pages of a person with a fifth of all", "of_a_busy_person")):
        each = found[key]
        figure = f"{each['p50_ms']} / {each['p99_ms']} ms"
        yield (
            f"inbox of {found['open']:,}: {name}, p50 / p99",
            figure,
            f"p99 < {GOAL_MS:g} ms",
            each["p99_ms"] < GOAL_MS,
        )
