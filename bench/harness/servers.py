"""Server processes that are measured: ours, and the programs of this folder, each held on the cores of the servers."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.harness.load import pinned

ROOT: Final = Path(__file__).resolve().parents[2]
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 60.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PROCESS_CLOCK: Final = 2
"""The kind of a clock that counts the CPU of all threads of a process, those that have ended included."""


def server_cores() -> set[int]:
    """Returns the cores of servers: all but the last one."""
    cores = sorted(os.sched_getaffinity(0))
    return set(cores[:-1]) or set(cores)


def all_cores() -> set[int]:
    """Returns all cores, for a measurement of more processes than the machine has cores."""
    return os.sched_getaffinity(0)


def client_cores() -> set[int]:
    """Returns the core of the load generator: the last one."""
    return {max(os.sched_getaffinity(0))}


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers on a port of the loopback interface, `ready_seconds` after it was started."""

    port: int
    process: "subprocess.Popen[bytes]"
    started: float
    ready_seconds: float
    others: tuple["subprocess.Popen[bytes]", ...] = ()
    """Processes that belong to it, beside its children."""

    @property
    def _pids(self) -> list[int]:
        return [pid for each in (self.process, *self.others) for pid in tree(each.pid)]

    @property
    def cpu_seconds(self) -> float:
        """CPU that its processes have used, user and system."""
        return sum(cpu_seconds(process.pid) for process in (self.process, *self.others))

    @property
    def rss_mib(self) -> float:
        """Resident memory of its processes."""
        return sum(_status_kib(pid, "VmRSS:") for pid in self._pids) / 1024

    @property
    def own_mib(self) -> float:
        """Resident memory that is no file's: what the program itself holds."""
        return sum(_status_kib(pid, "RssAnon:") for pid in self._pids) / 1024


@contextmanager
def program(name: str, *arguments: str, log: Path, cores: set[int] | None = None) -> Iterator[Server]:
    """Runs a server program of this folder, `python -m bench.<name> PORT ...`, until the end of the block."""
    port = free_port()
    command = [sys.executable, "-m", f"bench.{name}", str(port), *arguments]
    with started(command, log, cores=cores) as (process, begun):
        wait_for_port(port, process)
        yield Server(port, process, begun, time.perf_counter() - begun)


@contextmanager
def looply(
    data: Path, log: Path, environment: dict[str, str] | None = None, *, python: str = sys.executable
) -> Iterator[Server]:
    """Serves an existing data folder until the end of the block, with the default settings except these.

    `python` is the interpreter of the environment whose product serves.
    """
    ready = log.with_suffix(".ready")
    ready.unlink(missing_ok=True)
    command = [str(Path(python).with_name("looply")), "serve", "--data", str(data), "--port", "0"]
    with started([*command, "--ready-file", str(ready)], log, environment) as (process, begun):
        text = wait_for_file(ready, process, begun, log)
        yield Server(int(text.rsplit(":", 1)[1]), process, begun, time.perf_counter() - begun)


@contextmanager
def started(
    command: Sequence[str],
    log: Path,
    environment: dict[str, str] | None = None,
    stop_seconds: float = _STOP_SECONDS,
    cores: set[int] | None = None,
) -> Iterator[tuple["subprocess.Popen[bytes]", float]]:
    """Starts a process on the servers' cores, or on those given; stops it and its children at the end of the block.

    It gets `stop_seconds` to end by itself.
    """
    given = {name: value for name, value in os.environ.items() if not name.startswith("LOOPLY_")}
    with log.open("ab") as stream, pinned(cores or server_cores()):
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**given, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    try:
        yield process, begun
    finally:
        stop(process, stop_seconds)


def stop(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Asks a process to stop; ends it and its children when it does not."""
    children = tree(process.pid)[1:]
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in children:
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            continue


def tree(pid: int) -> list[int]:
    """Returns a process and all processes below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text("ascii").split()
        except OSError:
            continue
        for child in children:
            found += tree(int(child))
    return found


def free_port() -> int:
    """Returns a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for_port(port: int, process: "subprocess.Popen[bytes]", log: Path | None = None) -> None:
    """Returns when the port accepts connections. Raises: RuntimeError when the process ends before, or is too slow."""
    begun = time.perf_counter()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            _check_alive(process, begun, log)
            time.sleep(0.005)
        else:
            return


def wait_for_file(ready: Path, process: "subprocess.Popen[bytes]", begun: float, log: Path) -> str:
    """Returns what a started process writes into a file when it is ready. Raises: RuntimeError as `wait_for_port`."""
    while not (ready.exists() and (text := ready.read_text("utf-8").strip())):
        _check_alive(process, begun, log)
        time.sleep(0.001)
    return text


def _check_alive(process: "subprocess.Popen[bytes]", begun: float, log: Path | None) -> None:
    said = log.read_text("utf-8", "replace")[-800:] if log is not None else ""
    if process.poll() is not None:
        raise RuntimeError(f"the server ended with status {process.returncode}: {said}")
    if time.perf_counter() - begun > _START_SECONDS:
        raise RuntimeError(f"the server did not answer within {_START_SECONDS:g} seconds: {said}")


def cpu_seconds(pid: int) -> float:
    """Returns the CPU, user and system, of a process and all below it, those that have ended since included."""
    return sum(_own_cpu_seconds(each) for each in tree(pid))


def _own_cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
        # The clock of a process has nanoseconds, where the file has hundredths of a second (clock_getcpuclockid(3)).
        own = time.clock_gettime((~pid << 3) | _PROCESS_CLOCK)
    except OSError:
        return 0.0
    # Those of children that have ended: a session of PostgreSQL is a process that comes and goes.
    return own + sum(int(field) for field in fields[13:15]) / _TICKS


def _status_kib(pid: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def disk_bytes(folder: Path) -> int:
    """Returns the sizes of all files of a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def json_of(data: bytes) -> dict[str, object]:
    """Returns the object in a JSON text."""
    found: dict[str, object] = json.loads(data)
    return found
