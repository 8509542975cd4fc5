"""Runs commands in this process, with given streams, environment and server."""

import io

import httpx2
import pytest
from cli_kit import KEY, Answer, Command, Done, FakeClock, Keyboard, Looply, Screen

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
    """Runs a command to its end. `env` replaces the key and the address; `columns`: on a terminal of that width."""

    def run_command(
        *arguments: str,
        stdin: bytes = b"",
        env: dict[str, str] | None = None,
        answer: Answer | None = None,
        columns: int | None = None,
    ) -> Done:
        out, err = (io.StringIO(), io.StringIO()) if columns is None else (Screen(), Screen())
        terminal = Terminal(
            source=io.BytesIO(stdin) if columns is None else Keyboard(stdin),
            output=out,
            errors=err,
            environment={**(KEY if env is None else env), **({"COLUMNS": str(columns)} if columns else {})},
            transport=httpx2.MockTransport(answer or looply),
        )
        terminal.sleep = clock.pause
        if arguments[:2] == ("execution", "watch"):
            terminal.clock = clock
        status = main(arguments, terminal)
        return Done(status, out.getvalue(), err.getvalue())

    return run_command
