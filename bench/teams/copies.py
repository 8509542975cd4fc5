"""Cards that are brought while Teams refuses and breaks off: what is stale at the end, and how fast it went.

Of the calls for messages 5 % are answered by 429, and of the first sends 2 % are cut after their effect. Then every
card is answered, and people's clients ask for the present state of each message, as they do when they show one: so
doubles become known. At the end no message may take an answer.
"""

import asyncio
import time
from collections.abc import Iterator
from itertools import count as numbers
from typing import Any, Final

from bench.speed import Figures, Plan
from bench.teams.installation import Installation, installation, until
from looply.clock import SystemClock
from looply.demo.teams.connector import PER_SECOND
from looply.demo.teams.people import Message
from looply.demo.teams.wire import Reply, Request

COPIES: Final = 1000
GOAL_SECONDS: Final = 60.0
_PEOPLE: Final = 50
_REFUSED_EACH: Final = 20
_CUT_EACH: Final = 50
_PATIENCE_SECONDS: Final = 900.0


class Faults:
    """The faults of a simulator, by the number of the call. `last` is when the last one was."""

    def __init__(self) -> None:
        self._calls = numbers(1)
        self._sends = numbers(1)
        self.is_on = True
        self.refused = 0
        self.cut = 0
        self.last = time.perf_counter()

    def before(self, request: Request) -> Reply | None:
        """Returns the refusal of each twentieth call for a message."""
        if not self.is_on or "/activities" not in request.target or next(self._calls) % _REFUSED_EACH:
            return None
        self.refused, self.last = self.refused + 1, time.perf_counter()
        return Reply(429, {"error": {"code": "TooManyRequests"}}, {"Retry-After": "2"})

    def after(self, request: Request) -> Reply | None:
        """Returns the end of the connection in the place of the answer to each fiftieth message."""
        is_send = request.method == "POST" and request.target.endswith("/activities")
        if not self.is_on or not is_send or next(self._sends) % _CUT_EACH:
            return None
        self.cut, self.last = self.cut + 1, time.perf_counter()
        return Reply(is_cut=True)


def measure_copies(plan: Plan, count: int = COPIES) -> Figures:
    """Returns the faults, the doubles, the messages a second, and after how long no message was stale."""
    return asyncio.run(_measure(plan, count))


async def _measure(plan: Plan, count: int) -> Figures:
    faults = Faults()
    async with installation(plan, "teams-copies", min(_PEOPLE, count)) as held:
        held.simulator.fault, held.simulator.fault_after = faults.before, faults.after
        held.simulator.connector.seconds = SystemClock().monotonic
        begun = time.perf_counter()
        await held.ask(count)
        await until(lambda: len(_asked(held)) == count, _PATIENCE_SECONDS, "the cards were not brought")
        brought = time.perf_counter() - begun
        doubles = len(held.messages()) - count
        await _answer_all(held)
        faults.is_on = False
        await _refresh_all(held)
        await until(lambda: not _stale(held), _PATIENCE_SECONDS, "messages were stale")
        stale_seconds = time.perf_counter() - faults.last
    return {
        "copies": count,
        "brought_seconds": round(brought, 1),
        "refused": faults.refused,
        "cut": faults.cut,
        "doubles": doubles,
        "fastest": held.simulator.connector.fastest,
        "stale_seconds": round(stale_seconds, 1),
    }


def _asked(held: Installation) -> set[str]:
    """Returns the cards that people see, by their texts: a double has the text of its first message."""
    return {each.card["body"][0]["text"] for each in held.messages()}


def _stale(held: Installation) -> list[Message]:
    return [each for each in held.messages() if each.card.get("actions")]


async def _answer_all(held: Installation) -> None:
    """Lets each person answer each card once, by the first message that shows it."""
    answered: set[str] = set()
    for message in held.messages():
        text = message.card["body"][0]["text"]
        if text in answered or not message.card.get("actions"):
            continue
        answered.add(text)
        answer = await held.messenger.press(held.reader(message), message, message.card["actions"][0])
        shown: dict[str, Any] = answer.body or {}
        if (answer.status, shown.get("statusCode")) != (200, 200):
            raise RuntimeError(f"an answer was answered with {answer.status}: {shown}")


async def _refresh_all(held: Installation) -> None:
    """Lets the client of each person show the messages that are still open there."""
    for message in _stale(held):
        if "refresh" in message.card:
            await held.messenger.refresh(held.reader(message), message)


def lines_of(found: Figures) -> Iterator[tuple[str, str, str, bool | None]]:
    """Returns the lines of the table: scenario, measured, goal, and whether it is met."""
    title = f"{found['copies']:,} cards in Teams with {found['refused']} refusals and {found['cut']} cut answers"
    yield title, f"brought in {found['brought_seconds']:.0f} s, {found['doubles']} doubles", "", None
    stale = found["stale_seconds"]
    yield "  no message is stale", f"{stale:.0f} s after the last fault", "< 60 s", stale < GOAL_SECONDS
    fastest = found["fastest"]
    yield "  messages of one chat in a second", f"{fastest} at most", f"<= {PER_SECOND}", fastest <= PER_SECOND
