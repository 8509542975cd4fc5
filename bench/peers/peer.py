"""What a peer is to the measurement: processes that are started, and one call that runs one execution to its end."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.harness.servers import Server

PEERS: Final = Path(os.environ.get("BENCH_PEERS", Path.home() / "looply-peers"))
"""Where the peers are installed."""

STOP_SECONDS: Final = 5.0
"""Time that a peer gets to end by itself: its folder is thrown away."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One engine. `serve(work)` runs it on a new folder; `requests` are calls that answer when an execution has ended.

    `missing` is empty when it is installed, else what is not there.
    """

    name: str
    missing: str
    version: Callable[[], str]
    serve: Callable[[Path], AbstractContextManager[Server]]
    requests: Callable[[], Iterator[bytes]]


def missing_file(*paths: Path) -> str:
    """Returns the first of the files that is not there, else an empty text."""
    return next((f"{path} is not there" for path in paths if not path.exists()), "")


def installed_version(python: Path, package: str) -> str:
    """Returns the version of a package in a virtual environment, by the name of its folder."""
    found = sorted(python.parent.parent.glob(f"lib/python*/site-packages/{package.replace('-', '_')}-*.dist-info"))
    return found[0].name.removesuffix(".dist-info").partition("-")[2] if found else "unknown"
