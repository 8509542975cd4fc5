"""The shell blocks of the documentation, and a shell in which they are run as they are printed.

A block that cannot be run by the tests has its reason behind the language in the source of the page, and nowhere else:

    ```sh not run: needs systemd
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from kit.servers.held_port import HeldPort

ROOT: Final = Path(__file__).parent.parent.parent
README: Final = ROOT / "README.md"
TUTORIAL: Final = ROOT / "docs" / "how-to" / "build-with-files.md"
INDEX: Final = ROOT / "docs" / "README.md"

_FENCE: Final = re.compile(
    r"^(?P<indent> *)```(?:sh|bash)(?P<info>[^\n]*)\n(?P<text>.*?)^ *```", re.MULTILINE | re.DOTALL
)
_REASON: Final = " not run: "
_HOW_TO: Final = re.compile(r"\]\((how-to/[a-z-]+\.md)\)")
_PORTS: Final = ("8080", "8090", "9464")  # of the server, of the stand-in for SAP, of the metrics
_MARK: Final = "@@block "
_HTTP: Final = "@@http "
_FAILED: Final = "@@failed "

# The answers of curl are part of what a reader sees: a page whose call is refused does not work.
_CURL: Final = """#!/bin/sh
exec {curl} --write-out '%{{stderr}}\\n@@http %{{http_code}} %{{url_effective}}\\n' "$@"
"""
_PROLOGUE: Final = """set -o pipefail
trap 'echo; echo "@@failed $BASH_COMMAND"' ERR
trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
"""


class Block(NamedTuple):
    """A shell block: its page, the line of its fence, its text, and why it is not run (empty: it is run)."""

    page: Path
    line: int
    text: str
    reason: str

    @property
    def place(self) -> str:
        """The page and the line, as an editor opens them."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


class Failure(NamedTuple):
    """What did not succeed, and the place of its block."""

    place: str
    what: str


def shell_blocks(page: Path) -> Iterator[Block]:
    """Yields the shell blocks of a page in order."""
    source = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(source):
        info = found["info"]
        assert not info or info.startswith(_REASON), f"{page}: {info!r} says neither nothing nor why it is not run"
        indent = found["indent"]
        text = "".join(line.removeprefix(indent) for line in found["text"].splitlines(keepends=True))
        yield Block(page, source.count("\n", 0, found.start()) + 1, text, info.removeprefix(_REASON))


def pages_in_order() -> list[Path]:
    """Returns the pages as a newcomer follows them: README, tutorial, then the how-to pages as the index lists them."""
    links = _HOW_TO.findall(INDEX.read_text(encoding="utf-8"))
    return list(dict.fromkeys([README, TUTORIAL, INDEX, *(ROOT / "docs" / link for link in links)]))


class Run(NamedTuple):
    """Everything that the commands wrote, and what failed."""

    output: str
    failures: list[Failure]


def run_blocks(blocks: Sequence[Block], folder: Path, timeout_seconds: float) -> Run:
    """Runs blocks in order in one shell, in `folder`, beside the environment of this Python as `.venv`.

    The ports that pages name are replaced by free ones. A command that fails does not end the run. It is a failure when
    a command ends with another status than 0, when a call by curl is refused, and when a program shows a traceback.
    """
    ports = {name: HeldPort() for name in _PORTS}
    script = _PROLOGUE + "".join(f"echo; echo '{_MARK}{block.place}'\n{block.text}\n" for block in blocks)
    for name, port in ports.items():
        script = script.replace(name, str(port.number))
    (folder / ".venv").symlink_to(sys.prefix)
    programs = folder / ".programs"
    programs.mkdir()
    (programs / "curl").write_text(_CURL.format(curl=shutil.which("curl")))
    (programs / "curl").chmod(0o755)
    file = folder / ".commands.sh"
    file.write_text(script, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOOPLY_")}
    environment |= {"PATH": f"{programs}:{environment['PATH']}", "COLUMNS": "200"}
    output = _shell_output(file, environment, timeout_seconds)
    return Run(output, list(_failures(output)))


def _shell_output(file: Path, environment: dict[str, str], timeout_seconds: float) -> str:
    written = file.with_name(".output.txt")
    with written.open("wb") as output:
        process = subprocess.Popen(
            ["bash", str(file)],
            cwd=file.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(timeout_seconds)
            end = ""
        except subprocess.TimeoutExpired:
            end = f"\n{_FAILED}the commands did not end in {timeout_seconds} s\n"
        finally:
            _stop_session(process.pid)
            process.wait()
    return written.read_text(encoding="utf-8", errors="replace") + end


def _failures(output: str) -> Iterator[Failure]:
    place = ""
    for line in output.splitlines():
        if line.startswith(_MARK):
            place = line.removeprefix(_MARK)
        elif line.startswith(_FAILED):
            yield Failure(place, line.removeprefix(_FAILED))
        elif line.startswith("Traceback "):
            yield Failure(place, line)
        elif line.startswith(_HTTP):
            status, _, address = line.removeprefix(_HTTP).partition(" ")
            if not status.startswith("2") and "/healthz/" not in address:
                yield Failure(place, f"{status} {address}")


def _stop_session(session: int) -> None:
    """Ends the processes that the shell has left, also those in process groups of their own."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            os.kill(int(entry.parent.name), signal.SIGKILL)
