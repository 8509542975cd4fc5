"""The pool of worker processes: started on first use, bounded in number, replaced when they fail, ended with the pool.

Each language has a fixed number of slots, which `looply.slots.FairSlots` shares among organizations: code that does not
end delays the other calls of its organization alone. A call with a slot uses an idle process, or starts one;
`workers.py` says which. A process that died, was killed, or whose code exceeded a limit that it cannot recover from is
removed with the call.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, TypeAlias

import structlog

from looply.connectors.function.process import ProcessGone, RunTimedOut, WorkerProcess, WorkerReply
from looply.connectors.function.workers import CallWatch, Workers
from looply.connectors.sandbox import Code, CodeFailed, Language
from looply.errors import BadRequest, ShuttingDown, Timeout
from looply.jsontext import Json, check_values, parse_json, work_units
from looply.limits import DEFAULT_LIMITS, Limits
from looply.rates import HEAVY_BYTES, Turns
from looply.slots import FairSlots, Lane

_log = structlog.get_logger(__name__)

_TRIES: Final = 2
"""A process that dies is most often not the code's fault: an operator killed it, or the machine was out of memory."""

_NOW: Final = 0.0
"""`FairSlots` separates quick from slow targets by time. All code has one time limit, so the time given is constant."""

_Ticket: TypeAlias = "tuple[Lane, asyncio.Future[None]]"


