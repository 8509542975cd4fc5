"""`looply demo` as a process, as `make run` starts it."""

import os
import signal
import subprocess
from pathlib import Path

from blackbox.harness.launcher import COMMAND


class RunningDemo:
    """The demo, until `close`. It has printed the links, and the card of its manager is open.

    `arguments` are those of the command; `invitation` is a part of the line that says where the card is.
    """

    def __init__(self, folder: Path, *arguments: str, invitation: str = "/inbox/") -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LOOPLY_")}
        self._process = subprocess.Popen(
            [COMMAND, "demo", "--folder", str(folder), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**environment, "PYTHONUNBUFFERED": "1"},
        )
        self.owner_link = self.line("as the owner:").split()[-1]
        self.manager_link = self.line("as the manager:").split()[-1]
        self.address = self.owner_link.partition("/app/")[0]
        self.invitation = self.line(invitation)

    def line(self, part: str) -> str:
        """Returns the next line with a text in it."""
        assert self._process.stdout is not None
        seen = []
        for line in self._process.stdout:
            seen.append(line)
            if part in line:
                return line.strip()
        raise AssertionError(f"the demo has ended without {part!r}: {''.join(seen)}")

    def close(self) -> None:
        """Ends the demo."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=120)
        assert self._process.stdout is not None
        self._process.stdout.close()
