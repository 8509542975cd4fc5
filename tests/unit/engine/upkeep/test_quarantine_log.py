"""What the quarantine logs when a command fails."""

from typing import Any, cast

from structlog.testing import capture_logs

from kit.memory import MemoryStore
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.quarantine import Quarantine
from looply.errors import StoreUnreachable
from looply.execution.facts.commands import Command, Continue
from looply.testing.clock import FakeClock


class Away:
    """A shell whose store cannot be reached."""

    async def submit(self, execution_id: str, command: Command) -> Any:
        raise StoreUnreachable("the database cannot be reached")


def quarantine(clock: FakeClock) -> Quarantine:
    return Quarantine(cast(Shell, Away()), MemoryStore(clock), clock)


async def test_a_command_that_failed_is_logged_with_its_kind() -> None:
    clock = FakeClock()
    with capture_logs() as logged:
        await quarantine(clock).submit("e", Continue(at=clock.now()))
    assert [(each["event"], each["command"]) for each in logged] == [("command_failed", "Continue")]


async def test_an_incident_that_could_not_be_opened_is_logged_and_the_execution_remains_held() -> None:
    clock = FakeClock()
    ours = quarantine(clock)
    ours.hold(["e"])
    with capture_logs() as logged:
        await ours.open_incidents()
    assert [(each["event"], each["command"]) for each in logged] == [("command_failed", "QuarantineExecution")]
    assert ours.holds("e")
