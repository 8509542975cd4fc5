"""Inside a worker process: runs Python in Monty, an interpreter of its own without CPython's objects and libraries.

Monty runs in a process of its own, a child of this one, so that a crash of it is an answer. A request gets a session of
its own. What would ask the system (clock, chance, files, environment) is refused. The result is taken as JSON only
where it is JSON: sets, bytes, numbers that are none, keys that are no texts are errors with their place.
"""

import json
import math
import re
from typing import Any, Final

import pydantic_monty as monty

from looply.connectors.function.interpreter import Broken, Request, Said

_NO_CLOCK: Final = "a function has no clock; give ${utcNow()} in its input"
_NO_CHANCE: Final = "a function has no chance; give ${rand(1, 100)} in its input"
_REFUSED: Final = {"datetime": _NO_CLOCK, "date": _NO_CLOCK, "time": _NO_CLOCK, "os.urandom": _NO_CHANCE}
_HINTS: Final = {
    "set": "; give list(value)",
    "frozenset": "; give list(value)",
    "bytes": "; give value.decode()",
    "date": "; give value.isoformat()",
    "datetime": "; give value.isoformat()",
}
_PRINTED: Final = 1000
"""Characters of what the code prints that are kept."""
_TOLD: Final = 500
_DEPTH: Final = 400
_PLAIN: Final = (bool, int, str, type(None))
_INTEGER_BITS: Final = 14_000
"""Larger ones, of some 4,200 digits, CPython does not write; nobody reads the half of it."""
_CYCLES: Final = ("[...]", "{...}", "(...)")
"""What the interpreter gives in the place of a list, an object or a tuple that holds itself."""
_REPLACED: Final = "\N{REPLACEMENT CHARACTER}"
_HALF: Final = re.compile(r"\\(?:u|U0000)[dD][89a-fA-F]")
"""The escape of half a character in the source of the code."""
# Without it the value of a last expression would be the result, so that a forgotten `return` gives something.
_NOTHING: Final = "\nreturn None\n"


class Unfit(Exception):
    """The result is no JSON value."""


class Printed:
    """The beginning of what the code prints."""

    def __init__(self) -> None:
        self.text = ""

    def __call__(self, _stream: str, text: str) -> None:
        self.text = (self.text + text[:_PRINTED])[:_PRINTED]


class Python:
    """The interpreter of one worker process."""

    def __init__(self) -> None:
        # Only its own watch ends a Monty that does not look at its limits; the alarm of this process would leave it.
        self._pool = monty.Monty(min_processes=1, max_processes=1, feed_duration_limit_grace=0.5)
        self._pool.__enter__()
        self.run(Request(text="return input", input="null", seconds=60.0, memory=64 << 20, levels=200, output=1 << 20))

    def run(self, request: Request) -> Said:
        """Returns what the code returns. Raises: Broken after what this process should not outlive."""
        printed = Printed()
        try:
            value = self._run(request, printed)
            text = json.dumps(_plain(value, request.levels), ensure_ascii=False, separators=(",", ":"))
            _check_stand_ins(text, request)
        except Unfit as error:
            return Said(kind="FUNCTION_RESULT", text=str(error), printed=printed.text)
        except monty.MontySyntaxError as error:
            return Said(kind="FUNCTION_SYNTAX", text=_told(error), line=_line(error))
        except monty.MontyRuntimeError as error:
            return Said(kind=_kind(error), text=_told(error), line=_line(error), printed=printed.text)
        except monty.MontyCrashedError as error:
            kind = "FUNCTION_TIME" if error.timed_out else "FUNCTION_CRASHED"
            raise Broken(Said(kind=kind)) from error
        if len(text) > request.output:
            return Said(kind="FUNCTION_RESULT", text=f"the result has more than {request.output} bytes")
        return Said(kind="value", value=text)

    def _run(self, request: Request, printed: Printed) -> Any:
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


def _refuse(*, name: str, **_call: Any) -> Any:
    """Answers what the code asks of the system."""
    for beginning, reason in _REFUSED.items():
        if name.startswith(beginning):
            raise RuntimeError(f"{name} is not there: {reason}")
    raise RuntimeError(f"{name} is not there: a function has no files and no environment")


def _plain(value: Any, levels: int, path: str = "the result") -> Any:
    """Returns the result as JSON. Raises: Unfit with the place of what is none."""
    if isinstance(value, _PLAIN):
        if isinstance(value, int) and value.bit_length() > _INTEGER_BITS:
            raise Unfit(f"{path} is an integer of thousands of digits; give str(value)")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unfit(f"{path} is {value}, which JSON does not have")
        return value
    if not isinstance(value, list | tuple | dict):
        raise Unfit(f"{path} is {_named(value)}, which JSON does not have{_HINTS.get(type(value).__name__, '')}")
    if levels == 0:
        raise Unfit("the result is nested too deeply, or holds itself")
    if not isinstance(value, dict):
        return [_plain(item, levels - 1, f"{path}[{index}]") for index, item in enumerate(value)]
    for name in value:
        if not isinstance(name, str):
            raise Unfit(f"{path} has a name that is {_named(name)}; JSON has only texts; give str(name)")
    return {name: _plain(item, levels - 1, f"{path}.{name}") for name, item in value.items()}


def _check_stand_ins(text: str, request: Request) -> None:
    """Refuses what the interpreter puts in the place of something that is no JSON. Raises: Unfit.

    Where the code was given such a text, or has it in its source, it is an ordinary text.
    """
    known = request.input + request.text
    if _REPLACED in text and _REPLACED not in known and _HALF.search(request.text):
        raise Unfit("the result has a text with half a character (a lone surrogate)")
    if any(f'"{cycle}"' in text and cycle not in known for cycle in _CYCLES):
        raise Unfit("the result holds itself")


def _kind(error: monty.MontyRuntimeError) -> str:
    # The interpreter gives its own limits the classes of Python; its texts tell them from what the code raises itself.
    text = error.display(format="type-msg")
    if text.startswith("TimeoutError: feed time limit exceeded"):
        return "FUNCTION_TIME"
    if text.startswith("MemoryError: memory limit exceeded"):
        return "FUNCTION_MEMORY"
    return "FUNCTION_FAILED"


def _told(error: monty.MontySyntaxError | monty.MontyRuntimeError) -> str:
    return error.display(format="type-msg")[:_TOLD]


def _line(error: monty.MontySyntaxError | monty.MontyRuntimeError) -> int:
    """Returns the line of the innermost frame, 0 when there is none."""
    frames = error.traceback()
    return frames[-1].line if frames else 0


def _named(value: Any) -> str:
    name = type(value).__name__
    return "an object of a class" if name.startswith("Monty") else f"of type {name}"
