"""Answers in Teams: from the arrival of an invoke to its answer with the decision durable, at a steady rate.

In the second half the keys of another connection hang, and its activities wait for them; a call of a browser's kind
is made again and again beside it: its slowest answer bounds for how long the loop was held.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Final

from bench.speed import Figures, Plan
from bench.teams.installation import Installation, installation, until
from looply.clock import SystemClock
from looply.demo.teams.activities import Activities
from looply.demo.teams.people import Message
from looply.demo.teams.wire import Reply, Request

RATE: Final = 50
GOAL_MS: Final = 200.0
HELD_MS: Final = 50.0
_PEOPLE: Final = 40
_WAITING: Final = 10
"""Activities a second that wait for keys."""
_LOOK_SECONDS: Final = 0.01
_PATIENCE_SECONDS: Final = 600.0


def measure_invokes(plan: Plan) -> Figures:
    """Returns the time of an answer, alone and while keys hang, and the slowest other call beside it, in ms."""
    return asyncio.run(_measure(plan))


async def _measure(plan: Plan) -> Figures:
    count = max(2, int(plan.seconds * RATE))
    async with installation(plan, "teams-invokes", _PEOPLE) as held:
        await held.ask(count)
        await until(lambda: len(held.messages()) == count, _PATIENCE_SECONDS, "the cards were not brought")
        messages = held.messages()
        alone = await _press_all(held, messages[: count // 2])
        hanging, slowest = await _while_keys_hang(held, messages[count // 2 :])
        if left := await held.open_cards():
            raise RuntimeError(f"{len(left)} cards are open although they were answered")
    return {"answers": count, "alone": alone, "hanging": hanging, "slowest_ms": round(slowest * 1000, 1)}


async def _press_all(held: Installation, messages: list[Message]) -> dict[str, float]:
    """Answers cards at the rate, and returns the times of the answers in ms, each from when it was due."""
    took: list[float] = []
    begun = time.perf_counter() + 0.1

    async def press(message: Message, due: float) -> None:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        answer = await held.messenger.press(held.reader(message), message, message.card["actions"][0])
        took.append(time.perf_counter() - due)
        if (answer.status, (answer.body or {}).get("statusCode")) != (200, 200):
            raise RuntimeError(f"an answer was answered with {answer.status}: {answer.body}")

    await asyncio.gather(*(press(each, begun + number / RATE) for number, each in enumerate(messages)))
    took.sort()
    return {f"p{share}_ms": round(took[min(len(took) - 1, len(took) * share // 100)] * 1000, 1) for share in (50, 99)}


async def _while_keys_hang(held: Installation, messages: list[Message]) -> tuple[dict[str, float], float]:
    endpoint = await held.connect("HANGING")
    held.simulator.fault = _hang
    waiting = asyncio.create_task(_wait_for_keys(held, endpoint))
    slowest = [0.0]
    looking = asyncio.create_task(_look(held, slowest))
    try:
        found = await _press_all(held, messages)
    finally:
        held.simulator.fault = lambda _: None
        waiting.cancel()
        looking.cancel()
        results: Sequence[BaseException | None] = await asyncio.gather(waiting, looking, return_exceptions=True)
    for each in results:
        if isinstance(each, Exception):
            raise each
    return found, slowest[0]


def _hang(request: Request) -> Reply | None:
    return Reply(hangs=True) if ".well-known" in request.target else None


async def _wait_for_keys(held: Installation, endpoint: str) -> None:
    clock = SystemClock()
    activities, running = Activities(held.simulator, clock.now), set()
    while True:
        headers = {"authorization": activities.authorization(clock.now())}
        content = activities.say(held.people[0])
        task = asyncio.create_task(_send(held, endpoint, content, headers))
        running.add(task)
        task.add_done_callback(running.discard)
        await asyncio.sleep(1 / _WAITING)


async def _send(held: Installation, endpoint: str, content: bytes, headers: dict[str, str]) -> None:
    with contextlib.suppress(Exception):  # what becomes of it is not measured
        await held.http.post(endpoint, content=content, headers=headers)


async def _look(held: Installation, slowest: list[float]) -> None:
    """Makes a call again and again, and keeps the time of the slowest one in `slowest`."""
    while True:
        begun = time.perf_counter()
        answer = await held.http.get("/healthz/live")
        slowest[0] = max(slowest[0], time.perf_counter() - begun)
        if answer.status_code != 200:
            raise RuntimeError(f"/healthz/live: {answer.status_code}")
        await asyncio.sleep(_LOOK_SECONDS)


def lines_of(found: Figures) -> Iterator[tuple[str, str, str, bool | None]]:
    """Returns the lines of the table: scenario, measured, goal, and whether it is met."""
    for name, title in (("alone", "an answer in Teams, durable"), ("hanging", "  while keys of another bot hang")):
        each = found[name]
        text = f"p50 {each['p50_ms']:.0f} ms, p99 {each['p99_ms']:.0f} ms"
        yield f"{title}, at {RATE}/s", text, f"p99 < {GOAL_MS:.0f} ms", each["p99_ms"] < GOAL_MS
    slowest = found["slowest_ms"]
    yield "  the slowest other call beside it", f"{slowest:.0f} ms", f"< {HELD_MS:.0f} ms", slowest < HELD_MS
