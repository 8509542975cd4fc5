"""The longest slice of the event loop, in calls of functions: it does not grow with the values of a large body."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

import pytest
from server_kit import Caller, definition, note_step, wait_step

from kit.calls import observed_calls
from looply.limits import DEFAULT_LIMITS

FEW, MANY = 2_000, 8_000
LONGEST = 4_000
"""Calls in one slice, less than a millisecond. A trigger of a few values takes about a thousand."""

CALLS_OF_A_TRIGGER = 1_500
"""Calls of the product for one trigger with a computing step, Python and C together: some 0.3 ms. The pace of requests
charges 0.45 ms beside the handler, so that a flood of triggers leaves more than half of the loop to others."""

SCHEMA = {"properties": {"rows": {"items": {"properties": {"text": {"type": "string"}}, "required": ["n"]}}}}
START = asyncio.events.Handle._run.__code__


def body_of(rows: int) -> bytes:
    """Returns a body in which values are slow to read: numbers that a double would change, and texts with commas."""
    made = b",".join(b'{"n":%d,"amount":0.1%018d,"text":"a, [b], {c}"}' % (row, 7 * row + 1) for row in range(rows))
    assert len(made) < DEFAULT_LIMITS.body_bytes
    return b'{"rows":[%s]}' % made


class Slice(Counter[str]):
    """The calls between two turns of the loop, by the function that is called, without those of imports.

    The client of the tests looks in each folder of tests for a module that is not installed, with each call.
    """

    def note(self, frame: FrameType) -> None:
        if frame.f_code is START:
            self.clear()
        if not is_of_imports(frame):
            self[frame.f_code.co_qualname] += 1

    def note_builtin(self, caller: FrameType, builtin: Any) -> None:
        if not is_of_imports(caller):
            self[builtin.__qualname__] += 1


def is_of_imports(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith("<frozen importlib")


async def longest_slice(act: Awaitable[Any]) -> Slice:
    """Returns the calls of the slice that has the most while an act is done."""
    current, longest = Slice(), Slice()

    def note(frame: FrameType) -> None:
        nonlocal longest
        if frame.f_code is START and current.total() > longest.total():
            longest = current.copy()
        current.note(frame)

    with observed_calls(note, current.note_builtin):
        await act
    return longest


class Acts:
    """Calls with a large body, and reads of what they have stored."""

    def __init__(self, mine: Caller) -> None:
        self._mine = mine

    async def _post(self, path: str, body: bytes) -> None:
        answer = await self._mine.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 200, answer.text[:300]

    async def trigger(self, body: bytes) -> Awaitable[None]:
        trigger = {"trigger_type": "REQUEST", "schema": SCHEMA}
        return self._post(f"triggerworkflow/{await self._mine.create(definition(note_step(), trigger=trigger))}", body)

    async def trigger_with_a_process_id(self, body: bytes) -> Awaitable[None]:
        workflow_id = await self._mine.create(definition(note_step()))
        return self._post(f"triggerworkflow/{workflow_id}?process_id=P{len(body)}", body)

    async def resume(self, body: bytes) -> Awaitable[None]:
        execution_id = await self._mine.trigger(await self._mine.create(definition(wait_step(), note_step())))
        return self._post(f"resumeworkflow/{execution_id}", b'{"payload":{"source":"SAP","sent":%s}}' % body)

    async def put_datastore(self, body: bytes) -> Awaitable[None]:
        return self._post("putDatastore", b'{"name":"store","value":%s}' % body)

    async def store_a_mock_payload(self, body: bytes) -> Awaitable[None]:
        return self._post(f"triggerworkflow/{await self._mine.create(definition(note_step()))}?test=true", body)


ACTS: list[Callable[[Acts, bytes], Awaitable[Awaitable[None]]]] = [
    Acts.trigger,
    Acts.trigger_with_a_process_id,
    Acts.resume,
    Acts.put_datastore,
    Acts.store_a_mock_payload,
]


@pytest.mark.parametrize("act", ACTS, ids=[act.__name__ for act in ACTS])
async def test_the_longest_slice_does_not_grow_with_the_values_of_a_body(
    mine: Caller, act: Callable[[Acts, bytes], Awaitable[Awaitable[None]]]
) -> None:
    few, many = [await longest_slice(await act(Acts(mine), body_of(rows))) for rows in (FEW, MANY)]
    assert many.total() < LONGEST, many.most_common(20)
    assert many.total() < 1.2 * few.total() + 100, (many - few).most_common(20)


async def test_a_trigger_of_few_values_takes_few_calls(mine: Caller) -> None:
    workflow_id = await mine.create(definition(note_step()))
    await mine.trigger(workflow_id, {"po": "4711"})
    calls = 0

    def note(frame: FrameType, _: Any = None) -> None:
        nonlocal calls
        calls += str(frame.f_globals.get("__name__")).startswith("looply.")

    with observed_calls(note, note):
        await mine.trigger(workflow_id, {"po": "4711"})
    assert calls < CALLS_OF_A_TRIGGER
