"""Inside a worker process: runs JavaScript in QuickJS, which runs in WebAssembly.

Every call has an instance of its own, with new memory, globals and prototypes. Before the author's code a prelude
removes every source of nondeterminism (`Date.now`, `new Date()`, `Math.random`, `performance`) and keeps references to
the built-in functions that it needs itself, so that code which replaces them harms its own result alone. The result
is copied value by value into plain JSON: getters, proxies and `toJSON` run once, within the same limits as the code.
"""

import json
import os
import re
from importlib.resources import files
from typing import Any, Final

import wasmtime
from quickjs_rs import JSError, MarshalError, MemoryLimitError, Runtime
from quickjs_rs import TimeoutError as Interrupted

from looply.connectors.function.interpreter import Request, RunResult, WorkerUnusable

_FRAME: Final = re.compile(r"^\s*at (?:(?P<function>\S+) \()?eval_script:(?P<line>\d+):\d+\)?$", re.MULTILINE)
_STACK_BYTES: Final = 512 * 1024
_TEXT_CHARACTERS: Final = 1000
_UNBALANCED: Final = "the code ends the function whose body it is; each `}` needs its `{`"


class JavaScript:
    """The interpreter of one worker process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._prelude = (files(__package__) / "prelude.js").read_text(encoding="utf-8")
        # The first instance compiles the interpreter, which takes half a second and its own memory.
        self.run(Request(text="return input", input="null", seconds=60.0, memory=64 << 20, levels=200, output=1 << 20))

    def run(self, request: Request) -> RunResult:
        """Returns what the code returns. Raises: WorkerUnusable after what this process should not outlive."""
        runtime = Runtime(memory_limit=request.memory, stack_limit=_STACK_BYTES)
        try:
            return self._run(runtime.new_context(timeout=request.seconds), request)
        except Interrupted:
            return RunResult(kind="FUNCTION_TIME")
        except MemoryLimitError:
            return RunResult(kind="FUNCTION_MEMORY")
        except wasmtime.Trap as trap:
            is_deep = trap.trap_code == wasmtime.TrapCode.STACK_OVERFLOW
            kind, text = ("FUNCTION_FAILED", "the code nests too deeply") if is_deep else ("FUNCTION_CRASHED", "")
            raise WorkerUnusable(RunResult(kind=kind, text=text)) from trap
        finally:
            runtime.close()

    def _run(self, context: Any, request: Request) -> RunResult:
        context.eval(self._prelude)
        context.globals["__input"] = request.input
        # The wrapper shares a line with the first line of the author, so that line numbers are not shifted.
        wrapped = f'"use strict"; __looply.take(function (input) {{ {request.text}\n}})'
        try:
            context.eval(wrapped)
        except JSError as error:
            return _error_result("FUNCTION_SYNTAX" if error.name == "SyntaxError" else "FUNCTION_FAILED", error)
        except MarshalError:
            return RunResult(kind="FUNCTION_SYNTAX", text=_UNBALANCED)
        try:
            answer = context.eval(f"__looply.run({request.levels}, {request.output})")
        except JSError as error:
            return _error_result("FUNCTION_FAILED", error)
        except MarshalError:
            return RunResult(
                kind="FUNCTION_RESULT", text="the result has a text with half a character (a lone surrogate)"
            )
        return _result_of(answer)


def _result_of(answer: Any) -> RunResult:
    """Returns the prelude's answer as a result: the answer is `v` and the value, or another letter and the error.

    Code that closes the function around it can replace the prelude, which harms its own result alone.
    """
    kind, rest = (answer[:1], answer[1:]) if isinstance(answer, str) else ("", "")
    if kind == "v":
        return RunResult(kind="value", value=rest)
    failure = _failure_facts(rest)
    if failure is None:
        return RunResult(kind="FUNCTION_SYNTAX", text=_UNBALANCED)
    if kind == "r":
        return RunResult(kind="FUNCTION_RESULT", text=failure["text"], printed=failure["printed"])
    is_full = failure["name"] == "InternalError" and failure["text"] == "out of memory"
    kind = "FUNCTION_MEMORY" if is_full else "FUNCTION_FAILED"
    text = f"{failure['name']}: {failure['text']}"
    return RunResult(kind=kind, text=text, line=_line(failure["stack"]), printed=failure["printed"])


def _failure_facts(text: str) -> dict[str, str] | None:
    """Returns what the prelude reported of a failure, None when the text is not the prelude's."""
    try:
        failure = json.loads(text)
    except (ValueError, RecursionError):
        return None
    names = ("name", "text", "stack", "printed")
    if not isinstance(failure, dict) or not all(isinstance(failure.get(name, ""), str) for name in names):
        return None
    return {name: failure.get(name, "")[:_TEXT_CHARACTERS] for name in names}


def _error_result(kind: str, error: JSError) -> RunResult:
    return RunResult(kind=kind, text=f"{error.name}: {error.message}", line=_line(error.stack or ""))


def _line(stack: str) -> int:
    """Returns the line of the innermost frame of the author's code, 0 when there is none."""
    for frame in _FRAME.finditer(stack):
        if not (frame["function"] or "").startswith("looply_") and frame["function"] != "Date":
            return int(frame["line"])
    return 0
