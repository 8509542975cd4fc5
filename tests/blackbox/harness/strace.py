"""Traces a running server: its system calls, and faults at a numbered call of one thread.

strace counts calls per thread, so a fault names the thread: by its index in the order in which the threads
of the process were created, which is the same in every run. A tracer attached to one thread does not slow the others.

    calls = record(server, folder, lambda: org.trigger(workflow_id))
    with crash_at(server, folder, Point(thread=2, name="fdatasync", path=".../executions.db-wal", n=1)) as tracer:
        ...
"""

import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from blackbox.harness.launcher import Server

WRITING = (
    "pwrite64",
    "pwritev",
    "write",
    "writev",
    "sendto",
    "sendmsg",
    "fdatasync",
    "fsync",
    "ftruncate",
    "fallocate",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
)
"""System calls that change a file or send data."""
READING = ("read", "recvfrom", "recvmsg")
CONNECTING = ("connect",)

_LINE = re.compile(r"^(?:\[pid +)?(\d+)\]? +(\d+\.\d+) (.*)$")
_CALL = re.compile(r"^(\w+)\((?:AT_FDCWD[^,]*, )?(?:\d+<([^>]*)>+|\"([^\"]*)\")?(.*)$", re.DOTALL)
_RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$", re.DOTALL)
_RESULT = re.compile(r"\) += (-?\d+|\?)(.*?)(?:<(\d+\.\d+)>)?$", re.DOTALL)


class Call(NamedTuple):
    """One system call. Times are seconds of the tracer's clock; `ended` is 0 for a call that never returned."""

    thread: int
    name: str
    path: str
    """The file, such as `/data/executions.db-wal`; empty for a call without a file."""
    target: str
    """The file's name; `socket`, `eventfd`; empty where there is none."""
    text: str
    begun: float
    ended: float
    result: int | None
    is_injected: bool


class Point(NamedTuple):
    """The n-th call of this name on this file in one thread, counted from the attachment of the tracer.

    Without a path it is the n-th call of this name on any file.
    """

    thread: int
    name: str
    path: str
    n: int

    def __str__(self) -> str:
        return f"{self.name} {self.n} of {self.path or 'any'} in thread {self.thread}"


def numbered(calls: Iterable[Call]) -> Iterator[tuple[Call, Point]]:
    """Yields each call with its point in a later run."""
    counts: Counter[tuple[int, str, str]] = Counter()
    for call in calls:
        counts[call.thread, call.name, ""] += 1
        if call.path:
            counts[call.thread, call.name, call.path] += 1
        yield call, Point(call.thread, call.name, call.path, counts[call.thread, call.name, call.path])


def why_not() -> str:
    """Returns why processes cannot be traced here, empty when they can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    sleeper = subprocess.Popen(["sleep", "5"])
    tracer = subprocess.Popen(["strace", "-o", "/dev/null", "-p", str(sleeper.pid)], stderr=subprocess.PIPE, text=True)
    try:
        assert tracer.stderr is not None
        said = tracer.stderr.readline()
    finally:
        for process in (tracer, sleeper):
            process.kill()
            process.communicate()
    return "" if "attached" in said else f"this system does not allow tracing: {said.strip()}"


def threads(pid: int) -> list[int]:
    """Returns the threads of a process in the order of their creation; the first is the main one."""
    # The kernel lists them in that order; their numbers may wrap around.
    return [int(path.name) for path in Path(f"/proc/{pid}/task").iterdir()]


class Tracer:
    """A tracer on a running server, from its construction to `close`."""

    def __init__(
        self,
        server: Server,
        log: Path,
        names: Sequence[str],
        *,
        threads_of: Iterable[int] | None = None,
        inject: str = "",
        path: str = "",
    ) -> None:
        self._log = log
        self._threads = threads(server.pid)
        expected = None if threads_of is None else [self._threads[place] for place in threads_of]
        command = ["strace", "--always-show-pid", "-y", "-ttt", "-T", "-s", "96", "-o", str(log)]
        command += ["-e", f"trace={','.join(names)}", "-e", "signal=none"]
        if inject:
            command += ["-e", f"inject={inject}"]
        if path:
            command += ["-P", path]
        command += ["-f", "-p", str(server.pid)] if expected is None else [a for t in expected for a in ("-p", str(t))]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self._await_attached(1 if expected is None else len(expected))

    def calls(self) -> list[Call]:
        """Returns the system calls of the threads so far, in order."""
        return list(parsed_calls(self._log.read_text(encoding="utf-8", errors="replace"), self._threads))

    def struck(self) -> Call | None:
        """Returns the call at whose entry the server was killed, None if it was not; meant for a closed tracer."""
        last = next(reversed(self.calls()), None)
        return last if last is not None and last.result is None and "<detached" not in last.text else None

    def close(self) -> None:
        """Detaches the tracer from the server. Closing twice, or after the server has died, is harmless."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=60)

    def _await_attached(self, count: int) -> None:
        assert self._process.stderr is not None
        for _ in range(count):
            line = self._process.stderr.readline()
            assert "attached" in line, f"strace is not attached: {line}"


