"""Inside a worker process: runs JavaScript in QuickJS, which runs in WebAssembly.

Every call has an instance of its own: memory, globals and prototypes are new. Before the author's code a prelude takes
away what would give another result another time (`Date.now`, `new Date()`, `Math.random`, `performance`) and keeps the
built-in functions that it needs itself, so that code which replaces them harms its own result alone. The result is
copied value by value into plain JSON: getters, proxies and `toJSON` run once, within the same limits as the code.
"""

import json
import re
from importlib.resources import files
from typing import Any, Final

import wasmtime
from quickjs_rs import JSError, MarshalError, MemoryLimitError, Runtime
from quickjs_rs import TimeoutError as Interrupted

from looply.connectors.function.interpreter import Broken, Request, Said

_FRAME: Final = re.compile(r"^\s*at (?:(?P<function>\S+) \()?eval_script:(?P<line>\d+):\d+\)?$", re.MULTILINE)
_STACK_BYTES: Final = 512 * 1024


class JavaScript:
    """The interpreter of one worker process."""

    def __init__(self) -> None:
        self._prelude = (files(__package__) / "prelude.js").read_text(encoding="utf-8")
        # The first instance compiles the interpreter, which takes half a second and its own memory.
        self.run(Request(text="return input", input="null", seconds=60.0, memory=64 << 20, levels=200, output=1 << 20))

    def run(self, request: Request) -> Said:
        """Returns what the code returns. Raises: Broken after what this process should not outlive."""
        runtime = Runtime(memory_limit=request.memory, stack_limit=_STACK_BYTES)
        try:
            return self._run(runtime.new_context(timeout=request.seconds), request)
        except Interrupted:
            return Said(kind="FUNCTION_TIME")
        except MemoryLimitError:
            return Said(kind="FUNCTION_MEMORY")
        except wasmtime.Trap as trap:
            is_deep = trap.trap_code == wasmtime.TrapCode.STACK_OVERFLOW
            kind, text = ("FUNCTION_FAILED", "the code nests too deeply") if is_deep else ("FUNCTION_CRASHED", "")
            raise Broken(Said(kind=kind, text=text)) from trap
        finally:
            runtime.close()

    def _run(self, context: Any, request: Request) -> Said:
        context.eval(self._prelude)
        context.globals["__input"] = request.input
        # On one line with the first of the author, so that lines keep their numbers.
        wrapped = f'"use strict"; __looply.take(function (input) {{ {request.text}\n}})'
        try:
            context.eval(wrapped)
        except JSError as error:
            return _said("FUNCTION_SYNTAX" if error.name == "SyntaxError" else "FUNCTION_FAILED", error)
        try:
            answer = context.eval(f"__looply.run({request.levels}, {request.output})")
        except JSError as error:
            return _said("FUNCTION_FAILED", error)
        except MarshalError:
            return Said(kind="FUNCTION_RESULT", text="the result has a text with half a character (a lone surrogate)")
        return _answered(answer)


def _answered(answer: Any) -> Said:
    """Returns what the prelude says: `v` and the value, or a letter and what went wrong."""
    if not isinstance(answer, str) or not answer:
        return Said(kind="FUNCTION_CRASHED")
    kind, rest = answer[0], answer[1:]
    if kind == "v":
        return Said(kind="value", value=rest)
    told = json.loads(rest)
    if kind == "r":
        return Said(kind="FUNCTION_RESULT", text=told["text"], printed=told["printed"])
    is_full = told["name"] == "InternalError" and told["text"] == "out of memory"
    kind = "FUNCTION_MEMORY" if is_full else "FUNCTION_FAILED"
    text = f"{told['name']}: {told['text']}"
    return Said(kind=kind, text=text, line=_line(told["stack"]), printed=told["printed"])


def _said(kind: str, error: JSError) -> Said:
    return Said(kind=kind, text=f"{error.name}: {error.message}", line=_line(error.stack or ""))


def _line(stack: str) -> int:
    """Returns the line of the innermost frame that is the author's, 0 when there is none."""
    for frame in _FRAME.finditer(stack):
        if not (frame["function"] or "").startswith("looply_") and frame["function"] != "Date":
            return int(frame["line"])
    return 0
