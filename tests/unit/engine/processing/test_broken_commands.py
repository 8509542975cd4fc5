"""A command that breaks is a defect: its caller is told so, the log names the execution, the others go on."""

from typing import cast

import pytest
from structlog.testing import capture_logs

from kit.definitions import asking
from kit.driver import Driver
from looply.errors import EngineError
from looply.execution.facts.commands import Command


async def test_a_command_that_breaks_is_logged_with_its_execution_and_stores_nothing(engine: Driver) -> None:
    execution_id = await engine.trigger(asking())
    before = await engine.state(execution_id)
    with capture_logs() as lines, pytest.raises(EngineError, match=rf"{execution_id} broke.*nothing of it was stored"):
        await engine.shell.submit(execution_id, cast("Command", object()))
    await engine.settle()
    (line,) = [each for each in lines if each["event"] == "command_broke"]
    assert (line["execution_id"], line["log_level"]) == (execution_id, "error")
    assert isinstance(line["exc_info"], Exception)
    assert await engine.state(execution_id) == before
    assert await engine.resume(execution_id)
