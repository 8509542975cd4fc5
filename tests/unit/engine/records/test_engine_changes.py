"""The log of state changes: what is logged at which level, and what never is."""

import io
import json
from typing import Any

import pytest

from kit.definitions import asking, asking_twice, call, chain
from kit.driver import Driver
from looply.engine.records.changes import ChangeLog
from looply.log import configure_log
from looply.testing.clock import FakeClock
from looply.testing.world import Answer

PAYLOAD = "payload-that-is-never-logged"


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def log_lines(stream: io.StringIO) -> list[dict[str, Any]]:
    assert PAYLOAD not in stream.getvalue()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_every_change_is_one_line_at_debug(engine: Driver, stream: io.StringIO) -> None:
    configure_log("debug", FakeClock(), stream)
    engine.shell.observers.on_change = ChangeLog()
    execution_id = await engine.trigger(asking_twice(), {"text": PAYLOAD})
    for answer in ("first", "second"):  # between the two waits nothing changes
        await engine.resume(execution_id, {"text": PAYLOAD, "answer": answer})
    lines = log_lines(stream)
    assert [(line["event"], line["level"], line["former"], line["status"]) for line in lines] == [
        ("execution_changed", "debug", None, "WAITING"),
        ("execution_changed", "debug", "WAITING", "COMPLETED"),
    ]
    assert {line["execution_id"] for line in lines} == {execution_id}


async def test_an_incident_is_logged_at_every_level_and_nothing_else(engine: Driver, stream: io.StringIO) -> None:
    configure_log("warning", FakeClock(), stream)
    engine.shell.observers.on_change = ChangeLog()
    await engine.trigger(asking(), {"text": PAYLOAD})
    assert log_lines(stream) == []
    engine.world.script("call_1", Answer(status=500, data=PAYLOAD))
    execution_id = await engine.trigger(chain(call(fail_on=["5xx"])), {"po": PAYLOAD})
    await engine.settle()
    (line,) = log_lines(stream)
    assert (line["event"], line["level"], line["execution_id"]) == ("execution_failed", "warning", execution_id)
    assert (line["state"], line["kind"], line["code"]) == ("call_1", "FAILED", "STATUS")
    await engine.terminate(execution_id)
    assert len(log_lines(stream)) == 1
