"""Loads the modules of the command `looply` once, and forks a process for each command that it is asked for.

A start of the command spends four fifths of its time on loading modules, and the tests start it many hundreds of
times. A forked process runs the same entry point with its own arguments, environment, folder and files, and ends as any
other.

A request is a JSON object, with the four files of the process: standard input, output and error, and the pipe that is
given the status of its end. The reply is its id, with a file of the process for signals. It serves until the caller is
gone; the processes that it forked are not ended with it.
"""

import faulthandler
import gc
import json
import os
import selectors
import signal
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, Final

MOST_BYTES: Final = 1 << 20
STATUS: Final = struct.Struct("i")

_MODULES: Final = (
    *("looply.cli", "looply.bootstrap", "looply.server.connection.serving", "uvloop"),
    *("looply.cli.offline.store", "looply.cli.operating.serve", "cyclopts.validators", "alembic.command", "alembic.op"),
    *(f"looply.connectors.{name}.connector" for name in ("email", "function", "http", "sap", "teams")),
)
"""The command, and what `init`, `serve` and `worker` load when they begin."""
_OF_ENGINES: Final[Mapping[str, tuple[str, ...]]] = {
    "postgres": ("looply.catalog.storage.postgres", "looply.engine.postgres"),
    "distributed": ("looply.catalog.storage.postgres", "looply.engine.postgres", "looply.engine.temporal"),
}
"""What they load besides with an engine that is not the embedded one: a third of the work of their start."""


def load(names: Sequence[str] = _MODULES) -> None:
    """Loads the modules. What they hold is left out of collections, which would copy it into each process."""
    if all(name in sys.modules for name in names):
        return
    for name in names:
        import_module(name)
    gc.collect()
    gc.freeze()


def serve(requests: socket.socket) -> dict[str, Any] | None:
    """Forks a process for each request, and reports to the callers how each ended.

    Returns the request in the forked process; None in this one, when the caller is gone.
    """
    pipes: dict[int, tuple[int, int]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(requests, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not requests:
                    selector.unregister(key.fileobj)
                    _report(*pipes.pop(key.fd), key.fd)
                    continue
                content, files, _, _ = socket.recv_fds(requests, MOST_BYTES, 4)
                if not content:
                    return None
                asked = json.loads(content)
                load(_OF_ENGINES.get(asked["environment"].get("LOOPLY_ENGINE", ""), ()))
                process_id = os.fork()
                if process_id == 0:
                    for pidfd, (_, pipe) in pipes.items():
                        os.close(pidfd)
                        os.close(pipe)
                    requests.close()
                    return _become(asked, files)
                for each in files[:3]:
                    os.close(each)
                pidfd = os.pidfd_open(process_id)
                pipes[pidfd] = (process_id, files[3])
                selector.register(pidfd, selectors.EVENT_READ)
                socket.send_fds(requests, [STATUS.pack(process_id)], [pidfd])


def _report(process_id: int, pipe: int, pidfd: int) -> None:
    _, status = os.waitpid(process_id, 0)
    with suppress(BrokenPipeError):
        # The test may not ask how it ended.
        os.write(pipe, STATUS.pack(os.waitstatus_to_exitcode(status)))
    os.close(pipe)
    os.close(pidfd)


def _become(request: dict[str, Any], files: list[int]) -> dict[str, Any]:
    """Gives this process the files, the environment and the folder of the request."""
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    # A process that aborts says where.
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return request


if __name__ == "__main__":
    # Ctrl-C in a terminal goes to the tests, which end what they started.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    load()
    if (asked := serve(socket.socket(fileno=int(sys.argv[1])))) is not None:
        sys.argv = asked["command"]
        sys.exit(import_module("looply.cli").main())
