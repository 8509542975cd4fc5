"""The priority of worker processes: below the server's, and the lowest for code that uses much CPU time."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from looply.connectors.function.pool import SandboxPool
from looply.connectors.function.process import WorkerProcess
from looply.connectors.sandbox import Code
from looply.limits import Limits

LONG = timedelta(minutes=4)
PATIENT = Limits(function_time=timedelta(seconds=60))
JAVASCRIPT, PYTHON = "javascript", "python"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[SandboxPool]:
    opened = SandboxPool(PATIENT, processes=1)
    yield opened
    await opened.close()


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def run(pool: SandboxPool, language: Any, code: str) -> Any:
    return await pool.run(Code(language=language, code=code, input=None), LONG)


def group_of(leader: int) -> list[int]:
    """Returns the processes of the group that a process leads, by the tables of Linux, elsewhere the leader alone."""
    if not Path("/proc/self").exists():
        return [leader]
    pids = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
    return [pid for pid in pids if is_in_group(pid, leader)]


def is_in_group(pid: int, leader: int) -> bool:
    try:
        return os.getpgid(pid) == leader
    except ProcessLookupError:
        return False


async def test_code_of_authors_has_a_lower_priority_than_the_server(pool: SandboxPool) -> None:
    await run(pool, JAVASCRIPT, "return 1")
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert all(os.getpriority(os.PRIO_PROCESS, process) > own for process in pool.processes)


async def test_priorities_count_beside_the_server_because_processes_are_of_its_session(pool: SandboxPool) -> None:
    await run(pool, JAVASCRIPT, "return 1")
    assert pool.processes
    assert [os.getsid(process) for process in pool.processes] == [os.getsid(0)] * len(pool.processes)
    assert [os.getpgid(process) for process in pool.processes] == list(pool.processes)


@pytest.mark.parametrize(
    ("language", "counting"),
    [
        (JAVASCRIPT, "let n = 0; for (let i = 0; i < 20000000; i++) n += 1; return n"),
        (PYTHON, "n = 0\nfor i in range(20000000):\n    n += 1\nreturn n"),
    ],
)
async def test_a_process_whose_code_uses_much_cpu_time_has_the_lowest_priority(language: str, counting: str) -> None:
    pool = SandboxPool(PATIENT, processes=1)
    assert await run(pool, language, counting) == 20_000_000
    lowered = {process for process in pool.processes if os.getpriority(os.PRIO_PROCESS, process) == 19}
    assert lowered
    # What runs the code may be a process that this one has started.
    running = [pid for process in lowered for pid in group_of(process)]
    assert [os.getpriority(os.PRIO_PROCESS, pid) for pid in running] == [19] * len(running)
    if hasattr(os, "SCHED_IDLE"):
        assert [os.sched_getscheduler(pid) for pid in running] == [os.SCHED_IDLE] * len(running)
    await pool.close()


async def test_a_process_has_the_lowest_priority_before_it_is_ready_too() -> None:
    process = await WorkerProcess.start("javascript", PATIENT, is_lowered=True)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19
    await process.kill()
