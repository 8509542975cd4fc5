"""A process put together: what happens when a part of it breaks."""

import asyncio
from pathlib import Path

import pytest

from looply.bootstrap import running
from looply.settings import Settings


async def break_the_pump(folder: Path) -> None:
    """Runs a process whose pump raises, until it says that it stops."""

    async def broken(_now: object) -> None:
        raise RuntimeError("the pump broke")

    async with running(Settings(data=folder)) as application:
        application.pump.tick = broken  # type: ignore[method-assign]
        application.shell._committer.on_timer(None)
        await asyncio.wait_for(application.services.lifecycle.wait(), 10)


async def test_a_process_whose_pump_broke_stops_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the pump broke"):
        await break_the_pump(tmp_path / "data")


async def test_a_process_that_is_only_read_runs_no_pump(tmp_path: Path) -> None:
    async with running(Settings(data=tmp_path / "data"), is_working=False) as application:
        assert application.shell.health().is_ready
        assert not application.services.lifecycle.is_draining
