"""A worker process: takes one request after another from its standard input and runs it.

It is started as a program of its own, with an empty environment and as the leader of a process group. It writes `ready`
once its interpreter is loaded. The interpreters have limits of their own; `limit_process` adds limits of the operating
system, and an alarm ends the process when a request takes twice its time. The process also ends with its parent.

The frames on its pipes are four bytes of length, big-endian, and JSON. A request is followed by a frame with its
input, a value by a frame with its text; those are no part of the JSON around them, so that nothing is parsed twice.
"""

import ctypes
import json
import os
import signal
import sys
from contextlib import suppress
from typing import Any, BinaryIO, Final

from looply.connectors.function.interpreter import Interpreter, Request, RunResult, WorkerUnusable

_MIB: Final = 1024 * 1024
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_CPU_SECONDS: Final = 3600
"""The last bound of a runaway process, should all others fail. A process that has used this time is replaced."""


def main(language: str, memory: int, parent: int, nice: int) -> None:
    """Serves requests of one language until the parent goes away; `nice` is added to the niceness of the process."""
    # Signals to the server's group, such as Ctrl-C, must not reach it; its own group is killed as a whole. It has no
    # session of its own: Linux gives each session the same share of the CPU (`sched_autogroup`), and priorities count
    # within a session only.
    os.setpgid(0, 0)
    _die_with(parent)
    # Where a filter of system calls forbids `nice`, the code runs at normal priority.
    with suppress(OSError):
        os.nice(nice)
    requests, answers = _take_pipes()
    # Compiling an interpreter takes more than running it, so its limit comes after; Monty's own process inherits ours.
    if language == "python":
        limit_process(memory)
    interpreter = _make_interpreter(language)
    if language != "python":
        limit_process(memory)
    _write(answers, {"kind": "ready", "pid": interpreter.pid})
    while (head := _read(requests)) is not None:
        given = json.loads(head)
        request = Request(input=(_read(requests) or b"null").decode(), **given)
        signal.setitimer(signal.ITIMER_REAL, 2 * request.seconds)
        try:
            result = interpreter.run(request)
        except WorkerUnusable as broken:
            _write_result(answers, broken.result, is_last=True)
            return
        except MemoryError:
            _write_result(answers, RunResult(kind="FUNCTION_MEMORY"), is_last=True)
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        _write_result(answers, result)


def limit_process(memory: int) -> None:
    """Sets the limits of this process: the memory that it has and `memory` more, no writing of files, no core."""
    try:
        import resource  # noqa: PLC0415 - optional import: Windows has no resource
    except ImportError:
        return
    most = _data_bytes() + memory + 64 * _MIB
    limits = {
        resource.RLIMIT_DATA: most,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: _CPU_SECONDS,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))


def _data_bytes() -> int:
    """Returns the size of the writable memory that this process has already."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - nothing is imported for it
            lines = dict(line.split(":", 1) for line in status if ":" in line)
        return int(lines["VmData"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return 192 * _MIB


def _make_interpreter(language: str) -> Interpreter:
    # Each process has one interpreter; the library of the other is never loaded.
    if language == "javascript":
        from looply.connectors.function.javascript import JavaScript  # noqa: PLC0415 - slow import: a process has one interpreter

        return JavaScript()
    from looply.connectors.function.python import Python  # noqa: PLC0415 - slow import: a process has one interpreter

    return Python()


def _die_with(parent: int) -> None:
    """Asks the system to end this process with its parent, where it can, and to give it no new rights."""
    if sys.platform.startswith("linux"):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Returns the pipes, and redirects the standard streams to the null device, so that no library uses the pipes."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    empty = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(empty, standard)
    return requests, answers


def _write_result(answers: BinaryIO, result: RunResult, *, is_last: bool = False) -> None:
    facts: dict[str, Any] = {
        "kind": result.kind,
        "text": result.text,
        "line": result.line,
        "printed": result.printed,
        "is_last": is_last,
    }
    _write(answers, facts, result.value.encode("utf-8", "replace") if result.kind == "value" else None)


def _write(answers: BinaryIO, facts: dict[str, Any], value: bytes | None = None) -> None:
    for frame in (json.dumps(facts).encode(), value):
        if frame is not None:
            answers.write(len(frame).to_bytes(4, "big") + frame)
    answers.flush()


def _read(requests: BinaryIO) -> bytes | None:
    """Returns the next frame, or None when the parent has closed the pipe."""
    head = requests.read(4)
    if len(head) < 4:
        return None
    frame = requests.read(int.from_bytes(head, "big"))
    return frame if len(frame) == int.from_bytes(head, "big") else None
