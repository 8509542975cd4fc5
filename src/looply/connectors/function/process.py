"""One worker process as its parent handles it: start, request, deadline, kill."""

import asyncio
import json
import os
import signal
import sys
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Final

import looply
from looply.connectors.sandbox import Code, Language
from looply.errors import Unavailable
from looply.jsontext import encode_json
from looply.limits import Limits

START_SECONDS: Final = 60.0
"""An interpreter loads within a second; a busy machine that is ten times as slow needs a minute at most."""

_HEAD_BYTES: Final = 64 * 1024
# Python's isolated mode: neither the environment nor the current folder decides what is imported.
_PROGRAM: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from looply.connectors.function.child import main; "
    "main(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))"
)
_NICE: Final = 5
"""The server, and so all other organizations, have priority on a busy machine."""

_LOWEST_NICE: Final = 19
_CPU_CLOCK: Final = 2
"""`CPUCLOCK_SCHED` of Linux: the time for which the scheduler ran the threads of a process."""


class ProcessGone(Exception):
    """The process ended, or its output breaks the protocol."""


class RunTimedOut(Exception):
    """The process did not end the code by itself, and was killed."""


class WorkerReply:
    """The reply of a process to a request; `value` is JSON text, None unless the kind is `value`."""

    __slots__ = ("is_last", "kind", "line", "pid", "printed", "text", "value")

    def __init__(self, facts: dict[str, Any], value: bytes | None) -> None:
        self.kind = str(facts.get("kind", ""))
        self.text = str(facts.get("text", ""))
        self.printed = str(facts.get("printed", ""))
        line = facts.get("line", 0)
        self.line = line if isinstance(line, int) else 0
        self.pid = facts.get("pid")
        self.value = value
        self.is_last = facts.get("is_last") is True


class WorkerProcess:
    """A process with the interpreter of one language. It takes one request at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._runner = process.pid
        """The process that runs the code: an interpreter may have one of its own."""

    @property
    def pid(self) -> int:
        """The id of the process, which leads a process group of its own once it is ready."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it has not been seen to end."""
        return self._process.returncode is None

    @property
    def cpu_seconds(self) -> float:
        """The CPU time that it has used, 0 once it has ended. Where the system cannot say it, the time of a clock."""
        if sys.platform != "linux":
            return asyncio.get_running_loop().time()
        try:
            # The clock of a process, as `clock_getcpuclockid` of the C library computes its number.
            return sum(time.clock_gettime((~pid << 3) | _CPU_CLOCK) for pid in self._pids)
        except OSError:
            return 0.0

    @property
    def _pids(self) -> set[int]:
        return {self._process.pid, self._runner}

    @classmethod
    async def start(cls, language: Language, limits: Limits, *, is_lowered: bool = False) -> "WorkerProcess":
        """Starts a process and waits until its interpreter is loaded; `is_lowered` as after `lower`.

        Raises: Unavailable.
        """
        source = str(Path(looply.__file__).parents[1])
        memory = str(limits.function_memory_bytes)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-c", _PROGRAM, source, language, memory, str(os.getpid()), str(_NICE)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd="/",
                env={"LC_ALL": "C.UTF-8"},
            )
        except OSError as error:
            raise Unavailable(f"no process for {language} could be started: {error.strerror or error}") from error
        worker = cls(process)
        if is_lowered:
            worker.lower()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(worker.kill)
            await worker._become_ready(language)
            stack.pop_all()
        return worker

    async def ask(self, code: Code, seconds: float, limits: Limits) -> WorkerReply:
        """Runs code and returns the reply; the call ends at twice the time.

        Raises: ProcessGone, RunTimedOut; the caller must kill the process then.
        """
        request = {
            "text": code.code,
            "seconds": seconds,
            "memory": limits.function_memory_bytes,
            "output": limits.function_output_bytes,
            "levels": limits.json_levels,
        }
        try:
            async with asyncio.timeout(2 * seconds):
                await self._write(encode_json(request), encode_json(code.input))
                return await self._read(_HEAD_BYTES, 4 * limits.function_output_bytes)
        except TimeoutError as error:
            raise RunTimedOut from error

    def lower(self) -> None:
        """Gives the process, and all that it started, the lowest priority; lowering twice is harmless."""
        # A filter of system calls may forbid it.
        for kind in (os.PRIO_PROCESS, os.PRIO_PGRP):  # it has no group of its own before it is ready
            with suppress(OSError):
                os.setpriority(kind, self._process.pid, _LOWEST_NICE)
        if hasattr(os, "SCHED_IDLE"):
            # Linux: other processes take the core from an idle one at once, and from a nice one after its time slice.
            for pid in self._pids:
                with suppress(OSError):
                    os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))

    async def kill(self) -> None:
        """Kills the process and all that it started, and waits for its end. Killing twice is harmless."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            self._process.kill()  # it has no group of its own before it is ready
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()

    async def _become_ready(self, language: Language) -> None:
        try:
            async with asyncio.timeout(START_SECONDS):
                ready = await self._read(_HEAD_BYTES, 0)
        except (TimeoutError, ProcessGone) as error:
            raise Unavailable(f"a process for {language} ended, or was not ready within {START_SECONDS:g} s") from error
        if isinstance(ready.pid, int):
            self._runner = ready.pid

    async def _write(self, *frames: bytes) -> None:
        assert self._process.stdin is not None
        try:
            for frame in frames:
                self._process.stdin.write(len(frame).to_bytes(4, "big") + frame)
            await self._process.stdin.drain()
        except (ConnectionError, RuntimeError) as error:
            raise ProcessGone from error

    async def _read(self, most_head: int, most_value: int) -> WorkerReply:
        try:
            facts = json.loads(await self._frame(most_head))
        except ValueError as error:
            raise ProcessGone from error
        if not isinstance(facts, dict):
            raise ProcessGone
        return WorkerReply(facts, await self._frame(most_value) if facts.get("kind") == "value" else None)

    async def _frame(self, most: int) -> bytes:
        assert self._process.stdout is not None
        try:
            size = int.from_bytes(await self._process.stdout.readexactly(4), "big")
            if size > most:
                raise ProcessGone
            return await self._process.stdout.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise ProcessGone from error