@contextmanager
def tracing(server: Server, folder: Path, names: Sequence[str] = (*WRITING, *READING)) -> Iterator[Tracer]:
    """Traces all threads without a fault."""
    tracer = Tracer(server, folder / "trace", names)
    try:
        yield tracer
    finally:
        tracer.close()


def record(server: Server, folder: Path, act: Callable[[], Any], names: Sequence[str] = WRITING) -> list[Call]:
    """Returns the system calls of all threads while `act` ran: the dry run before a fault."""
    with tracing(server, folder, names) as tracer:
        act()
    return tracer.calls()


@contextmanager
def crash_at(server: Server, folder: Path, point: Point) -> Iterator[Tracer]:
    """Kills the server at the entry of the n-th call, which is not carried out."""
    with _injected(server, folder, point, "signal=SIGKILL") as tracer:
        yield tracer


@contextmanager
def error_at(server: Server, folder: Path, point: Point, errno: str, *, for_ever: bool = False) -> Iterator[Tracer]:
    """Makes the n-th call fail with an error, such as EIO, without carrying it out; `for_ever`: all later ones too."""
    with _injected(server, folder, point, f"error={errno}", "+" if for_ever else "") as tracer:
        yield tracer


@contextmanager
def _injected(server: Server, folder: Path, point: Point, fault: str, more: str = "") -> Iterator[Tracer]:
    inject = f"{point.name}:{fault}:when={point.n}{more}"
    tracer = Tracer(server, folder / "trace", [point.name], threads_of=[point.thread], inject=inject, path=point.path)
    try:
        yield tracer
    finally:
        tracer.close()


def parsed_calls(text: str, ids: Sequence[int]) -> Iterator[Call]:
    """Yields the calls of a log in the order in which they began."""
    found: list[Call] = []
    open_calls: dict[int, int] = {}
    for line in text.splitlines():
        if (match := _LINE.match(line)) is None:
            continue
        number, at, what = int(match[1]), float(match[2]), match[3]
        if (again := _RESUMED.match(what)) is not None:
            if number in open_calls:
                place = open_calls.pop(number)
                found[place] = _ended(found[place], found[place].begun, again[2])
        elif (call := _CALL.match(what)) is not None:
            thread = ids.index(number) if number in ids else -1
            path, target = _place(call[2] or call[3] or "")
            begun = Call(thread, call[1], path, target, what, at, 0.0, None, is_injected=False)
            if "<unfinished ...>" in what:
                open_calls[number] = len(found)
                found.append(begun)
            else:
                found.append(_ended(begun, at, what))
    yield from found


def _ended(call: Call, begun: float, rest: str) -> Call:
    result = _RESULT.search(rest)
    if result is None or result[1] == "?":
        return call
    ended = begun + float(result[3] or 0.0)
    return call._replace(ended=ended, result=int(result[1]), is_injected="INJECTED" in result[2])


def _place(path: str) -> tuple[str, str]:
    if path.startswith("/"):
        return path, path.rpartition("/")[2]
    kinds = (kind for kind in ("socket", "eventfd", "pipe") if kind in path)
    return "", "socket" if path.startswith("TCP") else next(kinds, "")


def until_dead(server: Server, seconds: float) -> bool:
    """Returns whether the server has ended within `seconds`."""
    deadline = time.monotonic() + seconds
    while server.is_running():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