class SandboxPool:
    """See `looply.connectors.sandbox.Sandbox`."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, *, processes: int = 4, turns: Turns | None = None) -> None:
        """`processes` is the largest number of processes of each language; large results wait for their `turns`."""
        self._limits = limits
        self._turns = turns
        self._slots: dict[Language, FairSlots[_Ticket]] = defaultdict(
            lambda: FairSlots(total=processes, per_lane=processes)
        )
        self._processes = processes
        self._workers: dict[Language, Workers[WorkerProcess]] = {}
        self._is_closed = False

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of the running processes, lowest first."""
        return tuple(sorted(process.pid for workers in self._workers.values() for process in workers.all))

    async def run(self, code: Code, within: timedelta, owner: str = "") -> Json:
        """Returns what the code returns. Raises: as `Sandbox.run`."""
        async with self._slot(Lane(owner, code.language), self._slots[code.language], within):
            for left in reversed(range(_TRIES)):
                try:
                    reply = await self._ask(code, within, owner)
                    if self._turns is not None and reply.value is not None and len(reply.value) > HEAVY_BYTES:
                        await self._turns.wait(owner, work_units(reply.value))
                    return self._read_value(reply)
                except ProcessGone as error:
                    _log.warning("function_process_gone", language=code.language, again=left)
                    if not left:
                        message = "the process that ran the code died, and so did the next one"
                        raise CodeFailed(message, code="FUNCTION_CRASHED") from error
        raise AssertionError("the last try returns or raises")

    async def close(self) -> None:
        """Ends all processes; the calls that they run fail. Closing twice is harmless."""
        self._is_closed = True
        await asyncio.gather(*(workers.close() for workers in self._workers.values()))

    @asynccontextmanager
    async def _slot(self, lane: Lane, slots: FairSlots[_Ticket], within: timedelta) -> AsyncIterator[None]:
        if not slots.try_acquire(lane, _NOW):
            await self._wait_for_slot(lane, slots, within)
        try:
            yield
        finally:
            _release_slot(lane, slots)

    async def _wait_for_slot(self, lane: Lane, slots: FairSlots[_Ticket], within: timedelta) -> None:
        """Returns when the caller has a slot. Raises: Timeout."""
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        slots.put(lane, (lane, ticket))
        has_slot = False
        try:
            async with asyncio.timeout(within.total_seconds()):
                await ticket
            has_slot = True
        except TimeoutError as error:
            message = f"no process for {lane.target} became free within {within.total_seconds():g} s"
            raise Timeout(f"{message}; raise the setting function_processes") from error
        finally:
            if not has_slot and ticket.done() and not ticket.cancelled():
                _release_slot(lane, slots)

    async def _ask(self, code: Code, within: timedelta, owner: str) -> WorkerReply:
        workers = self._open_workers(code.language)
        process = await workers.acquire(owner)
        seconds = min(self._limits.function_time, within).total_seconds()
        watch = CallWatch(process, lambda: workers.lower(process))
        is_sound = has_no_end = False
        try:
            answer = await process.ask(code, seconds, self._limits)
            is_sound, has_no_end = not answer.is_last, answer.kind == "FUNCTION_TIME"
        except RunTimedOut:
            answer, has_no_end = WorkerReply({"kind": "FUNCTION_TIME"}, None), True
        finally:
            is_slow = watch.end() or has_no_end
            # Also when the call was cancelled: its process is killed, because no caller waits for its result.
            await workers.release(process, owner, is_sound=is_sound and not self._is_closed, is_slow=is_slow)
        return answer

    def _open_workers(self, language: Language) -> Workers[WorkerProcess]:
        if self._is_closed:
            raise ShuttingDown("the process is stopping and runs no code any more")
        if language not in self._workers:
            self._workers[language] = Workers(
                lambda is_lowered: WorkerProcess.start(language, self._limits, is_lowered=is_lowered), self._processes
            )
        return self._workers[language]

    def _read_value(self, answer: WorkerReply) -> Json:
        """Returns the value, checked as strictly as the body of a request. Raises: CodeFailed, ProcessGone."""
        if answer.kind != "value" or answer.value is None:
            raise self._failure(answer)
        most = self._limits.function_output_bytes
        if len(answer.value) > most:
            detail = f"the result has more than {most} bytes (limit function_output_bytes)"
            raise CodeFailed("the code returns too much", code="FUNCTION_RESULT", detail=detail)
        try:
            check_values(answer.value, self._limits.json_nodes, name="the result")
            return parse_json(answer.value, self._limits, name="the result")
        except BadRequest as error:
            is_json = error.code == "TOO_MANY_VALUES"
            message = "the code returns too much" if is_json else "the code does not return JSON"
            raise CodeFailed(message, code="FUNCTION_RESULT", detail=error.message) from error

    def _failure(self, answer: WorkerReply) -> CodeFailed:
        """Returns the failure that a process reported. Raises: ProcessGone when it is no failure of the code."""
        at_line = f", line {answer.line}" if answer.line else ""
        detail = "; ".join(filter(None, (answer.text, _printed_text(answer))))
        match answer.kind:
            case "FUNCTION_SYNTAX":
                return CodeFailed(f"the code cannot be read{at_line}", code="FUNCTION_SYNTAX", detail=detail)
            case "FUNCTION_FAILED":
                return CodeFailed(f"the code failed{at_line}", code="FUNCTION_FAILED", detail=detail)
            case "FUNCTION_RESULT":
                return CodeFailed("the code does not return JSON", code="FUNCTION_RESULT", detail=detail)
            case "FUNCTION_TIME":
                seconds = self._limits.function_time.total_seconds()
                message = f"the code did not end within {seconds:g} s (limit function_time_seconds)"
                return CodeFailed(message, code="FUNCTION_TIME", detail=detail)
            case "FUNCTION_MEMORY":
                most = self._limits.function_memory_bytes
                message = f"the code took more than {most} bytes of memory (limit function_memory_bytes)"
                return CodeFailed(message, code="FUNCTION_MEMORY", detail=detail)
            case _:
                raise ProcessGone(answer.kind)


def _release_slot(lane: Lane, slots: FairSlots[_Ticket]) -> None:
    """Releases a slot, and gives free slots to the calls that wait for one and are not cancelled."""
    slots.release(lane, _NOW, 0)
    while (waiting := slots.next(_NOW)) is not None:
        its_lane, ticket = waiting
        if ticket.cancelled():
            slots.release(its_lane, _NOW, 0)
        else:
            ticket.set_result(None)


def _printed_text(answer: WorkerReply) -> str:
    lines = answer.printed.strip()
    return f"it printed: {lines}" if lines else ""
