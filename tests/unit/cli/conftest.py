"""Runs commands in this process, with given streams, environment and server."""

import io

import httpx2
import pytest
from cli_kit import KEY, Answer, Command, Done, FakeClock, Looply

from looply.cli import main
from looply.cli.terminal.terminal import Terminal


@pytest.fixture
def looply() -> Looply:
    return Looply()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def run(looply: Looply, clock: FakeClock) -> Command:
    """Runs a command to its end. `env` replaces the key and the address."""

    def run_command(
        *arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None, answer: Answer | None = None
    ) -> Done:
        out, err = io.StringIO(), io.StringIO()
        terminal = Terminal(
            source=io.BytesIO(stdin),
            output=out,
            errors=err,
            environment=KEY if env is None else env,
            transport=httpx2.MockTransport(answer or looply),
        )
        terminal.sleep = clock.pause
        if arguments[:2] == ("execution", "watch"):
            terminal.clock = clock
        status = main(arguments, terminal)
        return Done(status, out.getvalue(), err.getvalue())

    return run_command
