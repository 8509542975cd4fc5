"""The worker processes: inputs and results of code, the isolation, and code that exceeds a limit.

The processes are real. Code that ends by itself has a long time limit; code that never ends has a short one.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from looply.connectors.function.pool import SandboxPool
from looply.connectors.sandbox import Code, CodeFailed, NoSandbox
from looply.errors import ShuttingDown, Timeout, Unavailable
from looply.limits import Limits
from looply.rates import Turns
from looply.testing.clock import FakeClock

LONG = timedelta(minutes=4)
PATIENT = Limits(function_time=timedelta(seconds=60))
BRIEF = Limits(function_time=timedelta(milliseconds=300))
JAVASCRIPT, PYTHON = "javascript", "python"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[SandboxPool]:
    """One pool for all code that ends by itself."""
    opened = SandboxPool(PATIENT, processes=1)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def brief() -> AsyncIterator[SandboxPool]:
    """One pool for all code that does not."""
    opened = SandboxPool(BRIEF, processes=1)
    yield opened
    await opened.close()


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def run(pool: SandboxPool, language: Any, code: str, input_: Any = None) -> Any:
    return await pool.run(Code(language=language, code=code, input=input_), LONG)


async def failure(pool: SandboxPool, language: Any, code: str, input_: Any = None) -> CodeFailed:
    with pytest.raises(CodeFailed) as caught:
        await run(pool, language, code, input_)
    assert not caught.value.sent
    return caught.value


VALUES = [
    None,
    True,
    0,
    -1.5,
    "",
    "aé😀\0",
    [],
    {},
    [1, [2, {"a": None}]],
    {"__proto__": {"x": 1}, "constructor": 2, "": 3},
    ["[...]", "{...}", "\N{REPLACEMENT CHARACTER}"],
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
async def test_json_goes_through_both_languages_unchanged(pool: SandboxPool, value: Any) -> None:
    assert await run(pool, JAVASCRIPT, "return input", value) == value
    assert await run(pool, PYTHON, "return input", value) == value


async def test_code_computes(pool: SandboxPool) -> None:
    lines = [{"price": 2.5, "quantity": 4}, {"price": 1, "quantity": 3}]
    javascript = "const total = input.reduce((sum, line) => sum + line.price * line.quantity, 0)\nreturn { total }"
    python = "total = 0\nfor line in input:\n    total += line['price'] * line['quantity']\nreturn {'total': total}"
    assert await run(pool, JAVASCRIPT, javascript, lines) == {"total": 13}
    assert await run(pool, PYTHON, python, lines) == {"total": 13}


async def test_without_a_return_the_result_is_null(pool: SandboxPool) -> None:
    assert await run(pool, JAVASCRIPT, "1 + 1 // a comment") is None
    assert await run(pool, PYTHON, "1 + 1  # a comment") is None


async def test_python_keeps_large_integers(pool: SandboxPool) -> None:
    assert await run(pool, PYTHON, "return input + 1", 10**40) == 10**40 + 1


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("return { a: undefined, b: [undefined], c: new Date(0) }", {"b": [None], "c": "1970-01-01T00:00:00.000Z"}),
        ("return { get a() { return 5 } }", {"a": 5}),
        ("return { toJSON() { return { z: 1 } } }", {"z": 1}),
        ("return new Proxy({ a: 1 }, {})", {"a": 1}),
        ("const o = Object.create(null); o.__proto__ = 1; return o", {"__proto__": 1}),
        ("JSON.stringify = Array.isArray = Object.keys = () => 'mine'; return { a: [1] }", {"a": [1]}),
        ("const same = { n: 1 }; return [same, same]", [{"n": 1}, {"n": 1}]),
        ("return Object.keys(input)", ["__proto__"]),
        ("return this === undefined", True),
    ],
)
async def test_a_javascript_result_is_read_once_as_plain_json(pool: SandboxPool, code: str, expected: Any) -> None:
    assert await run(pool, JAVASCRIPT, code, {"__proto__": 1}) == expected


@pytest.mark.parametrize(
    ("language", "code", "part"),
    [
        (JAVASCRIPT, "return NaN", "the result is NaN"),
        (JAVASCRIPT, "return { a: [1, -Infinity] }", "the result.a[1] is -Infinity"),
        (JAVASCRIPT, "return 10n", "is a BigInt; give Number(value) or String(value)"),
        (JAVASCRIPT, "return new Map([[1, 2]])", "is a Map"),
        (PYTHON, "return [10 ** 70]", "more than 64 digits"),
        (PYTHON, "return {'a': -(10 ** 5000)}", "the result.a is an integer of thousands of digits"),
        (JAVASCRIPT, "return { s: new Set([1]) }", "the result.s is a Set"),
        (JAVASCRIPT, "return (async () => 1)()", "nothing here is awaited"),
        (JAVASCRIPT, "return () => 1", "is a function"),
        (JAVASCRIPT, "return Symbol('x')", "is a symbol"),
        (JAVASCRIPT, "return new Uint8Array(3)", "is a typed array"),
        (JAVASCRIPT, "return '\\ud800'", "lone surrogate"),
        (JAVASCRIPT, "return { '\\udfff': 1 }", "lone surrogate"),
        (JAVASCRIPT, "const o = {}; o.o = o; return o", "contains itself"),
        (PYTHON, "a = [1]\na.append(a)\nreturn a", "contains itself"),
        (PYTHON, "a = {}\na['a'] = [a]\nreturn a", "contains itself"),
        (PYTHON, "a = []\nb = (a,)\na.append(b)\nreturn b", "contains itself"),
        (PYTHON, "return '\\ud800'", "lone surrogate"),
        (PYTHON, "return {'\\U0000DFFF': 1}", "lone surrogate"),
        (JAVASCRIPT, "let o = []; for (let i = 0; i < 10000; i++) o = [o]; return o", "nested too deeply"),
        (JAVASCRIPT, "return 'x'.repeat(1100000)", "more than 1048576 bytes"),
        (JAVASCRIPT, "return 'é'.repeat(600000)", "more than 1048576 bytes"),
        (PYTHON, "return float('nan')", "the result is nan"),
        (PYTHON, "return {'a': [float('-inf')]}", "the result.a[0] is -inf"),
        (PYTHON, "return {1: 2}", "a name that is of type int"),
        (PYTHON, "return {'s': {1}}", "the result.s is of type set, which JSON does not have; give list(value)"),
        (PYTHON, "return b'x'", "of type bytes"),
        (PYTHON, "class A:\n    pass\nreturn A()", "an object of a class"),
        (PYTHON, "x = []\nfor i in range(10000):\n    x = [x]\nreturn x", "nested too deeply"),
        (PYTHON, "return 'x' * 1100000", "more than 1048576 bytes"),
        (PYTHON, "return 10 ** 65", "integer of more than 64 digits"),
    ],
)
async def test_a_result_that_is_no_json_fails_with_its_path(
    pool: SandboxPool, language: str, code: str, part: str
) -> None:
    error = await failure(pool, language, code)
    assert error.code == "FUNCTION_RESULT"
    assert part in f"{error.message}: {error.detail}"


@pytest.mark.parametrize(
    ("language", "code", "code_", "line", "part"),
    [
        (JAVASCRIPT, "const a = 1\nconst b = ;", "FUNCTION_SYNTAX", 2, "SyntaxError"),
        (
            JAVASCRIPT,
            "\nfunction f(x) {\n  const y = x.missing()\n  return y\n}\nreturn f({})",
            "FUNCTION_FAILED",
            3,
            "function",
        ),
        (JAVASCRIPT, "throw new Error('no budget')", "FUNCTION_FAILED", 1, "Error: no budget"),
        (JAVASCRIPT, "throw { a: 1 }", "FUNCTION_FAILED", 0, '{"a":1}'),
        (JAVASCRIPT, "throw null", "FUNCTION_FAILED", 0, "null"),
        (JAVASCRIPT, "\nreturn Date.now()", "FUNCTION_FAILED", 2, "a function has no clock"),
        (PYTHON, "a = 1\nb = = 2", "FUNCTION_SYNTAX", 2, "SyntaxError"),
        (PYTHON, "def f(x):\n    return x['no']\n\nreturn f({})", "FUNCTION_FAILED", 2, "KeyError"),
        (PYTHON, "raise ValueError('no budget')", "FUNCTION_FAILED", 1, "ValueError: no budget"),
        (PYTHON, "def f(n):\n    return f(n + 1)\nreturn f(0)", "FUNCTION_FAILED", 2, "RecursionError"),
    ],
)
async def test_an_error_names_the_line_of_the_author(
    pool: SandboxPool, language: str, code: str, code_: str, line: int, part: str
) -> None:
    error = await failure(pool, language, code)
    assert error.code == code_
    assert (f", line {line}" in error.message) == bool(line)
    assert part in error.detail


async def test_printed_text_is_part_of_the_error_and_not_in_the_result(pool: SandboxPool) -> None:
    assert await run(pool, JAVASCRIPT, "console.log('seen', input); return 1", 5) == 1
    assert await run(pool, PYTHON, "print('seen', input)\nreturn 1", 5) == 1
    for language, code in (
        (JAVASCRIPT, "console.log('seen', { n: input }); throw new Error('x')"),
        (PYTHON, "print('seen', {'n': input})\nraise ValueError('x')"),
    ):
        error = await failure(pool, language, code, 5)
        assert "it printed: seen {" in error.detail


async def test_endless_printing_is_truncated(pool: SandboxPool) -> None:
    code = "for i in range(10000):\n    print('x' * 1000)\nreturn 1"
    assert await run(pool, PYTHON, code) == 1
    error = await failure(pool, JAVASCRIPT, "for (let i = 0; i < 1000; i++) console.log('x'.repeat(999)); null.x")
    assert len(error.detail) < 2000


ESCAPES = [
    (JAVASCRIPT, "return require('fs')", "require is not defined"),
    (JAVASCRIPT, "return process.env", "process is not defined"),
    (JAVASCRIPT, "return fetch('https://example.com')", "fetch is not defined"),
    (JAVASCRIPT, "return setTimeout(() => 1, 1)", "setTimeout is not defined"),
    (JAVASCRIPT, "return performance.now()", "performance is not defined"),
    (JAVASCRIPT, "return new Date()", "a function has no clock"),
    (JAVASCRIPT, "return Date()", "a function has no clock"),
    (JAVASCRIPT, "return new (new Date(0).constructor)()", "a function has no clock"),
    (JAVASCRIPT, "return Reflect.construct(Object.getPrototypeOf(new Date(0)).constructor, [])", "no clock"),
    (JAVASCRIPT, "class D extends Date {}; return new D()", "no clock"),
    (JAVASCRIPT, "return Math.random()", "a function has no random numbers"),
    (JAVASCRIPT, "return Function('return this')().Date.now()", "no clock"),
    (JAVASCRIPT, "return (0, eval)('Math.random()')", "a function has no random numbers"),
    (JAVASCRIPT, "return __looply.run(200, 1)", "__looply is not defined"),
    (JAVASCRIPT, "}); throw new Error('outside'); (function () {", "outside"),
    (PYTHON, "import socket", "No module named 'socket'"),
    (PYTHON, "import subprocess", "No module named 'subprocess'"),
    (PYTHON, "return open('/etc/passwd').read()", "no files"),
    (PYTHON, "from pathlib import Path\nreturn Path('/etc/passwd').read_text()", "no files"),
    (PYTHON, "import os\nreturn os.environ['PATH']", ""),
    (PYTHON, "import os\nreturn os.listdir('/')", ""),
    (PYTHON, "import datetime\nreturn str(datetime.datetime.now())", "a function has no clock"),
    (PYTHON, "import time\nreturn time.time()", "a function has no clock"),
    (PYTHON, "import random\nreturn random.random()", "a function has no random numbers"),
    (PYTHON, "return __import__('os').system('id')", "__import__"),
    (PYTHON, "return ().__class__.__mro__", "__class__"),
    (PYTHON, "return (lambda: 1).__globals__", "__globals__"),
]


@pytest.mark.parametrize(("language", "code", "part"), ESCAPES, ids=[code for _, code, _ in ESCAPES])
async def test_code_reaches_nothing_but_its_input(pool: SandboxPool, language: str, code: str, part: str) -> None:
    error = await failure(pool, language, code)
    assert error.code == "FUNCTION_FAILED"
    assert part in error.detail


LEAVING = [
    "}); globalThis.left = 1; (function () {",
    "}); __looply = { run() { return 'r{}' } }; (function () {",
    "}); __looply = { run() { return 'e[]' } }; Math.abs(function () {",
    "}); __looply = { run() { return 'r{\"text\":1}' } }; Math.abs(function () {",
    "}); __looply = { run() { return 5 } }; Math.abs(function () {",
]


@pytest.mark.parametrize("code", LEAVING)
async def test_code_that_ends_the_function_around_it_harms_its_own_result_alone(pool: SandboxPool, code: str) -> None:
    await run(pool, JAVASCRIPT, "return 1")
    before = pool.processes
    error = await failure(pool, JAVASCRIPT, code)
    assert error.code in ("FUNCTION_SYNTAX", "FUNCTION_RESULT")
    assert (pool.processes, await run(pool, JAVASCRIPT, "return typeof left")) == (before, "undefined")


async def test_an_import_in_javascript_finds_nothing(pool: SandboxPool) -> None:
    error = await failure(pool, JAVASCRIPT, "return import('fs')")
    assert "is a Promise" in error.detail
    assert (await failure(pool, JAVASCRIPT, "import fs from 'fs'")).code == "FUNCTION_SYNTAX"


async def test_calls_share_nothing(pool: SandboxPool) -> None:
    await run(pool, JAVASCRIPT, "globalThis.left = 1; Array.prototype.left = 1; Object.prototype.left = 2")
    assert await run(pool, JAVASCRIPT, "return [typeof left, [].left === undefined, ({}).left === undefined]") == [
        "undefined",
        True,
        True,
    ]
    await run(pool, PYTHON, "left = 1")
    assert (await failure(pool, PYTHON, "return left")).detail.startswith("NameError")


async def test_a_javascript_recursion_without_end_fails_alone(pool: SandboxPool) -> None:
    error = await failure(pool, JAVASCRIPT, "function f(n) { return f(n + 1) + 1 }\nreturn f(0)")
    assert (error.code, error.detail) == ("FUNCTION_FAILED", "the code nests too deeply")
    assert await run(pool, JAVASCRIPT, "return 1") == 1


BOMBS = [
    (JAVASCRIPT, "let a = []; while (true) a.push(new Array(100000).fill(7))"),
    (JAVASCRIPT, "const a = []; while (true) a.push(new Uint8Array(1000000))"),
    (PYTHON, "x = []\nwhile True:\n    x.append('a' * 100000)"),
    (PYTHON, "x = 'a'\nwhile True:\n    x += x"),
    (PYTHON, "return 10 ** 1000000000"),
    (PYTHON, "return 'x'.ljust(10 ** 9)"),
    (PYTHON, "return [n for n in range(10 ** 9)]"),
]


@pytest.mark.parametrize(("language", "code"), BOMBS, ids=[code for _, code in BOMBS])
async def test_code_that_takes_all_memory_fails_alone(pool: SandboxPool, language: str, code: str) -> None:
    assert (await failure(pool, language, code)).code == "FUNCTION_MEMORY"
    assert await run(pool, language, "return input", 1) == 1


LOOPS = [
    (JAVASCRIPT, "while (true) {}"),
    (JAVASCRIPT, "return /^(a+)+$/.test('a'.repeat(40) + 'b')"),
    (JAVASCRIPT, "return new Proxy({}, { ownKeys() { while (true) {} } })"),
    (JAVASCRIPT, "return { get a() { while (true) {} } }"),
    (JAVASCRIPT, "try { while (true) {} } catch { return 1 } finally { while (true) {} }"),
    (JAVASCRIPT, "}); while (true) {} (function () {"),
    (JAVASCRIPT, "return new Array(4294967295).join('x').length"),
    (PYTHON, "while True:\n    pass"),
    (PYTHON, "try:\n    while True:\n        pass\nexcept BaseException:\n    return 1"),
    (PYTHON, "return sum(range(10 ** 12))"),
    (PYTHON, "while True:\n    print('x')"),
]


@pytest.mark.parametrize(("language", "code"), LOOPS, ids=[code for _, code in LOOPS])
async def test_code_that_does_not_end_fails_alone(brief: SandboxPool, language: str, code: str) -> None:
    error = await failure(brief, language, code)
    assert error.code == "FUNCTION_TIME"
    assert "0.3 s (limit function_time_seconds)" in error.message


async def test_a_catastrophic_pattern_of_python_takes_linear_time(pool: SandboxPool) -> None:
    code = "import re\nreturn re.match('^(a+)+$', 'a' * 200 + 'b') is None"
    assert await run(pool, PYTHON, code) is True


async def test_a_process_is_started_on_first_use_and_used_again() -> None:
    pool = SandboxPool(PATIENT, processes=1)
    assert pool.processes == ()
    await run(pool, PYTHON, "return 1")
    first = pool.processes
    await run(pool, PYTHON, "return 1")
    assert (len(first), pool.processes) == (1, first)
    await pool.close()
    assert pool.processes == ()


async def test_many_calls_at_once_share_few_processes() -> None:
    pool = SandboxPool(PATIENT, processes=2)
    calls = (run(pool, PYTHON, "return input * 2", n) for n in range(1000))
    assert await asyncio.gather(*calls) == [2 * n for n in range(1000)]
    assert len(pool.processes) <= 2
    await pool.close()


async def test_a_process_that_is_killed_while_it_works_is_replaced_and_the_code_run_again() -> None:
    pool = SandboxPool(PATIENT, processes=1)
    await run(pool, PYTHON, "return 1")
    (victim,) = pool.processes
    call = asyncio.create_task(run(pool, PYTHON, "n = 0\nwhile n < 3000000:\n    n += 1\nreturn n"))
    await asyncio.sleep(0)
    os.kill(victim, signal.SIGKILL)
    assert await call == 3_000_000
    assert victim not in pool.processes
    await pool.close()


async def test_a_process_that_was_killed_while_it_was_free_is_replaced() -> None:
    pool = SandboxPool(PATIENT, processes=1)
    await run(pool, JAVASCRIPT, "return 1")
    (victim,) = pool.processes
    os.kill(victim, signal.SIGKILL)
    assert await run(pool, JAVASCRIPT, "return 2") == 2
    assert victim not in pool.processes
    await pool.close()


async def test_the_process_of_a_cancelled_call_is_killed() -> None:
    pool = SandboxPool(PATIENT, processes=1)
    await run(pool, PYTHON, "return 1")
    (busy,) = pool.processes
    call = asyncio.create_task(run(pool, PYTHON, "while True:\n    pass"))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await run(pool, PYTHON, "return 2") == 2
    assert busy not in pool.processes or pool.processes == (busy,)
    await pool.close()


async def test_a_call_that_waits_too_long_holds_no_slot() -> None:
    pool = SandboxPool(PATIENT, processes=1)
    busy = asyncio.create_task(run(pool, PYTHON, "while True:\n    pass"))
    await asyncio.sleep(0)
    with pytest.raises(Timeout, match="function_processes"):
        await pool.run(Code(language="python", code="return 1"), timedelta(milliseconds=10))
    busy.cancel()
    await asyncio.gather(busy, return_exceptions=True)
    assert await run(pool, PYTHON, "return 3") == 3
    await pool.close()


async def test_code_that_does_not_end_leaves_half_of_the_slots_to_other_organizations() -> None:
    pool = SandboxPool(PATIENT, processes=2)
    endless = Code(language="python", code="while True:\n    pass")
    held = [asyncio.create_task(pool.run(endless, LONG, "umbrella")) for _ in range(8)]
    await asyncio.sleep(0)
    for number in range(3):
        assert await pool.run(Code(language="python", code="return input", input=number), LONG, "acme") == number
    assert not any(task.done() for task in held)
    assert len(pool.processes) <= 2
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    assert await pool.run(Code(language="python", code="return 4"), LONG, "umbrella") == 4
    await pool.close()


async def test_large_results_of_one_organization_come_one_after_the_other() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    turns = Turns(FakeClock(), sleep=sleep)
    pool = SandboxPool(PATIENT, processes=1, turns=turns)
    for owner in ("acme", "umbrella"):
        turns.note(owner)
    rich = Code(language="python", code="return [[]] * 50000")
    for _ in range(3):
        await pool.run(rich, LONG, "umbrella")
    assert len(waits) == 2
    await pool.run(rich, LONG, "acme")
    await pool.run(Code(language="python", code="return 1"), LONG, "umbrella")
    assert len(waits) == 2
    await pool.close()


async def test_a_closed_pool_runs_nothing_and_leaves_no_process() -> None:
    pool = SandboxPool(PATIENT, processes=1)
    await run(pool, PYTHON, "return 1")
    (process,) = pool.processes
    await pool.close()
    await pool.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    with pytest.raises(ShuttingDown):
        await run(pool, PYTHON, "return 1")


async def test_a_process_has_no_environment_and_no_open_files_of_its_parent(pool: SandboxPool) -> None:
    await run(pool, PYTHON, "return 1")
    await run(pool, JAVASCRIPT, "return 1")
    for process in pool.processes:
        environment = await asyncio.to_thread(_bytes_of, f"/proc/{process}/environ")
        assert environment == b"LC_ALL=C.UTF-8\0"


def _bytes_of(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


async def test_a_process_without_a_sandbox_reports_it() -> None:
    with pytest.raises(Unavailable, match="runs no python"):
        await NoSandbox().run(Code(language="python", code="return 1"), LONG)
