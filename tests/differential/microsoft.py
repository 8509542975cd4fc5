"""Microsoft's own packages as an oracle, in a Node process beside the tests."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

MODULES = Path(__file__).parents[2] / "ui" / "node_modules"
_PROGRAM = Path(__file__).with_name("microsoft.mjs")
_WINDOW = 64


def missing() -> str:
    """Returns the prerequisites of Microsoft's packages that are missing, the empty text when none are."""
    if shutil.which("node") is None:
        return "Node is missing"
    names = ("adaptive-expressions", "adaptivecards-templating")
    absent = [name for name in names if not (MODULES / name / "package.json").exists()]
    return f"{', '.join(absent)} is not installed; `make ui` installs it" if absent else ""


class Microsoft:
    """A Node process that answers cases."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(_PROGRAM), str(MODULES.parent)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"TZ": "UTC", "LANG": "en_US.UTF-8", "PATH": _path()},
        )

    def answers(self, cases: Sequence[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        """Yields the answer of each case, in order."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        sent = 0
        for done in range(len(cases)):
            # A window of cases is in flight, so that neither side waits for the other nor fills a pipe.
            while sent < len(cases) and sent - done < _WINDOW:
                stdin.write(json.dumps(cases[sent]).encode() + b"\n")
                sent += 1
            stdin.flush()
            line = stdout.readline()
            assert line, f"Node ended with {self._process.wait()}"
            yield json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()


def _path() -> str:
    node = shutil.which("node")
    assert node is not None
    return str(Path(node).parent)
