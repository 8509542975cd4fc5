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
_TOLD: Final = 1000
_LEFT: Final = "the code ends the function whose body it is; each `}` needs its `{`"


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
        except MarshalError:
            return Said(kind="FUNCTION_SYNTAX", text=_LEFT)
        try:
            answer = context.eval(f"__looply.run({request.levels}, {request.output})")
        except JSError as error:
            return _said("FUNCTION_FAILED", error)
        except MarshalError:
            return Said(kind="FUNCTION_RESULT", text="the result has a text with half a character (a lone surrogate)")
        return _answered(answer)


def _answered(answer: Any) -> Said:
    """Returns what the prelude says: `v` and the value, or a letter and what went wrong.

    Code that ends the function around it can put something else in the prelude's place, which harms its result alone.
    """
    kind, rest = (answer[:1], answer[1:]) if isinstance(answer, str) else ("", "")
    if kind == "v":
        return Said(kind="value", value=rest)
    told = _facts(rest)
    if told is None:
        return Said(kind="FUNCTION_SYNTAX", text=_LEFT)
    if kind == "r":
        return Said(kind="FUNCTION_RESULT", text=told["text"], printed=told["printed"])
    is_full = told["name"] == "InternalError" and told["text"] == "out of memory"
    kind = "FUNCTION_MEMORY" if is_full else "FUNCTION_FAILED"
    text = f"{told['name']}: {told['text']}"
    return Said(kind=kind, text=text, line=_line(told["stack"]), printed=told["printed"])


def _facts(text: str) -> dict[str, str] | None:
    """Returns what the prelude told of a failure, None when it was not the prelude."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    names = ("name", "text", "stack", "printed")
    if not isinstance(told, dict) or not all(isinstance(told.get(name, ""), str) for name in names):
        return None
    return {name: told.get(name, "")[:_TOLD] for name in names}


def _said(kind: str, error: JSError) -> Said:
    return Said(kind=kind, text=f"{error.name}: {error.message}", line=_line(error.stack or ""))


def _line(stack: str) -> int:
    """Returns the line of the innermost frame that is the author's, 0 when there is none."""
    for frame in _FRAME.finditer(stack):
        if not (frame["function"] or "").startswith("looply_") and frame["function"] != "Date":
            return int(frame["line"])
    return 0
