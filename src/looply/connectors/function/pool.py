"""The pool of worker processes: started on first use, bounded in number, replaced when they fail, ended with the pool.

Each language has so many places, which organizations share as `looply.slots.FairSlots` says: code that does not end
holds up the other calls of its organization alone. A call with a place asks a process that is free, or starts one. A
process whose code ran into a limit that nobody can come back from, that died or that was killed is gone with the call;
the next call starts another.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, TypeAlias

import structlog

from looply.connectors.function.process import Answer, ProcessGone, TookTooLong, WorkerProcess
from looply.connectors.function.sandbox import Code, CodeFailed, Language
from looply.errors import BadRequest, ShuttingDown, Timeout
from looply.jsontext import Json, check_values, parse_json
from looply.limits import DEFAULT_LIMITS, Limits
from looply.slots import FairSlots, Lane

_log = structlog.get_logger(__name__)

_TRIES: Final = 2
"""A process that dies is most often not the code's fault: somebody killed it, or the machine was out of memory."""

_NOW: Final = 0.0
"""Code has one time limit for all, so that no organization's is slow beside its others."""

_Turn: TypeAlias = "tuple[Lane, asyncio.Future[None]]"


class SandboxPool:
    """See `looply.connectors.function.sandbox.Sandbox`."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, *, processes: int = 4) -> None:
        """`processes` bounds those of each language."""
        self._limits = limits
        self._places: dict[Language, FairSlots[_Turn]] = defaultdict(
            lambda: FairSlots(total=processes, per_lane=processes)
        )
        self._free: dict[Language, list[WorkerProcess]] = defaultdict(list)
        self._all: set[WorkerProcess] = set()
        self._is_closed = False

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of the processes that are there, lowest first."""
        return tuple(sorted(process.pid for process in self._all))

    async def run(self, code: Code, within: timedelta, owner: str = "") -> Json:
        """Returns what the code returns. Raises: as `Sandbox.run`."""
        async with self._place(Lane(owner, code.language), self._places[code.language], within):
            for left in reversed(range(_TRIES)):
                try:
                    return self._judged(await self._ask(code, within))
                except ProcessGone as error:
                    _log.warning("function_process_gone", language=code.language, again=left)
                    if not left:
                        message = "the process that ran the code died, and so did the next one"
                        raise CodeFailed(message, code="FUNCTION_CRASHED") from error
        raise AssertionError("the last try returns or raises")

    async def close(self) -> None:
        """Ends all processes; what they run fails. Closing twice is harmless."""
        self._is_closed = True
        await asyncio.gather(*(process.kill() for process in self._all))
        self._all.clear()
        self._free.clear()

    @asynccontextmanager
    async def _place(self, lane: Lane, places: FairSlots[_Turn], within: timedelta) -> AsyncIterator[None]:
        if not places.take(lane, _NOW):
            await self._turn(lane, places, within)
        try:
            yield
        finally:
            _free(lane, places)

    async def _turn(self, lane: Lane, places: FairSlots[_Turn], within: timedelta) -> None:
        """Returns when the caller has a place. Raises: Timeout."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        places.put(lane, (lane, turn))
        has_place = False
        try:
            async with asyncio.timeout(within.total_seconds()):
                await turn
            has_place = True
        except TimeoutError as error:
            message = f"no process for {lane.target} became free within {within.total_seconds():g} s"
            raise Timeout(f"{message}; raise the setting function_processes") from error
        finally:
            if not has_place and turn.done() and not turn.cancelled():
                _free(lane, places)

    async def _ask(self, code: Code, within: timedelta) -> Answer:
        process = await self._process(code.language)
        seconds = min(self._limits.function_time, within).total_seconds()
        is_sound = False
        try:
            answer = await process.ask(code, seconds, self._limits)
            is_sound = not answer.is_last
        except TookTooLong:
            answer = Answer({"kind": "FUNCTION_TIME"}, None)
        finally:
            # Also when the call was cancelled: nobody waits for what the process is still doing.
            await self._give_back(code.language, process, is_sound=is_sound)
        return answer

    async def _process(self, language: Language) -> WorkerProcess:
        if self._is_closed:
            raise ShuttingDown("the process is stopping and runs no code any more")
        free = self._free[language]
        while free:
            process = free.pop()
            if process.is_alive:
                return process
            await self._drop(process)
        process = await WorkerProcess.start(language, self._limits)
        self._all.add(process)
        return process

    async def _give_back(self, language: Language, process: WorkerProcess, *, is_sound: bool) -> None:
        if is_sound and not self._is_closed:
            self._free[language].append(process)
        else:
            await self._drop(process)

    async def _drop(self, process: WorkerProcess) -> None:
        self._all.discard(process)
        await process.kill()

    def _judged(self, answer: Answer) -> Json:
        """Returns the value, which is looked at as strictly as a caller's body. Raises: CodeFailed, ProcessGone."""
        if answer.kind != "value" or answer.value is None:
            raise self._failure(answer)
        most = self._limits.function_output
        if len(answer.value) > most:
            told = f"the result has more than {most} bytes (limit function_output)"
            raise CodeFailed("the code returns too much", code="FUNCTION_RESULT", told=told)
        try:
            check_values(answer.value, self._limits.json_nodes, name="the result")
            return parse_json(answer.value, self._limits, name="the result")
        except BadRequest as error:
            is_json = error.code == "TOO_MANY_VALUES"
            message = "the code returns too much" if is_json else "the code does not return JSON"
            raise CodeFailed(message, code="FUNCTION_RESULT", told=error.message) from error

    def _failure(self, answer: Answer) -> CodeFailed:
        """Returns the failure that a process told of. Raises: ProcessGone when it told of none of the code's."""
        place = f", line {answer.line}" if answer.line else ""
        told = "; ".join(filter(None, (answer.text, _printed(answer))))
        match answer.kind:
            case "FUNCTION_SYNTAX":
                return CodeFailed(f"the code cannot be read{place}", code="FUNCTION_SYNTAX", told=told)
            case "FUNCTION_FAILED":
                return CodeFailed(f"the code failed{place}", code="FUNCTION_FAILED", told=told)
            case "FUNCTION_RESULT":
                return CodeFailed("the code does not return JSON", code="FUNCTION_RESULT", told=told)
            case "FUNCTION_TIME":
                seconds = self._limits.function_time.total_seconds()
                message = f"the code did not end within {seconds:g} s (limit function_time_seconds)"
                return CodeFailed(message, code="FUNCTION_TIME", told=told)
            case "FUNCTION_MEMORY":
                most = self._limits.function_memory
                message = f"the code took more than {most} bytes of memory (limit function_memory)"
                return CodeFailed(message, code="FUNCTION_MEMORY", told=told)
            case _:
                raise ProcessGone(answer.kind)


def _free(lane: Lane, places: FairSlots[_Turn]) -> None:
    """Gives a place back, and those that are free now to who waits for one and has not gone away."""
    places.release(lane, _NOW, 0)
    while (waiting := places.next(_NOW)) is not None:
        its_lane, turn = waiting
        if turn.cancelled():
            places.release(its_lane, _NOW, 0)
        else:
            turn.set_result(None)


def _printed(answer: Answer) -> str:
    lines = answer.printed.strip()
    return f"it printed: {lines}" if lines else ""
