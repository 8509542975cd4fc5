"""Inside a worker process: runs Python in Monty, an interpreter of its own without CPython's objects and libraries.

Monty runs in a child process, so that a crash of it can be reported. Each request gets a session of its own. Calls to
the system (clock, random numbers, files, environment) are refused. Only a JSON value is accepted as the result: sets,
bytes, NaN, infinity and keys that are not strings are errors that name their path.
"""

import json
import math
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pydantic_monty as monty

from looply.connectors.function.interpreter import Request, RunResult, WorkerUnusable

_NO_CLOCK: Final = "a function has no clock; give ${utcNow()} in its input"
_NO_RANDOMNESS: Final = "a function has no random numbers; give ${rand(1, 100)} in its input"
_REFUSED: Final = {"datetime": _NO_CLOCK, "date": _NO_CLOCK, "time": _NO_CLOCK, "os.urandom": _NO_RANDOMNESS}
_HINTS: Final = {
    "set": "; give list(value)",
    "frozenset": "; give list(value)",
    "bytes": "; give value.decode()",
    "date": "; give value.isoformat()",
    "datetime": "; give value.isoformat()",
}
_PRINTED_CHARACTERS: Final = 1000
"""The most characters that are kept of the code's printed output."""
_TEXT_CHARACTERS: Final = 500
_DEPTH: Final = 400
_PLAIN: Final = (bool, int, str, type(None))
_INTEGER_BITS: Final = 14_000
"""CPython does not convert larger integers, of some 4,200 digits, to text."""
_CYCLES: Final = ("[...]", "{...}", "(...)")
"""What the interpreter returns instead of a list, an object or a tuple that contains itself."""
_REPLACED: Final = "\N{REPLACEMENT CHARACTER}"
_HALF: Final = re.compile(r"\\(?:u|U0000)[dD][89a-fA-F]")
"""The escape of half a character in the source of the code."""
# Without it the value of a last expression would be the result, which would hide a forgotten `return`.
_NOTHING: Final = "\nreturn None\n"


class NotJson(Exception):
    """The result is no JSON value."""


class PrintCapture:
    """The beginning of what the code prints."""

    def __init__(self) -> None:
        self.text = ""

    def __call__(self, _stream: str, text: str) -> None:
        """Keeps the text as far as there is room."""
        self.text = (self.text + text[:_PRINTED_CHARACTERS])[:_PRINTED_CHARACTERS]


class Python:
    """The interpreter of one worker process."""

    def __init__(self) -> None:
        # Only Monty's own watchdog ends a Monty process that ignores its limits; the alarm of this process would not.
        self._pool = monty.Monty(min_processes=1, max_processes=1, feed_duration_limit_grace=0.5)
        self._pool.__enter__()
        self.run(Request(text="return input", input="null", seconds=60.0, memory=64 << 20, levels=200, output=1 << 20))
        self.pid = _child_pid()

    def run(self, request: Request) -> RunResult:
        """Returns what the code returns. Raises: WorkerUnusable after what this process should not outlive."""
        printed = PrintCapture()
        try:
            value = self._run(request, printed)
            text = json.dumps(_plain(value, request.levels), ensure_ascii=False, separators=(",", ":"))
            _check_placeholders(text, request)
        except NotJson as error:
            return RunResult(kind="FUNCTION_RESULT", text=str(error), printed=printed.text)
        except monty.MontySyntaxError as error:
            return RunResult(kind="FUNCTION_SYNTAX", text=_error_text(error), line=_line(error))
        except monty.MontyRuntimeError as error:
            return RunResult(kind=_kind(error), text=_error_text(error), line=_line(error), printed=printed.text)
        except monty.MontyCrashedError as error:
            kind = "FUNCTION_TIME" if error.timed_out else "FUNCTION_CRASHED"
            raise WorkerUnusable(RunResult(kind=kind)) from error
        if len(text) > request.output:
            return RunResult(kind="FUNCTION_RESULT", text=f"the result has more than {request.output} bytes")
        return RunResult(kind="value", value=text)

    def _run(self, request: Request, printed: PrintCapture) -> Any:
        limits: monty.ResourceLimits = {
            "max_feed_duration_secs": request.seconds,
            "max_memory": request.memory,
            "max_recursion_depth": _DEPTH,
        }
        policy: monty.OSPolicy = {"datetime": "call_host", "sleep": "zero", "random_start": "call_host"}
        with self._pool.checkout(script_name="code.py", limits=limits, os_policy=policy) as session:
            return session.feed_run(
                request.text + _NOTHING, inputs={"input": json.loads(request.input)}, print_callback=printed, os=_refuse
            )


