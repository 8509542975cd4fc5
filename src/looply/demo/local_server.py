"""A Looply server in a process of its own, created and started by the public commands.

For the demo and for measurements: it listens on the loopback interface, on a free port, has a data folder of its own,
and ignores the settings file and the `LOOPLY_*` variables of the process that starts it.
"""

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from looply.errors import Timeout, Unavailable

LOG_FILE: Final = "server.log"
_READY_FILE: Final = "server.address"

_COMMAND: Final = (sys.executable, "-P", "-m", "looply")
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 40.0
_LOOK_SECONDS: Final = 0.05


class LocalServer(msgspec.Struct, frozen=True, kw_only=True):
    """A running server. `api_key` has all scopes; `owner_link` makes the first owner, once."""

    url: str
    api_key: str
    owner_link: str
    process_id: int
    data: Path
    log: Path


@asynccontextmanager
async def local_server(work: Path, settings: Mapping[str, str], *, port: int = 0) -> AsyncIterator[LocalServer]:
    """Creates a data folder in the existing folder `work`, serves it until the end of the block, and stops the server.

    `settings` are by name, such as `egress_allow`. The server logs to a file in `work`.
    Raises: Unavailable when the folder cannot be created or the server ends early, with its output; Timeout.
    """
    data, log = work / "data", work / LOG_FILE
    made = await _init(work, data)
    arguments = ["serve", "--data", str(data), "--port", str(port), "--ready-file", str(work / _READY_FILE)]
    for name, value in settings.items():
        arguments += ["--set", f"{name}={value}"]
    with log.open("ab") as stream:
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            *arguments,
            cwd=work,
            env=_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    try:
        url = await _ready(process, work / _READY_FILE, log)
        # The folder was made before the port was known.
        owner_link = url + urlsplit(made["owner_link"]).path
        yield LocalServer(
            url=url, api_key=made["api_key"], owner_link=owner_link, process_id=process.pid, data=data, log=log
        )
    finally:
        await _stop(process)


async def _init(work: Path, data: Path) -> dict[str, str]:
    """Returns what `looply init` prints of a new data folder: ids, the first key, the link of the first owner."""
    process = await asyncio.create_subprocess_exec(
        *_COMMAND,
        "init",
        "--data",
        str(data),
        "--json",
        cwd=work,
        env=_environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode != 0:
        said = (output or errors).decode("utf-8", "replace").strip()
        raise Unavailable(f"the data folder {data} could not be made: {said}")
    made: dict[str, str] = json.loads(output)
    return made


async def _ready(process: Process, ready_file: Path, log: Path) -> str:
    """Returns the address that the server writes once it accepts calls."""
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not (address := _text(ready_file)):
                if process.returncode is not None:
                    said = _text(log)[-1000:] or "it printed nothing"
                    raise Unavailable(f"the server ended with status {process.returncode}: {said}")
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError as error:
        raise Timeout(f"the server did not answer within {_START_SECONDS:g} seconds; its log is {log}") from error
    return address


def _text(file: Path) -> str:
    """Returns the content of a file, an empty text if it does not exist."""
    return file.read_text("utf-8", "replace").strip() if file.exists() else ""


async def _stop(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("LOOPLY_")}
