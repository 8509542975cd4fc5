"""Forks of the command behave as the executed command does."""

import signal
import subprocess
import threading
from pathlib import Path

import pytest

from blackbox.harness.launcher import COMMAND, Server, environment_with, new_folder
from kit.forks.forked import Forked, can_fork, fork, start


def _run_both(folder: Path, *arguments: str) -> list[tuple[int, bytes, bytes]]:
    """Runs a command as a fork and executed; returns status, output and errors of each."""
    done = []
    for kind in ("forked", "executed"):
        written = [folder / f"{kind}.{name}" for name in ("output", "errors")]
        with written[0].open("wb") as output, written[1].open("wb") as errors:
            if kind == "forked":
                status = fork([COMMAND, *arguments], environment_with({}), stdout=output, stderr=errors).wait(60)
            else:
                status = subprocess.run(
                    [COMMAND, *arguments],
                    env=environment_with({}),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
                    timeout=60,
                    check=False,
                ).returncode
        done.append((status, *(each.read_bytes() for each in written)))
    return done


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("expression", "eval", "${add(1, 2)}"), ("workflow", "lint", "missing.json"), ("nothing",)],
    ids=" ".join,
)
def test_a_fork_writes_and_ends_as_the_executed_command(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    forked, executed = _run_both(tmp_path, *arguments)
    assert forked == executed


def test_a_fork_has_its_own_environment_folder_and_no_file_of_another(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "second")]
    servers = []
    for folder in folders:
        new_folder(folder)
        servers.append(Server(folder, LOOPLY_LOG_LEVEL="debug" if folder.name == "first" else "error").start())
    try:
        assert [server.log.stat().st_size > 0 for server in servers] == [True, False]
        files = [[str(file.readlink()) for file in Path(f"/proc/{server.pid}/fd").iterdir()] for server in servers]
        assert [any("/first" in name for name in names) for names in files] == [True, False]
    finally:
        assert [server.stop() for server in servers] == [0, 0]


def test_the_end_of_a_fork_is_its_signal_for_all_who_wait(tmp_path: Path) -> None:
    new_folder(tmp_path / "data")
    server = Server(tmp_path / "data").start()
    process = server._process
    assert isinstance(process, Forked)
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    seen: list[int] = []
    waiting = [threading.Thread(target=lambda: seen.append(process.wait(60))) for _ in range(3)]
    for each in waiting:
        each.start()
    process.kill()
    for each in waiting:
        each.join()
    assert seen == [-signal.SIGKILL] * 3
    assert not Path(f"/proc/{process.pid}").exists()
    process.kill()


@pytest.mark.parametrize("name", ["LD_PRELOAD", "PYTHONHASHSEED", "LC_ALL", "HOME"])
def test_a_process_with_a_variable_that_counts_while_it_begins_is_executed(name: str) -> None:
    assert can_fork([COMMAND, "--version"], environment_with({}))
    assert not can_fork([COMMAND, "--version"], environment_with({name: "/other"}))


def test_other_commands_are_executed() -> None:
    process = start(["/bin/true"], environment_with({}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert isinstance(process, subprocess.Popen)
    assert process.wait() == 0