def _child_pid() -> int:
    """Returns the id of the process that this one has started, its own where the system does not list it."""
    for children in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended
            for pid in children.read_text("ascii").split():
                return int(pid)
    return os.getpid()


def _refuse(*, name: str, **_call: Any) -> Any:
    """Refuses a call of the code to the system."""
    for beginning, reason in _REFUSED.items():
        if name.startswith(beginning):
            raise RuntimeError(f"{name} is not available: {reason}")
    raise RuntimeError(f"{name} is not available: a function has no files and no environment")


def _plain(value: Any, levels: int, path: str = "the result") -> Any:
    """Returns the result as JSON. Raises: NotJson with the path of the first value that is not JSON."""
    if isinstance(value, _PLAIN):
        if isinstance(value, int) and value.bit_length() > _INTEGER_BITS:
            raise NotJson(f"{path} is an integer of thousands of digits; give str(value)")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotJson(f"{path} is {value}, which JSON does not have")
        return value
    if not isinstance(value, list | tuple | dict):
        raise NotJson(f"{path} is {_type_text(value)}, which JSON does not have{_HINTS.get(type(value).__name__, '')}")
    if levels == 0:
        raise NotJson("the result is nested too deeply, or contains itself")
    if not isinstance(value, dict):
        return [_plain(item, levels - 1, f"{path}[{index}]") for index, item in enumerate(value)]
    for name in value:
        if not isinstance(name, str):
            raise NotJson(f"{path} has a name that is {_type_text(name)}; JSON has only texts; give str(name)")
    return {name: _plain(item, levels - 1, f"{path}.{name}") for name, item in value.items()}


def _check_placeholders(text: str, request: Request) -> None:
    """Refuses the placeholders by which the interpreter replaces values that are not JSON. Raises: NotJson.

    A placeholder that is part of the input or of the source is an ordinary text.
    """
    known = request.input + request.text
    if _REPLACED in text and _REPLACED not in known and _HALF.search(request.text):
        raise NotJson("the result has a text with half a character (a lone surrogate)")
    if any(f'"{cycle}"' in text and cycle not in known for cycle in _CYCLES):
        raise NotJson("the result contains itself")


def _kind(error: monty.MontyRuntimeError) -> str:
    # The interpreter reports its own limits by Python's exception classes; only the message distinguishes them from
    # exceptions of the code.
    text = error.display(format="type-msg")
    if text.startswith("TimeoutError: feed time limit exceeded"):
        return "FUNCTION_TIME"
    if text.startswith("MemoryError: memory limit exceeded"):
        return "FUNCTION_MEMORY"
    return "FUNCTION_FAILED"


def _error_text(error: monty.MontySyntaxError | monty.MontyRuntimeError) -> str:
    return error.display(format="type-msg")[:_TEXT_CHARACTERS]


def _line(error: monty.MontySyntaxError | monty.MontyRuntimeError) -> int:
    """Returns the line of the innermost frame, 0 when there is none."""
    frames = error.traceback()
    return frames[-1].line if frames else 0


def _type_text(value: Any) -> str:
    name = type(value).__name__
    return "an object of a class" if name.startswith("Monty") else f"of type {name}"
